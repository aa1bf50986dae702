"""Time of the replacement programme: a metropolitan operator with 11 depots, two sizes of bus and 4,400 buses.

Usage: python -m tests.benchmarks.bus_replacement

Prints buses, depots, years, columns bought, seconds and the proved gap as JSON. The fleet is made, no real operator.
"""

from __future__ import annotations

import json
import time

import numpy as np

from fleet_planner.buses.transition.account import account, discounted
from fleet_planner.buses.transition.assign import oldest_first
from fleet_planner.buses.transition.check import breaches
from fleet_planner.buses.transition.programme import solve
from tests.buses.small_fleets import fleet


def main() -> None:
    """Solve the fleet once and print what it took."""
    years = 16
    share = np.concatenate([np.full(3, 0.5), np.ones(years - 3)])
    problem = fleet(
        buses=200,
        blocks=160,
        depots=11,
        pools_each=2,
        kinds=("depot", "battery", "station", "split"),
        years=years,
        target_share=1.0,
        share=share,
        budget=np.full(years, 4e8),
    )
    begin = time.perf_counter()
    found = solve(problem, seconds=120.0)
    solved = time.perf_counter()
    decision = oldest_first(problem, found.decision)
    missed = breaches(problem, decision)
    cost = discounted(problem, account(problem, decision))
    told = {
        "buses": int(problem.cohorts.count.sum()),
        "blocks": int(problem.needs.blocks.sum()),
        "depots": len(problem.pools.depots),
        "years": years,
        "bought": int(decision.bought.sum()),
        "status": found.status,
        "gap": found.gap,
        "cost_usd2024": cost,
        "rules_missed": len(missed),
        "seconds_to_solve": round(solved - begin, 2),
        "seconds_to_assign_and_check": round(time.perf_counter() - solved, 2),
    }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
