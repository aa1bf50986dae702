"""A mix held against the inventory: what its vehicles would emit on the roads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.inventory import compute_inventory
from fleet_planner.pipeline.comparing.options import WEIGHTED
from fleet_planner.pipeline.mixing.weights import Weigher
from fleet_planner.pipeline.mixing.worth import VALUE, value_by_tonnes
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios.rows import VARIANT
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.scenarios.phase import Step

    Array = NDArray[np.float64]

HEALTH, USD = "health_value", "US$ 2024/year"
CHECK = {
    "pollutant": pl.String,
    "unit": pl.String,
    "optimiser_per_year": pl.Float64,
    "inventory_per_year": pl.Float64,
    "difference_pct": pl.Float64,
}


def check_table(ready: Prepared, found: Portfolio) -> pl.DataFrame:
    """Return what the mix avoids on today's vehicles, by the optimiser's figures and by an inventory.

    All of today's vehicles that the mix ever treats are treated at once on today's roads: the physics of the mix,
    without years. Links and hours are computed anew: the two share nothing but the factors.
    """
    today = found.ground.groups["sold"].to_numpy() == 0
    treated = np.where(today[:, None], found.mix.x.sum(axis=2), 0.0)
    start, first = ready.computed.states[0]
    streams = {m: names for o in found.ground.options for m, names in o.streams.items()}
    names = _measures(found)
    # exclusive measures share the vehicles; the picker knows how many each gets
    share = 1.0 / len(names)
    wanted = [ScenarioMeasure(measure=m, streams=list(streams.get(m, ())), uptake=share) for m in names]
    scenario = Scenario(name="mix", title="mix", measure=wanted)
    state = ready.run.applied(ready.fleet, scenario, _Picker(found, treated, start.vehicles))
    setting = ready.computed.setting
    factors = compile_factors(
        setting.technologies([state.vehicles]), setting.sources, setting.conditions, setting.options
    )
    multipliers = ready.computed.multiplied(state.vehicles, state.multipliers, factors)
    activity = ready.computed.activity
    if activity.parts.any:
        activity = ready.run.driven(activity, start.vehicles, state.vehicles)
    inventory = compute_inventory(state.vehicles, multipliers, ready.network.links, activity, factors, setting.context)
    rows = []
    for p, spec in enumerate(pollutants()):
        factor = DAYS_PER_YEAR * spec.per_year_factor
        by_inventory = float(first.link[:, p].sum() - inventory.link[:, p].sum()) * factor
        if spec.pollutant not in found.ground.figures.avoided:
            continue
        by_optimiser = float((treated * found.ground.figures.avoided[spec.pollutant]).sum())
        size = max(abs(by_inventory), abs(by_optimiser))
        off = 100.0 * (by_optimiser - by_inventory) / size if size > 0.0 else 0.0
        rows.append((spec.pollutant, spec.unit_per_year, by_optimiser, by_inventory, off))
    if found.ground.weights is not None:
        links, weights = ready.network.links, found.ground.weights
        after = replace(
            ready.computed,
            activity=activity,
            factors=factors,
            states=((replace(state, multipliers=multipliers), inventory),),
        )
        was, left = (Weigher(weights, each, links).first.sum(axis=0) for each in (ready.computed, after))
        for name, by_inventory in zip(weights.parts, (was - left).tolist(), strict=True):
            by_optimiser = float((treated * found.ground.figures.avoided[WEIGHTED + name]).sum())
            size = max(abs(by_inventory), abs(by_optimiser))
            off = 100.0 * (by_optimiser - by_inventory) / size if size > 0.0 else 0.0
            unit = USD if name.startswith(VALUE) else ready.plan.portfolio.weights_unit
            rows.append((WEIGHTED + name, unit, by_optimiser, by_inventory, off))
    if found.ground.worth is not None:
        rows.append(_health(ready, found, treated, inventory))
    return pl.DataFrame(rows, schema=CHECK, orient="row")


def _health(
    ready: Prepared, found: Portfolio, treated: Array, inventory: Inventory
) -> tuple[str, str, float, float, float]:
    """Return the value of health by the tonne, and by the functions of deaths on the inventories before and after."""
    worth, avoided = found.ground.worth, found.ground.figures.avoided
    assert worth is not None
    by_optimiser = float(sum((treated * avoided[p]).sum() * value for p, value in worth.per_t.items()))
    before, after = (
        value_by_tonnes(ready.plan, each, worth.people) for each in (ready.computed.states[0][1], inventory)
    )
    size = max(abs(before - after), abs(by_optimiser))
    off = 100.0 * (by_optimiser - before + after) / size if size > 0.0 else 0.0
    return HEALTH, USD, by_optimiser, before - after, off


def _measures(found: Portfolio) -> list[str]:
    return sorted({m for o in found.ground.options for m in o.measures})


class _Picker:
    """Chooses the vehicles of each row that a mix treats, group by group."""

    def __init__(self, found: Portfolio, treated: Array, vehicles: pl.DataFrame) -> None:
        keys = [c for c in found.ground.groups.columns if c in vehicles.columns and c not in {"group", "vehicles"}]
        groups = found.ground.groups.filter(pl.col("sold") == 0).select(*keys, place=pl.col("group"))
        joined = vehicles.select(keys).join(groups, on=keys, how="left", maintain_order="left")
        self._place = joined["place"].fill_null(-1).to_numpy().astype(np.int64)
        self._options = [o.measures for o in found.ground.options]
        self._treated = treated

    def __call__(self, state: pl.DataFrame, eligible: pl.Expr, pool: pl.Expr | None = None, *, step: Step) -> pl.Series:
        """Return the vehicles treated by row: of each group as many as the mix says, shared out over its rows."""
        del pool  # the mix counts vehicles, not shares
        slots = [c for c in state.columns if c.startswith("m_")]
        had = state.select(slots).rows()
        place = self._place[state["baseline_row"].to_numpy()]
        may = state.select(pl.when(eligible).then(pl.col("count")).otherwise(0.0).alias("may"))["may"].to_numpy()
        on = [frozenset(m.partition(VARIANT)[0] for m in row if m) for row in had]
        out = np.zeros(state.height)
        kinds: dict[tuple[int, frozenset[str]], list[int]] = {}
        for row, (group, before) in enumerate(zip(place.tolist(), on, strict=True)):
            if group >= 0 and may[row] > 0.0:
                kinds.setdefault((group, before), []).append(row)
        for (group, before), rows in kinds.items():
            asked = sum(
                self._treated[group, k]
                for k, option in enumerate(self._options)
                if step.wanted.measure in option and frozenset(option[: option.index(step.wanted.measure)]) == before
            )
            whole = float(may[rows].sum())
            out[rows] = may[rows] * min(asked / whole, 1.0) if whole > 0.0 else 0.0
        return pl.Series("treated", out)
