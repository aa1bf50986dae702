"""The least-cost mix of a plan: vehicles of today and of coming sales, targets, budget, supply, front, futures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, GHG, summed
from fleet_planner.economics.valuation import valuation
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.fleet import Fleet
from fleet_planner.fleet.turnover.survival import curve_of, load_curves
from fleet_planner.pipeline.comparing.options import GROUP, OptionEffects, option_effects
from fleet_planner.pipeline.computing.targets import yearly_of
from fleet_planner.portfolio import Mix, Problem, solve
from fleet_planner.portfolio.coefficients import Aimed, Figures, problem_of
from fleet_planner.portfolio.front import Chance, Point, Regret, front, regrets, robust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.fleet.turnover.survival import Curve
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import Future, PortfolioSection
    from fleet_planner.scenarios.options import Option
    from fleet_planner.scenarios.targets import Aim

    Array = NDArray[np.float64]

HOMES = ("zone", "depot")
KWH_PER_MWH = 1000.0
DEFAULT_SPAN = 10
ELECTRIC = ("electricity", "hydrogen")
VALUED = ("NOx", "PM2.5", "SO2", "NMVOC", "NH3", GHG)


@dataclass(frozen=True)
class Ground:
    """Groups and options with their figures.

    Parameters
    ----------
    groups
        ``group``, `GROUP`, homes, ``sold`` (year of sale of vehicles yet to be sold, none of today's), ``vehicles``.
    options
        In the order of the arrays.
    years
        Of the horizon.
    figures
        Per-vehicle figures.
    electricity_usd, fuel_usd
        Parts of the running cost, a vehicle and year, shape (G, O).
    grid_t
        t CO2 of electricity avoided, a vehicle and year, shape (G, O); negative where it rises.
    electric
        Options that bring electric vehicles, shape (O,).
    damage_usd
        Damage and carbon avoided, a vehicle and year, shape (G, O).
    """

    groups: pl.DataFrame
    options: tuple[Option, ...]
    years: tuple[int, ...]
    figures: Figures
    electricity_usd: Array
    fuel_usd: Array
    grid_t: Array
    electric: NDArray[np.bool_]
    damage_usd: Array


@dataclass(frozen=True)
class Portfolio:
    """A solved portfolio with what was asked beside it.

    Parameters
    ----------
    ground, problem, mix, aims
        What was solved.
    front
        Points of the front, where the plan asks for one.
    chance
        The robust mix, where the plan asks for a probability.
    futures, regret, mixes
        Names of futures, and how the mixes of each of them fare under the others.
    findings
        What was assumed.
    """

    ground: Ground
    problem: Problem
    mix: Mix
    aims: tuple[Aimed, ...]
    targets: tuple[tuple[Aim, int, float, float], ...]
    front: tuple[Point, ...] = ()
    chance: Chance | None = None
    futures: tuple[Future | None, ...] = ()
    mixes: tuple[Mix, ...] = ()
    regret: Regret | None = None
    findings: tuple[Finding, ...] = field(default_factory=tuple)


def portfolio_of(ready: Prepared) -> Portfolio:
    """Return the least-cost mix of a plan.

    Raises
    ------
    PlanError
        The plan has no target or budget to plan for, no measure, or names one that is unknown.
    """
    plan, section = ready.plan, ready.plan.portfolio
    years = _years(ready)
    ground = ground_of(ready, years)
    targets = _targets(ready, years)
    aims = tuple(_aimed(ground, *t) for t in targets)
    if section.objective == "cost" and not aims:
        raise PlanError(
            "the plan has no target that the mix could reach at least cost",
            'Add a [[target]] with a year after city.year, or set portfolio.objective = "benefit" and a budget.',
            column="target",
        )
    problem = _problem(ready, ground, aims, None)
    mix = solve(problem, seconds=section.time_limit_s, gap=section.gap)
    found = Portfolio(ground, problem, mix, aims, targets, findings=_findings(ready, ground))
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
        found = _with_futures(found, ready, plan.portfolio)
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


def ground_of(ready: Prepared, years: tuple[int, ...]) -> Ground:
    """Return the groups, the options and their figures."""
    plan = ready.plan
    homes = tuple(h for h in HOMES if ready.fleet.vehicles[h].str.len_chars().sum() > 0)
    measures = list(plan.portfolio.measures)
    today = option_effects(
        plan, ready.run, ready.computed, ready.fleet, ready.elsewhere, measures=measures, keys=(*GROUP, *homes)
    )
    parts = [(today, False)]
    if ready.later is not None:
        parts.append((_sold(ready, years, measures, homes), True))
    if all(p.effects.is_empty() for p, _ in parts):
        raise PlanError(
            "no vehicle of the registry can take any of the measures",
            "Name measures in portfolio.measures, or scenarios with measures.",
            column="portfolio.measures",
        )
    options = today.options
    tables = [_stacked(found, options, homes, new=new) for found, new in parts if not found.effects.is_empty()]
    groups = pl.concat([t[0] for t in tables], how="diagonal_relaxed").with_columns(group=pl.int_range(pl.len()))
    arrays = {k: np.concatenate([t[1][k] for t in tables]) for k in tables[0][1]}
    curves = load_curves(plan.city.country, ready.base / plan.turnover.survival if plan.turnover.survival else None)
    alive = _alive(groups, years, curves if ready.later is not None else None, plan.city.year)
    sold = groups["sold"].to_numpy().astype(np.int64)
    first = np.maximum(sold - years[0], 0)
    electric = np.array([_to_fuel(ready, o) in ELECTRIC for o in options])
    replaces = np.array([o.kind == "replacement" for o in options])
    # the table has what is alive in the last year of vehicles yet to be sold
    survived = np.where(sold >= years[0], alive[:, -1], 1.0)
    count = np.round(groups["vehicles"].to_numpy() / np.maximum(survived, 1e-9))
    avoided = {name[2:]: a for name, a in arrays.items() if name.startswith("t_")}
    for aim in ready.aims:
        avoided[aim.name] = np.sum([w * avoided[p] for p, w in aim.weights.items()], axis=0)
    figures = Figures(
        count=count,
        able=arrays["able"] > 0.0,
        first=first,
        only_first=(sold >= years[0])[:, None] & replaces[None, :],
        alive=alive,
        capital=arrays["capital"],
        capital_per_year=arrays["capital_per_year"],
        running_per_year=arrays["running"],
        life=np.array([_life(ready, o, len(years)) for o in options]),
        avoided=avoided,
    )
    electricity = arrays["kwh"] * plan.economics.electricity_usd_per_kwh
    values = valuation(plan.city.country, years[-1], plan.comparison, plan.economics.social_carbon_usd_per_t)
    damage = values.carbon.usd_per_t * avoided[GHG]
    for name, value in values.damages.items():
        damage = damage + value.usd_per_t * avoided[name]
    return Ground(
        groups.with_columns(vehicles=pl.Series(count)),
        options,
        years,
        figures,
        electricity,
        arrays["energy"] - electricity,
        arrays["grid"],
        electric,
        damage,
    )


def _sold(ready: Prepared, years: tuple[int, ...], measures: list[str], homes: tuple[str, ...]) -> OptionEffects:
    """Return the effects of options on vehicles sold after the base year, by year of sale, as in the last year."""
    assert ready.later is not None
    fleet = ready.later.projection.fleet(years[-1])
    new = fleet.vehicles.filter(pl.col("model_year") >= years[0])
    if new.is_empty():
        return OptionEffects((), pl.DataFrame(), pl.DataFrame(), ())
    whole = Fleet(fleet.vehicles, fleet.rejected)
    computed = ready.run.baseline_of(whole)
    found = option_effects(
        ready.plan,
        ready.run,
        computed,
        whole,
        ready.elsewhere,
        measures=measures,
        keys=(*GROUP, *homes, "model_year"),
    )
    groups = found.groups.filter(pl.col("model_year") >= years[0])
    return replace(found, groups=groups, effects=found.effects.join(groups.select("group"), on="group", how="semi"))


def _stacked(
    found: OptionEffects, options: tuple[Option, ...], homes: tuple[str, ...], *, new: bool
) -> tuple[pl.DataFrame, dict[str, Array]]:
    """Return groups and per-vehicle arrays by group and option."""
    groups = found.groups.sort("group")
    sold = pl.col("model_year").cast(pl.Int64) if new else pl.lit(0, dtype=pl.Int64)
    place = {g: k for k, g in enumerate(groups["group"].to_list())}
    named = {o.name: k for k, o in enumerate(options)}
    table = found.effects.filter(pl.col("option").is_in(list(named))).with_columns(
        able=pl.col("vehicles"),
        capital=pl.col("capex_usd2024"),
        capital_per_year=pl.col("capex_usd2024_per_year"),
        energy=pl.col("energy_usd2024_per_year"),
        running=pl.col("upkeep_usd2024_per_year") + pl.col("energy_usd2024_per_year"),
        kwh=-pl.col("everywhere_electricity_kwh") * KWH_PER_MWH,
        grid=pl.col(f"avoided_{ELECTRICITY_CO2}"),
        **{
            f"t_{n}": summed(n, "everywhere" if n == GHG else "avoided")
            for n in ("NOx", "PM2.5", "SO2", "NMVOC", "NH3", GHG)
        },
        **{
            f"t_{c.removeprefix('avoided_')}": pl.col(c)
            for c in found.effects.columns
            if c.startswith("avoided_") and c.removeprefix("avoided_") not in VALUED
        },
    )
    rows = np.array([place[g] for g in table["group"].to_list()])
    columns = np.array([named[o] for o in table["option"].to_list()])
    vehicles = table["vehicles"].to_numpy()
    out = {}
    keys = ["able", "capital", "capital_per_year", "energy", "running", "kwh", "grid"]
    for key in [*keys, *(c for c in table.columns if c.startswith("t_"))]:
        array = np.zeros((groups.height, len(options)))
        array[rows, columns] = table[key].to_numpy() / vehicles
        out[key] = array
    kept = groups.select(*GROUP, *homes, "vehicles", "age_years", sold=sold)
    return kept, out


def _alive(groups: pl.DataFrame, years: tuple[int, ...], curves: dict[str, Curve] | None, base: int) -> Array:
    """Return the share of each group that drives in each year; all of it where the plan has no turnover."""
    out = np.ones((groups.height, len(years)))
    if curves is None:
        return out
    for k, row in enumerate(groups.select("stream", "category", "age_years", "sold").iter_rows(named=True)):
        curve = curve_of(curves, row["stream"], row["category"])
        if row["sold"]:
            age = np.array([max(y - row["sold"], 0) for y in years], dtype=np.float64)
            out[k] = np.where(np.array(years) >= row["sold"], curve.survival(age), 0.0)
        else:
            age = row["age_years"] + np.array([y - base for y in years], dtype=np.float64)
            start = float(curve.survival(np.array([row["age_years"]]))[0])
            out[k] = curve.survival(age) / start if start > 0.0 else 0.0
    return out


def _life(ready: Prepared, option: Option, horizon: int) -> float:
    """Return how many years an option lasts: the shortest of its devices; a fuel as long as it is bought."""
    rows = ready.run.measures.filter(pl.col("measure_id").is_in(option.measures) & (pl.col("kind") != "fuel"))
    lives = [float(v) for v in rows["life_years"].to_list() if v]
    return min(lives) if lives else float(horizon)


def _to_fuel(ready: Prepared, option: Option) -> str:
    rows = ready.run.measures.filter(pl.col("measure_id") == option.measures[0])
    return str(rows["to_fuel"][0] or "")


def _targets(ready: Prepared, years: tuple[int, ...]) -> tuple[tuple[Aim, int, float, float], ...]:
    """Return the targets with year, allowed emission and emission without measures, each cut within the horizon."""
    out = []
    for aim in ready.aims:
        path = yearly_of(ready.plan, aim, ready.computed, ready.later, ready.nonroad)
        base = aim.base_per_year if aim.base_per_year is not None else path[min(path)]
        for year, cut in aim.cuts.items():
            if year in years:
                without = path[year] if year in path else path[max(y for y in path if y <= year)]
                out.append((aim, year, base * (1.0 - cut / 100.0), without))
    return tuple(out)


def _aimed(ground: Ground, aim: Aim, year: int, allowed: float, without: float) -> Aimed:
    counts = np.ones(ground.groups.height, dtype=np.bool_)
    for column, words in aim.scope.items():
        counts &= ground.groups[column].is_in(list(words)).to_numpy()
    place = ground.years.index(year)
    return Aimed(f"{aim.name} {year}", aim.name, place, max(without - allowed, 0.0), counts)


def _problem(ready: Prepared, ground: Ground, aims: tuple[Aimed, ...], future: Future | None) -> Problem:
    section: PortfolioSection = ready.plan.portfolio
    weights = {aim.name: aim.weights.get(ELECTRICITY_CO2, 0.0) for aim in ready.aims}
    figures = ground.figures if future is None else _under(ground, future, weights)
    rate = ready.plan.economics.discount_rate
    discount = (1.0 + rate) ** -np.arange(1.0, len(ground.years) + 1.0)
    return problem_of(
        figures,
        aims,
        discount,
        budget=section.budget_usd_per_year,
        supply=_supply(section, ground),
        benefit=ground.damage_usd if section.objective == "benefit" else None,
    )


def _supply(section: PortfolioSection, ground: Ground) -> dict[tuple[int, ...], tuple[str, float]]:
    known = {m for o in ground.options for m in o.measures}
    out = {}
    for name, most in section.supply_per_year.items():
        if name not in known:
            raise PlanError(
                "a supply is named of a measure that the mix does not use",
                use_one_of(name, sorted(known)),
                column="portfolio.supply_per_year",
                value=name,
            )
        which = tuple(k for k, o in enumerate(ground.options) if name in o.measures)
        out[which] = (f"supply {name}", most)
    return out


def _under(ground: Ground, future: Future, grid_weights: Mapping[str, float]) -> Figures:
    """Return the figures under a future; ``grid_weights`` say how CO2 of electricity counts in each target."""
    figures = ground.figures
    capital = np.where(ground.electric, future.electric_capex_factor, 1.0)[None, :]
    energy = ground.electricity_usd * (future.electricity_price_factor - 1.0)
    energy = energy + ground.fuel_usd * (future.fuel_price_factor - 1.0)
    avoided = {name: a * future.effect_factor for name, a in figures.avoided.items()}
    for name, weight in grid_weights.items():
        avoided[name] = avoided[name] + weight * ground.grid_t * (future.grid_factor - 1.0)
    return replace(
        figures,
        capital=figures.capital * capital,
        capital_per_year=figures.capital_per_year * capital,
        running_per_year=figures.running_per_year + energy,
        avoided=avoided,
    )


def _chance(ready: Prepared, ground: Ground, problem: Problem) -> Chance:
    """Return the mix that meets the targets with the plan's probability; effects are drawn from their ranges."""
    section = ready.plan.portfolio
    spread = _spread(ready, ground)

    def drawn(x: Array, series: int) -> Array:
        generator = np.random.default_rng([section.seed, series])
        factor = generator.triangular(*spread, size=(section.samples, len(ground.options)))
        brings = np.stack([(x * row.coefficients).sum(axis=(0, 2)) for row in problem.rows], axis=1)  # (O, rows)
        return np.asarray(factor @ brings)

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


def _with_futures(found: Portfolio, ready: Prepared, section: PortfolioSection) -> Portfolio:
    """Solve under every future, and judge each mix under all of them."""
    futures: tuple[Future | None, ...] = (None, *section.future)
    problems = [found.problem, *(_problem(ready, found.ground, found.aims, f) for f in section.future)]
    mixes = [found.mix, *(solve(p, seconds=section.time_limit_s, gap=section.gap) for p in problems[1:])]
    # a target missed whole costs as much as the dearest mix: to fail is never the cheap way out
    penalty = max(abs(m.cost) for m in mixes) + 1.0
    judged = regrets(problems, [m.x for m in mixes], penalty)
    return replace(found, futures=futures, mixes=tuple(mixes), regret=judged)


def _findings(ready: Prepared, ground: Ground) -> tuple[Finding, ...]:
    sold = float(ground.groups.filter(pl.col("sold") > 0)["vehicles"].sum())
    out = [
        Finding(
            "economics.portfolio_vehicles",
            "info",
            {"sold": f"{sold:,.0f}", "years": f"{ground.years[0]}-{ground.years[-1]}"},
        )
    ]
    if ready.later is None:
        out.append(Finding("economics.portfolio_no_turnover", "assumption", {}))
    return tuple(out)
