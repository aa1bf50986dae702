"""Speed of siting: covering, the p-median of OR-Library, distances by road.

Usage: python tests/benchmarks/chargers.py [covering] [large] [median] [proof] [roads]

Needs, for the median and the roads, the folders ``reference/orlib_pmed`` and ``data`` beside the repository in
``../shared``. Prints one line a case; times are wall-clock seconds after compilation.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from fleet_planner.chargers.distances import Ways, of_matrix, road_reach
from fleet_planner.chargers.models.covering import maximal_covering, set_covering
from fleet_planner.chargers.models.median import p_median
from fleet_planner.chargers.models.nearest import Answer, Effort

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SIDE_KM = 40.0


def told(name: str, answer: Answer, seconds: float) -> None:
    """Print a case."""
    print(
        f"{name}: {answer.objective:,.0f} (start {answer.start:,.0f} in {answer.seconds_start:.2f} s), "
        f"bound {answer.bound:,.1f}, gap {100 * answer.gap:.2f} %, {answer.status}, {seconds:.1f} s in all",
        flush=True,
    )


def points(sites: int, demand: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return distances in a square and weights 1 to 100."""
    rng = np.random.default_rng(seed)
    a, b = rng.random((sites, 2)) * SIDE_KM, rng.random((demand, 2)) * SIDE_KM
    km = np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))
    return km, rng.integers(1, 101, demand).astype(np.float64)


def clustered(sites: int, demand: int, towns: int = 60, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return distances where sites and demand gather in towns of 4 km within 80 km, and weights 1 to 100."""
    rng = np.random.default_rng(seed)
    middle = rng.random((towns, 2)) * 80.0
    a, b = (middle[rng.integers(0, towns, n)] + rng.normal(0.0, 4.0, (n, 2)) for n in (sites, demand))
    km = np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))
    return km, rng.integers(1, 101, demand).astype(np.float64)


def covering() -> None:
    """500 × 2,000: maximal covering of 20 sites within 3 km, set covering within 6 km."""
    km, weight = points(500, 2000)
    begin = time.perf_counter()
    told("maximal covering 500 x 2,000, p 20, 3 km", maximal_covering(of_matrix(km, 3.0), weight, 20), _since(begin))
    begin = time.perf_counter()
    told("set covering 500 x 2,000, 6 km", set_covering(of_matrix(km, 6.0)), _since(begin))


def large() -> None:
    """2,000 × 10,000: maximal covering of 50 sites within 3 km and of 30 within 2 km, in towns and spread evenly."""
    for shape, made in (("in towns", clustered), ("even", points)):
        _large(shape, *made(2000, 10_000))


def _large(shape: str, km: np.ndarray, weight: np.ndarray) -> None:
    for p, radius in ((50, 3.0), (30, 2.0)):
        begin = time.perf_counter()
        reach = of_matrix(km, radius)
        quick = maximal_covering(reach, weight, p, None, Effort(seconds=0.0))
        told(
            f"maximal covering 2,000 x 10,000 {shape}, p {p}, {radius:g} km, start and Lagrangian", quick, _since(begin)
        )
        begin = time.perf_counter()
        answer = maximal_covering(reach, weight, p, None, Effort(seconds=40.0))
        told(f"maximal covering 2,000 x 10,000 {shape}, p {p}, {radius:g} km, with HiGHS", answer, _since(begin))


def median(seconds: float = 0.0) -> None:
    """Solve the forty instances of OR-Library, start and bound; with ``seconds`` to optimality."""
    sys.path.insert(0, str(ROOT))
    from tests.chargers.test_orlib import distances

    with (ROOT / "tests" / "chargers" / "pmed_optima.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            km, p = distances(SHARED / "reference" / "orlib_pmed" / f"{row['instance']}.txt")
            begin = time.perf_counter()
            effort = Effort(seconds=seconds)
            answer = p_median(of_matrix(km), np.ones(len(km)), p, 2.0 * float(km.max()), None, effort)
            over = 100.0 * (answer.objective / float(row["optimum"]) - 1.0)
            told(f"{row['instance']} n {len(km)} p {p}, {over:.3f} % over the published", answer, _since(begin))


def roads() -> None:
    """500 × 10,000 within 10 km on the major roads of southern California."""
    from fleet_planner.network import load_network
    from fleet_planner.plan.models import NetworkSection

    source = NetworkSection(file="los_angeles/socal_major_roads.osm.pbf")
    network = load_network(source, SHARED / "data", "US-CA")
    rng = np.random.default_rng(2)
    ends = network.coordinates[network.offsets[:-1]][network.links["in_main"].to_numpy()]
    sites, demand = ends[rng.choice(len(ends), 500)], ends[rng.choice(len(ends), 10_000)]
    for name in ("first call, compiled or loaded", "again"):
        begin = time.perf_counter()
        ways = Ways.of(network, trucks=True)
        indexed = _since(begin)
        reach = road_reach(ways, sites, demand, 10.0)
        print(
            f"roads, {network.links.height:,} links, 500 x 10,000 within 10 km ({name}): {reach.km.size:,} pairs, "
            f"index {indexed:.2f} s, {_since(begin):.2f} s in all",
            flush=True,
        )


def grid() -> None:
    """500 × 10,000 within 10 km on a made-up grid of 300,000 links, 100 to 300 m each."""
    import polars as pl

    from fleet_planner.network.model import Network

    side, rng = 274, np.random.default_rng(3)
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], 1),
        ]
    )
    u, v = np.concatenate([pairs, pairs[:, ::-1]]).T
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * 0.002
    n = u.size
    frame = pl.DataFrame(
        {"u": u, "v": v, "road_class": ["residential"] * n, "length_km": 0.1 + 0.2 * rng.random(n), "in_main": [True] * n,
         "bus_only": [False] * n, "hgv_allowed": [True] * n}
    )  # fmt: skip
    network = Network(frame, np.stack([place[u], place[v]], axis=1).reshape(-1, 2), np.arange(0, 2 * n + 1, 2), "")
    sites, demand = place[rng.choice(side * side, 500)], place[rng.choice(side * side, 10_000)]
    begin = time.perf_counter()
    ways = Ways.of(network, trucks=True)
    indexed = _since(begin)
    reach = road_reach(ways, sites, demand, 10.0)
    print(
        f"grid, {n:,} links, 500 x 10,000 within 10 km: {reach.km.size:,} pairs, index {indexed:.2f} s, {_since(begin):.2f} s in all",
        flush=True,
    )


def _since(begin: float) -> float:
    return time.perf_counter() - begin


if __name__ == "__main__":
    asked = sys.argv[1:] or ["covering", "large", "median", "roads"]
    maximal_covering(of_matrix(np.ones((3, 4))), np.ones(4), 1)  # compiles
    print(f"load average {os.getloadavg()[0]:.1f}")
    cases = {
        "covering": covering,
        "large": large,
        "median": median,
        "proof": lambda: median(120.0),
        "roads": roads,
        "grid": grid,
    }
    for case in asked:
        cases[case]()
    print(f"load average {os.getloadavg()[0]:.1f}")
