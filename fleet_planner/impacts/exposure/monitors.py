"""Modelled concentrations against those of monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.tables.read import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LEAST_FOR_R = 3


def read_monitors(path: Path, followed: Sequence[str], background: Mapping[str, float]) -> pl.DataFrame:
    """Read monitors (``tables/columns/monitors.csv``); the background is filled from the plan's, else 0.

    Raises
    ------
    InputError
        The table is malformed, or a monitor is of a pollutant that is not followed.
    """
    table = read_table(path, "monitors")
    for row, pollutant in enumerate(table["pollutant"].to_list(), start=2):
        if pollutant not in followed:
            raise InputError(
                "this pollutant is not followed",
                f"Add it to impacts.pollutants, or use one of {', '.join(followed)}.",
                path,
                row,
                "pollutant",
                pollutant,
            )
    given = pl.col("pollutant").replace_strict(dict(background), default=0.0, return_dtype=pl.Float64)
    return table.with_columns(pl.col("background_ug_m3").fill_null(given))


def fit(observed: NDArray[np.float64], modelled: NDArray[np.float64]) -> dict[str, float | None]:
    """Return FAC2, normalised mean bias (%), Pearson's R and RMSE (Chang and Hanna 2004) of positive observations."""
    ratio = np.divide(modelled, observed, out=np.full_like(modelled, np.nan), where=observed > 0.0)
    spread = observed.std() > 0.0 and modelled.std() > 0.0 and observed.size >= LEAST_FOR_R
    total = float(observed.sum())
    return {
        "fac2": float(((ratio >= 0.5) & (ratio <= 2.0)).mean()),
        "nmb_pct": 100.0 * float((modelled - observed).sum()) / total if total > 0.0 else None,
        "r": float(np.corrcoef(observed, modelled)[0, 1]) if spread else None,
        "rmse_ug_m3": float(np.sqrt(((modelled - observed) ** 2).mean())),
    }


def fit_table(monitors: pl.DataFrame) -> pl.DataFrame:
    """Return the fit by pollutant (``tables/columns/monitor_fit.csv``) of ``tables/columns/monitors_output.csv``."""
    rows = []
    for (pollutant,), own in monitors.group_by("pollutant", maintain_order=True):
        seen, made = (own[c].to_numpy().astype(np.float64) for c in ("observed_ug_m3", "modelled_ug_m3"))
        means = {"monitors": own.height, "observed_ug_m3": float(seen.mean()), "modelled_ug_m3": float(made.mean())}
        rows.append({"pollutant": pollutant, **means, **fit(seen, made)})
    schema = {"pollutant": pl.String, "monitors": pl.Int64} | dict.fromkeys(
        ("observed_ug_m3", "modelled_ug_m3", "fac2", "nmb_pct", "r", "rmse_ug_m3"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


TREND = {
    "pollutant": pl.String,
    "year": pl.Int64,
    "monitors": pl.Int64,
    "observed_ug_m3": pl.Float64,
    "modelled_ug_m3": pl.Float64,
    "observed_pct_per_year": pl.Float64,
    "modelled_pct_per_year": pl.Float64,
    "nmb_pct": pl.Float64,
    "r": pl.Float64,
}
LEAST_YEARS = 2


def trend_table(monitors: pl.DataFrame, emitted: Mapping[str, Mapping[int, float]], base_year: int) -> pl.DataFrame:
    """Return the modelled and the measured course over years (``tables/columns/monitor_trend.csv``).

    The traffic's part at a monitor follows the city's emissions of the pollutant; the background stays. Years that are
    not computed are left out; a pollutant needs two.

    Parameters
    ----------
    monitors
        ``pollutant, year, observed_ug_m3, background_ug_m3, traffic_ug_m3``, the last of the base year.
    emitted
        By pollutant and year, the base year among them.
    base_year
        Year of the traffic's part.
    """
    rows: list[tuple[object, ...]] = []
    for (pollutant,), every in monitors.group_by("pollutant", maintain_order=True):
        course = emitted.get(str(pollutant), {})
        first = course.get(base_year, 0.0)
        own = every.filter(pl.col("year").is_in(list(course)))
        if own["year"].n_unique() < LEAST_YEARS or not first > 0.0:
            continue
        scale = pl.col("year").replace_strict({y: e / first for y, e in course.items()}, return_dtype=pl.Float64)
        own = own.with_columns(modelled=pl.col("background_ug_m3") + pl.col("traffic_ug_m3") * scale)
        by_year = own.group_by("year").agg(pl.len(), pl.col("observed_ug_m3", "modelled").mean()).sort("year")
        years = by_year["year"].to_numpy().astype(np.float64)
        trends = [_pct_per_year(years, by_year[c].to_numpy()) for c in ("observed_ug_m3", "modelled")]
        told = fit(own["observed_ug_m3"].to_numpy(), own["modelled"].to_numpy())
        rows += [(pollutant, *row, *trends, told["nmb_pct"], told["r"]) for row in by_year.iter_rows()]
    return pl.DataFrame(rows, schema=TREND, orient="row")


def _pct_per_year(years: NDArray[np.float64], values: NDArray[np.float64]) -> float | None:
    """Return the slope of a straight line over the mean, percent a year."""
    mean = float(values.mean())
    return 100.0 * float(np.polyfit(years - years.mean(), values, 1)[0]) / mean if mean > 0.0 else None
