"""The factor sets by name: what each covers, how it goes before the European table, how it answers questions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.options import Overlay
from fleet_planner.factors.odd_stages import european_odd, published_flags, user_odd
from fleet_planner.factors.processes.cold_2025 import cold_2025
from fleet_planner.factors.published.china import china_curves, degradation, evaluate_china
from fleet_planner.factors.published.china_tables import COVERED, ChinaTable, load_china
from fleet_planner.factors.published.us_buses import bus_curves, evaluate_buses, load_emfac, load_moves
from fleet_planner.factors.published.user_read import read_user_factors, user_table
from fleet_planner.factors.published.user_set import UserTable, evaluate_user, user_curves
from fleet_planner.factors.set_curves import SetCurves
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]
    Evaluate = Callable[[pl.DataFrame], pl.DataFrame]

EUROPEAN = "emep_eea_2019"


@dataclass(frozen=True)
class FactorSet:
    """A factor set that goes before the European table.

    Parameters
    ----------
    name, edition, covers
        As listed to the user.
    overlay
        Takes the inventory's year and whether bands are interpolated.
    evaluate
        Takes questions (see `evaluate.evaluate_queries`) and returns ``query, ef, note, error``.
    """

    name: str
    edition: str
    covers: str
    overlay: Callable[[int, bool], Overlay]
    evaluate: Evaluate


def _china(year: int, interpolate: bool) -> Overlay:  # the signature of all sets
    """Return the Chinese guide; its factors are for use as a whole, so that no cold starts are added."""
    table = load_china()

    def curves(technologies: pl.DataFrame, grid_kmh: Array, conditions: Conditions) -> SetCurves:
        found = china_curves(table, technologies, grid_kmh, conditions, interpolate=interpolate)
        return _aged(found, degradation(table, technologies, year))

    return Overlay("china_guide_2014", curves, holds_cold_starts=True, knows_temperature=True, knows_use=True)


def _aged(found: SetCurves, multiplier: Array) -> SetCurves:
    """Return curves times the multiplier of their technology and pollutant, shape (technologies, len(COVERED))."""
    curves = found.curves.copy()
    for t, covered in enumerate(found.technologies):
        for p, pollutant in enumerate(COVERED):
            if pollutant in covered.index and multiplier[t, p] != 1.0:
                rows = np.unique(covered.index[pollutant])
                curves[rows] = found.curves[rows] * multiplier[t, p]
    return SetCurves(curves, found.technologies)


def _us(name: str, year: int, interpolate: bool) -> Overlay:  # the signature of all sets
    table = load_emfac() if name == "emfac2017" else load_moves()

    def curves(technologies: pl.DataFrame, grid_kmh: Array, conditions: Conditions) -> SetCurves:
        asked = technologies.select(TECHNOLOGY)
        return bus_curves(table, asked, grid_kmh, conditions, reference_year=year, interpolate=interpolate)

    return Overlay(name, curves)


def _evaluate_china(asked: pl.DataFrame) -> pl.DataFrame:
    table: ChinaTable = load_china()
    return evaluate_china(table, asked)


def _evaluate_us(name: str, asked: pl.DataFrame) -> pl.DataFrame:
    return evaluate_buses(load_emfac() if name == "emfac2017" else load_moves(), asked)


@cache
def _table_2025() -> UserTable:
    """Return the rows of the guidebook's update of 2025 that are new against 2019."""
    rows = reference_table("emep_eea_2025_hot.csv").rename({"technology": "aftertreatment"})
    kept = rows.drop("unit", "checked", "v_check_kmh", "ef_check").select(pl.all().cast(pl.String).fill_null(""))
    return user_table(kept, "emep_eea_2025_hot.csv", "emep_eea_2025")


@cache
def _odd_2025() -> pl.DataFrame:
    return user_odd(_table_2025())


def _overlay_2025(year: int, interpolate: bool) -> Overlay:  # noqa: ARG001  # the signature of all sets
    return Overlay("emep_eea_2025", partial(user_curves, _table_2025()), odd=_odd_2025, cold=cold_2025)


def _evaluate_2025(asked: pl.DataFrame) -> pl.DataFrame:
    return evaluate_user(_table_2025(), asked)


SETS: tuple[FactorSet, ...] = (
    FactorSet(
        "emep_eea_2025",
        "EMEP/EEA guidebook 2023, update of October 2025",
        "Euro 7 diesel vans, hot and cold; all else from emep_eea_2019",
        _overlay_2025,
        _evaluate_2025,
    ),
    FactorSet(
        "china_guide_2014",
        "China, technical guide for road vehicle inventories, 2014",
        "cars, vans, trucks, buses, motorcycles up to stage V; CO, VOC, NOx, PM_exhaust; bands of speed and weather",
        _china,
        _evaluate_china,
    ),
    FactorSet(
        "emfac2017",
        "California Air Resources Board, EMFAC2017",
        "buses by model year and speed bin",
        partial(_us, "emfac2017"),
        partial(_evaluate_us, "emfac2017"),
    ),
    FactorSet(
        "moves3",
        "US EPA, MOVES3",
        "transit buses by model year and speed bin",
        partial(_us, "moves3"),
        partial(_evaluate_us, "moves3"),
    ),
)
"""In the order of the list that the user sees."""


def set_names() -> list[str]:
    """Return the names of all sets, the European one first."""
    return [EUROPEAN, *(s.name for s in SETS)]


def factor_set(name: str) -> FactorSet:
    """Return a set other than the European one.

    Raises
    ------
    InputError
        There is no such set; the message has the nearest names.
    """
    for known in SETS:
        if known.name == name:
            return known
    near = difflib.get_close_matches(name, set_names(), n=3) or set_names()
    raise InputError("no such factor set", f"Did you mean {' or '.join(near)}?", column="factor_set", value=name)


def overlays(names: Sequence[str], *, year: int, interpolate: bool = False) -> tuple[Overlay, ...]:
    """Return the sets that go before the European one, in their order; the European one itself is left out."""
    return tuple(factor_set(n).overlay(year, interpolate) for n in names if n != EUROPEAN)


def user_overlay(path: Path | None) -> tuple[Overlay, ...]:
    """Return the user's own factors as a set, nothing without a file.

    Raises
    ------
    InputError
        The file has wrong cells.
    """
    if path is None:
        return ()
    table = read_user_factors(path)
    return (Overlay(table.name, partial(user_curves, table), odd=partial(user_odd, table)),)


def sets_table() -> pl.DataFrame:
    """Return the sets as listed to the user: ``factor_set, edition, covers``."""
    european = (EUROPEAN, "EMEP/EEA guidebook 2019, COPERT 5", "all categories by segment, standard, load and slope")
    rows = [european, *((s.name, s.edition, s.covers) for s in SETS)]
    return pl.DataFrame(rows, schema=["factor_set", "edition", "covers"], orient="row")


FLAG_COLUMNS = ("factor_set", "technology", "pollutant", "value", "compared_with", "rule")


def flags_table(user: Path | None = None) -> pl.DataFrame:
    """Return every factor that is far from those of its neighbouring stages, of all sets: `FLAG_COLUMNS`.

    Parameters
    ----------
    user
        The user's own factors, if they are to be looked through too.
    """
    tables = {EUROPEAN: european_odd(), "emep_eea_2025": _odd_2025()}
    if user is not None:
        tables["user"] = user_odd(read_user_factors(user))
    parts = [_as_flags(name, table) for name, table in tables.items()]
    return pl.concat([*parts, published_flags().select(FLAG_COLUMNS)])


def _as_flags(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """Return odd curves as rows of `flags_table`."""
    condition = [pl.when(pl.col("mode") != "any").then(pl.col("mode"))]
    condition += [pl.when(pl.col(c).is_not_null()).then(pl.format(f"{c} {{}}", c)) for c in ("load", "slope")]
    near = [
        pl.when(pl.col(side).is_not_null()).then(pl.format(f"{word} {{}}", pl.col(side).round_sig_figs(3)))
        for word, side in (("before", "ef_before"), ("after", "ef_after"))
    ]
    named = pl.concat_str([*TECHNOLOGY[:4], "technology", *condition], separator=" / ", ignore_nulls=True)
    return table.select(
        pl.lit(name).alias("factor_set"),
        named.alias("technology"),
        "pollutant",
        pl.col("ef").round_sig_figs(3).cast(pl.String).alias("value"),
        pl.concat_str(near, separator=", ", ignore_nulls=True).alias("compared_with"),
        pl.format("{} times its neighbour; kept as published", pl.col("ratio").round_sig_figs(3)).alias("rule"),
    )
