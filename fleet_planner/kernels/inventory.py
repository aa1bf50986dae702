"""The factored inventory: composite curves, one pass over links and hours, vehicles from a histogram.

Never is the product vehicle x link x hour x pollutant formed. A channel ``c`` is one process of one pollutant
whose curve a vehicle scales by one number ``x[vehicle, c]``. With K the vehicle-km and W = sum of km x load weight
times x over a stream's vehicles of technology t::

    C[stream, condition, grade, speed, p] = sum_t,load,c in p  W[stream, t, load, c] EF[t, c, condition, load, ...]
    E[link, p] = sum_hour,stream K[stream, link, hour] C[stream, condition, grade, v(link, hour), p]
    E[vehicle, p] = km sum_c in p  x[vehicle, c] sum_load w[load] mean EF[stream, t, load, c]

where a condition is a driving mode in a class of hours of like weather, and the mean runs over the histogram of
vehicle-km that the link pass fills with the very interpolation weights that it used, so that vehicles and links agree
to rounding. Sums under ``prange`` run in a fixed number of blocks: results do not depend on the threads.
"""

import numba
import numpy as np

from fleet_planner.kernels.loops import LOOPS

BLOCKS = 8


@numba.njit(cache=True, inline="always")
def speed_cell(grid_kmh, lookup, lookup_per_kmh, v):
    """Return the cell of ``v`` on the speed grid and the weight of its upper end.

    ``lookup[int(v * lookup_per_kmh)]`` is a cell at or below that of ``v``. Speeds beyond the grid
    are held at its ends.
    """
    last = grid_kmh.size - 2
    if not v > grid_kmh[0]:  # a missing number too
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
    if not x > 0.0:
        return 0, 0.0
    if x >= grades - 1:
        return grades - 2, 1.0
    cell = int(x)
    return cell, x - cell


@numba.njit(cache=True, parallel=LOOPS, fastmath={"contract"})
def composite(curves, blocks, block_of, pollutant_of, pollutants, used, stream_first, entry_technology, entry_weight):
    """Add the curves of a stream's technologies, weighted by what the fleet drives.

    Parameters
    ----------
    curves : (C, S) float64
        Sampled factors.
    blocks : (B, M, L, G) int32
        Curve of each condition, load step and grade step; -1 where there is none (adds 0).
    block_of : (T, channels) int32
        Block of a technology's channel; -1 where it has none.
    pollutant_of : (channels,) int64
        Pollutant that a channel adds to.
    pollutants : int
    used : (M, G) bool
        Conditions and grade steps that occur; the others are left zero.
    stream_first : (streams + 1,) int64
        Entries of stream ``s`` are ``stream_first[s]:stream_first[s + 1]``.
    entry_technology : (entries,) int64
    entry_weight : (entries, L, channels) float64
        Share of the stream's vehicle-km times multipliers, by load step and channel.

    Returns
    -------
    (M, G, S, P, streams) float64
        g per km of the stream (MJ, kWh); pollutants and streams last, since one link-hour needs them all.
    """
    streams = stream_first.size - 1
    m_n, l_n, g_n = blocks.shape[1:]
    channels = block_of.shape[1]
    s_n = curves.shape[1]
    out = np.zeros((m_n, g_n, s_n, pollutants, streams))
    for job in numba.prange(streams * m_n * g_n):
        s = job // (m_n * g_n)
        m = (job // g_n) % m_n
        g = job % g_n
        if used[m, g]:
            total = np.zeros((pollutants, s_n))
            for k in range(stream_first[s], stream_first[s + 1]):
                t = entry_technology[k]
                for c in range(channels):
                    b = block_of[t, c]
                    if b < 0:
                        continue
                    sums = total[pollutant_of[c]]
                    held, held_w = -1, 0.0
                    curve, w = -1, 0.0
                    for ld in range(l_n + 1):
                        # load steps that share a curve are added in one go, and curves two by two
                        at = blocks[b, m, ld, g] if ld < l_n else -2
                        if at != curve:
                            if curve >= 0 and w != 0.0:
                                if held < 0:
                                    held, held_w = curve, w
                                else:
                                    for v in range(s_n):
                                        sums[v] += held_w * curves[held, v] + w * curves[curve, v]
                                    held = -1
                            curve, w = at, 0.0
                        if ld < l_n:
                            w += entry_weight[k, ld, c]
                    if held >= 0:
                        for v in range(s_n):
                            sums[v] += held_w * curves[held, v]
            for v in range(s_n):
                for p in range(pollutants):
                    out[m, g, v, p, s] = total[p, v]
    return out


@numba.njit(cache=True, parallel=LOOPS, fastmath={"contract", "reassoc"})
def link_pass(
    comp, vkt, speed_kmh, mode, grade, first_grade, grade_step, road_class, classes, grid_kmh, lookup, per_kmh
):
    """Carry composite factors over all links and hours.

    Parameters
    ----------
    comp : (M, G, S, P, streams) float64
        From `composite`.
    vkt : (streams, links, H) float64
        Vehicle-km.
    speed_kmh : (links, H) float64
    mode : (links, H) int8
        The condition: driving mode in its hour class.
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
    n_m, n_g, n_v, n_p, n_s = comp.shape
    n_l, n_h = speed_kmh.shape
    # one row per cell, so that the inner loops run over a link-hour's pollutants and streams in one piece
    cells = comp.reshape((n_m * n_g * n_v, n_p * n_s))
    link, stream_hour_b, class_hour_b, histogram_b = _room(n_l, n_h, n_p, n_s, classes, n_m * n_g * n_v)
    for block in numba.prange(BLOCKS):
        factor = np.empty(n_p * n_s)
        km = np.empty(n_s)
        first = block * n_l // BLOCKS
        last = (block + 1) * n_l // BLOCKS
        for i in range(first, last):
            g, gw = grade_cell(first_grade, grade_step, n_g, grade[i])
            for h in range(n_h):
                v, vw = speed_cell(grid_kmh, lookup, per_kmh, speed_kmh[i, h])
                for s in range(n_s):
                    km[s] = vkt[s, i, h]
                cell = (mode[i, h] * n_g + g) * n_v + v
                w0, w1 = (1.0 - gw) * (1.0 - vw), (1.0 - gw) * vw
                low, high = cells[cell], cells[cell + 1]
                hist0, hist1 = histogram_b[block, cell], histogram_b[block, cell + 1]
                for s in range(n_s):
                    hist0[s] += km[s] * w0
                    hist1[s] += km[s] * w1
                if gw > 0.0:
                    u0, u1 = gw * (1.0 - vw), gw * vw
                    low_up, high_up = cells[cell + n_v], cells[cell + n_v + 1]
                    hist2, hist3 = histogram_b[block, cell + n_v], histogram_b[block, cell + n_v + 1]
                    for s in range(n_s):
                        hist2[s] += km[s] * u0
                        hist3[s] += km[s] * u1
                    for j in range(n_p * n_s):
                        factor[j] = w0 * low[j] + w1 * high[j] + u0 * low_up[j] + u1 * high_up[j]
                else:
                    for j in range(n_p * n_s):
                        factor[j] = w0 * low[j] + w1 * high[j]
                total = stream_hour_b[block, h]
                by_class = class_hour_b[block, road_class[i], h]
                for p in range(n_p):
                    both = 0.0
                    for s in range(n_s):
                        e = km[s] * factor[p * n_s + s]
                        both += e
                        total[p * n_s + s] += e
                    link[i, p] += both
                    by_class[p] += both
    return _put_together(link, stream_hour_b, class_hour_b, histogram_b, (n_m, n_g, n_v, n_s))


@numba.njit(cache=True)
def _room(n_l, n_h, n_p, n_s, classes, cells):
    """Return the sums of `link_pass` at zero; apart from it for the same reason as `_put_together`."""
    return (
        np.zeros((n_l, n_p)),
        np.zeros((BLOCKS, n_h, n_p * n_s)),
        np.zeros((BLOCKS, classes, n_h, n_p)),
        np.zeros((BLOCKS, cells, n_s)),
    )


@numba.njit(cache=True)
def _put_together(link, stream_hour_b, class_hour_b, histogram_b, shape):
    """Add the blocks of `link_pass`; apart from it, since each sum of arrays would become a loop over threads."""
    n_m, n_g, n_v, n_s = shape
    blocks, n_h = stream_hour_b.shape[:2]
    n_p = link.shape[1]
    stream_hour = np.zeros((n_s, n_h, n_p))
    class_hour = np.zeros(class_hour_b.shape[1:])
    histogram = np.zeros((n_s, n_m, n_g, n_v))
    flat = histogram.reshape((n_s, n_m * n_g * n_v))
    for block in range(blocks):
        class_hour += class_hour_b[block]
        for h in range(n_h):
            for p in range(n_p):
                for s in range(n_s):
                    stream_hour[s, h, p] += stream_hour_b[block, h, p * n_s + s]
        for cell in range(flat.shape[1]):
            for s in range(n_s):
                km = histogram_b[block, cell, s]
                if km != 0.0:
                    flat[s, cell] += km
    return link, stream_hour, class_hour, histogram


@numba.njit(cache=True)
def _km_by_cell(histogram):
    """Return vehicle-km by stream, condition and grade, and by stream; apart from `mean_factors` to compile in half."""
    streams, m_n, g_n, s_n = histogram.shape
    km_cell = np.zeros((streams, m_n, g_n))
    km_stream = np.zeros(streams)
    for s in range(streams):
        for m in range(m_n):
            for g in range(g_n):
                for v in range(s_n):
                    km_cell[s, m, g] += histogram[s, m, g, v]
                km_stream[s] += km_cell[s, m, g]
    return km_cell, km_stream


@numba.njit(cache=True, parallel=LOOPS)
def mean_factors(curves, blocks, block_of, histogram, entry_stream, entry_technology):
    """Average the factors of a technology over where its stream drives.

    Parameters
    ----------
    curves, blocks, block_of
        As in `composite`.
    histogram : (streams, M, G, S) float64
        Vehicle-km from `link_pass`.
    entry_stream, entry_technology : (entries,) int64

    Returns
    -------
    (entries, L, channels) float64
        g/km; zero where the stream does not drive.
    """
    entries = entry_stream.size
    m_n, l_n, g_n = blocks.shape[1:]
    channels = block_of.shape[1]
    s_n = curves.shape[1]
    km_cell, km_stream = _km_by_cell(histogram)
    out = np.zeros((entries, l_n, channels))
    for k in numba.prange(entries):
        s, t = entry_stream[k], entry_technology[k]
        if km_stream[s] <= 0.0:
            continue
        for m in range(m_n):
            for g in range(g_n):
                if km_cell[s, m, g] == 0.0:
                    continue
                for c in range(channels):
                    b = block_of[t, c]
                    if b < 0:
                        continue
                    before, mean = -1, 0.0
                    for ld in range(l_n):
                        curve = blocks[b, m, ld, g]
                        if curve < 0:
                            before = -1
                            continue
                        if curve != before:
                            total = 0.0
                            for v in range(s_n):
                                total += histogram[s, m, g, v] * curves[curve, v]
                            before, mean = curve, total / km_stream[s]
                        out[k, ld, c] += mean
    return out


@numba.njit(cache=True, inline="always")
def channel_multiplier(measure, channel_measure, driver, channel_driver, i, c):
    """Return the number that row ``i`` scales channel ``c`` with: effect of measures times driver."""
    x = 1.0
    if channel_measure[c] >= 0:
        x *= measure[i, channel_measure[c]]
    if channel_driver[c] >= 0:
        x *= driver[i, channel_driver[c]]
    return x


@numba.njit(cache=True, parallel=LOOPS)
def vehicle_pass(
    km, entry, load, measure, channel_measure, driver, channel_driver, pollutant_of, pollutants, mean_factor
):
    """Emissions of each registry row.

    Parameters
    ----------
    km : (N,) float64
        Vehicle-km of the row.
    entry : (N,) int64
        Row of ``mean_factor`` (stream and technology).
    load : (N,) float64
        Load as a fraction 0..1.
    measure : (N, measured pollutants) float64
        Effect of the measures.
    channel_measure : (channels,) int64
        Column of ``measure`` that acts on a channel; -1 where none does.
    driver : (N, drivers) float64
    channel_driver : (channels,) int64
        Column of ``driver`` that scales a channel; -1 where none does.
    pollutant_of : (channels,) int64
    pollutants : int
    mean_factor : (entries, L, channels) float64
        L = 3 load steps: 0, 0.5, 1.

    Returns
    -------
    (N, P) float64
    """
    n, channels = km.size, pollutant_of.size
    out = np.zeros((n, pollutants))
    for i in numba.prange(n):
        step, w = load_cell(load[i])
        f = mean_factor[entry[i]]
        for c in range(channels):
            ef = (1.0 - w) * f[step, c] + w * f[step + 1, c]
            if ef != 0.0:
                x = channel_multiplier(measure, channel_measure, driver, channel_driver, i, c)
                out[i, pollutant_of[c]] += km[i] * x * ef
    return out


@numba.njit(cache=True, inline="always")
def load_cell(load):
    """Return the published load step (0, 0.5) at or below ``load`` and the weight of the next one, held in 0..1."""
    if not load > 0.0:
        return 0, 0.0
    if load < 0.5:
        return 0, load / 0.5
    return 1, min((load - 0.5) / 0.5, 1.0)


@numba.njit(cache=True)
def entry_weights(km, entry, load, measure, channel_measure, driver, channel_driver, entries):
    """Sum the weights of the registry by stream and technology.

    Parameters
    ----------
    km, entry, load, measure, channel_measure, driver, channel_driver
        As in `vehicle_pass`.
    entries : int

    Returns
    -------
    weight : (entries, 3, channels) float64
        Sum of km x multiplier by load step.
    km_entry : (entries,) float64
    """
    channels = channel_measure.size
    weight = np.zeros((entries, 3, channels))
    km_entry = np.zeros(entries)
    for i in range(km.size):
        step, w = load_cell(load[i])
        k = entry[i]
        km_entry[k] += km[i]
        for c in range(channels):
            x = km[i] * channel_multiplier(measure, channel_measure, driver, channel_driver, i, c)
            weight[k, step, c] += (1.0 - w) * x
            weight[k, step + 1, c] += w * x
    return weight, km_entry
