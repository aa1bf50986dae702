"""Time the way from `.osm.pbf` to finished links on shifted copies of a city, beside osmnx; JSON on stdout.

Usage: python tests/benchmarks/read_network.py CITY.osm.pbf [--copies 120] [--against 30] [--osmnx-copies 30]

Each copy has its own ids and lies 0.2 degrees of longitude from the last, rows of 30, 0.1 degrees of latitude apart.
Every figure is of one child process: wall seconds of the work, imports and compiled kernels loaded before, and the
process's greatest resident memory. ``osmnx`` is `graph_from_xml` of the same copies as OSM XML; 0 copies leave it out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import osmium

PER_ROW, STEP_LON, STEP_LAT, IDS = 30, 0.2, 0.1, 100_000_000_000
WARM_UP = """<osm version="0.6"><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.01"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""


def write_copies(source: Path, target: Path, copies: int) -> tuple[int, int]:
    """Write shifted copies of ``source``, nodes before ways; return how many nodes and ways."""
    nodes = [(n.id, n.location.lon, n.location.lat) for n in osmium.FileProcessor(str(source), osmium.osm.NODE)]
    ways = [(w.id, [n.ref for n in w.nodes], dict(w.tags)) for w in osmium.FileProcessor(str(source), osmium.osm.WAY)]
    make = osmium.osm.mutable
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for k in range(copies):
            east, north = STEP_LON * (k % PER_ROW), STEP_LAT * (k // PER_ROW)
            for number, lon, lat in nodes:
                writer.add_node(make.Node(id=number + k * IDS, location=(lon + east, lat + north), version=1))
        for k in range(copies):
            for number, refs, tags in ways:
                writer.add_way(make.Way(id=number + k * IDS, nodes=[r + k * IDS for r in refs], tags=tags, version=1))
    return copies * len(nodes), copies * len(ways)


def ours(path: Path, *, cache: bool) -> Callable[[], int]:
    """Return the reading of ``path`` by this program; a small file is read before, for the kernels."""
    from fleet_planner.network import load_network
    from fleet_planner.plan.models import NetworkSection

    small = path.with_name("warm_up.osm")
    small.write_text(WARM_UP)
    load_network(NetworkSection(file=small.name, cache=False), path.parent, "US-CA")
    section = NetworkSection(file=path.name, cache=cache)
    return lambda: load_network(section, path.parent, "US-CA").links.height


def theirs(path: Path) -> Callable[[], int]:
    """Return the reading of ``path`` by osmnx."""
    import osmnx

    return lambda: int(osmnx.graph_from_xml(path, retain_all=True).number_of_edges())


def measure(kind: str, path: Path) -> dict[str, float]:
    """Do one measurement in this process."""
    work = theirs(path) if kind == "osmnx" else ours(path, cache=kind == "cache")
    begin = time.perf_counter()
    links = work()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0**2
    return {"links": links, "seconds": round(seconds, 2), "peak_gib": round(peak, 3)}


def child(kind: str, path: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    run = [sys.executable, __file__, str(path), "--child", kind]
    answer: dict[str, float] = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    return answer


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("city", type=Path)
    parser.add_argument("--copies", type=int, default=120)
    parser.add_argument("--against", type=int, default=30)
    parser.add_argument("--osmnx-copies", type=int, default=30)
    parser.add_argument("--child", choices=["read", "cache", "osmnx"])
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.child, given.city)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nodes, ways = write_copies(given.city, folder / "all.osm.pbf", given.copies)
        result: dict[str, object] = {"nodes": nodes, "ways": ways, "read": child("read", folder / "all.osm.pbf")}
        result["read_and_keep"] = child("cache", folder / "all.osm.pbf")
        result["cache"] = child("cache", folder / "all.osm.pbf")
        print(json.dumps(result), file=sys.stderr)
        if given.osmnx_copies:
            write_copies(given.city, folder / "some.osm.pbf", given.against)
            write_copies(given.city, folder / "some.osm", given.osmnx_copies)
            mine, other = child("read", folder / "some.osm.pbf"), child("osmnx", folder / "some.osm")
            per_copy = mine["seconds"] / given.against, other["seconds"] / given.osmnx_copies
            result |= {"against": mine, "osmnx": other, "osmnx_copies": given.osmnx_copies}
            result["times_faster"] = round(per_copy[1] / per_copy[0], 1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
