"""Measures in their canonical order, costs by hand."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.economics import EnergyChange, scenario_costs
from fleet_planner.economics.money import usd2024
from fleet_planner.errors import PlanError
from fleet_planner.fleet.model import Fleet
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios import ScenarioFleet, apply_scenario, baseline, measures_table
from fleet_planner.scenarios.effects import plant_carbon

MEASURES = measures_table()


def truck(standard: str, count: float = 1.0, year: int = 2010, **more: object) -> dict[str, object]:
    after = {"euro_IV": "SCR", "euro_V": "SCR", "euro_VI_abc": "DPF+SCR"}.get(standard, "none")
    row: dict[str, object] = {
        "vehicle_id": f"{standard}-{year}-{count}", "category": "heavy_truck", "fuel": "diesel", "segment": "Rigid 14 - 20 t",
        "standard": standard, "aftertreatment": after, "fuel_blend": "", "stream": "rigid_truck", "visiting": False,
        "gross_mass_kg": 16000.0, "model_year": year, "km_per_year": 30000.0, "share_inside": 0.5, "odometer_km": None,
        "zone": "", "depot": "", "load_fraction": 0.5, "count": count, "rule": "",
    }  # fmt: skip
    return row | more


def bus(standard: str = "euro_III", **more: object) -> dict[str, object]:
    return truck(standard, category="bus", segment="Urban Buses Standard 15 - 18 t", stream="urban_bus", **more)


def fleet(*rows: dict[str, object]) -> Fleet:
    return Fleet(pl.DataFrame(list(rows), infer_schema_length=None).cast({"odometer_km": pl.Float64}), pl.DataFrame())


def scenario(*measures: ScenarioMeasure) -> Scenario:
    return Scenario(name="s", title="S", measure=list(measures))


def run(vehicles: Fleet, *measures: ScenarioMeasure, sulphur_ppm: float = 10.0):
    return apply_scenario(vehicles, scenario(*measures), MEASURES, sulphur_ppm=sulphur_ppm)


def test_filter_plus_renewable_diesel_is_not_the_product_of_both_on_a_legacy_engine() -> None:
    vehicles = fleet(truck("euro_III"))
    filtered = run(vehicles, ScenarioMeasure(measure="dpf_passive"))
    renewable = run(vehicles, ScenarioMeasure(measure="rd99"))
    both = run(vehicles, ScenarioMeasure(measure="rd99"), ScenarioMeasure(measure="dpf_passive"))
    product = filtered.multipliers["PM_exhaust"][0] * renewable.multipliers["PM_exhaust"][0]
    assert filtered.multipliers["PM_exhaust"][0] == pytest.approx(0.15)
    assert renewable.multipliers["PM_exhaust"][0] == pytest.approx(0.70)
    # behind a filter the fuel changes particles no more: the table's row for engines with a filter
    assert both.multipliers["PM_exhaust"][0] == pytest.approx(0.15)
    assert both.multipliers["PM_exhaust"][0] != pytest.approx(product)
    assert both.multipliers["NOx"][0] == pytest.approx(1.0)
    assert renewable.multipliers["NOx"][0] == pytest.approx(0.9)


def test_a_factory_filter_makes_the_fuel_effect_that_of_a_filtered_engine() -> None:
    state = run(fleet(truck("euro_VI_abc")), ScenarioMeasure(measure="rd99"))
    assert state.multipliers["PM_exhaust"][0] == pytest.approx(1.0)
    assert state.vehicles["fuel_blend"].to_list() == ["rd99"]


ALL = [
    ScenarioMeasure(measure="dpf_passive", standards=["euro_IV"], uptake=0.5),
    ScenarioMeasure(measure="dpf_scr", standards=["euro_II", "euro_III"], uptake=0.7),
    ScenarioMeasure(measure="rd99", streams=["rigid_truck"]),
    ScenarioMeasure(measure="bev_bus", uptake=0.3),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_in_the_plan_never_matters(order: tuple[int, ...]) -> None:
    vehicles = fleet(
        truck("euro_II", 3), truck("euro_III", 7), truck("euro_IV", 2), truck("euro_VI_abc"), bus(count=10.0)
    )
    first = run(vehicles, *ALL)
    other = run(vehicles, *(ALL[i] for i in order))
    assert other.vehicles.equals(first.vehicles)
    assert other.multipliers.equals(first.multipliers)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["euro_II", "euro_III", "euro_V"]), st.integers(1, 50), st.integers(1995, 2020)),
        min_size=1,
        max_size=12,
    ),
    st.floats(0, 1),
)
def test_uptake_splits_exactly_and_keeps_vehicles(rows: list[tuple[str, int, int]], uptake: float) -> None:
    vehicles = fleet(*(truck(s, float(n), y) for s, n, y in rows))
    state = run(vehicles, ScenarioMeasure(measure="dpf_scr", uptake=uptake))
    eligible = sum(n for s, n, _ in rows if s != "euro_V")
    treated = state.vehicles.filter(pl.col("measures") != "")["count"].sum()
    assert treated == pytest.approx(uptake * eligible, abs=1e-9)
    assert state.vehicles["count"].sum() == pytest.approx(sum(n for _, n, _ in rows))
    before = vehicles.vehicles["count"].to_list()
    after = state.vehicles.group_by("baseline_row").agg(pl.col("count").sum()).sort("baseline_row")["count"].to_list()
    assert after == pytest.approx(before)
    assert (state.vehicles["count"] >= 0.0).all()


def test_the_oldest_go_first() -> None:
    vehicles = fleet(truck("euro_III", 1, 2006), truck("euro_III", 1, 2001), truck("euro_III", 1, 2004))
    state = run(vehicles, ScenarioMeasure(measure="dpf_scr", uptake=0.5))
    treated = state.vehicles.filter(pl.col("measures") != "").sort("model_year")
    assert treated["model_year"].to_list() == [2001, 2004]
    assert treated["count"].to_list() == pytest.approx([1.0, 0.5])


def test_b20_raises_nox_and_cuts_the_rest() -> None:
    values = run(fleet(truck("euro_III")), ScenarioMeasure(measure="b20")).multipliers.row(0, named=True)
    assert values["NOx"] == pytest.approx(1.02)
    assert values["PM_exhaust"] == pytest.approx(0.88)
    assert values["VOC"] == pytest.approx(0.799)
    assert values["CO"] == pytest.approx(0.877)
    assert values["CO2"] == pytest.approx(0.81)


def test_filter_on_high_sulphur_diesel_is_refused() -> None:
    with pytest.raises(PlanError, match=r"dpf_passive.*50 ppm.*found: 350"):
        run(fleet(truck("euro_III")), ScenarioMeasure(measure="dpf_passive"), sulphur_ppm=350.0)
    assert run(fleet(truck("euro_III")), ScenarioMeasure(measure="doc"), sulphur_ppm=350.0).units.height == 1


def test_unknown_measure_lists_the_known_ones() -> None:
    with pytest.raises(PlanError, match=r"unknown measure.*dpf_scr"):
        run(fleet(truck("euro_III")), ScenarioMeasure(measure="magic"))


@pytest.mark.parametrize("measure", ["dpf_passive", "five_minute_limit"])
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ({"streams": ["rigid_truck", "rigid_truk"]}, ("scenario.measure.streams", "'rigid_truk'", "rigid_truck")),
        ({"standards": ["euro_3"], "streams": ["urban_buss"]}, ("scenario.measure.streams", "'urban_buss'")),
        ({"standards": ["euroIII"]}, ("scenario.measure.standards", "'euroIII'", "euro_III")),
    ],
)
def test_misspelt_words_are_refused(measure: str, words: dict[str, list[str]], parts: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        run(fleet(truck("euro_III"), bus()), ScenarioMeasure(measure=measure, **words))
    for part in parts:
        assert part in str(caught.value)


def test_words_without_vehicles_are_named() -> None:
    done = run(fleet(truck("euro_III")), ScenarioMeasure(measure="dpf_passive", streams=["rigid_truck", "coach"]))
    found = [f for f in done.findings if f.code == "scenario.absent"]
    assert [f.values["words"] for f in found] == ["coach"]


def test_electric_buses_keep_wear_and_lose_the_exhaust() -> None:
    state = run(fleet(bus(), truck("euro_III")), ScenarioMeasure(measure="bev_bus"))
    electric = state.vehicles.filter(pl.col("fuel") == "electricity")
    assert electric["stream"].to_list() == ["urban_bus"]
    assert electric["standard"].to_list() == ["zero_emission"]
    row = state.vehicles.with_row_index().filter(pl.col("fuel") == "electricity")["index"][0]
    assert state.multipliers["PM2.5_non_exhaust"][row] == 1.0  # wear of electric vehicles is in their factors
    assert state.multipliers["NOx"][row] == 1.0


def test_replacement_comes_before_retrofit() -> None:
    vehicles = fleet(bus(count=4.0))
    state = run(vehicles, ScenarioMeasure(measure="dpf_scr", streams=["urban_bus"]), ScenarioMeasure(measure="bev_bus"))
    assert set(state.vehicles["measures"]) == {"bev_bus"}
    assert any(f.code == "scenario.one_device" for f in state.findings)


def test_a_vehicle_with_scr_gets_no_second_one() -> None:
    state = run(fleet(truck("euro_V")), ScenarioMeasure(measure="dpf_scr", streams=["rigid_truck"]))
    assert state.units.is_empty()
    found = next(f for f in state.findings if f.code == "scenario.not_eligible")
    assert "has SCR already" in str(found.values["reason"])


def test_visiting_vehicles_are_left_alone() -> None:
    vehicles = fleet(truck("euro_III"), truck("euro_III", visiting=True, stream="visiting_rigid_truck"))
    state = run(vehicles, ScenarioMeasure(measure="dpf_scr"))
    assert state.vehicles.filter(pl.col("visiting"))["measures"].to_list() == [""]
    assert any(f.code == "scenario.visiting_untreated" for f in state.findings)


def test_retrofit_shows_in_the_aftertreatment_and_raises_no2() -> None:
    state = run(fleet(truck("euro_V")), ScenarioMeasure(measure="dpf_passive"))
    assert state.vehicles["aftertreatment"].to_list() == ["SCR+DPF_retrofit"]
    assert state.multipliers["NO2_share_points"].to_list() == pytest.approx([0.15])
    assert state.multipliers["CO2"][0] == pytest.approx(1.015)
    assert state.multipliers["energy_MJ"][0] == pytest.approx(1.015)


def test_baseline_changes_nothing() -> None:
    state = baseline(fleet(truck("euro_III"), bus()))
    assert state.multipliers.drop("NO2_share_points", "CO2_biogenic").min_horizontal().to_list() == [1.0, 1.0]
    assert state.multipliers["CO2_biogenic"].to_list() == [0.0, 0.0]
    assert state.units.is_empty()


def test_costs_by_hand() -> None:
    """Ten filters at US$ 12,000 of 2006, 300 a year to run, 10 years, 1.5 % more fuel, 6 %."""
    state = run(fleet(truck("euro_III", 10.0)), ScenarioMeasure(measure="dpf_passive"))
    section = EconomicsSection(discount_rate=0.06, diesel_usd_per_l=1.0)
    litres = 1000.0
    energy = {"dpf_passive": EnergyChange({"diesel": litres * 42.695 * 0.84})}
    row = scenario_costs(state, MEASURES, section, energy).row(0, named=True)
    rise = 313.689 / 201.6
    assert row["vehicles"] == 10.0
    assert row["capex_usd2024"] == pytest.approx(120_000 * rise)
    assert row["annualised_capex_usd2024"] == pytest.approx(120_000 * rise * 0.135868, rel=1e-5)
    assert row["opex_usd2024_per_year"] == pytest.approx(3_000 * rise)
    assert row["energy_cost_usd2024_per_year"] == pytest.approx(1000.0)
    parts = row["annualised_capex_usd2024"] + row["opex_usd2024_per_year"] + row["energy_cost_usd2024_per_year"]
    assert row["total_usd2024_per_year"] == pytest.approx(parts)


def test_clean_fuel_costs_its_premium() -> None:
    state = run(fleet(truck("euro_III")), ScenarioMeasure(measure="rd99"))
    energy = {"rd99": EnergyChange(fuel_used_mj=100.0 * 42.695 * 0.84)}
    row = scenario_costs(state, MEASURES, EconomicsSection(fuel_premium_usd_per_l={"rd99": 0.5}), energy).row(
        0, named=True
    )
    assert row["energy_cost_usd2024_per_year"] == pytest.approx(50.0)


def test_retrofits_of_the_registry_act_like_the_measures_that_bring_them() -> None:
    fitted = baseline(fleet(truck("euro_III", aftertreatment="none+DPF_retrofit"), truck("euro_III")))
    measure = run(fleet(truck("euro_III")), ScenarioMeasure(measure="dpf_passive"))
    for pollutant in ("PM_exhaust", "BC", "SPN23", "energy_MJ"):
        assert fitted.multipliers[pollutant].to_list() == [measure.multipliers[pollutant][0], 1.0]
    assert fitted.units.height == 0


def test_plant_carbon_of_a_fuel_is_what_fossil_carbon_falls_short_of() -> None:
    state = run(fleet(truck("euro_III")), ScenarioMeasure(measure="b20"))
    assert state.multipliers["CO2"][0] == pytest.approx(0.81)
    assert state.multipliers["CO2_biogenic"][0] == pytest.approx(0.19 * (2.7967 / 37.3) / (3.1695 / 42.695))
    gas = run(fleet(truck("euro_III")), ScenarioMeasure(measure="gtl"))
    assert gas.multipliers["CO2_biogenic"][0] == 0.0


def test_a_measure_against_idling_marks_its_share_of_the_vehicles() -> None:
    wanted = ScenarioMeasure(measure="automatic_stop", streams=["urban_bus"], uptake=0.25)
    state = run(fleet(bus(count=8.0), truck("euro_III")), wanted, ScenarioMeasure(measure="dpf_passive"))
    marked = state.vehicles.filter(pl.col("idle_measures") == "automatic_stop")
    assert marked.select("stream", "count").rows() == [("urban_bus", 2.0)]
    assert state.vehicles["count"].sum() == 9.0
    assert any(f.code == "scenario.idling_measure" for f in state.findings)


def fleet_pm(state: ScenarioFleet) -> float:
    """Particles of a fleet of equal trucks, in units of one truck without filter."""
    return float((state.vehicles["count"] * state.multipliers["PM_exhaust"]).sum())


def test_a_tenth_of_failed_filters_raises_the_fleets_particles_by_the_computed_amount() -> None:
    """100 trucks, a filter takes 85 %: 15 units with all sound, 100 x (0.9 x 0.15 + 0.1) = 23.5 with a tenth failed."""
    vehicles = fleet(truck("euro_III", count=100.0))
    sound = run(vehicles, ScenarioMeasure(measure="dpf_passive"))
    failed = run(vehicles, ScenarioMeasure(measure="dpf_passive", failed_share=0.1))
    assert fleet_pm(sound) == pytest.approx(15.0)
    assert fleet_pm(failed) == pytest.approx(23.5)
    assert failed.units.equals(sound.units)
    wanted = scenario(ScenarioMeasure(measure="dpf_passive", failed_share=0.1))
    perfect = apply_scenario(vehicles, wanted, MEASURES, sulphur_ppm=10.0, failures_left=0.0)
    assert fleet_pm(perfect) == fleet_pm(sound)


def test_failed_catalysts_stay_as_the_engine_was_built() -> None:
    state = run(fleet(truck("euro_III", count=10.0)), ScenarioMeasure(measure="dpf_scr", failed_share=0.2))
    rows = state.vehicles.select("aftertreatment", "count").sort("count").rows()
    assert rows == [("none", 2.0), ("none+DPF_retrofit+SCR_retrofit", 8.0)]


def test_renewable_gas_makes_the_carbon_of_gas_buses_that_of_plants_and_nothing_else() -> None:
    gas = bus("eev") | {"fuel": "cng", "segment": "Urban CNG Buses", "aftertreatment": "none"}
    state = run(fleet(gas, bus()), ScenarioMeasure(measure="rng"))
    by_fuel = dict(zip(state.vehicles["fuel"], range(state.vehicles.height), strict=True))
    row = by_fuel["cng"]
    assert (state.multipliers["CO2"][row], state.multipliers["CO2_biogenic"][row]) == (0.0, 1.0)
    assert state.multipliers["NOx"][row] == 1.0
    assert state.multipliers["CO2"][by_fuel["diesel"]] == 1.0


def test_gas_and_hydrogen_change_the_technology_and_leave_the_effect_to_its_factors() -> None:
    gas = run(fleet(bus(), truck("euro_III")), ScenarioMeasure(measure="cng_bus"), ScenarioMeasure(measure="rng"))
    row = gas.vehicles.with_row_index().row(by_predicate=pl.col("category") == "bus", named=True)
    became = (row["fuel"], row["segment"], row["standard"], row["aftertreatment"], row["measures"])
    assert became == ("cng", "Urban CNG Buses", "eev", "none", "cng_bus,rng")
    values = gas.multipliers.row(row["index"], named=True)
    assert (values["NOx"], values["CO2"], values["CO2_biogenic"]) == (1.0, 0.0, 1.0)
    cells = run(
        fleet(bus(), truck("euro_III")), ScenarioMeasure(measure="fcev_bus"), ScenarioMeasure(measure="fcev_truck")
    )
    assert cells.vehicles["fuel"].to_list() == ["hydrogen", "hydrogen"]
    assert set(cells.vehicles["segment"]) == {"Urban Buses Standard 15 - 18 t", "Rigid 14 - 20 t"}
    assert cells.multipliers["PM2.5_non_exhaust"].to_list() == [1.0, 1.0]
    told = [(f.code, f.count) for f in cells.findings if f.code.startswith("scenario.h")]
    assert told == [("scenario.hydrogen", 1), ("scenario.hydrogen", 1)]
    assert not [f for f in cells.findings if f.code == "scenario.one_device"]  # one is for buses, one for trucks
    assert [f.code for f in gas.findings if f.code == "scenario.own_factors"] == ["scenario.own_factors"]


def test_each_fuel_costs_its_price() -> None:
    """One fuel-cell bus: 100 l of diesel saved at US$ 1, 30 kg of hydrogen bought at US$ 5; petrol at diesel's price."""
    state = run(fleet(bus()), ScenarioMeasure(measure="fcev_bus"))
    litres = 100.0 * 42.695 * 0.84
    section = EconomicsSection(diesel_usd_per_l=1.0, hydrogen_usd_per_kg=5.0)

    def paid(**change_mj: float) -> float:
        energy = {"fcev_bus": EnergyChange(change_mj)}
        return float(scenario_costs(state, MEASURES, section, energy)["energy_cost_usd2024_per_year"][0])

    assert paid(diesel=-litres, hydrogen=30.0 * 120.0) == pytest.approx(50.0)
    assert paid(petrol=litres) == pytest.approx(100.0)
    section = EconomicsSection(other_fuel_usd_per_kg={"petrol": 2.0}, cng_usd_per_kg=0.5)
    assert paid(petrol=43.774, cng=-48.0) == pytest.approx(1.5)


def test_costs_of_every_measure_have_a_price_level() -> None:
    for year, currency in MEASURES.select("cost_year", "currency").unique().rows():
        assert usd2024(1.0, currency, int(year)) > 0.0


def test_every_effect_lies_in_its_range() -> None:
    ranged = MEASURES.filter(pl.col("low").is_not_null() | pl.col("high").is_not_null()).with_columns(
        pl.col("change_pct", "low", "high").cast(pl.Float64)
    )
    assert ranged.height > 40
    within = pl.col("low").le(pl.col("change_pct")) & pl.col("change_pct").le(pl.col("high"))
    odd = ranged.filter(~within.fill_null(value=False))  # a range with one end or without a value is odd too
    assert odd.select("measure_id", "pollutant", "low", "change_pct", "high").rows() == []
    fuels = MEASURES.filter((pl.col("kind") == "fuel") & (pl.col("pollutant") == "CO2"))
    assert fuels["low"].null_count() == 0


def test_carbon_of_plants_is_that_of_the_fuel_per_unit_of_energy() -> None:
    """Hydrotreated oil 3.1152 kg CO2/kg and 44 MJ/kg, diesel 3.1695 and 42.695: 4.6 % less carbon for the same work."""
    by_fuel = plant_carbon()
    assert by_fuel["hvo", "diesel"] == pytest.approx((3.1152 / 44.0) / (3.1695 / 42.695), rel=1e-3)
    assert by_fuel["hvo", "diesel"] == pytest.approx(0.954, abs=1e-3)
    assert by_fuel["cng", "cng"] == 1.0
