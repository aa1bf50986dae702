"""Time a timetable from its file onto the roads; JSON on stdout.

Usage: python tests/benchmarks/transit.py [--network FILE --feed FILE --country CC] [--lines 1000]

Without arguments the embedded feed on the embedded network. ``--lines`` adds as many lines of 15 km as are asked for:
walks along the network's own links, each moved aside by 5 m and shaken by 1 m, and times their matching. The second of two runs is told, the first
compiles the kernels.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from fleet_planner.activity.timetables.paths import Roads, follow_lines
from fleet_planner.activity.timetables.transit import bus_km
from fleet_planner.network import builtin_gtfs, load_network
from fleet_planner.network.model import Network
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feed
from fleet_planner.transit_feed.shapes import metres_along

LINE_KM = 15.0
ASIDE_DEG, SHAKE_DEG = 4.5e-5, 0.9e-5


def walks(network: Network, lines: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return lines along the network that never turn back, as coordinates and offsets."""
    rng = np.random.default_rng(seed)
    u, v = network.links["u"].to_list(), network.links["v"].to_list()
    length_km = network.links["length_km"].to_list()
    leaving: dict[int, list[int]] = {}
    for i, node in enumerate(u):
        leaving.setdefault(node, []).append(i)
    usable = np.flatnonzero(network.links["in_main"].to_numpy())
    out, counts = [], []
    while len(counts) < lines:
        link = int(rng.choice(usable))
        path, km = [link], length_km[link]
        while km < LINE_KM:
            onward = [j for j in leaving.get(v[link], []) if v[j] != u[link]]
            if not onward:
                break
            link = onward[int(rng.integers(len(onward)))]
            path.append(link)
            km += length_km[link]
        if km >= LINE_KM:
            points = np.concatenate([network.coordinates[network.offsets[i] : network.offsets[i + 1]] for i in path])
            out.append(points + rng.normal(0.0, ASIDE_DEG, 2) + rng.normal(0.0, SHAKE_DEG, points.shape))
            counts.append(len(points))
    return np.concatenate(out), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", type=Path)
    parser.add_argument("--feed", type=Path)
    parser.add_argument("--country", default="CL")
    parser.add_argument("--lines", type=int, default=0)
    asked = parser.parse_args()
    section = NetworkSection(file=str(asked.network.resolve())) if asked.network else NetworkSection(builtin="coquimbo")
    network = load_network(section, Path("/"), asked.country)
    out: dict[str, float | int] = {"links": network.links.height}
    for _ in range(2):
        begin = time.perf_counter()
        feed = read_feed(asked.feed or builtin_gtfs())
        read = time.perf_counter()
        roads = Roads.of(network)
        ready = time.perf_counter()
        bus = bus_km(network, feed, roads)
        done = time.perf_counter()
        out |= {
            "trips": feed.trips.height,
            "lines": len(feed.offsets) - 1,
            "read_s": round(read - begin, 3),
            "roads_s": round(ready - read, 3),
            "place_s": round(done - ready, 3),
            "outside_share": round(bus.outside_share, 4),
            "unmatched_share": round(bus.unmatched_share, 4),
        }
    if asked.lines:
        coordinates, offsets = walks(network, asked.lines)
        along_m = metres_along(coordinates, offsets)
        begin = time.perf_counter()
        paths = follow_lines(roads, coordinates, offsets, along_m, np.zeros(asked.lines, dtype=np.bool_))
        took = time.perf_counter() - begin
        km = float(along_m[offsets[1:] - 1].sum()) / 1e3
        out |= {
            "walked_km": round(km),
            "walks_s": round(took, 2),
            "km_per_s": round(km / took),
            "walks_matched_share": round(float(paths.line_span_m(paths.link >= 0).sum()) / 1e3 / km, 4),
            "walks_road_over_line": round(float(paths.line_km(paths.link >= 0).sum()) / km, 4),
        }
    out["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
