"""Reassignment: the cleanest vehicles go where most people live, every duty is driven, nobody drives further."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import PlanError
from fleet_planner.network.zones import map_zones
from fleet_planner.pipeline.computing.operated import route_parts
from fleet_planner.plan.assignment import AssignmentSection
from fleet_planner.plan.operation import Operation
from fleet_planner.scenarios.operation.exposure import Exposure, exposure_of
from fleet_planner.scenarios.operation.model import Done
from fleet_planner.scenarios.operation.reassign import MOST_PLACES, assign
from fleet_planner.scenarios.operation.steps import reassigned
from fleet_planner.scenarios.operation.traffic import Traffic
from tests.activity.small_city import network
from tests.scenarios.test_measures import bus, truck
from tests.scenarios.test_operation import LINKS, setting, traffic

DIRT = {"euro_II": 9.0, "euro_III": 6.0, "euro_IV": 3.0, "euro_VI_abc": 1.0}
PEOPLE = Exposure(np.arange(LINKS, dtype=float), np.arange(LINKS), tuple("abcdefghij"), residents=True)


def dirty(trial: Traffic) -> SimpleNamespace:
    """Vehicles that emit by their standard alone."""
    per_km = trial.vehicles["standard"].replace_strict(DIRT, return_dtype=pl.Float64).to_numpy()
    return SimpleNamespace(pollutants=("NOx", "PM_exhaust"), vehicle=np.outer(trial.km_of_rows() * per_km, [5.0, 1.0]))


def run(begin: Traffic, *, routes: dict[str, np.ndarray] | None = None, **keys: object) -> Done:
    where = replace(setting(), exposure=PEOPLE, routes=routes or {})
    (done,) = reassigned(begin, Operation.model_validate({"reassign": [keys]}), where, dirty)
    return done


def exposed(state: Traffic) -> float:
    """Emissions times people."""
    total = 0.0
    for g, name in enumerate(state.groups):
        rows = state.vehicles.filter(pl.col("group") == name)
        km = Traffic(rows, state.multipliers, state.activity).km_of_rows()
        per_km = (rows["standard"].replace_strict(DIRT, default=0.0, return_dtype=pl.Float64).to_numpy() * km).sum()
        total += per_km / max(km.sum(), 1e-300) * float(state.activity.km[g] @ PEOPLE.weight)
    return total


TRUCKS = [truck("euro_II", 5.0), truck("euro_VI_abc", 5.0, year=2020), truck("euro_III", 2.0, segment="Rigid <=7.5 t")]


def test_two_kinds_split_the_city_between_them() -> None:
    begin = traffic(TRUCKS)
    done = run(begin, duties=200)
    after = done.traffic
    clean = after.activity.km[after.place(after.vehicles.filter(standard="euro_VI_abc")["group"][0])]
    old = after.activity.km[after.place(after.vehicles.filter(standard="euro_II")["group"][0])]
    # half of the driving each: the clean ones have the links with most people, from the last on
    both = clean + old
    # links are zones here, a link in the middle is shared
    assert (clean > 1e-9).nonzero()[0].min() >= (old > 1e-9).nonzero()[0].max()
    np.testing.assert_allclose(both, begin.activity.km[0] * 10.0 / 12.0, rtol=1e-9)
    assert clean.sum() == pytest.approx(old.sum(), rel=1e-9)
    # the small trucks have no like to change with
    small = after.activity.km[after.place(after.vehicles.filter(standard="euro_III")["group"][0])]
    np.testing.assert_allclose(small, begin.activity.km[0] * 2.0 / 12.0, rtol=1e-9)
    assert done.outcome.vehicles == 10.0
    assert done.outcome.km_concerned == pytest.approx(begin.total_km() * 10.0 / 12.0)
    assert exposed(after) < 0.8 * exposed(begin)
    assert [(m.amount, m.life_years) for m in done.outcome.costs] == [(120.0, 0.0)]


def test_buses_change_between_routes_not_between_places_of_a_route() -> None:
    rows = [bus("euro_II", count=3.0), bus("euro_VI_abc", count=1.0, year=2020)]
    begin = traffic(rows)
    even = np.zeros((2, LINKS))
    even[0, ::2] = even[1, 1::2] = 1.0
    done = run(begin, routes={"urban_bus": even}, duties=100)
    clean = done.traffic.activity.km[
        done.traffic.place(done.traffic.vehicles.filter(standard="euro_VI_abc")["group"][0])
    ]
    # links 1, 3, 5 ... have more people on average than 0, 2, 4 ...: a quarter of the driving is less than that route
    assert clean[::2].sum() == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(clean[1::2] / clean.sum(), begin.activity.km[0, 1::2] / begin.activity.km[0, 1::2].sum())
    one = run(begin, routes={"urban_bus": np.ones((1, LINKS))})
    assert [f.code for f in one.findings] == ["operation.nothing_to_reassign"]
    np.testing.assert_array_equal(one.traffic.activity.km, begin.activity.km)


def test_visiting_vehicles_and_other_streams_stay() -> None:
    begin = traffic([*TRUCKS, truck("euro_IV", 4.0, stream="visiting_rigid_truck", visiting=True), bus(count=2.0)])
    done = run(begin, streams=["rigid_truck"])
    for stream in ("visiting_rigid_truck", "urban_bus"):
        np.testing.assert_array_equal(
            done.traffic.activity.km[done.traffic.place(stream)], begin.activity.km[begin.place(stream)]
        )


def test_an_unknown_pollutant_is_refused() -> None:
    with pytest.raises(PlanError, match="unknown pollutant") as caught:
        run(traffic(TRUCKS), objective={"PMexhaust": 1.0})
    assert caught.value.column == "scenario.operation.reassign.objective"


shares = st.lists(st.floats(0.01, 10.0), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None)
@given(shares, shares, st.integers(2, 80), st.integers(0, 1000))
def test_an_assignment_drives_everything_once_and_is_never_worse(
    kinds: list[float], places: list[float], units: int, seed: int
) -> None:
    a, b = np.array(kinds) / sum(kinds), np.array(places) / sum(places)
    cost = np.random.default_rng(seed).uniform(0.0, 10.0, (a.size, b.size))
    found = assign(a, b, cost, units)
    assert (found >= -1e-15).all()
    np.testing.assert_allclose(found.sum(axis=1), a, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=0), b, atol=1e-12)
    assert (found * cost).sum() <= (np.outer(a, b) * cost).sum() + 1e-9


def test_whole_units_are_assigned_as_by_trying_all() -> None:
    cost = np.array([[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]])  # least: 1 + 2 + 2
    found = assign(np.full(3, 1 / 3), np.full(3, 1 / 3), cost, 3)
    np.testing.assert_allclose(found * 3.0, [[0, 1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(DIRT)), st.integers(1, 30)), min_size=1, max_size=8), st.integers(2, 60)
)
def test_exposure_never_grows_and_the_roads_carry_what_they_did(rows: list[tuple[str, int]], duties: int) -> None:
    fleet = [truck(s, float(n), year=2000 + k) for k, (s, n) in enumerate(rows)]
    begin = traffic(fleet)
    done = run(begin, duties=duties)
    np.testing.assert_allclose(done.traffic.activity.km.sum(axis=0), begin.activity.km.sum(axis=0), rtol=1e-9)
    assert done.traffic.gap() < 1e-9
    assert exposed(done.traffic) <= exposed(begin) * (1.0 + 1e-9)
    assert done.traffic.vehicles.drop("group").equals(begin.vehicles.drop("group"))


def test_people_about_the_roads() -> None:
    import geopandas as gpd
    from shapely.geometry import box

    roads = network(4)
    layer = gpd.GeoDataFrame(
        {"zone_id": ["w", "e"], "population": [100.0, 0.0]},
        geometry=[box(-0.001, -0.01, 0.018, 0.01), box(0.018, -0.01, 0.028, 0.01)],
        crs=4326,
    )
    found = exposure_of(roads, map_zones(layer, AssignmentSection(), "zones"))
    km2 = (0.019 * 111.32) * (0.02 * 110.574)
    np.testing.assert_allclose(found.weight, [100.0 / km2, 100.0 / km2, 0.0, 0.0], rtol=2e-3)
    assert found.names == ("w", "e", "outside")
    assert found.place.tolist() == [0, 0, 1, 2]
    town = replace(roads, links=roads.links.with_columns(urban=pl.Series([True, False, True, False])))
    assert exposure_of(town, None).weight.tolist() == [1.0, 0.0, 1.0, 0.0]
    assert not exposure_of(town, None).residents


def test_routes_share_the_links_that_they_have_in_common() -> None:
    table = pl.DataFrame({"route": ["a", "a", "b"], "link": [0, 1, 1], "km": [2.0, 3.0, 1.0]})
    placed = SimpleNamespace(route_links=table)
    parts = route_parts({"average": placed}, PEOPLE, LINKS)["urban_bus"]
    # b is first: more people live about it
    np.testing.assert_allclose(parts[:, :2], [[0.0, 0.25], [1.0, 0.75]])
    many = pl.DataFrame(
        {"route": [f"r{i:03}" for i in range(100)], "link": [i % LINKS for i in range(100)], "km": [1.0] * 100}
    )
    merged = route_parts({"average": SimpleNamespace(route_links=many)}, PEOPLE, LINKS)["urban_bus"]
    assert merged.shape == (MOST_PLACES, LINKS)
    np.testing.assert_allclose(merged.sum(axis=0), 1.0)
