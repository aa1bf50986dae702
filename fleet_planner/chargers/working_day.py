"""The working day of electric vans and trucks as a chain of legs and stops, and where it is charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from fleet_planner.kernels import working_day as kernel
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

BASE, STOP, WAY = 0, 1, 2
"""Where a day is charged, in the order of the second axis of `Charged.by_hour`."""
PARTS = ("base", "stops", "way")


@dataclass(frozen=True)
class Chains:
    """Days of vehicles: C chains of S legs in all, each with the stop that it leads to.

    Parameters
    ----------
    first
        First leg of each chain, and S, shape (C + 1,).
    leg_kwh
        Energy of each leg at the plug, shape (S,).
    leave_h, arrive_h
        When a leg begins and ends, hours from midnight of the day's beginning, shape (S,).
    stop_h
        How long the vehicle stands then, shape (S,); at the last stop of a chain: the night at its base.
    stop_kw
        Power of a charger there, 0 where it cannot charge, shape (S,); at the last stop that of the base.
    battery_kwh
        What the battery holds between full and the reserve, at the plug, above 0, shape (C,).
    """

    first: Int
    leg_kwh: Float
    leave_h: Float
    arrive_h: Float
    stop_h: Float
    stop_kw: Float
    battery_kwh: Float

    @property
    def chain(self) -> Int:
        """Chain of each leg, shape (S,)."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))


@dataclass(frozen=True)
class Charged:
    """Where chains are charged, kWh at the plug.

    Parameters
    ----------
    stop_kwh, way_kwh
        At each stop but the last of a chain, and on the leg to it, shape (S,).
    way_h
        When charging on the leg begins; ``nan`` where there is none, shape (S,).
    base_kwh
        At the base, shape (C,).
    """

    stop_kwh: Float
    way_kwh: Float
    way_h: Float
    base_kwh: Float


def charged(chains: Chains) -> Charged:
    """Return where each chain is charged: at its base as far as that can be, then at stops, the rest on the way.

    A day repeats, so that base, stops and way add up to the energy of the legs.
    """
    legs, days = chains.leg_kwh.size, chains.first.size - 1
    taken, short, dry = np.zeros(legs), np.zeros(legs), np.full(legs, np.nan)
    night = np.zeros(days)
    most = chains.stop_kw * chains.stop_h
    kernel.charge_days(
        chains.first, chains.leg_kwh, most, chains.battery_kwh, most[chains.first[1:] - 1], taken, short, dry, night
    )
    when = chains.leave_h + np.where(np.isnan(dry), np.nan, dry) * (chains.arrive_h - chains.leave_h)
    return Charged(taken, short, when, night)


def by_hour(chains: Chains, done: Charged, group: Int, weight: Float, groups: int) -> Float:
    """Return kWh by group, part and hour of the day, shape (groups, 3, 24); parts are `PARTS`.

    At the base energy is spread over the whole night; at a stop it begins on arrival at the charger's power; on the
    way it is spread from where the battery is empty to the end of the leg.

    Parameters
    ----------
    chains, done
        The days and where they are charged.
    group
        Of each chain, 0 to ``groups`` - 1, shape (C,).
    weight
        Days like it on an average day, shape (C,).
    groups
        Number of groups.
    """
    out = np.zeros((groups * len(PARTS), HOURS_PER_DAY))
    last = chains.first[1:] - 1
    kernel.add_hours(group * len(PARTS) + BASE, chains.arrive_h[last], chains.stop_h[last], done.base_kwh * weight, out)
    leg = chains.chain
    row, days = group[leg] * len(PARTS), weight[leg]
    hours = np.divide(done.stop_kwh, chains.stop_kw, out=np.zeros(leg.size), where=chains.stop_kw > 0.0)
    kernel.add_hours(row + STOP, chains.arrive_h, hours, done.stop_kwh * days, out)
    begins = np.where(np.isnan(done.way_h), chains.arrive_h, done.way_h)
    kernel.add_hours(row + WAY, begins, chains.arrive_h - begins, done.way_kwh * days, out)
    return out.reshape(groups, len(PARTS), HOURS_PER_DAY)


def sessions(chains: Chains, done: Charged, group: Int, weight: Float, groups: int) -> Float:
    """Return times that vehicles charge on an average day by group and part, shape (groups, 3).

    On the way a vehicle stops once for each battery that it needs.
    """
    leg = chains.chain
    days = weight[leg]
    out = np.zeros((groups, len(PARTS)))
    np.add.at(out[:, BASE], group, weight * (done.base_kwh > 0.0))
    np.add.at(out[:, STOP], group[leg], days * (done.stop_kwh > 0.0))
    np.add.at(out[:, WAY], group[leg], days * np.ceil(done.way_kwh / chains.battery_kwh[leg]))
    return out


def day_classes(spread: float, classes: int) -> Float:
    """Return the mean of each class of days against the mean of all, shape (classes,): classes of equal number.

    Days scatter as a lognormal distribution with mean 1 and ``spread`` as the standard deviation of the logarithm;
    the mean between the quantiles ``a`` and ``b`` is ``(N(b - s) - N(a - s)) / (N(b) - N(a))``. Their mean is 1.
    """
    edges = ndtri(np.linspace(0.0, 1.0, classes + 1))
    return np.asarray(np.diff(ndtr(edges - spread)) * classes)


@dataclass(frozen=True)
class DayRules:
    """How the day of a vehicle is laid out where nobody gives it stop by stop; shape (C,) each.

    Parameters
    ----------
    km, kwh_per_km
        Of the day; at the plug.
    trip_km
        Length of a trip: the day has so many stops that its legs are of about this length.
    speed_kmh, start_h
        Mean speed; when the day begins.
    base_h
        Hours at base of a day that leaves so many.
    base_kw, stop_kw
        Power of a charger at base and at stops.
    least_stop_h
        Shorter stops are no time to charge.
    battery_kwh
        See `Chains`.
    """

    km: Float
    kwh_per_km: Float
    trip_km: Float
    speed_kmh: Float
    start_h: Float
    base_h: Float
    base_kw: Float
    stop_kw: Float
    least_stop_h: Float
    battery_kwh: Float


def laid_out(rules: DayRules) -> Chains:
    """Return a chain for each day: equal legs, equal stops that fill the hours away from base.

    A day of ``km`` has ``round(km / trip_km)`` legs, at least 2. What the hours away from base leave beside driving is
    dealt evenly to the stops; a day that drives for longer shortens the night.
    """
    legs = np.maximum(np.rint(rules.km / rules.trip_km), 2.0).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(legs)])
    chain = np.repeat(np.arange(legs.size), legs)
    place = np.arange(first[-1]) - first[chain]
    drive_h = rules.km / rules.speed_kmh
    away_h = np.maximum(HOURS_PER_DAY - rules.base_h, drive_h)
    stop_h = (away_h - drive_h) / (legs - 1)
    leg_h = drive_h / legs
    leave = rules.start_h[chain] + place * (leg_h + stop_h)[chain]
    last = place == legs[chain] - 1
    stands = np.where(last, np.maximum(HOURS_PER_DAY - away_h, 0.0)[chain], stop_h[chain])
    may = stop_h >= rules.least_stop_h
    return Chains(
        first=first,
        leg_kwh=(rules.km * rules.kwh_per_km / legs)[chain],
        leave_h=leave,
        arrive_h=leave + leg_h[chain],
        stop_h=stands,
        stop_kw=np.where(last, rules.base_kw[chain], (rules.stop_kw * may)[chain]),
        battery_kwh=rules.battery_kwh,
    )
