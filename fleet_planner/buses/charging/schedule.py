"""A site's year by strategy: the schedule of its stays, what it draws from the grid, what that costs and does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.charging.bill import peak_kw
from fleet_planner.buses.charging.least_cost import Limits, Optimum, least_cost
from fleet_planner.buses.charging.plain import balanced, plug_hours, under_limits, unmanaged
from fleet_planner.buses.charging.site import room_kwh
from fleet_planner.buses.charging.slots import SLOT_H
from fleet_planner.buses.charging.smallest import missed_kwh, once_plugged
from fleet_planner.buses.charging.stays import by_calendar
from fleet_planner.errors import PlanError
from fleet_planner.highs import INFEASIBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.charging.site import Dispatch, Site
    from fleet_planner.buses.charging.stays import Stays
    from fleet_planner.buses.charging.terms import Season

    Float = NDArray[np.float64]

UNMANAGED, BALANCED, LEAST_COST, WITH_DAMAGE = "unmanaged", "balanced", "least_cost", "cost_and_damage"
STRATEGIES = (UNMANAGED, BALANCED, LEAST_COST, WITH_DAMAGE)
ROUND = 1e-7
"""A limit is kept when it is passed by less than this share of it."""


@dataclass(frozen=True)
class Schedule:
    """A site under a strategy.

    Parameters
    ----------
    strategy
        One of `STRATEGIES`.
    status
        ``optimal``; ``rule`` where it follows a rule; ``stopped`` where an integer search ended early.
    dispatch
        By season.
    missed_kwh
        What each stay lacks, battery side, the most of any season, shape (S,); the shortness of the stay included.
    value, bound
        US$ 2024 a year that the strategy minimises, and a lower bound of it; equal for rules.
    battery_kwh
        Capacity of the stationary battery.
    """

    strategy: str
    status: str
    dispatch: tuple[Dispatch, ...]
    missed_kwh: Float
    value: float
    bound: float
    battery_kwh: float

    @property
    def gap(self) -> float:
        """What a better schedule could save at most, as a share."""
        size = max(abs(self.value), abs(self.bound))
        return (self.value - self.bound) / size if size > 0.0 else 0.0

    def peak_kw(self, seasons: Sequence[Season]) -> float:
        """Return the highest 15-minute mean of the year."""
        return max((peak_kw(s, d.grid) for s, d in zip(seasons, self.dispatch, strict=True)), default=0.0)

    def chargers(self, stays: Stays, seasons: Sequence[Season]) -> int:
        """Return the fewest chargers for it when a bus keeps its plug from its first to its last slot."""
        pairs = zip(seasons, self.dispatch, strict=True)
        return max((once_plugged(stays, d.kwh, s.days > 0) for s, d in pairs), default=0)


def schedule(
    stays: Stays, site: Site, seasons: Sequence[Season], strategy: str, limits: Limits | None = None
) -> Schedule:
    """Return the schedule of a site under a strategy.

    Rules (`UNMANAGED`, `BALANCED`) keep the site's limits by serving fewer; the others serve all where that is
    possible, and else miss as little as possible.

    Parameters
    ----------
    stays, site, seasons
        What is asked, what there is, what it costs.
    strategy
        One of `STRATEGIES`.
    limits
        Of integer programmes.

    Raises
    ------
    PlanError
        No schedule with least powers was found in time.
    """
    efficiency = stays.sessions["charger_efficiency"].to_numpy().astype(np.float64)
    short = stays.asked_kwh - stays.need_kwh
    short[short <= ROUND * stays.asked_kwh] = 0.0
    if strategy in {UNMANAGED, BALANCED}:
        given = [_rule(stays, site, season, even=strategy == BALANCED) for season in seasons]
        found = least_cost(stays, replace(site, feedback=None), seasons, given=given)
        least = np.min([stays.summed(g) for g in given], axis=0)
        missed = np.maximum(stays.need_kwh - least, 0.0)
        missed[missed <= ROUND * stays.need_kwh] = 0.0
        return _told(found, strategy, "rule", (missed + short) * efficiency)
    # damage that is the same at all hours moves nothing where all energy comes from the grid and none is lost
    moves = site.solar_kwp > 0.0 or site.battery.there or site.feedback is not None or _varies(seasons)
    dear = strategy == WITH_DAMAGE and moves
    found = least_cost(stays, site, seasons, damage=dear, limits=limits)
    missed = np.zeros(stays.count)
    if found.status == INFEASIBLE:
        missed = missed_kwh(stays, site, seasons)
        missed[missed <= ROUND * stays.need_kwh] = 0.0
        kept = np.maximum(stays.need_kwh - missed * (1.0 + ROUND), 0.0)
        found = least_cost(replace(stays, need_kwh=kept), site, seasons, damage=dear, limits=limits)
    if not found.dispatch:
        raise PlanError(
            f"no schedule of {site.site_id} was found in time in which chargers give {site.least_kw:g} kW or nothing",
            "Give a longer buses.charging.integer_seconds, a higher limit of the grid, or a lower least_charger_kw.",
            column="buses.charging.least_charger_kw",
        )
    return _told(found, strategy, found.status, (missed + short) * efficiency)


def _told(found: Optimum, strategy: str, status: str, missed: Float) -> Schedule:
    assert found.dispatch, f"{strategy}: {found.status}"
    return Schedule(strategy, status, found.dispatch, missed, found.value, found.bound, found.battery_kwh)


def _varies(seasons: Sequence[Season]) -> bool:
    return any(float(np.ptp(s.damage_usd)) > 0.0 for s in seasons)


def _rule(stays: Stays, site: Site, season: Season, *, even: bool) -> Float:
    """Return what buses draw by the rule, under the limits only where they bind."""
    kwh = balanced(stays) if even else unmanaged(stays)
    follows = season.days > 0
    room = room_kwh(site, season, stays)
    plugs = np.inf if site.chargers is None else float(site.chargers)
    load = by_calendar(stays.load_kwh(kwh))[follows]
    kinds = np.nonzero(follows)[1]
    hours = by_calendar(stays.load_kwh(plug_hours(stays, kwh, even=even)))[follows]
    if (load <= room[kinds] * (1.0 + ROUND)).all() and (hours <= plugs * SLOT_H * (1.0 + ROUND)).all():
        return kwh
    return under_limits(stays, room, plugs, follows, even=even)
