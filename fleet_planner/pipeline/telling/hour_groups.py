"""Links whose day has another shape than that of their road class: on a timetable, or where trucks are barred by hour.

The report's map rebuilds an hour of a link as its daily value times a share. One share for all links of a road class is
wrong where buses run by a timetable. Such links fall into a few groups of like days, each with hours of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import base_stream
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from fleet_planner.activity.model import Activity

Float = NDArray[np.float64]
Whole = NDArray[np.int64]
HEAVY = 20.0
"""A km of a heavy vehicle against one of a car, for the shape of the day only: about their NOx, own estimate."""
MOST_GROUPS = 24
"""Of one road class, beside its usual links."""
NEAR = 0.01
"""Days that differ by less, share of the day in any hour taken together, are alike."""
ROUNDS = 4
NONE = -1
SEEDS = 20_000
"""Links of a class among which the middles of the groups are sought."""


@dataclass(frozen=True)
class HourGroups:
    """Links of like days.

    Parameters
    ----------
    of_link
        Group of each link, shape (links,). The first groups are the usual links of each road class, in their order.
    of_class
        Road class of each group, shape (groups,).
    """

    of_link: Whole
    of_class: Whole

    @property
    def count(self) -> int:
        """Number of groups."""
        return int(self.of_class.size)


def hour_groups(activity: Activity, class_id: Whole, classes: int) -> HourGroups:
    """Return the groups of links.

    Usual is a link on which each stream is spread over the hours as half of its km on the road class or more are. The
    others are grouped by the hours of their vehicle-km, buses and heavy trucks counting `HEAVY` times.

    Parameters
    ----------
    activity
        Of the baseline.
    class_id
        Road class of each link, 0 .. ``classes`` - 1, shape (links,).
    """
    odd = unusual(activity, class_id, classes)
    group = class_id.copy()
    owner = list(range(classes))
    for c in range(classes):
        links = np.flatnonzero(odd & (class_id == c))
        if not links.size:
            continue
        near = grouped(days_of(activity, links))
        group[links] = len(owner) + near
        owner += [c] * (int(near.max()) + 1)
    return HourGroups(group, np.array(owner, dtype=np.int64))


def unusual(activity: Activity, class_id: Whole, classes: int) -> NDArray[np.bool_]:
    """Return the links on which some stream has other hours than half of its km on the road class, shape (links,)."""
    odd = np.zeros(class_id.size, dtype=np.bool_)
    rows = activity.share.shape[0]
    for km, row in zip(activity.km, activity.row, strict=True):
        driven = np.flatnonzero(km > 0.0)
        if not driven.size:
            continue
        keys, place = np.unique(class_id[driven] * rows + row[driven], return_inverse=True)
        weight = np.bincount(place, km[driven], keys.size)
        order = np.lexsort((weight, keys // rows))
        last = np.append(np.flatnonzero(np.diff(keys[order] // rows)), keys.size - 1)
        best, of = order[last], keys[order][last] // rows
        common = 2.0 * weight[best] >= np.bincount(keys // rows, weight, classes)[of]
        usual = np.full(classes, NONE, dtype=np.int64)
        usual[of[common]] = keys[best[common]] % rows
        odd[driven] |= row[driven] != usual[class_id[driven]]
    return odd


def days_of(activity: Activity, links: Whole) -> Float:
    """Return the share of the day that each hour has of the vehicle-km of some links, shape (links, 24)."""
    share = activity.share.reshape(activity.share.shape[0], -1, HOURS_PER_DAY).sum(axis=1)
    kinds = reference_table("streams.csv")
    heavy = set(kinds.filter((pl.col("heavy") == "yes") | (pl.col("profile") == "bus"))["stream"])
    out = np.zeros((links.size, HOURS_PER_DAY))
    for name, km, row in zip(activity.streams, activity.km, activity.row, strict=True):
        weight = HEAVY if base_stream(name) in heavy else 1.0
        out += weight * km[links, None] * share[row[links]]
    whole = out.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(out, whole, out=np.full_like(out, 1.0 / HOURS_PER_DAY), where=whole > 0.0))


def grouped(days: Float) -> Whole:
    """Return the group of each day: the nearest of middles that are moved to the means of their groups.

    The first middle is the mean of all; each further one is the day that is farthest from all middles, so that rare
    days are not lost among many. No more are taken once every day is nearer than `NEAR`.
    """
    some = days[:: max(days.shape[0] // SEEDS, 1)]
    middles = some.mean(axis=0)[None]
    away = np.abs(some - middles[0]).sum(axis=1)
    while len(middles) < MOST_GROUPS and away.max() > NEAR:
        far = some[int(np.argmax(away))]
        middles = np.vstack([middles, far])
        away = np.minimum(away, np.abs(some - far).sum(axis=1))
    for _ in range(ROUNDS):
        near = _nearest(some, middles)
        many = np.bincount(near, minlength=len(middles))
        sums = np.zeros_like(middles)
        np.add.at(sums, near, some)
        middles = np.where(many[:, None] > 0, sums / np.maximum(many, 1)[:, None], middles)
    _, numbered = np.unique(_nearest(days, middles), return_inverse=True)
    return np.asarray(numbered, dtype=np.int64).ravel()


def _nearest(days: Float, middles: Float) -> Whole:
    best, group = np.full(days.shape[0], np.inf), np.zeros(days.shape[0], dtype=np.int64)
    for k, middle in enumerate(middles):
        away = np.abs(days - middle).sum(axis=1)
        closer = away < best
        best[closer], group[closer] = away[closer], k
    return group
