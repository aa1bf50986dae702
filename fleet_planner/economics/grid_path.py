"""How clean electricity is over the years: packaged courses, the plan's own years, or the plan's series by hour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.grid_hours import charging_shares, read_hours, weighted
from fleet_planner.economics.learning import Curve, curve_of
from fleet_planner.errors import PlanError
from fleet_planner.factors.processes.electricity import grid_factor
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet_planner.economics.grid_hours import Hours
    from fleet_planner.plan.electricity import ElectricitySection

TABLE = "grid_paths.csv"
NONE = Curve(())
SHAPE_OF = {"CN": "CN-NORTH"}
"""Region whose course stands in for a country's as a whole."""

ENDS = {"policy": "value", "fast": "low", "slow": "high"}
OPENS_IN_YEARS = 10
"""The range opens from the base year, whose factor is known, to its packaged width over so many years."""


@dataclass(frozen=True)
class Course:
    """CO2 of electricity by year, kg per kWh; curves without points: as in the base year.

    Parameters
    ----------
    kind
        ``frozen``, ``policy``, ``fast``, ``slow``, ``years`` or ``hours`` (the plan's own).
    average, low, high
        Of all electricity, with its range.
    marginal
        Of new demand in the long run, where the plan gives it; otherwise it stays in proportion to the mean.
    source
        Where the figures come from.
    checked
        Whether they were read in a source or given by the plan.
    clean_year
        First year in which the packaged course is free of carbon; the plan's own has none.
    hours
        The plan's series by hour, weighed with the hours of charging, by kind and year.
    """

    kind: str = "frozen"
    average: Curve = NONE
    low: Curve = NONE
    high: Curve = NONE
    marginal: Curve = NONE
    source: str = ""
    checked: bool = True
    clean_year: int | None = None
    hours: Hours | None = None

    @property
    def changes(self) -> bool:
        """Whether later years differ from the base year."""
        return len(self.average.points) > 1 or len(self.marginal.points) > 1


FROZEN = Course()


@dataclass(frozen=True)
class CityGrid:
    """The electricity of a city: the mean of the base year with its source and ``checked``, and the course after it."""

    average: float
    source: str
    checked: str
    course: Course

    @property
    def told(self) -> tuple[float, str, str]:
        """The factor of the base year, its source, ``checked``."""
        return self.average, self.source, self.checked


def city_grid(section: ElectricitySection, region: str, year: int, base: Path) -> CityGrid:
    """Return the electricity of a city.

    Parameters
    ----------
    section
        The plan's.
    region
        In the electricity tables.
    year
        The base year.
    base
        Folder of the plan.

    Raises
    ------
    UserError
        The region is unknown or has no course, or the series by hour is wrong.
    """
    marginal = curve_of(section.marginal_by_year)
    if section.average_by_year:
        own = curve_of(section.average_by_year)
        course = Course("years", own, own, own, marginal, "the plan")
        return CityGrid(own.at(year), "the plan, electricity.average_by_year", "yes", course)
    if section.hourly:
        shares, checked = charging_shares(section)
        hours = read_hours(base / section.hourly, shares)
        own = weighted(hours, "average")
        ahead = marginal if marginal.known else weighted(hours, "marginal")
        course = Course("hours", own, own, own, ahead, "the plan", checked=checked, hours=hours)
        return CityGrid(own.at(year), f"the plan, {section.hourly}", "yes" if checked else "no", course)
    average, source, checked_in = grid_factor(region, year)
    if section.path == "frozen":
        return CityGrid(average, source, checked_in, Course(marginal=marginal))
    asked = section.path_region or region
    packaged = packaged_course(asked, section.path, year, average)
    if packaged is None:
        known = ", ".join(reference_table(TABLE)["region"].unique(maintain_order=True))
        raise PlanError(
            f"no course of the CO2 of electricity is packaged for this region from {year} on",
            f"Set electricity.path_region to one of {known}, or give electricity.average_by_year.",
            column="electricity.path",
            value=asked,
        )
    return CityGrid(average, source, checked_in, replace(packaged, marginal=marginal))


def packaged_course(region: str, kind: str, year: int, average: float) -> Course | None:
    """Return the packaged course of a region from a base year on; nothing where none is packaged or it is over.

    The course gives the shape: in every year the mean is that of the base year times the course of the year over the
    course of the base year, so that factors of different scope are never mixed. The ends of the range are those of the
    table, opened over ten years from the base year, and never rise.

    Parameters
    ----------
    region
        As in the table, or a part of one that is.
    kind
        ``policy``, ``fast`` (the low end) or ``slow`` (the high end).
    year, average
        The base year, and its mean, kg per kWh.
    """
    table = reference_table(TABLE)
    found = next((r for r in _wider(region) if r in table["region"]), None)
    if found is None:
        return None
    rows = table.filter(region=found).sort("year")
    years = range(year, max(year, int(rows["year"][-1])) + 1)
    at = {c: np.interp(years, rows["year"], rows[c]) for c in ("value", "low", "high")}
    if at["value"][0] <= 0.0:
        return None  # no shape follows from a course that has nothing left
    scale = average / at["value"][0]
    opened = np.minimum(np.arange(len(years)) / OPENS_IN_YEARS, 1.0)
    ends = {c: scale * (at["value"] + opened * (at[c] - at["value"])) for c in at}
    curves = {
        c: Curve(tuple(zip(years, np.minimum.accumulate(values).tolist(), strict=True))) for c, values in ends.items()
    }
    clean = rows.filter(value=0.0)["year"]
    return Course(
        kind,
        average=curves[ENDS[kind]],
        low=curves["low"],
        high=curves["high"],
        source=f"{rows['source'][0]}: {found}",
        checked=bool((rows["checked"] == "yes").all()),
        clean_year=int(clean[0]) if clean.len() else None,
    )


def course_ratio(region: str, since: int, year: int) -> float | None:
    """Return the course of a region in a year over that in an earlier one; nothing if none is packaged or it is over.

    Parameters
    ----------
    region
        As in the table, or a part of one that is.
    since, year
        Years before the first of the table have its value, and those after the last the last's.
    """
    table = reference_table(TABLE)
    found = next((r for r in _wider(region) if r in table["region"]), None)
    if found is None:
        return None
    rows = table.filter(region=found).sort("year")
    before, after = np.interp([since, year], rows["year"], rows["value"]).tolist()
    return after / before if before > 0.0 else None


def _wider(region: str) -> Iterable[str]:
    """Yield a region, the ones that it is a part of, and who stands in for them."""
    parts = region.split("-")
    for k in range(len(parts), 0, -1):
        name = "-".join(parts[:k])
        yield name
        if name in SHAPE_OF:
            yield SHAPE_OF[name]


SCHEMA: Mapping[str, type[pl.DataType]] = {
    "year": pl.Int64,
    "average_kg_per_kwh": pl.Float64,
    "low_kg_per_kwh": pl.Float64,
    "high_kg_per_kwh": pl.Float64,
    "marginal_kg_per_kwh": pl.Float64,
    "path": pl.String,
    "clean_year": pl.Int64,
    "source": pl.String,
    "checked": pl.String,
}
