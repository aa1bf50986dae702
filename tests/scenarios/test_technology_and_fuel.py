"""Measures of technology and fuel: figures by hand, order, packages, sulphur, and what is refused."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.economics import EnergyChange, scenario_costs
from fleet_planner.errors import PlanError
from fleet_planner.fleet.model import Fleet
from fleet_planner.outputs.report.wording import reasons
from fleet_planner.plan.models import EconomicsSection, Scenario, ScenarioMeasure
from fleet_planner.scenarios import ScenarioFleet, apply_scenario, baseline, measures_table, walk
from fleet_planner.scenarios.catalogue import SLOTS
from fleet_planner.scenarios.phase import Picker
from fleet_planner.scenarios.sulphur import CHINESE, EUROPEAN, sulphur_changes

MEASURES = measures_table()


def vehicle(category: str, stream: str, standard: str, **more: Any) -> dict[str, Any]:
    segments = {
        "heavy_truck": "Rigid 14 - 20 t",
        "bus": "Urban Buses Standard 15 - 18 t",
        "passenger_car": "Medium",
        "light_commercial": "N1-II",
    }
    row: dict[str, Any] = {
        "vehicle_id": f"{stream}-{standard}", "category": category, "fuel": "diesel", "segment": segments[category],
        "standard": standard, "aftertreatment": "none", "fuel_blend": "", "stream": stream, "visiting": False,
        "gross_mass_kg": 16000.0, "model_year": 2010, "km_per_year": 30000.0, "share_inside": 0.5, "odometer_km": None,
        "zone": "", "depot": "", "load_fraction": 0.5, "count": 1.0, "rule": "",
    }  # fmt: skip
    return row | more


def tractor(standard: str = "euro_III", **more: Any) -> dict[str, Any]:
    return vehicle("heavy_truck", "articulated_truck", standard, **more)


def rigid(standard: str = "euro_III", **more: Any) -> dict[str, Any]:
    return vehicle("heavy_truck", "rigid_truck", standard, **more)


def bus(standard: str = "euro_III", **more: Any) -> dict[str, Any]:
    return vehicle("bus", "urban_bus", standard, **more)


def taxi(standard: str = "euro_4", **more: Any) -> dict[str, Any]:
    return vehicle("passenger_car", "taxi", standard, **more)


def fleet(*rows: dict[str, Any]) -> Fleet:
    return Fleet(pl.DataFrame(list(rows), infer_schema_length=None).cast({"odometer_km": pl.Float64}), pl.DataFrame())


def run(vehicles: Fleet, *names: str | ScenarioMeasure, sulphur_ppm: float = 10.0) -> ScenarioFleet:
    entries = [ScenarioMeasure(measure=n) if isinstance(n, str) else n for n in names]
    return apply_scenario(
        vehicles, Scenario(name="s", title="S", measure=entries), MEASURES, sulphur_ppm=sulphur_ppm, country="CL"
    )


def refused(vehicles: Fleet, *names: str | ScenarioMeasure, sulphur_ppm: float = 10.0) -> str:
    with pytest.raises(PlanError) as caught:
        run(vehicles, *names, sulphur_ppm=sulphur_ppm)
    return str(caught.value)


def effect(state: ScenarioFleet, pollutant: str, row: int = 0) -> float:
    return float(state.multipliers[pollutant][row])


def test_a_filter_plus_low_rolling_resistance_tyres_by_hand() -> None:
    """Filter: 1.5 % more fuel, 85 % fewer particles, soot -90 %; tyres: 3 % less tractive energy, NOx and particles."""
    state = run(fleet(tractor()), "lrr", "dpf_passive")
    assert effect(state, "energy_MJ") == pytest.approx(1.015 * 0.97)
    assert effect(state, "CO2") == pytest.approx(1.015 * 0.97)
    assert effect(state, "SO2") == pytest.approx(1.015 * 0.97)
    assert effect(state, "PM_exhaust") == pytest.approx(0.15 * 0.97)
    assert effect(state, "BC") == pytest.approx(0.10 * 0.97)
    assert effect(state, "NOx") == pytest.approx(0.97)
    assert state.vehicles["measures"].to_list() == ["dpf_passive,lrr"]
    assert dict(state.units.select("measure_id", "vehicles").iter_rows()) == {"dpf_passive": 1.0, "lrr": 1.0}


@pytest.mark.parametrize(
    ("measure", "of", "figures"),
    [  # changes in percent, typed from the collected figures' sources
        ("pdpf", rigid(), {"PM_exhaust": -50, "BC": -45, "CO": -60, "VOC": -60, "energy_MJ": 1, "NOx": 0}),
        ("lnc_dpf", rigid("euro_II"), {"NOx": -25, "PM_exhaust": -85, "CO2": 4, "energy_MJ": 4}),
        ("egr", rigid("euro_II"), {"NOx": -40, "PM_exhaust": -85, "CO2": 2}),
        ("reflash", rigid("euro_I"), {"NOx": -25, "CO2": 1, "PM_exhaust": 0}),
        ("reflash", taxi("euro_5", aftertreatment="DPF"), {"NOx": -25, "CO2": 1}),
        ("ccv", rigid("conventional"), {"PM_exhaust": -10, "CO2": 0}),
        ("fbc", rigid(), {"PM_exhaust": -30, "energy_MJ": -2}),
        ("lnt", taxi("euro_4"), {"NOx": -70, "energy_MJ": 3}),
        ("emulsion", rigid(), {"NOx": -14, "PM_exhaust": -50, "VOC": 60, "CO": 0}),
        ("b10", rigid(), {"NOx": 0.8, "PM_exhaust": -4.3, "VOC": -2.0, "CO": -2.5, "CO2": -9.5}),
        ("b30", rigid(), {"NOx": 2.4, "PM_exhaust": -12.9, "CO2": -28.5}),
        ("b50", rigid(), {"NOx": 4.0, "PM_exhaust": -21.5, "CO2": -47.5}),
        ("b10_emep", rigid(), {"NOx": 3, "PM_exhaust": -10}),
        ("b100_palm", rigid(), {"NOx": 41, "PM_exhaust": 0}),
        ("aero", tractor(), {"energy_MJ": -6, "NOx": -6, "PM_exhaust": 0}),
        ("lrr_city", bus(), {"energy_MJ": -1.25, "NOx": -1.25}),
    ],
)
def test_published_effects(measure: str, of: dict[str, Any], figures: dict[str, float]) -> None:
    state = run(fleet(of), measure)
    assert state.units["measure_id"].to_list() == [measure]
    for pollutant, change in figures.items():
        assert effect(state, pollutant) == pytest.approx(1.0 + change / 100.0), pollutant


def test_carbon_of_plants_counts_behind_a_filter_too() -> None:
    state = run(fleet(rigid("euro_VI_abc", aftertreatment="DPF+SCR")), "b20")
    assert effect(state, "CO2") == pytest.approx(0.81)
    assert effect(state, "PM_exhaust") == 1.0


def test_sulphur_by_the_published_steps() -> None:
    """EMEP/EEA heavy -2.9 %, light -5.2 % from 350 to 10 ppm; Chinese guide, China IV: -43 % and -53.7 %."""
    heavy = sulphur_changes(EUROPEAN, "heavy_truck", "euro_III", 350.0, 10.0, filtered=False)
    assert heavy["PM_exhaust"] == pytest.approx(-2.9, abs=0.05)
    assert heavy["SO2"] == pytest.approx(-97.1, abs=0.05)
    light = sulphur_changes(EUROPEAN, "passenger_car", "euro_3", 350.0, 10.0, filtered=False)
    assert light["PM_exhaust"] == pytest.approx(-5.2, abs=0.05)
    guide = sulphur_changes(CHINESE, "bus", "euro_IV", 350.0, 50.0, filtered=False)
    assert guide["PM_exhaust"] == pytest.approx(-43.0, abs=0.05)
    assert (guide["CO"], guide["VOC"], guide["NOx"]) == pytest.approx((-19.0, -21.0, -16.0), abs=0.05)
    wide = sulphur_changes(CHINESE, "bus", "euro_V", 500.0, 10.0, filtered=False)
    assert wide["PM_exhaust"] == pytest.approx(-53.7, abs=0.05)
    assert sulphur_changes(CHINESE, "bus", "euro_V", 350.0, 10.0, filtered=True).keys() == {"SO2"}


def test_cleaner_diesel_lets_the_filter_come_and_the_filter_hides_what_it_does_to_particles() -> None:
    vehicles = fleet(rigid(), tractor())
    told = refused(vehicles, "dpf_passive", sulphur_ppm=350.0)
    assert "at most 50 ppm" in told
    assert "poison" in told
    assert "city.diesel_sulphur_ppm" in told
    assert "ulsd_10 or ulsd_50" in told
    state = run(vehicles, ScenarioMeasure(measure="dpf_passive", streams=["rigid_truck"]), "ulsd_10", sulphur_ppm=350.0)
    assert state.vehicles["measures"].to_list() == ["dpf_passive,ulsd_10", "ulsd_10"]
    assert effect(state, "PM_exhaust", 0) == pytest.approx(0.15)
    assert effect(state, "PM_exhaust", 1) == pytest.approx(1.0 - 0.029, abs=5e-4)
    assert effect(state, "SO2", 0) == pytest.approx(10.0 / 350.0 * 1.015)
    assert "lnc_dpf" in refused(vehicles, "lnc_dpf", "ulsd_50", sulphur_ppm=350.0)


def test_filters_come_only_where_the_cleaner_diesel_is() -> None:
    clean = ScenarioMeasure(measure="ulsd_50", streams=["articulated_truck"])
    state = run(fleet(rigid(count=3.0), tractor()), clean, "dpf_passive", sulphur_ppm=350.0)
    assert dict(state.vehicles.select("stream", "measures").iter_rows()) == {
        "rigid_truck": "",
        "articulated_truck": "dpf_passive,ulsd_50",
    }
    left = next(f for f in state.findings if f.code == "scenario.sulphur_left")
    assert left.count == 3


def test_diesel_that_is_clean_already_is_not_brought() -> None:
    told = refused(fleet(rigid()), "ulsd_50", sulphur_ppm=50.0)
    assert "has no more than that already" in told


def test_an_electric_truck_burns_no_cleaner_diesel() -> None:
    state = run(
        fleet(rigid(count=4.0)), ScenarioMeasure(measure="bev_shorthaul", uptake=0.25), "ulsd_10", sulphur_ppm=50.0
    )
    assert dict(state.units.select("measure_id", "vehicles").iter_rows()) == {"bev_shorthaul": 1.0, "ulsd_10": 3.0}


def test_new_engines_take_the_factors_of_their_standard() -> None:
    state = run(fleet(rigid("euro_II"), bus("euro_V", aftertreatment="SCR")), "repower_vi", "cv_to_cvi")
    assert state.vehicles["standard"].to_list() == ["euro_VI_abc", "euro_VI_abc"]
    assert state.vehicles["aftertreatment"].to_list() == ["DPF+SCR", "DPF+SCR"]
    assert state.vehicles["segment"].to_list() == ["Rigid 14 - 20 t", "Urban Buses Standard 15 - 18 t"]
    assert state.multipliers["NOx"].to_list() == [1.0, 1.0]
    hybrid = run(fleet(bus("euro_II")), "hybrid").vehicles.row(0, named=True)
    assert (hybrid["fuel"], hybrid["segment"]) == ("diesel_hybrid", "Urban Buses Diesel Hybrid")


@pytest.mark.parametrize(
    ("measure", "became", "figures"),
    [
        ("lng", ("lng", "euro_V"), {"NOx": 0.70, "PM_exhaust": 0.20, "energy_MJ": 1.12}),
        ("lpg", ("lpg", "euro_III"), {"NOx": 0.60, "PM_exhaust": 0.20, "energy_MJ": 1.15}),
        ("dme", ("dme", "euro_III"), {"NOx": 1.0, "PM_exhaust": 0.05, "energy_MJ": 1.0}),
        ("cng_lownox", ("cng", "euro_VI_abc"), {"NOx": 0.10, "PM_exhaust": 1.0, "energy_MJ": 1.10}),
    ],
)
def test_gas_trucks_have_percentages_on_top_of_what_stands_in(
    measure: str, became: tuple[str, str], figures: dict[str, float]
) -> None:
    of = {"lng": tractor(), "lpg": rigid(), "dme": rigid(), "cng_lownox": vehicle("heavy_truck", "drayage", "euro_III")}
    state = run(fleet(of[measure]), measure)
    row = state.vehicles.row(0, named=True)
    assert (row["fuel"], row["standard"]) == became
    for pollutant, value in figures.items():
        assert effect(state, pollutant) == pytest.approx(value)
    assert "scenario.on_top" in [f.code for f in state.findings]


def test_a_plug_in_hybrid_is_a_part_electric_and_a_part_as_before() -> None:
    state = run(fleet(bus(count=10.0)), "phev")
    parts = dict(state.vehicles.select("fuel", "count").iter_rows())
    assert parts == {"electricity": 5.0, "diesel": 5.0}
    assert dict(state.units.select("measure_id", "vehicles").iter_rows()) == {"phev": 10.0}
    own = run(fleet(bus(count=10.0)), ScenarioMeasure(measure="phev", effect_pct={"CO2": -30.0}))
    assert dict(own.vehicles.select("fuel", "count").iter_rows()) == pytest.approx({"electricity": 3.0, "diesel": 7.0})


def test_a_package_is_its_parts_on_the_same_vehicles() -> None:
    package = run(fleet(tractor(count=4.0), rigid()), ScenarioMeasure(measure="integrated_hd", uptake=0.5))
    assert package.vehicles.select("stream", "count", "measures").rows() == [
        ("articulated_truck", 2.0, ""),
        ("articulated_truck", 2.0, "repower_vi,rd99,lrr,aero"),
        ("rigid_truck", 1.0, ""),
    ]
    parts = run(fleet(tractor()), "repower_vi", "rd99", "lrr", "aero")
    for pollutant in ("NOx", "PM_exhaust", "CO2", "CO2_biogenic", "energy_MJ"):
        assert effect(package, pollutant, 1) == pytest.approx(effect(parts, pollutant))
    # renewable diesel behind the new filter, then 3 % and 6 % less tractive energy
    assert effect(package, "energy_MJ", 1) == pytest.approx(0.97 * 0.94)
    assert effect(package, "CO2", 1) == pytest.approx(0.01 * 0.97 * 0.94)
    assert effect(package, "NOx", 1) == pytest.approx(0.97 * 0.94)
    assert package.vehicles["standard"][1] == "euro_VI_abc"
    told = next(f for f in package.findings if f.code == "scenario.package")
    assert told.count == 2
    costs = scenario_costs(package, MEASURES, EconomicsSection(), {})
    assert costs["measure_id"].to_list() == ["aero", "lrr", "rd99", "repower_vi"]
    assert set(costs["checked"]) == {"no"}


def test_battery_swap_is_an_electric_truck_at_another_price_not_checked() -> None:
    swap, plug = (run(fleet(rigid()), name) for name in ("swap_truck_cn", "bev_shorthaul_cn"))
    assert swap.vehicles["fuel"].to_list() == plug.vehicles["fuel"].to_list() == ["electricity"]
    rows = MEASURES.filter(pl.col("measure_id").is_in(["swap_truck_cn", "swap_taxi_cn"]))
    assert set(rows["cost_checked"]) == {"no"}
    assert rows["constraint_en"].str.contains("no time at chargers").all()


def test_tyres_save_electricity_too() -> None:
    state = run(fleet(bus()), "bev_bus", "lrr_city")
    assert effect(state, "electricity_kwh") == pytest.approx(0.9875)
    assert effect(state, "CO2_grid") == pytest.approx(0.9875)


def test_a_filter_of_the_registry_stays_when_a_catalyst_is_added() -> None:
    fitted = rigid(aftertreatment="none+DPF_retrofit")
    state = run(fleet(fitted), "scr")
    assert effect(state, "PM_exhaust") == pytest.approx(0.15)
    assert effect(state, "NOx") == pytest.approx(0.30)
    assert effect(baseline(fleet(fitted)), "PM_exhaust") == pytest.approx(0.15)
    replaced = run(fleet(fitted), "repower_vi")
    assert effect(replaced, "PM_exhaust") == 1.0


def test_exclusive_measures_share_the_vehicles_both_are_for() -> None:
    half = [ScenarioMeasure(measure=m, uptake=0.5) for m in ("dpf_passive", "dpf_active")]
    state = run(fleet(rigid(count=10.0)), *half)
    assert dict(state.units.select("measure_id", "vehicles").iter_rows()) == {"dpf_active": 5.0, "dpf_passive": 5.0}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (["dpf_passive", "scr"], ["dpf_passive and scr", "exclude each other", "scenario.measure.uptake", "euro_III"]),
        (["rd99", ScenarioMeasure(measure="b20", uptake=0.2)], ["120 %", "one measure on its fuel", "Keep them apart"]),
        (["bev_shorthaul", "repower_vi"], ["one new vehicle"]),
        (
            [ScenarioMeasure(measure=m, uptake=0.5) for m in ("rd99", "b20", "gtl")],
            ["rd99 and b20 and gtl", "150 %"],
        ),
        (["integrated_hd", "lrr"], ["tyres", "articulated_truck"]),
        (["dpf_passive", ScenarioMeasure(measure="dpf_passive", failed_share=0.1)], ["dpf_passive and dpf_passive"]),
        (["ulsd_10", "ulsd_50"], ["measure on its sulphur"]),
    ],
)
def test_measures_that_exclude_each_other_on_all_vehicles_are_refused(entries: list[Any], words: list[str]) -> None:
    told = refused(fleet(rigid(), tractor()), *entries, sulphur_ppm=60.0 if "ulsd_10" in entries else 10.0)
    for word in words:
        assert word in told


def test_the_same_measures_on_other_vehicles_or_in_turn_are_not_refused() -> None:
    apart = run(
        fleet(rigid(), tractor()),
        ScenarioMeasure(measure="dpf_passive", streams=["rigid_truck"]),
        ScenarioMeasure(measure="scr", streams=["articulated_truck"]),
    )
    assert set(apart.vehicles["measures"]) == {"dpf_passive", "scr"}
    in_turn = run(
        fleet(rigid()),
        ScenarioMeasure(measure="rd99", uptake_by_year={"2025": 1.0, "2030": 0.0}),
        ScenarioMeasure(measure="b20", uptake_by_year={"2025": 0.0, "2030": 1.0}),
    )
    assert "" not in set(in_turn.vehicles["measures"])
    assert set(in_turn.vehicles["measures"]) <= {"rd99", "b20"}


def test_a_retrofit_on_vehicles_that_cannot_take_it_is_refused() -> None:
    vehicles = fleet(rigid(), taxi())
    told = refused(vehicles, ScenarioMeasure(measure="dpf_passive", streams=["taxi"]))
    assert "scenario.measure.streams" in told
    assert "passenger_car" in told
    assert "heavy_truck, bus" in told
    told = refused(vehicles, ScenarioMeasure(measure="pdpf", standards=["euro_VI_abc"]))
    assert "scenario.measure.standards" in told
    assert "euro_I, euro_II, euro_III" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (-150.0, "is not possible: a measure takes away at most -100"),
        (120.0, "is not possible: a measure takes away at most -100"),
        (float("nan"), "should be a finite number"),
    ],
)
def test_an_effect_above_a_hundred_percent_is_refused(change: float, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ScenarioMeasure(measure="dpf_passive", effect_pct={"PM_exhaust": change})


def test_own_effects_and_ends_of_the_range() -> None:
    def of(**more: Any) -> ScenarioFleet:
        return run(fleet(rigid()), ScenarioMeasure(measure="dpf_passive", **more))

    assert effect(of(effect="low"), "PM_exhaust") == pytest.approx(0.01)
    assert effect(of(effect="high"), "CO2") == pytest.approx(1.04)
    assert effect(of(effect="high"), "energy_MJ") == pytest.approx(1.04)
    own = of(effect_pct={"PM_exhaust": -70.0, "N2O": 20.0})
    assert effect(own, "PM_exhaust") == pytest.approx(0.30)
    assert effect(own, "N2O") == pytest.approx(1.20)
    assert effect(own, "BC") == pytest.approx(0.10)
    assert own.vehicles["measures"].to_list() == ["dpf_passive"]
    assert own.units["measure_id"].to_list() == ["dpf_passive"]
    blend = run(fleet(rigid()), ScenarioMeasure(measure="rd99", effect_pct={"NOx": -5.0}))
    assert blend.vehicles["fuel_blend"].to_list() == ["rd99"]
    assert effect(blend, "NOx") == pytest.approx(0.95)
    told = refused(fleet(rigid()), ScenarioMeasure(measure="dpf_passive", effect_pct={"PM": -70.0}))
    assert "PM_exhaust" in told
    assert "scenario.measure.effect_pct" in told
    told = refused(fleet(rigid()), ScenarioMeasure(measure="repower_vi", effect_pct={"NOx": -70.0}))
    assert "new vehicle's factors" in told


def test_other_sources_for_a_blend_are_named_and_cost_the_same() -> None:
    state = run(fleet(rigid()), "b20_emep")
    assert [f.values["chosen"] for f in state.findings if f.code == "scenario.alternative"] == ["b20"]
    energy = EnergyChange(fuel_used_mj=100.0 * 42.695 * 0.84)
    section = EconomicsSection(fuel_premium_usd_per_l={"b20": 0.5})
    costs = scenario_costs(state, MEASURES, section, {"b20_emep": energy})
    assert costs["energy_cost_usd2024_per_year"][0] == pytest.approx(50.0)


def test_packages_tyres_and_cleaner_diesel_by_year() -> None:
    """A package stands for its life, tyres stay on, diesel is what the year says; half is half of all that could."""
    entries = [
        ScenarioMeasure(measure="integrated_hd", uptake_by_year={"2025": 0.5}, max_per_year=30.0),
        ScenarioMeasure(measure="lrr_city", uptake_by_year={"2025": 0.5, "2026": 0.0}),
        ScenarioMeasure(measure="ulsd_10", uptake_by_year={"2025": 1.0, "2026": 0.4}),
    ]
    plan = Scenario(name="s", title="S", measure=entries)

    def applied(vehicles: Fleet, pick: Picker) -> ScenarioFleet:
        return apply_scenario(vehicles, plan, MEASURES, sulphur_ppm=50.0, pick=pick)

    years = {y: fleet(tractor(count=100.0), rigid(count=10.0)) for y in (2025, 2026)}
    path = walk(plan, years.__getitem__, years, list(years), applied, {"integrated_hd": 12.0})
    reached = {(m, y): n for m, y, n in path.reached.select("measure_id", "year", "vehicles").iter_rows()}
    assert (reached["integrated_hd", 2025], reached["integrated_hd", 2026]) == (30.0, 50.0)
    assert (reached["lrr_city", 2025], reached["lrr_city", 2026]) == (5.0, 5.0)
    assert (reached["ulsd_10", 2025], reached["ulsd_10", 2026]) == pytest.approx((110.0, 44.0))
    assert path.states[2026].units.filter(measure_id="repower_vi")["vehicles"].to_list() == [50.0]


IDS = MEASURES.filter(pl.col("alternative_of") == "")["measure_id"].unique(maintain_order=True).to_list()
STREAMS = ["rigid_truck", "articulated_truck", "urban_bus", "taxi"]
MIXED = fleet(
    *(rigid(s, count=7.0, model_year=2000 + i) for i, s in enumerate(("euro_I", "euro_III", "euro_V"))),
    *(tractor(s, count=5.0) for s in ("euro_II", "euro_IV")),
    rigid("euro_II", aftertreatment="none+DPF_retrofit", count=2.0),
    bus("euro_III", count=9.0), bus("euro_VI_abc", aftertreatment="DPF+SCR"), taxi("euro_4", count=11.0),
)  # fmt: skip


@st.composite
def entries(draw: st.DrawFn) -> list[ScenarioMeasure]:
    names = draw(st.lists(st.sampled_from(IDS), min_size=2, max_size=7, unique=True))
    out = []
    for name in names:
        low = draw(st.booleans())
        streams = draw(st.sets(st.sampled_from(STREAMS), max_size=2)) if draw(st.booleans()) else set()
        fits = MEASURES.filter(pl.col("measure_id") == name)["categories"][0].split("|")
        fitting = [s for s in sorted(streams) if MIXED.vehicles.filter(pl.col("stream") == s)["category"][0] in fits]
        out.append(
            ScenarioMeasure(
                measure=name,
                uptake=draw(st.sampled_from([0.1, 0.14])),
                streams=fitting,
                effect="low" if low else "central",
            )
        )
    return out


@settings(max_examples=30, deadline=None)
@given(entries(), st.randoms(use_true_random=False))
def test_the_order_in_the_plan_never_changes_the_result(plan: list[ScenarioMeasure], shuffle: Any) -> None:
    other = list(plan)
    shuffle.shuffle(other)
    one, two = (run(MIXED, *order, sulphur_ppm=400.0) for order in (_with_clean(plan), _with_clean(other)))
    assert two.vehicles.equals(one.vehicles)
    assert two.multipliers.equals(one.multipliers)
    assert two.units.equals(one.units)
    assert one.vehicles["count"].sum() == pytest.approx(MIXED.vehicles["count"].sum())
    assert (one.vehicles["count"] > 0.0).all()
    assert one.multipliers.drop("NO2_share_points").min_horizontal().min() >= 0.0


def _with_clean(plan: list[ScenarioMeasure]) -> list[ScenarioMeasure]:
    """Return a plan whose devices stand the diesel, whatever they are."""
    if any(m.measure == "ulsd_10" for m in plan):
        return plan
    return [*plan, ScenarioMeasure(measure="ulsd_10", uptake=0.7)]


def test_every_measure_of_the_table_can_be_had_by_some_vehicle() -> None:
    gas = bus("eev") | {"fuel": "cng", "segment": "Urban CNG Buses"}
    old = [rigid("euro_II"), tractor("euro_II"), bus("euro_V"), vehicle("heavy_truck", "sanitation", "euro_II")]
    light = [taxi("euro_4"), vehicle("light_commercial", "light_commercial", "euro_4"), gas]
    everything = fleet(*old, *light)
    for name in MEASURES["measure_id"].unique(maintain_order=True):
        state = run(everything, name, sulphur_ppm=400.0) if name.startswith("ulsd") else run(everything, name)
        assert state.units.height, name
        assert state.units["vehicles"].sum() > 0.0


def test_the_table_is_whole() -> None:
    for row in MEASURES.iter_rows(named=True):
        for column in (
            "title_en",
            "title_zh",
            "constraint_en",
            "constraint_zh",
            "source",
            "year",
            "unit",
            "life_years",
        ):
            assert row[column], (row["measure_id"], column)
        assert row["checked"] in {"yes", "no"}
        assert row["cost_checked"] in {"yes", "no"}
        assert row["slot"] in SLOTS
        assert row["change_pct"] is None or -100.0 <= row["change_pct"] <= 120.0
    ids = set(MEASURES["measure_id"])
    assert set(MEASURES["alternative_of"]) - {""} <= ids
    assert {p for parts in MEASURES["parts"] for p in parts.split("|")} - {""} <= ids
    levels = MEASURES.filter(pl.col("verified_level").is_not_null() & (pl.col("pollutant") == "PM_exhaust"))
    least = {1: -25.0, 2: -50.0, 3: -85.0}
    for name, level, change in levels.select("measure_id", "verified_level", "change_pct").iter_rows():
        assert change <= least[level], name


def test_why_vehicles_are_left_out_is_said_in_both_languages() -> None:
    assert reasons("category, has DPF already, already treated", "en") == (
        "category of vehicle, has DPF already, another measure of the same place"
    )
    assert reasons("has DPF already, sulphur", "zh") == "已装有DPF、柴油含硫量过高"
