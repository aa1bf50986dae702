"""Time the state of charge of buses: kernels alone, a day of 400 blocks of 12 trips, a year, remedies; JSON on stdout.

Usage: python tests/benchmarks/bus_feasibility.py [--blocks 400] [--repeat 3]

Seconds are the median of the repeats after one untimed call, which compiles. Blocks are made: 12 trips between random
terminals with ways from and to a depot, one kWh per km apart from block to block.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "buses"))
from small_days import constant_energy, small_day

from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.feasibility.choosing import Task, plentiful
from fleet_planner.buses.feasibility.figures import figures_of, prices_of
from fleet_planner.buses.feasibility.load import load_of
from fleet_planner.buses.feasibility.making import make_feasible
from fleet_planner.buses.feasibility.replay import ground_of, replay
from fleet_planner.buses.feasibility.setup import Cold, batteries_of, rules_of, sites_of
from fleet_planner.buses.feasibility.split import Splitter, empty_ways
from fleet_planner.buses.feasibility.year import drive_year
from fleet_planner.plan.buses_battery import BatteryPlan, BusStation
from fleet_planner.plan.economics import EconomicsSection

TRIPS = 12
YEAR = 365


def made_day(blocks: int) -> Any:
    """Return a day of blocks of 12 trips."""
    rng = np.random.default_rng(1)
    out = {}
    for b in range(blocks):
        ends = [f"T{k}" for k in rng.choice(60, 2, replace=False)]
        t = float(rng.uniform(4.5, 8.0))
        legs = [("pull_out", t - 0.25, t, 5.0, "depot", ends[0])]
        for n in range(TRIPS):
            hours = float(rng.uniform(0.6, 1.1))
            legs.append(("trip", t, t + hours, float(rng.uniform(8.0, 18.0)), ends[n % 2], ends[1 - n % 2]))
            t += hours + float(rng.uniform(0.08, 0.25))
        legs.append(("pull_in", t, t + 0.25, 5.0, ends[TRIPS % 2], "depot"))
        out[f"b{b:05d}"] = legs
    return small_day(out)


def timed(call: Callable[[], Any], repeat: int) -> float:
    """Return the median seconds after one call that is not timed."""
    call()
    seconds = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=400)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    day = made_day(asked.blocks)
    energies = [constant_energy(day, kwh, temperature_c=c) for kwh, c in ((1.2, 15.0), (1.7, -5.0), (1.5, 32.0))]
    plan = BatteryPlan()
    vehicles = bus_types()
    types = {"standard"}
    figures, prices = figures_of(plan, types, vehicles), prices_of(plan, EconomicsSection(), types)
    ground = ground_of(day)
    load, cold, rules = load_of(ground, energies), Cold.none(len(energies)), rules_of(plan)
    sites = sites_of(day.places, plan, figures, ())
    some = [BusStation(place=f"T{k}", chargers=2) for k in range(0, 60, 3)]
    scarce = sites_of(day.places, plan, figures, some)
    batteries = batteries_of(ground, figures, cold)
    places = {p: k for k, p in enumerate(day.places["place"].to_list())}
    splitter = Splitter(
        load, day.movements["kind"].to_list(), np.array([places[p] for p in day.movements["from_place"]]),
        day.movements["km"].to_numpy(), empty_ways(day, 1.3, 25.0), batteries, plentiful(sites), rules,
    )  # fmt: skip
    task = Task(load, splitter, day.places, plan, figures, prices, cold, ())
    days_c = 13.0 + 18.0 * np.sin(np.arange(YEAR) / YEAR * 2.0 * np.pi)

    def year() -> Any:
        return drive_year(
            load, np.array([15.0, -5.0, 32.0]), days_c, np.ones(YEAR),
            lambda at: batteries_of(ground, figures, Cold.none(at.size)), plentiful(scarce), rules,
        )  # fmt: skip

    def from_tables() -> Any:
        own = ground_of(day)
        return replay(load_of(own, energies[:1]), batteries_of(own, figures, Cold.none(1)), sites, rules)

    seconds = {
        "one case from tables to feasibility": timed(from_tables, asked.repeat),
        "three cases": timed(lambda: replay(load, batteries, sites, rules), asked.repeat),
        "three cases in queues at 20 stations of two chargers": timed(
            lambda: replay(load, batteries, scarce, rules), asked.repeat
        ),
        "a year of 365 temperatures": timed(year, asked.repeat),
        "remedies": timed(lambda: make_feasible(task), 1),
    }
    made = make_feasible(task)
    told = {
        "blocks": asked.blocks,
        "trips": asked.blocks * TRIPS,
        "seconds": {k: round(v, 4) for k, v in seconds.items()},
        "block_days_per_second": round(asked.blocks * YEAR / seconds["a year of 365 temperatures"]),
        "remedies": {
            "failing": int((~made.base.holds).sum()),
            "ways": {w: made.way.count(w) for w in sorted(set(made.way))},
            "gap_of_choice": None if made.answer is None else made.answer.gap,
            "gap": made.gap,
            "rounds": None if made.answer is None else made.answer.rounds,
            "cuts": None if made.answer is None else made.answer.cuts,
        },
    }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
