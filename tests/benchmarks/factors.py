"""Time the factors: a million questions, compiling all sets for a city, processes beside hot exhaust; JSON on stdout.

Usage: python tests/benchmarks/factors.py [--rows 1000000] [--plan inputs/coquimbo/plan.toml] [--repeat 3]

Seconds are the median of the repeats after one untimed call.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.factors.compiling.channels import CHANNELS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.evaluate import QUERY_COLUMNS, evaluate_queries
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.factors.sets import EUROPEAN, SETS, overlays
from fleet_planner.factors.weather import conditions_of
from fleet_planner.inventory import compute_inventory
from fleet_planner.inventory.weights import FleetContext, technologies_of
from fleet_planner.pipeline.run import run_plan


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the median time of ``work`` after one untimed call."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return round(statistics.median(times), 3)


def questions(hot: HotTable, rows: int) -> pl.DataFrame:
    """Return questions over all published technologies, speeds and loads."""
    rng = np.random.default_rng(0)
    keys = hot.keys.select("category", "fuel", "segment", "standard", "technology", "pollutant", "mode").unique()
    picked = keys.sort(pl.all())[rng.integers(0, keys.height, rows).tolist()]
    return picked.with_columns(
        factor_set=pl.lit(""),
        speed_kmh=pl.Series(rng.uniform(3.0, 120.0, rows)),
        load=pl.Series(rng.uniform(0.0, 1.0, rows)),
        slope=pl.Series(rng.uniform(-0.06, 0.06, rows)),
    ).select(QUERY_COLUMNS)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--plan", type=Path, default=Path("inputs/coquimbo/plan.toml"))
    parser.add_argument("--repeat", type=int, default=3)
    a = parser.parse_args()
    hot = load_hot_table()
    asked = questions(hot, a.rows)
    by_set = asked.with_columns(factor_set=pl.Series(np.resize([EUROPEAN, *(s.name for s in SETS)], a.rows)))
    others = {s.name: s.evaluate for s in SETS}
    seconds = {
        "evaluate": median_seconds(lambda: evaluate_queries(asked, hot, raw=False), a.repeat),
        "evaluate_all_sets": median_seconds(lambda: evaluate_queries(by_set, hot, raw=False, others=others), a.repeat),
    }
    results = run_plan(a.plan)
    state = results.scenarios[0].fleet
    climate = results.plan.climate
    conditions = conditions_of(
        results.activity.vkt_by_hour(),
        monthly_min_c=climate.monthly_min_c or (),
        monthly_max_c=climate.monthly_max_c or (),
    )
    sources = load_sources(
        grid_kg_per_kwh=0.3, hot=hot, overlays=overlays([s.name for s in SETS], year=results.plan.city.year)
    )
    technologies = technologies_of(state.vehicles)

    def compiled() -> object:
        return compile_factors(technologies, sources, conditions, FactorOptions())

    seconds["compile_all_sets"] = median_seconds(compiled, a.repeat)
    european = replace(sources, overlays=())
    factors = compile_factors(technologies, european, conditions, FactorOptions())
    hot_only = replace(
        factors,
        block_of=np.where(np.array([c.process == "hot" for c in CHANNELS])[None, :], factors.block_of, -1),
    )

    def inventory(table: object) -> Callable[[], object]:
        return lambda: compute_inventory(
            state.vehicles, state.multipliers, results.network.links, results.activity, table, FleetContext()
        )

    seconds["inventory_hot"] = median_seconds(inventory(hot_only), a.repeat)
    seconds["inventory_all_processes"] = median_seconds(inventory(factors), a.repeat)
    print(json.dumps({"arguments": {k: str(v) for k, v in vars(a).items()}, "seconds": seconds}, indent=1))


if __name__ == "__main__":
    main()
