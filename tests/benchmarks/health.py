"""Seconds for deaths, cases and value of a city by the concentrations at its points.

Usage: python tests/benchmarks/health.py [--points 200000] [--scenarios 5]

Made up: people and concentrations of PM2.5 and NO2 at points at random, tonnes of the other pollutants; routes by concentration and by intake.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from fleet_planner.impacts.health.assess import health_table
from fleet_planner.pipeline.telling.health import NearRoads, health_lines, people_of
from fleet_planner.plan.models import Plan

TONNES = {"PM2.5": 300.0, "NOx": 4000.0, "SO2": 20.0, "NH3": 60.0, "NMVOC": 900.0, "BC": 120.0, "NO2": 700.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--scenarios", type=int, default=5)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    plan = Plan.model_validate(
        {
            "city": {"name": "x", "country": "CL", "year": 2024},
            "network": {"builtin": "coquimbo"},
            "fleet": {"registry": "r.csv"},
            "impacts": {
                "health": {
                    "population": 1e7,
                    "routes": {
                        "PM2.5": "concentration",
                        "NO2": "concentration",
                        "NOx": "intake_fraction",
                        "SO2": "intake_fraction",
                        "NH3": "intake_fraction",
                    },
                }
            },
        }
    )
    people = rng.uniform(0.0, 100.0, given.points)
    air = [
        NearRoads(people, {p: rng.uniform(0.0, 20.0, given.points) for p in ("PM2.5", "NO2")})
        for _ in range(given.scenarios)
    ]
    begin, worked = time.perf_counter(), time.process_time()
    of = people_of(plan, None)
    table = health_table({f"s{k}": health_lines(plan, TONNES, 200.0, of, one) for k, one in enumerate(air)})
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    told = {"points": given.points, "scenarios": given.scenarios, "lines": table.height}
    print(json.dumps(told | {"all_s": round(seconds, 3), "processor_s": round(worked, 3)}))


if __name__ == "__main__":
    main()
