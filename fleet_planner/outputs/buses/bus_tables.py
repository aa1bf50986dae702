"""Days of buses as tables: blocks, movements, places, ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.tables import columns
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.network import Network
    from fleet_planner.pipeline.buses.simulate import Simulated

SEPARATOR = "|"


def blocks_table(done: Simulated) -> pl.DataFrame:
    """Return ``tables/columns/blocks.csv``: a row per block and kind of day."""
    return _all(done, _blocks, "blocks")


def movements_table(done: Simulated) -> pl.DataFrame:
    """Return ``tables/columns/movements.csv``: a row per movement and kind of day."""
    return _all(done, lambda day: day.movements, "movements")


def places_table(done: Simulated) -> pl.DataFrame:
    """Return ``tables/columns/bus_places.csv``: a row per place and kind of day."""
    return _all(done, _places, "bus_places")


def ways_table(done: Simulated) -> pl.DataFrame:
    """Return ``tables/columns/bus_ways.csv``: the links of all ways of each kind of day."""
    network = done.network
    if network is None:
        empty = {"kind_of_day": pl.String, "way": pl.Int64, "position": pl.Int64, "link_id": pl.Int64, "km": pl.Float64}
        return pl.DataFrame(schema=empty)
    return _all(done, lambda day: _ways(day, network), "bus_ways")


def _all(done: Simulated, table: Callable[[ServiceDay], pl.DataFrame], name: str) -> pl.DataFrame:
    """Return the tables of all kinds of day as one."""
    parts = [table(day).with_columns(kind_of_day=pl.lit(kind)) for kind, day in done.days.items()]
    return pl.concat(parts).select(spec.column for spec in columns(name))


def with_layover(day: ServiceDay) -> pl.DataFrame:
    """Return the movements with ``layover_s``: how long the bus stands after each, 0 after the last."""
    stands = pl.col("start_s").shift(-1).over("block_id") - pl.col("end_s")
    return day.movements.with_columns(layover_s=stands.fill_null(0.0).clip(lower_bound=0.0))


def _blocks(day: ServiceDay) -> pl.DataFrame:
    with_passengers = pl.col("kind") == "trip"
    routes = pl.col("route").filter(with_passengers & (pl.col("route") != "")).unique().sort()
    sums = (
        with_layover(day)
        .group_by("block_id")
        .agg(
            trips=with_passengers.sum().cast(pl.Int64),
            empty_km=pl.col("km").filter(~with_passengers).sum(),
            driving_h=(pl.col("end_s") - pl.col("start_s")).sum() / S_PER_H,
            layover_h=pl.col("layover_s").sum() / S_PER_H,
            routes=routes.str.join(SEPARATOR),
        )
    )
    return day.blocks.join(sums, on="block_id", how="left", maintain_order="left")


def _places(day: ServiceDay) -> pl.DataFrame:
    used = (
        with_layover(day)
        .group_by(place="to_place")
        .agg(arrivals=pl.len().cast(pl.Int64), layover_h=pl.col("layover_s").sum() / S_PER_H)
    )
    return day.places.join(used, on="place", how="left", maintain_order="left").with_columns(
        pl.col("arrivals").fill_null(0), pl.col("layover_h").fill_null(0.0)
    )


def _ways(day: ServiceDay, network: Network) -> pl.DataFrame:
    counts = np.diff(day.ways.first)
    way = np.repeat(np.arange(counts.size), counts)
    link_id = np.append(network.links["link_id"].to_numpy(), -1)[day.ways.link]
    position = np.arange(way.size) - np.repeat(day.ways.first[:-1], counts)
    return pl.DataFrame({"way": way, "position": position, "link_id": link_id, "km": day.ways.km})


def routes_frame(day: ServiceDay) -> pl.DataFrame:
    """Return a row per route, ``tables/columns/routes.csv``."""
    with_passengers = day.movements.filter(pl.col("kind") == "trip")
    hours = (pl.col("end_s") - pl.col("start_s")).sum() / S_PER_H
    table = with_passengers.group_by("route").agg(
        trips=pl.len().cast(pl.Int64),
        blocks=pl.col("block_id").n_unique().cast(pl.Int64),
        km=pl.col("km").sum(),
        mean_speed_kmh=pl.when(hours > 0.0).then(pl.col("km").sum() / hours),
    )
    return table.select("route", pl.lit(day.kind).alias("kind_of_day"), pl.exclude("route")).sort("route")


def depots_frame(day: ServiceDay) -> pl.DataFrame:
    """Return a row per depot, ``tables/columns/bus_depots.csv``."""
    own = day.blocks.group_by(place="depot_id").agg(
        blocks=pl.len().cast(pl.Int64),
        km=pl.col("km").sum(),
        first_out_h=pl.col("start_s").min() / S_PER_H,
        last_in_h=pl.col("end_s").max() / S_PER_H,
    )
    depots = day.places.filter("is_depot").select("place", "name", pl.lit(day.kind).alias("kind_of_day"))
    joined = depots.join(own, on="place", how="left", maintain_order="left")
    return joined.with_columns(pl.col("blocks").fill_null(0), pl.col("km").fill_null(0.0))


def stations_frame(day: ServiceDay) -> pl.DataFrame:
    """Return a row per terminal where buses stand between movements, ``tables/columns/bus_stations.csv``."""
    stands = with_layover(day).filter(pl.col("layover_s") > 0.0)
    steps = pl.concat(
        [
            stands.select(place="to_place", at_s="end_s", step=pl.lit(1)),
            stands.select(place="to_place", at_s=pl.col("end_s") + pl.col("layover_s"), step=pl.lit(-1)),
        ]
    ).sort("place", "at_s", "step")
    most = steps.group_by("place").agg(most_at_once=pl.col("step").cum_sum().max().cast(pl.Int64))
    places = _places(day).join(most, on="place", how="left", maintain_order="left")
    places = places.filter(pl.col("layover_h") > 0.0).with_columns(kind_of_day=pl.lit(day.kind))
    return places.select("place", "name", "kind_of_day", "arrivals", "layover_h", "most_at_once")
