"""Where electrification overtakes a retrofit or a clean fuel: carbon price, grid factor, annual kilometres.

Two ways to treat the same vehicle are compared by their net benefit a year, everything against the untreated vehicle:

``net = km (damage + p (co2e - kwh g) / 1000 - running) - fixed``

with ``p`` US dollars per tonne of CO2e, ``g`` kg of CO2e per kWh. Each of ``p``, ``g`` and ``km`` enters linearly where
the others are held, so that a break-even is the root of a straight line, or there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALWAYS, NEVER, ABOVE, BELOW = "always", "never", "above", "below"
KG_PER_T = 1000.0
REACH = {"carbon_usd_per_t": 1e5, "grid_kg_per_kwh": 100.0, "km_per_year": 1e6}
"""How far a variable is followed: a border beyond that is none that anyone could reach."""


@dataclass(frozen=True)
class Way:
    """One way to treat a vehicle, against the untreated one.

    Parameters
    ----------
    fixed_usd_per_year
        Annualised capital and upkeep.
    running_usd_per_km
        Energy; negative where it saves.
    damage_avoided_usd_per_km
        Of air pollution.
    co2e_avoided_kg_per_km
        Without the electricity's.
    kwh_per_km
        Electricity added.
    """

    fixed_usd_per_year: float
    running_usd_per_km: float
    damage_avoided_usd_per_km: float
    co2e_avoided_kg_per_km: float
    kwh_per_km: float


@dataclass(frozen=True)
class Setting:
    """What is held while one of it varies: km a year, US dollars per t CO2e, kg CO2e per kWh."""

    km_per_year: float
    carbon_usd_per_t: float
    grid_kg_per_kwh: float


@dataclass(frozen=True)
class BreakEven:
    """``verdict`` says for which values of the variable the first way is ahead; ``value`` is the border, if any."""

    verdict: str
    value: float | None


def net_benefit_usd_per_year(way: Way, setting: Setting) -> float:
    """Return the net benefit of treating a vehicle, US dollars a year."""
    co2e = way.co2e_avoided_kg_per_km - way.kwh_per_km * setting.grid_kg_per_kwh
    carbon = setting.carbon_usd_per_t * co2e / KG_PER_T
    per_km = way.damage_avoided_usd_per_km + carbon - way.running_usd_per_km
    return setting.km_per_year * per_km - way.fixed_usd_per_year


def break_even(first: Way, second: Way, setting: Setting, variable: str) -> BreakEven:
    """Return for which values of a variable of the setting, from 0 on, the first way has the larger net benefit.

    Parameters
    ----------
    first, second
        Usually electrification, and a retrofit or fuel.
    setting
        Holds the other two.
    variable
        ``km_per_year``, ``carbon_usd_per_t`` or ``grid_kg_per_kwh``.
    """

    def ahead(value: float) -> float:
        at = replace(setting, **{variable: value})
        return net_benefit_usd_per_year(first, at) - net_benefit_usd_per_year(second, at)

    return _border(ahead, REACH[variable])


def _border(ahead: Callable[[float], float], reach: float) -> BreakEven:
    """Return where a straight line crosses zero between 0 and the reach."""
    start, end = ahead(0.0), ahead(reach)
    if (start >= 0.0) == (end >= 0.0):
        return BreakEven(ALWAYS if start >= 0.0 else NEVER, None)
    return BreakEven(BELOW if start >= 0.0 else ABOVE, reach * start / (start - end))
