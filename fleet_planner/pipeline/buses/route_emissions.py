"""What the buses of each route emit today: the exhaust that is gone once electric buses run it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import AVERAGE, KINDS
from fleet_planner.activity.timetables.buses import BUS_STREAM
from fleet_planner.economics.grid_path import city_grid
from fleet_planner.findings import Finding
from fleet_planner.fleet import load_fleet
from fleet_planner.network.zones import map_zones, read_zone_layer
from fleet_planner.pipeline.computing.air import air_figures, ground_of
from fleet_planner.pipeline.computing.bus_service import buses_on_roads
from fleet_planner.pipeline.computing.inventories import Clock, Inventories
from fleet_planner.pipeline.computing.places import read_home_places
from fleet_planner.pipeline.computing.traffic import assigned_traffic
from fleet_planner.scenarios import measures_table
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.network import Network
    from fleet_planner.pipeline.computing.inventories import Computed
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.transit_feed import Feed

Float = NDArray[np.float64]
EXHAUST = {"NOx": "nox", "PM_exhaust": "pm_exhaust", "CO2": "co2"}
"""Pollutants of the pipe that are told by route, and their names in columns."""
NO_EXHAUST = ("electricity", "hydrogen")
EXPOSED = {"NOx": "nox_exposure_people_ug_m3", "PM_exhaust": "pm_exhaust_exposure_people_ug_m3"}
"""Pollutants whose exposure is told by block and route where the plan follows the air, and their columns."""
G_PER_KG = 1e3
KG_PER_T = 1e3
LEAST_KM = 1e-9


def route_emissions(
    plan: Plan,
    base: Path,
    network: Network,
    feeds: Mapping[str, Feed],
    days: Mapping[str, ServiceDay],
    progress: Progress,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return what the routes emit today: ``kind_of_day, block_id, route, km`` and ``<pollutant>_kg_per_day``.

    Where the plan follows the air near roads and has zones, also what people breathe of it (columns of `EXPOSED`).

    The mean factor of the registry's urban buses with a combustion engine, by link and at the speeds of the hours in
    which buses pass it, times the km of the timetable with and without passengers.

    Parameters
    ----------
    plan, base
        The plan and its folder; of the registry the urban buses are used.
    network, feeds, days
        Roads, timetable and days of buses by kind of day.
    progress
        Told of the steps.

    Raises
    ------
    UserError
        The registry or another file of the plan is wrong.
    """
    if not (base / plan.fleet.registry).is_file():
        return pl.DataFrame(), [Finding("buses.no_registry", "info", {"file": plan.fleet.registry})]
    factor, findings = _factors(plan, base, network, feeds, progress)
    if factor is None:
        return pl.DataFrame(), findings
    tables = [_of_day(day, factor) for day in days.values()]
    return pl.concat(tables), findings


def exposure_by(by_block: pl.DataFrame, keys: Sequence[str], usd: float | None = None) -> pl.DataFrame:
    """Return what people breathe of blocks or routes (``tables/columns/block_exposure.csv``); no rows if not known.

    Parameters
    ----------
    by_block
        Of `route_emissions`.
    keys
        ``kind_of_day`` with ``block_id`` or ``route``.
    usd
        Damage a year of a person times µg/m3 of exhaust particles, US$ of 2024; unknown if not given.
    """
    if by_block.is_empty() or not set(EXPOSED.values()) <= set(by_block.columns):
        return pl.DataFrame()
    breathing = air_figures()["breathing"]
    summed = by_block.group_by(*keys, maintain_order=True).agg(pl.col("km", *EXPOSED.values()).sum())
    driven = pl.when(pl.col("km") > LEAST_KM)
    per_km = [
        driven.then(pl.col(column) * breathing / pl.col("km")).alias(f"{EXHAUST[name]}_breathed_ug_per_km")
        for name, column in EXPOSED.items()
    ]
    a_year = pl.col(EXPOSED["PM_exhaust"]) * pl.lit(usd, dtype=pl.Float64)
    damage = driven.then(a_year / (pl.col("km") * DAYS_PER_YEAR)).alias("pm_exhaust_damage_usd2024_per_km")
    return summed.with_columns(*per_km, damage)


def feasible_blocks(judged: pl.DataFrame) -> pl.DataFrame:
    """Return ``kind_of_day, block_id, feasible``: whether a block holds in every case of weather as it is.

    Parameters
    ----------
    judged
        ``tables/columns/bus_feasibility.csv``.
    """
    return judged.group_by("kind_of_day", "block_id").agg(pl.col("feasible").all())


def feasible_by_route(days: Mapping[str, ServiceDay], judged: pl.DataFrame) -> pl.DataFrame:
    """Return ``kind_of_day, route, feasible_share``: the share of a route's km in blocks that hold as they are."""
    moves = pl.concat(
        day.movements.filter(pl.col("kind") == "trip").select(
            pl.lit(kind).alias("kind_of_day"), "block_id", "route", "km"
        )
        for kind, day in days.items()
    )
    known = moves.join(feasible_blocks(judged), on=["kind_of_day", "block_id"], how="left")
    whole, holds = pl.col("km").sum(), pl.col("km").filter(pl.col("feasible")).sum()
    share = pl.when(whole > 0.0).then(holds / whole).alias("feasible_share")
    return known.group_by("kind_of_day", "route").agg(share).sort("kind_of_day", "route")


def by_route(by_block: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Return ``tables/columns/route_emissions.csv``: what routes emit, and of it what feasible blocks cut."""
    if by_block.is_empty():
        return by_block
    known = by_block.join(feasible_blocks(judged), on=["kind_of_day", "block_id"], how="left")
    holds = pl.col("feasible").fill_null(value=False)
    sums = {"km": pl.col("km").sum(), "feasible_km": pl.col("km").filter(holds).sum()}
    for name in EXHAUST.values():
        kg = pl.col(f"{name}_kg_per_day")
        sums |= {f"{name}_kg_per_day": kg.sum(), f"{name}_cut_kg_per_day": kg.filter(holds).sum()}
    return known.group_by("kind_of_day", "route", maintain_order=True).agg(**sums)


def yearly(by_day: pl.DataFrame) -> pl.DataFrame:
    """Return tonnes a year by route: each kind of day as often as it comes, 5/7, 1/7 and 1/7 of the year.

    ``held_share`` is the share of the year's km in feasible blocks.
    """
    if by_day.is_empty():
        return by_day
    share = dict(zip(KINDS, AVERAGE.mix, strict=True))
    count = pl.col("kind_of_day").replace_strict(share, return_dtype=pl.Float64) * DAYS_PER_YEAR
    names = [f"{name}{kind}" for name in EXHAUST.values() for kind in ("", "_cut")]
    kg = {f"{n}_t_per_year": (pl.col(f"{n}_kg_per_day") * count).sum() / KG_PER_T for n in names}
    share_held = (pl.col("feasible_km") * count).sum() / (pl.col("km") * count).sum()
    held = pl.when((pl.col("km") * count).sum() > 0.0).then(share_held).otherwise(0.0)
    table = by_day.group_by("route").agg(km_per_year=(pl.col("km") * count).sum(), held_share=held, **kg)
    return table.sort("route")


def _factors(
    plan: Plan, base: Path, network: Network, feeds: Mapping[str, Feed], progress: Progress
) -> tuple[Float | None, list[Finding]]:
    """Return g per km by link, shape (links + 1, pollutants), the last row the mean of all roads.

    Where the air is followed, further columns are people times µg/m3 per km a day, of `EXPOSED`.
    """
    plan = plan.model_copy(update={"scenario": []})
    fleet = load_fleet(plan.fleet, base, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads)
    places = read_home_places(plan.places, base)
    buses = buses_on_roads(network, feeds, plan, fleet.vehicles, places.depots)
    layer = read_zone_layer(plan.network.zones, base) if plan.network.zones else None
    zones = None if layer is None else map_zones(layer, plan.traffic.assignment, plan.network.zones)
    assigned = assigned_traffic(plan, base, network, fleet.vehicles, layer, feeds, buses, progress)
    engine = (pl.col("stream") == BUS_STREAM) & ~pl.col("fuel").is_in(NO_EXHAUST) & ~pl.col("visiting")
    own = replace(fleet, vehicles=fleet.vehicles.filter(engine))
    if own.vehicles.is_empty():
        return None, [Finding("buses.no_engines", "info", {"file": plan.fleet.registry})]
    grid = city_grid(plan.electricity, plan.city.grid_region or plan.city.country, plan.city.year, base).average
    run = Inventories(plan, base, network, feeds, grid, measures_table(), Clock(), progress, assigned, buses, zones)
    done = run.baseline_of(own)
    inventory = done.states[0][1]
    km = done.activity.km.reshape(done.activity.km.shape[0], network.links.height, -1).sum(axis=(0, 2))
    g = inventory.link[:, [inventory.pollutants.index(p) for p in EXHAUST]]
    mean = g.sum(axis=0) / max(float(km.sum()), LEAST_KM)
    driven = km > LEAST_KM
    factor = np.where(driven[:, None], g / np.where(driven, km, 1.0)[:, None], mean)
    values: dict[str, str | int | float] = {
        "buses": f"{own.vehicles['count'].sum():,.0f}",
        **{name: f"{value:.3g}" for name, value in zip(EXHAUST.values(), mean, strict=True)},
    }
    table = np.vstack([factor, mean])
    if plan.impacts.pollutants and zones is not None:
        exposed = _exposed(run, done)
        of_link = np.where(driven[:, None], exposed / np.where(driven, km, 1.0)[:, None], 0.0)
        all_roads = exposed.sum(axis=0) / max(float(km.sum()), LEAST_KM)
        table = np.hstack([table, np.vstack([np.where(driven[:, None], of_link, all_roads), all_roads])])
    return table, [Finding("buses.today", "info", values)]


def _exposed(run: Inventories, done: Computed) -> Float:
    """Return what people breathe of each link's buses, people times µg/m3, shape (links, pollutants of `EXPOSED`)."""
    weight = ground_of(run, done, air_figures()).by_link
    columns = [done.states[0][1].pollutants.index(p) for p in EXPOSED]
    out = np.zeros((weight.shape[0], len(columns)))
    for hour, grams in enumerate(run.hours_of(done, 0)):
        out += weight[:, hour, None] * grams[:, columns]
    return out / G_PER_KG


def _of_day(day: ServiceDay, factor: Float) -> pl.DataFrame:
    """Return km and kg of a day by block and route; ways without passengers go with the routes of their block."""
    way = np.repeat(np.arange(day.ways.first.size - 1), np.diff(day.ways.first))
    g = factor[day.ways.link] * day.ways.km[:, None]
    of_way = np.zeros((day.ways.first.size, factor.shape[1]))
    np.add.at(of_way, way, g)
    named = [(f"{name}_kg_per_day", 1.0 / G_PER_KG) for name in EXHAUST.values()]
    named += [(name, 1.0) for name in EXPOSED.values()][: factor.shape[1] - len(named)]
    moves = day.movements
    km = moves["km"].to_numpy()
    at = moves["way"].to_numpy()
    of_move = np.where((at >= 0)[:, None], of_way[at], km[:, None] * factor[-1])
    table = moves.select("block_id", "route", "km", empty=pl.col("kind") != "trip").with_columns(
        pl.Series(name, of_move[:, k] * scale) for k, (name, scale) in enumerate(named)
    )
    figures = ["km", *(name for name, _ in named)]
    trips = table.filter(~pl.col("empty"))
    share = trips.group_by("block_id", "route").agg(pl.col("km").sum())
    whole = pl.col("km").sum().over("block_id")
    alike = 1.0 / pl.len().over("block_id")
    share = share.select("block_id", "route", share=pl.when(whole > 0.0).then(pl.col("km") / whole).otherwise(alike))
    empty = table.filter("empty").group_by("block_id").agg(pl.col(figures).sum())
    empty = empty.join(share, on="block_id").with_columns(pl.col(figures) * pl.col("share"))
    columns = ("block_id", "route", *figures)
    both = pl.concat([trips.select(columns), empty.select(columns)])
    summed = both.group_by("block_id", "route").agg(pl.col(figures).sum()).sort("route", "block_id")
    return summed.select(pl.lit(day.kind).alias("kind_of_day"), *columns)
