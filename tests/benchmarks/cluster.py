"""Time sweeps on workers of this machine against one process, and what a task costs beside its work; JSON on stdout.

Usage: python tests/benchmarks/cluster.py [--workers 1,2,4] [--tasks 24] [--empty 500] [--folder DIR]

The tasks are small towns of some tenths of a second each, so that the table shows what distributing costs; each number of
workers starts its processes anew, which is told apart. Every sweep has to give the bytes of the one in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from fleet_planner.outputs.sweeping.sweep import run_sweep
from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine
from fleet_planner.pipeline.spread.engine import Here
from fleet_planner.plan.sweep import load_sweep
from fleet_planner.progress import silent
from tests.cli.swept_towns import write_towns


def nothing(argument: object) -> object:
    """Return the argument: a task without work."""
    return argument


def swept(file: Path, out: Path, engine: Any) -> tuple[float, float, bytes]:
    """Return how long a sweep took, how long its tasks worked, s, and its results."""
    begin = time.perf_counter()
    found = run_sweep(load_sweep(file), file, out, engine, silent)
    return time.perf_counter() - begin, float(found.tasks["seconds"].sum()), (out / "sweep_results.csv").read_bytes()


def _load() -> float | None:
    """Return how many processes wanted a core in the last minute."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--empty", type=int, default=500)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    rows, before = [], _load()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        file = write_towns(folder, str([round((k + 1) / asked.tasks, 4) for k in range(asked.tasks // 2)]))
        swept(file, folder / "compiled", Here())
        here_s, _, bytes_here = swept(file, folder / "here", Here())
        rows.append({"workers": 0, "seconds": round(here_s, 2)})
        print(json.dumps(rows[-1]), file=sys.stderr)
        for number in (int(v) for v in asked.workers.split(",")):
            begin = time.perf_counter()
            with dask_engine(Asked(workers=number), lambda _: None) as engine:
                list(engine.outcomes(nothing, {str(k): k for k in range(number)}, 0))
                start_s = time.perf_counter() - begin
                begin = time.perf_counter()
                list(engine.outcomes(nothing, {str(k): k for k in range(asked.empty)}, 0))
                empty_s = time.perf_counter() - begin
                cold_s, _, first = swept(file, folder / f"cold{number}", engine)
                seconds, working_s, again = swept(file, folder / f"w{number}", engine)
            if not first == again == bytes_here:
                raise SystemExit(f"{number} workers give other figures")
            rows.append(
                {
                    "workers": number,
                    "started_s": round(start_s, 2),
                    "empty_task_ms": round(1000.0 * empty_s / asked.empty, 2),
                    "first_sweep_s": round(cold_s, 2),
                    "seconds": round(seconds, 2),
                    "working_s": round(working_s, 2),
                    "beside_work_ms_per_task": round(1000.0 * (number * seconds - working_s) / asked.tasks, 1),
                    "against_one_process": round(here_s / seconds, 2),
                }
            )
            print(json.dumps(rows[-1]), file=sys.stderr)
    load = [before, _load()]
    print(json.dumps({"cores": os.cpu_count(), "load": load, "tasks": asked.tasks, "rows": rows}))


if __name__ == "__main__":
    main()
