"""Vehicles that measures treat, before and after, and the fleets of scenarios, all their kilometres, for draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.vehicle_costs import electric_measure
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.pipeline.comparing.options import compared_states, share_inside
from fleet_planner.pipeline.costing.programmes import parts_named
from fleet_planner.pipeline.drawing.emitted import PER_YEAR
from fleet_planner.pipeline.drawing.prices import collect_money
from fleet_planner.pipeline.drawing.states import Driving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.drawing.states import Given, Key, Makes, More, Parts
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.pipeline.telling.results import ScenarioResult
    from fleet_planner.scenarios import ScenarioFleet
    from fleet_planner.scenarios.options import Option
    from fleet_planner.uncertainty.design import Collector, Drawer
    from fleet_planner.uncertainty.terms import Terms

Array = NDArray[np.float64]
OPTION, TREATED, FLEET = "option", "treated", "fleet"
BEFORE, AFTER = 0, 1


@dataclass(frozen=True)
class Amounts:
    """What vehicles apart emit and use a year, all their kilometres, in all draws.

    Parameters
    ----------
    rows
        ``stream, fuel, tank, label`` of each of the O outputs.
    central
        Of the run, shape (O, P).
    draws
        Shape (draws, O, P). CO2 of electricity is left as its use in the draw: factors of electricity come on top.
    """

    rows: pl.DataFrame
    central: Array
    draws: Array

    def only(self, **of: str) -> Amounts:
        """Return those of a stream, tank or label."""
        keep = np.ones(self.rows.height, dtype=np.bool_)
        for name, value in of.items():
            keep &= (self.rows[name] == value).to_numpy()
        return Amounts(self.rows.filter(pl.Series(keep)), self.central[keep], self.draws[:, keep])

    def total(self, pollutant: str) -> tuple[float, Array]:
        """Return the sum of a pollutant, of the run and in all draws."""
        p = POLLUTANTS.index(pollutant)
        return float(self.central[:, p].sum()), self.draws[:, :, p].sum(axis=1)

    def by_tank(self, pollutant: str) -> dict[str, tuple[float, Array]]:
        """Return the sums of a pollutant by fuel in the tank."""
        return {name: self.only(tank=name).total(pollutant) for name in self.rows["tank"].unique(maintain_order=True)}

    def shares(self, pollutant: str) -> dict[tuple[str, str, str], Array]:
        """Return a pollutant in all draws over the run's by stream, label and tank; only those that the run has."""
        p, out = POLLUTANTS.index(pollutant), {}
        rows = self.rows.with_row_index("row")
        for key, own in rows.group_by(["stream", "label", "tank"], maintain_order=True):
            at = own["row"].to_list()
            central = float(self.central[at, p].sum())
            if central > 0.0:
                out[str(key[0]), str(key[1]), str(key[2])] = self.draws[:, at, p].sum(axis=1) / central
        return out

    def share(self, pollutant: str) -> Array:
        """Return a pollutant in all draws over the run's; 1 where the run has none."""
        central, draws = self.total(pollutant)
        return draws / central if central > 0.0 else np.ones(draws.shape)


def drawn_amounts(
    terms: Terms, drawer: Drawer, years_later: float = 0.0, chosen: Sequence[str] = POLLUTANTS
) -> Amounts:
    """Return what vehicles apart emit in the draws; other pollutants than the chosen are left at nought."""
    draws = drawer.totals(terms, years_later, chosen) * PER_YEAR
    tanks = terms.outputs["fuel"].replace_strict({f: tank(f) for f in terms.outputs["fuel"].unique()})
    rows = terms.outputs.select("stream", "fuel", "label", tank=tanks.cast(pl.String))
    return Amounts(rows, terms.central() * PER_YEAR, draws)


def everywhere(driving: Driving) -> Driving:
    """Return vehicles that drive all their kilometres where now only a share of them is."""
    inside = pl.Series(share_inside(driving.vehicles))
    return replace(driving, vehicles=driving.vehicles.with_columns(count=pl.col("count") / inside))


def only_rows(driving: Driving, keep: pl.Series) -> Driving:
    """Return some of the vehicles."""
    return replace(
        driving,
        vehicles=driving.vehicles.filter(keep),
        multipliers=driving.multipliers.filter(keep),
        before=driving.before.filter(keep),
        label=None if driving.label is None else driving.label.filter(keep),
    )


def what_is_drawn(ready: Prepared, results: Sequence[ScenarioResult], *, with_money: bool = True) -> More:
    """Return what adds the inputs of costs and prices, and the vehicles that are drawn apart.

    Without ``with_money`` those of the scenarios are left out: they have no input that the states have not.
    """
    plan, measures = ready.plan, ready.run.measures

    def more(collector: Collector, makes: Makes, given: Sequence[Given], terms: Mapping[Key, Terms]) -> Parts:
        named = [m for r in results for m in r.costs["measure_id"].to_list()]
        named += [p for s in plan.scenario for m in s.measure for p in parts_named(m.measure, measures)]
        if any(s.turnover is not None for s in plan.scenario):
            named += electric_measure().values()
        options = compared_states(plan, ready.run, ready.fleet)[0] if plan.comparison.enabled else []
        named += [m for option, *_ in options for m in option.measures]
        if plan.scenario or named:
            collect_money(collector, named)
        out = option_parts(ready, makes, given, options)
        if with_money:
            out |= treated_parts(ready, makes, given) | fleet_parts(given, makes, terms)
        return out

    return more


def treated_parts(ready: Prepared, makes: Makes, given: Sequence[Given]) -> Parts:
    """Return the vehicles that each scenario of the base year treats, before and after, by their measures."""
    start, first = given[0][1], ready.computed.states[0][0]
    out: Parts = {}
    for state, _ in ready.computed.on_vehicles[1:]:
        after = _as_driven(ready, state, given)
        label = state.vehicles["measures"]
        keep = label != ""
        if not keep.any():
            continue
        before = _untreated(start, first, state.vehicles)
        for side, driving in ((BEFORE, before), (AFTER, after)):
            told = only_rows(replace(driving, label=label, apart=True), keep)
            out[TREATED, state.name, side] = makes.terms(everywhere(told))
    return out


def _as_driven(ready: Prepared, state: ScenarioFleet, given: Sequence[Given]) -> Driving:
    """Return a scenario of the base year as it drives; without what it does to the traffic."""
    of = {key: driving for key, driving, _ in given}
    if state.name not in ready.computed.operated:
        return of[state.name, ready.plan.city.year]
    start = ready.computed.states[0][0]
    before = start.vehicles["standard"].gather(state.vehicles["baseline_row"])
    return Driving(state.vehicles, state.multipliers, before, ready.computed.factors, None, grouped=False)


def _untreated(start: Driving, first: ScenarioFleet, vehicles: pl.DataFrame) -> Driving:
    """Return the vehicles of a state as they were: rows of the baseline, as many of each as the state has."""
    rows = vehicles["baseline_row"].to_list()
    had = first.vehicles[rows].with_columns(vehicles["count"])
    return replace(start, vehicles=had, multipliers=start.multipliers[rows], before=had["standard"])


def option_parts(
    ready: Prepared, makes: Makes, given: Sequence[Given], options: Sequence[tuple[Option, pl.DataFrame, pl.DataFrame]]
) -> Parts:
    """Return the vehicles that each option of the comparison treats, before and after, by what is blended in."""
    start, first, computed = given[0][1], ready.computed.states[0][0], ready.computed
    setting = computed.setting
    out: Parts = {}
    for option, vehicles, own in options:
        local = ~vehicles["visiting"]
        if not local.any():
            continue
        rows = vehicles.filter(local)
        factors = compile_factors(setting.technologies([rows]), setting.sources, setting.conditions, setting.options)
        before = _untreated(start, first, rows)
        after = Driving(
            rows,
            computed.multiplied(rows, own.filter(local), factors),
            before.before,
            factors,
            None,
            grouped=False,
            untreated=before.vehicles,
        )
        for side, driving in ((BEFORE, before), (AFTER, after)):
            told = replace(driving, label=driving.vehicles["fuel_blend"])
            out[OPTION, option.name, side] = makes.terms(everywhere(told))
    return out


def fleet_parts(given: Sequence[Given], makes: Makes, known: Mapping[Key, Terms]) -> Parts:
    """Return the city's own vehicles in all states after the base year, by their measures.

    Their mix of standards moves as that of the state, treated and untreated vehicles together.
    """
    first = given[0][0][1]
    out: Parts = {}
    for key, driving, _ in given:
        if key[1] == first:
            continue
        rows = driving.vehicles
        label = rows["measures"] if "measures" in rows.columns else pl.Series([""] * rows.height)
        own = only_rows(replace(driving, label=label), ~rows["visiting"])
        terms = makes.terms(everywhere(own))
        weights = known[key].mixes.select("stream", "kept", "standard", "km", "derived")
        mixes = terms.mixes.select("stream", "kept", "standard").join(
            weights, on=["stream", "kept", "standard"], how="left", maintain_order="left", nulls_equal=True
        )
        out[FLEET, *key] = replace(terms, mixes=mixes.with_columns(pl.col("km", "derived").fill_null(0.0)))
    return out
