"""What the rooms of this folder hand each other: a day of service, its energy, its sessions of charging."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from fleet_planner.findings import Finding

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MOVEMENT_KINDS = ("pull_out", "trip", "dead_head", "pull_in")
BUS_TYPES = ("midi", "standard", "articulated", "double_decker", "coach")


@dataclass(frozen=True)
class Ways:
    """Distinct ways over the links of the network, each driven by many movements.

    Parameters
    ----------
    first
        Way ``w`` is the entries ``first[w]:first[w + 1]`` of ``link`` and ``km``; shape (ways + 1,).
    link
        Index into the network's links in driving order, -1 off the network.
    km
        Length driven on each.
    """

    first: Int
    link: Int
    km: Float


@dataclass(frozen=True)
class ServiceDay:
    """All movements of the buses of one kind of day, in blocks.

    Parameters
    ----------
    kind
        ``weekday``, ``saturday`` or ``sunday``.
    day
        The date that stands for it; none for a native table of trips.
    movements
        Sorted by block and start; a row is one way that a bus drives: ``block_id, sequence, kind`` (`MOVEMENT_KINDS`),
        ``trip_id, route_id, route`` (empty without passengers), ``start_s, end_s`` (seconds after midnight of the
        service day, may pass 86,400), ``km``, ``stops`` (served, the first and the last counted), ``load``
        (passengers over places, null where nothing tells it), ``from_place,
        to_place`` (stop, station or depot), ``from_lon, from_lat, to_lon, to_lat``, ``way`` (index into ``ways``, -1
        where no road is known).
    blocks
        Sorted by ``block_id``; a row is the day of one bus: ``block_id, depot_id, bus_type`` (`BUS_TYPES`),
        ``start_s, end_s, km, movements`` (their number), ``first`` (row of its first movement).
    places
        Ends of movements: ``place, name, lon, lat, is_depot``.
    ways
        The roads of the movements.
    findings
        What was chosen, counted or replaced.
    """

    kind: str
    day: date | None
    movements: pl.DataFrame
    blocks: pl.DataFrame
    places: pl.DataFrame
    ways: Ways
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class DayEnergy:
    """What the movements of a `ServiceDay` draw from the battery in one case of weather.

    All arrays have a value per movement, battery side.

    Parameters
    ----------
    temperature_c
        Outside, in the mean of the service hours.
    drive_kwh
        Traction less what braking gives back.
    auxiliary_kwh
        Auxiliaries and cabin from start to end of the movement; of a block's first movement also the first warmth of
        the cabin where that does not come from the plug.
    standing_kw
        Auxiliaries and cabin in the layover after the movement, doors open or shut.
    heater_fuel_mj
        Fuel of a heater that burns, from start to end and in the layover after it.
    case
        Name of the case of weather.
    returned_kwh
        What braking gives back, already taken off ``drive_kwh``.
    cabin_kwh
        Heating and cooling in ``auxiliary_kwh``.
    layover_cabin_kwh
        Heating and cooling in the layover after the movement, in ``standing_kw`` times its hours.
    plug_kwh
        First warmth of the cabin that the plug gives before a block's first movement; not from the battery.
    findings
        What was assumed and counted.
    """

    temperature_c: float
    drive_kwh: Float
    auxiliary_kwh: Float
    standing_kw: Float
    heater_fuel_mj: Float
    case: str = ""
    returned_kwh: Float = field(default_factory=lambda: np.zeros(0))
    cabin_kwh: Float = field(default_factory=lambda: np.zeros(0))
    layover_cabin_kwh: Float = field(default_factory=lambda: np.zeros(0))
    plug_kwh: Float = field(default_factory=lambda: np.zeros(0))
    findings: tuple[Finding, ...] = ()

    @property
    def kwh(self) -> Float:
        """All energy from start to end of each movement."""
        return self.drive_kwh + self.auxiliary_kwh


@dataclass(frozen=True)
class Charging:
    """What a day of service asks of its chargers.

    Parameters
    ----------
    sessions
        A row is one stay of one bus at a charger: ``site_id, site_kind`` (``depot`` or ``station``), ``kind_of_day,
        block_id, bus, arrive_s, leave_s`` (may pass 86,400: the night after), ``arrive_soc, need_battery_kwh``
        (what has to be in by ``leave_s``), ``max_battery_kw`` (of vehicle and charger, cold limit included),
        ``charger_efficiency`` (grid to battery side).
    findings
        What was assumed and counted.
    """

    sessions: pl.DataFrame
    findings: tuple[Finding, ...] = field(default=())
