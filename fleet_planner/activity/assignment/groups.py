"""Streams that take the same roads, and hours that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.activity.access import Bans
    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.profiles import StreamProfile

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """Streams of one class of traffic that the same access rules bind; a user class of the assignment.

    Parameters
    ----------
    name
        The class, numbered where its streams differ in access.
    traffic_class
        As in ``reference/traffic_classes.csv``.
    streams
        Numbers of its streams.
    km
        Vehicle-km of the average day.
    hourly
        Share of them by hour of the hour axis, shape (H,), sum 1.
    pce
        Passenger cars that a vehicle counts for.
    heavy
        Barred where heavy goods vehicles are.
    over_t
        Greatest weight limit that its vehicles are too heavy for; -1: none.
    closed
        Link-hours that the rules close, shape (links, H); nothing where there is no rule.
    """

    name: str
    traffic_class: str
    streams: tuple[int, ...]
    km: float
    hourly: Float
    pce: float
    heavy: bool
    over_t: float
    closed: Bool | None


def class_figure(traffic_class: str, figure: str) -> float:
    """Return a packaged figure of a class of traffic."""
    table = reference_table("traffic_classes.csv")
    row = table.filter((table["traffic_class"] == traffic_class) & (table["figure"] == figure))
    return float(row["value"].item())


def stream_groups(
    profiles: Sequence[StreamProfile], km: Float, closed: Bans, pce: Mapping[str, float], without: str | None = None
) -> list[Group]:
    """Return the groups of the streams, in the order of their first stream.

    Parameters
    ----------
    profiles
        Of the streams.
    km
        Vehicle-km of each, shape (streams,); streams that do not drive are in no group.
    closed
        What access rules close to each.
    pce
        In place of the packaged figure, by class.
    without
        A stream that is placed in another way.
    """
    members: dict[tuple[str, bool, float, bytes], list[int]] = {}
    shut: dict[bytes, Bool | None] = {}
    for s, profile in enumerate(profiles):
        if km[s] <= 0.0 or profile.stream == without:
            continue
        own = _closed(closed[s])
        access = b"" if own is None else np.packbits(own).tobytes()
        shut.setdefault(access, own)
        members.setdefault((profile.traffic_class, profile.heavy, profile.over_t, access), []).append(s)
    names = [key[0] for key in members]
    out: list[Group] = []
    for (traffic_class, heavy, over_t, access), streams in members.items():
        number = sum(g.traffic_class == traffic_class for g in out) + 1
        own_km = km[streams]
        hourly = own_km @ np.array([profiles[s].hourly for s in streams])
        if (bars := shut[access]) is not None and not bars.all():
            hourly = np.where(bars.all(axis=0), 0.0, hourly)
        out.append(
            Group(
                name=traffic_class if names.count(traffic_class) == 1 else f"{traffic_class}_{number}",
                traffic_class=traffic_class,
                streams=tuple(streams),
                km=float(own_km.sum()),
                hourly=hourly / hourly.sum(),
                pce=pce.get(traffic_class) or class_figure(traffic_class, "pce"),
                heavy=heavy,
                over_t=over_t,
                closed=shut[access],
            )
        )
    return out


def _closed(rules: list[tuple[Bool, Bool]]) -> Bool | None:
    """Return the link-hours that a stream's rules close, shape (links, H); nothing if there are none."""
    out: Bool | None = None
    for links, hours in rules:
        own = links[:, None] & hours[None, :]
        out = own if out is None else out | own
    return out if out is not None and out.any() else None


def periods_of(
    kind: str, peak_hours: Sequence[int], days: Sequence[DayType], groups: Sequence[Group]
) -> list[tuple[int, ...]]:
    """Return the places on the hour axis of each period that is assigned once; they make up all days.

    Parameters
    ----------
    kind
        ``peak_and_off_peak``, ``day`` (all hours alike) or ``hours`` (none alike).
    peak_hours
        Hours 0..23 of the peak of working days.
    days
        Types of day.
    groups
        Hours at which access rules close other links for one of them are periods of their own.
    """
    hours: dict[tuple[int, tuple[bytes, ...]], list[int]] = {}
    for h in range(HOURS_PER_DAY * len(days)):
        peak = days[h // HOURS_PER_DAY].working and h % HOURS_PER_DAY in peak_hours
        own = {"peak_and_off_peak": int(peak), "day": 0, "hours": h}[kind]
        access = tuple(b"" if g.closed is None else np.packbits(g.closed[:, h]).tobytes() for g in groups)
        hours.setdefault((own, access), []).append(h)
    return [tuple(own) for own in hours.values()]
