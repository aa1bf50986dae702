"""The least-cost mix of a plan: vehicles of today and of coming sales, targets, budget, supply, front, futures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.pipeline.mixing.futures import judged_futures
from fleet_planner.pipeline.mixing.ground import ground_of
from fleet_planner.pipeline.mixing.mix_bands import band_findings, mix_bands
from fleet_planner.pipeline.mixing.mix_findings import mix_findings
from fleet_planner.pipeline.mixing.mix_targets import targets_of
from fleet_planner.pipeline.mixing.portfolio_sites import PlanSites, plan_sites, read_sites
from fleet_planner.pipeline.mixing.programme import programme_of
from fleet_planner.portfolio import Mix, Problem, solve
from fleet_planner.portfolio.front import Chance, Point, Regret, front, robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.findings import Finding
    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import Future
    from fleet_planner.portfolio.coefficients import Aimed
    from fleet_planner.portfolio.sites import SiteRows
    from fleet_planner.scenarios.targets import Aim

    Array = NDArray[np.float64]

DEFAULT_SPAN = 10


@dataclass(frozen=True)
class Portfolio:
    """A solved portfolio with what was asked beside it.

    Parameters
    ----------
    ground, problem, mix, aims
        What was solved.
    sites, site_rows
        Sites of the plan and their rows, where it names any.
    front
        Points of the front, where the plan asks for one.
    chance
        The robust mix, where the plan asks for a probability.
    futures, regret, mixes
        Names of futures, and how the mixes of each of them fare under the others.
    findings
        What was assumed.
    bands
        Chances of the targets and the band of the cost, where the plan has draws.
    """

    ground: Ground
    problem: Problem
    mix: Mix
    aims: tuple[Aimed, ...]
    targets: tuple[tuple[Aim, int, float, float], ...]
    sites: PlanSites | None = None
    site_rows: SiteRows | None = None
    front: tuple[Point, ...] = ()
    chance: Chance | None = None
    futures: tuple[Future | None, ...] = ()
    mixes: tuple[Mix, ...] = ()
    regret: Regret | None = None
    findings: tuple[Finding, ...] = field(default_factory=tuple)
    bands: pl.DataFrame | None = None


def portfolio_of(ready: Prepared) -> Portfolio:
    """Return the least-cost mix of a plan.

    Raises
    ------
    PlanError
        The plan has no target or budget to plan for, no measure, or names one that is unknown.
    """
    _plan, section = ready.plan, ready.plan.portfolio
    years = _years(ready)
    table = read_sites(section.sites, ready.base)
    ground = ground_of(ready, years)
    targets = targets_of(ready, ground, years)
    if section.objective == "cost" and not targets:
        raise PlanError(
            "the plan has no target that the mix could reach at least cost",
            'Add a [[target]] with a year after city.year, or set portfolio.objective = "benefit" and a budget.',
            column="target",
        )
    sites = plan_sites(ready, ground, table)
    programme = programme_of(ready, ground, targets, sites, None)
    problem, aims, rows = programme.problem, programme.aims, programme.site_rows
    mix = solve(problem, seconds=section.time_limit_s, gap=section.gap)
    findings = (*mix_findings(ready, ground, mix), *(sites.findings if sites is not None else ()))
    findings = (*findings, *band_findings(ready.plan.uncertainty))
    found = Portfolio(ground, problem, mix, aims, targets, sites, rows, findings=findings)
    low, _, high = _spread(ready, ground)
    units = {f"{aim.name} {year}": aim.unit for aim, year, *_ in targets}
    asked = tuple((aim, units.get(aim.name, "")) for aim in aims)
    found = replace(found, bands=mix_bands(ready, ground, problem, mix, asked, np.stack([low, high])))
    if section.front:
        names = [a.name for a in aims]
        name = next((n for n in names if n.split(" ")[0] == section.front), None)
        if name is None:
            raise PlanError(
                "the front is asked of a target that the plan does not have",
                use_one_of(section.front, [n.split(" ")[0] for n in names]),
                column="portfolio.front",
                value=section.front,
            )
        points = front(problem, name, section.front_points, seconds=section.time_limit_s, gap=section.gap)
        found = replace(found, front=tuple(points))
    if section.probability > 0.0:
        found = replace(found, chance=_chance(ready, ground, problem))
    if section.future:
        judged = judged_futures(ready, programme, mix, sites)
        found = replace(found, futures=judged.futures, mixes=judged.mixes, regret=judged.regret)
    return found


def _years(ready: Prepared) -> tuple[int, ...]:
    plan = ready.plan
    last = plan.portfolio.to_year or plan.turnover.to_year
    if last is None:
        named = [y for aim in ready.aims for y in aim.cuts]
        last = max([y for y in named if y > plan.city.year], default=plan.city.year + DEFAULT_SPAN)
    if last <= plan.city.year:
        raise PlanError(
            "the mix needs years after the base year",
            f"Name a year after {plan.city.year}.",
            column="portfolio.to_year",
            value=last,
        )
    return tuple(range(plan.city.year + 1, last + 1))


def _chance(ready: Prepared, ground: Ground, problem: Problem) -> Chance:
    """Return the mix that meets the targets with the plan's probability; effects are drawn from their ranges."""
    section = ready.plan.portfolio
    spread = _spread(ready, ground)

    def drawn(x: Array, series: int) -> Array:
        generator = np.random.default_rng([section.seed, series])
        factor = generator.triangular(*spread, size=(section.samples, len(ground.options)))
        out = np.zeros((section.samples, len(problem.rows)))
        for k, row in enumerate(problem.rows):
            if row.sign > 0.0:
                out[:, k] = factor @ (x * row.coefficients).sum(axis=(0, 2))
        return out

    return robust(problem, drawn, section.probability, seconds=section.time_limit_s, gap=section.gap)


def _spread(ready: Prepared, ground: Ground) -> tuple[Array, Array, Array]:
    """Return low, central and high factor of each option's effect, from the ranges of its measures' changes."""
    low, high = np.ones(len(ground.options)), np.ones(len(ground.options))
    table = ready.run.measures.with_columns(pl.col("change_pct", "low", "high").cast(pl.Float64, strict=False))
    ranged = table.filter(pl.col("change_pct").abs() > 1.0).drop_nulls(["low", "high"])
    for k, option in enumerate(ground.options):
        rows = ranged.filter(pl.col("measure_id").is_in(option.measures))
        if rows.height:
            ends = rows.select(a=pl.col("low") / pl.col("change_pct"), b=pl.col("high") / pl.col("change_pct"))
            low[k] = float(np.clip(ends.select(pl.min_horizontal("a", "b").mean()).item(), 0.0, 1.0))
            high[k] = float(np.clip(ends.select(pl.max_horizontal("a", "b").mean()).item(), 1.0, 2.0))
    flat = high - low < 1e-9
    return np.where(flat, 1.0 - 1e-9, low), np.ones(low.size), np.where(flat, 1.0 + 1e-9, high)
