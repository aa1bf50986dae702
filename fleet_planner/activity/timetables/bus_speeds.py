"""How fast the buses of a timetable are, by link and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.timetables.buses import kinds_of
from fleet_planner.findings import Finding
from fleet_planner.units import HOURS_PER_DAY, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.timetables.transit import BusKm

Float = NDArray[np.float64]


def bus_speeds(buses: Mapping[str, BusKm], days: tuple[DayType, ...], road_kmh: Float) -> Float:
    """Return the timetable's mean speed with the time at stops, km/h, shape (links, H); NaN where it tells none.

    It is the mean over the kinds of day that a type of day is made of: their km over their time. Ways without
    passengers that blocks tell are driven at the speeds of the roads, ``road_kmh``, and count in it.
    """
    out = []
    for k, day in enumerate(days):
        roads = road_kmh[:, HOURS_PER_DAY * k : HOURS_PER_DAY * (k + 1)]
        parts = kinds_of(day, buses)
        shape = next(iter(buses.values())).km.shape
        km, hours = np.zeros(shape), np.zeros(shape)
        for share, bus in parts:
            km += share * bus.timed_km
            hours += share * bus.seconds / S_PER_H
        told = hours > 0.0
        for share, bus in parts:
            km += np.where(told, share * bus.duties.km, 0.0)
            hours += np.where(told, share * bus.duties.km / roads, 0.0)
        out.append(np.divide(km, hours, out=np.full(shape, np.nan), where=hours > 0.0))
    return np.concatenate(out, axis=1)


def speed_findings(
    own_kmh: Float, road_kmh: Float, km: Float, buses: Mapping[str, BusKm], *, used: bool
) -> list[Finding]:
    """Set the timetable's speed against that of the roads it runs on.

    Parameters
    ----------
    own_kmh, road_kmh, km
        Of the timetable, of the roads, and vehicle-km of the urban buses, shape (links, H).
    buses
        The timetable by kind of day: its stops per km.
    used
        Whether emissions are computed at the timetable's speeds.
    """
    told = ~np.isnan(own_kmh) & (km > 0.0)
    whole, known = float(km.sum()), float(km[told].sum())
    if known <= 0.0:
        return []
    stops = sum(float(bus.stops.sum()) for bus in buses.values()) / sum(float(bus.km.sum()) for bus in buses.values())
    values: dict[str, str | int | float] = {
        "kmh": f"{known / float((km[told] / own_kmh[told]).sum()):.1f}",
        "roads": f"{known / float((km[told] / road_kmh[told]).sum()):.1f}",
        "stops": f"{stops:.2f}",
    }
    code = "activity.bus_speed_timetable" if used else "activity.bus_speed_roads"
    return [Finding(code, "info" if used else "assumption", values, share=known / whole)]
