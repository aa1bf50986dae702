"""Draws of inputs: a low-discrepancy or Latin sample, correlated by a Gaussian copula, through their distributions.

Inputs of one name share a part of their variance: ``z = sqrt(rho) z_name + sqrt(1 - rho) z_own`` of standard normals.
The parts ``z_name`` of different names are correlated where a table says so (Nelsen 2006, An Introduction to Copulas:
the Gaussian copula); each ``z`` then goes through the quantile function of its distribution.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from fleet_planner.uncertainty.inputs import Z_95, correlation_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.uncertainty.inputs import Input

Array = NDArray[np.float64]
MOST_SOBOL = 21_201
"""Dimensions for which direction numbers of Sobol's sequence are known (Joe and Kuo 2008)."""
TINY = 1e-12
LEAST = 1e-6
"""A multiplier whose ends are positive is never below this."""


@dataclass(frozen=True)
class Sample:
    """Multipliers of all inputs.

    Parameters
    ----------
    inputs
        In the order of the columns.
    values
        Shape (draws, inputs), positive.
    """

    inputs: tuple[Input, ...]
    values: Array

    def columns(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the columns of inputs."""
        place = {one.name: i for i, one in enumerate(self.inputs)}
        return np.array([place[name] for name in names], dtype=np.int64)


@dataclass(frozen=True)
class Sampler:
    """Turns points of the unit cube into multipliers.

    The first ``len(families)`` dimensions are the common parts, the others the inputs' own.
    """

    inputs: tuple[Input, ...]
    families: tuple[str, ...]
    root: Array

    @property
    def dimensions(self) -> int:
        """Number of dimensions of the cube."""
        return len(self.families) + len(self.inputs)

    def groups(self) -> NDArray[np.str_]:
        """Return the group of each dimension, shape (dimensions,)."""
        of_family = {one.family: one.group for one in self.inputs}
        return np.array([of_family[f] for f in self.families] + [one.group for one in self.inputs])

    def values(self, cube: Array) -> Array:
        """Return the multipliers of points, shape (draws, inputs).

        Parameters
        ----------
        cube
            Between 0 and 1, shape (draws, dimensions).
        """
        z: Array = ndtri(np.clip(cube, TINY, 1.0 - TINY))
        shared = z[:, : len(self.families)] @ self.root.T
        own = z[:, len(self.families) :]
        family = np.array([self.families.index(one.family) for one in self.inputs], dtype=np.int64)
        common = np.array([one.common_share for one in self.inputs])
        score: Array = np.sqrt(common) * shared[:, family] + np.sqrt(1.0 - common) * own
        usual = np.array([one.distribution == "lognormal" and 0.0 < one.low < one.high for one in self.inputs])
        ends = np.log([(one.low, one.high) if u else (1.0, 1.0) for one, u in zip(self.inputs, usual, strict=True)])
        # nearly all inputs are lognormal: those in one piece, as `quantile` has them one by one
        out: Array = np.exp(ends.mean(axis=1) + 0.5 * (ends[:, 1] - ends[:, 0]) / Z_95 * score)
        for k in np.flatnonzero(~usual):
            out[:, k] = quantile(self.inputs[k], score[:, k])
        return out


def sampler(inputs: Sequence[Input], correlations: Sequence[tuple[str, str, float]]) -> Sampler:
    """Return what draws some inputs.

    Parameters
    ----------
    inputs
        Each name once.
    correlations
        Pairs of families and the correlation of their common parts. A family of one input is all common.
    """
    families = tuple(dict.fromkeys(one.family for one in inputs))
    size = {f: sum(one.family == f for one in inputs) for f in families}
    told = tuple(one if size[one.family] > 1 else replace(one, common_share=1.0) for one in inputs)
    root = np.linalg.cholesky(correlation_matrix(families, correlations)).astype(np.float64)
    return Sampler(told, families, root)


def quantile(one: Input, score: Array) -> Array:
    """Return the value of an input at normal scores: its low where its ends are equal; positive where its ends are."""
    low, high = one.low, one.high
    least = LEAST if low > 0.0 else -np.inf
    if low == high:
        return np.full_like(score, low)
    if one.distribution == "lognormal":
        middle, half = 0.5 * (np.log(low) + np.log(high)), 0.5 * (np.log(high) - np.log(low))
        return np.asarray(np.exp(middle + half / Z_95 * score))
    if one.distribution == "normal":
        return np.asarray(np.maximum(0.5 * (low + high) + 0.5 * (high - low) / Z_95 * score, least))
    u: Array = ndtr(score)
    if one.distribution == "uniform":
        return np.asarray(np.maximum(low + (high - low) * u, least))
    return np.asarray(np.maximum(_triangular(u, low, min(max(1.0, low), high), high), least))


def _triangular(u: Array, low: float, mode: float, high: float) -> Array:
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u < turn, rising, falling)


def cube(draws: int, dimensions: int, method: str, seed: int) -> Array:
    """Return points of the unit cube, shape (draws, dimensions), the same for the same seed.

    Parameters
    ----------
    draws, dimensions
    method
        ``sobol`` (scrambled after Owen) or ``lhs``; beyond the dimensions of Sobol's sequence it is always the latter.
    seed
    """
    from scipy.stats import qmc  # half a second that a run without draws need not wait

    if method == "sobol" and dimensions <= MOST_SOBOL:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # draws need not be a power of two: the points stay unbiased
            return np.asarray(qmc.Sobol(dimensions, scramble=True, seed=seed).random(draws))
    return np.asarray(qmc.LatinHypercube(dimensions, seed=seed).random(draws))


def cube_apart(draws: int, dimensions: int, method: str, seed: int, apart: int) -> Array:
    """Return points that are independent of those of `cube` with the same seed, and of those with another ``apart``.

    Scrambles of one Sobol sequence move together whatever their seeds are: each starts with the same digits, or with
    their opposites, so that columns of the same number have correlations of 0.5 to 0.95 of either sign. The points
    are therefore put in an order of their own, which leaves each cube as even as it was.

    Parameters
    ----------
    draws, dimensions, method, seed
        As of `cube`.
    apart
        Number of the cube among those of a run, above nought.
    """
    points = cube(draws, dimensions, method, seed + apart)
    return np.random.default_rng((seed, apart)).permutation(points)
