"""Depots, chargers and the grid behind them as rows of the mix.

At a site ``s`` and in a year ``y``, over the electric vehicles in force there::

    sum vehicles                                        <= bays of s
    sum vehicles * chargers a vehicle needs - chargers built up to y <= chargers that are there
    sum vehicles * kW a vehicle draws - kW of the connection, once built <= headroom of s

Chargers are whole and bounded per year; a connection is built once or never, at a fixed price, from the year on in
which it can be energised. Both cost money and count in the budget of the year in which they are built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.portfolio.problem import AT_MOST, Builds, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.portfolio.figures import Figures

    Array = NDArray[np.float64]

SPACE, CHARGERS, GRID, ONCE = "space", "chargers", "grid", "connection once"


@dataclass(frozen=True)
class Sites:
    """Places where vehicles charge; all arrays have a figure per site (S).

    Parameters
    ----------
    names
        Short names.
    bays
        Electric vehicles that have room; infinite where nothing limits them.
    chargers
        That are there before the first year.
    chargers_per_year
        That can be built in a year.
    charger_usd
        Of one.
    headroom_kw
        That the grid can give as it is.
    upgrade_kw
        That a new connection adds.
    connection_usd
        Its fixed price.
    energised
        Place in the horizon of the first year in which it can be used.
    charger_life, connection_life
        Years.
    upkeep_share
        Upkeep of chargers a year as a share of their price.
    delay
        Years that connections come later than was reckoned with when they were ordered.
    """

    names: tuple[str, ...]
    bays: Array
    chargers: Array
    chargers_per_year: Array
    charger_usd: Array
    headroom_kw: Array
    upgrade_kw: Array
    connection_usd: Array
    energised: NDArray[np.int64]
    charger_life: Array
    connection_life: Array
    upkeep_share: float
    delay: int = 0


@dataclass(frozen=True)
class Draw:
    """What electric vehicles ask of the sites.

    Parameters
    ----------
    share
        Share of each group's vehicles that is at home at each site, shape (G, S); what is left is limited by none.
    takes
        Whether a vehicle with the option charges at a site, shape (O,).
    kw
        Drawn by a vehicle on average while the vehicles of a site charge, shape (G, O).
    chargers
        That a vehicle takes up, shape (G, O).
    """

    share: Array
    takes: NDArray[np.bool_]
    kw: Array
    chargers: Array


@dataclass(frozen=True)
class SiteRows:
    """Rows and builds of sites.

    Parameters
    ----------
    rows
        In the order of sites and years.
    told
        Site, kind and place of the year of each row.
    builds
        Chargers and connections.
    capital
        Of one of each build, shape (K,).
    year, site
        In which, and where, shape (K,).
    is_charger
        Whether it is a charger, else a connection, shape (K,).
    """

    rows: tuple[Row, ...]
    told: tuple[tuple[int, str, int], ...]
    builds: Builds
    capital: Array
    year: NDArray[np.int64]
    site: NDArray[np.int64]
    is_charger: NDArray[np.bool_]


def site_rows(
    sites: Sites, draw: Draw, figures: Figures, acts: NDArray[np.bool_], discount: Array, rate: float
) -> SiteRows:
    """Return the rows of sites.

    Parameters
    ----------
    sites, draw
        What is there, and what vehicles ask of it.
    figures
        Per-vehicle figures: who can take what, and who is alive.
    acts
        Whether an option taken in year t acts in year y, shape (O, T, T).
    discount
        Factor of each year, shape (T,).
    rate
        Discount rate, which spreads the price of a build over its life.
    """
    made = _builds(sites, draw, figures, discount, rate)
    rows: list[Row] = []
    told: list[tuple[int, str, int]] = []
    years = discount.size
    for s, name in enumerate(sites.names):
        groups = np.flatnonzero(draw.share[:, s] > 0.0)
        mine = figures.able[groups] & draw.takes[None, :]
        if not mine.any():
            continue
        own = np.flatnonzero(made.site == s)
        here = draw.share[:, s][:, None]
        bays = (SPACE, sites.bays[s], here * np.ones_like(draw.kw))
        chargers = (CHARGERS, sites.chargers[s], here * draw.chargers)
        for kind, most, each in (bays, chargers, (GRID, sites.headroom_kw[s], here * draw.kw)):
            if not np.isfinite(most):
                continue
            for y in range(years):
                columns, values = _load(groups, mine, each, figures.alive[:, y], acts[:, :, y])
                reach = float((np.where(mine, each[groups], 0.0).max(axis=1) * _living(figures, groups, y)).sum())
                if reach <= most:
                    continue  # more than all vehicles together could ask
                builds = () if kind == SPACE else _added(made, own, kind, y, sites, reach - most)
                rows.append(Row(f"{kind} {name} {y}", AT_MOST, float(most), values, columns, builds))
                told.append((s, kind, y))
        connections = own[~made.is_charger[own]]
        if connections.size:
            none = np.zeros(0, np.int64)
            builds = tuple((int(k), 1.0) for k in connections)
            rows.append(Row(f"{ONCE} {name}", AT_MOST, 1.0, np.zeros(0), none, builds, hard=True))
            told.append((s, ONCE, years - 1))
    return SiteRows(tuple(rows), tuple(told), made.builds, made.capital, made.year, made.site, made.is_charger)


def _living(figures: Figures, groups: NDArray[np.int64], year: int) -> Array:
    return np.asarray(np.round(figures.count[groups]) * figures.alive[groups, year])


def _load(
    groups: NDArray[np.int64], mine: NDArray[np.bool_], each: Array, alive: Array, acts: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Array]:
    """Return the columns whose vehicles are in force in a year and what one base-year vehicle of each asks then."""
    options, years = acts.shape
    used = mine[:, :, None] & acts[None, :, :] & (alive[groups] > 0.0)[:, None, None]
    g, o, t = np.nonzero(used)
    columns = (groups[g] * options + o) * years + t
    return columns.astype(np.int64), each[groups[g], o] * alive[groups[g]]


def _builds(sites: Sites, draw: Draw, figures: Figures, discount: Array, rate: float) -> SiteRows:
    """Return what can be built: chargers in every year, a connection in every year from its first on."""
    years = discount.size
    names, cost, most, capital, year, site, is_charger = [], [], [], [], [], [], []
    for s, name in enumerate(sites.names):
        groups = np.flatnonzero(draw.share[:, s] > 0.0)
        mine = figures.able[groups] & draw.takes[None, :]
        each = np.where(mine, draw.chargers[groups], 0.0).max(axis=1) * draw.share[groups, s]
        asked = float(each @ np.round(figures.count[groups]))
        chargers = min(np.floor(sites.chargers_per_year[s]), np.ceil(asked))
        connections = 1.0 if sites.upgrade_kw[s] > 0.0 else 0.0
        of_charger = (sites.charger_usd[s], sites.charger_life[s], sites.upkeep_share, chargers, 0)
        of_connection = (sites.connection_usd[s], sites.connection_life[s], 0.0, connections, sites.energised[s])
        for charger, (price, life, upkeep, top, first) in ((True, of_charger), (False, of_connection)):
            for y in range(first, years if charger or top > 0.0 else first):
                lasts = discount[y : min(years, y + int(life))].sum()
                names.append(f"{'charger' if charger else 'connection'} {name} {y}")
                cost.append(price * (_yearly(rate, life) + upkeep) * lasts)
                most.append(top)
                capital.append(price)
                year.append(y)
                site.append(s)
                is_charger.append(charger)
    return SiteRows(
        (),
        (),
        Builds(tuple(names), np.array(cost, dtype=np.float64), np.array(most, dtype=np.float64)),
        np.array(capital, dtype=np.float64),
        np.array(year, dtype=np.int64),
        np.array(site, dtype=np.int64),
        np.array(is_charger, dtype=np.bool_),
    )


def _yearly(rate: float, life: float) -> float:
    """Return the yearly payment that repays 1 over a life."""
    return 1.0 / life if rate == 0.0 else rate / (1.0 - (1.0 + rate) ** -life)


def _added(
    made: SiteRows, own: NDArray[np.int64], kind: str, year: int, sites: Sites, lacking: float
) -> tuple[tuple[int, float], ...]:
    """Return what each build of a site takes off a row.

    A connection counts with no more than what all vehicles together lack: no whole mix is lost, and the relaxation
    builds less of a fraction (coefficient tightening).
    """
    charger = kind == CHARGERS
    out = []
    for k in own[made.is_charger[own] == charger].tolist():
        s, delay = int(made.site[k]), 0 if charger else sites.delay
        life = sites.charger_life[s] if charger else sites.connection_life[s]
        if made.year[k] + delay <= year < made.year[k] + int(life) + delay:
            out.append((k, -1.0 if charger else -min(float(sites.upgrade_kw[s]), lacking)))
    return tuple(out)
