"""Greenhouse gases over the years: what is left of a budget, the peak, and what neutrality still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

T_PER_MT = 1e6
SCHEMA = {
    "scenario": pl.String,
    "from_year": pl.Int64,
    "to_year": pl.Int64,
    "cumulative_t": pl.Float64,
    "budget_t": pl.Float64,
    "budget_left_t": pl.Float64,
    "budget_spent_year": pl.Float64,
    "peak_year": pl.Int64,
    "neutral_year": pl.Int64,
    "emitted_t_per_year": pl.Float64,
    "offsets_t_per_year": pl.Float64,
    "gap_t_per_year": pl.Float64,
    "gap_cost_usd2024_per_year": pl.Float64,
}


@dataclass(frozen=True)
class Course:
    """What a path of emissions is held against.

    Parameters
    ----------
    budget_t
        Greenhouse gases that may be emitted from the first year on, t CO2e; nothing without a budget.
    neutral_year
        By when nothing may be left but what is offset; the last year of a path where it is later.
    offsets_t
        What is taken up elsewhere in that year, t CO2e.
    offset_usd_per_t
        Price of closing the gap; nothing where it is not known.
    """

    budget_t: float | None
    neutral_year: int
    offsets_t: float
    offset_usd_per_t: float | None


def cumulative(path: Mapping[int, float]) -> dict[int, float]:
    """Return what has been emitted from the first year's beginning to each computed year's end.

    Years between those computed lie on a straight line. Each year counts whole.
    """
    years = np.array(sorted(path), dtype=np.int64)
    every = np.arange(years[0], years[-1] + 1)
    total = np.cumsum(np.interp(every, years, [path[int(y)] for y in years]))
    return dict(zip(every.tolist(), total.tolist(), strict=True))


def spent_in(path: Mapping[int, float], budget_t: float) -> float | None:
    """Return when a budget is spent, as a year with its fraction (2031.25: at the end of March); nothing if never.

    Within a year emissions are even.
    """
    before = 0.0
    for year, total in cumulative(path).items():
        if total >= budget_t:
            of_year = total - before
            return year + ((budget_t - before) / of_year if of_year > 0.0 else 0.0)
        before = total
    return None


def path_table(paths: Mapping[str, Mapping[int, float]], course: Course) -> pl.DataFrame:
    """Return budget, peak and gap of every scenario (``tables/columns/climate_path.csv``).

    Parameters
    ----------
    paths
        Greenhouse gases, t CO2e over 100 years, by scenario and computed year.
    course
        What they are held against.
    """
    return pl.DataFrame([_row(name, path, course) for name, path in paths.items()], schema=SCHEMA, orient="row")


def _row(scenario: str, path: Mapping[int, float], course: Course) -> tuple[object, ...]:
    years = sorted(path)
    total = cumulative(path)[years[-1]]
    left = spent = None
    if course.budget_t is not None:
        left, spent = course.budget_t - total, spent_in(path, course.budget_t)
    highest = max(years, key=lambda y: path[y])
    peak = highest if highest < years[-1] else None  # a path that still rises has no peak
    neutral = min(course.neutral_year, years[-1])
    then = float(np.interp(neutral, years, [path[y] for y in years]))
    gap = max(then - course.offsets_t, 0.0)
    cost = None if course.offset_usd_per_t is None else gap * course.offset_usd_per_t
    ahead = (scenario, years[0], years[-1], total, course.budget_t, left, spent, peak)
    return (*ahead, neutral, then, course.offsets_t, gap, cost)
