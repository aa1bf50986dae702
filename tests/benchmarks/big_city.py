"""Time a whole run on shifted copies of the embedded city; JSON on stdout.

Usage: python tests/benchmarks/big_city.py [--copies 15] [--folder DIR] [--day-types weekday_weekend]

Writes the links of all copies as one GeoPackage, multiplies the registry, and runs `fleet-planner run` in a process
of its own (the second of two runs is told: the first compiles the kernels and keeps the links). Fifteen copies are
514,080 links. Timings by step are those of the run's own manifest.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.network import load_network, write_network
from fleet_planner.network.model import Network
from fleet_planner.plan.models import NetworkSection

START = "from fleet_planner.cli.main import main; main()"
STEP_DEG = 0.5
JOIN_KM = 50.0
PER_ROW = 4
CITY = Path(__file__).parents[2] / "inputs" / "coquimbo"
PLAN = """
[city]
name = "Many cities"
country = "CL"
year = 2024
diesel_sulphur_ppm = 15.0

[network]
file = "links.gpkg"

[fleet]
registry = "registry.csv"
visiting_share = {{ articulated_truck = 0.6, coach = 1.0, car = 0.05 }}

[traffic]
day_types = "{day_types}"

[[scenario]]
name = "filters"
title = "Filters on trucks"

[[scenario.measure]]
measure = "dpf_passive"
streams = ["rigid_truck", "articulated_truck"]
standards = ["euro_IV", "euro_V"]
"""


def tiled(network: Network, copies: int) -> Network:
    """Return so many copies of a network side by side, with nodes of their own, each joined to the next by a road.

    Without those roads a run would take all copies but one for islands without traffic.
    """
    nodes = int(network.links.select(pl.max_horizontal(pl.col("u", "v").max())).item()) + 1
    points = int(network.offsets[-1])
    tables, coordinates, offsets = [], [], [np.zeros(1, dtype=np.int64)]
    for k in range(copies):
        tables.append(network.links.with_columns(pl.col("u", "v") + k * nodes, in_main=pl.lit(value=True)))
        coordinates.append(network.coordinates + _shift(k))
        offsets.append(network.offsets[1:] + k * points)
    at = int(np.flatnonzero(network.links["in_main"].to_numpy())[0])
    junction, place = int(network.links["u"][at]), network.coordinates[network.offsets[at]]
    end = copies * points
    for k in range(1, copies):
        ends = [(junction + j * nodes, place + _shift(j)) for j in (k - 1, k)]
        for (u, a), (v, b) in (ends, ends[::-1]):
            row = network.links[at].with_columns(
                u=pl.lit(u), v=pl.lit(v), length_km=pl.lit(JOIN_KM), in_main=pl.lit(value=True)
            )
            tables.append(row.cast(dict(zip(network.links.columns, network.links.dtypes, strict=True))))
            coordinates.append(np.stack([a, b]))
            end += 2
            offsets.append(np.array([end]))
    links = pl.concat(tables).with_columns(link_id=pl.int_range(pl.len(), dtype=pl.Int64))
    return Network(links, np.concatenate(coordinates), np.concatenate(offsets), network.attribution)


def _shift(copy: int) -> np.ndarray:
    return np.array([copy % PER_ROW, copy // PER_ROW]) * STEP_DEG


def prepared(folder: Path, copies: int, day_types: str) -> Path:
    """Write the network, the registry and the plan; return the plan."""
    network = load_network(NetworkSection(builtin="coquimbo"), folder, "CL")
    write_network(tiled(network, copies), folder / "links.gpkg")
    registry = pl.read_csv(CITY / "registry.csv", infer_schema_length=None)
    registry.with_columns(pl.col("count") * copies).write_csv(folder / "registry.csv")
    (folder / "plan.toml").write_text(PLAN.format(day_types=day_types), encoding="utf-8")
    return folder / "plan.toml"


def run_once(plan: Path, out: Path) -> dict[str, object]:
    """Run the plan in a process of its own; seconds, peak memory, steps and sizes."""
    begin = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    command = [sys.executable, "-c", START, "run", str(plan), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return {
        "seconds": round(time.perf_counter() - begin, 1),
        "peak_mb": round(max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024),
        "steps_s": manifest["timings_s"],
        "mb": {p.name: round(p.stat().st_size / 1e6, 1) for p in sorted(out.iterdir()) if p.stat().st_size > 1e6},
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=15)
    parser.add_argument("--day-types", default="weekday_weekend")
    parser.add_argument("--folder", type=Path)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plan = prepared(folder, a.copies, a.day_types)
        runs = [run_once(plan, folder / f"out{k}") for k in range(2)]
    print(json.dumps({"copies": a.copies, "first": runs[0], "second": runs[1]}, indent=1))


if __name__ == "__main__":
    main()
