"""Correct curves for days that are slower or faster than the mean speed of an hour.

A curve that bends upward gives more on the mean of two days than at their mean speed. The speed of an hour differs
from day to day by a coefficient of variation that depends on its mean (``reference/speed_spread.csv``, measured on
motorways). Each grid speed becomes a mixture of grid speeds: a lognormal of that mean and spread, in equally likely
parts, shrunk about the mean where it would leave the grid, each part shared out between its two grid neighbours. All
three steps keep the mean exactly, so straight lines stay as they are and convex curves never fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Spread = Literal["days", "five_minutes"]
PARTS = 41


@dataclass(frozen=True)
class SpeedSpread:
    """Coefficient of variation by mean speed: nodes, km/h, ascending, and values, shape (N,)."""

    mean_kmh: Array
    cv: Array

    def at(self, speed_kmh: Array) -> Array:
        """Return the coefficient of variation at mean speeds, any shape; constant outside the nodes."""
        return np.asarray(np.interp(speed_kmh, self.mean_kmh, self.cv))


@dataclass(frozen=True)
class SpreadOperator:
    """The mixture of grid speeds behind each grid speed.

    Parameters
    ----------
    matrix
        Shape (S, S): row s holds the weights of the grid speeds that make up mean speed s; rows sum to 1 and have the
        mean of the grid speed.
    cv
        Coefficient of variation asked for, shape (S,).
    kept
        Fraction of that spread which fits into the grid, shape (S,); below 1 near its ends.
    """

    matrix: Array
    cv: Array
    kept: Array


@cache
def load_speed_spread(kind: Spread = "days") -> SpeedSpread:
    """Read the measured spread: of the hour's mean over days, or of all 5-minute speeds in that hour."""
    table = reference_table("speed_spread.csv").sort("mean_kmh")
    return SpeedSpread(table["mean_kmh"].to_numpy(), table[f"cv_of_{kind}"].to_numpy())


def spread_operator(grid_kmh: Array, cv: Array, *, parts: int = PARTS) -> SpreadOperator:
    """Return the linear operator that spreads speeds about each grid speed.

    Parameters
    ----------
    grid_kmh
        Speed grid, ascending, positive, shape (S,).
    cv
        Coefficient of variation at each grid speed, not negative, shape (S,).
    parts
        Equally likely parts of each distribution.
    """
    count = grid_kmh.size
    sigma = np.sqrt(np.log1p(np.square(cv)))
    normal = special.ndtri((np.arange(parts) + 0.5) / parts)
    shape = np.exp(sigma[:, None] * normal[None, :])
    # ratio to the mean of the parts, so that the mean is exact
    away = grid_kmh[:, None] * (shape / shape.mean(axis=1, keepdims=True) - 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(away.min(axis=1) < 0.0, (grid_kmh[0] - grid_kmh) / away.min(axis=1), 1.0)
        up = np.where(away.max(axis=1) > 0.0, (grid_kmh[-1] - grid_kmh) / away.max(axis=1), 1.0)
    kept = np.clip(np.minimum(down, up), 0.0, 1.0)
    speeds = np.clip(grid_kmh[:, None] + kept[:, None] * away, grid_kmh[0], grid_kmh[-1])
    cell = np.clip(np.searchsorted(grid_kmh, speeds, side="right") - 1, 0, count - 2)
    upper = (speeds - grid_kmh[cell]) / (grid_kmh[cell + 1] - grid_kmh[cell])
    row = np.broadcast_to(np.arange(count)[:, None], cell.shape)
    matrix = np.zeros((count, count))
    np.add.at(matrix, (row, cell), (1.0 - upper) / parts)
    np.add.at(matrix, (row, cell + 1), upper / parts)
    return SpreadOperator(matrix, np.asarray(cv, dtype=np.float64), kept)


def spread_curves(curves: Array, operator: SpreadOperator) -> Array:
    """Return curves on the grid averaged over the spread of speeds, shape (C, S) as given."""
    return np.asarray(curves @ operator.matrix.T)
