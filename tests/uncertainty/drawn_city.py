"""A small city with main and local roads, retrofits, renewable diesel and electric buses, for tests of draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.profiles import base_stream
from fleet_planner.factors.compiling.channels import CHANNELS, MEASURED
from fleet_planner.inventory import compute_inventory
from fleet_planner.inventory.carried import by_hour
from fleet_planner.pipeline.prepare import Prepared, prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent
from fleet_planner.uncertainty.roads import road_group_of, road_groups
from fleet_planner.uncertainty.sampling import cube
from fleet_planner.uncertainty.terms import BASE_OF_CHANNEL, BASES, factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.drawing.states import Ground

    Array = NDArray[np.float64]

EXACT = 1e-9
CLASSES = ("motorway", "primary", "secondary", "residential")
NODES = "".join(f"<node id='{i + 1}' lat='{0.01 * (i // 3)}' lon='{0.01 * (i % 3)}'/>" for i in range(12))


def way(number: int, road: str, nodes: list[int]) -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes)
    return f"<way id='{number}'>{refs}<tag k='highway' v='{road}'/></way>"


WAYS = "".join(way(k + 1, road, [3 * k + 1, 3 * k + 2, 3 * k + 3]) for k, road in enumerate(CLASSES))
WAYS += way(9, "tertiary", [1, 4, 7, 10]) + way(10, "residential", [3, 6, 9, 12])
OSM = f"<osm version='0.6'>{NODES}{WAYS}</osm>"
REGISTRY = (
    "vehicle_id,category,fuel,standard,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "1,heavy_truck,diesel,euro_III,12000,2005,rigid_truck,40000,30\n"
    "2,heavy_truck,diesel,,12000,2016,rigid_truck,40000,50\n"
    "3,bus,diesel,,17500,2012,urban_bus,60000,10\n"
    "4,passenger_car,petrol,,,2015,car,12000,4000\n"
    "5,passenger_car,diesel,euro_4,,2008,car,15000,1000\n"
)
PLAN = (
    '[city]\nname = "x"\ncountry = "EU"\nyear = 2024\n[network]\nfile = "n.osm"\ncache = false\n'
    '[fleet]\nregistry = "r.csv"\nvisiting_share = { rigid_truck = 0.3 }\n'
    '[[scenario]]\nname = "treated"\ntitle = "Filters and renewable diesel"\n'
    '[[scenario.measure]]\nmeasure = "dpf_scr"\nstreams = ["rigid_truck"]\nuptake = 0.5\n'
    '[[scenario.measure]]\nmeasure = "rd99"\nstreams = ["rigid_truck"]\n'
    '[[scenario]]\nname = "electric_buses"\ntitle = "Electric buses"\n'
    '[[scenario.measure]]\nmeasure = "bev_bus"\nstreams = ["urban_bus"]\n'
)


def write_city(folder: Path, more: str = "", changes: Iterable[tuple[str, str]] = ()) -> Path:
    """Write the inputs into a folder, with more in the plan and other words for some of it; return the plan."""
    plan = PLAN + more
    for old, new in changes:
        assert plan.count(old) == 1
        plan = plan.replace(old, new)
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return folder / "plan.toml"


def prepared_city(folder: Path, more: str = "", changes: Iterable[tuple[str, str]] = ()) -> Prepared:
    """Return the city, its inventories computed."""
    path = write_city(folder, more, changes)
    return prepare(load_plan(path), folder, silent)


def points(ground: Ground, draws: int = 3) -> Array:
    return ground.sampler.values(cube(draws, ground.sampler.dimensions, "sobol", 5))


def without_speeds(ground: Ground, values: Array) -> Array:
    still = np.array([one.group == "speeds" for one in ground.sampler.inputs])
    return np.where(still[None, :], 1.0, values)


def whole_run(city: Prepared, ground: Ground, number: int, values: Array, weight: Array | None = None) -> Array:
    """Compute the inventory of a state anew, with every input changed as one draw has it; what its hours weigh."""
    value = dict(zip((one.name for one in ground.sampler.inputs), values, strict=True))
    computed, terms = city.computed, ground.states[number].terms
    state, start = computed.states[number][0], computed.states[0][0]
    rows = state.vehicles
    streams = rows["stream"].to_list()
    before = start.vehicles["standard"].gather(rows["baseline_row"]) if number else rows["standard"]
    mix = np.array([value[f"mix.derived:{s}/{k}"] for s, k in zip(streams, before, strict=True)])
    km_row = (rows["km_per_year"] * rows["share_inside"] * rows["count"]).to_numpy()
    for stream in set(streams):
        own = np.array([s == stream for s in streams])
        mix[own] /= (km_row * mix)[own].sum() / km_row[own].sum()
        if stream.startswith("visiting_"):
            mix[own] *= value[f"mix.visiting:{base_stream(stream)}"]
    more = np.array([value[f"activity:{base_stream(s)}"] for s in streams])
    vehicles = rows.with_columns(
        count=pl.col("count") * pl.Series(mix), km_per_year=pl.col("km_per_year") * pl.Series(more)
    )
    activity = computed.activity
    by_group = np.array([value[f"roads.{g}"] for g in road_groups()])[road_group_of(city.network.links)]
    km = activity.km * by_group[None, :]
    km *= (activity.km.sum(axis=1) / km.sum(axis=1))[:, None]
    for s, stream in enumerate(activity.streams):
        km[s] *= value[f"activity:{base_stream(stream)}"] * value.get(f"mix.visiting:{base_stream(stream)}", 1.0) ** (
            stream.startswith("visiting_")
        )
    peak = activity.mode == 0
    speed = activity.speed_kmh * np.where(peak, value["speeds.peak"], value["speeds.other"])
    scale = computed.factors.scale.copy()
    for t, technology in enumerate(computed.factors.technologies.iter_rows(named=True)):
        for c in range(len(CHANNELS)):
            scale[t, c] *= value.get(factor_name(technology, BASES[BASE_OF_CHANNEL[c]]), 1.0)
    drawer = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    multipliers = state.multipliers
    for name in MEASURED:
        ratio = [
            np.prod([value[f"effects:{item}"] for item, _, _ in drawer.effects.acting(m, name, filtered="DPF" in a)])
            for m, a in rows.select(
                "measures" if number else pl.lit("").alias("measures"), "aftertreatment"
            ).iter_rows()
        ]
        multipliers = multipliers.with_columns(pl.col(name) * pl.Series(ratio, dtype=pl.Float64))
    assert terms.standing.any()
    changed = replace(activity, km=np.ascontiguousarray(km), speed_kmh=np.ascontiguousarray(speed))
    inventory = compute_inventory(
        vehicles,
        multipliers,
        city.network.links,
        changed,
        replace(computed.factors, scale=scale),
        computed.setting.context,
    )
    assert inventory.closure["vkt"] < EXACT
    if weight is None:
        return inventory.link.sum(axis=0)
    scaled = replace(computed.factors, scale=scale)
    hours = by_hour(vehicles, multipliers, city.network.links, changed, scaled, computed.setting.context)
    return np.sum([weight[:, h] @ of_hour for h, of_hour in enumerate(hours)], axis=0)
