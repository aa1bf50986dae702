"""Inventories of streams that are cut into groups of equal access."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.inventory.carried import by_hour, driven_histogram, link_hours, link_hours_by_tile
from fleet_planner.inventory.compute import by_vehicle, compute_inventory
from fleet_planner.inventory.weighted import weighted_by_vehicle, weighted_histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory.model import Inventory
    from fleet_planner.inventory.weights import FleetContext


def grouped_inventory(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
) -> Inventory:
    """Compute the inventory of a fleet whose activity is by group, and add the groups up to streams.

    Parameters
    ----------
    vehicles
        With a column ``group``; its ``stream`` is the one that is reported.
    multipliers, links, factors
        As of `compute_inventory`.
    activity
        Its streams are the groups; speeds of a stream's own (``own_kmh``) are by stream and hold for its groups.
    context
        Hours of idling by stream.
    stream_of
        Returns the stream of a group.
    """
    context, activity = of_groups(activity, context, stream_of)
    by_group = vehicles.with_columns(stream=pl.col("group"))
    inventory = compute_inventory(by_group, multipliers, links, activity, factors, context)
    return by_stream(inventory, stream_of)


def grouped_vehicles(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
    like: Inventory,
) -> NDArray[np.float64]:
    """Return what each vehicle emits, as `grouped_inventory` has it, without carrying factors over the links.

    Parameters
    ----------
    vehicles, multipliers, links, activity, factors, context, stream_of
        As of `grouped_inventory`.
    like
        An inventory on the same links, for the span of their grades.

    Returns
    -------
    Shape (vehicles, P), average day.
    """
    context, activity = of_groups(activity, context, stream_of)
    histogram = driven_histogram(activity, links, factors, like)
    where = replace(like, streams=activity.streams, histogram=histogram, parts=())
    return by_vehicle(vehicles.with_columns(stream=pl.col("group")), multipliers, factors, where, context)


def grouped_weighted(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
    like: Inventory,
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what each vehicle emits times the weight of the place and hour, shape (vehicles, P), average day.

    Parameters are those of `grouped_vehicles`, with ``weight`` as of `weighted_histogram`.
    """
    context, activity = of_groups(activity, context, stream_of)
    histogram = driven_histogram(activity, links, factors, like)
    where = replace(like, streams=activity.streams, histogram=histogram, parts=())
    counted = weighted_histogram(activity, links, factors, where, weight)
    grouped = vehicles.with_columns(stream=pl.col("group"))
    return weighted_by_vehicle(grouped, multipliers, factors, where, context, counted)


def grouped_hours(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
) -> Iterator[NDArray[np.float64]]:
    """Yield the emissions by link of each hour, shape (links, P); parameters are those of `grouped_inventory`."""
    context, activity = of_groups(activity, context, stream_of)
    return by_hour(vehicles.with_columns(stream=pl.col("group")), multipliers, links, activity, factors, context)


def grouped_link_hours(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
    pollutants: Sequence[str],
) -> NDArray[np.float64]:
    """Return some pollutants of each link and hour, as `link_hours` does for streams that are whole."""
    context, activity = of_groups(activity, context, stream_of)
    grouped = vehicles.with_columns(stream=pl.col("group"))
    return link_hours(grouped, multipliers, links, activity, factors, context, pollutants)


def grouped_hours_by_tile(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    stream_of: Callable[[str], str],
    pollutants: Sequence[str],
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield what `grouped_link_hours` returns tile by tile."""
    context, activity = of_groups(activity, context, stream_of)
    grouped = vehicles.with_columns(stream=pl.col("group"))
    return link_hours_by_tile(grouped, multipliers, links, activity, factors, context, pollutants)


def of_groups(
    activity: Activity, context: FleetContext, stream_of: Callable[[str], str]
) -> tuple[FleetContext, Activity]:
    """Return hours of idling and speeds of their own by group, those of the group's stream."""
    local = {g.removeprefix("visiting_"): stream_of(g).removeprefix("visiting_") for g in activity.streams}
    hours = dict(context.idle_hours) | {g: context.idle_hours[s] for g, s in local.items() if s in context.idle_hours}
    own_kmh = {g: activity.own_kmh[stream_of(g)] for g in activity.streams if stream_of(g) in activity.own_kmh}
    return replace(context, idle_hours=hours), replace(activity, own_kmh=own_kmh)


def by_stream(inventory: Inventory, stream_of: Callable[[str], str]) -> Inventory:
    """Return an inventory with its groups added up to streams; what is by vehicle or link stays."""
    owner = [stream_of(g) for g in inventory.streams]
    streams = tuple(sorted(set(owner)))
    place = np.array([streams.index(s) for s in owner], dtype=np.int64)
    parts = inventory.parts or inventory.streams
    of_part = np.array([streams.index(stream_of(part)) for part in parts], dtype=np.int64)
    renamed = pl.col("stream").replace({name: stream_of(name) for name in (*inventory.streams, *parts)})
    technology = (
        inventory.by_technology.with_columns(renamed)
        .group_by(*TECHNOLOGY, "stream")
        .agg(pl.all().sum())
        .sort(*TECHNOLOGY, "stream")
    )
    processes = inventory.by_process.with_columns(renamed)
    order = ["stream", "category", "pollutant", "process"]
    return replace(
        inventory,
        streams=streams,
        stream_hour=_added(inventory.stream_hour, place, len(streams)),
        histogram=_added(inventory.histogram, of_part, len(streams)),
        parts=streams,
        by_technology=technology.select(inventory.by_technology.columns),
        by_process=processes.group_by(order, maintain_order=True).agg(pl.col("value_per_day").sum()),
        below_range=_below(inventory.below_range.with_columns(renamed), technology),
    )


def _added(values: NDArray[np.float64], place: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    out = np.zeros((count, *values.shape[1:]))
    np.add.at(out, place, values)
    return out


def _below(rows: pl.DataFrame, technology: pl.DataFrame) -> pl.DataFrame:
    """Return the driving below a curve's range with its share of each technology's driving in the whole stream."""
    keys = ["technology", "stream", "pollutant", "v_min_kmh"]
    whole = technology.select(
        pl.concat_str(TECHNOLOGY, separator=" / ").alias("technology"), "stream", pl.col("vkt_km_per_day").alias("all")
    )
    summed = rows.group_by(keys, maintain_order=True).agg(pl.col("vkt_km_per_day").sum())
    joined = summed.join(whole, on=["technology", "stream"], how="left", maintain_order="left")
    return joined.with_columns(vkt_share=pl.col("vkt_km_per_day") / pl.col("all")).select(rows.columns)
