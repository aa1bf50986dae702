"""The forty p-median instances of OR-Library and their published optima.

``pmed_optima.csv`` was compared value by value with two copies of OR-Library's ``pmedopt.txt`` that others keep:
github.com/GemmaDawson/honours_files at 58de3a5 and github.com/nicholasio/PMedianTabuSearch at b2b017c.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

from fleet_planner.chargers.distances import of_matrix
from fleet_planner.chargers.models.median import p_median
from fleet_planner.chargers.models.nearest import Effort
from fleet_planner.highs import OPTIMAL

with (Path(__file__).parent / "pmed_optima.csv").open(encoding="utf-8", newline="") as handle:
    PUBLISHED = {row["instance"]: row for row in csv.DictReader(handle)}
START_ONLY = Effort(seconds=0.0)


@pytest.fixture(scope="module")
def orlib(repository: Path) -> Path:
    """Folder of the instances beside the repository; skips where there is none."""
    folder = repository.parent / "shared" / "reference" / "orlib_pmed"
    if not folder.is_dir():
        pytest.skip("the folder of OR-Library instances beside the repository is absent")
    return folder


def distances(path: Path) -> tuple[np.ndarray, int]:
    """All-pairs distances and the number of sites; where an edge is listed more than once, the last line counts."""
    numbers = np.array(path.read_text().split(), dtype=np.int64)
    nodes, edges, p = numbers[:3].tolist()
    lines = numbers[3 : 3 + 3 * edges].reshape(-1, 3)
    length = {(min(i, j) - 1, max(i, j) - 1): cost for i, j, cost in lines.tolist()}
    row, column = np.array(list(length)).T
    graph = coo_matrix((np.array(list(length.values()), dtype=np.float64), (row, column)), shape=(nodes, nodes))
    return shortest_path(graph.tocsr(), directed=False), p


def test_the_table_has_the_forty_instances() -> None:
    assert list(PUBLISHED) == [f"pmed{k}" for k in range(1, 41)]
    assert all("Beasley" in row["source"] and row["checked"] == "yes" for row in PUBLISHED.values())


@pytest.mark.city
@pytest.mark.parametrize("name", ["pmed3", "pmed10", "pmed15", "pmed30", "pmed40"])
def test_start_is_within_half_a_percent_and_the_bound_below(orlib: Path, name: str) -> None:
    km, p = distances(orlib / f"{name}.txt")
    known = PUBLISHED[name]
    assert (len(km), p) == (int(known["nodes"]), int(known["sites"]))
    found = p_median(of_matrix(km), np.ones(len(km)), p, 2.0 * float(km.max()), None, START_ONLY)
    optimum = float(known["optimum"])
    assert optimum <= found.objective <= 1.005 * optimum
    assert 0.98 * optimum <= found.bound <= optimum
    assert found.objective == km[found.is_open].min(axis=0).sum()


@pytest.mark.city
@pytest.mark.parametrize("name", ["pmed1", "pmed5", "pmed7", "pmed15"])
def test_optimum_is_proved(orlib: Path, name: str) -> None:
    km, p = distances(orlib / f"{name}.txt")
    found = p_median(of_matrix(km), np.ones(len(km)), p, 2.0 * float(km.max()), None, Effort(seconds=120.0))
    assert found.status == OPTIMAL
    assert found.objective == found.bound == float(PUBLISHED[name]["optimum"])
