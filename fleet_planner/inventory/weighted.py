"""What vehicles emit times a weight of the place and hour where they emit it: exposure, damage.

The inventory is factored: a vehicle's emission is a sum over conditions, grades and speeds of the vehicle-km that its
stream drives there times a factor. Weights by link and hour therefore only change the vehicle-km that are counted: one
pass over links and hours gives a weighted histogram, and every vehicle and option follows from that exactly, as if each
link's emission had been weighted one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.activity.model import Activity
from fleet_planner.inventory.carried import driven_histogram
from fleet_planner.inventory.compute import by_vehicle, named_where_driven
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory.model import Inventory
    from fleet_planner.inventory.weights import FleetContext

    Array = NDArray[np.float64]

LINKS_AT_ONCE = 50_000
"""The vehicle-km of so many links are formed one by one at a time: memory follows it, not the city."""


def weighted_histogram(
    activity: Activity, links: pl.DataFrame, factors: FactorTable, inventory: Inventory, weight: Array
) -> Array:
    """Return the histogram of vehicle-km times the weight of their link and hour, shape as the inventory's.

    Parameters
    ----------
    activity, links, factors, inventory
        What the inventory was computed from.
    weight
        By link and hour of the day, none below nought, shape (links, 24), or of each type of day, shape (links, H).
    """
    hours = weight if weight.shape[1] == activity.hours else np.tile(weight, (1, activity.hours // HOURS_PER_DAY))
    out = np.zeros_like(inventory.histogram)
    for first in range(0, links.height, LINKS_AT_ONCE):
        part = slice(first, first + LINKS_AT_ONCE)
        one = replace(activity, km=activity.km[:, part].copy(), row=activity.row[:, part].copy())
        speed, mode = np.ascontiguousarray(activity.speed_kmh[part]), np.ascontiguousarray(activity.mode[part])
        counted = Activity.dense(activity.streams, one.vkt * hours[None, part], speed, mode)
        own = {stream: np.ascontiguousarray(kmh[part]) for stream, kmh in activity.own_kmh.items()}
        same = replace(counted, days=activity.days, own_kmh=own, parts=activity.parts)
        out += driven_histogram(same, links[part], factors, inventory)
    return out


def weighted_by_vehicle(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    factors: FactorTable,
    inventory: Inventory,
    context: FleetContext,
    histogram: Array,
    untreated: pl.DataFrame | None = None,
) -> Array:
    """Return what each vehicle emits times the weight of the place and hour, shape (vehicles, P), average day.

    Parameters
    ----------
    vehicles, multipliers, factors, inventory, context, untreated
        As of `by_vehicle`.
    histogram
        Of `weighted_histogram`.
    """
    km, counted = (h.reshape(h.shape[0], -1).sum(axis=1) for h in (inventory.histogram, histogram))
    mean = np.divide(counted, km, out=np.zeros_like(km), where=km > 0.0)
    where = replace(inventory, histogram=histogram)
    out = by_vehicle(vehicles, multipliers, factors, where, context, untreated)
    parts = list(inventory.parts or inventory.streams)
    named = named_where_driven(vehicles, inventory, untreated)["stream"].to_list()
    # the mean factor is per weighted km: a stream's km carry their mean weight
    return np.asarray(out * mean[[parts.index(s) for s in named]][:, None])
