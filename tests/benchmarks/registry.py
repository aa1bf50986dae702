"""Time and memory of a registry of ten million rows, and of the emissions of ten million vehicles; JSON on stdout.

Usage: python tests/benchmarks/registry.py [--rows 10000000] [--vehicles 10000000] [--key] [--grouped]

``registry``: a synthetic CSV (buses, trucks, cars and vans of 29 model years, zones, depots in Chinese) is written to a
temporary folder, then read, checked and mapped by `check_file` in a process of its own, whose peak memory is told.
``cpu_seconds`` is the time of all its threads: on a busy machine the wall clock waits for others. With ``--key`` the ids
are hashed; with ``--grouped`` rows are added up to groups as they are read. ``vehicles``: emissions of each of so many vehicles, 12 pollutants with all their processes.
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

GB = 1 << 20
KINDS = (
    ("bus", "diesel", "urban_bus", 17500),
    ("heavy_truck", "diesel", "rigid_truck", 16000),
    ("heavy_truck", "diesel", "articulated_truck", 38000),
    ("light_commercial", "diesel", "light_commercial", 2400),
    ("passenger_car", "petrol", "car", None),
)
POLLUTANTS_12 = ("CO", "VOC", "NOx", "NO2", "PM_exhaust", "BC", "OC", "CH4", "N2O", "NH3", "CO2", "SO2")
AT_ONCE = 1_000_000


def write_registry(path: Path, rows: int) -> None:
    """Write a registry of so many single vehicles."""
    rng = np.random.default_rng(1)
    with path.open("wb") as stream:
        for begin in range(0, rows, AT_ONCE):
            n = min(AT_ONCE, rows - begin)
            kind = rng.integers(0, len(KINDS), n)
            third = rng.integers(0, 3, n)
            empty = pl.Series([""]).new_from_index(0, n)
            frame = pl.DataFrame(
                {
                    "vehicle_id": pl.Series(np.arange(begin, begin + n)).cast(pl.String) + "v",
                    **{
                        name: pl.Series([k[place] for k in KINDS]).gather(kind)
                        for place, name in enumerate(("category", "fuel", "stream", "gross_mass_kg"))
                    },
                    "segment": empty,
                    "model_year": rng.integers(1996, 2025, n),
                    "standard": empty,
                    "aftertreatment": empty,
                    "km_per_year": rng.integers(5_000, 90_000, n),
                    "share_inside": pl.Series(["1", "0.9", "0.5"]).gather(third),
                    "odometer_km": empty,
                    "zone": pl.Series([f"zone {i}" for i in range(40)]).gather(rng.integers(0, 40, n)),
                    "depot": pl.Series(["北场", "南场", ""]).gather(third),
                    "load_fraction": empty,
                    "count": pl.Series(["1"]).new_from_index(0, n),
                }
            )
            frame.write_csv(stream, include_header=begin == 0)


def check(path: Path, key_file: Path | None, *, grouped: bool) -> dict[str, float]:
    """Return rows, seconds and peak memory of checking a registry; to be called in a fresh process."""
    from fleet_planner.fleet import check_registry_file
    from fleet_planner.fleet.identifiers import read_key
    from fleet_planner.fleet.read import Setting

    begin = time.perf_counter()
    fleet = check_registry_file(path, Setting("CN", 2024, grouped=grouped), read_key(key_file) if key_file else None)
    seconds = time.perf_counter() - begin
    use = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rows": fleet.totals.rows_kept,
        "vehicles_or_groups": fleet.vehicles.height,
        "rejected_rows": fleet.rejected["row"].n_unique(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(use.ru_utime + use.ru_stime, 1),
        "rows_per_second": round(fleet.totals.rows_kept / seconds),
        "peak_gb": round(use.ru_maxrss / GB, 2),
    }


def registry(rows: int, *, key: bool, grouped: bool) -> dict[str, float]:
    """Write a registry to a temporary folder and check it in a process of its own."""
    from fleet_planner.fleet.identifiers import write_key

    with tempfile.TemporaryDirectory() as folder:
        path, key_file = Path(folder) / "registry.csv", Path(folder) / "key"
        write_registry(path, rows)
        arguments = [sys.executable, __file__, "--check", str(path)]
        if grouped:
            arguments.append("--grouped")
        if key:
            write_key(key_file)
            arguments += ["--key-file", str(key_file)]
        done = subprocess.run(arguments, check=True, capture_output=True, text=True)
        return {"file_gb": round(path.stat().st_size / 1e9, 2), **json.loads(done.stdout)}


def vehicles(n: int) -> dict[str, float]:
    """Return the time of the emissions of ``n`` vehicles, `POLLUTANTS_12` with all their processes."""
    from hot_inventory import heavy_technologies

    from fleet_planner.factors.compiling.channels import DRIVERS, POLLUTANTS
    from fleet_planner.factors.published.hot_table import load_hot_table
    from fleet_planner.inventory.compute import POLLUTANT_OF
    from fleet_planner.inventory.weights import CHANNEL_DRIVER, CHANNEL_MEASURE
    from fleet_planner.kernels import inventory as kernel

    rng = np.random.default_rng(0)
    technologies = heavy_technologies(load_hot_table(), 60).height
    wanted = [POLLUTANTS.index(p) for p in POLLUTANTS_12]
    channels = np.flatnonzero(np.isin(POLLUTANT_OF, wanted))
    pollutant_of = np.array([wanted.index(POLLUTANT_OF[c]) for c in channels])
    mean = rng.uniform(1, 5, (technologies, 3, channels.size))
    measured = CHANNEL_MEASURE[channels]
    columns = np.unique(measured[measured >= 0])
    measure = np.where(measured < 0, -1, np.searchsorted(columns, measured))

    def arrays(m: int) -> tuple[np.ndarray, ...]:
        km, load = rng.uniform(0, 100, m), rng.uniform(0, 1, m)
        entry = rng.integers(0, technologies, m)
        return (
            km,
            entry,
            load,
            np.ones((m, columns.size)),
            measure,
            np.ones((m, len(DRIVERS))),
            CHANNEL_DRIVER[channels],
        )

    kernel.vehicle_pass(*arrays(1000), pollutant_of, len(wanted), mean)  # compiled before it is timed
    given = arrays(n)
    begin, cpu = time.perf_counter(), time.process_time()
    out = kernel.vehicle_pass(*given, pollutant_of, len(wanted), mean)
    return {
        "vehicles": n,
        "pollutants": len(wanted),
        "channels": int(channels.size),
        "seconds": round(time.perf_counter() - begin, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "emissions_above_zero": int((out > 0).sum()),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--vehicles", type=int, default=10_000_000)
    parser.add_argument("--key", action="store_true")
    parser.add_argument("--grouped", action="store_true")
    parser.add_argument("--check", type=Path)
    parser.add_argument("--key-file", type=Path)
    a = parser.parse_args()
    if a.check:
        print(json.dumps(check(a.check, a.key_file, grouped=a.grouped)))
        return
    result = {"registry": registry(a.rows, key=a.key, grouped=a.grouped)}
    if a.vehicles:
        result["vehicles"] = vehicles(a.vehicles)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
