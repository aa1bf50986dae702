"""Draws of money are whole runs with other inputs: other factors, kilometres, effects, costs and prices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from drawn_city import prepared_city

from fleet_planner.activity.profiles import base_stream
from fleet_planner.economics.learning import Curve
from fleet_planner.economics.prices import prices_of
from fleet_planner.factors.compiling.channels import CHANNELS, MEASURED
from fleet_planner.inventory import by_vehicle, compute_inventory
from fleet_planner.pipeline.comparing import options as options_module
from fleet_planner.pipeline.comparing.comparison import compare
from fleet_planner.pipeline.computing.vehicle_use import fleet_use
from fleet_planner.pipeline.costing.economics import economy
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.pipeline.drawing.books import MoneyDraws, book_draws
from fleet_planner.pipeline.drawing.emitted import emitted
from fleet_planner.pipeline.drawing.harm import AVOIDED
from fleet_planner.pipeline.drawing.owned import COLUMNS, owned_draws
from fleet_planner.pipeline.drawing.parts import what_is_drawn
from fleet_planner.pipeline.drawing.per_tonne import option_draws
from fleet_planner.pipeline.drawing.states import ground_of
from fleet_planner.pipeline.drawing.uses import changes_of
from fleet_planner.pipeline.drawing.worth import Benefits, net_figures
from fleet_planner.pipeline.telling.benefit import Known, benefits
from fleet_planner.pipeline.telling.results import ScenarioResult
from fleet_planner.tables import pollutants
from fleet_planner.uncertainty.design import Drawer
from fleet_planner.uncertainty.sampling import Sample, cube
from fleet_planner.uncertainty.terms import BASE_OF_CHANNEL, BASES, factor_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.activity import Activity
    from fleet_planner.economics.programme_tables import ProgrammeTables
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.costing.economics import Economy, Setting
    from fleet_planner.pipeline.drawing.emitted import Emitted
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.economics import EconomicsSection
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios import ScenarioFleet

EXACT = 1e-9
DRAWS = 3
STILL = ("speeds.", "mix.", "roads.")
"""Tested with the draws of emissions; not changed here."""


MONEY = (
    "[uncertainty]\ndraws = 64\n[economics]\nhorizon_years = 5\ninflation = 0.02\n"
    '[[economics.incentive]]\nname = "grant"\nmeasures = ["bev_bus"]\nshare_of_capital = 0.5\n'
    "budget_usd_per_year = 2_000_000.0\n"
    '[[economics.finance]]\nname = "bank"\nkind = "loan"\nshare = 0.4\nrate = 0.07\nyears = 3\n'
)
HARM = {"NOx": np.array([2e5, 3e5, 4e5]), "PM2.5": np.array([5e5, 4e5, 3e5])}
"""Harm to health of the baseline a year in three draws, US dollars of 2024."""
AVOIDED_USD = np.array([1e5, 2e5, 3e5])
STANDING, WALKED = MONEY, MONEY + "[turnover]\nto_year = 2028\nyears = [2026, 2028]\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared_city(
        tmp_path_factory.mktemp("costs"), "[uncertainty]\ndraws = 64\n[economics]\nhorizon_years = 5\n"
    )


@pytest.fixture(scope="module")
def ground(city: Prepared) -> Ground:
    return ground_of(city, what_is_drawn(city, costed(city)))


def costed(city: Prepared) -> list[ScenarioResult]:
    start, first = city.computed.states[0]
    return [
        ScenarioResult(
            s, i, costs_of((s, i), (start, first) if k else None, city.run.measures, city.plan, city.computed)
        )
        for k, (s, i) in enumerate(city.computed.states)
    ]


@pytest.fixture(scope="module")
def values(ground: Ground) -> NDArray[np.float64]:
    return drawn_values(ground)


def drawn_values(ground: Ground) -> NDArray[np.float64]:
    drawn = ground.sampler.values(cube(DRAWS, ground.sampler.dimensions, "sobol", 5))
    still = np.array([one.name.startswith(STILL) for one in ground.sampler.inputs])
    return np.where(still[None, :], 1.0, drawn)


@pytest.fixture(scope="module")
def drawer(ground: Ground, values: NDArray[np.float64]) -> Drawer:
    return drawer_of(ground, values)


def drawer_of(ground: Ground, values: NDArray[np.float64]) -> Drawer:
    like = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    return Drawer(Sample(ground.sampler.inputs, values), like.nodes, like.effects)


def scaled_factors(factors: FactorTable, value: Mapping[str, float]) -> FactorTable:
    scale = factors.scale.copy()
    for t, technology in enumerate(factors.technologies.iter_rows(named=True)):
        for c in range(len(CHANNELS)):
            scale[t, c] *= value.get(factor_name(technology, BASES[BASE_OF_CHANNEL[c]]), 1.0)
    return replace(factors, scale=scale)


def with_effects(
    multipliers: pl.DataFrame, rows: pl.DataFrame, value: Mapping[str, float], drawer: Drawer
) -> pl.DataFrame:
    out = multipliers
    for name in MEASURED:
        ratio = [
            np.prod([value[f"effects:{item}"] for item, _, _ in drawer.effects.acting(m, name, filtered="DPF" in a)])
            for m, a in rows.select("measures", "aftertreatment").iter_rows()
        ]
        out = out.with_columns(pl.col(name) * pl.Series(ratio, dtype=pl.Float64))
    return out


def driven_more(rows: pl.DataFrame, value: Mapping[str, float]) -> pl.DataFrame:
    more = [value[f"activity:{base_stream(s)}"] for s in rows["stream"]]
    return rows.with_columns(km_per_year=pl.col("km_per_year") * pl.Series(more))


def priced(section: EconomicsSection, value: Mapping[str, float]) -> EconomicsSection:
    """Return the prices of a draw; fuels without a price of their own cost what diesel does."""
    by = {f: value[f"prices.fuel:{f}"] for f in ("diesel", "cng", "hydrogen", "premium")}
    diesel = by["diesel"]
    petrol_as_diesel = {
        "other_fuel_usd_per_kg": {f: p * value[f"prices.fuel:{f}"] for f, p in section.other_fuel_usd_per_kg.items()}
    }
    return section.model_copy(
        update={
            "diesel_usd_per_l": section.diesel_usd_per_l * diesel,
            "cng_usd_per_kg": section.cng_usd_per_kg * by["cng"],
            "hydrogen_usd_per_kg": section.hydrogen_usd_per_kg * by["hydrogen"],
            "electricity_usd_per_kwh": section.electricity_usd_per_kwh * value["prices.electricity"],
            "fuel_premium_usd_per_l": {m: p * by["premium"] for m, p in section.fuel_premium_usd_per_l.items()},
            **petrol_as_diesel,
        }
    )


def costlier(measures: pl.DataFrame, value: Mapping[str, float]) -> pl.DataFrame:
    def by(name: str) -> pl.Expr:
        known = {m: value.get(f"{name}:{m}", 1.0) for m in measures["measure_id"].unique()}
        return pl.col("measure_id").replace_strict(known, return_dtype=pl.Float64)

    return measures.with_columns(
        capex=pl.col("capex") * by("costs.capex"), opex_per_year=pl.col("opex_per_year") * by("costs.opex")
    )


def changed(city: Prepared, value: Mapping[str, float]) -> Prepared:
    """Return the city with the baseline of a draw: its kilometres, factors, prices and costs."""
    computed = city.computed
    start, _ = computed.states[0]
    km = computed.activity.km.copy()
    for s, stream in enumerate(computed.activity.streams):
        km[s] *= value[f"activity:{base_stream(stream)}"]
    activity = replace(computed.activity, km=np.ascontiguousarray(km))
    factors = scaled_factors(computed.factors, value)
    vehicles = driven_more(start.vehicles, value)
    first = compute_inventory(
        vehicles, start.multipliers, city.network.links, activity, factors, computed.setting.context
    )
    now = replace(computed, activity=activity, states=((replace(start, vehicles=vehicles), first),))
    run = replace(city.run, measures=costlier(city.run.measures, value))
    plan = city.plan.model_copy(update={"economics": priced(city.plan.economics, value)})
    return replace(city, computed=now, run=run, plan=plan)


def test_costs_of_a_tonne_are_whole_runs_with_other_inputs(
    city: Prepared, ground: Ground, values: NDArray[np.float64], drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compare(city.plan, city.run, city.computed, city.fleet, city.elsewhere)
    assert found is not None
    drawn = option_draws(city, ground, drawer, found)
    states, findings = options_module.compared_states(city.plan, city.run, city.fleet)
    compiled = options_module.compile_factors
    for draw in range(DRAWS):
        value = dict(zip((one.name for one in ground.sampler.inputs), values[draw].tolist(), strict=True))
        moved = [(o, driven_more(v, value), with_effects(m, v, value, drawer)) for o, v, m in states]
        monkeypatch.setattr(options_module, "compared_states", lambda *_, moved=moved: (moved, findings))
        monkeypatch.setattr(
            options_module, "compile_factors", lambda *a, value=value: scaled_factors(compiled(*a), value)
        )
        other = changed(city, value)
        elsewhere = replace(city.elsewhere, grid_kg_per_kwh=city.elsewhere.grid_kg_per_kwh * value["grid"])
        again = compare(other.plan, other.run, other.computed, other.fleet, elsewhere)
        assert again is not None
        checked = 0
        for row in again.cost_effectiveness.iter_rows(named=True):
            one = drawn[row["stream"], row["option"]]
            assert one.cost[draw] == pytest.approx(row["cost_usd2024_per_year"], rel=EXACT)
            assert one.avoided[row["pollutant"]][draw] == pytest.approx(row["avoided_t_per_year"], rel=EXACT, abs=EXACT)
            checked += row["usd2024_per_t"] is not None
        assert checked


def moved_state(
    city: Prepared, state: ScenarioFleet, value: Mapping[str, float], drawer: Drawer, activity: Activity
) -> tuple[ScenarioFleet, Inventory]:
    rows = driven_more(state.vehicles, value)
    multipliers = (
        with_effects(state.multipliers, rows, value, drawer) if "measures" in rows.columns else state.multipliers
    )
    given = (city.network.links, activity, scaled_factors(city.computed.factors, value), city.computed.setting.context)
    return replace(state, vehicles=rows, multipliers=multipliers), compute_inventory(rows, multipliers, *given)


def setting_with(city: Prepared, plan: Plan, value: Mapping[str, float], carbon: float) -> Setting:
    """Return what costs are computed with at the prices of a draw, its carbon and its electricity."""
    outlook = city.priced.outlook
    before = outlook.prices
    prices = prices_of(
        plan.economics,
        plan.city.country,
        plan.city.year,
        lambda year: before.grid_kg_per_kwh(year) * value["grid"],
        alternatives={},
    )
    social = Curve(tuple((year, usd * carbon) for year, usd in prices.carbon_social.points))
    moved = replace(outlook, section=plan.economics, prices=replace(prices, carbon_social=social))
    return replace(city.priced, outlook=moved)


def whole_economy(city: Prepared, value: Mapping[str, float], carbon: float, drawer: Drawer) -> Economy:
    """Compute the costs of a run anew, every input changed as one draw has it."""
    other = changed(city, value)
    start, first = other.computed.states[0]
    moved = [moved_state(city, state, value, drawer, other.computed.activity) for state, _ in city.computed.states[1:]]
    later = None if city.later is None else moved_years(city, value, drawer, first)
    setting = setting_with(city, other.plan, value, carbon)
    return economy(other.plan, setting, other.run.measures, [(start, first), *moved], later)


def moved_years(city: Prepared, value: Mapping[str, float], drawer: Drawer, first: Inventory) -> ByYear:
    """Return the later years with what their fleets use in a draw: growth moves the kilometres of each year."""
    later, states = city.later, {}
    assert later is not None
    for key, fleet in later.fleets.items():
        rows = driven_more(fleet.vehicles, value)
        years = key[1] - city.plan.city.year
        more = [value[f"growth:{base_stream(s)}"] ** years for s in rows["stream"]]
        rows = rows.with_columns(km_per_year=pl.col("km_per_year") * pl.Series(more))
        effects = (
            with_effects(fleet.multipliers, rows, value, drawer) if "measures" in rows.columns else fleet.multipliers
        )
        factors = scaled_factors(fleet.factors, value)
        emitted = by_vehicle(rows, effects, factors, first, city.computed.setting.context)
        told = rows if "measures" in rows.columns else rows.with_columns(measures=pl.lit(""))
        states[key] = replace(later.states[key], use=fleet_use(told, replace(first, vehicle=emitted)))
    return replace(later, states={**later.states, **states})


@pytest.mark.parametrize(
    "more", [pytest.param(STANDING, marks=pytest.mark.slow, id="standing"), pytest.param(WALKED, id="walked")]
)
def test_costs_over_the_years_are_whole_runs_with_other_inputs(tmp_path: Path, more: str) -> None:
    """Ledgers, present values and the owner's cash with grants and debts; growth of later years is in them."""
    city = prepared_city(tmp_path, more)
    paid = economy(city.plan, city.priced, city.run.measures, city.computed.states, city.later)
    ground = ground_of(city, what_is_drawn(city, costed(city)))
    values = drawn_values(ground)
    drawer = drawer_of(ground, values)
    carbon = np.array([0.5, 1.0, 1.7])
    emissions = emitted(ground, drawer, None)
    told = Benefits(city.plan.city.year, city.priced.outlook.shown.per_usd2024, emissions, HARM, city.later is not None)
    outlook = city.priced.outlook
    owned = owned_draws(paid.groups, outlook, ground, MoneyDraws(drawer, carbon))
    for programme in paid.programmes:
        groups = [g for g in paid.groups if g.scenario == programme.scenario]
        change = changes_of(programme, groups, city.later, ground, drawer)
        book = book_draws(programme, outlook, change, MoneyDraws(drawer, carbon))
        row = {"scenario": programme.scenario, "rate": city.plan.economics.social_discount_rate, "unit": ""}
        row |= {"net_present_value": 0.0, "benefit_cost_ratio": None}
        spared = [Figure(AVOIDED, programme.scenario, 2024, "", "value", "", 0.0, AVOIDED_USD)]
        worth, _ = net_figures([row], {programme.scenario: book}, told, spared)
        for draw in range(DRAWS):
            value = dict(zip((one.name for one in ground.sampler.inputs), values[draw].tolist(), strict=True))
            anew = whole_economy(city, value, float(carbon[draw]), drawer)
            again = anew.costs
            rows = anew.ownership.filter(scenario=programme.scenario)
            assert rows.height
            for row in rows.iter_rows(named=True):
                of = owned[row["scenario"], row["stream"], row["measures"]]
                for column in COLUMNS:
                    got = of[column][row["line"]][draw] * outlook.shown.per_usd2024
                    assert got == pytest.approx(row[column], rel=EXACT, abs=1e-4), (row["line"], column)
            shown = outlook.shown.per_usd2024
            for row in again.by_year.filter(scenario=programme.scenario).iter_rows(named=True):
                k = row["year"] - book.years.start
                for view in ("private", "public"):
                    got = book.lines[view][row["line"]][draw, k] * shown
                    assert got == pytest.approx(row[view], rel=EXACT, abs=1e-3), (row["year"], row["line"], view)
            net = again.cash.filter(scenario=programme.scenario)["net"].to_numpy()
            np.testing.assert_allclose(book.net[draw] * shown, net, rtol=1e-8, atol=1e-3)
            table, _ = benefits(city.plan, known_of(city, emissions, again, draw))
            net_present = table.filter(scenario=programme.scenario)["net_present_value"][0]
            assert worth.draws[draw] == pytest.approx(net_present, rel=EXACT, abs=1e-2)


def known_of(city: Prepared, emissions: Emitted, again: ProgrammeTables, draw: int) -> Known:
    """Return what a whole run of a draw knows: emissions of every year, harm to health, costs."""
    first = city.computed.states[0][0].name
    rows = [
        (scenario, year, spec.pollutant, float(totals[draw, p]))
        for (scenario, year), totals in emissions.totals.items()
        for p, spec in enumerate(pollutants())
    ]
    table = pl.DataFrame(rows, schema=["scenario", "year", "pollutant", "value_per_year"], orient="row")
    now = table.filter(pl.col("year") == city.plan.city.year)
    of_base = now.filter(pl.col("scenario") == first)
    # in the base year no scenario has begun yet
    begun = [of_base.with_columns(scenario=pl.lit(name)) for name in now["scenario"].unique()]
    years = pl.concat([table.filter(pl.col("year") > city.plan.city.year), *begun])
    health = pl.DataFrame(
        [
            *((first, p, "damage", *[float(usd[draw])] * 3, 0.0, 0.0, 0.0) for p, usd in HARM.items()),
            *((name, "", "total", 0.0, 0.0, 0.0, *[float(AVOIDED_USD[draw])] * 3) for name in now["scenario"].unique()),
        ],
        schema=["scenario", "pollutant", "part", "value", "low", "high", "avoided", "avoided_low", "avoided_high"],
        orient="row",
    ).with_columns(effect=pl.lit("value"), checked=pl.lit("yes"))
    later = None if city.later is None else replace(city.later, table=years)
    return Known(now, health, later, again.by_year, again.worth)
