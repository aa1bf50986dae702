"""Time the GeoPackage of a large city with five scenarios; JSON on stdout.

Usage: python tests/benchmarks/geopackage.py [--links 300000] [--scenarios 5] [--folder DIR] [--profile]

Links are a grid of two-way streets with a vertex between the ends (one in three with ten), emissions are drawn from a
log-normal distribution as wide as that of a city (two decades between the 5th and the 95th percentile), zones are squares
of 20 by 20 streets, four pollutants on the map. Only the writing is timed, in a process of its own: the second number is
the memory above what the results take.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
from shapely.geometry import box

from fleet_planner.network.model import Network
from fleet_planner.outputs.layers.geopackage import write_geopackage

sys.path.insert(0, str(Path(__file__).parents[1] / "outputs"))
import builders

STEP_DEG = 0.002
ZONE_STREETS = 20


def network(links: int) -> Network:
    """Return a square grid of about so many links, some of them bent."""
    side = round((links / 4.0) ** 0.5)
    plain = builders.network(side, side)
    rng = np.random.default_rng(5)
    count = plain.links.height
    points = np.where(rng.random(count) < 1.0 / 3.0, 10, 3)
    offsets = np.concatenate([[0], np.cumsum(points)])
    first, last = plain.coordinates[plain.offsets[:-1]], plain.coordinates[plain.offsets[1:] - 1]
    owner = np.repeat(np.arange(count), points)
    along = (np.arange(offsets[-1]) - offsets[owner]) / (points[owner] - 1)
    coordinates = first[owner] + (last - first)[owner] * along[:, None]
    return Network(plain.links, coordinates, offsets.astype(np.int64), plain.attribution)


def zones(side: int) -> gpd.GeoDataFrame:
    """Return squares over the whole grid."""
    corners = np.arange(0, side, ZONE_STREETS)
    shapes = [
        box(
            -71.3 + STEP_DEG * x,
            -29.9 + STEP_DEG * y,
            -71.3 + STEP_DEG * (x + ZONE_STREETS),
            -29.9 + STEP_DEG * (y + ZONE_STREETS),
        )
        for x in corners
        for y in corners
    ]
    number = np.arange(len(shapes))
    return gpd.GeoDataFrame({"zone_id": number, "population": 1000.0 + number}, geometry=shapes, crs="EPSG:4326")


def city(links: int, scenarios: int):  # of the tests' builders
    """Return the results of a run on the grid."""
    net = network(links)
    made = builders.results(net, zones=False)
    base = made.scenarios[0]
    rng = np.random.default_rng(7)
    drawn = 10.0 ** rng.normal(2.0, 0.6, base.inventory.link.shape)
    all_of_them = [replace(base, inventory=replace(base.inventory, link=drawn))]
    for k in range(1, scenarios):
        factor = rng.uniform(0.4, 1.05, drawn.shape)
        fleet = replace(base.fleet, name=f"scenario_{k}", title_en=f"Scenario {k}", title_zh=f"情景{k}")
        all_of_them.append(replace(base, fleet=fleet, inventory=replace(base.inventory, link=drawn * factor)))
    side = round((links / 4.0) ** 0.5)
    return replace(made, scenarios=tuple(all_of_them), zones=zones(side))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=300_000)
    parser.add_argument("--scenarios", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--profile", action="store_true")
    a = parser.parse_args()
    results = city(a.links, a.scenarios)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as temporary:
        path = (a.folder or Path(temporary)) / "city.gpkg"
        path.unlink(missing_ok=True)
        profile = cProfile.Profile()
        begin, used = time.perf_counter(), time.process_time()
        if a.profile:
            profile.enable()
        write_geopackage(results, path)
        profile.disable()
        seconds, cpu = time.perf_counter() - begin, time.process_time() - used
        told = {
            "links": results.network.links.height,
            "scenarios": a.scenarios,
            "seconds": round(seconds, 1),
            "cpu_s": round(cpu, 1),
            "mb_before": round(before / 1024),
            "mb_peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "file_mb": round(path.stat().st_size / 1e6, 1),
        }
    print(json.dumps(told, indent=1))
    if a.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(35)


if __name__ == "__main__":
    main()
