"""Time the charging schedules of made-up depots, every strategy; prints JSON.

Usage: python tests/benchmarks/charging.py [--depots 10] [--buses 40] [--tariff sce_tou_ev_9_2030] [--seed 0]

Each bus stays a night on three kinds of day, and two in five a while at noon.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.buses.charging.damage import flat_damage
from fleet_planner.buses.charging.schedule import STRATEGIES, schedule
from fleet_planner.buses.charging.site import Site
from fleet_planner.buses.charging.slots import KINDS, days_of_year
from fleet_planner.buses.charging.smallest import plugs_of, smallest_cap_kw
from fleet_planner.buses.charging.stays import Stays, stays_of
from fleet_planner.buses.charging.tariff import read_tariff
from fleet_planner.buses.charging.terms import seasons_of


def depot(buses: int, draw: np.random.Generator) -> Stays:
    """Return the stays of a depot."""
    rows: list[tuple[str, str, float, float, float]] = []
    for kind in KINDS:
        for bus in range(buses):
            rows.append((kind, f"b{bus}", draw.uniform(17, 25), draw.uniform(28, 32), draw.uniform(100, 300)))
            if draw.random() < 0.4:
                noon = draw.uniform(9, 13)
                rows.append((kind, f"b{bus}", noon, noon + 2.0, draw.uniform(20, 100)))
    frame = pl.DataFrame(rows, schema=["kind_of_day", "bus", "arrive", "leave", "need_battery_kwh"], orient="row")
    return stays_of(
        frame.with_columns(
            arrive_s=pl.col("arrive") * 3600.0,
            leave_s=pl.col("leave") * 3600.0,
            max_battery_kw=pl.lit(100.0),
            charger_efficiency=pl.lit(0.95),
        )
    )


def main() -> None:
    """Print seconds by strategy, summed over the depots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depots", type=int, default=10)
    parser.add_argument("--buses", type=int, default=40)
    parser.add_argument("--tariff", default="sce_tou_ev_9_2030")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    draw = np.random.default_rng(asked.seed)
    tariff = read_tariff(asked.tariff, Path())
    seasons = seasons_of(tariff, 1.0, days_of_year(2024), flat_damage(0.4, 200.0), np.zeros((12, 96)))
    seconds = dict.fromkeys([*STRATEGIES, "least_cap", "chargers"], 0.0)
    stays, worst = 0, 0.0
    for k in range(asked.depots):
        own = depot(asked.buses, draw)
        stays += own.count
        site = Site(f"depot{k}")
        for strategy in STRATEGIES:
            begin = time.perf_counter()
            worst = max(worst, abs(schedule(own, site, seasons, strategy).gap))
            seconds[strategy] += time.perf_counter() - begin
        for name, find in (("least_cap", smallest_cap_kw), ("chargers", plugs_of)):
            begin = time.perf_counter()
            find(own, site, seasons)
            seconds[name] += time.perf_counter() - begin
    told = {"stays": stays, "seconds": {k: round(v, 3) for k, v in seconds.items()}, "largest_gap": worst}
    print(json.dumps({**vars(asked), **told, "load_average": os.getloadavg()[0]}, indent=1))


if __name__ == "__main__":
    main()
