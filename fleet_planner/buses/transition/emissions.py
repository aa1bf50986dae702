"""What the buses emit year by year: today's by the vintages that are left, new ones by powertrain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.figures import hybrid_share
from fleet_planner.buses.transition.model import (
    CONVENTIONAL,
    ELECTRIC,
    EXISTING,
    HYBRID,
    ZERO_EMISSION,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.buses.transition.model import Decision, Float, Problem

G_PER_T = 1e6
KG_PER_T = 1e3
POLLUTANTS = {
    "nox_t": ("nox_g_per_km", "NOx"),
    "pm_exhaust_t": ("pm_g_per_km", "PM_exhaust"),
    "co2_t": ("co2_g_per_km", "CO2"),
}


def emissions_by_year(
    problem: Problem,
    decision: Decision,
    vehicles: pl.DataFrame,
    new: Mapping[str, Float],
    grid_kg_per_kwh: Callable[[int], float],
) -> pl.DataFrame:
    """Return by depot and year km, those driven without exhaust, emissions in t and the CO2 of electricity.

    Parameters
    ----------
    problem, decision
        Solved.
    vehicles
        Today's, with ``cohort`` and what they emit per km.
    new
        What a new conventional bus emits per km by pool, shape (L,), by column of `POLLUTANTS`.
    grid_kg_per_kwh
        CO2 of a kWh by year.
    """
    needs, pools, cohorts = problem.needs, problem.pools, problem.cohorts
    lots, years = len(pools.bus_type), problem.years
    km = _by_pool(problem, needs.km[:, None, None] * decision.served)
    electric_kwh = _by_pool(problem, needs.kwh[:, None, None] * decision.served)[:, ELECTRIC].sum(axis=1)
    left = np.maximum(cohorts.count[:, None] - np.cumsum(decision.retired, axis=1), 0)
    engines = cohorts.powertrain == EXISTING
    columns: dict[str, Float] = {}
    for name, (column, pollutant) in POLLUTANTS.items():
        of_cohort = (
            vehicles.group_by("cohort").agg(pl.col(column).fill_null(0.0).mean()).sort("cohort")[column].to_numpy()
        )
        total, buses = np.zeros((lots, years)), np.zeros((lots, years))
        np.add.at(total, cohorts.pool[engines], left[engines] * of_cohort[engines, None])
        np.add.at(buses, cohorts.pool[engines], left[engines])
        per_km = np.divide(total, buses, out=np.zeros_like(total), where=buses > 0)
        fresh = new[column][:, None]
        grams = km[:, EXISTING] * per_km + km[:, CONVENTIONAL] * fresh
        grams = grams + km[:, HYBRID] * fresh * hybrid_share(pollutant)
        columns[name] = pools.by_depot(grams / G_PER_T)
    kg_per_kwh = np.array([grid_kg_per_kwh(int(year)) for year in problem.figures.years])
    columns["co2_electricity_t"] = pools.by_depot(electric_kwh * kg_per_kwh / KG_PER_T)
    all_km = pools.by_depot(km.sum(axis=1))
    clean_km = pools.by_depot(km[:, ZERO_EMISSION].sum(axis=1))
    depot, year = np.indices(all_km.shape)
    frame = {
        "year": problem.figures.years[year.ravel()],
        "depot_id": [pools.depots[d] for d in depot.ravel()],
        "bus_km": all_km.ravel(),
        "zero_emission_km": clean_km.ravel(),
        "electricity_mwh": pools.by_depot(electric_kwh / KG_PER_T).ravel(),
        **{name: values.ravel() for name, values in columns.items()},
    }
    return pl.DataFrame(frame).sort("year", "depot_id")


def _by_pool(problem: Problem, of_need: Float) -> Float:
    out = np.zeros((len(problem.pools.bus_type), *of_need.shape[1:]))
    np.add.at(out, problem.needs.pool, of_need)
    return out
