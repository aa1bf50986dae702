"""Time the energy of bus movements; JSON on stdout.

Usage: python tests/benchmarks/bus_energy.py [--trips 33352] [--links 120]

Made days: 400 blocks of 12 trips without roads, and as many trips as are asked for over 2,000 ways of so many links,
each in three cases of weather. The second of two runs is told, the first compiles the kernel.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent.parent / "buses"))

from service_days import small_day

from fleet_planner.buses.energy.movement import movement_energies
from fleet_planner.buses.energy.weather import cases
from fleet_planner.buses.model import ServiceDay, Ways
from fleet_planner.network.model import Network
from fleet_planner.plan.load import check_plan

WAYS, LINKS, TRIPS_OF_BLOCK = 2000, 50_000, 12


def seconds(day: ServiceDay, network: Network | None) -> float:
    """Return the time of the second of two runs in three cases of weather."""
    plan = check_plan(
        {
            "city": {"name": "x", "country": "CL", "year": 2024},
            "network": {"builtin": "coquimbo"},
            "fleet": {"registry": "r.csv"},
        },
        Path("plan.toml"),
    )
    weather = cases(plan)
    movement_energies(day, network, plan, weather)
    begin = time.perf_counter()
    movement_energies(day, network, plan, weather)
    return time.perf_counter() - begin


def large_day(trips: int, links: int) -> tuple[ServiceDay, Network]:
    """Return a day of trips over ways of links with grades."""
    rng = np.random.default_rng(0)
    blocks = -(-trips // TRIPS_OF_BLOCK)
    day = small_day(blocks, TRIPS_OF_BLOCK)
    way = rng.integers(0, WAYS, day.movements.height)
    ways = Ways(
        np.arange(WAYS + 1, dtype=np.int64) * links,
        rng.integers(0, LINKS, WAYS * links),
        rng.uniform(0.02, 0.2, WAYS * links),
    )
    table = pl.DataFrame({
        "free_flow_kmh": rng.choice([30.0, 50.0, 60.0], LINKS), "road_class": rng.choice(["primary", "residential"], LINKS),
        "grade_pct": rng.normal(0.0, 2.0, LINKS), "bus_only": np.zeros(LINKS, bool), "bus_lanes": np.zeros(LINKS, int),
    })  # fmt: skip
    network = Network(table, np.zeros((0, 2)), np.zeros(LINKS + 1, np.int64), "")
    moves = day.movements.with_columns(way=pl.Series(way))
    return ServiceDay(day.kind, None, moves, day.blocks, day.places, ways), network


def main() -> None:
    """Run both and print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trips", type=int, default=33_352)
    parser.add_argument("--links", type=int, default=120)
    asked = parser.parse_args()
    small = small_day(400, TRIPS_OF_BLOCK)
    large, network = large_day(asked.trips, asked.links)
    out = {
        "blocks_400_trips_12_s": seconds(small, None),
        "movements": large.movements.height,
        "links_of_way": asked.links,
        "large_s": seconds(large, network),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main()
