"""Draws of a city: at one they are the run; otherwise they are whole runs with other inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numba
import numpy as np
import pytest
from drawn_city import EXACT, points, prepared_city, whole_run, without_speeds

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.inventory.carried import stream_links_by_tile
from fleet_planner.pipeline.computing.targets import verdicts
from fleet_planner.pipeline.drawing.emitted import emitted
from fleet_planner.pipeline.drawing.figures import Drawn, banded_targets, emission_figures, findings_of
from fleet_planner.pipeline.drawing.on_links import drawn_links
from fleet_planner.pipeline.drawing.states import Ground, ground_of
from fleet_planner.tiles import Scratch, Tiles
from fleet_planner.uncertainty.design import Drawer
from fleet_planner.uncertainty.sampling import Sample, cube
from fleet_planner.uncertainty.terms import factor_name

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.prepare import Prepared

    Array = NDArray[np.float64]

BY_SPEED = 0.01
"""Stated error of a draw with other speeds: the parabola, and speeds of roads of all kinds moved alike."""

LATER = (
    "[uncertainty]\ndraws = 64\n[turnover]\nto_year = 2027\nyears = [2027]\n"
    '[[target]]\nname = "clean"\npollutant = "PM_exhaust"\ncut_pct = 40.0\nbase_year = 2024\nyear = 2027\nfuels = ["diesel"]\n'
    '[[target]]\nname = "peak"\npollutant = "CO2_total"\npeak_before = 2026\n'
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared_city(tmp_path_factory.mktemp("drawn"), LATER)


@pytest.fixture(scope="module")
def ground(city: Prepared) -> Ground:
    return ground_of(city)


def drawn(ground: Ground, values: Array) -> list[Array]:
    """Return the totals of all states in the draws with given multipliers."""
    like = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    drawer = Drawer(Sample(ground.sampler.inputs, values), like.nodes, like.effects)
    return [drawer.totals(state.terms).sum(axis=1) for state in ground.states]


def test_every_group_is_drawn(ground: Ground) -> None:
    spread = ground.sampler.values(cube(64, ground.sampler.dimensions, "lhs", 1)).std(axis=0)
    moving = {one.group for one, sd in zip(ground.sampler.inputs, spread, strict=True) if sd > 0.0}
    assert moving == {"factors", "activity", "fleet", "speeds", "effects", "grid"}


def test_all_multipliers_at_one_are_the_run(ground: Ground) -> None:
    totals = drawn(ground, np.ones((1, len(ground.sampler.inputs))))
    for state, got in zip(ground.states, totals, strict=True):
        np.testing.assert_allclose(got[0], state.central, rtol=1e-12)


def test_few_draws_are_told(city: Prepared, ground: Ground) -> None:
    """The band of 95 % of 64 draws ends at the second draw from either side; 100 have two and a half beyond it."""
    section = city.plan.uncertainty
    few = [f for f in findings_of(section, ground) if f.code == "uncertainty.few"]
    assert [(f.count, f.values["needed"]) for f in few] == [(64, 100)]
    enough = section.model_copy(update={"draws": 100})
    assert "uncertainty.few" not in {f.code for f in findings_of(enough, ground)}


def test_only_what_is_drawn_is_told_as_unchecked(city: Prepared, ground: Ground) -> None:
    section = city.plan.uncertainty.model_copy(update={"off": ["activity", "speeds"]})
    told = next(f for f in findings_of(section, ground, frozenset({"valuation"})) if f.code == "uncertainty.unchecked")
    names = str(told.values["inputs"]).split(", ")
    assert {"factors", "mix.given", "valuation"} <= set(names)
    assert not {"activity", "links", "roads.main", "speeds.peak"} & set(names)


def test_later_years_are_among_the_states(ground: Ground) -> None:
    assert {(s.scenario, s.year) for s in ground.states} == {
        (scenario, year) for scenario in ("baseline", "treated", "electric_buses") for year in (2024, 2025, 2026, 2027)
    }


def test_chances_of_targets_are_shares_of_draws(city: Prepared, ground: Ground) -> None:
    """By hand for the cut: the emission of diesels in the last year against that of the first, draw by draw."""
    drawer = ground.drawer(cube(64, ground.sampler.dimensions, "sobol", 1))
    found = emitted(ground, drawer, None, city.aims)
    judged = verdicts(city.plan, city.aims, city.computed, city.later)
    section = city.plan.uncertainty.model_copy(update={"level": 0.9})
    table = banded_targets(city, judged, Drawn(section, ground, drawer, found, tuple(emission_figures(found))))
    then, now = (
        drawer.totals(s.terms, s.year - 2024)[:, s.terms.outputs["fuel"] == "diesel"].sum(axis=1)
        for key in (("treated", 2027), ("baseline", 2024))
        for s in ground.states
        if s.key == key
    )
    p = POLLUTANTS.index("PM_exhaust")
    row = table.filter(target="clean", scenario="treated").row(0, named=True)
    assert row["met_probability"] == pytest.approx(np.mean(then[:, p] <= 0.6 * now[:, p]))
    assert row["low_per_year"] < row["value_per_year"] < row["high_per_year"]
    assert table["met_probability"].is_between(0.0, 1.0).all()
    cuts = table.filter(kind="cut")
    assert ((cuts["verdict"] == "met") == (cuts["met_probability"] > 0.5)).all()


def test_bands_of_links_hold_the_run_and_streams_add_up(city: Prepared, ground: Ground, tmp_path: Path) -> None:
    drawer = ground.drawer(cube(200, ground.sampler.dimensions, "sobol", 2))
    bands = drawn_links(city, ground, drawer)
    assert list(bands) == [state.name for state, _ in city.computed.states]
    names = city.plan.outputs.map_pollutants
    ones = Drawer(Sample(ground.sampler.inputs, np.ones((1, len(ground.sampler.inputs)))), drawer.nodes, drawer.effects)
    given = (city.network.links, city.computed.activity, city.computed.factors, city.computed.setting.context)
    for (state, inventory), place in zip(city.computed.states, ground.states, strict=False):
        for name, ends in bands[state.name].items():
            value = inventory.link[:, POLLUTANTS.index(name)]
            some = value > 0.0
            assert (ends[some, 0] < value[some]).all()
            assert (ends[some, 1] > value[some]).all()
            assert not ends[~some].any()
        np.testing.assert_allclose(ones.on_roads(place.terms, ("NOx", "CO2")), 1.0, rtol=1e-12)
        tiles = list(stream_links_by_tile(state.vehicles, state.multipliers, *given, names))
        parts = np.concatenate([emitted.sum(axis=0) for _, emitted in tiles])
        whole = inventory.link[:, [POLLUTANTS.index(name) for name in names]]
        np.testing.assert_allclose(parts, whole, rtol=1e-12)
    activity = replace(city.computed.activity, tiles=Tiles(1000, Scratch(tmp_path)))
    in_tiles = drawn_links(replace(city, computed=replace(city.computed, activity=activity)), ground, drawer)
    for scenario, of_scenario in bands.items():
        for name, ends in of_scenario.items():
            np.testing.assert_array_equal(in_tiles[scenario][name], ends)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_three_draws_are_whole_runs_with_other_inputs(city: Prepared, ground: Ground, number: int) -> None:
    values = without_speeds(ground, points(ground))
    totals = drawn(ground, values)[number]
    for draw in range(values.shape[0]):
        np.testing.assert_allclose(totals[draw], whole_run(city, ground, number, values[draw]), rtol=EXACT)


def test_speeds_are_as_near_as_stated(city: Prepared, ground: Ground) -> None:
    values = points(ground, 4)
    totals = drawn(ground, values)[0]
    moved = 0.0
    for draw in range(values.shape[0]):
        whole = whole_run(city, ground, 0, values[draw])
        np.testing.assert_allclose(totals[draw], whole, rtol=BY_SPEED)
        still = whole_run(city, ground, 0, without_speeds(ground, values)[draw])
        moved = max(moved, float(np.max(np.abs(still / np.where(whole > 0.0, whole, 1.0) - 1.0))))
    assert moved > BY_SPEED  # speeds matter more than the error


def test_a_fitted_device_leaves_the_factor_the_one_it_was(ground: Ground) -> None:
    """Else the change that a filter brings to CO2 would be as uncertain as two unlike vehicles are."""
    first, filtered = (set(ground.states[k].terms.factors) for k in (0, 1))
    assert filtered & first
    assert all(name.endswith(("/slip", "/urea")) for name in filtered - first)  # which no truck has without its device
    truck = {"category": "heavy_truck", "fuel": "diesel", "standard": "euro_3", "aftertreatment": "none"}
    fitted = {**truck, "aftertreatment": "DPF_retrofit+SCR_retrofit"}
    other = {**truck, "aftertreatment": "SCR"}
    names = [factor_name(t, ("NOx", "hot")) for t in (truck, fitted, other)]
    assert names[0] == names[1] != names[2]


def test_draws_do_not_depend_on_threads(ground: Ground) -> None:
    values = points(ground, 16)
    first = drawn(ground, values)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        second = drawn(ground, values)
    finally:
        numba.set_num_threads(before)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a, b)
