"""What fleets use a year above the baseline in all draws: fuel, electricity, CO2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.ownership import Use
from fleet_planner.economics.terms import FUELS as FUEL_KINDS
from fleet_planner.economics.use_by_year import changes_by_year
from fleet_planner.pipeline.drawing.parts import AFTER, BEFORE, FLEET, TREATED, Amounts, drawn_amounts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import polars as pl

    from fleet_planner.economics.ownership_table import Group
    from fleet_planner.economics.programme import Programme
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
USED = ("energy_MJ", "electricity_kwh", "CO2")
BASELINE = "baseline"


@dataclass(frozen=True)
class UseDraws:
    """A use in all draws; as `economics.ownership.Use`, each figure of shape (draws,), without kilometres."""

    fuel_mj: Mapping[str, Array]
    electricity_kwh: Array
    premium_mj: Mapping[str, Array]
    co2_t: Array


def nothing(draws: int) -> UseDraws:
    """Return no use."""
    return UseDraws({}, np.zeros(draws), {}, np.zeros(draws))


def plus(one: UseDraws, other: UseDraws, by: float = 1.0) -> UseDraws:
    """Return one use and a multiple of another."""

    def joined(a: Mapping[str, Array], b: Mapping[str, Array]) -> dict[str, Array]:
        return {k: a.get(k, 0.0) + by * b.get(k, np.zeros(1)) for k in {**a, **b}}

    return UseDraws(
        joined(one.fuel_mj, other.fuel_mj),
        one.electricity_kwh + by * other.electricity_kwh,
        joined(one.premium_mj, other.premium_mj),
        one.co2_t + by * other.co2_t,
    )


def of_vehicle(use: Use, side: Amounts) -> UseDraws:
    """Return the use of one vehicle of a group in all draws: the run's, times what the draws make of its group."""
    all_energy = side.share("energy_MJ")
    return UseDraws(
        {tank: mj * side.only(tank=tank).share("energy_MJ") for tank, mj in use.fuel_mj.items()},
        use.electricity_kwh * side.share("electricity_kwh"),
        {measure: mj * all_energy for measure, mj in use.premium_mj.items()},
        use.co2_t * side.share("CO2"),
    )


def of_groups(groups: Sequence[Group], ground: Ground, drawer: Drawer) -> list[tuple[UseDraws, UseDraws]]:
    """Return the use of a vehicle of each group of one scenario, without and with its measures."""
    sides: dict[tuple[str, int], Amounts] = {}
    out = []
    for group in groups:
        pair = []
        for number, use in ((BEFORE, group.before), (AFTER, group.after)):
            key = (group.scenario, number)
            if key not in sides:
                sides[key] = drawn_amounts(ground.parts[TREATED, *key], drawer, 0.0, USED)
            pair.append(of_vehicle(use, sides[key].only(stream=group.stream, label=group.label)))
        out.append((pair[0], pair[1]))
    return out


def of_fleet(rows: pl.DataFrame, amounts: Amounts, fuels: Collection[str]) -> UseDraws:
    """Return the use of a whole fleet in all draws, from the run's by stream, measures and fuel in the tank."""
    fuel: dict[str, Array] = {}
    premium: dict[str, Array] = {}
    kwh = co2 = np.zeros(amounts.draws.shape[0])
    shares = {name: amounts.shares(name) for name in USED}
    for stream, measures, tank, mj, power, tonnes in rows.select(
        "stream", "measures", "tank", "mj", "kwh", "co2_t"
    ).iter_rows():
        key = (stream, measures or "", tank)
        drawn = mj * shares["energy_MJ"].get(key, np.ones(1))
        fuel[tank] = fuel.get(tank, 0.0) + drawn
        for measure in set((measures or "").split(",")) & set(fuels):
            premium[measure] = premium.get(measure, 0.0) + drawn
        kwh = kwh + power * shares["electricity_kwh"].get(key, np.ones(1))
        co2 = co2 + tonnes * shares["CO2"].get(key, np.ones(1))
    return UseDraws(fuel, kwh, premium, co2)


def changes_of(
    programme: Programme, groups: Sequence[Group], later: ByYear | None, ground: Ground, drawer: Drawer
) -> dict[int, UseDraws]:
    """Return what a scenario uses above the baseline in the years whose emissions are computed, in all draws."""
    draws = drawer.sample.values.shape[0]
    first = ground.states[0].year
    if later is None:
        total = nothing(draws)
        for group, (before, after) in zip(groups, of_groups(groups, ground, drawer), strict=True):
            total = plus(plus(total, after, group.vehicles), before, -group.vehicles)
        return {first: total}
    fuels = {name for name, of in programme.terms.items() if of.kind in FUEL_KINDS}
    out = {first: nothing(draws)}
    for year in sorted(set(programme.change) - {first}):
        sides = []
        for scenario in (programme.scenario, BASELINE):
            amounts = drawn_amounts(ground.parts[FLEET, scenario, year], drawer, year - first, USED)
            sides.append(of_fleet(later.states[scenario, year].use, amounts, fuels))
        out[year] = plus(sides[0], sides[1], -1.0)
    return out


def by_year(programme: Programme, change: Mapping[int, UseDraws]) -> dict[int, UseDraws]:
    """Return the change in every year of a programme, as `changes_by_year` carries the known years to the others."""
    reached = {} if programme.fleet_changes else programme.vehicles
    weights = {
        known: changes_by_year({y: Use(float(y == known)) for y in change}, reached, programme.years)
        for known in change
    }
    draws = next(iter(change.values())).co2_t.size
    out = {}
    for year in programme.years:
        total = nothing(draws)
        for known, use in change.items():
            if weight := weights[known][year].km:
                total = plus(total, use, weight)
        out[year] = total
    return out
