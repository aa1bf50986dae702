"""What is assumed of the CO2 of electricity over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.grid_hours import AVERAGE, weighted
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from fleet_planner.economics.grid import GridPair
    from fleet_planner.plan.models import Plan

ELECTRICITY = "electricity_kwh"


def grid_findings(plan: Plan, pair: GridPair, emitted: pl.DataFrame) -> tuple[Finding, ...]:
    """Say which course the CO2 of electricity takes; nothing where no vehicle uses any.

    Parameters
    ----------
    plan
        The plan.
    pair
        The city's electricity.
    emitted
        With ``year``, ``pollutant``, ``value_per_year``, of all scenarios.
    """
    used = emitted.filter(pl.col("pollutant") == ELECTRICITY)["value_per_year"]
    if not (used > 0.0).any():
        return ()
    course, last = pair.course, plan.turnover.to_year
    values: dict[str, str | int | float] = {"year": plan.city.year, "first": f"{pair.average:.3g}"}
    if course.kind == "hours" and course.hours is not None:
        alike = np.full(course.hours.shares.size, 1.0 / course.hours.shares.size)
        flat = weighted(type(course.hours)(alike, course.hours.by), AVERAGE).at(plan.city.year)
        section = plan.electricity
        shares = "electricity.charging_hours" if section.charging_hours else section.charging_profile
        return (_told("economics.grid_hours", values | {"flat": f"{flat:.3g}", "shares": shares}, sure=course.checked),)
    if last is None:
        return ()
    if course.kind == "frozen":
        return (_told("economics.grid_frozen", values, sure=False),)
    values |= {"last": last, "then": f"{pair.average_in(last):.3g}"}
    if course.kind == "years":
        return (_told("economics.grid_own", values, sure=True),)
    values |= {"path": course.kind, "source": course.source, "clean": course.clean_year or "-"}
    return (_told("economics.grid_course", values, sure=course.checked),)


def _told(code: str, values: dict[str, str | int | float], *, sure: bool) -> Finding:
    return Finding(code, "info" if sure else "assumption", values)
