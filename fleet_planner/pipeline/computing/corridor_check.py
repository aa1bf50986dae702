"""How much the totals hang on the length of road that speeds are averaged over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_planner.findings import Finding
from fleet_planner.inventory import driven_histogram, totals
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.activity import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.inventory.weights import FleetContext
    from fleet_planner.scenarios import ScenarioFleet

SHOWN = ("NOx", "PM_exhaust", "CO2")


def corridor_findings(
    state: ScenarioFleet,
    inventory: Inventory,
    activity: Activity,
    links: pl.DataFrame,
    factors: FactorTable,
    context: FleetContext,
    corridor_km: float,
) -> list[Finding]:
    """Say how the totals of a scenario change with half and with double the length."""
    if corridor_km <= 0.0 or activity.speeds is None:
        return []
    words = []
    for factor in (0.5, 2.0):
        other = activity.with_corridors(factor * corridor_km)
        there = replace(inventory, histogram=driven_histogram(other, links, factors, inventory))
        now = totals(state.vehicles, state.multipliers, factors, there, context)
        before = inventory.totals()
        changes = []
        for name in SHOWN:
            p = inventory.pollutants.index(name)
            if before[p] > 0.0:
                changes.append(f"{name} {100.0 * (now[p] / before[p] - 1.0):+.2f} %")
        words.append(", ".join(changes))
    values: dict[str, str | int | float] = {
        "target": f"{M_PER_KM * corridor_km:g}",
        "half": f"{M_PER_KM * corridor_km / 2:g}",
        "double": f"{M_PER_KM * corridor_km * 2:g}",
        "at_half": words[0],
        "at_double": words[1],
    }
    return [Finding("inventory.corridor_length", "info", values)]
