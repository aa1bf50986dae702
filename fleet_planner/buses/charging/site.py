"""What a site has beside its chargers: a limit of the grid, chargers, panels, a battery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import KINDS, SLOT_H, SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]


@dataclass(frozen=True)
class Battery:
    """A stationary battery.

    Parameters
    ----------
    kwh, kw
        Usable capacity and power; the largest ones where ``chosen``.
    efficiency
        From the grid into the battery and out again.
    chosen
        Whether the schedule chooses the capacity, its power staying in proportion.
    usd_per_kwh_year
        What a kWh of capacity costs a year, US$ 2024.
    """

    kwh: float = 0.0
    kw: float = 0.0
    efficiency: float = 0.9
    chosen: bool = False
    usd_per_kwh_year: float = 0.0

    @property
    def there(self) -> bool:
        """Whether there is one, or may be."""
        return self.kwh > 0.0 and self.kw > 0.0


@dataclass(frozen=True)
class Feedback:
    """Buses that feed back: battery-side power limit and share of the charge that stays, wear per kWh fed back."""

    kw: float
    reserve: float
    usd_per_kwh: float


@dataclass(frozen=True)
class Site:
    """A depot or station.

    Parameters
    ----------
    site_id
        Its name.
    cap_kw
        Most that it may draw from the grid; infinite where it is not limited.
    chargers
        Most buses that charge at a time; none: one for each.
    least_kw
        A charger gives this at least or nothing, grid side.
    solar_kwp
        Panels.
    battery
        Stationary.
    feedback
        Vehicle to grid; none: switched off.
    """

    site_id: str
    cap_kw: float = np.inf
    chargers: int | None = None
    least_kw: float = 0.0
    solar_kwp: float = 0.0
    battery: Battery = Battery()
    feedback: Feedback | None = None


@dataclass(frozen=True)
class Dispatch:
    """A season's schedule of a site.

    Parameters
    ----------
    kwh
        Charged per entry of the stays, grid side of the charger, shape (E,).
    back_kwh
        Fed back per entry, grid side, shape (E,).
    grid, solar, charge, discharge, export
        kWh by kind of the day before, kind and slot, shape (3, 3, 96): bought, sun used or fed in, into and out of the
        stationary battery, fed in.
    """

    kwh: Float
    back_kwh: Float
    grid: Float
    solar: Float
    charge: Float
    discharge: Float
    export: Float


def sun_kwh(site: Site, season: Season) -> Float:
    """Return what the panels can give in each slot, kWh, shape (96,)."""
    return site.solar_kwp * season.sun * SLOT_H


def room_kwh(site: Site, season: Season, stays: Stays) -> Float:
    """Return most that the chargers may draw in each slot without a battery, kWh, shape (3, 96)."""
    limit = site.cap_kw * SLOT_H
    if not np.isfinite(limit):
        limit = float(stays.limit_kwh.sum()) + 1.0
    return np.broadcast_to(limit + sun_kwh(site, season), (len(KINDS), SLOTS)).copy()
