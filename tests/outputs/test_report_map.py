"""The report's map: hours rebuilt from classes, weaker roads as squares, and the same values in a browser."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import builders
import devtools
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.outputs import write_run
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.roads import road_of_link
from fleet_planner.outputs.report.map_data import class_shares, pack_map
from fleet_planner.outputs.report.map_squares import squares_of
from fleet_planner.pipeline.telling.hour_groups import HourGroups
from fleet_planner.pipeline.telling.hours_rebuilt import HoursOfLinks, hour_shares, rebuilt_errors
from fleet_planner.plan.report import ReportSection

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results

ERRORS = pl.DataFrame(
    {
        "scenario": ["baseline", "electric"],
        "pollutant": ["NOx", "CO2"],
        "links": [24, 24],
        "mean_error_pct": [1.25, 0.5],
        "largest_error_pct": [40.0, 62.0],
        "links_over_tenth_pct": [3.0, 4.0],
    }
)


@pytest.fixture(scope="module")
def large() -> Results:
    """Return a run whose map may draw a hundred roads one by one, of 200."""
    run = builders.results(builders.network(10, 10))
    plan = run.plan.model_copy(update={"report": ReportSection(map_roads=100, map_square_m=400.0)})
    return replace(run, plan=plan, hour_errors=ERRORS)


@pytest.fixture(scope="module")
def page(large: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("map") / "run"
    write_run(large, out, overwrite=False, language="en")
    return out / "report.html"


def test_errors_by_hand() -> None:
    """Two links of 24 hours: one as its class, one that runs in two hours only."""
    exact = np.zeros((2, 24))
    exact[0] = 1.0
    exact[1, :2] = 12.0
    mean, largest, over = rebuilt_errors(exact, exact.sum(axis=1), np.full((2, 24), 1.0 / 24.0))
    assert mean == pytest.approx(100.0 * (2 * 11.0 + 22 * 1.0) / 48.0)
    assert largest == pytest.approx(100.0 * 11.0 / 12.0)
    assert over == 50.0
    assert rebuilt_errors(np.zeros((2, 24)), np.zeros(2), np.full((2, 24), 1.0 / 24.0)) == (0.0, 0.0, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_links_that_follow_their_class_are_exact(seed: int) -> None:
    generator = np.random.default_rng(seed)
    share = generator.dirichlet(np.ones(24), 6)
    day = generator.uniform(0.0, 9.0, 6)
    mean, largest, over = rebuilt_errors(day[:, None] * share, day, share)
    assert (mean, largest, over) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_shares_of_the_hours_add_up_over_the_types_of_day(run: Results) -> None:
    inventory = run.scenarios[0].inventory
    twice = replace(inventory, class_hour=np.concatenate([inventory.class_hour, 2.0 * inventory.class_hour], axis=1))
    for one in (inventory, twice):
        share = hour_shares(one, "NOx")
        assert share.shape == (len(inventory.road_classes), 24)
        np.testing.assert_allclose(share.sum(axis=1), 1.0)
    np.testing.assert_allclose(hour_shares(twice, "NOx"), hour_shares(inventory, "NOx"))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_squares_lose_nothing(seed: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    day, km = generator.uniform(0.0, 9.0, 50), generator.uniform(0.01, 2.0, 50)
    middle = generator.uniform(0.0, 0.02, (50, 2)) + np.array([116.4, 39.9])
    squares = squares_of(day / km, middle, most, 300.0)
    of_square = squares.summed(km) if squares.left.size else np.zeros(0)
    whole = squares.per_km(day, km) @ np.concatenate([km[squares.kept], of_square])
    assert whole == pytest.approx(day.sum())
    assert int(squares.roads.sum()) + squares.kept.size == 50
    assert squares.kept.size == min(most, 50)
    if squares.left.size:
        assert (day / km)[squares.kept].min() >= (day / km)[squares.left].max()
        low, high = squares.corners[::2][squares.cell], squares.corners[1::2][squares.cell]
        assert ((low <= middle[squares.left]) & (middle[squares.left] < high + 1e-12)).all()
        north_m = np.radians(squares.corners[1, 1] - squares.corners[0, 1]) * 6_371_008.8
        assert north_m == pytest.approx(300.0, rel=1e-6)


def test_a_small_city_has_no_squares(run: Results) -> None:
    data = pack_map(run)
    assert data["squares"]["total"] == 0
    assert data["squares"]["roads"] == []
    assert data["roads"] == road_of_link(run.network.links)[1].size


def test_hours_of_the_map_are_those_of_the_classes(large: Results) -> None:
    data = pack_map(large)
    layer = data["layers"][0]
    first = large.scenarios[0].inventory
    shown = np.array(layer["hours"]["baseline"])
    np.testing.assert_allclose(shown[:-1], class_shares(first, "NOx", data["classes"]), atol=1e-7)
    np.testing.assert_allclose(shown.sum(axis=1), 1.0, atol=3e-6)
    day = frames.day_values(large.scenarios[0], frames.specs()["NOx"]).sum()
    assert sum(layer["totals"]["baseline"]) == pytest.approx(day, rel=1e-6)


def test_roads_of_like_days_have_hours_of_their_own(large: Results) -> None:
    """A second group of each class, at night only, holds every other link: the map knows it by road and by scenario."""
    first = large.scenarios[0].inventory
    many = len(first.road_classes)
    classes = np.array([first.road_classes.index(c) for c in large.network.links["road_class"].to_list()])
    of_link = classes + many * (np.arange(classes.size) % 2)
    night = np.zeros(24)
    night[0] = 1.0
    shares = {
        (s.fleet.name, spec.pollutant): np.vstack(
            [class_shares(first, spec.pollutant, list(first.road_classes)), np.tile(night, (many, 1))]
        )
        for s in large.scenarios
        for spec in frames.map_specs(large)
    }
    groups = HourGroups(of_link, np.tile(np.arange(many), 2))
    data = pack_map(replace(large, map_hours=HoursOfLinks(groups, shares)))
    road = road_of_link(large.network.links)[1]
    km = large.network.links["length_km"].to_numpy()[road]
    kept = np.sort(np.argsort(-_base(large) / km, kind="stable")[:100])
    assert data["hour_group"] == of_link[road[kept]].tolist()
    hours = np.array(data["layers"][0]["hours"]["baseline"])
    assert hours.shape == (2 * many + 1, 24)  # the squares' own last
    np.testing.assert_allclose(hours[many : 2 * many, 0], 1.0)
    np.testing.assert_allclose(hours.sum(axis=1), 1.0, atol=3e-6)


def test_the_page_says_what_it_leaves_to_squares_and_how_exact_hours_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "draws the 100 roads that emit most" in text
    assert "The other 100 are drawn" in text
    assert "off by 1.2 % of the emissions; at worst by 62 %" in text
    manifest = json.loads((page.parent / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["map_hours"] == ERRORS.to_dicts()


def value_in_python(run: Results, place: int, scenario: int, hour: int) -> float:
    """Return kg of NOx per km of a drawn road in an hour, from the results alone."""
    road, first = road_of_link(run.network.links)
    day = np.bincount(road, weights=frames.day_values(run.scenarios[scenario], frames.specs()["NOx"]))
    km = run.network.links["length_km"].to_numpy()[first]
    r = np.sort(np.argsort(-_base(run) / km, kind="stable")[:100])[place]
    inventory = run.scenarios[scenario].inventory
    by_hour = inventory.class_hour[:, :, inventory.pollutants.index("NOx")]
    c = inventory.road_classes.index(run.network.links["road_class"][int(first[r])])
    return float(day[r] / km[r] * by_hour[c, hour] / by_hour[c].sum())


def _base(run: Results) -> np.ndarray:
    road, _ = road_of_link(run.network.links)
    return np.bincount(road, weights=frames.day_values(run.scenarios[0], frames.specs()["NOx"]))


@pytest.mark.browser
def test_a_value_in_the_page_is_the_one_of_python(large: Results, page: Path) -> None:
    with devtools.Browser() as browser:
        browser.open(page)
        for place, scenario, hour in ((0, 0, 8), (57, 1, 17), (99, 1, 0)):
            name = large.scenarios[scenario].fleet.name
            shown = browser.run(f"fleetMap.valueOf({place}, 'NOx', '{name}', {hour})")
            assert shown == pytest.approx(value_in_python(large, place, scenario, hour), rel=2e-4)
        whole = browser.run("fleetMap.totalOf('NOx', 'baseline', -1)")
        assert whole == pytest.approx(_base(large).sum(), rel=1e-6)
        assert browser.problems() == []


@pytest.mark.browser
def test_hour_and_scenario_are_chosen_by_hand(page: Path) -> None:
    with devtools.Browser() as browser:
        browser.open(page)
        browser.run(
            "for (const [id, value] of [['map-hour', '8'], ['map-scenario', 'd:electric']]) { const s = "
            "document.getElementById(id); s.value = value; s.dispatchEvent(new Event('change')); }"
        )
        browser.run("new Promise((done) => setTimeout(done, 300))")
        assert browser.run("document.getElementById('map').dataset.shows") == "NOx electric change 8"
        assert int(browser.run("document.getElementById('map').dataset.drawn")) > 100
        assert "08:00–09:00" in browser.run("document.getElementById('legend').textContent")
        assert "in this hour" in browser.run("document.getElementById('map-total').textContent")
        assert "08:00–09:00" in browser.run("document.getElementById('map').getAttribute('aria-label')")
        assert browser.problems() == []


def test_squares_are_packed_behind_the_roads(large: Results) -> None:
    data = pack_map(large)
    raw = gzip.decompress(base64.b64decode(data["blob"]))
    count = data["roads"] + len(data["squares"]["roads"])
    sizes = np.frombuffer(raw, "<u2", count)
    assert set(sizes[data["roads"] :].tolist()) == {2}
    assert int(sizes.sum()) == data["points"]
    assert sum(data["squares"]["roads"]) == data["squares"]["total"] == 100
