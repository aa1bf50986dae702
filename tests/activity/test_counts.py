"""Counts: read and matched, compared, calibrated to with every stream closed, judged on counts kept out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from small_city import fleet, network
from test_speeds import straight_road

from fleet_planner.activity import Activity, build_activity
from fleet_planner.activity.counts.calibration import Observations, chosen_penalties, link_groups, shrunk
from fleet_planner.activity.counts.count_fit import geh
from fleet_planner.errors import InputError
from fleet_planner.network import Network, load_network
from fleet_planner.plan.models import ActivitySection, NetworkSection
from fleet_planner.plan.traffic import CountsSection, TrafficSection


def built(
    net: Network, vehicles: pl.DataFrame, folder: Path, text: str, method: str = "counts", **keys: object
) -> Activity:
    (folder / "counts.csv").write_text(text, encoding="utf-8")
    counts = CountsSection.model_validate({"file": "counts.csv", "holdout_share": 0.0} | keys.pop("counts", {}))  # type: ignore[operator]
    section = TrafficSection.model_validate({"method": method, "counts": counts.model_dump()} | keys)
    return build_activity(net, vehicles, ActivitySection(), folder, traffic=section)


def both_ways(n: int = 4) -> Network:
    """A straight street of links 0 .. n-1 eastward and n .. 2n-1 back."""
    there = straight_road(n)
    back = there.links.with_columns(u="v", v="u", link_id=pl.col("link_id") + n)
    points = np.concatenate([there.coordinates, there.coordinates.reshape(n, 2, 2)[:, ::-1].reshape(2 * n, 2)])
    return Network(pl.concat([there.links, back]), points, np.arange(0, 4 * n + 1, 2), "test")


@pytest.fixture(scope="module")
def city() -> Network:
    return load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")


def assigned(net: Network, prior: Activity, seed: int) -> np.ndarray:
    """A made-up truth: classes, areas, streets and links stray from the prior; streams keep their totals."""
    rng = np.random.default_rng(seed)
    groups = link_groups(net, 4.0)
    stray = sum(rng.normal(0.0, s, g.max() + 1)[g] for s, g in zip((0.5, 0.4, 0.4), groups, strict=True))
    km = prior.km * np.exp(stray + rng.normal(0.0, 0.2, stray.size))
    return km * (prior.km.sum(axis=1) / km.sum(axis=1))[:, None]


def test_counts_drawn_from_a_known_assignment_bring_the_rest_of_the_city_closer(city: Network, tmp_path: Path) -> None:
    vehicles = fleet(1, ["car", "rigid_truck", "coach"]).with_columns(pl.col("count") * pl.Series([3e3, 100.0, 50.0]))
    prior = build_activity(city, vehicles, ActivitySection(), Path())
    truth = assigned(city, prior, 0)
    length = city.links["length_km"].to_numpy()
    roads = ["trunk", "primary", "secondary", "tertiary"]
    main = np.flatnonzero(
        city.links["road_class"].is_in(roads).to_numpy() & city.links["in_main"].to_numpy() & (length > 0.03)
    )
    rng = np.random.default_rng(1)
    picked = rng.choice(main, 250, replace=False)
    counted = (truth.sum(axis=0) / length)[picked] * np.exp(rng.normal(0.0, 0.1, picked.size))
    rows = "\n".join(f"s{k},{link},{count}" for k, (link, count) in enumerate(zip(picked, counted, strict=True)))
    got = built(city, vehicles, tmp_path, f"site_id,link_id,count\n{rows}\n", counts={"holdout_share": 0.2})
    np.testing.assert_allclose(got.km.sum(axis=1), prior.km.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(got.share.sum(axis=1), 1.0, rtol=1e-12)
    rest = np.setdiff1d(main, picked)

    def error(km: np.ndarray) -> float:
        there = truth.sum(axis=0)[rest]
        return float(np.sqrt(np.average(np.log(km.sum(axis=0)[rest] / there) ** 2, weights=there)))

    assert error(got.km) < 0.7 * error(prior.km)
    fit = got.fit.table.filter((pl.col("road_class") == "all") & (pl.col("counts") == "kept_out")).row(0, named=True)
    assert fit["number"] == 50
    assert fit["geh"] < fit["geh_before"]
    assert fit["r2"] > fit["r2_before"] + 0.1
    assert got.fit.level["total"] == pytest.approx(1.0, abs=0.15)


def test_counts_of_pure_noise_change_little(city: Network, tmp_path: Path) -> None:
    vehicles = fleet(1, ["car"]).with_columns(pl.col("count") * 3e3)
    prior = build_activity(city, vehicles, ActivitySection(), Path())
    length = city.links["length_km"].to_numpy()
    main = np.flatnonzero((prior.km[0] > 0) & city.links["road_class"].is_in(["primary", "secondary"]).to_numpy())
    rng = np.random.default_rng(3)
    picked = rng.choice(main, 80, replace=False)
    counted = (prior.km[0] / length)[picked] * np.exp(rng.normal(0.0, 0.5, picked.size))
    rows = "\n".join(f"{link},{count}" for link, count in zip(picked, counted, strict=True))
    got = built(city, vehicles, tmp_path, f"link_id,count\n{rows}\n")
    some = prior.km[0] > 0
    assert np.average(np.abs(np.log(got.km[0, some] / prior.km[0, some])), weights=prior.km[0, some]) < 0.1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 9999), st.booleans())
def test_every_stream_closes_whatever_the_counts(
    tmp_path_factory: pytest.TempPathFactory, seed: int, hourly: bool
) -> None:
    net = network(30, seed)
    vehicles = fleet(seed, ["car", "rigid_truck", "visiting_car", "urban_bus"])
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["total", "heavy", "light", "rigid_truck"], 40)
    hours = rng.integers(0, 24, 40) if hourly else [""] * 40
    days = rng.choice(["average", "weekday", "weekend"], 40)
    rows = "\n".join(
        f"{rng.integers(0, 30)},{k},{d},{h},{rng.uniform(0, 5000)}" for k, d, h in zip(kinds, days, hours, strict=True)
    )
    text = f"link_id,vehicle_class,day_type,hour,count\n{rows}\n"
    got = built(net, vehicles, tmp_path_factory.mktemp("c"), text, day_types="weekday_weekend")
    prior = build_activity(net, vehicles, ActivitySection(), Path())
    np.testing.assert_allclose(got.km.sum(axis=1), prior.km.sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(got.vkt.sum(axis=(1, 2)), prior.km.sum(axis=1), rtol=1e-11)
    assert np.isfinite(got.km).all()


def test_counts_of_both_directions_are_compared_with_both(tmp_path: Path) -> None:
    net, vehicles = both_ways(), fleet(1, ["car"])
    text = "site_id,lon,lat,direction,count\na,0.0135,0.0002,,100\nb,0.0135,0.0002,E,60\nc,0.0135,0.0002,SW,40\n"
    got = built(net, vehicles, tmp_path, text, "allocated")
    listed = got.fit.counts
    assert listed["links"].to_list() == [2, 1, 1]
    assert listed["link_id"].to_list() == [1, 1, 5]
    flow = got.km[0] / net.links["length_km"].to_numpy()
    np.testing.assert_allclose(listed["modelled"], [flow[1] + flow[5], flow[1], flow[5]])


def test_counts_by_way_are_compared_with_the_mean_of_its_links(tmp_path: Path) -> None:
    net, vehicles = both_ways(), fleet(1, ["car"])
    lengths = pl.Series([0.1, 0.3, 0.1, 0.1] * 2)
    ways = pl.Series([7, 7, 8, 8] * 2)
    lanes = pl.Series([1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0])
    net = replace(net, links=net.links.with_columns(osm_id=ways, length_km=lengths, lanes=lanes))
    text = "osm_id,direction,count\n7,,100\n7,E,60\n7,270,40\n"
    got = built(net, vehicles, tmp_path, text, "allocated")
    flow = got.km[0] / lengths.to_numpy()
    east, west = (flow[0] * 0.1 + flow[1] * 0.3) / 0.4, (flow[4] * 0.1 + flow[5] * 0.3) / 0.4
    np.testing.assert_allclose(got.fit.counts["modelled"], [east + west, east, west])


def test_road_class_of_a_count_picks_the_road_beside(tmp_path: Path) -> None:
    ramp = straight_road(2)
    beside = ramp.links.with_columns(
        road_class=pl.lit("motorway"), link_id=pl.col("link_id") + 2, u=pl.col("u") + 9, v=pl.col("v") + 9
    )
    points = np.concatenate([ramp.coordinates, ramp.coordinates + np.array([0.0, 0.0003])])
    net = Network(pl.concat([ramp.links, beside]), points, np.arange(0, 9, 2), "test")
    got = built(
        net,
        fleet(1, ["car"]),
        tmp_path,
        "lon,lat,road_class,count\n0.0045,0.0001,motorway,9\n0.0045,0.0001,,9\n",
        "allocated",
    )
    assert got.fit.counts["link_id"].to_list() == [2, 0]


def test_hours_and_types_of_day_are_compared_with_such_days(tmp_path: Path) -> None:
    net, vehicles = straight_road(3), fleet(1, ["car", "rigid_truck"])
    text = "link_id,vehicle_class,day_type,hour,count\n1,total,weekday,8,1\n1,heavy,weekend,,1\n1,,,,1\n1,light,average,8,1\n"
    got = built(net, vehicles, tmp_path, text, "allocated", day_types="weekday_weekend")
    vkt = got.vkt[:, 1] / 0.1
    weekday, weekend = (d.share for d in got.days)
    want = [vkt[:, 8].sum() / weekday, vkt[1, 24:].sum() / weekend, vkt.sum(), vkt[0, 8] + vkt[0, 32]]
    np.testing.assert_allclose(got.fit.counts["modelled"], want)


def test_hourly_counts_shift_the_hours_and_not_the_roads(tmp_path: Path) -> None:
    net, vehicles = straight_road(6), fleet(1, ["car"])
    prior = build_activity(net, vehicles, ActivitySection(), Path())
    flow = prior.vkt[0, 2] / 0.1
    twist = np.where(np.arange(24) < 12, 2.0, 0.5)
    rows = "\n".join(f"{link},{h},{flow[h] * twist[h]}" for link in (1, 2, 3, 4) for h in range(24))
    got = built(net, vehicles, tmp_path, f"link_id,hour,count\n{rows}\n")
    want = prior.share[0] * twist / (prior.share[0] * twist).sum()
    before, after = (np.abs(np.log(a.share[a.row[0, 2]] / want)).mean() for a in (prior, got))
    assert after < 0.25 * before
    np.testing.assert_allclose(got.km, prior.km, rtol=1e-9)


def test_counts_of_trucks_move_trucks(tmp_path: Path) -> None:
    net = both_ways(12)
    kinds = pl.Series((["primary"] * 6 + ["secondary"] * 6) * 2)
    net = replace(net, links=net.links.with_columns(road_class=kinds, name=pl.lit("")))
    vehicles = fleet(1, ["car", "rigid_truck"])
    prior = build_activity(net, vehicles, ActivitySection(), Path())
    trucks = prior.km[1] / 0.1
    rows = "\n".join(f"{i},heavy,{trucks[i] * (3.0 if kinds[i] == 'primary' else 1.0)}" for i in range(24))
    got = built(net, vehicles, tmp_path, f"link_id,vehicle_class,count\n{rows}\n")
    np.testing.assert_allclose(got.km[0], prior.km[0], rtol=1e-12)
    ratio = got.km[1] / prior.km[1]
    assert ratio[0] / ratio[6] == pytest.approx(3.0, rel=0.15)
    assert got.km[1].sum() == pytest.approx(prior.km[1].sum(), rel=1e-12)


def test_places_off_the_roads_are_listed_and_counted(tmp_path: Path) -> None:
    text = "site_id,lon,lat,count\nhere,0.0045,0,100\nfar,0.0045,0.01,100\n"
    got = built(straight_road(4), fleet(1, ["car"]), tmp_path, text)
    off = next(f for f in got.findings if f.code == "activity.counts_off")
    assert off.count == 1
    assert "far" in off.values["names"]
    listed = got.fit.counts.filter(pl.col("site_id") == "far").row(0, named=True)
    assert listed["counts"] == "unused"
    assert listed["reason"]
    assert listed["modelled"] is None
    assert [f for f in got.findings if f.code == "activity.counts_none_kept_out"]


def test_the_same_seed_keeps_the_same_places_out(tmp_path: Path) -> None:
    rows = "\n".join(f"s{i},{i},{h},{100 + i}" for i in range(20) for h in (7, 8))
    text = f"site_id,link_id,hour,count\n{rows}\n"
    drawn = []
    for seed in (1, 1, 2):
        got = built(straight_road(20), fleet(1, ["car"]), tmp_path, text, counts={"holdout_share": 0.25, "seed": seed})
        out = got.fit.counts.filter(pl.col("counts") == "kept_out")
        assert out.height == 10  # five places, both their hours
        drawn.append(out["site_id"].unique().sort().to_list())
    assert drawn[0] == drawn[1] != drawn[2]


def test_geh_is_the_published_statistic() -> None:
    # 120 against 100 vehicles an hour: sqrt(2 * 400 / 220) = 1.907
    assert geh(np.array([120.0, 0.0]), np.array([100.0, 0.0])) == pytest.approx([1.9069, 0.0], abs=1e-4)


def test_effects_are_shrunk_as_the_penalty_says() -> None:
    residual = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
    seen = Observations(residual, np.array([[0, 0, 0, 1, 1, 1]]))
    level, effects = shrunk(seen, (3.0,))
    assert level == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(effects[0], [0.5, -0.5])
    assert shrunk(seen, (np.inf,))[1][0].tolist() == [0.0, 0.0]
    noise = Observations(np.random.default_rng(0).normal(size=400), np.arange(400)[None] % 40)
    assert chosen_penalties(noise, 1)[0] >= 8.0


def test_counts_need_a_file() -> None:
    with pytest.raises(ValidationError, match=r"needs traffic\.counts\.file"):
        TrafficSection(method="counts")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("lon,lat,count\n1,1,100\n2,2,5\n", ["none of the counts lies on a road"]),
        ("link_id,count\n0,5\n1,-5\n", ["row 3, column count", "out of range", "'-5'", "0 or more vehicles"]),
        ("link_id,hour,count\n1,24,5\n", ["row 2, column hour", "out of range", "'24'", "0 to 23"]),
        ("link_id,hour,count\n1,7.5,5\n", ["row 2, column hour", "no whole number", "'7.5'"]),
        ("link_id,count\n77,5\n", ["row 2, column link_id", "no such link", "found: 77", "0 to 3"]),
        ("link_id,vehicle_class,count\n1,lorry,5\n", ["row 2, column vehicle_class", "no such vehicles", "'lorry'"]),
        ("link_id,day_type,count\n1,weekday,5\n", ["row 2, column day_type", "does not tell", "traffic.day_types"]),
        ("link_id,day_type,count\n1,holiday,5\n", ["row 2, column day_type", "not known", "'holiday'"]),
        ("link_id\n1\n", ["column count", "needed column is missing"]),
        ("link_id,count\n1,\n", ["row 2, column count", "empty"]),
        ("count\n5\n", ["row 2, column link_id", "names no place"]),
    ],
)
def test_wrong_counts_are_named(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        built(straight_road(4), fleet(1, ["car"]), tmp_path, text)
    assert "counts.csv" in str(error.value)
    for part in parts:
        assert part in str(error.value)
