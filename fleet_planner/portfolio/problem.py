"""Which vehicles get which option in which year: the mix as an integer programme over arrays.

A column ``(g, o, t)`` counts vehicles of group ``g`` that take option ``o`` in year ``t``, in vehicles of the base
year: those that die before the year take nothing, which the coefficients hold. Options compete as totals against the
untreated vehicle, so that a group's columns add up to its vehicles at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

AT_LEAST, AT_MOST = "at_least", "at_most"


@dataclass(frozen=True)
class Row:
    """A constraint over all columns.

    Parameters
    ----------
    name
        Target, budget or supply, with its year.
    kind
        ``at_least`` or ``at_most``.
    bound
        Right-hand side; for a target the amount to avoid.
    coefficients
        Shape (G, O, T).
    """

    name: str
    kind: str
    bound: float
    coefficients: Array

    @property
    def sign(self) -> float:
        """1 where more is asked, -1 where less."""
        return 1.0 if self.kind == AT_LEAST else -1.0


@dataclass(frozen=True)
class Problem:
    """A portfolio.

    Parameters
    ----------
    count
        Vehicles by group, whole numbers, shape (G,).
    able
        Which options a group can take, and when, shape (G, O, T).
    cost
        Discounted cost of a base-year vehicle, shape (G, O, T); what is minimised.
    rows
        Targets, budgets, supplies.
    """

    count: Array
    able: NDArray[np.bool_]
    cost: Array
    rows: tuple[Row, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Groups, options, years."""
        g, o, t = self.cost.shape
        return g, o, t

    def total(self, x: Array, coefficients: Array) -> float:
        """Return the sum of coefficients over a mix, shape (G, O, T)."""
        return float((x * coefficients).sum())

    def shortfalls(self, x: Array) -> dict[str, float]:
        """Return by how much a mix misses each constraint, 0 where it keeps it."""
        return {r.name: max(0.0, r.sign * (r.bound - self.total(x, r.coefficients))) for r in self.rows}

    def bound(self, duals: Array) -> float:
        """Return a lower bound of the cost, from any prices of the rows that have the right sign.

        Each group takes the option that is cheapest once what it brings is paid for at the prices; no mix that keeps
        the constraints costs less (Lagrangian relaxation). Wrong signs are cut to nought.
        """
        prices = np.where(np.array([r.sign for r in self.rows]) > 0.0, np.maximum(duals, 0.0), np.minimum(duals, 0.0))
        reduced = self.reduced_cost(prices)
        best = np.minimum(reduced.reshape(self.shape[0], -1).min(axis=1), 0.0)
        fixed = sum(p * r.bound for p, r in zip(prices.tolist(), self.rows, strict=True))
        return float(fixed + (self.count * best).sum())

    def reduced_cost(self, duals: Array) -> Array:
        """Return the cost of each column less what it brings at prices of the rows; infinite where it is not able."""
        reduced = self.cost.copy()
        for price, row in zip(duals.tolist(), self.rows, strict=True):
            if price != 0.0:
                reduced -= price * row.coefficients
        return np.where(self.able, reduced, np.inf)
