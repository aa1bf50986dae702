"""Groups of vehicles and options with their figures: what the mix is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, GHG, summed
from fleet_planner.economics.valuation import valuation
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.fleet import Fleet
from fleet_planner.fleet.turnover.survival import curve_of, load_curves
from fleet_planner.pipeline.comparing.options import GROUP, WEIGHTED, OptionEffects, option_effects
from fleet_planner.pipeline.mixing.weights import Weigher, Weights, read_weights
from fleet_planner.pipeline.mixing.worth import VALUE, with_worth, worth_of
from fleet_planner.portfolio.figures import Figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.fleet.turnover.survival import Curve
    from fleet_planner.pipeline.mixing.worth import Worth
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.portfolio import WeightedTarget
    from fleet_planner.scenarios.options import Option

    Array = NDArray[np.float64]

HOMES = ("zone", "depot")
KWH_PER_MWH = 1000.0
ELECTRIC = ("electricity", "hydrogen")
NOT_ALONE = frozenset({"trolley_imc", "phev", "phev_light"})
"""Measures whose vehicles have a line or an engine beside the battery."""

VALUED = ("NOx", "PM2.5", "SO2", "NMVOC", "NH3", GHG)


@dataclass(frozen=True)
class Ground:
    """Groups and options with their figures.

    Parameters
    ----------
    groups
        ``group``, `GROUP`, homes, ``sold`` (year of sale of vehicles yet to be sold, none of today's), ``vehicles``,
        ``age_years``, ``km_a_vehicle`` (a year).
    options
        In the order of the arrays.
    years
        Of the horizon.
    figures
        Per-vehicle figures.
    kwh
        Electricity, a vehicle and year, shape (G, O).
    electricity_usd, fuel_usd
        Parts of the running cost, a vehicle and year, shape (G, O).
    grid_t
        t CO2 of electricity avoided, a vehicle and year, shape (G, O); negative where it rises.
    electric
        Options that bring electric vehicles, shape (O,).
    battery
        Of these the ones that drive on a battery alone, shape (O,).
    damage_usd
        Damage and carbon avoided, a vehicle and year, shape (G, O).
    weights
        Of places, where the plan names a table or values concentrations near roads.
    worth
        What health is worth by the plan's routes, where the mix seeks net benefit.
    """

    groups: pl.DataFrame
    options: tuple[Option, ...]
    years: tuple[int, ...]
    figures: Figures
    kwh: Array
    electricity_usd: Array
    fuel_usd: Array
    grid_t: Array
    electric: NDArray[np.bool_]
    battery: NDArray[np.bool_]
    damage_usd: Array
    weights: Weights | None = None
    worth: Worth | None = None


def ground_of(ready: Prepared, years: tuple[int, ...]) -> Ground:
    """Return the groups, the options and their figures."""
    plan = ready.plan
    homes = tuple(h for h in HOMES if ready.fleet.vehicles[h].str.len_chars().sum() > 0)
    measures = list(plan.portfolio.measures)
    weights = None
    if plan.portfolio.weights:
        days = [day.label for day in ready.computed.activity.days]
        weights = read_weights(ready.base / plan.portfolio.weights, ready.network.links, ready.fleet.vehicles, days)
    worth = worth_of(ready)
    weights = with_worth(weights, worth)
    today = option_effects(
        plan,
        ready.run,
        ready.computed,
        ready.fleet,
        ready.elsewhere,
        measures=measures,
        keys=(*GROUP, *homes),
        weigh=None if weights is None else Weigher(weights, ready.computed, ready.network.links),
    )
    parts = [(today, False)]
    if ready.later is not None:
        parts.append((_sold(ready, years, measures, homes, weights), True))
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
    for target in plan.portfolio.weighted_target:
        assert weights is not None
        avoided[target.name] = np.sum([avoided[WEIGHTED + p] for p in weighted_names(target, weights)], axis=0)
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
    in_usd = weights if plan.portfolio.weights_in_usd else None
    if worth is not None:
        damage = damage + worth.usd(avoided)
    for name, value in values.damages.items() if worth is None else ():
        if in_usd is None or name not in in_usd.parts:
            damage = damage + value.usd_per_t * avoided[name]
    for name in in_usd.parts if in_usd is not None else ():
        damage = damage + avoided[WEIGHTED + name]
    return Ground(
        groups.with_columns(vehicles=pl.Series(count)),
        options,
        years,
        figures,
        arrays["kwh"],
        electricity,
        arrays["energy"] - electricity,
        arrays["grid"],
        electric,
        np.array([_to_fuel(ready, o) == ELECTRIC[0] and not NOT_ALONE & set(o.measures) for o in options]),
        damage,
        weights,
        worth,
    )


def weighted_names(target: WeightedTarget, weights: Weights) -> tuple[str, ...]:
    """Return the pollutants of a weighted target.

    Raises
    ------
    PlanError
        The weights have no such pollutant.
    """
    for name in target.pollutants:
        if name not in weights.parts:
            raise PlanError(
                f"weighted target {target.name} names a pollutant that has no weights",
                use_one_of(name, weights.parts),
                column="portfolio.weighted_target.pollutants",
                value=name,
            )
    return tuple(target.pollutants) or tuple(name for name in weights.parts if not name.startswith(VALUE))


def _sold(
    ready: Prepared, years: tuple[int, ...], measures: list[str], homes: tuple[str, ...], weights: Weights | None
) -> OptionEffects:
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
        weigh=None if weights is None else Weigher(weights, computed, ready.network.links),
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
    km = pl.col("km_per_year") / pl.col("vehicles")
    kept = groups.select(*GROUP, *homes, "vehicles", "age_years", km_a_vehicle=km, sold=sold)
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
