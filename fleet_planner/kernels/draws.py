"""Draws of a Monte Carlo run: totals of factored terms, and bands of every link.

A term is what one stream emits of one pollutant by one process with one kind of factor. Everything that a draw changes
multiplies terms, so that a draw of a whole city costs a pass over its terms, whatever the number of its links.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

STEP = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(33)


@numba.njit(cache=True, parallel=LOOPS)
def drawn_totals(
    by_road, standing, shift, stream, factor, mix, effect, out_of, outputs, km, factors, mixes, effects, speed
):
    """Add up the terms of a state in every draw.

    ``E[d, o] = sum_i (standing_i + sum_r by_road[i, r] km[d, s_i, r]) (1 + sum_h shift[i, h] . speed[d, h])
    factors[d, f_i] mixes[d, x_i] effects[d, e_i]`` over the terms ``i`` of output ``o``.

    Parameters
    ----------
    by_road : (I, R) float64
        Emission of each term that goes with the vehicle-km, by group of roads, as the run has it.
    standing : (I,) float64
        Emission that does not: parked and idling vehicles.
    shift : (I, H, 2) float64
        Relative change of a term where the speeds of an hour group are those of the lower and of the upper node.
    stream, factor, mix, effect, out_of : (I,) int64
        Which column of the draws acts on a term, and the output it adds to.
    outputs : int
    km : (D, S, R) float64
        Multipliers of vehicle-km by stream and group of roads.
    factors : (D, F) float64
    mixes : (D, X) float64
    effects : (D, Q) float64
    speed : (D, H, 2) float64
        Weights of the nodes, see `shift`; nought where speeds are those of the run.

    Returns
    -------
    (D, outputs) float64
        In the unit of the terms. A draw does not depend on the others nor on the number of threads.
    """
    draws, terms = km.shape[0], standing.size
    roads, hours = by_road.shape[1], shift.shape[1]
    out = np.zeros((draws, outputs))
    for d in numba.prange(draws):
        for i in range(terms):
            s = stream[i]
            value = standing[i]
            for r in range(roads):
                value += by_road[i, r] * km[d, s, r]
            moved = 1.0
            for h in range(hours):
                moved += shift[i, h, 0] * speed[d, h, 0] + shift[i, h, 1] * speed[d, h, 1]
            out[d, out_of[i]] += value * moved * factors[d, factor[i]] * mixes[d, mix[i]] * effects[d, effect[i]]
    return out


@numba.njit(cache=True, parallel=LOOPS)
def link_bands(emitted, first, road, multiplier, wobble, low, high):
    """Return two quantiles of every link's emissions over the draws.

    Parameters
    ----------
    emitted : (links, S, P) float64
        By stream and pollutant.
    first : int
        Number of the first of these links in the network.
    road : (links,) int64
        Group of roads of each link.
    multiplier : (R, P, S, D) float64
        What a draw makes of a stream's emissions on a group of roads; draws last, so that they run in one piece.
    wobble : (W,) float64
        Multipliers of the traffic of single links, W a power of two: each link takes its own walk through them.
    low, high : float
        Between 0 and 1, low first; quantiles between draws are interpolated linearly.

    Returns
    -------
    (links, P, 2) float64
    """
    links, streams, pollutants = emitted.shape
    draws = multiplier.shape[3]
    mask = np.uint64(wobble.size - 1)
    at_low, at_high = (draws - 1) * low, (draws - 1) * (1.0 - high)
    below, above = int(at_low), int(at_high)
    n_low, n_high = min(below + 2, draws), min(above + 2, draws)
    out = np.empty((links, pollutants, 2))
    for i in numba.prange(links):
        key = (np.uint64(first) + np.uint64(i) + np.uint64(1)) * STEP
        start = key >> HALF
        step = ((key * STEP) >> HALF) | np.uint64(1)
        smallest, largest, sums = np.empty(n_low), np.empty(n_high), np.empty(draws)
        for p in range(pollutants):
            smallest[:] = np.inf
            largest[:] = -np.inf
            sums[:] = 0.0
            for s in range(streams):
                own, drawn = emitted[i, s, p], multiplier[road[i], p, s]
                for d in range(draws):
                    sums[d] += own * drawn[d]
            for d in range(draws):
                total = sums[d] * wobble[np.int64((start + np.uint64(d) * step) & mask)]
                if total < smallest[n_low - 1]:
                    k = n_low - 1
                    while k > 0 and smallest[k - 1] > total:
                        smallest[k] = smallest[k - 1]
                        k -= 1
                    smallest[k] = total
                if total > largest[n_high - 1]:
                    k = n_high - 1
                    while k > 0 and largest[k - 1] < total:
                        largest[k] = largest[k - 1]
                        k -= 1
                    largest[k] = total
            w, u = at_low - below, at_high - above
            out[i, p, 0] = smallest[below] + w * (smallest[min(below + 1, n_low - 1)] - smallest[below])
            out[i, p, 1] = largest[above] + u * (largest[min(above + 1, n_high - 1)] - largest[above])
    return out
