"""Cities that have to cut tonnes, each with its own abatement curve: cleared alone and linked.

One year is one linear programme. City i does the steps x of its curve, gets units m(j, i) from city j that each count
for v(j, i) tonnes, takes credits o(i) from a common supply, and pays the ceiling price for what is left, z(i):

    minimise   sum of step costs + pool costs + ceiling x z
    such that  sum c(i) x(i) + sum v(j, i) m(j, i) - sum m(i, j) + o(i) + z(i) >= required(i)
               sum v(j, i) m(j, i) + o(i) <= quota(i) x required(i),   sum m(i, j) <= sum c(i) x(i) + surplus(i)

The last line lets a city sell its own units only: what it buys is not sold on, so no quota is passed by a third city.
The unlinked answer is feasible in it, hence the linked cost is never above the unlinked one. The dual of the first line
is the city's price; units are paid at the seller's price, so both sides gain or stay as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from fleet_planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Form = Literal["none", "indirect", "incremental", "restricted", "reciprocal", "direct"]
FORMS: tuple[Form, ...] = ("none", "indirect", "incremental", "restricted", "reciprocal", "direct")

TRANSFER_USD = 1e-6
"""Cost of moving a unit, so that units do not move to and fro for nothing."""

SLACK_T = 1e-6
"""Tonnes that rounding may leave open."""


ROUNDING = 1e-10
"""Share of a city's tonnes that rounding may leave open."""


@dataclass(frozen=True)
class City:
    """A city's market in one year.

    Parameters
    ----------
    name
        Unique.
    step_t, step_usd_per_t
        Abatement curve, shape (K,): tonnes of each step and what one costs; the order does not matter.
    required_t
        Tonnes above the cap without abatement; below 0 a surplus that may be sold.
    quota
        Share of ``required_t`` that units from elsewhere may cover, 0..1.
    unit_worth_t
        Exchange rate: tonnes that a unit of this city stands for.
    discount
        Share by which this city marks down units from abroad, 0..1.
    accepts
        Cities whose units count here; None: of all.
    enters
        Year from which the city is linked.
    credited
        Share of its cut tonnes that count as units, 0..1; below 1 with conservative baseline-and-credit.
    step_damage_usd_per_t
        Local damage avoided with a tonne of each step, shape (K,); None: nothing.
    """

    name: str
    step_t: Array
    step_usd_per_t: Array
    required_t: float
    quota: float = 1.0
    unit_worth_t: float = 1.0
    discount: float = 0.0
    accepts: frozenset[str] | None = None
    enters: int = 0
    credited: float = 1.0
    step_damage_usd_per_t: Array | None = None


@dataclass(frozen=True)
class Pool:
    """Common supply of credits: tonnes and cost of each step, shape (P,)."""

    step_t: Array = field(default_factory=lambda: np.zeros(0))
    step_usd_per_t: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Linking:
    """How the cities are linked.

    Parameters
    ----------
    form
        ``none``: each alone. ``indirect``: only credits of the common supply move. ``incremental``: a share of the
        requirement, the same everywhere, grows by year. ``restricted``: quota, exchange rate and discount of each city.
        ``reciprocal``: units count where both cities accept each other's, one for one, within quotas. ``direct``: one
        market without limits.
    from_year, full_year
        Of ``incremental``: no share before ``from_year``, everything from ``full_year`` on, linear in between.
    ceiling_usd_per_t
        Price at which any city may pay instead; None: it may not.
    """

    form: Form = "direct"
    from_year: int = 0
    full_year: int = 0
    ceiling_usd_per_t: float | None = None

    def share(self, year: int) -> float:
        """Return the linked share of ``incremental`` in a year, 0..1."""
        if year >= self.full_year:
            return 1.0
        return float(np.clip((year - self.from_year + 1) / (self.full_year - self.from_year + 1), 0.0, 1.0))


@dataclass(frozen=True)
class Cleared:
    """A cleared year; arrays by city, shape (N,).

    Parameters
    ----------
    price
        US$ of one tonne more in each city.
    abated
        Tonnes cut in the city.
    bought_units, bought_t, sold_units
        Units from other cities, the tonnes that they count for, units sold.
    offsets, ceiling
        Tonnes of the common supply, and tonnes paid at the ceiling price.
    cost
        What the city pays: steps, units, credits and ceiling less what it earns with units, US$.
    total_cost
        Of all cities; payments between cities cancel.
    damage_avoided
        Local damage that the city's own steps avoid, US$.
    binding
        What holds the city back: ``quota``, ``ceiling``, both joined by +, or "".
    """

    price: Array
    abated: Array
    bought_units: Array
    bought_t: Array
    sold_units: Array
    offsets: Array
    ceiling: Array
    cost: Array
    damage_avoided: Array
    binding: tuple[str, ...]

    @property
    def total_cost(self) -> float:
        """US$ of all cities."""
        return float(self.cost.sum())


def clear(cities: Sequence[City], year: int, linking: Linking, pool: Pool | None = None) -> Cleared:
    """Clear one year at least cost.

    Parameters
    ----------
    cities
        N markets.
    year
        For entry years and the growing share.
    linking
        Form and ceiling.
    pool
        Common supply; only ``indirect`` uses it.

    Raises
    ------
    InputError
        A city cannot reach its cap; the first one is named with the tonnes that it lacks.
    """
    reach = np.array([c.credited * c.step_t.sum() for c in cities])
    lacking = np.array([c.required_t for c in cities]) - reach
    if linking.ceiling_usd_per_t is None:
        if (short := lacking > SLACK_T + ROUNDING * reach).any():
            first = int(np.argmax(short))
            raise InputError(
                f"{cities[first].name} cannot reach its cap of {year} alone: "
                f"its curve ends {lacking[first]:,.6g} t short",
                "Lengthen the curve, raise market.city.cap_t by that much, or set market.ceiling_usd_per_t.",
            )
        # a cap at the very end of the curve must not fail for the order in which tonnes are added up
        ends = reach * (1.0 - ROUNDING / 10.0)
        cities = [replace(c, required_t=min(c.required_t, float(e))) for c, e in zip(cities, ends, strict=True)]
    supply = pool if pool is not None and linking.form == "indirect" else Pool()
    worth, quota = _worth(cities, year, linking), _quota(cities, year, linking)
    return _solved(_Program(cities, worth, quota, supply, linking.ceiling_usd_per_t))


def _worth(cities: Sequence[City], year: int, linking: Linking) -> Array:
    """Return what a unit of city j counts for in city i, shape (N, N) as [j, i]; 0: it does not count."""
    n = len(cities)
    if linking.form in {"none", "indirect"}:
        return np.zeros((n, n))
    out = np.zeros((n, n))
    for j, seller in enumerate(cities):
        for i, buyer in enumerate(cities):
            if i == j or year < max(seller.enters, buyer.enters):
                continue
            if linking.form == "restricted" and _takes(buyer, seller):
                out[j, i] = seller.unit_worth_t / buyer.unit_worth_t * (1.0 - buyer.discount)
            elif linking.form != "restricted":
                both = _takes(buyer, seller) and _takes(seller, buyer)
                out[j, i] = 1.0 if both or linking.form != "reciprocal" else 0.0
    return out


def _takes(buyer: City, seller: City) -> bool:
    return buyer.accepts is None or seller.name in buyer.accepts


def _quota(cities: Sequence[City], year: int, linking: Linking) -> Array:
    """Return the tonnes that may come from elsewhere, shape (N,); infinite without a limit."""
    needed = np.array([max(c.required_t, 0.0) for c in cities])
    if linking.form == "incremental":
        share = linking.share(year)
        return np.full(len(cities), np.inf) if share >= 1.0 else share * needed
    if linking.form in {"restricted", "reciprocal", "indirect"}:
        own = np.array([c.quota for c in cities])
        return np.where(own >= 1.0, np.inf, own * needed)
    return np.full(len(cities), np.inf)


@dataclass(frozen=True)
class _Program:
    cities: Sequence[City]
    worth: Array
    quota: Array
    pool: Pool
    ceiling: float | None


def _solved(program: _Program) -> Cleared:
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
    # columns: steps, units moved, credits by city, ceiling by city, steps of the pool
    at_move, at_credit, at_ceiling, at_pool = k, k + moves, k + moves + n, k + moves + 2 * n
    size = at_pool + p
    lines = _Lines()
    own, move, city = np.arange(k), at_move + np.arange(moves), np.arange(n)
    credited = np.array([c.credited for c in cities])[owner]
    lines.add(owner, own, -credited)  # rows 0..N-1: balances
    lines.add(buyer, move, -value)
    lines.add(seller, move, 1.0)
    lines.add(city, at_credit + city, -1.0)
    lines.add(city, at_ceiling + city, -1.0)
    lines.add(n + buyer, move, value)  # rows N..2N-1: quotas
    lines.add(n + city, at_credit + city, 1.0)
    lines.add(2 * n + seller, move, 1.0)  # rows 2N..3N-1: own units only
    lines.add(2 * n + owner, own, -credited)
    lines.add(np.full(n, 3 * n), at_credit + city, 1.0)  # row 3N: the common supply
    lines.add(np.full(p, 3 * n), at_pool + np.arange(p), -1.0)
    some = 10.0 * (step_t.sum() + np.abs(required).sum() + pool_t.sum() + 1.0)
    limit = np.concatenate([-required, np.minimum(program.quota, some), surplus, [0.0]])
    ceiling = 0.0 if program.ceiling is None else program.ceiling
    cost = np.concatenate(
        [step_usd, np.full(moves, TRANSFER_USD), np.zeros(n), np.full(n, ceiling), program.pool.step_usd_per_t]
    )
    upper = np.concatenate(
        [step_t, np.full(moves + n, np.inf), np.full(n, 0.0 if program.ceiling is None else np.inf), pool_t]
    )
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
    offsets, paid = found.x[at_credit:at_ceiling], found.x[at_ceiling:at_pool]
    asked = (
        dual[:n] + dual[2 * n : 3 * n]
    )  # a seller's price: its own tonne and, where it has no more, the unit's rarity
    payment = moved * asked[seller]
    money = _sum(owner, done * step_usd, n) + ceiling * paid + offsets * dual[3 * n]
    held_back = dual[n : 2 * n] > 10.0 * TRANSFER_USD
    return Cleared(
        price=dual[:n],
        abated=abated,
        bought_units=_sum(buyer, moved, n),
        bought_t=_sum(buyer, moved * value, n),
        sold_units=_sum(seller, moved, n),
        offsets=offsets,
        ceiling=paid,
        cost=money + _sum(buyer, payment, n) - _sum(seller, payment, n),
        damage_avoided=_sum(owner, done * np.concatenate([_damage(c) for c in cities]), n),
        binding=tuple(
            "+".join(w for w, holds in (("quota", q), ("ceiling", z)) if holds)
            for q, z in zip(held_back, paid > SLACK_T, strict=True)
        ),
    )


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
