"""Draws of parts of a city's emissions: of the areas that the plan names, and of the hours of the day.

Of areas every draw is that of the whole inventory, each link counted by its share in the area. Of hours each stream
keeps its course of the day, so that the hours of a draw add up to what it emits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.bands import band
from fleet_planner.pipeline.drawing.emitted import CO2_GRID, PER_YEAR, grid_ratio
from fleet_planner.pipeline.drawing.states import weighted_terms
from fleet_planner.tables import pollutants
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from fleet_planner.pipeline.clipping.of_run import Districts
    from fleet_planner.pipeline.drawing.states import Ground, State
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
UNIT_HOUR = "kg/h"
HOURS = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "hour": pl.Int64,
    "unit": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


def banded_areas(ready: Prepared, ground: Ground, drawer: Drawer, level: float, told: Districts) -> Districts:
    """Return areas with bands of their totals (``low_per_year, high_per_year``); as they are where there are none.

    Parameters
    ----------
    ready, ground, drawer
        The run, its states and their draws.
    level
        Share of the draws between low and high.
    told
        What the run tells of them.
    """
    if (cut := told.areas) is None:
        return told
    hours = ready.computed.activity.hours
    beside = drawer.of("nonroad")
    machines = {
        (area, scenario, p): value
        for area, scenario, p, value in cut.found.totals.select(
            "area", "scenario", "pollutant", "non_road_per_year"
        ).iter_rows()
    }
    rows = []
    for name, share in zip(cut.shares.names, cut.shares.share, strict=True):
        for state, terms in weighted_terms(ready, ground, np.repeat(share[:, None], hours, axis=1)):
            drawn = drawer.totals(terms).sum(axis=1) * PER_YEAR
            drawn[:, POLLUTANTS.index(CO2_GRID)] *= drawer.of("grid") * grid_ratio(state)
            for k, p in enumerate(POLLUTANTS):
                own = machines.get((name, state.scenario, p), 0.0)
                rows.append((name, state.scenario, p, *band(drawn[:, k] + beside * own, level)))
    ends = dict.fromkeys(("low_per_year", "high_per_year"), pl.Float64)
    bands = pl.DataFrame(
        rows, schema={"area": pl.String, "scenario": pl.String, "pollutant": pl.String, **ends}, orient="row"
    )
    totals = cut.found.totals.join(bands, on=["area", "scenario", "pollutant"], how="left", maintain_order="left")
    return replace(told, areas=replace(cut, found=replace(cut.found, totals=totals)))


def hours_table(ready: Prepared, ground: Ground, drawer: Drawer, level: float) -> pl.DataFrame:
    """Return the hours of the average day with bands, of the pollutants of the map (``uncertainty_hours.csv``)."""
    known = {state.key: state for state in ground.states}
    mass = [p.pollutant for p in pollutants() if p.unit_per_year == "t"]
    names = [p for p in ready.plan.outputs.map_pollutants if p in mass and p in POLLUTANTS]
    rows = []
    for fleet, inventory in ready.computed.states:
        state = known.get((fleet.name, ready.plan.city.year))
        if state is None:
            continue
        ratio = by_stream(state, drawer, names)
        place = [state.terms.streams.index(s) for s in inventory.streams]
        for k, name in enumerate(names):
            p = inventory.pollutants.index(name)
            value = ready.computed.activity.average_day(inventory.stream_hour[:, :, p].T) / G_PER_KG
            drawn = value @ ratio[:, place, k].T
            for hour in range(value.shape[0]):
                told = (float(value[hour].sum()), *band(drawn[hour], level))
                rows.append((fleet.name, name, hour, UNIT_HOUR, *told))
    return pl.DataFrame(rows, schema=HOURS, orient="row")


def by_stream(state: State, drawer: Drawer, chosen: list[str]) -> Array:
    """Return what draws make of each stream's emissions, shape (draws, streams, chosen); 1 where there are none."""
    terms = state.terms
    streams = pl.DataFrame({"stream": terms.streams})
    place = terms.stream * len(POLLUTANTS) + terms.out_of % len(POLLUTANTS)
    alone = replace(terms, out_of=place, outputs=streams)
    columns = [POLLUTANTS.index(p) for p in chosen]
    drawn, central = drawer.totals(alone, 0.0, chosen)[:, :, columns], alone.central()[:, columns]
    if CO2_GRID in chosen:
        drawn[:, :, chosen.index(CO2_GRID)] *= drawer.of("grid")[:, None]
    return np.divide(drawn, central[None], out=np.ones_like(drawn), where=np.broadcast_to(central > 0.0, drawn.shape))
