"""Figures of the run with their draws, and the bands of them as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.uncertainty.ratios import open_band
from fleet_planner.units import MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]
EMISSION, CHANGE = "emission", "change_pct"
PERCENT, TONNE = "%", "t"

SCHEMA = {
    "figure": pl.String,
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "item": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "mean": pl.Float64,
    "median": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "sd": pl.Float64,
    "positive_share": pl.Float64,
    "no_value_share": pl.Float64,
    "level_pct": pl.Float64,
    "draws": pl.Int64,
}


@dataclass(frozen=True)
class Figure:
    """One figure of the run in all draws; ``value`` is the run's, ``item`` what else it is of (target, measure).

    A draw without a value is infinite; a value that the run does not have is None.
    """

    figure: str
    scenario: str
    year: int
    pollutant: str
    item: str
    unit: str
    value: float | None
    draws: Array


def band(draws: Array, level: float) -> tuple[float, float]:
    """Return the ends of the middle share of draws."""
    low, high = np.quantile(draws, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)


def figures_table(figures: Sequence[Figure], level: float, mass_unit: str = TONNE) -> pl.DataFrame:
    """Return mean, median, band and standard deviation of figures (``tables/columns/uncertainty.csv``).

    Parameters
    ----------
    figures
        With their draws.
    level
        Share of the draws between low and high.
    mass_unit
        In which tonnes are told.
    """
    rows = []
    for one in figures:
        factor, unit = (MASS_PER_T[mass_unit], mass_unit) if one.unit == TONNE else (1.0, one.unit)
        draws = one.draws * factor
        value = None if one.value is None else one.value * factor
        what = (one.figure, one.scenario, one.year, one.pollutant, one.item, unit, value)
        finite = np.isfinite(draws)
        positive = float((finite & (draws > 0.0)).mean())
        shares = (positive, float((~finite).mean()), 100.0 * level, draws.size)
        rows.append((*what, *_spread(draws, level, everywhere=bool(finite.all())), *shares))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _spread(draws: Array, level: float, *, everywhere: bool) -> tuple[float | None, ...]:
    """Return mean, median, both ends and standard deviation; without a value in some draws what is left of them."""
    if not everywhere:
        found = open_band(draws, level)
        return None, found.median, found.low, found.high, None
    sd = float(draws.std(ddof=1)) if draws.size > 1 else 0.0
    return float(draws.mean()), float(np.median(draws)), *band(draws, level), sd


def with_bands(table: pl.DataFrame, figures: Sequence[Figure], level: float) -> pl.DataFrame:
    """Return totals by scenario, pollutant and, where the table has it, year, with their bands.

    Parameters
    ----------
    table
        With ``scenario`` and ``pollutant``.
    figures
        `EMISSION` and `CHANGE` of the same.
    level
        Share of the draws between low and high.

    Returns
    -------
    With ``low_per_year, high_per_year, change_low_pct, change_high_pct``.
    """
    keys = [k for k in ("scenario", "year", "pollutant") if k in table.columns]
    names = {EMISSION: ("low_per_year", "high_per_year"), CHANGE: ("change_low_pct", "change_high_pct")}
    first = min(f.year for f in figures if f.figure == EMISSION)  # the baseline has no change in the base year
    out = table
    for figure, (low, high) in names.items():
        rows = [(f.scenario, f.year, f.pollutant, *band(f.draws, level)) for f in figures if f.figure == figure]
        text = {"scenario": pl.String, "year": pl.Int64, "pollutant": pl.String}
        bands = pl.DataFrame(rows, schema=text | {low: pl.Float64, high: pl.Float64}, orient="row")
        if "year" not in keys:
            bands = bands.filter(pl.col("year") == first).drop("year")
        out = out.join(bands, on=keys, how="left", maintain_order="left")
    return out
