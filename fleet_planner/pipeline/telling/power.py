"""What power plants emit for the electricity of every scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.economics.grid_hours import AVERAGE, STACKS, weighted
from fleet_planner.economics.grid_path import course_ratio
from fleet_planner.findings import Finding
from fleet_planner.impacts.health.intake import intake_fraction
from fleet_planner.impacts.upstream import packaged_share, plants_of, power_table

if TYPE_CHECKING:
    from fleet_planner.economics.grid_hours import Hours
    from fleet_planner.plan.models import Plan

ELECTRICITY = "electricity_kwh"


def power_tables(
    plan: Plan, summary: pl.DataFrame, zones: Any, hours: Hours | None = None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return ``tables/columns/power_plants.csv`` and what was assumed; nothing where no scenario uses electricity.

    Parameters
    ----------
    plan, summary
        The plan and what its scenarios emit and use.
    zones
        With the city's people, or none.
    hours
        The plan's series of electricity by hour, which goes before the packaged plants.
    """
    used = summary.filter(pollutant=ELECTRICITY)
    plug_mwh = dict(used.select("scenario", "value_per_year").iter_rows())
    if not any(plug_mwh.values()):
        return pl.DataFrame(), ()
    region, section = plan.city.grid_region or plan.city.country, plan.impacts.upstream
    parts = region.split("-")
    regions = ["-".join(parts[:k]) for k in range(len(parts), 0, -1)]
    stacks = {} if hours is None else {p: weighted(hours, AVERAGE, column) for p, column in STACKS.items()}
    share = section.thermal_share
    found: list[Finding] = []
    if share is None and (course := _on_course(plan, regions)) is not None:
        share = course[0]
        found.append(course[1])
    if share is None and any(curve.known for curve in stacks.values()):
        share = plants_of(regions, None, {}).thermal_share
    # the series tells what a kWh of all electricity emits, plants what a thermal one does
    given = {p: curve.at(plan.city.year) / share for p, curve in stacks.items() if curve.known and share}
    given |= {str(p): v for p, v in section.plant_g_per_kwh.items()}
    plants = plants_of(regions, share, given)
    people = plan.impacts.health.population
    if people is None and zones is not None:
        people = float(zones["population"].sum())
    city_ppm = intake_fraction("PM2.5", people)[1].value if people else None
    values = {"region": region, "share": f"{100.0 * plants.thermal_share:.0f}"}
    found.append(Finding("impacts.plants", "assumption", values))
    if plants.stand_ins:
        told: dict[str, str | int | float] = {"region": region, "pollutants": ", ".join(plants.stand_ins)}
        found.append(Finding("impacts.plants_stand_in", "warning", told))
    return power_table(plug_mwh, plants, city_ppm), tuple(found)


def _on_course(plan: Plan, regions: list[str]) -> tuple[float, Finding] | None:
    """Return the packaged thermal share carried to the plan's year, and what is said of it; nothing without a course.

    It changes as the CO2 of electricity does on the packaged course of the region (``electricity.path``): what thermal
    plants emit per kWh of theirs stays.
    """
    given = plan.electricity
    if given.path == "frozen":
        return None
    share, year = packaged_share(regions)
    region = given.path_region or regions[0]
    ratio = course_ratio(region, year, plan.city.year)
    if ratio is None:
        return None
    carried = min(1.0, share * ratio)
    values: dict[str, str | int | float] = {
        "region": region,
        "from": f"{100.0 * share:.0f}",
        "since": year,
        "to": f"{100.0 * carried:.0f}",
    }
    return carried, Finding("impacts.plants_course", "assumption", values | {"year": plan.city.year})
