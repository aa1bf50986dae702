"""What the build-out is computed from: arrays only, costs in US dollars of 2024."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.queueing import throughput_kwh_per_h
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

TRIED = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 60, 75, 90, 110, 135, 165, 200)
"""Numbers of chargers that are tried at once; of those with a queue also the only ones that may be built."""


@dataclass(frozen=True)
class Option:
    """A kind of charger with its connector.

    Parameters
    ----------
    name, connector
        Words.
    kw
        Power taken from the grid by each.
    usd, usd_per_year, life_years
        Each: bought and installed; kept; how long it lasts.
    queue
        Whether vehicles come as they like and wait: then the number gives less than its power.
    """

    name: str
    connector: str
    kw: float
    usd: float
    usd_per_year: float
    life_years: float
    queue: bool


@dataclass(frozen=True)
class Costs:
    """What the yearly shares are made of.

    Parameters
    ----------
    site_usd, connection_usd
        Of each site once: works and land; connection without the part by power; shape (S,).
    per_kw_usd
        Of the connection by power, US$ per kW.
    site_share, grid_share
        Yearly share of what is paid once (capital recovery).
    option_share
        The same of each option, shape (K,).
    """

    site_usd: Float
    connection_usd: Float
    per_kw_usd: float
    site_share: float
    grid_share: float
    option_share: Float


@dataclass(frozen=True)
class Build:
    """A build-out: S sites, K options, J demand, T years, H hours, P pairs, F families of options, G groups of demand.

    Parameters
    ----------
    years, weight
        Planned years; discounted years that each stands for, shape (T,).
    reach
        Pairs that connector, power and cut-off allow.
    kwh
        Of the hours that may bind, shape (J, T, H).
    hours
        Which hours of the day these are.
    per_day
        Energy of the whole day, shape (J, T).
    group
        Of each demand, shape (J,).
    inside
        Whether all options that serve a group are in a family, shape (F, G).
    option_in
        Whether an option is in a family, shape (F, K).
    options
        K.
    table
        kWh an hour by option and number of chargers, shape (K, N + 1).
    most
        Chargers at most, shape (S, K).
    room
        Over all options, shape (S,).
    own
        kWh an hour of the chargers that are there, by family, shape (S, F).
    own_kw
        Their power, shape (S,).
    opened
        Open without cost from the first year, shape (S,).
    ready
        First planned year (place in ``years``) in which new chargers may serve, shape (S,); T: never.
    headroom, feeder, feeder_kw
        kW, shape (S,); number of the feeder or -1, shape (S,); kW of the feeders.
    open_usd, open_per_year
        Of a site with the fixed part of its connection: once; as a yearly share, shape (S,).
    price, per_year
        Of a charger with its part of the connection: once; as a yearly share with upkeep, shape (K,).
    detour_usd
        Of a kWh of each pair, shape (P,).
    unserved_usd
        Of a kWh that nobody serves.
    energy_usd
        Of a kWh that is served.
    peak_usd
        Of a kW of a site's highest hour, a year.
    budget
        US$ that may be spent up to and in each planned year, since the one before, shape (T,).
    least
        Least share of each year's energy that is served, shape (T,).
    least_by_zone
        The same of each zone.
    zone
        Number of the zone of each demand, shape (J,).
    least_by_group
        The same as ``least`` of each group of people.
    people
        Share of each demand's energy by group of people, shape (J, E).
    hourly
        Whether the grid limits the energy of an hour (chargers share the power) and not the power installed.
    costs
        Parts of ``open_usd``, ``open_per_year``, ``price`` and ``per_year``.
    """

    years: tuple[int, ...]
    weight: Float
    reach: Reach
    kwh: Float
    hours: tuple[int, ...]
    per_day: Float
    group: Int
    inside: Bool
    option_in: Bool
    options: tuple[Option, ...]
    table: Float
    most: Int
    room: Int
    own: Float
    own_kw: Float
    opened: Bool
    ready: Int
    headroom: Float
    feeder: Int
    feeder_kw: Float
    open_usd: Float
    open_per_year: Float
    price: Float
    per_year: Float
    detour_usd: Float
    unserved_usd: float
    energy_usd: float
    peak_usd: float
    budget: Float
    least: Float
    least_by_zone: float
    zone: Int
    least_by_group: float
    people: Float
    hourly: bool
    costs: Costs

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """S, K, J, T, H."""
        return (*self.most.shape, *self.kwh.shape)

    @property
    def kw(self) -> Float:
        """Power of each option, shape (K,)."""
        return np.array([o.kw for o in self.options])

    @property
    def per_year_kwh(self) -> Float:
        """Energy of a year, shape (J, T)."""
        return self.per_day * DAYS_PER_YEAR

    @property
    def yearly_kw_limit(self) -> Float:
        """Energy an hour that the grid gives a site, with what feeds its present chargers, shape (S,)."""
        return self.headroom + self.own_kw if self.hourly else np.full(self.headroom.size, np.inf)

    def only(self, t: int) -> Build:
        """Return the build-out of one planned year."""
        return replace(
            self,
            years=self.years[t : t + 1],
            weight=np.ones(1),
            kwh=self.kwh[:, t : t + 1],
            per_day=self.per_day[:, t : t + 1],
            ready=np.where(self.ready <= t, 0, 1).astype(np.int64),
            budget=self.budget[t : t + 1],
            least=self.least[t : t + 1],
        )


def families_of(serves: Bool) -> tuple[Bool, Bool]:
    """Return the families of options that limit groups of demand together.

    Energy of the groups can be dealt to the options if and only if, for every union of the groups' option sets, the
    groups whose options lie inside ask for no more than those options give (Gale 1957).

    Parameters
    ----------
    serves
        Whether an option serves a group, shape (G, K).

    Returns
    -------
    inside
        Shape (F, G).
    option_in
        Shape (F, K).
    """
    distinct = np.unique(serves, axis=0)
    found = {
        tuple(np.logical_or.reduce([distinct[k] for k in chosen]).tolist())
        for size in range(1, len(distinct) + 1)
        for chosen in combinations(range(len(distinct)), size)
    }
    option_in = np.array(sorted(found), dtype=np.bool_).reshape(len(found), serves.shape[1])
    inside = np.array([[bool((own <= family).all()) for own in serves] for family in option_in], dtype=np.bool_)
    return inside.reshape(len(option_in), len(serves)), option_in


def binding_hours(kwh: Float) -> Int:
    """Return the hours that no other hour exceeds at every demand and year, shape (H,); of equal ones the first.

    Parameters
    ----------
    kwh
        Shape (J, T, 24).

    Notes
    -----
    Shares of a demand are the same in all hours, so that an hour which another one exceeds everywhere never binds.
    """
    flat = kwh.reshape(-1, kwh.shape[2]).T
    kept: list[int] = []
    for h in np.argsort(-flat.sum(axis=1), kind="stable").tolist():
        if not any((flat[h] <= flat[other] + 1e-12).all() for other in kept):
            kept.append(h)
    return np.array(sorted(kept), dtype=np.int64)


def throughput_table(
    options: Sequence[Option], session_kwh: Sequence[float], most: int, wait_h: float, use: float
) -> Float:
    """Return the kWh an hour by option and number of chargers, shape (K, most + 1).

    Parameters
    ----------
    options
        Kinds of chargers.
    session_kwh
        Mean energy of a stop at each.
    most
        Largest number.
    wait_h
        Mean wait that is accepted where there is a queue.
    use
        Share of its power that a charger without queue gives over an hour.
    """
    rows = [
        throughput_kwh_per_h(most, o.kw, energy, wait_h) if o.queue else use * o.kw * np.arange(most + 1)
        for o, energy in zip(options, session_kwh, strict=True)
    ]
    return np.array(rows).reshape(len(options), most + 1)
