"""CO2 of the electricity that a scenario adds: long-run marginal for differences, the mean for inventories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.grid_path import FROZEN
from fleet_planner.economics.grid_path import SCHEMA as PATH_SCHEMA
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_planner.economics.grid_path import Course
    from fleet_planner.plan.economics import EconomicsSection

ANY = "any"
KG_PER_T = 1000.0
SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "tailpipe_t_per_year": pl.Float64,
    "electricity_mwh_per_year": pl.Float64,
    "average_kg_per_kwh": pl.Float64,
    "marginal_kg_per_kwh": pl.Float64,
    "change_average_t_per_year": pl.Float64,
    "change_marginal_t_per_year": pl.Float64,
    "rank_average": pl.Int64,
    "rank_marginal": pl.Int64,
    "ranking_changed": pl.String,
    "break_even_kg_per_kwh": pl.Float64,
    "checked": pl.String,
}


@dataclass(frozen=True)
class GridPair:
    """The two CO2 factors of a region's electricity, kg/kWh.

    Parameters
    ----------
    average, marginal
        Of all electricity, as the inventories have it; of what new demand brings in the long run.
    source
        Of the second.
    checked
        Whether both were read in a source or given by the plan.
    default
        ``marginal`` or ``average``: which one differences take.
    course
        Both in the years after the base year.
    """

    average: float
    marginal: float
    source: str
    checked: bool
    default: str
    course: Course = FROZEN

    @property
    def of_differences(self) -> float:
        """The factor that differences between scenarios take in the base year."""
        return self.marginal if self.default == "marginal" else self.average

    def average_in(self, year: int) -> float:
        """Return the mean of a year, kg per kWh."""
        return self.course.average.at(year) if self.course.average.known else self.average

    def marginal_in(self, year: int) -> float:
        """Return what new demand brings in a year: the plan's, else in proportion to the mean of the base year."""
        if self.course.marginal.known:
            return self.course.marginal.at(year)
        return self.marginal * self.average_in(year) / self.average if self.average > 0.0 else self.marginal

    def of_differences_in(self, year: int) -> float:
        """Return the factor that differences between scenarios take in a year."""
        return self.marginal_in(year) if self.default == "marginal" else self.average_in(year)


def grid_pair(
    section: EconomicsSection,
    region: str,
    average: float,
    *,
    average_checked: bool,
    course: Course = FROZEN,
    year: int | None = None,
) -> GridPair:
    """Return the factors of a region.

    Parameters
    ----------
    section
        The plan's; its own marginal factor goes first.
    region
        As in the electricity tables; a region without a row has that of its country, else a stand-in.
    average
        kg/kWh of the inventories.
    average_checked
        Whether that one was read in a source.
    course, year
        Of the years after the base year; a marginal factor of its own goes before the packaged one.
    """
    own = section.marginal_grid_kg_per_kwh
    if own is None and course.marginal.known and year is not None:
        own = course.marginal.at(year)
    checked = average_checked and course.checked
    if own is not None:
        return GridPair(average, own, "the plan", checked, section.differences_grid, course)
    rows = {r["region"]: r for r in reference_table("grid_marginal.csv").iter_rows(named=True)}
    row = rows.get(region) or rows.get(region.split("-", maxsplit=1)[0]) or rows[ANY]
    checked = checked and row["checked"] == "yes"
    return GridPair(
        average, float(row["co2_kg_per_kwh"]), str(row["source"]), checked, section.differences_grid, course
    )


@dataclass(frozen=True)
class Difference:
    """What a scenario changes against the baseline in a year: t CO2 of the vehicles themselves, MWh at the plug."""

    scenario: str
    year: int
    tailpipe_t: float
    electricity_mwh: float

    @property
    def break_even_kg_per_kwh(self) -> float | None:
        """The factor of electricity above which the scenario adds CO2; nothing where it uses no more of it."""
        return -self.tailpipe_t / self.electricity_mwh if self.electricity_mwh > 0.0 else None  # t/MWh = kg/kWh

    def total_t(self, kg_per_kwh: float) -> float:
        """Return t CO2 with that of the electricity."""
        return self.tailpipe_t + self.electricity_mwh * kg_per_kwh


def grid_differences(differences: Sequence[Difference], pair: GridPair) -> pl.DataFrame:
    """Return the CO2 that scenarios change with either factor, their rank (1 cuts most) and whether it changes.

    Returns
    -------
    pl.DataFrame
        ``tables/columns/grid_differences.csv``.
    """
    rows = []
    for year in sorted({d.year for d in differences}):
        own = [d for d in differences if d.year == year]
        average, marginal = pair.average_in(year), pair.marginal_in(year)
        ranks = {factor: _ranks([d.total_t(factor) for d in own]) for factor in (average, marginal)}
        for k, d in enumerate(own):
            before, after = ranks[average][k], ranks[marginal][k]
            rows.append(
                (
                    *(d.scenario, year, d.tailpipe_t, d.electricity_mwh, average, marginal),
                    *(d.total_t(average), d.total_t(marginal), before, after),
                    "yes" if before != after else "no",
                    d.break_even_kg_per_kwh,
                    "yes" if pair.checked else "no",
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _ranks(values: Sequence[float]) -> list[int]:
    """Return ranks from 1, equal values sharing the first of theirs."""
    return [1 + sum(other < value for other in values) for value in values]


def grid_path_table(pair: GridPair, years: Iterable[int], source: str) -> pl.DataFrame:
    """Return both factors of some years (``tables/columns/grid_path.csv``).

    Parameters
    ----------
    pair
        The city's.
    years
        The base year first.
    source
        Of the mean in the base year.
    """
    course = pair.course
    rows = []
    for year in years:
        mean = pair.average_in(year)
        low, high = ((c.at(year) if c.known else mean) for c in (course.low, course.high))
        rows.append(
            (
                *(year, mean, low, high, pair.marginal_in(year), course.kind, course.clean_year),
                "; ".join(text for text in dict.fromkeys((source, course.source)) if text),
                "yes" if pair.checked else "no",
            )
        )
    return pl.DataFrame(rows, schema=PATH_SCHEMA, orient="row")
