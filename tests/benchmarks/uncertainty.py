"""Time draws of a city of shifted copies of the embedded one; JSON on stdout.

Usage: python tests/benchmarks/uncertainty.py [--copies 9] [--draws 1000] [--folder DIR]

Nine copies are 308,448 links. Told apart: where the streams drive (once a city), the terms of a state, the draws, the
bands of the links, Sobol's indices.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from big_city import prepared

from fleet_planner.pipeline.drawing.drivers import drivers_table
from fleet_planner.pipeline.drawing.emitted import emitted
from fleet_planner.pipeline.drawing.on_links import drawn_links
from fleet_planner.pipeline.drawing.states import ground_of, sample_of
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent


def main() -> None:
    """Print the figures of this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=9)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="fleet_planner-uncertainty-"))
    path = prepared(folder, asked.copies, "weekday_weekend")
    plan = load_plan(path)
    plan = plan.model_copy(update={"uncertainty": plan.uncertainty.model_copy(update={"draws": asked.draws})})
    ready = prepare(plan, path.parent, silent)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    seconds = {}
    for name in ("first", "again"):  # the first compiles the kernels
        begin = time.perf_counter()
        ground = ground_of(ready)
        terms = time.perf_counter()
        drawer = sample_of(ready, ground)
        emitted(ground, drawer, ready.nonroad)
        drawn = time.perf_counter()
        drawn_links(ready, ground, drawer)
        links = time.perf_counter()
        drivers_table(ready, ground)
        end = time.perf_counter()
        parts = {"terms": terms - begin, "draws": drawn - terms, "links": links - drawn, "drivers": end - links}
        seconds[name] = {k: round(v, 3) for k, v in parts.items()}
    states = len(ground.states)
    told = {
        "links": ready.network.links.height,
        "states": states,
        "draws": asked.draws,
        "inputs": len(ground.sampler.inputs),
        "terms": [state.terms.standing.size for state in ground.states],
        "seconds": seconds,
        "draws_of_a_state_per_s": round(asked.draws * states / seconds["again"]["draws"]),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
        "memory_before_draws_mb": round(before_mb),
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
