"""Cities that have to cut tonnes, each with its own abatement curve: cleared alone and linked.

One year is one linear programme. City i does the steps x of its curve, gets units m(j, i) from city j that each count
for v(j, i) tonnes, takes credits o(i) from a common supply, pays the ceiling price for what is left, z(i), and may sell
units r(i) to the authority at the floor price:

    minimise   sum of step costs + pool costs + ceiling x z - floor x r
    such that  sum c(i) x(i) + sum v(j, i) m(j, i) - sum m(i, j) + o(i) + z(i) - r(i) >= required(i)
               sum v(j, i) m(j, i) + o(i) <= quota(i) x required(i)
               sum m(i, j) + r(i) <= sum c(i) x(i) + surplus(i)

The last line lets a city sell its own units only: what it buys is not sold on, so no quota is passed by a third city.
The unlinked answer is feasible in it, hence the linked cost is never above the unlinked one. The dual of the first line
is the city's price; units are paid at the seller's price, so both sides gain or stay as they were.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.errors import InputError
from fleet_planner.markets.model import FORMS, City, Cleared, Form, Linking, Pool
from fleet_planner.markets.program import SLACK_T, Program, solved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["FORMS", "City", "Cleared", "Form", "Linking", "Pool", "clear"]

ROUNDING = 1e-10
"""Share of a city's tonnes that rounding may leave open."""


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
    worth, quota = worth_of(cities, year, linking), _quota(cities, year, linking)
    done = solved(Program(cities, worth, quota, supply, linking.ceiling_usd_per_t, linking.floor_usd_per_t))
    return _paired(done) if linking.form in {"incremental", "direct"} else done


def _paired(done: Cleared) -> Cleared:
    """Return the flows of a market where every unit counts alike: each buyer takes of each seller in proportion.

    Any pairing with the same sums costs the same; without a rule the solver's choice would be shown.
    """
    total = float(done.sold_units.sum())
    both = np.minimum(done.sold_units, done.bought_units) > SLACK_T
    if total <= SLACK_T or both.any():
        return done
    return replace(done, flow=np.outer(done.sold_units, done.bought_units) / total)


def worth_of(cities: Sequence[City], year: int, linking: Linking) -> Array:
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
    by_kind = buyer.accepts_kinds is None or seller.kind in buyer.accepts_kinds
    return by_kind and (buyer.accepts is None or seller.name in buyer.accepts)


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
