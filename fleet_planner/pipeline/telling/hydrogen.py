"""What a scenario emits from well to wheel, and how that depends on the colour of its hydrogen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, GHG, weights
from fleet_planner.factors.processes.upstream import HYDROGEN, upstream_kg, with_hydrogen
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.factors.processes.upstream import Upstream
    from fleet_planner.inventory import Inventory
    from fleet_planner.scenarios import ScenarioFleet

KG_PER_T = 1000.0
USUAL = "usual"
HYDROGEN_SCHEMA = {
    "scenario": pl.String,
    "colour": pl.String,
    "in_plan": pl.String,
    "hydrogen_t_per_year": pl.Float64,
    "made_t_per_year": pl.Float64,
    "made_low_t_per_year": pl.Float64,
    "made_high_t_per_year": pl.Float64,
    "well_to_wheel_t_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "checked": pl.String,
}


def chain_of(fleet: ScenarioFleet, inventory: Inventory, upstream: Upstream) -> tuple[float, ...]:
    """Return t CO2e a year: at the tailpipe, of electricity, of making fuels (mean, low, high), all of it."""
    specs = {p.pollutant: p.per_year_factor * DAYS_PER_YEAR for p in pollutants()}
    names = inventory.pollutants
    total = dict(zip(names, inventory.vehicle.sum(axis=0), strict=True))
    by = {p: w * float(total[p]) * specs[p] for p, w in weights()[GHG].items()}
    electricity = by.pop(ELECTRICITY_CO2)
    mj = inventory.vehicle[:, names.index("energy_MJ")]
    made = upstream_kg(fleet.vehicles, mj, upstream).sum(axis=0) * DAYS_PER_YEAR / KG_PER_T
    tank = sum(by.values())
    return (tank, electricity, *map(float, made), tank + electricity + float(made[0]))


def hydrogen_table(
    states: Sequence[tuple[ScenarioFleet, Inventory]], upstream: Upstream, grid_kg_per_kwh: float, asked: str
) -> pl.DataFrame:
    """Return what scenarios with hydrogen emit from well to wheel by its colour (``tables/columns/hydrogen.csv``).

    Parameters
    ----------
    states
        Fleet and inventory by scenario, the baseline first.
    upstream
        Of the region, with its usual hydrogen.
    grid_kg_per_kwh
        Of the electricity that makes hydrogen of the grid.
    asked
        The plan's colour; empty: the usual of the region.
    """
    colours = reference_table("hydrogen_colours.csv")
    rows = []
    before = chain_of(*states[0], upstream)[-1]
    for fleet, inventory in states:
        burnt = inventory.vehicle[:, inventory.pollutants.index("energy_MJ")]
        mj = float(burnt[(fleet.vehicles["fuel"] == HYDROGEN).to_numpy()].sum()) * DAYS_PER_YEAR
        if mj <= 0.0:
            continue
        for colour, checked in (("", "no"), *colours.select("colour", "checked").iter_rows()):
            own = with_hydrogen(upstream, str(colour), grid_kg_per_kwh)
            made = [kg * mj / KG_PER_T for kg in own.of(HYDROGEN, "")]
            whole = chain_of(fleet, inventory, own)[-1]
            change = 100.0 * (whole / before - 1.0) if before > 0.0 else None
            told = "yes" if colour == asked else "no"
            name = colour or USUAL
            rows.append((fleet.name, name, told, mj / heating_mj_per_kg() / KG_PER_T, *made, whole, change, checked))
    return pl.DataFrame(rows, schema=HYDROGEN_SCHEMA, orient="row")


def heating_mj_per_kg() -> float:
    """Return the lower heating value of hydrogen."""
    row = reference_table("fuels.csv").row(by_predicate=pl.col("fuel") == HYDROGEN, named=True)
    return float(row["lower_heating_mj_kg"])
