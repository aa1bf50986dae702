"""Many scenarios on one prepared city: totals and costs of each, without visiting a link again.

Where and how fast the streams drive does not change by measures on vehicles, so that the histogram of the baseline's
inventory gives every vehicle's emission after any of them, as the whole inventory would.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.inventory import by_vehicle
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.plan.models import Scenario
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.progress import Progress
    from fleet_planner.scenarios import ScenarioFleet

SWEEP = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "cost_usd2024_per_year": pl.Float64,
}
MOST = 20_000


def combinations(plan_scenarios: Sequence[Scenario], levels: Sequence[float]) -> list[Scenario]:
    """Return every combination of uptakes of the plan's measures.

    Parameters
    ----------
    plan_scenarios
        Their measures, each entry once, are combined.
    levels
        Uptakes between 0 and 1; at 0 a measure is left out.

    Raises
    ------
    PlanError
        There is no measure, a level is none, or there would be too many combinations.
    """
    entries = []
    for scenario in plan_scenarios:
        entries += [m for m in scenario.measure if m not in entries]
    wrong = [v for v in levels if not 0.0 <= v <= 1.0]
    if wrong or not levels:
        raise PlanError(
            "uptakes lie between 0 and 1", "Write --levels 0,0.5,1.", column="--levels", value=wrong[:1] or ""
        )
    if not entries:
        raise PlanError("the plan has no measure to combine", "Add a [[scenario]] with measures.", column="scenario")
    number = len(levels) ** len(entries)
    if number > MOST:
        raise PlanError(
            f"{len(entries)} measures at {len(levels)} levels make {number:,} scenarios",
            f"Use fewer levels or measures, at most {MOST:,} scenarios.",
            column="--levels",
            value=number,
        )
    out = []
    for k, uptakes in enumerate(itertools.product(levels, repeat=len(entries))):
        chosen = [m.model_copy(update={"uptake": u}) for m, u in zip(entries, uptakes, strict=True) if u > 0.0]
        title = ", ".join(f"{m.measure} {m.uptake:g}" for m in chosen) or "nothing"
        out.append(Scenario(name=f"s{k}", title=title, measure=chosen))
    return out


class MetFactors:
    """Factors compiled for the technologies met so far."""

    def __init__(self, ready: Prepared) -> None:
        self._setting = ready.computed.setting
        self._met = [ready.computed.states[0][0].vehicles.select(*TECHNOLOGY, "stream").unique()]
        self._table: FactorTable | None = None
        self._known: set[tuple[object, ...]] = set()

    def of(self, vehicles: pl.DataFrame) -> FactorTable:
        """Return factors that hold the technologies of vehicles."""
        mine = vehicles.select(*TECHNOLOGY, "stream").unique(maintain_order=True)
        new = set(mine.iter_rows()) - self._known
        if self._table is None or new:
            self._met.append(mine)
            self._known |= new
            setting = self._setting
            technologies = setting.technologies(self._met)
            self._table = compile_factors(technologies, setting.sources, setting.conditions, setting.options)
        return self._table


@dataclass(frozen=True)
class AfterMeasures:
    """A fleet after measures on vehicles.

    Parameters
    ----------
    state
        Its vehicles, multipliers with faults, tests and neat fuels in them.
    inventory
        The baseline's, but for ``vehicle``, which is that of ``state``; its links are not.
    factors
        Compiled for the technologies of ``state``.
    """

    state: ScenarioFleet
    inventory: Inventory
    factors: FactorTable

    def costs(self, ready: Prepared) -> pl.DataFrame:
        """Return the costs by measure."""
        start = ready.computed.states[0]
        return costs_of((self.state, self.inventory), start, ready.run.measures, ready.plan, ready.computed)


def after_measures(ready: Prepared, factors: MetFactors, scenario: Scenario) -> AfterMeasures:
    """Return a prepared city's fleet after a scenario, and what each vehicle emits; no link is visited.

    Raises
    ------
    PlanError
        The scenario has measures in operation, which change where vehicles drive, or asks what cannot be.
    """
    if any(True for _ in scenario.operation.measures):
        raise PlanError(
            f"scenario {scenario.name} has measures in operation, which change where vehicles drive",
            "Use fleet-planner run for it.",
            column=f"scenario.{scenario.name}.operation",
        )
    start, first = ready.computed.states[0]
    state = ready.run.applied(ready.fleet, scenario)
    table = factors.of(state.vehicles)
    multipliers = ready.computed.multiplied(state.vehicles, state.multipliers, table)
    untreated = start.vehicles[state.vehicles["baseline_row"].to_list()]
    context = ready.computed.setting.context
    vehicle = by_vehicle(state.vehicles, multipliers, table, first, context, untreated)
    return AfterMeasures(replace(state, multipliers=multipliers), replace(first, vehicle=vehicle), table)


def sweep(ready: Prepared, scenarios: Iterable[Scenario], progress: Progress) -> pl.DataFrame:
    """Return yearly totals and costs of many scenarios.

    Parameters
    ----------
    ready
        With the baseline's inventory.
    scenarios
        Measures on vehicles only.
    progress
        Is told how far it is.

    Raises
    ------
    PlanError
        A scenario has measures in operation, which change where vehicles drive, or asks what cannot be.
    """
    listed = list(scenarios)
    factors = MetFactors(ready)
    before = ready.computed.states[0][1].vehicle.sum(axis=0)
    per_year = np.array([p.per_year_factor * DAYS_PER_YEAR for p in pollutants()])
    parts = []
    for k, scenario in enumerate(listed):
        if k % 10 == 0:
            progress(f"scenario {k + 1} of {len(listed)}", k / len(listed))
        after = after_measures(ready, factors, scenario)
        total = after.inventory.vehicle.sum(axis=0)
        change = np.divide(100.0 * (total - before), before, out=np.zeros_like(total), where=before != 0.0)
        parts.append(
            pl.DataFrame(
                {
                    "scenario": [scenario.title] * len(per_year),
                    "pollutant": [p.pollutant for p in pollutants()],
                    "unit": [p.unit_per_year for p in pollutants()],
                    "value_per_year": total * per_year,
                    "change_pct": change,
                    "cost_usd2024_per_year": float(after.costs(ready)["total_usd2024_per_year"].sum()),
                },
                schema=SWEEP,
            )
        )
    return pl.concat(parts)
