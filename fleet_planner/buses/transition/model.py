"""What the replacement of a bus fleet is computed from, and what it decides.

A *pool* is the buses of one size at one depot; a *cohort* is buses of today of one pool, powertrain and model year; a
*need* is blocks of one pool that the same powertrains can run. Axes: D depots, L pools, G cohorts, C needs,
P powertrains, K stations, T years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

POWERTRAINS = ("battery", "battery_large", "battery_station", "hydrogen", "diesel_hybrid", "conventional", "existing")
"""``existing`` are engine buses of today; all others can be bought."""

BATTERY, LARGE, STATION, HYDROGEN, HYBRID, CONVENTIONAL, EXISTING = range(7)
ELECTRIC = (BATTERY, LARGE, STATION)
ZERO_EMISSION = (*ELECTRIC, HYDROGEN)
LINES = (
    *("vehicles", "batteries", "chargers", "sites", "stations", "charger_upkeep"),
    *("energy", "demand_charge", "maintenance", "operators", "early_retirement", "residual"),
)
CAPITAL = ("vehicles", "batteries", "chargers", "sites", "stations")
"""Lines that the budget of a year pays."""


@dataclass(frozen=True)
class Pools:
    """Buses of one size at one depot.

    Parameters
    ----------
    depots
        Ids, D of them.
    depot
        Index of each pool's depot, shape (L,).
    bus_type
        Size of each pool, L of them.
    """

    depots: tuple[str, ...]
    depot: Int
    bus_type: tuple[str, ...]

    def by_depot(self, of_pool: Float) -> Float:
        """Add up pools, the first axis, by depot."""
        out = np.zeros((len(self.depots), *of_pool.shape[1:]))
        np.add.at(out, self.depot, of_pool)
        return out


@dataclass(frozen=True)
class Cohorts:
    """Buses of today, shape (G,) each.

    Parameters
    ----------
    pool, powertrain
        Indices.
    count
        Buses.
    model_year
        Of all of them.
    free_year
        First year in which they may go.
    due_year
        Last year by which they are replaced.
    loss
        What is lost where one goes in a year before its minimum life, US$ 2024, shape (G, T).
    harm
        Weight of what one emits per km, for the order; shape (G,).
    """

    pool: Int
    powertrain: Int
    count: Int
    model_year: Int
    free_year: Int
    due_year: Int
    loss: Float
    harm: Float


@dataclass(frozen=True)
class Needs:
    """Blocks of one pool that the same powertrains can run, shape (C,) each.

    Parameters
    ----------
    pool
        Index.
    blocks
        How many.
    buses
        Buses that one block takes by powertrain, 0 where it cannot run it, shape (C, P).
    km
        Of one block a year, mean.
    kwh
        Of one block a year at the plug, where it is electric.
    peak_kw
        What one block adds to its depot's peak, where it is electric.
    weight
        Of its emissions.
    extra_cost
        Of operators a year for each bus above one, US$ 2024.
    stations
        Shape (C, K): stations that the powertrain ``battery_station`` needs for these blocks.
    """

    pool: Int
    blocks: Int
    buses: Float
    km: Float
    kwh: Float
    peak_kw: Float
    weight: Float
    extra_cost: Float
    stations: Bool


@dataclass(frozen=True)
class Figures:
    """Costs, US$ 2024, and effects.

    Parameters
    ----------
    years
        Shape (T,).
    base_year, rate
        Costs are discounted to the base year.
    price
        Of a bus with its battery, by pool, powertrain and year, shape (L, P, T).
    pack
        Of a battery alone, same shape.
    battery_life, bus_life, charger_life
        Years.
    residual_share
        Of a bus's price, by its age at the end of the last year, shape (T + 1,).
    upkeep
        Maintenance per km, shape (L, P).
    energy
        Per block and year, shape (C, P, T).
    demand_per_kw
        A year.
    charger, charger_upkeep_share, buses_per_charger
        Price of one with its part of the connection, upkeep a year over it, electric buses on it.
    site, hydrogen_site, station
        Fixed cost of a depot's power (D,), of its hydrogen (D,), of a station (K,).
    lead
        Years from the order of a depot's power or hydrogen to its use, shape (D,).
    ready
        First year with power that may be had, shape (D,).
    powered
        Depots that have power for electric buses today, shape (D,).
    station_ready
        First year in which a station may stand.
    grid_cap_kw
        Shape (D,), infinite without one.
    harm
        Weighted emissions per km by pool and powertrain, shape (L, P).
    """

    years: Int
    base_year: int
    rate: float
    price: Float
    pack: Float
    battery_life: int
    bus_life: int
    charger_life: int
    residual_share: Float
    upkeep: Float
    energy: Float
    demand_per_kw: float
    charger: float
    charger_upkeep_share: float
    buses_per_charger: float
    site: Float
    hydrogen_site: Float
    station: Float
    lead: Int
    ready: Int
    powered: Bool
    station_ready: int
    grid_cap_kw: Float
    harm: Float

    @property
    def discount(self) -> Float:
        """Worth of a dollar of each year in the base year."""
        return np.asarray((1.0 + self.rate) ** -(self.years - self.base_year).astype(np.float64))


@dataclass(frozen=True)
class Rules:
    """What a plan has to keep.

    Parameters
    ----------
    buyable
        By powertrain and year, shape (P, T).
    share
        Least zero-emission share of purchases, shape (T,).
    counts
        Pools whose purchases count for it, by year, shape (L, T).
    target_share
        Zero-emission share of the fleet at the end of the last year.
    budget
        Capital of each year, shape (T,), infinite without one.
    supply
        Buses of a powertrain a year, shape (P, T), infinite without one.
    spare_min, spare_max
        Spare buses over those in service: least by pool, most of the operator (infinite where the rule does not hold).
    spare_short, spare_excess
        By how many buses today's fleet misses the least (L,) and is above the most: not asked for.
    """

    buyable: Bool
    share: Float
    counts: Bool
    target_share: float
    budget: Float
    supply: Float
    spare_min: float
    spare_max: float
    spare_short: Float
    spare_excess: float


@dataclass(frozen=True)
class Problem:
    """A fleet to be replaced."""

    pools: Pools
    cohorts: Cohorts
    needs: Needs
    figures: Figures
    rules: Rules

    @property
    def years(self) -> int:
        """Number of years T."""
        return int(self.figures.years.size)


@dataclass(frozen=True)
class Decision:
    """What is bought, retired and run, whole numbers.

    Parameters
    ----------
    bought
        Shape (L, P, T).
    retired
        Shape (G, T).
    served
        Blocks of a need that a powertrain runs, shape (C, P, T).
    chargers
        New depot chargers, shape (D, T).
    powered, hydrogen
        1 in the year from which a depot has power or hydrogen, shape (D, T).
    stations
        1 in the year from which a station stands, shape (K, T).
    """

    bought: Int
    retired: Int
    served: Int
    chargers: Int
    powered: Int
    hydrogen: Int
    stations: Int


def new_stock(bought: Float | Int, life: int) -> Float:
    """Return the buses bought that still run, from purchases by year, the last axis."""
    total = np.cumsum(np.asarray(bought, dtype=np.float64), axis=-1)
    gone = np.zeros_like(total)
    if life < total.shape[-1]:
        gone[..., life:] = total[..., :-life]
    return total - gone


def stock(problem: Problem, decision: Decision) -> Float:
    """Return the fleet after each year's purchases and retirements, shape (L, P, T)."""
    out = new_stock(decision.bought, problem.figures.bus_life)
    cohorts = problem.cohorts
    left = cohorts.count[:, None] - np.cumsum(decision.retired, axis=1)
    np.add.at(out, (cohorts.pool, cohorts.powertrain), left)
    return out


def in_service(problem: Problem, decision: Decision) -> Float:
    """Return the buses on the road by pool, powertrain and year, shape (L, P, T)."""
    needs = problem.needs
    out = np.zeros((len(problem.pools.bus_type), len(POWERTRAINS), problem.years))
    np.add.at(out, needs.pool, needs.buses[:, :, None] * decision.served)
    return out
