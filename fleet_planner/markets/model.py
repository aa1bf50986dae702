"""What a carbon market is made of, and what clearing it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Form = Literal["none", "indirect", "incremental", "restricted", "reciprocal", "direct"]
FORMS: tuple[Form, ...] = ("none", "indirect", "incremental", "restricted", "reciprocal", "direct")
UnitKind = Literal["allowance", "credit"]


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
    kind
        Of the city's own units: ``allowance`` of a cap, ``credit`` below a baseline.
    accepts_kinds
        Kinds of units that count here; None: both.
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
    kind: UnitKind = "allowance"
    accepts_kinds: frozenset[UnitKind] | None = None
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
    floor_usd_per_t
        Price at which the authority takes units off the market; None: it does not.
    """

    form: Form = "direct"
    from_year: int = 0
    full_year: int = 0
    ceiling_usd_per_t: float | None = None
    floor_usd_per_t: float | None = None

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
    flow
        Units moved, shape (N, N) as [seller, buyer].
    counted
        Tonnes that a unit of the row's city counts for in the column's, shape (N, N).
    unit_price
        US$ that a unit of each city costs.
    offsets, ceiling, retired
        Tonnes of the common supply, tonnes paid at the ceiling price, units sold to the authority at the floor price.
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
    flow: Array
    counted: Array
    unit_price: Array
    offsets: Array
    ceiling: Array
    retired: Array
    cost: Array
    damage_avoided: Array
    binding: tuple[str, ...]

    @property
    def total_cost(self) -> float:
        """US$ of all cities."""
        return float(self.cost.sum())
