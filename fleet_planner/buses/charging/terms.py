"""What a kWh and a kW cost a site in each part of the year: months of equal terms make a season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import MONTHS
from fleet_planner.buses.charging.tariff import DEMAND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.charging.damage import Damage
    from fleet_planner.buses.charging.tariff import Tariff

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Peak:
    """A charge on the month's highest 15-minute mean: name, US$ 2024 per kW and month, when, shape (3, 96)."""

    label: str
    usd_per_kw: float
    slots: Bool


@dataclass(frozen=True)
class Season:
    """Months of equal terms; a schedule holds for a season.

    Parameters
    ----------
    label
        Such as ``6-9``, or ``1-5;10-12``.
    months
        0 to 11.
    days
        In all its months by kind of the day before and kind, shape (3, 3).
    price, export
        US$ 2024 per kWh bought and fed in, shape (3, 96).
    peaks
        Charges on demand.
    co2_kg, damage_usd
        Marginal CO2 and the damage of CO2 and to health, US$ 2024, per kWh, shape (3, 96).
    usd_per_t
        Social cost of a tonne of CO2, US$ 2024.
    sun
        Yield of the panels, kW per kWp, shape (96,).
    """

    label: str
    months: tuple[int, ...]
    days: Int
    price: Float
    export: Float
    peaks: tuple[Peak, ...]
    co2_kg: Float
    damage_usd: Float
    usd_per_t: float
    sun: Float

    @property
    def pairs(self) -> tuple[Int, Int]:
        """Kinds of days that occur: kind of the day before and kind of the day, by order of occurrence."""
        before, kind = np.nonzero(self.days)
        return before, kind


def seasons_of(tariff: Tariff, usd: float, days: Int, damage: Damage, sun: Float) -> list[Season]:
    """Return the seasons of a site, in the order of their first month.

    Parameters
    ----------
    tariff
        With its own currency.
    usd
        US$ 2024 for a unit of that currency.
    days
        By month, kind of the day before and kind, shape (12, 3, 3).
    damage
        Of a kWh by month.
    sun
        Yield by month, kW per kWp, shape (12, 96).
    """
    energy, export, demand = tariff.energy, tariff.export, tariff.of(DEMAND)
    groups: dict[bytes, list[int]] = {}
    for month in range(MONTHS):
        parts = (energy, export, damage.co2_kg, damage.health_usd, sun)
        held = np.array([c.months[month] for c in demand], dtype=bool)
        key = b"".join(p[month].tobytes() for p in parts) + held.tobytes()
        groups.setdefault(key, []).append(month)
    out = []
    for months in groups.values():
        first = months[0]
        peaks = tuple(Peak(c.label, c.price * usd, c.slots) for c in demand if c.months[first])
        out.append(
            Season(
                span(months),
                tuple(months),
                days[months].sum(axis=0),
                energy[first] * usd,
                export[first] * usd,
                peaks,
                damage.co2_kg[first],
                damage.usd[first],
                damage.usd_per_t,
                sun[first],
            )
        )
    return out


def span(months: list[int]) -> str:
    """Return months from 0 as text from 1, such as ``1-5;10-12``."""
    parts: list[list[int]] = []
    for month in months:
        if parts and parts[-1][-1] == month - 1:
            parts[-1].append(month)
        else:
            parts.append([month])
    return ";".join(str(p[0] + 1) if len(p) == 1 else f"{p[0] + 1}-{p[-1] + 1}" for p in parts)
