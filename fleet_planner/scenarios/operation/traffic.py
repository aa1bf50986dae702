"""A fleet and its driving together, cut into groups that share where and when they drive.

Activity stays factored: vehicles that drive otherwise than the rest of their stream become a group, a row of the
activity's first axes, and each group's vehicle-km are those of its vehicles. Nothing is formed by vehicle and link.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.parts import AccessParts
from fleet_planner.activity.profiles import whole_stream
from fleet_planner.inventory.weights import GROUP_MARK, km_per_day
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.activity.model import Activity
    from fleet_planner.plan.operation import Operational

Float = NDArray[np.float64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

GROUP = "group"
MARK = GROUP_MARK

LEAST_SHARE = 1e-12


@dataclass(frozen=True)
class Traffic:
    """A fleet on the roads.

    Parameters
    ----------
    vehicles
        As of a `ScenarioFleet`, with a column ``group``.
    multipliers
        Same rows.
    activity
        Its ``streams`` are the groups.
    """

    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    activity: Activity

    @classmethod
    def of(cls, vehicles: pl.DataFrame, multipliers: pl.DataFrame, activity: Activity) -> Traffic:
        """Return a fleet whose streams, or parts of unequal access, are one group each."""
        group = activity.parts.named(vehicles)["stream"].alias(GROUP)
        return cls(vehicles.with_columns(group), multipliers, replace(activity, parts=AccessParts()))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in the order of the activity's first axes."""
        return self.activity.streams

    def place(self, group: str) -> int:
        """Return where a group stands on the activity's first axes."""
        return self.groups.index(group)

    def km_of_rows(self) -> Float:
        """Return the vehicle-km inside of each row on the average day, shape (rows,)."""
        return km_per_day(self.vehicles)

    def total_km(self) -> float:
        """Return all vehicle-km of the average day."""
        return float(self.activity.km.sum())

    def gap(self) -> float:
        """Return the largest difference between a group's vehicle-km and those of its vehicles, over all of them."""
        by_group = dict.fromkeys(self.groups, 0.0)
        for group, km in zip(self.vehicles[GROUP].to_list(), self.km_of_rows().tolist(), strict=True):
            by_group[group] += km
        gaps = np.abs(np.array(list(by_group.values())) - self.activity.km.sum(axis=1))
        return float(gaps.max(initial=0.0)) / (self.total_km() or 1.0)


@dataclass(frozen=True)
class Part:
    """A part of a group that drives in a way of its own.

    Parameters
    ----------
    vehicles
        Share of the group's vehicles.
    km
        Vehicle-km of the average day by link, shape (links,).
    row
        Row of ``share`` by link, shape (links,); an index into the activity's shares with ``share`` behind them.
    share
        New spreads over the hours, each adding up to 1, shape (rows, H).
    measure
        Marks the vehicles as treated by it; "" leaves them.
    """

    vehicles: float
    km: Float
    row: Int32
    share: Float
    measure: str = ""


def stream_of(group: str) -> str:
    """Return the stream of a group."""
    return whole_stream(group.split(MARK, maxsplit=1)[0])


def concerned(vehicles: pl.DataFrame, measure: Operational) -> Bool:
    """Return which rows a measure names by stream (visiting ones with the local), standard and fuel, shape (rows,)."""
    which = pl.lit(value=True)
    if measure.streams:
        which &= pl.col("stream").str.strip_prefix("visiting_").is_in(measure.streams) | pl.col("stream").is_in(
            measure.streams
        )
    if measure.standards:
        which &= pl.col("standard").is_in(measure.standards)
    if measure.fuels:
        which &= pl.col("fuel").is_in(measure.fuels)
    return np.asarray(vehicles.select(pl.repeat(value=True, n=pl.len()) & which).to_series().to_numpy())


def isolated(traffic: Traffic, rows: Bool) -> tuple[Traffic, list[str]]:
    """Give the rows groups of their own; return these groups with the traffic.

    Parameters
    ----------
    traffic
        Before.
    rows
        Which rows, shape (rows,).
    """
    picked = []
    km_row = traffic.km_of_rows()
    group = traffic.vehicles[GROUP]
    activity = traffic.activity
    names, km, row = list(activity.streams), [*activity.km], [*activity.row]
    renamed = group.to_list()
    for g, name in enumerate(activity.streams):
        mine = (group == name).to_numpy()
        chosen = mine & rows
        if not chosen.any():
            continue
        if chosen.sum() == mine.sum():
            picked.append(name)
            continue
        total = float(km_row[mine].sum())
        part = float(km_row[chosen].sum()) / total if total > 0.0 else 0.0
        new = fresh_name(name, names)
        names.append(new)
        km.append(km[g] * part)
        row.append(row[g])
        km[g] = km[g] * (1.0 - part)
        for i in np.flatnonzero(chosen):
            renamed[i] = new
        picked.append(new)
    changed = replace(activity, streams=tuple(names), km=np.array(km), row=np.array(row, dtype=np.int32))
    vehicles = traffic.vehicles.with_columns(pl.Series(GROUP, renamed))
    return Traffic(vehicles, traffic.multipliers, changed), picked


def fresh_name(group: str, taken: Sequence[str]) -> str:
    """Return a name for a new group of the same stream."""
    stream = stream_of(group)
    return f"{stream}{MARK}{sum(stream_of(name) == stream for name in taken)}"


def parted(traffic: Traffic, group: str, parts: Sequence[Part]) -> tuple[Traffic, list[str]]:
    """Cut a group into parts, each with its share of every row's vehicles; return their groups with the traffic.

    The vehicle-km of a part are spread over its vehicles in proportion to what they drove inside; their driving
    outside the city stays.

    Parameters
    ----------
    traffic
        Before.
    group
        Its name; the first part keeps it.
    parts
        Their shares of the vehicles add up to 1.
    """
    g = traffic.place(group)
    activity = traffic.activity
    before = float(activity.km[g].sum())
    mine = (traffic.vehicles[GROUP] == group).to_numpy()
    rows, multipliers = traffic.vehicles.filter(mine), traffic.multipliers.filter(mine)
    names, km, row = list(activity.streams), [*activity.km], [*activity.row]
    share = activity.share
    frames, factors, made = [traffic.vehicles.filter(~mine)], [traffic.multipliers.filter(~mine)], []
    for k, part in enumerate(parts):
        own = part.row.copy()
        new = own >= activity.share.shape[0]
        own[new] += share.shape[0] - activity.share.shape[0]  # other parts' shares stand between
        share = np.concatenate([share, part.share])
        if k == 0:
            name, km[g], row[g] = group, part.km, own
        else:
            name = fresh_name(group, names)
            names.append(name)
            km.append(part.km)
            row.append(own)
        made.append(name)
        after = float(part.km.sum())
        ratio = after / before / part.vehicles if before > 0.0 and part.vehicles > 0.0 else 0.0
        frames.append(_driving(rows, part.vehicles, ratio, part.measure).with_columns(pl.lit(name).alias(GROUP)))
        factors.append(multipliers)
    changed = replace(activity, streams=tuple(names), km=np.array(km), row=np.array(row, dtype=np.int32), share=share)
    return Traffic(pl.concat(frames), pl.concat(factors), changed), made


def _driving(rows: pl.DataFrame, vehicles: float, ratio: float, measure: str) -> pl.DataFrame:
    """Return a share of the vehicles of each row that drive ``ratio`` times as far inside, outside as before."""
    inside = pl.col("km_per_year") * pl.col("share_inside") * ratio
    total = inside + pl.col("km_per_year") * (1.0 - pl.col("share_inside"))
    share = pl.when(total > 0.0).then(inside / total).otherwise(pl.col("share_inside"))
    # km x share has to give the km inside to the last digit but one: the activity is compared with it
    out = rows.with_columns(km_per_year=total, share_inside=share, count=pl.col("count") * vehicles)
    return marked(out, measure) if measure else out


def marked(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Add a measure to the lists of what the vehicles were treated by."""
    listed = pl.concat_str("measures", pl.lit(measure), separator=",").str.strip_chars(",")
    return rows.with_columns(measures=listed)


def vehicles_in(traffic: Traffic, groups: Sequence[str]) -> float:
    """Return the number of vehicles in some groups."""
    return float(traffic.vehicles.filter(pl.col(GROUP).is_in(list(groups)))["count"].sum())


def scaled(traffic: Traffic, group: str, factor: float) -> Traffic:
    """Let every vehicle of a group drive ``factor`` times as far inside, at the same places and hours."""
    g = traffic.place(group)
    km = traffic.activity.km[g] * factor
    whole = Part(1.0, km, traffic.activity.row[g], np.empty((0, traffic.activity.hours)))
    return parted(traffic, group, [whole])[0]


def per_year(km_per_day_: float) -> float:
    """Return vehicle-km a year of those of the average day."""
    return km_per_day_ * DAYS_PER_YEAR
