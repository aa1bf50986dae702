"""What the mix has to reach: the plan's targets, and those on weighted emissions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.errors import PlanError
from fleet_planner.fleet import Fleet
from fleet_planner.pipeline.computing.targets import yearly_of
from fleet_planner.pipeline.mixing.ground import weighted_names
from fleet_planner.pipeline.mixing.weights import Weigher
from fleet_planner.portfolio.coefficients import Aimed
from fleet_planner.scenarios.targets import Aim

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.prepare import Prepared

    Array = NDArray[np.float64]

Asked = tuple[Aim, int, float, float]
"""A target with its year, what it allows, and what is emitted without measures."""


def targets_of(ready: Prepared, ground: Ground, years: tuple[int, ...], visiting: float = 1.0) -> tuple[Asked, ...]:
    """Return the targets with year, allowed emission and emission without measures, each cut within the horizon.

    ``visiting`` is what visiting vehicles emit after the base year, against the plan's: nothing is treated on them, so
    that the cut has to come from the others.

    Raises
    ------
    PlanError
        A weighted target has the name of another, a year outside the horizon or a pollutant without weights.
    """
    names = [aim.name for aim in ready.aims] + [t.name for t in ready.plan.portfolio.weighted_target]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise PlanError(
            "two targets have the same name", "Give each its own.", column="portfolio.weighted_target", value=twice[0]
        )
    out = []
    for aim in ready.aims:
        path = yearly_of(ready.plan, aim, ready.computed, ready.later, ready.nonroad)
        local = path
        if aim.visiting and visiting != 1.0:
            local = yearly_of(ready.plan, replace(aim, visiting=False), ready.computed, ready.later, ready.nonroad)
        base = aim.base_per_year if aim.base_per_year is not None else path[min(path)]
        for year, cut in aim.cuts.items():
            if year in years:
                own = year if year in path else max(y for y in path if y <= year)
                without = path[own] + (visiting - 1.0) * (path[own] - local[own])
                out.append((aim, year, base * (1.0 - cut / 100.0), without))
    return (*out, *_weighted(ready, ground, years, visiting))


def _weighted(ready: Prepared, ground: Ground, years: tuple[int, ...], visiting: float) -> list[Asked]:
    """Return the targets on weighted emissions; all vehicles on the roads count, visiting ones too."""
    targets, weights = ready.plan.portfolio.weighted_target, ground.weights
    if not targets or weights is None:
        return []
    sums: dict[int, Array] = {}
    bases = np.zeros(len(weights.parts))
    for year in {ready.plan.city.year, *(t.year for t in targets if ready.later is not None)}:
        computed = ready.computed
        if ready.later is not None and year > ready.plan.city.year:
            fleet = ready.later.projection.fleet(year)
            computed = ready.run.baseline_of(Fleet(fleet.vehicles, fleet.rejected))
        each = Weigher(weights, computed, ready.network.links).first
        if year == ready.plan.city.year:
            bases = each.sum(axis=0)
        from_outside = computed.states[0][0].vehicles["visiting"].to_numpy()
        sums[year] = (each * np.where(from_outside, visiting, 1.0)[:, None]).sum(axis=0)
    out = []
    for target in targets:
        if target.year not in years:
            raise PlanError(
                f"weighted target {target.name} is of a year that the mix does not plan",
                f"Name a year from {years[0]} to {years[-1]}.",
                column="portfolio.weighted_target.year",
                value=target.year,
            )
        names = weighted_names(target, weights)
        counts = np.array([n in names for n in weights.parts])
        base = float(bases[counts].sum())
        without = float(sums.get(target.year, sums[ready.plan.city.year])[counts].sum())
        aim = Aim(
            target.name,
            target.title or target.name,
            target.title_zh or target.title or target.name,
            " + ".join(names),
            {},
            ready.plan.portfolio.weights_unit,
            {target.year: target.cut_pct},
            ready.plan.city.year,
            base,
            None,
            {},
            visiting=True,
            checked=True,
        )
        out.append((aim, target.year, base * (1.0 - target.cut_pct / 100.0), without))
    return out


def aimed_of(ground: Ground, aim: Aim, year: int, allowed: float, without: float) -> Aimed:
    """Return a target as a row of the mix: what has to be avoided, and in which groups it counts."""
    counts = np.ones(ground.groups.height, dtype=np.bool_)
    for column, words in aim.scope.items():
        counts &= ground.groups[column].is_in(list(words)).to_numpy()
    place = ground.years.index(year)
    return Aimed(f"{aim.name} {year}", aim.name, place, max(without - allowed, 0.0), counts)
