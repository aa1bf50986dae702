"""Mixes under other futures: each future's own mix, judged in all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.errors import PlanError
from fleet_planner.pipeline.computing.by_year import by_year
from fleet_planner.pipeline.computing.targets import years_asked
from fleet_planner.pipeline.mixing.ground import HOMES, ground_of
from fleet_planner.pipeline.mixing.mix_targets import targets_of
from fleet_planner.pipeline.mixing.portfolio_sites import plan_sites
from fleet_planner.pipeline.mixing.programme import programme_of
from fleet_planner.portfolio import solve
from fleet_planner.portfolio.front import regrets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.mixing.portfolio_sites import PlanSites
    from fleet_planner.pipeline.mixing.programme import Programme
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import Future
    from fleet_planner.portfolio import Mix
    from fleet_planner.portfolio.front import Regret

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Futures (the plan first, as none), the mix of each, and how each fares under the others."""

    futures: tuple[Future | None, ...]
    mixes: tuple[Mix, ...]
    regret: Regret


def judged_futures(ready: Prepared, plan: Programme, mix: Mix, sites: PlanSites | None) -> Judged:
    """Solve under every future, and judge each mix under all of them.

    Where a future sells other vehicles, a mix treats the same share of the same vehicles there.
    """
    section = ready.plan.portfolio
    programmes = [plan, *(_programme(ready, plan, sites, f) for f in section.future)]
    mixes = [mix, *(solve(p.problem, seconds=section.time_limit_s, gap=section.gap) for p in programmes[1:])]
    # a target missed whole costs as much as the dearest mix: to fail is never the cheap way out
    penalty = max(abs(m.cost) for m in mixes) + 1.0

    def carried(i: int, j: int) -> Array:
        return _carried(mixes[i].x, programmes[i].ground, programmes[j].ground)

    problems = [p.problem for p in programmes]
    judged = regrets(problems, [m.x for m in mixes], penalty, [m.built for m in mixes], carried)
    return Judged((None, *section.future), tuple(mixes), judged)


def _programme(ready: Prepared, plan: Programme, sites: PlanSites | None, future: Future) -> Programme:
    ground, its, found = plan.ground, ready, sites
    if future.changes_sales:
        its = _with_sales(ready, future)
        ground = ground_of(its, plan.ground.years)
        found = None if sites is None else plan_sites(its, ground, sites.table)
    targets = targets_of(its, ground, plan.ground.years, future.visiting_factor)
    return programme_of(its, ground, targets, found, future)


def _with_sales(ready: Prepared, future: Future) -> Prepared:
    """Return a plan whose coming sales follow the rules of a future; the scenarios are left out.

    Raises
    ------
    PlanError
        The plan has no turnover.
    """
    turnover = ready.plan.turnover
    if ready.later is None:
        raise PlanError(
            f"the future {future.name} changes sales, and the plan has none",
            "Set turnover.to_year.",
            column="portfolio.future",
            value=future.name,
        )
    changed: dict[str, object] = {"rules": {**turnover.rules, **future.rules}}
    if future.zero_emission_share is not None:
        changed["zero_emission_share"] = future.zero_emission_share
    plan = ready.plan.model_copy(update={"turnover": turnover.model_copy(update=changed)})
    alone = plan.model_copy(update={"scenario": []})
    asked = years_asked(alone, ready.aims)
    later = by_year(alone, replace(ready.run, plan=alone), ready.computed, ready.fleet, asked, ready.nonroad)
    return replace(ready, plan=plan, later=later)


def _carried(x: Array, made_for: Ground, there: Ground) -> Array:
    """Return a mix in the groups of another future: the same share of each group that is there too."""
    if made_for is there:
        return x
    known = {key: g for g, key in enumerate(_keys(made_for))}
    out = np.zeros((there.groups.height, *x.shape[1:]))
    options = [o.name for o in made_for.options]
    place = [options.index(o.name) if o.name in options else -1 for o in there.options]
    for g, key in enumerate(_keys(there)):
        source = known.get(key)
        if source is not None and made_for.figures.count[source] > 0.0:
            share = x[source] / made_for.figures.count[source] * there.figures.count[g]
            out[g] = np.where(np.array(place)[:, None] >= 0, share[place], 0.0)
    return np.where(there.figures.able[:, :, None], out, 0.0)


def _keys(ground: Ground) -> list[tuple[object, ...]]:
    names = ["stream", "category", "fuel", "segment", "standard", "aftertreatment", "sold"]
    homes = [h for h in HOMES if h in ground.groups.columns]
    return ground.groups.select(*names, *homes).rows()
