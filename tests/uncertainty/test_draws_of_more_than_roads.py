"""Draws where a registry is added up to groups, machines work beside the roads, and measures change who drives where."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import numpy as np
import polars as pl
import pytest
from drawn_city import prepared_city

from fleet_planner.activity.profiles import base_stream
from fleet_planner.factors.compiling.channels import CHANNELS, MEASURED, POLLUTANTS
from fleet_planner.inventory.groups import grouped_inventory
from fleet_planner.inventory.weights import km_per_day
from fleet_planner.pipeline.drawing.emitted import PER_YEAR, emitted
from fleet_planner.pipeline.drawing.on_links import drawn_links, wobble
from fleet_planner.pipeline.drawing.states import ground_of
from fleet_planner.scenarios.operation.traffic import stream_of
from fleet_planner.uncertainty.design import Drawer
from fleet_planner.uncertainty.roads import road_group_of, road_groups
from fleet_planner.uncertainty.sampling import Sample, cube
from fleet_planner.uncertainty.terms import BASE_OF_CHANNEL, BASES, factor_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared

    Array = NDArray[np.float64]

OPERATED = """
[[scenario]]
name = "zone"
title = "Zone, and filters"
[[scenario.measure]]
measure = "dpf_scr"
streams = ["rigid_truck"]
uptake = 0.5
[[scenario.operation.zone]]
road_classes = ["motorway", "primary"]
streams = ["rigid_truck", "car"]
standards = ["euro_III", "euro_4"]
hours = [7, 8, 9, 10, 11, 12]
responses = { ignore = 0.1, replace = 0.4, cancel = 0.2, other_hours = 0.3 }
[[scenario]]
name = "charge"
title = "A charge"
[[scenario.operation.zone]]
road_classes = ["motorway"]
streams = ["car"]
standards = ["euro_4"]
charge = true
responses = { pay = 0.6, cancel = 0.4 }
[[scenario]]
name = "ban"
title = "Days without old trucks"
[[scenario.operation.ban]]
days_per_year = 50.0
streams = ["rigid_truck"]
standards = ["euro_III"]
responses = { ignore = 0.2, other_days = 0.5, cancel = 0.3 }
[[scenario]]
name = "calm"
title = "30 km/h"
[[scenario.operation.speed_limit]]
limit_kmh = 30.0
road_classes = ["secondary", "residential"]
"""
LATER = "[uncertainty]\ndraws = 8\n[turnover]\nto_year = 2026\nyears = [2026]\n"
MACHINES = "machine_id,category,power_kw,model_year,site,lon,lat,count\na,excavator,120,2018,Tower,0.01,0.01,20\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("more")
    (folder / "m.csv").write_text(MACHINES, encoding="utf-8")
    more = f'{OPERATED}{LATER}[nonroad]\nfile = "m.csv"\n'
    return prepared_city(folder, more, (("[fleet]\n", "[fleet]\ngrouped = true\n"),))


@pytest.fixture(scope="module")
def ground(city: Prepared) -> Ground:
    return ground_of(city)


def drawer_of(ground: Ground, values: Array) -> Drawer:
    like = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    return Drawer(Sample(ground.sampler.inputs, values), like.nodes, like.effects)


def drawn_values(ground: Ground, draws: int) -> Array:
    """Return draws of all inputs but speeds, whose draws are near and not exact."""
    values = ground.sampler.values(cube(draws, ground.sampler.dimensions, "sobol", 5))
    still = np.array([one.group == "speeds" for one in ground.sampler.inputs])
    return np.where(still[None, :], 1.0, values)


def test_the_city_has_it_all(city: Prepared, ground: Ground) -> None:
    assert set(city.computed.operated) == {"zone", "charge", "ban", "calm"}
    assert city.nonroad is not None
    assert city.nonroad.total("NOx") > 0.0
    assert city.fleet.vehicles.filter(~pl.col("visiting"))["vehicle_id"].str.starts_with("group-").all()
    assert {(s.scenario, s.year) for s in ground.states} >= {(n, y) for n in ("zone", "ban") for y in (2024, 2026)}


def test_all_inputs_at_one_are_the_run(city: Prepared, ground: Ground) -> None:
    ones = drawer_of(ground, np.ones((1, len(ground.sampler.inputs))))
    found = emitted(ground, ones, city.nonroad)
    for state in ground.states:
        np.testing.assert_allclose(found.totals[state.key][0], found.central[state.key], rtol=1e-12)
    summed = {s.name: i.link.sum(axis=0) for s, i in city.computed.states}
    for name, link in summed.items():
        machines = np.array([city.nonroad.total(p) for p in POLLUTANTS]) if city.nonroad else 0.0
        np.testing.assert_allclose(found.totals[name, 2024][0], (link + machines) * PER_YEAR, rtol=1e-12)


def whole_run(city: Prepared, ground: Ground, name: str, values: Array) -> Array:
    """Compute the inventory of a scenario in operation anew, with every input changed as one draw has it.

    A group drives more where the roads that it uses carry more of its stream, and where its standards are more common.
    """
    value = dict(zip((one.name for one in ground.sampler.inputs), values, strict=True))
    computed, left = city.computed, city.computed.operated[name].traffic
    rows, activity = left.vehicles, left.activity
    streams, groups = rows["stream"].to_list(), rows["group"].to_list()
    before = computed.states[0][0].vehicles["standard"].gather(rows["baseline_row"])
    mix = np.array([value[f"mix.derived:{s}/{k}"] for s, k in zip(streams, before, strict=True)])
    km_row = km_per_day(rows)
    by_group = np.array([value[f"roads.{g}"] for g in road_groups()])[road_group_of(city.network.links)]
    spread = activity.km * by_group[None, :]
    whole = np.array([stream_of(g) for g in activity.streams])
    on_roads = np.ones(len(activity.streams))
    for stream in set(streams):
        own = np.array([s == stream for s in streams])
        mix[own] /= (km_row * mix)[own].sum() / km_row[own].sum()
        if stream.startswith("visiting_"):
            mix[own] *= value[f"mix.visiting:{base_stream(stream)}"]
        mine = whole == stream
        kept = activity.km[mine].sum() / spread[mine].sum()
        on_roads[mine] = kept * spread[mine].sum(axis=1) / np.maximum(activity.km[mine].sum(axis=1), 1e-300)
    more = np.array([value[f"activity:{base_stream(s)}"] for s in streams])
    place = {g: i for i, g in enumerate(activity.streams)}
    more *= on_roads[[place[g] for g in groups]]
    vehicles = rows.with_columns(
        count=pl.col("count") * pl.Series(mix), km_per_year=pl.col("km_per_year") * pl.Series(more)
    )
    wanted = np.zeros(len(activity.streams))
    np.add.at(wanted, [place[g] for g in groups], km_per_day(vehicles))
    total = spread.sum(axis=1)
    km = spread * np.divide(wanted, total, out=np.zeros_like(total), where=total > 0.0)[:, None]
    scale = computed.factors.scale.copy()
    for t, technology in enumerate(computed.factors.technologies.iter_rows(named=True)):
        for c in range(len(CHANNELS)):
            scale[t, c] *= value.get(factor_name(technology, BASES[BASE_OF_CHANNEL[c]]), 1.0)
    effects = drawer_of(ground, values[None, :]).effects
    multipliers = left.multipliers
    for pollutant in MEASURED:
        ratio = [
            np.prod([value[f"effects:{item}"] for item, _, _ in effects.acting(m, pollutant, filtered="DPF" in a)])
            for m, a in rows.select("measures", "aftertreatment").iter_rows()
        ]
        multipliers = multipliers.with_columns(pl.col(pollutant) * pl.Series(ratio, dtype=pl.Float64))
    changed = replace(activity, km=np.ascontiguousarray(km))
    factors, context = replace(computed.factors, scale=scale), computed.setting.context
    inventory = grouped_inventory(vehicles, multipliers, city.network.links, changed, factors, context, stream_of)
    assert inventory.closure["vkt"] < 1e-9
    link: Array = inventory.link.sum(axis=0)
    return link


@pytest.mark.parametrize("name", ["zone", "charge", "ban", "calm"])
def test_three_draws_are_whole_runs_with_other_inputs(city: Prepared, ground: Ground, name: str) -> None:
    values = drawn_values(ground, 3)
    drawer = drawer_of(ground, values)
    found = emitted(ground, drawer, city.nonroad).totals[name, 2024] / PER_YEAR
    assert city.nonroad is not None
    machines = np.array([city.nonroad.total(p) for p in POLLUTANTS])
    grid = POLLUTANTS.index("CO2_grid")
    for draw in range(3):
        expected = whole_run(city, ground, name, values[draw])
        expected[grid] *= drawer.of("grid")[draw]
        expected = expected + machines * drawer.of("nonroad")[draw]
        np.testing.assert_allclose(found[draw], expected, rtol=1e-9)
        assert not np.allclose(found[draw], ground_central(ground, name) + machines, rtol=0.01)


def test_links_of_measures_in_operation_have_bands_of_their_own_traffic(city: Prepared, ground: Ground) -> None:
    bands = drawn_links(city, ground, drawer_of(ground, drawn_values(ground, 64)))
    still = drawn_links(city, ground, drawer_of(ground, np.ones((64, len(ground.sampler.inputs)))))
    walk = wobble(ground, city.plan.uncertainty.seed)
    assert set(bands) >= {"baseline", "zone", "charge", "ban", "calm"}
    for state, inventory in city.computed.states:
        value = inventory.link[:, POLLUTANTS.index("NOx")]
        some = value > 0.0
        ends, alone = bands[state.name]["NOx"], still[state.name]["NOx"]
        assert (ends[some, 0] < value[some]).all()
        assert (ends[some, 1] > value[some]).all()
        assert (alone[some] >= value[some, None] * walk.min() * (1.0 - 1e-12)).all()
        assert (alone[some] <= value[some, None] * walk.max() * (1.0 + 1e-12)).all()
        assert not ends[~some].any()


def ground_central(ground: Ground, name: str) -> Array:
    return next(state.central for state in ground.states if state.key == (name, 2024))


def digests(folder: Path) -> list[str]:
    """Return a hash of totals and bands of links on 1, 2 and 4 threads, everything but the inventories made anew."""
    city = prepared_city(folder, OPERATED)
    found = []
    for threads in (1, 2, 4):
        numba.set_num_threads(threads)
        ground = ground_of(city)
        drawer = ground.drawer(cube(32, ground.sampler.dimensions, "sobol", 3))
        links = [ends for bands in drawn_links(city, ground, drawer).values() for ends in bands.values()]
        figures = [*emitted(ground, drawer, None).totals.values(), *links]
        found.append(hashlib.sha256(b"".join(values.tobytes() for values in figures)).hexdigest())
    return found


def test_draws_are_the_same_bytes_on_one_two_and_four_threads(tmp_path: Path) -> None:
    """In a process of its own, which is given four threads whatever this machine has."""
    own = {**os.environ, "NUMBA_NUM_THREADS": "4"}
    command = [sys.executable, "-c", f"import {Path(__file__).stem} as t; print(*t.digests(t.Path({str(tmp_path)!r})))"]
    done = subprocess.run(command, cwd=Path(__file__).parent, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    assert len(found) == 3
    assert len(set(found)) == 1
