"""Vehicles with several measures: what each of the measures brings, whatever the order in which they come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.inventory import by_vehicle
from fleet_planner.pipeline.differences.shapley import shapley
from fleet_planner.plan.models import Scenario
from fleet_planner.scenarios.catalogue import parts_of
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.models import ScenarioMeasure

    Array = NDArray[np.float64]
    Int = NDArray[np.int64]

GROUP = ("stream", "category", "fuel", "segment", "standard", "aftertreatment")
"""Stream and technology as registered, before measures."""
JOIN = " + "
PARTS = {
    "scenario": pl.String,
    **dict.fromkeys(GROUP, pl.String),
    "measures": pl.String,
    "measure": pl.String,
    "pollutant": pl.String,
    "unit": pl.String,
    "change_per_year": pl.Float64,
}


def label_of(measures: str) -> str:
    """Return the measures of a vehicle as tables of causes name them: sorted, however they were listed."""
    return JOIN.join(sorted(measures.split(",")))


def measure_parts(run: Inventories, computed: Computed, fleet: Fleet) -> pl.DataFrame:
    """Return what each measure changes on vehicles that carry several: ``tables/columns/measure_parts.csv``.

    A vehicle with a filter and a clean fuel emits less than without both, and what each of them brings depends on
    which comes first. Each gets its Shapley value (`shapley`): every subset of a vehicle's measures is applied to the
    same vehicles by the program itself, in its canonical order of effects, where they drive in the baseline. A subset
    that is refused (a filter on fuel with too much sulphur) changes nothing. A vehicle has places for at most nine
    measures, so that all subsets are worked out and none is drawn. The rows of a set of measures, group and pollutant
    add up to what the set changes.

    Parameters
    ----------
    run, computed
        The inventories of the base year and what computed them; measures in operation are not in it.
    fleet
        Of the base year.
    """
    frames = []
    for scenario, (state, inventory) in zip(run.plan.scenario, computed.on_vehicles[1:], strict=True):
        bundles = state.vehicles["measures"].str.contains(",", literal=True).to_numpy()
        labels = np.array([label_of(t) for t in state.vehicles["measures"].to_list()], dtype=object)
        for label in sorted(set(labels[bundles].tolist())):
            rows = np.flatnonzero(labels == label)
            own = _Own(run, computed, fleet, scenario, state.vehicles[rows.tolist()])
            names = label.split(JOIN)
            values = np.empty((1 << len(names), *own.shape))
            for mask in range(1 << len(names)):
                values[mask] = own.emitted([n for k, n in enumerate(names) if mask >> k & 1])
            values[-1] = own.summed(inventory.vehicle[rows])
            frames.append(_told(scenario.name, own.groups, label, names, shapley(values)))
    return pl.concat(frames) if frames else pl.DataFrame(schema=PARTS)


class _Own:
    """The vehicles of a scenario that carry the same measures, under any of these."""

    def __init__(
        self, run: Inventories, computed: Computed, fleet: Fleet, scenario: Scenario, carrying: pl.DataFrame
    ) -> None:
        self.run, self.computed, self.scenario = run, computed, scenario
        rows = carrying["baseline_row"].to_list()
        start, first = computed.states[0]
        self.before = start.vehicles[rows]
        whole = self.before["count"].to_numpy()
        self.share = np.divide(carrying["count"].to_numpy(), whole, out=np.zeros(whole.size), where=whole > 0.0)
        self.fleet = replace(fleet, vehicles=fleet.vehicles[rows].with_columns(count=carrying["count"]))
        named = self.before.select(GROUP)
        self.groups = named.unique(maintain_order=True)
        place = {key: k for k, key in enumerate(self.groups.iter_rows())}
        self.group = np.array([place[key] for key in named.iter_rows()], dtype=np.int64)
        self.untreated = self.summed(first.vehicle[rows] * self.share[:, None])

    @property
    def shape(self) -> tuple[int, int]:
        """Groups and pollutants."""
        return self.groups.height, len(pollutants())

    def summed(self, values: Array, rows: Int | None = None) -> Array:
        """Return the sums by group of values by row, shape (G, P)."""
        out = np.zeros(self.shape)
        np.add.at(out, self.group if rows is None else self.group[rows], values)
        return out

    def emitted(self, names: Sequence[str]) -> Array:
        """Return what the vehicles emit a day under some of their measures, shape (G, P)."""
        if not names:
            return self.untreated
        streams = set(self.fleet.vehicles["stream"].to_list())
        wanted = [_reaching_all(m, streams) for n in names for m in self._entries(n)]
        only = Scenario(name=self.scenario.name, title=self.scenario.title, measure=wanted)
        try:
            state = self.run.applied(self.fleet, only)
        except PlanError:
            return self.untreated
        setting, (_, first) = self.computed.setting, self.computed.states[0]
        technologies = setting.technologies([state.vehicles])
        factors = compile_factors(technologies, setting.sources, setting.conditions, setting.options)
        adjusted = self.computed.multiplied(state.vehicles, state.multipliers, factors)
        row = state.vehicles["baseline_row"].to_numpy()
        untreated = self.before[row.tolist()]
        now = by_vehicle(state.vehicles, adjusted, factors, first, setting.context, untreated)
        return self.summed(now, row)

    def _entries(self, name: str) -> list[ScenarioMeasure]:
        """Return the entries of the plan that bring a measure; of a part of a package, as if it came alone."""
        own = [m for m in self.scenario.measure if m.measure == name]
        measures = self.run.measures
        packages = [
            m.model_copy(update={"measure": name})
            for m in self.scenario.measure
            for first in measures.filter(pl.col("measure_id") == m.measure).head(1).iter_rows(named=True)
            if name in parts_of(first)
        ]
        return own or packages


def _reaching_all(wanted: ScenarioMeasure, streams: set[str]) -> ScenarioMeasure:
    """Return an entry of the plan that treats every vehicle it may."""
    named = [s for s in wanted.streams if s in streams]
    return wanted.model_copy(
        update={"uptake": 1.0, "uptake_by_year": {}, "max_per_year": None, "streams": named or wanted.streams}
    )


def _told(scenario: str, groups: pl.DataFrame, label: str, names: Sequence[str], parts: Array) -> pl.DataFrame:
    """Return the rows of a bundle; ``parts`` has the shape (measures, G, P), a day."""
    specs = pollutants()
    year = np.array([p.per_year_factor * DAYS_PER_YEAR for p in specs])
    measure, group, pollutant = (axis.ravel() for axis in np.indices(parts.shape))
    frame = groups[group.tolist()].select(
        pl.lit(scenario).alias("scenario"),
        *GROUP,
        pl.lit(label).alias("measures"),
        pl.Series("measure", [names[k] for k in measure.tolist()]),
        pl.Series("pollutant", [specs[k].pollutant for k in pollutant.tolist()]),
        pl.Series("unit", [specs[k].unit_per_year for k in pollutant.tolist()]),
        pl.Series("change_per_year", (parts * year).ravel()),
    )
    return frame.filter(pl.col("change_per_year") != 0.0)
