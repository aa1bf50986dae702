"""A portfolio as one integer programme, and its bound in numpy.

Groups of vehicles (G), options (O), years of the horizon (T). ``x[g, o, t]`` counts vehicles of the base year that take
option ``o`` in year ``t``; a group has so many vehicles, so that exclusive options compete as totals against the base.
Beside the vehicles stand builds (K): whole numbers of chargers and connections of sites. Minimise ``sum cost * x`` and
what is built, subject to rows ``sum coefficients * x + builds >= bound`` (targets) or ``<= bound`` (budgets, supply,
sites). Coefficients carry survival and discounting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

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
        Target, budget, supply or site, with its year.
    kind
        ``at_least`` or ``at_most``.
    bound
        Right-hand side; for a target the amount to avoid.
    coefficients
        Shape (G, O, T); or of ``columns``, shape (n,).
    columns
        Places in the flat (G, O, T) that the coefficients are of, ascending, each once; none: all.
    builds
        Build and its coefficient.
    hard
        Never missed, also where no mix keeps all rows: logic, not a limit of the world.
    """

    name: str
    kind: str
    bound: float
    coefficients: Array
    columns: NDArray[np.int64] | None = None
    builds: tuple[tuple[int, float], ...] = ()
    hard: bool = False

    @property
    def sign(self) -> float:
        """1 where more is asked, -1 where less."""
        return 1.0 if self.kind == AT_LEAST else -1.0

    def brings(self, x: Array, built: Array | None = None) -> float:
        """Return the left-hand side for a mix, shape (G, O, T), and what is built, shape (K,)."""
        taken = x.ravel() if self.columns is None else x.ravel()[self.columns]
        of_builds = 0.0 if built is None else sum(c * float(built[k]) for k, c in self.builds)
        return float(taken @ self.coefficients.ravel()) + of_builds


@dataclass(frozen=True)
class Builds:
    """Whole numbers beside the vehicles.

    Parameters
    ----------
    names
        Such as ``charger harbour 3``.
    cost
        Discounted, of one, shape (K,).
    most
        How many at most, whole, shape (K,).
    """

    names: tuple[str, ...] = ()
    cost: Array = field(default_factory=lambda: np.zeros(0))
    most: Array = field(default_factory=lambda: np.zeros(0))


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
        Targets, budgets, supplies, sites.
    builds
        Chargers and connections.
    """

    count: Array
    able: NDArray[np.bool_]
    cost: Array
    rows: tuple[Row, ...]
    builds: Builds = field(default_factory=Builds)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Groups, options, years."""
        g, o, t = self.cost.shape
        return g, o, t

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Coefficients of the rows over all columns, shape (rows, G O T)."""
        whole = np.arange(self.cost.size)
        places = [whole if r.columns is None else r.columns for r in self.rows]
        values = [r.coefficients.ravel() for r in self.rows]
        kept = [np.flatnonzero(v) for v in values]
        start = np.concatenate([[0], np.cumsum([k.size for k in kept])])
        none = [np.zeros(0)]
        data = np.concatenate([v[k] for v, k in zip(values, kept, strict=True)] or none)
        index = np.concatenate([p[k] for p, k in zip(places, kept, strict=True)] or none).astype(np.int64)
        return sparse.csr_matrix((data, index, start), shape=(len(self.rows), self.cost.size))

    @cached_property
    def of_builds(self) -> Array:
        """Coefficients of the rows over the builds, shape (rows, K)."""
        out = np.zeros((len(self.rows), len(self.builds.names)))
        for r, row in enumerate(self.rows):
            for k, value in row.builds:
                out[r, k] += value
        return out

    @cached_property
    def sizes(self) -> Array:
        """What a miss of each row is measured against: its bound, or all it could take where that is nought."""
        bounds = np.abs([r.bound for r in self.rows])
        if not (bounds == 0.0).any():
            return bounds
        least = abs(self.matrix).max(axis=1).toarray().ravel() if len(self.rows) else np.zeros(0)
        return np.where(bounds > 0.0, bounds, np.maximum(least, 1e-9))

    def with_bounds(self, bounds: Array) -> Problem:
        """Return the problem with other right-hand sides, shape (rows,); the coefficients are kept as they are."""
        rows = tuple(replace(r, bound=float(b)) for r, b in zip(self.rows, bounds, strict=True))
        made = replace(self, rows=rows)
        made.__dict__["matrix"] = self.matrix  # the same coefficients: not built again
        made.__dict__["of_builds"] = self.of_builds
        return made

    def total(self, x: Array, coefficients: Array) -> float:
        """Return the sum of coefficients over a mix, shape (G, O, T)."""
        return float((x * coefficients).sum())

    def cost_of(self, x: Array, built: Array | None = None) -> float:
        """Return the cost of a mix, shape (G, O, T), and of what is built, shape (K,)."""
        return float(x.ravel() @ self.cost.ravel()) + (0.0 if built is None else float(built @ self.builds.cost))

    def shortfalls(self, x: Array, built: Array | None = None) -> dict[str, float]:
        """Return by how much a mix misses each constraint, 0 where it keeps it."""
        left = self.matrix @ x.ravel()
        if built is not None:
            left = left + self.of_builds @ built
        return {r.name: max(0.0, r.sign * (r.bound - float(b))) for r, b in zip(self.rows, left, strict=True)}

    def bound(self, duals: Array, box: tuple[Array, Array] | None = None, *, free: bool = False) -> float:
        """Return a lower bound of the cost, from any prices of the rows that have the right sign.

        Each group takes the option that is cheapest once what it brings is paid for at the prices, and each build is
        built where it pays; no mix that keeps the constraints costs less (Lagrangian relaxation). Wrong signs are cut
        to nought.

        Parameters
        ----------
        duals
            Prices, shape (rows,).
        box
            Fewest and most of each build, where only a part of the mixes is looked at.
        free
            Whether nothing costs anything: the bound is then above nought only where no mix keeps the constraints.
        """
        prices = np.where(np.array([r.sign for r in self.rows]) > 0.0, np.maximum(duals, 0.0), np.minimum(duals, 0.0))
        reduced = self.reduced_cost(prices, free=free)
        best = np.minimum(reduced.reshape(self.shape[0], -1).min(axis=1), 0.0)
        fixed = sum(p * r.bound for p, r in zip(prices.tolist(), self.rows, strict=True))
        low, high = box if box is not None else (np.zeros(self.builds.most.size), self.builds.most)
        own = (0.0 if free else self.builds.cost) - prices @ self.of_builds
        return float(fixed + (self.count * best).sum() + np.minimum(own * low, own * high).sum())

    def reduced_cost(self, duals: Array, *, free: bool = False) -> Array:
        """Return the cost of each column less what it brings at prices of the rows; infinite where it is not able.

        With ``free`` the cost itself is nought.
        """
        brought = (self.matrix.T @ np.asarray(duals)).reshape(self.cost.shape)
        return np.where(self.able, -brought if free else self.cost - brought, np.inf)
