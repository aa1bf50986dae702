"""Time a carbon market of stated size, every form alone and linked; prints JSON.

Usage: python tests/benchmarks/market.py [--cities 20] [--years 25] [--steps 40]
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from fleet_planner.markets import City, Linking, Pool, clear
from fleet_planner.markets.clearing import FORMS


def cities(count: int, steps: int, generator: np.random.Generator) -> list[City]:
    """Return cities with curves drawn at random that have to cut a tenth to nine tenths of what they can."""
    out = []
    for k in range(count):
        tonnes = generator.lognormal(6.0, 1.0, steps)
        usd = generator.uniform(-30.0, 600.0, steps)
        out.append(
            City(
                f"city{k}",
                tonnes,
                usd,
                float(generator.uniform(0.1, 0.9) * tonnes.sum()),
                quota=0.3,
                unit_worth_t=float(generator.uniform(0.8, 1.2)),
                discount=0.1,
            )
        )
    return out


def main() -> None:
    """Print seconds by form."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("cities", 20), ("years", 25), ("steps", 40)):
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    generator = np.random.default_rng(0)
    years = {2026 + k: cities(asked.cities, asked.steps, generator) for k in range(asked.years)}
    pool = Pool(np.full(10, 2000.0), np.linspace(10.0, 200.0, 10))
    told: dict[str, object] = vars(asked)
    for form in FORMS:
        begin = time.perf_counter()
        linking = Linking(form, from_year=2026, full_year=2036)
        total = sum(clear(made, year, linking, pool).total_cost for year, made in years.items())
        told[form] = {"seconds": round(time.perf_counter() - begin, 3), "cost_usd": round(total)}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
