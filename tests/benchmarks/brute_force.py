"""The embedded city's exhaust as a loop over vehicles, links and hours against the factored path; JSON on stdout.

Usage: python tests/benchmarks/brute_force.py [--vehicles 24] [--links 30] [--repeat 5]

The loop is plain Python written from the equations (`tests/kernels/inventory_twin.py`) and computes four quantities of a
sample at the roads' own speeds; the factored path computes the whole city with all processes and pollutants, of which only
those four are counted. Seconds are of the processor, all threads together, so that other work on the machine counts little;
the factored path's are the median after one untimed call.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.inventory import compute_inventory
from tests.kernels.embedded_sample import LOOPED, embedded_city, sample

HOURS = 24


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=24)
    parser.add_argument("--links", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=5)
    a = parser.parse_args()
    city = embedded_city()
    drawn = sample(city, a.vehicles, a.links, on_grid=False)
    factored = drawn.factored()
    begin = time.process_time()
    looped = np.array([drawn.looped(p) for p in LOOPED])
    loop_s = time.process_time() - begin
    mine = np.array([factored.link[:, POLLUTANTS.index(p)] for p in LOOPED])
    state, computed = city.computed.states[0][0], city.computed
    seconds = []
    for _ in range(a.repeat + 1):
        begin = time.process_time()
        compute_inventory(
            state.vehicles,
            state.multipliers,
            city.network.links,
            computed.activity,
            computed.factors,
            computed.setting.context,
        )
        seconds.append(time.process_time() - begin)
    whole_s = statistics.median(seconds[1:])
    counted = state.vehicles.height * city.network.links.height * HOURS * len(LOOPED)
    loop_rate = drawn.vehicles.height * a.links * HOURS * len(LOOPED) / loop_s
    result = {
        "arguments": vars(a),
        "loop": {"processor_s": round(loop_s, 2), "evaluations_per_s": round(loop_rate)},
        "factored": {
            "vehicle_rows": state.vehicles.height,
            "links": city.network.links.height,
            "processor_s": round(whole_s, 3),
            "evaluations_per_s": round(counted / whole_s),
        },
        "ratio": round(counted / whole_s / loop_rate),
        "days_that_the_loop_would_take": round(counted / loop_rate / 86_400.0, 1),
        "largest_relative_difference_of_a_link": float(np.abs(mine / looped - 1.0).max()),
        "relative_difference_of_totals": float(np.abs(mine.sum(axis=1) / looped.sum(axis=1) - 1.0).max()),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
