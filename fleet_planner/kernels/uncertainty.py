"""Draw multipliers of factors for Monte Carlo runs: lognormal, mean 1, alike within groups."""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

TWO_PI = 2.0 * np.pi
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
TOP_BITS = np.uint64(11)
UNIT = 1.0 / 9007199254740992.0


@numba.njit(cache=True, inline="always")
def uniform(seed, sample, number):
    """Return a number in (0, 1) that depends on its three keys alone (splitmix64: Steele, Lea, Flood 2014)."""
    z = np.uint64(seed) + GOLDEN * (np.uint64(sample) * np.uint64(4294967296) + np.uint64(number) + np.uint64(1))
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    z = z ^ (z >> np.uint64(31))
    return (np.float64(z >> TOP_BITS) + 0.5) * UNIT


@numba.njit(cache=True, inline="always")
def normal(seed, sample, number):
    """Return a standard normal number that depends on its keys alone (Box and Muller 1958)."""
    first = uniform(seed, sample, 2 * number)
    second = uniform(seed, sample, 2 * number + 1)
    return np.sqrt(-2.0 * np.log(first)) * np.cos(TWO_PI * second)


@numba.njit(cache=True, parallel=LOOPS)
def lognormal_multipliers(sigma, group, common, samples, seed):
    """Draw multipliers with arithmetic mean 1.

    ``m = exp(sigma z - sigma^2 / 2)`` with ``z = sqrt(rho) z_all + sqrt(1 - rho) z_group``: factors of a group move
    together, all groups share a part.

    Parameters
    ----------
    sigma : (F,) float64
        Standard deviation of the logarithm of each factor, not negative.
    group : (F,) int64
        Correlation group of each factor.
    common : float
        Share ``rho`` of the variance that all groups have in common, 0..1.
    samples : int
    seed : int
        The same seed gives the same numbers on any number of threads.

    Returns
    -------
    (samples, F) float64
        Positive.
    """
    out = np.empty((samples, sigma.size))
    shared, own = np.sqrt(common), np.sqrt(1.0 - common)
    for i in numba.prange(samples):
        together = normal(seed, i, 0)
        for f in range(sigma.size):
            z = shared * together + own * normal(seed, i, 1 + group[f])
            out[i, f] = np.exp(sigma[f] * z - 0.5 * sigma[f] * sigma[f])
    return out
