"""The factored inventory: composite curves, one pass over links and hours, vehicles from a histogram.

Never is the product vehicle x link x hour x pollutant formed. With K the vehicle-km and W the
weights of the fleet::

    C[stream, mode, grade, speed, p] = sum_t,load W[stream, t, load, p] EF[t, p, mode, load, grade, speed]
    E[link, p] = sum_hour,stream K[stream, link, hour] C[stream, mode, grade, v(link, hour), p]
    E[vehicle, p] = km multiplier[p] sum_load w[load] mean EF[stream, t, load, p]

where the mean runs over the histogram of vehicle-km that the link pass fills with the very
interpolation weights that it used, so that vehicles and links agree to rounding.
Sums under ``prange`` run in a fixed number of blocks: results do not depend on the threads.
"""

import numba
import numpy as np

BLOCKS = 8


@numba.njit(cache=True, inline="always")
def speed_cell(grid_kmh, lookup, lookup_per_kmh, v):
    """Return the cell of ``v`` on the speed grid and the weight of its upper end.

    ``lookup[int(v * lookup_per_kmh)]`` is a cell at or below that of ``v``. Speeds beyond the grid
    are held at its ends.
    """
    last = grid_kmh.size - 2
    if v <= grid_kmh[0]:
        return 0, 0.0
    if v >= grid_kmh[last + 1]:
        return last, 1.0
    cell = lookup[int(v * lookup_per_kmh)]
    while v >= grid_kmh[cell + 1]:
        cell += 1
    return cell, (v - grid_kmh[cell]) / (grid_kmh[cell + 1] - grid_kmh[cell])


@numba.njit(cache=True, inline="always")
def grade_cell(first_grade, grade_step, grades, grade):
    """Return the cell of ``grade`` on an even grid and the weight of its upper end, held at the ends."""
    x = (grade - first_grade) / grade_step
    if x <= 0.0:
        return 0, 0.0
    if x >= grades - 1:
        return grades - 2, 1.0
    cell = int(x)
    return cell, x - cell


@numba.njit(cache=True, parallel=True)
def composite(curves, index, stream_first, entry_technology, entry_weight):
    """Add the curves of a stream's technologies, weighted by what the fleet drives.

    Parameters
    ----------
    curves : (C, S) float64
        Sampled factors.
    index : (T, P, M, L, G) int32
        Curve of technology, pollutant, mode, load step, grade step; -1 where there is none (adds 0).
    stream_first : (streams + 1,) int64
        Entries of stream ``s`` are ``stream_first[s]:stream_first[s + 1]``.
    entry_technology : (entries,) int64
    entry_weight : (entries, L, P) float64
        Share of the stream's vehicle-km times multipliers, by load step and pollutant.

    Returns
    -------
    (M, G, S, streams, P) float64
        g per km of the stream (MJ, kWh); streams and pollutants last, since one link-hour needs them all.
    """
    streams = stream_first.size - 1
    p_n, m_n, l_n, g_n = index.shape[1:]
    s_n = curves.shape[1]
    out = np.zeros((m_n, g_n, s_n, streams, p_n))
    for job in numba.prange(streams * m_n * g_n):
        s = job // (m_n * g_n)
        m = (job // g_n) % m_n
        g = job % g_n
        total = np.zeros((p_n, s_n))
        for k in range(stream_first[s], stream_first[s + 1]):
            t = entry_technology[k]
            for ld in range(l_n):
                for p in range(p_n):
                    w = entry_weight[k, ld, p]
                    c = index[t, p, m, ld, g]
                    if w != 0.0 and c >= 0:
                        for v in range(s_n):
                            total[p, v] += w * curves[c, v]
        for v in range(s_n):
            for p in range(p_n):
                out[m, g, v, s, p] = total[p, v]
    return out


@numba.njit(cache=True, parallel=True)
def link_pass(
    comp, vkt, speed_kmh, mode, grade, first_grade, grade_step, road_class, classes, grid_kmh, lookup, per_kmh
):
    """Carry composite factors over all links and hours.

    Parameters
    ----------
    comp : (M, G, S, streams, P) float64
        From `composite`.
    vkt : (streams, links, H) float64
        Vehicle-km.
    speed_kmh : (links, H) float64
    mode : (links, H) int8
    grade : (links,) float64
        Rise over run; ``first_grade`` and ``grade_step`` in the same unit.
    road_class : (links,) int64
        0 .. ``classes`` - 1.
    grid_kmh, lookup, per_kmh
        The speed grid, see `speed_cell`.

    Returns
    -------
    link : (links, P) float64
    stream_hour : (streams, H, P) float64
    class_hour : (classes, H, P) float64
    histogram : (streams, M, G, S) float64
        Vehicle-km by the interpolation weights used.
    """
    n_m, n_g, n_v, n_s, n_p = comp.shape
    n_l, n_h = speed_kmh.shape
    link = np.zeros((n_l, n_p))
    stream_hour_b = np.zeros((BLOCKS, n_h, n_s, n_p))
    class_hour_b = np.zeros((BLOCKS, classes, n_h, n_p))
    histogram_b = np.zeros((BLOCKS, n_m, n_g, n_v, n_s))
    for block in numba.prange(BLOCKS):
        both = np.empty(n_p)
        first = block * n_l // BLOCKS
        last = (block + 1) * n_l // BLOCKS
        for i in range(first, last):
            g, gw = grade_cell(first_grade, grade_step, n_g, grade[i])
            for h in range(n_h):
                v, vw = speed_cell(grid_kmh, lookup, per_kmh, speed_kmh[i, h])
                m = mode[i, h]
                both[:] = 0.0
                for step in range(2 if gw > 0.0 else 1):
                    wg = gw if step == 1 else 1.0 - gw
                    w0, w1 = wg * (1.0 - vw), wg * vw
                    low, high = comp[m, g + step, v], comp[m, g + step, v + 1]
                    hist0, hist1 = histogram_b[block, m, g + step, v], histogram_b[block, m, g + step, v + 1]
                    total = stream_hour_b[block, h]
                    for s in range(n_s):
                        k = vkt[s, i, h]
                        k0, k1 = k * w0, k * w1
                        hist0[s] += k0
                        hist1[s] += k1
                        for p in range(n_p):
                            e = k0 * low[s, p] + k1 * high[s, p]
                            both[p] += e
                            total[s, p] += e
                for p in range(n_p):
                    link[i, p] += both[p]
                    class_hour_b[block, road_class[i], h, p] += both[p]
    stream_hour = np.zeros((n_s, n_h, n_p))
    class_hour = np.zeros((classes, n_h, n_p))
    histogram = np.zeros((n_m, n_g, n_v, n_s))
    for block in range(BLOCKS):
        class_hour += class_hour_b[block]
        histogram += histogram_b[block]
        for s in range(n_s):
            stream_hour[s] += stream_hour_b[block, :, s]
    return link, stream_hour, class_hour, np.ascontiguousarray(histogram.transpose(3, 0, 1, 2))


@numba.njit(cache=True, parallel=True)
def mean_factors(curves, index, histogram, entry_stream, entry_technology):
    """Average the factors of a technology over where its stream drives.

    Parameters
    ----------
    curves, index
        As in `composite`.
    histogram : (streams, M, G, S) float64
        Vehicle-km from `link_pass`.
    entry_stream, entry_technology : (entries,) int64

    Returns
    -------
    (entries, L, P) float64
        g/km; zero where the stream does not drive.
    """
    entries = entry_stream.size
    p_n, m_n, l_n, g_n = index.shape[1:]
    s_n = curves.shape[1]
    out = np.zeros((entries, l_n, p_n))
    for k in numba.prange(entries):
        s, t = entry_stream[k], entry_technology[k]
        km = 0.0
        for m in range(m_n):
            for g in range(g_n):
                for v in range(s_n):
                    km += histogram[s, m, g, v]
        if km <= 0.0:
            continue
        for m in range(m_n):
            for g in range(g_n):
                for ld in range(l_n):
                    for p in range(p_n):
                        c = index[t, p, m, ld, g]
                        if c >= 0:
                            total = 0.0
                            for v in range(s_n):
                                total += histogram[s, m, g, v] * curves[c, v]
                            out[k, ld, p] += total / km
    return out


@numba.njit(cache=True, parallel=True)
def vehicle_pass(km, entry, load, multiplier, mean_factor):
    """Emissions of each registry row.

    Parameters
    ----------
    km : (N,) float64
        Vehicle-km of the row.
    entry : (N,) int64
        Row of ``mean_factor`` (stream and technology).
    load : (N,) float64
        Load as a fraction 0..1.
    multiplier : (N, P) float64
    mean_factor : (entries, L, P) float64
        L = 3 load steps: 0, 0.5, 1.

    Returns
    -------
    (N, P) float64
    """
    n, p_n = multiplier.shape
    out = np.empty((n, p_n))
    for i in numba.prange(n):
        step, w = load_cell(load[i])
        f = mean_factor[entry[i]]
        for p in range(p_n):
            out[i, p] = km[i] * multiplier[i, p] * ((1.0 - w) * f[step, p] + w * f[step + 1, p])
    return out


@numba.njit(cache=True, inline="always")
def load_cell(load):
    """Return the published load step (0, 0.5, 1) at or below ``load`` and the weight of the next one."""
    if load < 0.5:
        return 0, load / 0.5
    return 1, (load - 0.5) / 0.5


@numba.njit(cache=True)
def entry_weights(km, entry, load, multiplier, entries):
    """Sum the weights of the registry by stream and technology.

    Parameters
    ----------
    km, entry, load, multiplier
        As in `vehicle_pass`.
    entries : int

    Returns
    -------
    weight : (entries, 3, P) float64
        Sum of km x multiplier by load step.
    km_entry : (entries,) float64
    """
    n, p_n = multiplier.shape
    weight = np.zeros((entries, 3, p_n))
    km_entry = np.zeros(entries)
    for i in range(n):
        step, w = load_cell(load[i])
        km_entry[entry[i]] += km[i]
        for p in range(p_n):
            x = km[i] * multiplier[i, p]
            weight[entry[i], step, p] += (1.0 - w) * x
            weight[entry[i], step + 1, p] += w * x
    return weight, km_entry
