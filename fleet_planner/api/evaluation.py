"""One scenario on a city whose baseline is computed: totals, vehicles and links after its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.api.geometry import on_roads
from fleet_planner.inventory import compute_inventory
from fleet_planner.outputs.layers import frames
from fleet_planner.pipeline.mixing.sweep import after_measures
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.sweep import AfterMeasures, MetFactors
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.models import Scenario


@dataclass(frozen=True)
class Evaluation:
    """What a scenario does to the base year; made by `City.evaluate`.

    Parameters
    ----------
    scenario
        Its measures.
    summary
        Yearly totals of roads and machines by pollutant, as ``summary.csv`` has them.
    costs
        A row per measure, as the table ``costs`` of a run has them.
    """

    scenario: Scenario
    summary: pl.DataFrame
    costs: pl.DataFrame
    _ready: Prepared
    _after: AfterMeasures

    def __repr__(self) -> str:
        return f"<Evaluation of {self.scenario.name}: {self.change_pct('NOx'):+.1f} % NOx>"

    def change_pct(self, pollutant: str) -> float:
        """Return the change of a pollutant's yearly total against the baseline, %; NaN where there was none.

        Raises
        ------
        KeyError
            There is no such pollutant in ``summary``.
        """
        return self._cell(pollutant, "change_pct")

    def total(self, pollutant: str) -> float:
        """Return a pollutant's yearly total in the unit that ``summary`` names.

        Raises
        ------
        KeyError
            There is no such pollutant in ``summary``.
        """
        return self._cell(pollutant, "value_per_year")

    def vehicles(self) -> pl.DataFrame:
        """Return the vehicles after the measures with their emissions of an average day (as `Result.vehicles`)."""
        return frames.with_emissions(self._after.state.vehicles, self._after.inventory)

    def links(self) -> GeoDataFrame:
        """Return every pollutant by link, average day, WGS84 (as `Result.links`); the roads are visited for it."""
        ready, after = self._ready, self._after
        state, computed = after.state, ready.computed
        activity = ready.run.of_state(computed.activity, computed.states[0][0], state)
        links = ready.network.links
        inventory = compute_inventory(
            state.vehicles, state.multipliers, links, activity, after.factors, computed.setting.context
        )
        driven = computed.activity.km.sum(axis=0)
        return on_roads(frames.links_of(ready.network, inventory, driven), ready.network)

    def _cell(self, pollutant: str, column: str) -> float:
        row = self.summary.filter(pl.col("pollutant") == pollutant)
        if row.height != 1:
            raise KeyError(pollutant)
        value = row[column].item()
        return float("nan") if value is None else float(value)


def evaluated(ready: Prepared, factors: MetFactors, scenario: Scenario) -> Evaluation:
    """Return what a scenario does to a prepared city; see `City.evaluate`."""
    after = after_measures(ready, factors, scenario)
    costs = after.costs(ready)
    now, before = after.inventory.vehicle.sum(axis=0), ready.computed.states[0][1].vehicle.sum(axis=0)
    table = _summary(ready, scenario.name, now, before)
    return Evaluation(scenario, frames.in_mass_unit(table, ready.plan.outputs.mass_unit), costs, ready, after)


def _summary(ready: Prepared, name: str, now: NDArray[np.float64], before: NDArray[np.float64]) -> pl.DataFrame:
    """Return yearly totals (``tables/columns/summary.csv``) of what vehicles emit a day, shape (P,)."""
    names = ready.computed.states[0][1].pollutants
    specs = {s.pollutant: s for s in pollutants()}
    per_year = np.array([specs[n].per_year_factor for n in names]) * DAYS_PER_YEAR
    beside = np.array([0.0 if ready.nonroad is None else ready.nonroad.total(n) for n in names]) * per_year
    value, start = now * per_year + beside, before * per_year + beside
    change = pl.Series(np.divide(100.0 * (value - start), start, out=np.full(len(names), np.nan), where=start != 0.0))
    return pl.DataFrame(
        {
            "scenario": [name] * len(names),
            "pollutant": list(names),
            "unit": [specs[n].unit_per_year for n in names],
            "value_per_year": value,
            "baseline_per_year": start,
            "change_pct": change.fill_nan(None),
            "non_road_per_year": beside,
        }
    )
