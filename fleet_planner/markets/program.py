"""One year of a carbon market as a linear programme for HiGHS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from fleet_planner.markets.model import Cleared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.markets.model import City, Pool

    Array = NDArray[np.float64]

TRANSFER_USD = 1e-6
"""Cost of moving a unit, so that units do not move to and fro for nothing."""

SLACK_T = 1e-6
"""Tonnes that rounding may leave open."""


@dataclass(frozen=True)
class Program:
    """One year of a market.

    Parameters
    ----------
    cities
        N markets.
    worth
        What a unit of city j counts for in city i, shape (N, N) as [j, i]; 0: it does not count.
    quota
        Tonnes that may come from elsewhere, shape (N,); infinite without a limit.
    pool
        Common supply of credits.
    ceiling, floor
        Prices at which cities may pay instead, and at which the authority takes units; None: not at all.
    """

    cities: Sequence[City]
    worth: Array
    quota: Array
    pool: Pool
    ceiling: float | None
    floor: float | None = None


def solved(program: Program) -> Cleared:
    """Solve a year at least cost; equations in `fleet_planner.markets.clearing`."""
    cities, n = program.cities, len(program.cities)
    owner = np.repeat(np.arange(n), [c.step_t.size for c in cities])
    step_t = np.concatenate([c.step_t for c in cities])
    step_usd = np.concatenate([c.step_usd_per_t for c in cities])
    seller, buyer = np.nonzero(program.worth)
    value = program.worth[seller, buyer]
    required = np.array([c.required_t for c in cities])
    surplus = np.maximum(-required, 0.0)
    pool_t = program.pool.step_t
    k, moves, p = owner.size, seller.size, pool_t.size
    # columns: steps, units moved, credits by city, ceiling by city, units retired by city, steps of the pool
    at_move, at_credit, at_ceiling, at_retired = k, k + moves, k + moves + n, k + moves + 2 * n
    at_pool = at_retired + n
    size = at_pool + p
    lines = _Lines()
    own, move, city = np.arange(k), at_move + np.arange(moves), np.arange(n)
    credited = np.array([c.credited for c in cities])[owner]
    lines.add(owner, own, -credited)  # rows 0..N-1: balances
    lines.add(buyer, move, -value)
    lines.add(seller, move, 1.0)
    lines.add(city, at_credit + city, -1.0)
    lines.add(city, at_ceiling + city, -1.0)
    lines.add(city, at_retired + city, 1.0)
    lines.add(n + buyer, move, value)  # rows N..2N-1: quotas
    lines.add(n + city, at_credit + city, 1.0)
    lines.add(2 * n + seller, move, 1.0)  # rows 2N..3N-1: own units only
    lines.add(2 * n + city, at_retired + city, 1.0)
    lines.add(2 * n + owner, own, -credited)
    lines.add(np.full(n, 3 * n), at_credit + city, 1.0)  # row 3N: the common supply
    lines.add(np.full(p, 3 * n), at_pool + np.arange(p), -1.0)
    some = 10.0 * (step_t.sum() + np.abs(required).sum() + pool_t.sum() + 1.0)
    limit = np.concatenate([-required, np.minimum(program.quota, some), surplus, [0.0]])
    ceiling, may_pay = _price_and_bound(program.ceiling)
    floor, may_retire = _price_and_bound(program.floor)
    cost = np.concatenate(
        [
            *(step_usd, np.full(moves, TRANSFER_USD), np.zeros(n), np.full(n, ceiling), np.full(n, -floor)),
            program.pool.step_usd_per_t,
        ]
    )
    upper = np.concatenate([step_t, np.full(moves + n, np.inf), np.full(n, may_pay), np.full(n, may_retire), pool_t])
    found = linprog(
        cost,
        A_ub=lines.matrix(3 * n + 1, size),
        b_ub=limit,
        bounds=np.column_stack([np.zeros(size), upper]),
        method="highs-ds",
    )
    assert found.status == 0, found.message  # the unlinked answer is feasible and costs are bounded by the steps
    dual = -np.asarray(found.ineqlin.marginals)
    abated, moved = _sum(owner, found.x[:k], n), found.x[at_move:at_credit]
    done = np.concatenate([_in_order(c, total) for c, total in zip(cities, abated, strict=True)])
    offsets, paid = found.x[at_credit:at_ceiling], found.x[at_ceiling:at_retired]
    retired = found.x[at_retired:at_pool]
    # a seller's price: its own tonne and, where it has no more, the unit's rarity
    asked = dual[:n] + dual[2 * n : 3 * n]
    payment = moved * asked[seller]
    money = _sum(owner, done * step_usd, n) + ceiling * paid + offsets * dual[3 * n] - floor * retired
    held_back = dual[n : 2 * n] > 10.0 * TRANSFER_USD
    return Cleared(
        # a tonne more of a city that only sells is a unit less to sell: both of its lines move
        price=np.where(required <= 0.0, asked, dual[:n]),
        abated=abated,
        bought_units=_sum(buyer, moved, n),
        bought_t=_sum(buyer, moved * value, n),
        sold_units=_sum(seller, moved, n),
        flow=coo_array((moved, (seller, buyer)), shape=(n, n)).toarray(),
        counted=program.worth,
        unit_price=asked,
        offsets=offsets,
        ceiling=paid,
        retired=retired,
        cost=money + _sum(buyer, payment, n) - _sum(seller, payment, n),
        damage_avoided=_sum(owner, done * np.concatenate([_damage(c) for c in cities]), n),
        binding=tuple(
            "+".join(w for w, holds in (("quota", q), ("ceiling", z), ("floor", f)) if holds)
            for q, z, f in zip(held_back, paid > SLACK_T, retired > SLACK_T, strict=True)
        ),
    )


def _price_and_bound(price: float | None) -> tuple[float, float]:
    """Return a price and the most tonnes that it may be asked for: none where there is no such price."""
    return (0.0, 0.0) if price is None else (price, np.inf)


def _damage(city: City) -> Array:
    return np.zeros(city.step_t.size) if city.step_damage_usd_per_t is None else city.step_damage_usd_per_t


def _in_order(city: City, total_t: float) -> Array:
    """Return the tonnes of each step for what a city cuts: the cheapest first, of equal cost the most beneficial.

    A solver may take any of the steps of equal cost; the benefit that trade moves must not hang on which.
    """
    order = np.lexsort((-_damage(city), np.round(city.step_usd_per_t, 6)))
    tonnes = city.step_t[order]
    out = np.zeros(tonnes.size)
    out[order] = np.clip(total_t - (np.cumsum(tonnes) - tonnes), 0.0, tonnes)
    return out


def _sum(index: NDArray[np.int64], weights: Array, n: int) -> Array:
    return np.bincount(index, weights=weights, minlength=n).astype(np.float64)


class _Lines:
    """Coefficients of a sparse matrix, added block by block."""

    def __init__(self) -> None:
        self.row: list[NDArray[np.int64]] = []
        self.column: list[NDArray[np.int64]] = []
        self.value: list[Array] = []

    def add(self, row: NDArray[np.int64], column: NDArray[np.int64], value: Array | float) -> None:
        self.row.append(row)
        self.column.append(column)
        self.value.append(np.broadcast_to(np.asarray(value, dtype=np.float64), row.shape))

    def matrix(self, rows: int, columns: int) -> coo_array:
        place = (np.concatenate(self.row), np.concatenate(self.column))
        return coo_array((np.concatenate(self.value), place), shape=(rows, columns)).tocsr()
