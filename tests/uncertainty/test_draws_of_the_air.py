"""Draws of what people breathe: at one they are the run; otherwise they are whole runs with other inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from drawn_city import points, whole_run, without_speeds, write_city

from fleet_planner.pipeline.computing.air import AirResult, near_road_air
from fleet_planner.pipeline.drawing.exposed import DISPERSION, banded_exposure, breathed, dispersion_draws
from fleet_planner.pipeline.drawing.parts_of import by_stream, hours_table
from fleet_planner.pipeline.drawing.states import Ground, ground_of, weighted_terms
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent
from fleet_planner.uncertainty.design import Drawer
from fleet_planner.uncertainty.sampling import Sample, cube

if TYPE_CHECKING:
    from fleet_planner.pipeline.prepare import Prepared

MORE = '[uncertainty]\ndraws = 64\n[impacts]\npollutants = ["NOx", "PM2.5"]\nozone_ug_m3 = 40.0\nreach_m = 500.0\n'
EXACT = 1e-9


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("air")
    path = write_city(folder, MORE)
    square = {"type": "Polygon", "coordinates": [[[0, 0], [0.02, 0], [0.02, 0.03], [0, 0.03], [0, 0]]]}
    zone = {"type": "Feature", "properties": {"zone_id": "1", "population": 1000}, "geometry": square}
    (folder / "z.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}), encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("cache = false", 'cache = false\nzones = "z.geojson"')
    path.write_text(text, encoding="utf-8")
    return prepare(load_plan(path), folder, silent)


@pytest.fixture(scope="module")
def air(city: Prepared) -> AirResult:
    found = near_road_air(city.run, city.computed)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def ground(city: Prepared) -> Ground:
    return ground_of(city)


def weight(city: Prepared) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return what a kilogram does, made up: other on every link and in every hour."""
    return np.random.default_rng(3).uniform(0.0, 2.0, (city.network.links.height, city.computed.activity.hours))


def test_weighted_terms_at_one_are_what_vehicles_emit_times_the_weight(city: Prepared, ground: Ground) -> None:
    by = weight(city)
    for number, (_, terms) in enumerate(weighted_terms(city, ground, by)):
        told = city.run.weighted_vehicles(city.computed, number, by).sum(axis=0)
        np.testing.assert_allclose(terms.central().sum(axis=0), told, rtol=1e-12)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_draws_are_whole_runs_weighted(city: Prepared, ground: Ground, number: int) -> None:
    by = weight(city)
    values = without_speeds(ground, points(ground, 2))
    like = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    drawer = Drawer(Sample(ground.sampler.inputs, values), like.nodes, like.effects)
    _, terms = weighted_terms(city, ground, by)[number]
    totals = drawer.totals(terms).sum(axis=1)
    for draw in range(values.shape[0]):
        whole = whole_run(city, ground, number, values[draw], by)
        np.testing.assert_allclose(totals[draw], whole, rtol=EXACT)


def test_the_dispersion_widens_the_mean_but_not_the_change(city: Prepared, ground: Ground, air: AirResult) -> None:
    drawer = ground.drawer(cube(64, ground.sampler.dimensions, "sobol", 1))
    figures = breathed(city, ground, drawer, air).figures()
    off = dispersion_draws(city.plan.uncertainty, ground.spreads)
    assert off.std() > 0.1
    still = replace(ground, spreads=replace(ground.spreads, off=frozenset({DISPERSION})))
    alone = breathed(city, still, drawer, air).figures()
    for one, other in zip(figures, alone, strict=True):
        if one.figure == "exposure":
            np.testing.assert_allclose(one.draws, other.draws * off, rtol=1e-12)
        else:
            np.testing.assert_allclose(one.draws, other.draws, rtol=1e-9, atol=1e-9)
    table = banded_exposure(air.table, figures, 0.9)
    some = table.filter((pl.col("pollutant") != "NO2") & (pl.col("traffic_ug_m3") > 0.0))
    assert some.height == 6
    assert (some["low_ug_m3"] < some["traffic_ug_m3"]).all()
    assert (some["high_ug_m3"] > some["traffic_ug_m3"]).all()


def test_hours_of_a_draw_add_up_to_its_total(city: Prepared, ground: Ground) -> None:
    drawer = ground.drawer(cube(8, ground.sampler.dimensions, "sobol", 1))
    state = ground.states[1]
    inventory = city.computed.states[1][1]
    place = [state.terms.streams.index(s) for s in inventory.streams]
    p = inventory.pollutants.index("NOx")
    drawn = inventory.stream_hour[:, :, p].sum(axis=1) @ by_stream(state, drawer, ["NOx"])[:, place, 0].T
    np.testing.assert_allclose(drawn, drawer.totals(state.terms).sum(axis=1)[:, p], rtol=1e-10)
    table = hours_table(city, ground, drawer, 0.9)
    assert table.filter(pl.col("low") > pl.col("value")).height < table.height / 4
    sums = table.filter(scenario="treated", pollutant="NOx")["value"].sum()
    assert sums == pytest.approx(state.central[p] / 1e3)


def test_areas_that_make_up_the_city_have_its_bands(city: Prepared, ground: Ground) -> None:
    """One area of everything: what is drawn of it is what is drawn of the city."""
    links, hours = city.network.links.height, city.computed.activity.hours
    drawer = ground.drawer(cube(8, ground.sampler.dimensions, "sobol", 1))
    for state, terms in weighted_terms(city, ground, np.ones((links, hours))):
        whole = drawer.totals(state.terms).sum(axis=1)
        np.testing.assert_allclose(drawer.totals(terms).sum(axis=1), whole, rtol=1e-10)
