"""Seconds for the air near the roads of a city of 400 km2.

Usage: python tests/benchmarks/dispersion.py [--links 20000] [--points 20000] [--groups 4] [--even]

Made up: straight links about 100 m long all over 20 km by 20 km, points at random, 2 km reach (about 12 million pairs),
96 kinds of weather (16 winds by 6 classes of stability and speed); ``--even``: winds from all sides alike.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np

from fleet_planner.impacts.dispersion.meteorology import Meteorology
from fleet_planner.impacts.dispersion.pieces import Pieces
from fleet_planner.impacts.dispersion.plume import Source, Weather, plume_tables
from fleet_planner.impacts.exposure.near_road import Air

SIDE_M, REACH_M = 20_000.0, 2000.0
CLASSES = [
    Weather(0.1, 25.0, 0.5, 150.0), Weather(0.2, 120.0, 0.5, 300.0), Weather(0.3, math.inf, 0.5, 800.0),
    Weather(0.5, math.inf, 0.5, 1000.0), Weather(0.25, -60.0, 0.5, 1200.0), Weather(0.15, -15.0, 0.5, 1500.0),
]  # fmt: skip


def air(links: int, groups: int, rng: np.random.Generator, *, even: bool) -> Air:
    start = rng.uniform(0.0, SIDE_M, (links, 2))
    angle = rng.uniform(0.0, 2.0 * math.pi, links)
    ends = np.concatenate([start, start + 100.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)], axis=1)
    number = np.arange(links)
    toward = np.arange(16) * math.pi / 8.0
    often = rng.uniform(0.1, 1.0, (groups, len(CLASSES), 16))
    if even:
        often[:] = often[..., :1]
    often /= often.sum(axis=(1, 2), keepdims=True)
    weather = Meteorology(
        classes=tuple(CLASSES),
        wind=np.stack([np.sin(toward), np.cos(toward)], axis=1),
        often=often,
        group=np.tile(np.repeat(np.arange(groups), 24 // groups), (12, 1)),
        seasons={"year": tuple(range(1, 13))},
        rows=96,
        calm_share=0.0,
    )
    tables = plume_tables(CLASSES, Source(1.3, 1.2), 1.5, REACH_M)
    return Air(Pieces(ends, number, np.ones(links), number), weather, tables, REACH_M)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=20_000)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--groups", type=int, default=4, choices=(1, 2, 3, 4, 6, 8, 12, 24))
    parser.add_argument("--even", action="store_true")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    small, few = air(50, given.groups, rng, even=given.even), rng.uniform(0.0, SIDE_M, (50, 2))
    small.weights(few, np.ones(50))
    small.concentrations(few, np.ones((50, given.groups, 2)))  # compiled
    city, points = air(given.links, given.groups, rng, even=given.even), rng.uniform(0.0, SIDE_M, (given.points, 2))
    people = rng.uniform(0.0, 100.0, given.points)
    kg = rng.uniform(0.0, 1.0, (given.links, given.groups, 4))
    begin, worked = time.perf_counter(), time.process_time()
    weights = city.weights(points, people)
    adjoint = time.perf_counter() - begin
    found = city.concentrations(points, kg * 1e3)
    whole, worked = time.perf_counter() - begin, time.process_time() - worked
    off = abs(np.einsum("lg,lgq->q", weights, kg) / (people @ found) - 1.0).max()
    assert off < 1e-12, off
    pairs = given.links * given.points * math.pi * REACH_M**2 / SIDE_M**2
    print(
        json.dumps(
            {
                "million_pairs": round(pairs / 1e6, 1),
                "weights_s": round(adjoint, 1),
                "concentrations_s": round(whole - adjoint, 1),
                "processor_s": round(worked, 1),
                "adjoint_off": float(off),
            }
        )
    )


if __name__ == "__main__":
    main()
