"""Time and memory of a province of five million links, computed tile by tile; JSON on stdout.

Usage: python tests/benchmarks/province.py [--links 5000000] [--folder DIR] [--disk DIR] [--tile-links 131072] [--disk-from 1000000]

Writes shifted copies of the embedded city side by side, joined by roads, as one GeoPackage (in batches: the copies never
stand in memory together), multiplies the registry, and runs `fleet-planner run` in a process of its own. Told are the
seconds and the peak of the resident memory of its parts: reading the network, what is computed, the GeoPackage, the
Parquet of the links, the report, and the whole. Pages of files that the process holds count in; so do the interpreter
and the compiled kernels (about 0.4 GB). The peak of a part is read after the kernel's mark was reset (Linux only).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from big_city import CITY, JOIN_KM, PLAN

from fleet_planner.network import load_network
from fleet_planner.plan.models import NetworkSection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet_planner.network.model import Network

STEP_DEG = 0.5
PER_ROW = 16
WEST, SOUTH = -25.0, -30.0
KB_PER_GB = 1e6


def batches(network: Network, links: int) -> Iterator[pl.DataFrame]:
    """Yield so many links of copies of a network, copy by copy, with WKB; each copy joined to the one before."""
    import shapely

    nodes = int(network.links.select(pl.max_horizontal(pl.col("u", "v").max())).item()) + 1
    height = network.links.height
    counts = np.diff(network.offsets)
    owner = np.repeat(np.arange(height), counts)
    middle = network.coordinates.mean(axis=0)
    at = int(np.flatnonzero(network.links["in_main"].to_numpy())[0])
    junction, place = int(network.links["u"][at]), network.coordinates[network.offsets[at]]

    def shift(k: int) -> np.ndarray:
        return np.array([WEST + k % PER_ROW * STEP_DEG, SOUTH + k // PER_ROW * STEP_DEG]) - middle

    done = copy = 0
    while done < links:
        frame = network.links.with_columns(pl.col("u", "v") + copy * nodes, in_main=pl.lit(value=True))
        shapes = shapely.linestrings(network.coordinates + shift(copy), indices=owner)
        if copy:
            ends = [(junction + j * nodes, place + shift(j)) for j in (copy - 1, copy)]
            for (u, a), (v, b) in (ends, ends[::-1]):
                row = network.links[at].with_columns(
                    u=pl.lit(u), v=pl.lit(v), length_km=pl.lit(JOIN_KM), in_main=pl.lit(value=True)
                )
                frame = pl.concat([frame, row.cast(dict(frame.schema))])
                shapes = np.append(shapes, shapely.LineString([a, b]))
        frame = frame.with_columns(link_id=pl.int_range(done, done + frame.height, dtype=pl.Int64))
        yield frame.with_columns(pl.Series("geom", shapely.to_wkb(shapes).tolist(), dtype=pl.Binary))[: links - done]
        done, copy = done + frame.height, copy + 1


def write_province(network: Network, links: int, path: Path) -> None:
    """Write the links as layer ``links`` of a GeoPackage."""
    from pyogrio.raw import write_arrow

    def arrow() -> Iterator[pa.RecordBatch]:
        for frame in batches(network, links):
            yield from frame.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches()

    schema = next(batches(network, 1)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    reader = pa.RecordBatchReader.from_batches(schema, arrow())
    about = {"layer": "links", "driver": "GPKG", "geometry_name": "geom", "geometry_type": "LineString"}
    write_arrow(reader, path, **about, crs="EPSG:4326", layer_options={"SPATIAL_INDEX": "NO"})


def prepared(folder: Path, links: int, run: str) -> Path:
    """Write the network, the registry and the plan with a section ``run``; return the plan."""
    network = load_network(NetworkSection(builtin="coquimbo"), folder, "CL")
    if not (folder / "links.gpkg").exists():
        write_province(network, links, folder / "links.gpkg")
    registry = pl.read_csv(CITY / "registry.csv", infer_schema_length=None)
    times = links // network.links.height + 1
    registry.with_columns(pl.col("count") * times).write_csv(folder / "registry.csv")
    plan = PLAN.format(day_types="average").replace("[network]\n", "[network]\ncache = false\n")
    (folder / "plan.toml").write_text(f"{plan}\n[run]\n{run}", encoding="utf-8")
    return folder / "plan.toml"


def peak_gb() -> float:
    """Return the largest resident memory since the last reset."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / KB_PER_GB


def measured_run(plan: Path, out: Path) -> dict[str, Any]:
    """Run the plan in this process; seconds and peaks of its parts."""
    from fleet_planner.outputs import write
    from fleet_planner.pipeline import prepare
    from fleet_planner.pipeline.run import run_plan

    told: dict[str, Any] = {}
    whole = [0.0]

    @contextmanager
    def part(name: str) -> Iterator[None]:
        whole.append(peak_gb())
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        begin = time.perf_counter()
        yield
        whole.append(peak_gb())
        told[name] = {"seconds": round(time.perf_counter() - begin, 1), "peak_gb": round(whole[-1], 2)}
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        print(name, told[name], file=sys.stderr, flush=True)

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            with part(name):
                return function(*given, **named)

        return call

    prepare.load_network = watched("network", prepare.load_network)
    write.write_geopackage = watched("geopackage", write.write_geopackage)
    write.write_parts = watched("parquet", write.write_parts)
    write.report_data = watched("report", write.report_data)
    begin = time.perf_counter()
    with part("computed"):
        results = run_plan(plan)
    write.write_run(results, out, overwrite=False, language="en")
    seconds = round(time.perf_counter() - begin, 1)
    steps = dict(results.timings_s)
    links = results.network.links.height
    sizes = {p.name: round(p.stat().st_size / 1e6, 1) for p in sorted(out.iterdir()) if p.stat().st_size > 1e6}
    return {"links": links, "seconds": seconds, "peak_gb": round(max(whole), 2), **told, "steps_s": steps, "mb": sizes}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=5_000_000)
    parser.add_argument("--tile-links", type=int, default=131_072)
    parser.add_argument("--disk-from", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--disk", type=Path)
    parser.add_argument("--child", type=Path)
    a = parser.parse_args()
    if a.child:
        print(json.dumps(measured_run(a.child, a.child.parent / "out"), indent=1))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = f"tile_links = {a.tile_links}\ndisk_from_links = {a.disk_from}\n"
        plan = prepared(folder, a.links, run + (f'scratch = "{a.disk}"\n' if a.disk else ""))
        subprocess.run([sys.executable, __file__, "--child", str(plan)], check=True)


if __name__ == "__main__":
    main()
