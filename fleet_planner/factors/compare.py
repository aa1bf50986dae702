"""One technology in a factor set at many speeds; two sets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import HOT
from fleet_planner.factors.evaluate import QUERY_COLUMNS, evaluate_queries
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.sets import EUROPEAN, SETS, factor_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPEEDS_KMH = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)


def at_speeds(
    set_name: str,
    technology: Mapping[str, str],
    pollutants: Sequence[str],
    speeds_kmh: Sequence[float] = SPEEDS_KMH,
    *,
    load: float | None = None,
    slope: float | None = None,
    mode: str = "",
) -> pl.DataFrame:
    """Return a technology's factors.

    Parameters
    ----------
    set_name
        One of `sets.set_names`.
    technology
        ``category, fuel, segment, standard, technology`` (the aftertreatment).
    pollutants, speeds_kmh
        What is asked for.
    load, slope, mode
        None or "" for the row that is for any.

    Returns
    -------
    ``pollutant, speed_kmh, ef, note, error``.

    Raises
    ------
    InputError
        There is no such set.
    """
    if set_name != EUROPEAN:
        factor_set(set_name)
    asked = pl.DataFrame(
        [(p, v) for p in pollutants for v in speeds_kmh], schema=["pollutant", "speed_kmh"], orient="row"
    ).with_columns(
        pl.lit(set_name).alias("factor_set"),
        *(pl.lit(technology[c]).alias(c) for c in ("category", "fuel", "segment", "standard", "technology")),
        mode=pl.lit(mode),
        load=pl.lit(load, dtype=pl.Float64),
        slope=pl.lit(slope, dtype=pl.Float64),
    )
    others = {s.name: s.evaluate for s in SETS}
    answered = evaluate_queries(asked.select(QUERY_COLUMNS), load_hot_table(), raw=False, others=others)
    return answered.select("pollutant", "speed_kmh", "ef", "note", "error")


def side_by_side(
    first: str,
    second: str,
    technology: Mapping[str, str],
    pollutants: Sequence[str] = HOT,
    *,
    load: float | None = None,
    slope: float | None = None,
    mode: str = "",
) -> pl.DataFrame:
    """Return the factors of two sets and their ratio.

    Returns
    -------
    ``pollutant, speed_kmh, <first>, <second>, ratio`` (second over first) and ``note``; pollutants that neither has
    are left out.

    Raises
    ------
    InputError
        There is no such set, they are the same, or neither has the technology.
    """
    if first == second:
        raise InputError("the two sets are the same", "Name two different sets.", value=first)
    parts = [at_speeds(name, technology, pollutants, load=load, slope=slope, mode=mode) for name in (first, second)]
    table = parts[0].select(
        "pollutant",
        "speed_kmh",
        parts[0]["ef"].alias(first),
        parts[1]["ef"].alias(second),
        (parts[1]["ef"] / parts[0]["ef"]).alias("ratio"),
        note=pl.concat_str(_told(parts[0], first), _told(parts[1], second), separator="; ", ignore_nulls=True),
    )
    have = pl.col(first).is_not_null() | pl.col(second).is_not_null()
    out = table.filter(have.any().over("pollutant"))
    if out.is_empty():
        raise InputError("neither set has this technology", f"{parts[0]['error'][0]} {parts[1]['error'][0]}")
    return out


def _told(part: pl.DataFrame, name: str) -> pl.Series:
    said = part.select(
        pl.when(pl.col("error") != "")
        .then(pl.format("{}: {}", pl.lit(name), "error"))
        .when(pl.col("note") != "")
        .then(pl.format("{}: {}", pl.lit(name), "note"))
    )
    return said.to_series()
