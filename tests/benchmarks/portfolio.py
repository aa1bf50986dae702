"""Time the least-cost mix on made-up portfolios of stated size; prints JSON.

Usage: python tests/benchmarks/portfolio.py [--groups 500] [--options 20] [--years 15] [--cut 0.5] [--points 0]

With ``--points`` a front of so many points is timed too.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from fleet_planner.portfolio import solve
from fleet_planner.portfolio.coefficients import Aimed, problem_of
from fleet_planner.portfolio.figures import Figures
from fleet_planner.portfolio.front import front


def figures(groups: int, options: int, years: int, seed: int = 0) -> Figures:
    """Return figures drawn at random: 60 % of the options fit a group, vehicles leave at 2 to 12 % a year."""
    generator = np.random.default_rng(seed)
    capital = generator.uniform(5e3, 4e5, (1, options)) * generator.uniform(0.8, 1.2, (groups, options))
    life = generator.integers(5, 15, options).astype(np.float64)
    base, effect = generator.lognormal(-2.0, 1.0, (groups, 3)), generator.uniform(0.0, 1.0, (options, 3))
    return Figures(
        count=np.floor(generator.lognormal(4.0, 1.0, groups)) + 1.0,
        able=generator.random((groups, options)) < 0.6,
        first=np.zeros(groups, np.int64),
        only_first=np.zeros((groups, options), np.bool_),
        alive=np.exp(-generator.uniform(0.02, 0.12, (groups, 1)) * np.arange(1.0, years + 1.0)),
        capital=capital,
        capital_per_year=capital / life,
        running_per_year=generator.uniform(-1e4, 5e3, (groups, options)),
        life=life,
        avoided={f"p{k}": base[:, k][:, None] * effect[:, k][None, :] for k in range(3)},
    )


def main() -> None:
    """Print size, seconds, gap and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("groups", 500), ("options", 20), ("years", 15)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--cut", type=float, default=0.5)
    parser.add_argument("--points", type=int, default=0)
    asked = parser.parse_args()
    made = figures(asked.groups, asked.options, asked.years)
    everywhere = np.ones(asked.groups, np.bool_)
    last = asked.years - 1
    aims = []
    for name, avoided in made.avoided.items():
        most = (np.where(made.able, avoided, 0.0).max(axis=1) * made.alive[:, last] * made.count).sum()
        aims.append(Aimed(name, name, last, asked.cut * float(most), everywhere))
    budget = float((made.count[:, None] * made.capital).mean() * asked.groups / asked.years * 1.5)
    discount = 1.05 ** -np.arange(1.0, asked.years + 1.0)
    begin, used = time.perf_counter(), time.process_time()
    problem = problem_of(made, tuple(aims), discount, budget=budget)
    mix = solve(problem, seconds=60.0, gap=1e-4)
    told = {
        "groups": asked.groups,
        "columns": int(problem.able.sum()),
        "columns_used": mix.columns,
        "status": mix.status,
        "gap": mix.gap,
        "seconds": round(time.perf_counter() - begin, 2),
        "processor_seconds": round(time.process_time() - used, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
    }
    if asked.points:
        begin = time.perf_counter()
        points = front(problem, "p0", asked.points, seconds=60.0, gap=1e-3)
        told |= {
            "front_points": len(points),
            "front_seconds": round(time.perf_counter() - begin, 1),
            "front_largest_gap": max(p.mix.gap for p in points),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
