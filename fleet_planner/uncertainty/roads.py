"""Where the streams of a city drive, cut as draws need it: by group of roads, and at other speeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fleet_planner.activity.model import MODES
from fleet_planner.activity.profiles import whole_stream
from fleet_planner.inventory.carried import blocks_of, driven_histogram
from fleet_planner.inventory.weighted import weighted_histogram
from fleet_planner.kernels import inventory as kernel
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_planner.activity import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory

Array = NDArray[np.float64]
Index = NDArray[np.int64]

HOUR_GROUPS = ("peak", "other")
"""Hours whose speeds move apart: those of the mode `urban_peak`, and all others."""


def road_groups() -> tuple[str, ...]:
    """Return the names of the groups of roads."""
    return tuple(dict.fromkeys(reference_table("uncertainty_roads.csv")["road_group"]))


def road_group_of(links: pl.DataFrame) -> Index:
    """Return the group of roads of each link; a class that the table lacks is local."""
    groups = road_groups()
    table = reference_table("uncertainty_roads.csv")
    place = {c: groups.index(g) for c, g in table.select("road_class", "road_group").iter_rows()}
    coded = links["road_class"].replace_strict(place, default=len(groups) - 1, return_dtype=pl.Int64)
    return coded.to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Roads:
    """Where the streams of an activity drive, for the terms of all fleets that drive like it.

    Parameters
    ----------
    by_road
        Histogram of each group of roads, shape (R, parts, M, G, S).
    peak
        Histogram of the hours of the first hour group, shape (parts, M, G, S).
    moved
        Histogram of each hour group at the lower and upper node of its speeds, shape (H, 2, parts, M, G, S).
    inventory
        Names of the parts of streams, the grades, and how vehicles are told apart.
    stream_of
        Returns the whole stream of a part, or of a group.
    km
        Vehicle-km of each part, over which factors are averaged; nothing: those of ``by_road``. They differ where
        ``by_road`` is weighted by place and hour.
    means
        Mean factors of the pairs of part and technology met so far (see `means_of`), by the identity of the factors.
    """

    by_road: Array
    peak: Array
    moved: Array
    inventory: Inventory
    stream_of: Callable[[str], str] = whole_stream
    km: Array | None = None
    means: dict[int, dict[tuple[int, int], Array]] = field(default_factory=dict)


def roads_of(
    activity: Activity,
    links: pl.DataFrame,
    factors: FactorTable,
    inventory: Inventory,
    nodes: Array,
    stream_of: Callable[[str], str] = whole_stream,
    weight: Array | None = None,
) -> Roads:
    """Return where the streams drive, by group of roads and with other speeds.

    Parameters
    ----------
    activity, links, factors, inventory
        What the inventory was computed from.
    nodes
        Multipliers of the speeds at the lower and upper node by hour group, shape (H, 2).
    stream_of
        Returns the whole stream of a part.
    weight
        What vehicle-km count by link and hour, shape (links, H) of all types of day or (links, 24); nothing: one.
        The terms are then emissions times the weight.
    """
    group = road_group_of(links)
    on = [np.flatnonzero(group == r) for r in range(len(road_groups()))]
    by_road = np.stack([_histogram_on(activity, links, factors, inventory, chosen, weight) for chosen in on])
    km = None
    if weight is not None:
        km = driven_histogram(activity, links, factors, inventory).sum(axis=(1, 2, 3))
    whole = by_road.sum(axis=0)
    in_peak = np.arange(whole.shape[1]) % len(MODES) == 0
    peak, moved = np.zeros_like(whole), np.zeros((*nodes.shape, *whole.shape))
    peak[:, in_peak] = whole[:, in_peak]
    for h, conditions in enumerate((in_peak, ~in_peak)):
        for n in range(2):
            moved[h, n][:, conditions] = _shifted(whole[:, conditions], factors.grid_kmh, float(nodes[h, n]))
    return Roads(by_road, peak, moved, inventory, stream_of, km)


def _histogram_on(
    activity: Activity,
    links: pl.DataFrame,
    factors: FactorTable,
    inventory: Inventory,
    chosen: Index,
    weight: Array | None,
) -> Array:
    nothing = np.zeros((len(inventory.parts or inventory.streams), *inventory.histogram.shape[1:]))
    if chosen.size == 0:
        return nothing
    part = replace(
        activity,
        km=np.ascontiguousarray(activity.km[:, chosen]),
        row=np.ascontiguousarray(activity.row[:, chosen]),
        speed_kmh=np.ascontiguousarray(activity.speed_kmh[chosen]),
        mode=np.ascontiguousarray(activity.mode[chosen]),
        own_kmh={s: np.ascontiguousarray(kmh[chosen]) for s, kmh in activity.own_kmh.items()},
    )
    if weight is not None:
        like = replace(inventory, histogram=nothing)
        return weighted_histogram(part, links[chosen.tolist()], factors, like, weight[chosen])
    return driven_histogram(part, links[chosen.tolist()], factors, inventory)


def _shifted(histogram: Array, grid_kmh: Array, factor: float) -> Array:
    """Return a histogram whose vehicle-km are driven at another speed: each grid speed moves to its two neighbours."""
    speed = np.clip(grid_kmh * factor, grid_kmh[0], grid_kmh[-1])
    cell = np.clip(np.searchsorted(grid_kmh, speed, side="right") - 1, 0, grid_kmh.size - 2)
    upper = (speed - grid_kmh[cell]) / (grid_kmh[cell + 1] - grid_kmh[cell])
    rows = np.concatenate([np.arange(grid_kmh.size)] * 2)
    move = csr_array(
        (np.concatenate([1.0 - upper, upper]), (rows, np.concatenate([cell, cell + 1]))),
        shape=(grid_kmh.size, grid_kmh.size),
    )
    flat = histogram.reshape(-1, grid_kmh.size)
    return np.asarray(flat @ move).reshape(histogram.shape)


def means_of(factors: FactorTable, entry_stream: Index, entry_technology: Index, roads: Roads) -> Array:
    """Return the mean factor of each entry on each group of roads, then its change by hour group and node.

    All are over all vehicle-km of the stream: those on the groups of roads add up to the whole mean. Shape
    (R + 2 H, entries, L, channels).
    """
    known = roads.means.setdefault(id(factors), {})
    pairs = list(zip(entry_stream.tolist(), entry_technology.tolist(), strict=True))
    new = [pair for pair in pairs if pair not in known]
    if new:
        stream, technology = (np.array(c, dtype=np.int64) for c in zip(*new, strict=True))
        made = _new_means(factors, stream, technology, roads)
        known.update(zip(new, np.moveaxis(made, 1, 0), strict=True))
    return np.stack([known[pair] for pair in pairs], axis=1)


def _new_means(factors: FactorTable, entry_stream: Index, entry_technology: Index, roads: Roads) -> Array:
    blocks = blocks_of(factors, roads.inventory.grade_span)
    km = roads.by_road.sum(axis=(0, 2, 3, 4)) if roads.km is None else roads.km
    share = np.divide(1.0, km, out=np.zeros_like(km), where=km > 0.0)

    def summed(histogram: Array) -> Array:
        mean = kernel.mean_factors(factors.curves, blocks, factors.block_of, histogram, entry_stream, entry_technology)
        # the kernel divides by the vehicle-km that it is given
        part = histogram.sum(axis=(1, 2, 3)) * share
        return np.asarray(mean * part[entry_stream][:, None, None])

    on_roads = [summed(histogram) for histogram in roads.by_road]
    peak = summed(roads.peak)
    other = np.sum(on_roads, axis=0) - peak
    changes = [summed(roads.moved[h, n]) - at for h, at in enumerate((peak, other)) for n in range(2)]
    return np.stack([*on_roads, *changes])
