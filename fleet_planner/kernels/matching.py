"""Pieces of links by cell, stops along a line, and the hours in which trips pass."""

import numba
import numpy as np


@numba.njit(cache=True)
def grid_index(x0, y0, x1, y1, cell_m, nx, ny):
    """Sort pieces of links into square cells.

    Parameters
    ----------
    x0, y0, x1, y1 : (pieces,) float64
        Ends in metres from the corner of the grid.
    cell_m : float
    nx, ny : int

    Returns
    -------
    first : (nx * ny + 1,) int64
    member : (entries,) int64
        Pieces whose bounding box touches cell ``c`` are ``member[first[c]:first[c + 1]]``.
    """
    count = np.zeros(nx * ny + 1, dtype=np.int64)
    for run in range(2):
        if run == 1:
            first = np.zeros(nx * ny + 1, dtype=np.int64)
            for c in range(nx * ny):
                first[c + 1] = first[c] + count[c]
            member = np.empty(first[nx * ny], dtype=np.int64)
            fill = first.copy()
        for i in range(x0.size):
            ia = max(int(min(x0[i], x1[i]) / cell_m), 0)
            ib = min(int(max(x0[i], x1[i]) / cell_m), nx - 1)
            ja = max(int(min(y0[i], y1[i]) / cell_m), 0)
            jb = min(int(max(y0[i], y1[i]) / cell_m), ny - 1)
            for a in range(ia, ib + 1):
                for b in range(ja, jb + 1):
                    c = a * ny + b
                    if run == 0:
                        count[c] += 1
                    else:
                        member[fill[c]] = i
                        fill[c] += 1
    return first, member


@numba.njit(cache=True)
def project_in_order(stops, stop_offsets, line_of, points, offsets, along_m):
    """Return how far along a line each of its stops is, keeping their order.

    Squared distances of the stops to the line are made least in sum, by dynamic programming over stops x
    segments, among placings that never go back, so that a stop of a loop, or of a street driven both ways,
    falls on the right passage. A stop that stays on the segment of the one before is held at least as far
    along as that one (of the paths to a segment only the cheapest is followed on; ties go to the earlier passage).

    Parameters
    ----------
    stops : (stops, 2) float64
        Metres.
    stop_offsets : (patterns + 1,) int64
    line_of : (patterns,) int64
        Line of each pattern.
    points : (points, 2) float64
        Metres, on the same plane.
    offsets : (lines + 1,) int64
    along_m : (points,) float64
        Metres from the start of the line.

    Returns
    -------
    (stops,) float64
        Metres along the line, never falling within a pattern; 0 on a line of one point.
    """
    out = np.zeros(stops.shape[0])
    for p in range(line_of.size):
        a, b = offsets[line_of[p]], offsets[line_of[p] + 1]
        first, n = stop_offsets[p], stop_offsets[p + 1] - stop_offsets[p]
        segments = b - a - 1
        if segments < 1 or n < 1:
            continue
        cost = np.zeros(segments)
        came = np.zeros((n, segments), dtype=np.int32)
        part = np.zeros((n, segments))
        for i in range(n):
            sx, sy = stops[first + i, 0], stops[first + i, 1]
            before = np.inf  # least cost of the stop before on an earlier segment
            before_at = -1
            for j in range(segments):
                x, y = points[a + j, 0], points[a + j, 1]
                ex, ey = points[a + j + 1, 0] - x, points[a + j + 1, 1] - y
                length2 = ex * ex + ey * ey
                t = 0.0
                if length2 > 0.0:
                    t = min(max(((sx - x) * ex + (sy - y) * ey) / length2, 0.0), 1.0)
                d2 = (x + t * ex - sx) ** 2 + (y + t * ey - sy) ** 2
                # cost[j] is read before it is written: it still belongs to the stop before
                on_before = cost[j]
                if i == 0:
                    cost[j], came[i, j], part[i, j] = d2, j, t
                else:
                    stay_t = max(t, part[i - 1, j])
                    stay = on_before + (x + stay_t * ex - sx) ** 2 + (y + stay_t * ey - sy) ** 2
                    if before + d2 <= stay:
                        cost[j], came[i, j], part[i, j] = before + d2, before_at, t
                    else:
                        cost[j], came[i, j], part[i, j] = stay, j, stay_t
                if on_before < before:
                    before, before_at = on_before, j
        j = int(np.argmin(cost))
        for i in range(n - 1, -1, -1):
            out[first + i] = along_m[a + j] + part[i, j] * (along_m[a + j + 1] - along_m[a + j])
            j = came[i, j]
    return out


@numba.njit(cache=True)
def section_paces(timing_m, arrival_s, departure_s, timing_offsets, section_m, longest_call_s):
    """Return how long a trip takes per metre after each of its stops, with the time at stops.

    Stops follow each other closely and times are written in whole minutes: paces are those of sections, runs of stops
    that are ``section_m`` long or more (the last one joins the section before where it is shorter).

    Parameters
    ----------
    timing_m, arrival_s, departure_s, timing_offsets
        See `service_by_hour`.
    section_m : float
    longest_call_s : float
        Longer times at a stop are rests: what is beyond is left out.

    Returns
    -------
    (stops,) float64
        Seconds per metre on the way to the next stop; -1 at the last stop, and on a section without length or time.
    """
    pace = np.full(timing_m.size, -1.0)
    for timing in range(timing_offsets.size - 1):
        k, last = timing_offsets[timing], timing_offsets[timing + 1] - 1
        while k < last:
            end = k + 1
            while end < last and timing_m[end] - timing_m[k] < section_m:
                end += 1
            if timing_m[last] - timing_m[end] < section_m:
                end = last
            way = timing_m[end] - timing_m[k]
            time = 0.0
            for j in range(k + 1, end + 1):
                time += arrival_s[j] - departure_s[j - 1]
                if j < last:
                    time += min(departure_s[j] - arrival_s[j], longest_call_s)
            if way > 0.0 and time > 0.0:
                pace[k:end] = time / way
            k = end
    return pace


@numba.njit(cache=True)
def service_by_hour(
    n_links,
    sample_link,
    sample_m,
    sample_span_m,
    sample_km,
    sample_offsets,
    trip_shape,
    trip_timing,
    trip_start_s,
    timing_m,
    arrival_s,
    departure_s,
    timing_offsets,
    pace,
):
    """Add up the km, the time and the stops of trips by link and by the hour in which they pass.

    Between two stops a trip moves evenly from its departure at the one to its arrival at the other; before
    the first stop and after the last its time stands still, and is not told. Hours after midnight wrap round.

    Parameters
    ----------
    n_links : int
    sample_link : (samples,) int64
        Link of each piece of a shape, or -1.
    sample_m, sample_span_m, sample_km : (samples,) float64
        Middle of the piece along its shape (rising), the metres of the shape it stands for, its km on the road.
    sample_offsets : (shapes + 1,) int64
    trip_shape, trip_timing : (trips,) int64
    trip_start_s : (trips,) float64
        Seconds after midnight.
    timing_m, arrival_s, departure_s : (stops,) float64
        Metres along the shape and seconds after the trip's start, not falling within a timing.
    timing_offsets : (timings + 1,) int64
    pace : (stops,) float64
        See `section_paces`; none is told where it is not above 0.

    Returns
    -------
    km, timed_km, seconds, stops : (links, 24) float64
        Vehicle-km; those of them whose time the timetable tells, and that time; stops that have a time.
    """
    km = np.zeros((n_links, 24))
    timed_km = np.zeros((n_links, 24))
    seconds = np.zeros((n_links, 24))
    stops = np.zeros((n_links, 24))
    for trip in range(trip_shape.size):
        shape, timing = trip_shape[trip], trip_timing[trip]
        k, last = timing_offsets[timing], timing_offsets[timing + 1] - 1
        called = k
        end = sample_offsets[shape + 1]
        for s in range(sample_offsets[shape], end):
            m = sample_m[s]
            while k < last and timing_m[k + 1] <= m:
                k += 1
            slowness = -1.0
            if k == last:
                t = arrival_s[k]
            elif m <= timing_m[k]:
                t = departure_s[k]
            else:
                way = timing_m[k + 1] - timing_m[k]
                t = departure_s[k] + (m - timing_m[k]) / way * (arrival_s[k + 1] - departure_s[k])
                slowness = pace[k]
            first_call = called
            while called <= last and (s == end - 1 or timing_m[called] <= (m + sample_m[s + 1]) / 2.0):
                called += 1
            if sample_link[s] < 0:
                continue
            hour = int(np.floor((trip_start_s[trip] + t) / 3600.0)) % 24
            km[sample_link[s], hour] += sample_km[s]
            stops[sample_link[s], hour] += called - first_call
            if slowness > 0.0:
                timed_km[sample_link[s], hour] += sample_km[s]
                seconds[sample_link[s], hour] += sample_span_m[s] * slowness
    return km, timed_km, seconds, stops
