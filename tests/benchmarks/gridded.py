"""Seconds to bring the hours of a large city's links onto a grid of 1 km.

Usage: python tests/benchmarks/gridded.py [--links 300000] [--species 12]

The links are made up: 100 km by 100 km, eight points each, about 250 m long; what they emit is drawn.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import polars as pl

from fleet_planner.impacts.gridded.grid import grid_over, gridded_hours, links_in_cells
from fleet_planner.network.model import Network

POINTS = 8


def network(links: int, rng: np.random.Generator) -> Network:
    start = np.stack([rng.uniform(-118.5, -117.4, links), rng.uniform(33.6, 34.5, links)], axis=1)
    steps = rng.normal(0.0, 0.0003, (links, POINTS, 2))
    steps[:, 0] = 0.0
    coordinates = (start[:, None] + np.cumsum(steps, axis=1)).reshape(-1, 2)
    return Network(pl.DataFrame({"link_id": np.arange(links)}), coordinates, np.arange(links + 1) * POINTS, "made up")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=300_000)
    parser.add_argument("--species", type=int, default=12)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    small = network(100, rng)
    links_in_cells(grid_over(small, 1000.0, None, np.zeros((0, 2))), small)  # compiled
    roads = network(given.links, rng)
    hours = [rng.uniform(0.0, 1.0, (given.links, given.species)) for _ in range(24)]
    begin = time.perf_counter()
    grid = grid_over(roads, 1000.0, None, np.zeros((0, 2)))
    shares = links_in_cells(grid, roads)
    placed = time.perf_counter() - begin
    cells = gridded_hours(shares, hours)
    whole = time.perf_counter() - begin
    off = max(abs(cells[h].sum(axis=0) / hours[h].sum(axis=0) - 1.0).max() for h in range(24))
    assert off < 1e-9, off
    print(
        json.dumps(
            {
                "links": given.links,
                "cells": grid.columns * grid.rows,
                "cut_into_cells_s": round(placed, 2),
                "all_s": round(whole, 2),
                "mass_off": float(off),
                "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
