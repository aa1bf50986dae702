"""Time the hot inventory: factored, brute force summed, brute force with the whole array kept; JSON on stdout.

Usage: python tests/benchmarks/hot_inventory.py [--links 20000] [--hours 24] [--technologies 60]
       [--pollutants 4] [--streams 8] [--vehicles 1000000] [--repeat 5]

Compilation is not timed. Seconds are the median of the repeats on numba's threads; memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

import numba
import numpy as np
import polars as pl

from fleet_planner.factors.axes import HOT, TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS, DEGRADED, DRIVERS, MEASURED, POLLUTANTS, channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.hot_curves import published_keys
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.inventory.compute import POLLUTANT_OF
from fleet_planner.inventory.weights import CHANNEL_DRIVER, CHANNEL_MEASURE
from fleet_planner.kernels import brute_force
from fleet_planner.kernels import inventory as kernel


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the median time of ``work`` after one untimed call."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def heavy_technologies(hot: HotTable, number: int) -> pl.DataFrame:
    """Return diesel technologies with load and slope, the hardest case; repeated where more are asked for."""
    keys = [k for k in published_keys(hot.keys) if k[0] in {"heavy_truck", "bus"} and k[1] == "diesel"]
    picked = [keys[i % len(keys)] for i in range(number)]
    return pl.DataFrame(picked, schema=list(TECHNOLOGY), orient="row")


def soa_coefficients(hot: HotTable, technologies: pl.DataFrame, pollutants: list[str]) -> np.ndarray:
    """Return coefficients (10, P, T) of the rows at half load on level ground."""
    keys = hot.keys.with_row_index("row").filter((pl.col("load") == 0.5) & (pl.col("slope") == 0.0))
    left = technologies.rename({"aftertreatment": "technology"})
    rows = []
    for pollutant in pollutants:
        own = keys.filter(pl.col("pollutant") == pollutant)
        joined = left.join(own, on=left.columns, how="left", maintain_order="left")
        rows.append(joined["row"].to_numpy())
    return np.ascontiguousarray(np.moveaxis(hot.coefficients[np.array(rows)], -1, 0))


def hot_channel(pollutant: str) -> int:
    """Return the channel that holds a pollutant's warm exhaust of heavy vehicles."""
    return channel(pollutant, "hot", f"urban:{pollutant}" if pollutant in DEGRADED else "")


def kept_touched(coefficients: np.ndarray, speed: np.ndarray, vkt: np.ndarray, repeat: int) -> float:
    """Return the time to fill an array that was allocated and touched before."""
    kept = np.empty((*speed.shape, coefficients.shape[1], coefficients.shape[2]))
    kept.fill(1.0)
    return median_seconds(lambda: brute_force.fill_all(coefficients, speed, vkt, kept), repeat)


def peak_mb() -> float:
    """Return the peak memory of the process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def vehicle_seconds(
    n: int, repeat: int, entry_technology: np.ndarray, factors: FactorTable, rng: np.random.Generator
) -> float:
    """Return the time of all processes of all pollutants of ``n`` vehicles."""
    km, load = rng.uniform(0, 100, n), rng.uniform(0, 1, n)
    entry = rng.integers(0, entry_technology.size, n)
    scaling = (np.ones((n, len(MEASURED))), CHANNEL_MEASURE, np.ones((n, len(DRIVERS))), CHANNEL_DRIVER)
    published = (factors.block_of >= 0)[entry_technology]
    mean = rng.uniform(1, 5, (entry_technology.size, 3, len(CHANNELS))) * published[:, None, :]
    return median_seconds(
        lambda: kernel.vehicle_pass(km, entry, load, *scaling, POLLUTANT_OF, len(POLLUTANTS), mean), repeat
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("links", 20_000), ("hours", 24), ("technologies", 60), ("pollutants", 4), ("streams", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--vehicles", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    a = parser.parse_args()
    rng = np.random.default_rng(0)
    hot = load_hot_table()
    technologies = heavy_technologies(hot, a.technologies)
    sources = load_sources(grid_kg_per_kwh=0.3, hot=hot)
    factors = compile_factors(technologies, sources, mild_conditions(), FactorOptions(scr=None))
    names = [p for p in HOT if p in {"CO", "NOx", "VOC", "PM_exhaust", "energy_MJ"}][: a.pollutants]
    block_of = np.ascontiguousarray(factors.block_of[:, [hot_channel(p) for p in names]])
    p_n = len(names)
    speed = rng.uniform(8.0, 90.0, (a.links, a.hours))
    vkt = rng.uniform(0.0, 50.0, (a.streams, a.links, a.hours))
    mode = rng.integers(0, 4, (a.links, a.hours)).astype(np.int8)
    grade = rng.uniform(-0.06, 0.06, a.links)
    road_class = rng.integers(0, 8, a.links)
    entry_technology = np.tile(np.arange(a.technologies), a.streams)
    first = np.arange(a.streams + 1) * a.technologies
    weight = rng.uniform(0.0, 1.0, (entry_technology.size, 3, p_n)) / a.technologies

    def composite() -> np.ndarray:
        return kernel.composite(
            factors.curves,
            factors.blocks,
            block_of,
            np.arange(p_n),
            p_n,
            np.ones(factors.blocks.shape[1::2], dtype=np.bool_),
            first,
            entry_technology,
            weight,
        )

    comp = composite()

    def links() -> object:
        return kernel.link_pass(
            comp,
            vkt,
            speed,
            mode,
            grade,
            -0.06,
            0.02,
            road_class,
            8,
            factors.grid_kmh,
            factors.lookup,
            factors.lookup_per_kmh,
        )

    result: dict[str, object] = {"arguments": vars(a), "pollutants": names, "threads": numba.get_num_threads()}
    evaluations = a.links * a.hours * a.technologies * p_n
    seconds = {
        "factored_composite": median_seconds(composite, a.repeat),
        "factored_links": median_seconds(links, a.repeat),
    }
    result["peak_mb_factored"] = peak_mb()
    coefficients = soa_coefficients(hot, technologies, names)
    by_technology = np.ascontiguousarray(
        np.broadcast_to(rng.uniform(0.0, 1.0, a.technologies), (a.links, a.hours, a.technologies))
    )
    seconds["brute_force_summed"] = median_seconds(
        lambda: brute_force.link_totals(coefficients, speed, by_technology), a.repeat
    )
    result["peak_mb_summed"] = peak_mb()
    kept = np.zeros((a.links, a.hours, p_n, a.technologies))
    kept.fill(1.0)
    seconds["brute_force_kept_touched"] = median_seconds(
        lambda: brute_force.fill_all(coefficients, speed, by_technology, kept), a.repeat
    )
    result["peak_mb_kept"] = peak_mb()
    kept = np.zeros(0)

    def fresh() -> None:
        brute_force.fill_all(coefficients, speed, by_technology, np.empty((a.links, a.hours, p_n, a.technologies)))

    seconds["brute_force_kept_fresh"] = median_seconds(fresh, max(a.repeat // 2, 1))
    seconds["vehicles"] = vehicle_seconds(a.vehicles, a.repeat, entry_technology, factors, rng)
    result["seconds"] = {k: round(v, 4) for k, v in seconds.items()}
    factored = seconds["factored_composite"] + seconds["factored_links"]
    result["evaluations_per_second"] = {
        "factored_equivalent": round(evaluations * a.streams / factored),
        "brute_force_summed": round(evaluations / seconds["brute_force_summed"]),
        "vehicles": round(a.vehicles * len(POLLUTANTS) / seconds["vehicles"]),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
