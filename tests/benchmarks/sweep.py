"""Time many scenarios on one prepared city of shifted copies of the embedded one; JSON on stdout.

Usage: python tests/benchmarks/sweep.py [--copies 9] [--levels 0,0.33,0.67,1] [--folder DIR]

Nine copies are 308,448 links. Five measures at four levels are 1,024 scenarios. The first scenario compiles factors and
is told apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from big_city import prepared

from fleet_planner.pipeline.mixing.sweep import combinations, sweep
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent

MORE = "".join(
    f'\n[[scenario.measure]]\nmeasure = "{measure}"\nstreams = ["{stream}"]\n'
    for measure, stream in (
        ("rd99", "rigid_truck"),
        ("rd99", "articulated_truck"),
        ("bev_bus", "urban_bus"),
        ("bev_bus", "minibus"),
    )
)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=9)
    parser.add_argument("--levels", default="0,0.33,0.67,1")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = prepared(folder, asked.copies, "average")
        path.write_text(path.read_text(encoding="utf-8") + MORE, encoding="utf-8")
        plan = load_plan(path)
        scenarios = combinations(plan.scenario, [float(v) for v in asked.levels.split(",")])
        begin = time.perf_counter()
        ready = prepare(plan.model_copy(update={"scenario": []}), folder, silent)
        first = time.perf_counter()
        sweep(ready, scenarios[-1:], silent)
        start = time.perf_counter()
        sweep(ready, scenarios, silent)
        end = time.perf_counter()
    told = {
        "links": ready.network.links.height,
        "scenarios": len(scenarios),
        "prepared_s": round(first - begin, 2),
        "first_scenario_s": round(start - first, 3),
        "seconds": round(end - start, 2),
        "seconds_per_scenario": round((end - start) / len(scenarios), 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
