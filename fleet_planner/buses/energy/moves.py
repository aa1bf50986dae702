"""Energy of any movements in any cases of weather: the physics behind buses and duties alike."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.buses.energy.cabin import Power, cabin_need_kw, cabin_power, first_warmth
from fleet_planner.buses.energy.cold import battery_c, regen_power
from fleet_planner.kernels.bus_energy import traction
from fleet_planner.units import MJ_PER_KWH, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.buses.energy.weather import Case
    from fleet_planner.plan.buses_energy import BusEnergyPlan

Float = NDArray[np.float64]
Int = NDArray[np.int64]
J_PER_KWH = MJ_PER_KWH * 1e6
MS_PER_KMH = 1.0 / 3.6
M_PER_KM = 1e3
W_PER_KW = 1e3
HOURS = 24
ROLLING_BASE_C = 20.0
SEA_PA, AIR_GAS, ICE_K = 101_325.0, 287.05, 273.15
"""Standard pressure at sea, gas constant of dry air (J/kg K), 0 C in K (ISO 2533)."""

SCALE_M = 8434.5
"""Height over which the pressure falls by e in the standard atmosphere at 15 C (ISO 2533)."""


@dataclass(frozen=True)
class Roads:
    """Ways over links.

    Parameters
    ----------
    first, link, link_m
        As `buses.model.Ways`, metres.
    cruise_ms
        Speed between stops by link and hour, (links, 24).
    grade
        Rise over run, (links,).
    """

    first: Int
    link: Int
    link_m: Float
    cruise_ms: Float
    grade: Float

    @classmethod
    def none(cls) -> Roads:
        """Return no roads: every movement drives at its plain speed on the flat."""
        return cls(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, HOURS)), np.zeros(0))


@dataclass(frozen=True)
class Moves:
    """Movements; every array has a value for each.

    Parameters
    ----------
    kind
        Index of the type of vehicle.
    way
        Index of the way, -1 without.
    hour
        Hour of the day in which its middle lies, 0..23.
    metres, seconds
        Length, and time from start to end.
    legs
        Ways from stop to stop, at least 1.
    people
        Aboard, with the driver.
    cargo_kg
        Load that is no person.
    dwell_s
        Standing with open doors on the way.
    """

    kind: Int
    way: Int
    hour: Int
    metres: Float
    seconds: Float
    legs: Int
    people: Float
    cargo_kg: Float
    dwell_s: Float

    def distinct(self) -> tuple[Moves, Int]:
        """Return movements without those that are alike in all, and which of them each movement is.

        A timetable repeats itself: a line that runs every few minutes drives alike within the hour.
        """
        columns = [getattr(self, f.name) for f in fields(self)]
        order = np.lexsort(columns)
        new = np.ones(order.size, dtype=np.bool_)
        new[1:] = np.any([c[order][1:] != c[order][:-1] for c in columns], axis=0)
        which = np.empty(order.size, dtype=np.int64)
        which[order] = np.cumsum(new) - 1
        first = order[new]
        return Moves(*(c[first] for c in columns)), which


@dataclass(frozen=True)
class Energies:
    """Energy of movements; (movements, cases) but for the last three, which are (movements,).

    Parameters
    ----------
    drawn_kwh, returned_kwh
        Traction and what braking gives back, battery side.
    auxiliary_kwh
        Auxiliaries and the battery's own heaters.
    cabin_kwh, fuel_mj
        Heating and cooling on the way: electricity, fuel.
    standing
        Power of the cabin in a layover; ``standing_kw`` with the auxiliaries.
    standing_kw
        All power in a layover.
    warmth_kwh, warmth_mj
        Bringing the cabin to its temperature before the movement, if it begins there.
    free_s, extra_stops, late_s
        As `kernels.bus_energy.traction`.
    """

    drawn_kwh: Float
    returned_kwh: Float
    auxiliary_kwh: Float
    cabin_kwh: Float
    fuel_mj: Float
    standing: Power
    standing_kw: Float
    warmth_kwh: Float
    warmth_mj: Float
    free_s: Float
    extra_stops: Float
    late_s: Float

    @property
    def kwh(self) -> Float:
        """All electricity from start to end of each movement."""
        return self.drawn_kwh - self.returned_kwh + self.auxiliary_kwh + self.cabin_kwh

    def of(self, which: Int) -> Energies:
        """Return the energies of rows, some of them more than once."""
        power = Power(self.standing.electric_kw[which], self.standing.fuel_kw[which])
        rest = {f.name: getattr(self, f.name)[which] for f in fields(self) if f.name != "standing"}
        return Energies(standing=power, **rest)


def energies(
    vehicles: Vehicles,
    section: BusEnergyPlan,
    roads: Roads,
    moves: Moves,
    weather: Sequence[Case],
    *,
    altitude_m: float = 0.0,
    plain_ms: Float | None = None,
    extra_battery_kwh: float = 0.0,
) -> Energies:
    """Return the energy of movements in each case of weather.

    Parameters
    ----------
    vehicles
        Types that ``moves.kind`` points into.
    section
        Heating, temperatures, doors.
    roads, moves
        What is driven.
    weather
        Cases, the order of the second axis.
    altitude_m
        Height above the sea, for the density of the air.
    plain_ms
        Cruising speed off the roads by type; else ``section.cruise_kmh``.
    extra_battery_kwh
        Battery beyond the type's own, for its weight.
    """
    moves, which = moves.distinct()
    figure, kind = vehicles.figure, moves.kind
    outside = np.stack([case.hourly_c[moves.hour] for case in weather], axis=1)
    sun = np.stack([case.sun_w_m2[moves.hour] for case in weather], axis=1)
    empty = vehicles.empty_kg[kind] + figure["battery_kg_per_kwh"] * extra_battery_kwh
    persons = figure["driver_kg"] + figure["passenger_kg"] * np.maximum(moves.people - 1.0, 0.0)
    mass = empty + persons + moves.cargo_kg
    density = SEA_PA * np.exp(-altitude_m / SCALE_M) / (AIR_GAS * (outside + ICE_K))
    colder = np.maximum(ROLLING_BASE_C - outside, 0.0)
    drawn, returned, free_s, extra, late_s = traction(
        roads.first, roads.link, roads.link_m, roads.cruise_ms, roads.grade,
        moves.way, moves.hour, moves.metres, moves.seconds, moves.legs, moves.dwell_s,
        figure["wait_s"], figure["most_extra_per_km"] / M_PER_KM, figure["slowest"], figure["most_passed"],
        figure["most_faster"],
        kind, mass, mass + figure["rotating_share"] * empty,
        vehicles.rolling[kind][:, None] * (1.0 + figure["rolling_per_k"] * colder),
        0.5 * density * (vehicles.drag * vehicles.area_m2)[kind][:, None],
        W_PER_KW * vehicles.regen_kw[kind][:, None] * regen_power(outside, section),
        vehicles.accelerate_m_s2, vehicles.brake_m_s2, vehicles.top_kmh * MS_PER_KMH,
        np.full(len(vehicles.names), figure["drive_efficiency"]),
        np.full(len(vehicles.names), figure["drive_efficiency"] * figure["regen_share"]),
        np.full(len(vehicles.names), figure["regen_least_kmh"] * MS_PER_KMH),
        np.full(len(vehicles.names), section.cruise_kmh * MS_PER_KMH) if plain_ms is None else plain_ms,
    )  # fmt: skip
    hours = (moves.seconds / S_PER_H)[:, None]
    doors = vehicles.doors[kind]
    moving = doors * np.divide(moves.dwell_s, moves.seconds, out=np.zeros_like(hours[:, 0]), where=moves.seconds > 0.0)
    need = cabin_need_kw(vehicles, section, kind, outside, sun, moves.people, np.minimum(moving, doors))
    cabin = cabin_power(vehicles, section, kind, outside, need)
    held = battery_c(outside, section) - outside
    battery = vehicles.battery_kwh[kind] + extra_battery_kwh
    own_kw = vehicles.auxiliary_kw[kind][:, None] + figure["battery_w_per_k_kwh"] * battery[:, None] * held / W_PER_KW
    alone = np.minimum(moves.people, 1.0)
    need = cabin_need_kw(vehicles, section, kind, outside, sun, alone, doors * section.doors_open_in_layover)
    standing = cabin_power(vehicles, section, kind, outside, need)
    warmth_kwh, warmth_mj = first_warmth(vehicles, section, kind, outside)
    out = Energies(
        drawn / J_PER_KWH, returned / J_PER_KWH, own_kw * hours, cabin.electric_kw * hours,
        cabin.fuel_kw * hours * MJ_PER_KWH, standing, own_kw + standing.electric_kw, warmth_kwh, warmth_mj,
        free_s, extra, late_s,
    )  # fmt: skip
    return out.of(which)
