"""The bill of a site: every element of the tariff on the grid's load, in the tariff's currency and in US$ 2024."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.slots import SLOT_H
from fleet_planner.buses.charging.tariff import DEMAND, EXPORT, FIXED
from fleet_planner.units import KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.site import Dispatch
    from fleet_planner.buses.charging.tariff import Charge, Tariff
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]

STORAGE, WEAR, CLIMATE, HEALTH = "storage", "wear", "climate", "health"
OWNER = ("energy", "adder", DEMAND, FIXED, EXPORT, STORAGE, WEAR)
"""Elements that the operator pays; climate and health are borne by others."""

Line = tuple[str, str, str, float, str, float, float, bool]
"""Season, element, label, quantity, its unit, price in its currency, cost in it, whether the price was read."""


def bill(tariff: Tariff, seasons: Sequence[Season], dispatches: Sequence[Dispatch]) -> list[Line]:
    """Return the lines of a year, by season and element of the tariff; elements that do not apply are left out.

    Demand is billed once for each month of a season, on the highest 15-minute mean of the days that occur in it.
    """
    out: list[Line] = []
    for season, dispatch in zip(seasons, dispatches, strict=True):
        for charge in tariff.charges:
            if not charge.months[season.months[0]]:
                continue
            quantity, unit = _quantity(charge, season, dispatch)
            sign = -1.0 if charge.element == EXPORT else 1.0
            cost = sign * quantity * charge.price
            out.append((season.label, charge.element, charge.label, quantity, unit, charge.price, cost, charge.checked))
    return out


def _quantity(charge: Charge, season: Season, dispatch: Dispatch) -> tuple[float, str]:
    if charge.element == FIXED:
        return float(len(season.months)), "month"
    if charge.element == DEMAND:
        return len(season.months) * peak_kw(season, dispatch.grid, charge.slots), "kW month"
    flow = dispatch.export if charge.element == EXPORT else dispatch.grid
    return float((season.days[:, :, None] * charge.slots[None] * flow).sum()), "kWh"


def peak_kw(season: Season, kwh: Float, slots: NDArray[np.bool_] | None = None) -> float:
    """Return the highest 15-minute mean on the days that occur, kW; only in the slots named, shape (3, 96)."""
    inside = np.ones(kwh.shape, dtype=bool) if slots is None else np.broadcast_to(slots[None], kwh.shape)
    there = inside & (season.days > 0)[:, :, None]
    return float(kwh[there].max(initial=0.0)) / SLOT_H


def harm(seasons: Sequence[Season], dispatches: Sequence[Dispatch]) -> tuple[float, float]:
    """Return t of marginal CO2 and the damage of CO2 and to health, US$ 2024, of a year, less what is fed in."""
    co2 = usd = 0.0
    for season, dispatch in zip(seasons, dispatches, strict=True):
        flow = season.days[:, :, None] * (dispatch.grid - dispatch.export)
        co2 += float((flow * season.co2_kg[None]).sum()) / KG_PER_T
        usd += float((flow * season.damage_usd[None]).sum())
    return co2, usd
