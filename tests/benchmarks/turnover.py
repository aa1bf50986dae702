"""Time 40 years of turnover of a city of 500 technologies x 40 ages; JSON on stdout.

Usage: python tests/benchmarks/turnover.py [--repeat 5]

``kernel``: stocks and flows alone, 500 technologies x 41 ages, 40 years. ``fleet``: the whole of `project_fleet` on a
registry of as many technologies and ages (survival, dates of standards, rules, sales shares, stocks), as a plan calls it.
Seconds are the median of the repeats after one untimed call.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.fleet import Fleet
from fleet_planner.fleet.turnover import project_fleet
from fleet_planner.fleet.vocabulary import hot_keys
from fleet_planner.kernels import turnover as kernel
from fleet_planner.plan.models import City
from fleet_planner.plan.turnover import TurnoverSection

TECHNOLOGIES, AGES, YEARS, STREAMS = 500, 41, 40, 12


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Return the median time of ``work`` after one untimed call."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return round(statistics.median(times), 4)


def arrays() -> list[np.ndarray]:
    """Return arguments of the kernel."""
    rng = np.random.default_rng(0)
    stream_of = np.arange(TECHNOLOGIES) % STREAMS
    share = rng.random((YEARS, TECHNOLOGIES))
    for s in range(STREAMS):
        share[:, stream_of == s] /= share[:, stream_of == s].sum(axis=1, keepdims=True)
    stock = rng.integers(0, 500_000, (TECHNOLOGIES, AGES)).astype(np.int64)
    held = np.bincount(stream_of, weights=stock.sum(axis=1), minlength=STREAMS)
    target = np.rint(held * 1.01 ** np.arange(1, YEARS + 1)[:, None]).astype(np.int64)
    return [
        stock,
        np.sort(rng.uniform(0.6, 1.0, (TECHNOLOGIES, AGES)))[:, ::-1].copy(),
        np.full((YEARS, TECHNOLOGIES), 0.01),
        np.full((TECHNOLOGIES, AGES), 0.02),
        target,
        stream_of.astype(np.int64),
        share,
        share,
        rng.random(TECHNOLOGIES) < 0.2,
        np.full((YEARS, STREAMS), -1, dtype=np.int64),
        np.full(STREAMS, 0.1),
        np.full(STREAMS, 5, dtype=np.int64),
        share,
    ]


def registry(base_year: int) -> Fleet:
    """Return a fleet of 500 technologies with vehicles of 40 ages each."""
    keys = hot_keys().filter(pl.col("category").is_in(["heavy_truck", "bus", "passenger_car", "light_commercial"]))
    picked = keys[np.linspace(0, keys.height - 1, TECHNOLOGIES).astype(int).tolist()]
    stream = {"heavy_truck": "rigid_truck", "bus": "urban_bus", "passenger_car": "car", "light_commercial": "postal"}
    ages = pl.DataFrame({"model_year": list(range(base_year - 39, base_year + 1))}, schema={"model_year": pl.Int64})
    rows = picked.join(ages, how="cross").with_row_index("n")
    vehicles = rows.with_columns(
        vehicle_id=pl.col("n").cast(pl.String),
        stream=pl.col("category").replace_strict(stream),
        fuel_blend=pl.lit(""),
        visiting=pl.lit(value=False),
        gross_mass_kg=pl.lit(None, dtype=pl.Float64),
        km_per_year=pl.lit(20_000.0),
        share_inside=pl.lit(0.8),
        odometer_km=pl.lit(1e5),
        zone=pl.lit(""),
        depot=pl.lit(""),
        load_fraction=pl.lit(0.5),
        count=pl.col("n").mod(97).cast(pl.Float64) + 1.0,
        rule=pl.lit(""),
    )
    return Fleet(vehicles.drop("n"), pl.DataFrame())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    given = arrays()
    fleet, city = registry(2020), City(name="x", country="EU", year=2020)
    section = TurnoverSection(to_year=2060, growth_per_year=0.01, zero_emission_share={"urban_bus": {"2030": 1.0}})
    projection = project_fleet(fleet, section, city, Path())
    result = {
        "technologies": projection.technologies.frame.height,
        "years": YEARS,
        "closure": projection.closure(),
        "seconds": {
            "kernel": median_seconds(lambda: kernel.project(*given), repeat),
            "fleet": median_seconds(lambda: project_fleet(fleet, section, city, Path()), repeat),
            "one_year_as_table": median_seconds(lambda: projection.fleet(2050), repeat),
        },
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
