"""What a replay of blocks needs, as arrays, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

ROUNDING_KWH = 1e-6
"""A deficit below this is none."""


@dataclass(frozen=True)
class Ground:
    """The movements of a day as arrays.

    Parameters
    ----------
    first
        Movements of block ``b`` are ``first[b]`` to ``first[b + 1]``.
    start_h, end_h
        Of each movement.
    period_h
        From one start of each block to the next: 24, or as many days as a long block takes.
    place
        Index into ``places`` of the end of each movement.
    depot
        The movement ends at a depot.
    last
        The last movement of each block.
    block_ids, depot_ids, bus_types
        By block.
    batteries
        Kind of battery of each block: its type of bus, or a name of the plan's own table of vehicle types.
    places
        Names of places.
    """

    first: Int
    start_h: Float
    end_h: Float
    period_h: Float
    place: Int
    depot: Bool
    last: Int
    block_ids: tuple[str, ...]
    depot_ids: tuple[str, ...]
    bus_types: tuple[str, ...]
    batteries: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def block(self) -> Int:
        """The block of each movement."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))

    @property
    def rest_h(self) -> Float:
        """Hours from the end of each movement to the next start; after the last to the next day's."""
        following = np.append(self.start_h[1:], 0.0)
        following[self.last] = self.start_h[self.first[:-1]] + self.period_h
        return np.maximum(following - self.end_h, 0.0)


@dataclass(frozen=True)
class Batteries:
    """The battery of each block's bus in each case of weather.

    Parameters
    ----------
    capacity_kwh
        From empty to full at the age and temperature of the case, shape (cases, blocks).
    limit_kw
        Most that the cold battery takes; infinite where nothing limits it, shape (cases, blocks).
    curve_of
        Charge curve of each block.
    curve_first
        Curve ``k`` is the points ``curve_first[k]`` to ``curve_first[k + 1]``.
    curve_soc, curve_kw
        Rising states of charge from 0 to 1, and the power that the battery takes there.
    efficiency
        Stored of what the battery takes, by block.
    reserve_soc
        State below which no bus may fall, by block.
    """

    capacity_kwh: Float
    limit_kw: Float
    curve_of: Int
    curve_first: Int
    curve_soc: Float
    curve_kw: Float
    efficiency: Float
    reserve_soc: Float

    @property
    def as_arguments(self) -> tuple[Float | Int, ...]:
        """What both kernels take of the batteries, in their order."""
        curves = (self.curve_of, self.curve_first, self.curve_soc, self.curve_kw)
        return (self.capacity_kwh, *curves, self.limit_kw, self.efficiency)


@dataclass(frozen=True)
class Sites:
    """Where buses can charge.

    Parameters
    ----------
    ids, kinds, names
        ``kinds`` are ``depot`` or ``station``.
    of_place
        Site of each of the ground's places, -1 for none; a site may serve several places of one name.
    plug_kw
        Power of one charger at the plug.
    chargers
        Their number; 0: one for every bus.
    buffer_h
        Time lost to docking.
    efficiency
        Plug over grid.
    """

    ids: tuple[str, ...]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    of_place: Int
    plug_kw: Float
    chargers: Int
    buffer_h: Float
    efficiency: Float

    @property
    def scarce(self) -> bool:
        """Some site has fewer chargers than buses may come."""
        return bool((self.chargers > 0).any())

    def only(self, keep: Bool) -> Sites:
        """Return the sites that are kept."""
        chosen = np.flatnonzero(keep)
        new = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)
        return Sites(
            tuple(self.ids[k] for k in chosen),
            tuple(self.kinds[k] for k in chosen),
            tuple(self.names[k] for k in chosen),
            new[self.of_place],
            self.plug_kw[chosen],
            self.chargers[chosen],
            self.buffer_h[chosen],
            self.efficiency[chosen],
        )


@dataclass(frozen=True)
class Rules:
    """How a day is driven.

    Parameters
    ----------
    start
        ``full``: every bus starts its day full. ``night``: with what the night before allowed, day after day.
    queue
        Who gets a charger that comes free: ``first`` come, or ``lowest`` state of charge.
    wait_h
        How late a bus may leave a charging site to have what it needs; 0: departures are never delayed.
    days
        At most driven until the start of the day no longer changes.
    """

    start: Literal["full", "night"] = "full"
    queue: Literal["first", "lowest"] = "first"
    wait_h: float = 0.0
    days: int = 14


@dataclass(frozen=True)
class Replay:
    """The state of charge of every block in every case of weather.

    Arrays by block have the shape (cases, blocks), those by movement (cases, movements) or (0, 0) where the course
    was not kept.

    Parameters
    ----------
    ground, batteries, sites
        What was replayed.
    lowest, started, ended, rested
        Lowest state from pull-out to pull-in, state at the start, at the last pull-in, and after the night.
    plugged_kwh
        From plugs, the night after the block counted.
    spilled_kwh
        Braking energy that a full battery could not take.
    delay_h, queued_h
        Latest departure behind the timetable; hours of waiting for a charger.
    settled
        The start of the day no longer changed.
    arrive, leave, stay_kwh, plug_in_h, plug_out_h
        State at the end of each movement and of the rest after it, kWh from the plug in it, and when the plug was in.
    """

    ground: Ground
    batteries: Batteries
    sites: Sites
    lowest: Float
    started: Float
    ended: Float
    rested: Float
    plugged_kwh: Float
    spilled_kwh: Float
    delay_h: Float
    queued_h: Float
    settled: Bool
    arrive: Float
    leave: Float
    stay_kwh: Float
    plug_in_h: Float
    plug_out_h: Float

    @property
    def deficit_kwh(self) -> Float:
        """Energy that lacks at the lowest state to keep the reserve; 0 where it is kept."""
        missing = (self.batteries.reserve_soc - self.lowest) * self.batteries.capacity_kwh
        return np.where(missing > ROUNDING_KWH, missing, 0.0)

    @property
    def feasible(self) -> Bool:
        """The block keeps its reserve."""
        return np.asarray(self.deficit_kwh == 0.0)

    @property
    def holds(self) -> Bool:
        """The block keeps its reserve in every case, shape (blocks,)."""
        return np.asarray(self.feasible.all(axis=0))

    @property
    def worst(self) -> Int:
        """The case in which each block comes lowest."""
        lacks = (self.batteries.reserve_soc - self.lowest) * self.batteries.capacity_kwh
        return np.asarray(lacks.argmax(axis=0), dtype=np.int64)
