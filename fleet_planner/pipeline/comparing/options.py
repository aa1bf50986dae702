"""What every option does to every group of vehicles and what it costs: the ground of comparisons and cost curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from fleet_planner.economics.costs import diesel_mj_per_l, fuel_usd_per_mj, premium_usd_per_l
from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, UPSTREAM
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.money import usd2024
from fleet_planner.errors import PlanError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.factors.processes.upstream import upstream_kg
from fleet_planner.findings import Finding
from fleet_planner.inventory import by_vehicle
from fleet_planner.scenarios.options import Option, options_of
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.economics.batteries import Making
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.factors.processes.upstream import Upstream
    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios import ScenarioFleet

    Array = NDArray[np.float64]

GROUP = ("stream", *TECHNOLOGY)
BATTERY_FUEL = "electricity"
LEAST_SHARE_INSIDE, LEAST_COUNT = 1e-9, 1e-300
KG_PER_T = 1000.0
OPTION_COLUMNS = (
    *("group", "option", "vehicles", "km_per_year", "capex_usd2024"),
    *("capex_usd2024_per_year", "upkeep_usd2024_per_year", "energy_usd2024_per_year", "cost_usd2024_per_year"),
)


WEIGHTED = "weighted_"


class Weigh(Protocol):
    """Weighs what the vehicles of an inventory emit, a year, by pollutant."""

    names: tuple[str, ...]
    first: Array
    """Of the inventory's own vehicles, shape (rows, Q)."""

    def __call__(
        self, vehicles: pl.DataFrame, adjusted: pl.DataFrame, factors: FactorTable, untreated: pl.DataFrame | None
    ) -> Array:
        """Return it of other vehicles, shape (rows, Q)."""
        ...


@dataclass(frozen=True)
class Elsewhere:
    """Greenhouse gases that arise away from the road.

    Parameters
    ----------
    fuels
        What making them emits.
    grid_kg_per_kwh
        Of the electricity that differences between options take: long-run marginal unless the plan says otherwise.
    batteries
        What making them emits, spread over their life; nothing where the plan does not count it.
    """

    fuels: Upstream
    grid_kg_per_kwh: float
    batteries: Making | None = None


@dataclass(frozen=True)
class OptionEffects:
    """Every option of every group of vehicles, all of the group's vehicles treated that can take it.

    Parameters
    ----------
    options
        What was compared.
    groups
        ``group``, stream and technology, ``vehicles``, ``km_per_year`` (all kilometres of all its vehicles),
        ``age_years`` (mean), ``capable`` (of the options, how many it can take).
    effects
        `OPTION_COLUMNS`; ``avoided_<pollutant>`` inside the city and ``everywhere_<pollutant>`` over all kilometres, in
        the pollutant's yearly unit against the untreated vehicles; increases are negative.
    findings
        Options that were left out, and why.
    """

    options: tuple[Option, ...]
    groups: pl.DataFrame
    effects: pl.DataFrame
    findings: tuple[Finding, ...]


def measures_compared(plan: Plan, measures: pl.DataFrame) -> list[str]:
    """Return the measures that a plan compares: those it names, else those of its scenarios that can be compared."""
    if plan.comparison.measures:
        return list(plan.comparison.measures)
    packaged = set(measures["measure_id"].to_list())
    return sorted({m.measure for s in plan.scenario for m in s.measure} & packaged)


def option_effects(
    plan: Plan,
    run: Inventories,
    computed: Computed,
    fleet: Fleet,
    elsewhere: Elsewhere,
    *,
    measures: Sequence[str] = (),
    keys: tuple[str, ...] = GROUP,
    weigh: Weigh | None = None,
) -> OptionEffects:
    """Evaluate every option on all vehicles of the baseline that can take it.

    Parameters
    ----------
    plan
        Names the measures to compare, or has scenarios.
    run, computed
        The inventories of the base year and what computed them.
    fleet
        Of the base year.
    elsewhere
        Greenhouse gases of fuels and electricity.
    measures
        To evaluate; those that the plan compares by default.
    keys
        What makes a group.
    weigh
        Adds what is avoided times a weight of the place: ``avoided_weighted_<pollutant>``.

    Raises
    ------
    PlanError
        A measure to compare is unknown.
    """
    states, findings = compared_states(plan, run, fleet, measures)
    groups, group_of = groups_of(computed.states[0][0].vehicles, plan.city.year, keys)
    rows = [
        _effects(option, (vehicles, own), run, computed, plan.economics, elsewhere, group_of, weigh)
        for option, vehicles, own in states
    ]
    filled = [r for r in rows if r.height]
    effects = pl.concat(filled) if filled else pl.DataFrame(schema={"group": pl.Int64, "option": pl.String})
    able = effects.group_by("group").agg(pl.col("option").n_unique().alias("capable"))
    groups = groups.join(able, on="group", how="inner").sort("group")
    return OptionEffects(tuple(option for option, *_ in states), groups, effects, tuple(findings))


def compared_states(
    plan: Plan, run: Inventories, fleet: Fleet, measures: Sequence[str] = ()
) -> tuple[list[tuple[Option, pl.DataFrame, pl.DataFrame]], list[Finding]]:
    """Return every option with the vehicles that take it and their multipliers, and what was left out.

    Parameters and errors are those of `option_effects`.
    """
    present = set(fleet.vehicles["stream"].to_list())
    offered: dict[str, tuple[str, ...]] = {}
    for measure in (m for s in plan.scenario for m in s.measure):
        named = tuple(s for s in measure.streams if s in present)
        offered[measure.measure] = (*offered.get(measure.measure, ()), *named)
    options = options_of(measures or measures_compared(plan, run.measures), run.measures, offered)
    states, findings = [], []
    for option in options:
        try:
            states.append((option, *_treated(run.applied(fleet, option.scenario()), option)))
        except PlanError as error:
            # cleaner diesel has to come first: no option of this city as it is
            findings.append(Finding("economics.option_refused", "info", {"option": option.name, "why": str(error)}))
    return states, findings


def _treated(state: ScenarioFleet, option: Option) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the vehicles that take all measures of an option, and their multipliers."""
    wanted = sorted(option.measures)
    takes = state.vehicles.select(pl.col("measures").str.split(",").list.sort() == pl.lit(wanted, pl.List(pl.String)))
    mask = takes.to_series()
    return state.vehicles.filter(mask), state.multipliers.filter(mask)


def groups_of(
    vehicles: pl.DataFrame, year: int, keys: tuple[str, ...] = GROUP
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Return the groups of local vehicles and the group of each registry row, -1 for visiting vehicles."""
    numbered = vehicles.with_columns(row=pl.int_range(pl.len()))
    local = numbered.filter(~pl.col("visiting"))
    count = pl.col("count")
    groups = (
        local.group_by(keys)
        .agg(
            count.sum().alias("vehicles"),
            (count * pl.col("km_per_year")).sum().alias("km_per_year"),
            ((count * (year - pl.col("model_year").fill_null(year))).sum() / count.sum()).alias("age_years"),
        )
        .sort(keys)
        .with_columns(group=pl.int_range(pl.len(), dtype=pl.Int64))
    )
    found = numbered.join(groups.select(*keys, "group"), on=keys, how="left", maintain_order="left")
    group_of = found.select(pl.when(pl.col("visiting")).then(-1).otherwise(pl.col("group")).alias("g"))["g"]
    return groups, group_of.to_numpy().astype(np.int64)


def changes(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    computed: Computed,
    elsewhere: Elsewhere,
    group_of: NDArray[np.int64],
    weigh: Weigh | None = None,
) -> tuple[pl.DataFrame, Array, Array]:
    """Return what treated vehicles avoid, row by row, and what they emitted and emit.

    Parameters
    ----------
    vehicles, multipliers
        Rows of a fleet after measures.
    computed
        The inventories of the base year.
    elsewhere
        Greenhouse gases of fuels and electricity.
    group_of
        Group of each registry row.
    weigh
        Weights of places, where there are any.

    Returns
    -------
    frame
        ``group, vehicles, km_per_year, avoided_<pollutant>, everywhere_<pollutant>``, one row per vehicle row; among
        them ``upstream_co2e`` of making the fuels (and the batteries, where they count), t.
    before, now
        Per average day in the pollutants' units, shape (rows, P).
    """
    setting = computed.setting
    start, first = computed.states[0]
    factors = compile_factors(setting.technologies([vehicles]), setting.sources, setting.conditions, setting.options)
    adjusted = computed.multiplied(vehicles, multipliers, factors)
    row, count = vehicles["baseline_row"].to_numpy(), vehicles["count"].to_numpy()
    untreated = start.vehicles[row.tolist()]
    now = by_vehicle(vehicles, adjusted, factors, first, setting.context, untreated)
    whole = np.maximum(start.vehicles["count"].to_numpy()[row], LEAST_COUNT)
    before = first.vehicle[row] * (count / whole)[:, None]
    per_year = np.array([p.per_year_factor * DAYS_PER_YEAR for p in pollutants()])
    names = [p.pollutant for p in pollutants()]
    avoided = (before - now) * per_year
    mj = names.index("energy_MJ")
    was, is_now = (
        upstream_kg(rows, burnt[:, mj], elsewhere.fuels)[:, 0] * DAYS_PER_YEAR / KG_PER_T
        for rows, burnt in ((untreated, before), (vehicles, now))
    )
    avoided[:, names.index(ELECTRICITY_CO2)] = avoided[:, names.index("electricity_kwh")] * elsewhere.grid_kg_per_kwh
    names = [*names, UPSTREAM]
    made = _batteries_t(untreated, count, elsewhere) - _batteries_t(vehicles, count, elsewhere)
    avoided = np.column_stack([avoided, was - is_now + made * share_inside(vehicles)])
    if weigh is not None:
        weighted = weigh.first[row] * (count / whole)[:, None] - weigh(vehicles, adjusted, factors, untreated)
        names = [*names, *(f"{WEIGHTED}{n}" for n in weigh.names)]
        avoided = np.column_stack([avoided, weighted])
    inside = share_inside(vehicles)
    km = count * vehicles["km_per_year"].to_numpy()
    frame = pl.DataFrame({"group": group_of[row], "vehicles": count, "km_per_year": km}).with_columns(
        *(pl.Series(f"avoided_{n}", avoided[:, k]) for k, n in enumerate(names)),
        *(pl.Series(f"everywhere_{n}", avoided[:, k] / inside) for k, n in enumerate(names)),
    )
    return frame, before, now


def _batteries_t(vehicles: pl.DataFrame, count: Array, elsewhere: Elsewhere) -> Array:
    """Return t CO2e a year of the batteries of each row, over their life."""
    if elsewhere.batteries is None:
        return np.zeros(count.size)
    each = {s: elsewhere.batteries.t_per_year(s) for s in vehicles["stream"].unique()}
    t = np.array([each[s] for s in vehicles["stream"].to_list()])
    return np.where((vehicles["fuel"] == BATTERY_FUEL).to_numpy(), t * count, 0.0)


def share_inside(vehicles: pl.DataFrame) -> Array:
    """Return the share of each row's kilometres that it drives in the city, never quite nought."""
    return np.asarray(np.maximum(vehicles["share_inside"].to_numpy(), LEAST_SHARE_INSIDE))


def _effects(
    option: Option,
    treated: tuple[pl.DataFrame, pl.DataFrame],
    run: Inventories,
    computed: Computed,
    prices: EconomicsSection,
    elsewhere: Elsewhere,
    group_of: NDArray[np.int64],
    weigh: Weigh | None,
) -> pl.DataFrame:
    vehicles, own = treated
    if vehicles.is_empty():
        return pl.DataFrame()
    frame, before, now = changes(vehicles, own, computed, elsewhere, group_of, weigh)
    capex, upkeep, life = device_costs(option, run.measures)
    energy = _energy_usd_per_year(option, (computed.states[0][0].vehicles, vehicles), (before, now), prices, run)
    costed = frame.with_columns(energy_usd2024_per_year=pl.Series(energy))
    summed = costed.group_by("group").agg(pl.all().sum()).sort("group")
    annual = sum(c * capital_recovery_factor(prices.discount_rate, years) for c, years in zip(capex, life, strict=True))
    priced = summed.with_columns(
        option=pl.lit(option.name),
        capex_usd2024=pl.col("vehicles") * sum(capex),
        capex_usd2024_per_year=pl.col("vehicles") * annual,
        upkeep_usd2024_per_year=pl.col("vehicles") * sum(upkeep),
    )
    total = pl.sum_horizontal("capex_usd2024_per_year", "upkeep_usd2024_per_year", "energy_usd2024_per_year")
    tonnes = [c for c in frame.columns if c.startswith(("avoided_", "everywhere_"))]
    return priced.with_columns(cost_usd2024_per_year=total).select(*OPTION_COLUMNS, *tonnes)


def device_costs(option: Option, measures: pl.DataFrame) -> tuple[list[float], list[float], list[float]]:
    """Return capital, upkeep a year (US dollars of 2024) and life, years, of each measure of an option."""
    capex, upkeep, life = [], [], []
    for name in option.measures:
        row = measures.filter(pl.col("measure_id") == name).row(0, named=True)
        currency, year = row["currency"], int(row["cost_year"])
        capex.append(usd2024(float(row["capex"] or 0.0), currency, year))
        upkeep.append(usd2024(float(row["opex_per_year"] or 0.0), currency, year))
        life.append(float(row["life_years"]))
    return capex, upkeep, life


def _energy_usd_per_year(
    option: Option,
    fleets: tuple[pl.DataFrame, pl.DataFrame],
    emitted: tuple[Array, Array],
    prices: EconomicsSection,
    run: Inventories,
) -> Array:
    """Return what each treated row pays more for energy, all its kilometres, US dollars of 2024 a year."""
    base, vehicles = fleets
    before, now = emitted
    by_fuel = fuel_usd_per_mj(prices)
    names = [p.pollutant for p in pollutants()]
    mj, kwh = names.index("energy_MJ"), names.index("electricity_kwh")
    year = DAYS_PER_YEAR / share_inside(vehicles)
    tank_before = base["fuel"].gather(vehicles["baseline_row"])
    out = (now[:, kwh] - before[:, kwh]) * prices.electricity_usd_per_kwh
    out += now[:, mj] * _price(vehicles["fuel"], by_fuel) - before[:, mj] * _price(tank_before, by_fuel)
    for name in option.measures:
        row = run.measures.filter(pl.col("measure_id") == name).row(0, named=True)
        out += now[:, mj] / diesel_mj_per_l() * premium_usd_per_l(prices, row)
    return np.asarray(out * year)


def _price(fuel: pl.Series, by_fuel: Mapping[str, float]) -> Array:
    """Return the price of the fuel in each tank, US dollars of 2024 per MJ; unnamed ones cost what diesel does."""
    known = {f: by_fuel.get(tank(f), by_fuel["diesel"]) for f in fuel.unique().to_list()}
    return np.array([known[f] for f in fuel.to_list()])
