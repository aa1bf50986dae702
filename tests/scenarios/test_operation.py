"""Measures in operation: accounts of vehicle-km close, hand-computed cases, order of no account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.activity.days import AVERAGE
from fleet_planner.activity.model import Activity
from fleet_planner.errors import InputError, PlanError
from fleet_planner.factors.in_use.high_emitters import FaultPlan, Inspection, mean_multipliers
from fleet_planner.inventory.weights import km_per_day, use_of
from fleet_planner.network import Network
from fleet_planner.plan.operation import Ban, Operation, RailShift, Scrappage, Zone
from fleet_planner.reference import reference_table
from fleet_planner.scenarios import baseline, measures_table
from fleet_planner.scenarios.operation.model import Done, OperationSetting
from fleet_planner.scenarios.operation.steps import operate
from fleet_planner.scenarios.operation.traffic import Traffic
from tests.activity.small_city import network
from tests.scenarios.test_measures import bus, fleet, truck

LINKS = 10
DAY = np.array([1.0] * 6 + [2.0] * 12 + [1.0] * 6)
OLD = ["conventional", "euro_I", "euro_II", "euro_III"]


def rows() -> list[dict[str, object]]:
    car = {"category": "passenger_car", "fuel": "petrol", "segment": "Small", "stream": "car", "aftertreatment": "none"}
    return [
        truck("euro_II", 4.0),
        truck("euro_VI_abc", 6.0, year=2020),
        truck("euro_III", 2.0, stream="visiting_rigid_truck", visiting=True),
        bus(count=5.0),
        truck("euro_4", 100.0, **car),
    ]


def traffic(rows_: list[dict[str, object]] | None = None) -> Traffic:
    state = baseline(fleet(*(rows_ or rows())))
    streams = sorted(state.vehicles["stream"].unique())
    km = km_per_day(state.vehicles)
    rng = np.random.default_rng(3)
    weight = rng.uniform(0.5, 2.0, (len(streams), LINKS))
    total = [sum(k for k, s in zip(km, state.vehicles["stream"], strict=True) if s == name) for name in streams]
    by_link = weight / weight.sum(axis=1, keepdims=True) * np.array(total)[:, None]
    share = np.array([DAY / DAY.sum(), np.ones(24) / 24.0])
    row = np.tile((np.arange(LINKS) % 2).astype(np.int32), (len(streams), 1))
    speed = np.full((LINKS, 24), 40.0)
    activity = Activity(tuple(streams), by_link, row, share, speed, np.zeros((LINKS, 24), np.int8))
    return Traffic.of(state.vehicles, state.multipliers, activity)


def setting(base: Path = Path(), roads: Network | None = None, year: int = 2024) -> OperationSetting:
    return OperationSetting("s", "S", roads or network(LINKS), base, (AVERAGE,), "CL", year, 0.0, 0.4, measures_table())


def run(begin: Traffic, *, base: Path = Path(), year: int = 2024, **kinds: list[object]) -> list[Done]:
    return operate(begin, Operation.model_validate(kinds), setting(base, year=year))


def square(folder: Path, first: int, last: int) -> str:
    """A polygon around the links ``first`` to ``last`` of the row."""
    west, east = 0.009 * first - 0.001, 0.009 * (last + 1) + 0.001
    ring = [[west, -0.01], [east, -0.01], [east, 0.01], [west, 0.01], [west, -0.01]]
    text = f'{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}'
    (folder / "zone.geojson").write_text(text, encoding="utf-8")
    return "zone.geojson"


def km_of(state: Traffic, stream: str) -> np.ndarray:
    """Vehicle-km of a stream by link and hour."""
    picked = [g for g, name in enumerate(state.groups) if name.split("~")[0] == stream]
    return np.asarray(state.activity.vkt[picked].sum(axis=0))


def test_a_zone_moves_what_the_plan_says_and_loses_nothing(tmp_path: Path) -> None:
    begin = traffic()
    before = km_of(begin, "rigid_truck")
    old_share = 4.0 / 10.0  # equal kilometres per vehicle
    responses = {"ignore": 0.1, "reroute": 0.4, "replace": 0.2, "cancel": 0.1, "other_hours": 0.2}
    zone = {
        "area": square(tmp_path, 2, 4),
        "streams": ["rigid_truck"],
        "standards": OLD,
        "hours": list(range(6, 18)),
        "responses": responses,
        "detour": 1.5,
    }
    (done,) = run(begin, base=tmp_path, zone=[zone])
    after = km_of(done.traffic, "rigid_truck")
    inside, hours = slice(2, 5), slice(6, 18)
    held = before[inside, hours].sum() * old_share
    visiting = km_of(begin, "visiting_rigid_truck")[inside, hours].sum()
    assert done.outcome.km_concerned == pytest.approx(held + visiting, rel=1e-12)
    assert before[inside, hours].sum() - after[inside, hours].sum() == pytest.approx(0.7 * held, rel=1e-9)
    outside = np.ones(LINKS, dtype=bool)
    outside[inside] = False
    assert after[outside].sum() - before[outside].sum() == pytest.approx(1.5 * 0.4 * held, rel=1e-9)
    others = [h for h in range(24) if not 6 <= h < 18]
    assert after[inside][:, others].sum() - before[inside][:, others].sum() == pytest.approx(0.2 * held, rel=1e-9)
    assert done.outcome.gap_km == pytest.approx(0.0, abs=1e-6)
    assert done.traffic.gap() < 1e-12
    assert done.outcome.fates["cancelled"] == pytest.approx(0.1 * (held + visiting))
    # vehicles are neither made nor lost, and the new ones meet the newest standard in force
    counts = done.traffic.vehicles.group_by("stream").agg(pl.col("count").sum()).sort("stream")
    assert counts.equals(begin.vehicles.group_by("stream").agg(pl.col("count").sum()).sort("stream")) or np.allclose(
        counts["count"], begin.vehicles.group_by("stream").agg(pl.col("count").sum()).sort("stream")["count"]
    )
    new = done.traffic.vehicles.filter(pl.col("measures").str.contains("zone"))
    assert set(new["standard"]) == {"euro_IV"}  # Chile in 2024
    assert new["count"].sum() == pytest.approx(done.outcome.bought)


def test_vehicles_that_are_not_named_stay_as_they_are(tmp_path: Path) -> None:
    begin = traffic()
    zone = {"area": square(tmp_path, 2, 4), "streams": ["rigid_truck"], "standards": OLD}
    (done,) = run(begin, base=tmp_path, zone=[zone])
    for stream in ("urban_bus", "car"):
        np.testing.assert_allclose(km_of(done.traffic, stream), km_of(begin, stream), rtol=1e-12)


def test_what_replaces_barred_vehicles_is_admitted(tmp_path: Path) -> None:
    zone = {"area": square(tmp_path, 2, 4), "streams": ["rigid_truck"], "responses": {"replace": 1.0}}
    barred = [*OLD, "euro_IV"]
    (done,) = run(traffic(), base=tmp_path, zone=[{**zone, "standards": barred}])
    assert set(done.traffic.vehicles.filter(pl.col("measures") == "zone")["standard"]) == {"euro_V"}
    named = {**zone, "standards": OLD, "replacement_standard": {"heavy_truck": "zero_emission"}}
    (electric,) = run(traffic(), base=tmp_path, zone=[named])
    assert set(electric.traffic.vehicles.filter(pl.col("measures") == "zone")["fuel"]) == {"electricity"}


def test_odd_and_even_plates_on_a_tenth_of_the_days() -> None:
    begin = traffic()
    ban = {"streams": ["car"], "days_per_year": 36.525, "share_barred": 0.5, "responses": {"cancel": 1.0}}
    (done,) = run(begin, ban=[ban])
    before, after = km_of(begin, "car").sum(), km_of(done.traffic, "car").sum()
    assert after == pytest.approx(0.95 * before, rel=1e-6)
    half = {**ban, "responses": {}}
    (packaged,) = run(begin, ban=[half])
    # Beijing 2008: of the driving barred, 42 % was not there
    assert packaged.outcome.km_after == pytest.approx(begin.total_km() - 0.42 * 0.05 * before, rel=1e-6)


def test_nobody_buys_a_truck_for_the_days_of_a_ban() -> None:
    ban = {"streams": ["rigid_truck"], "standards": OLD, "days_per_year": 20.0, "responses": {"replace": 1.0}}
    (done,) = run(traffic(), ban=[ban])
    assert done.outcome.bought == 0.0
    assert done.outcome.costs == ()
    assert done.outcome.fates["replaced"] == pytest.approx(done.outcome.km_concerned)
    assert done.outcome.km_after == pytest.approx(done.outcome.km_before, rel=1e-12)


def test_electric_vehicles_enter_a_zone_unless_named(tmp_path: Path) -> None:
    electric = truck("zero_emission", 3.0, fuel="electricity", aftertreatment="none")
    begin = traffic([truck("euro_VI_abc", 6.0, year=2020), electric])
    zone = {"area": square(tmp_path, 0, 3), "streams": ["rigid_truck"], "responses": {"replace": 1.0}}
    (done,) = run(begin, base=tmp_path, zone=[zone])
    assert done.outcome.vehicles == 6.0
    new = done.traffic.vehicles.filter(pl.col("measures") == "zone")
    assert set(new["fuel"]) == {"electricity"}  # any engine is barred: only electric trucks are left
    assert set(new["standard"]) == {"zero_emission"}


def test_slower_roads_take_longer_by_the_free_speed_alone() -> None:
    begin = traffic()
    roads = network(LINKS)
    free = roads.links["free_flow_kmh"].to_numpy()
    (done,) = run(begin, speed_limit=[{"limit_kmh": 40.0, "adherence": 0.5}])
    lower = np.where(free > 40.0, free - 0.5 * (free - 40.0), free)
    expected = 1.0 / (1.0 / 40.0 + 1.0 / lower - 1.0 / free)
    np.testing.assert_allclose(done.traffic.activity.speed_kmh, np.repeat(expected[:, None], 24, axis=1), rtol=1e-12)
    hours = (begin.activity.km.sum(axis=0) * (1.0 / expected - 1.0 / 40.0)).sum()
    assert done.outcome.vehicle_h == pytest.approx(hours, rel=1e-9)
    (none,) = run(begin, speed_limit=[{"limit_kmh": 130.0}])
    np.testing.assert_array_equal(none.traffic.activity.speed_kmh, begin.activity.speed_kmh)
    assert [f.kind for f in none.findings] == ["warning"]


def test_rail_takes_the_tonnes_and_its_emissions_are_stated() -> None:
    begin = traffic()
    (done,) = run(
        begin, rail_shift=[{"streams": ["rigid_truck"], "share": 0.25, "load_t": 8.0, "distance_factor": 1.5}]
    )
    removed = 0.25 * (km_of(begin, "rigid_truck").sum() + km_of(begin, "visiting_rigid_truck").sum())
    assert done.outcome.km_before - done.outcome.km_after == pytest.approx(removed)
    assert done.outcome.tonne_km == pytest.approx(removed * 8.0 * 1.5)
    fuel_kg = removed * 8.0 * 1.5 * 4.5 / 1000.0
    assert done.outcome.outside["NOx"] == pytest.approx(52.4 * fuel_kg)
    assert done.outcome.outside["electricity_kwh"] == 0.0
    (clean,) = run(
        begin, rail_shift=[{"streams": ["rigid_truck"], "share": 0.25, "load_t": 8.0, "electric_share": 1.0}]
    )
    assert clean.outcome.outside["NOx"] == 0.0
    assert clean.outcome.outside["CO2_grid"] == pytest.approx(1000.0 * 0.4 * clean.outcome.tonne_km * 0.04)


def test_consolidation_fills_the_vehicles_that_are_left() -> None:
    begin = traffic()
    (done,) = run(begin, consolidation=[{"streams": ["rigid_truck"], "share": 0.2}])
    trucks = done.traffic.vehicles.filter(pl.col("stream") == "rigid_truck")
    assert trucks["load_fraction"].to_list() == pytest.approx([0.5 / 0.8] * trucks.height)
    assert km_of(done.traffic, "rigid_truck").sum() == pytest.approx(0.8 * km_of(begin, "rigid_truck").sum())
    with pytest.raises(PlanError, match=r"share of at most 0\.50"):
        run(begin, consolidation=[{"streams": ["rigid_truck"], "share": 0.6}])


def test_eco_driving_scales_fuel_by_its_share() -> None:
    (done,) = run(traffic(), eco_driving=[{"streams": ["urban_bus"], "uptake": 0.5, "fuel_change_pct": -4.0}])
    of_bus = (done.traffic.vehicles["stream"] == "urban_bus").to_numpy()
    for name in ("CO2", "energy_MJ", "electricity_kwh"):
        np.testing.assert_allclose(done.traffic.multipliers[name].to_numpy(), np.where(of_bus, 0.98, 1.0))
    assert done.outcome.vehicles == 2.5


def test_scrapped_vehicles_are_renewed_one_for_one() -> None:
    begin = traffic()
    (done,) = run(begin, scrappage=[{"streams": ["rigid_truck"], "standards": OLD, "share": 0.5}])
    assert done.outcome.bought == pytest.approx(2.0)  # visiting vehicles are not the city's to scrap
    counts = dict(
        done.traffic.vehicles.filter(~pl.col("visiting")).group_by("standard").agg(pl.col("count").sum()).iter_rows()
    )
    assert counts["euro_IV"] == pytest.approx(2.0)
    assert (counts["euro_II"], counts["euro_VI_abc"]) == (2.0, 6.0)
    assert done.outcome.km_after == pytest.approx(done.outcome.km_before, rel=1e-12)
    price = reference_table("operation_figures.csv").filter(figure="capex_usd_per_heavy_vehicle")["value"][0]
    assert [m.amount for m in done.outcome.costs] == pytest.approx([2.0 * price])


def test_inspection_takes_what_it_mends_of_the_faults() -> None:
    begin = traffic(
        [
            truck("euro_III", 10.0, year=2010),
            truck("euro_III", 5.0, year=2010, stream="visiting_rigid_truck", visiting=True),
        ]
    )
    keys = {"compliance": 0.8, "identification": 0.5, "repair": 1.0, "repaired_excess": 0.25}
    (done,) = run(begin, inspection=[keys])
    age = np.full(2, 14.0)
    left = FaultPlan(inspection=Inspection(0.8, 0.5, 1.0, 0.25))
    expected = mean_multipliers(begin.vehicles, ["PM_exhaust"], left, age_years=age)[:, 0]
    assert expected[0] < 1.0
    got = done.traffic.multipliers["PM_exhaust"].to_numpy()
    visiting = done.traffic.vehicles["visiting"].to_numpy()
    np.testing.assert_allclose(got, np.where(visiting, 1.0, expected), rtol=1e-12)
    # with a programme in the plan already, each leaves its part of what the other leaves
    again = replace(setting(), faults=left)
    (more,) = operate(begin, Operation.model_validate({"inspection": [keys]}), again)
    left_of_both = FaultPlan(inspection=Inspection(1.0, 1.0, 1.0, left.inspection.remaining**2))
    twice = mean_multipliers(begin.vehicles, ["PM_exhaust"], left_of_both, age_years=age)[:, 0]
    np.testing.assert_allclose(
        more.traffic.multipliers["PM_exhaust"].to_numpy() * expected, np.where(visiting, expected, twice), rtol=1e-12
    )
    assert done.outcome.vehicles == 8.0
    assert sum(m.amount for m in done.outcome.costs) == pytest.approx(8.0 * 40.0 + 8.0 * 0.1 * 0.5 * 600.0)


def test_groups_keep_the_use_of_their_stream() -> None:
    streams = pl.DataFrame({"stream": ["taxi", "taxi~2", "visiting_taxi:over_t_3~1", "car~1"]})
    assert streams.select(use_of(["taxi"])).to_series().to_list() == ["taxi", "taxi", "taxi", ""]


def test_measures_hold_from_their_first_year_to_their_last() -> None:
    kind = {"share": 0.1, "streams": ["rigid_truck"], "from_year": 2026, "to_year": 2028}
    assert [len(run(traffic(), consolidation=[kind], year=y)) for y in (2025, 2026, 2028, 2029)] == [0, 1, 1, 0]


MIXED = [
    ("zone", {"streams": ["rigid_truck"], "standards": OLD, "road_classes": ["primary", "motorway"]}),
    ("zone", {"fuels": ["diesel"], "road_classes": ["residential"], "responses": {"cancel": 0.5, "ignore": 0.5}}),
    ("ban", {"streams": ["car"], "days_per_year": 30.0, "share_barred": 0.5}),
    ("ban", {"streams": ["rigid_truck"], "standards": ["euro_II"], "days_per_year": 12.0, "hours": [8, 9], "responses": {"other_hours": 1.0}}),
    ("rail_shift", {"streams": ["rigid_truck"], "share": 0.1}),
    ("consolidation", {"streams": ["rigid_truck"], "share": 0.1}),
    ("speed_limit", {"limit_kmh": 30.0}),
    ("eco_driving", {"uptake": 0.3}),
    ("scrappage", {"standards": ["euro_II"], "share": 0.3}),
    ("inspection", {"streams": ["rigid_truck"]}),
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(MIXED))), st.integers(1, len(MIXED)))
def test_the_order_in_the_plan_never_matters_and_accounts_close(order: list[int], count: int) -> None:
    picked = sorted(order)[:count] if count < 3 else order[:count]

    def plan(of: list[int]) -> dict[str, list[object]]:
        kinds: dict[str, list[object]] = {}
        for i in of:
            kinds.setdefault(MIXED[i][0], []).append(MIXED[i][1])
        return kinds

    begin = traffic()
    first, other = run(begin, **plan(picked)), run(begin, **plan(picked[::-1]))
    assert first[-1].traffic.vehicles.equals(other[-1].traffic.vehicles)
    assert first[-1].traffic.multipliers.equals(other[-1].traffic.multipliers)
    np.testing.assert_array_equal(first[-1].traffic.activity.vkt, other[-1].traffic.activity.vkt)
    for done in first:
        assert abs(done.outcome.gap_km) < 1e-9 * done.outcome.km_before
        assert done.traffic.gap() < 1e-12
        np.testing.assert_allclose(done.traffic.activity.share.sum(axis=1), 1.0, rtol=1e-12)
        assert (done.traffic.activity.km >= 0.0).all()
    local = begin.vehicles.group_by("stream").agg(pl.col("count").sum()).sort("stream")["count"]
    after = first[-1].traffic.vehicles.group_by("stream").agg(pl.col("count").sum()).sort("stream")["count"]
    np.testing.assert_allclose(after, local, rtol=1e-12)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ({"zone": [{"streams": ["trucks"]}]}, r"zone.*unknown word under streams.*Use one of"),
        ({"zone": [{"standards": ["euro_9"]}]}, "unknown word under standards"),
        ({"zone": [{"streams": ["rigid_truck"]}]}, "no way round.*without reroute"),
        ({"zone": [{"road_classes": ["primry"]}]}, "unknown road class.*primary"),
        ({"zone": [{"low_emission_zones": True}]}, "no road of the network"),
        ({"zone": [{"responses": {"other_hours": 1.0}}]}, "all hours.*fewer hours"),
        ({"zone": [{"responses": {"replace": 1.0}, "fuels": ["diesel", "petrol", "electricity"]}]}, "bars what replaces"),
        ({"zone": [{"responses": {"replace": 1.0}, "standards": OLD, "replacement_standard": {"heavy_truck": "euro_9"}}]}, "unknown standard"),
        ({"rail_shift": [{"share": 0.1}]}, "names no streams"),
        ({"rail_shift": [{"share": 0.1, "streams": ["urban_bus"]}]}, "urban_bus.*Give load_t"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_key_and_remedy(kinds: dict[str, list[object]], words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        run(traffic(), **kinds)
    assert str(caught.value.column).startswith("scenario.operation.")


def test_a_missing_polygon_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such polygon file.*scenario\.operation\.zone\.area"):
        run(traffic(), base=tmp_path, zone=[{"area": "zone.gpkg"}])


def test_impossible_values_are_refused_by_the_plan() -> None:
    with pytest.raises(ValidationError, match="add up to 1"):
        Zone(responses={"cancel": 0.5})
    with pytest.raises(ValidationError, match="charge = true"):
        Zone(responses={"pay": 1.0})
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        RailShift(share=1.2)
    with pytest.raises(ValidationError, match="standards"):
        Scrappage(share=0.5)
    with pytest.raises(ValidationError, match="from_year"):
        Ban(days_per_year=3.0, from_year=2030, to_year=2020)
