"""Emissions of each link in each hour, for the few pollutants that somebody asks about."""

import numba
import numpy as np

from fleet_planner.kernels.inventory import grade_cell, speed_cell
from fleet_planner.kernels.loops import LOOPS


@numba.njit(cache=True, parallel=LOOPS)
def link_hours(comp, vkt, speed_kmh, mode, grade, first_grade, grade_step, grid_kmh, lookup, per_kmh):
    """Carry composite factors over links and hours and keep the hours apart.

    Parameters
    ----------
    comp : (M, G, S, P, streams) float64
        From `inventory.composite`, the pollutants asked for.
    vkt : (streams, links, H) float64
        Vehicle-km.
    speed_kmh : (links, H) float64
    mode : (links, H) int8
    grade : (links,) float64
    first_grade, grade_step, grid_kmh, lookup, per_kmh
        See `inventory.link_pass`, whose interpolation this is.

    Returns
    -------
    (P, links, H) float64
        Adds up over the hours to the links of `inventory.link_pass`.
    """
    n_g = comp.shape[1]
    n_p, n_s = comp.shape[3:]
    n_l, n_h = speed_kmh.shape
    out = np.zeros((n_p, n_l, n_h))
    for i in numba.prange(n_l):
        g, gw = grade_cell(first_grade, grade_step, n_g, grade[i])
        for h in range(n_h):
            v, vw = speed_cell(grid_kmh, lookup, per_kmh, speed_kmh[i, h])
            m = mode[i, h]
            for p in range(n_p):
                total = 0.0
                for s in range(n_s):
                    level = (1.0 - vw) * comp[m, g, v, p, s] + vw * comp[m, g, v + 1, p, s]
                    if gw > 0.0:
                        up = (1.0 - vw) * comp[m, g + 1, v, p, s] + vw * comp[m, g + 1, v + 1, p, s]
                        level = (1.0 - gw) * level + gw * up
                    total += vkt[s, i, h] * level
                out[p, i, h] = total
    return out
