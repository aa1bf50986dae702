"""Points on lines, cells of rasters and planes through roads, each against its twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from fleet_planner.kernels import terrain


def test_points_lie_at_even_distances_and_know_what_they_stand_on() -> None:
    xy = np.array([(0.0, 0.0), (30.0, 0.0), (30.0, 10.0), (5.0, 5.0), (5.0, 25.0)])
    structure = np.array([False, False, True, False, False])
    offsets, parts = np.array([0, 3, 5]), np.array([4, 2])
    at, held = terrain.points_along(xy, offsets, structure, parts, parts, 0.5)
    assert at.tolist() == [[5, 0], [15, 0], [25, 0], [30, 5], [5, 10], [5, 20]]
    assert held.tolist() == [False, False, False, True, False, False]
    inner, _ = terrain.points_along(xy, offsets, structure, parts - 1, parts, 1.0)
    assert inner.tolist() == [[10, 0], [20, 0], [30, 0], [5, 15]]
    assert terrain.line_metres(xy, offsets).tolist() == [40, 20]


def test_lines_without_length_keep_their_point() -> None:
    at, held = terrain.points_along(
        np.full((3, 2), 7.0), np.array([0, 3]), np.zeros(3, dtype=bool), np.array([1]), np.array([1]), 0.5
    )
    assert at.tolist() == [[7, 7]]
    assert held.tolist() == [False]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
def test_reading_between_cells_equals_scipy(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.uniform(0, 100, (rows, columns))
    column, row = rng.uniform(0, columns, 20), rng.uniform(0, rows, 20)
    padded = np.pad(grid, ((1, 1), (1, 1)), mode="edge")  # the rim is held
    axes = (np.arange(-1, rows + 1) + 0.5, np.arange(-1, columns + 1) + 0.5)
    want = RegularGridInterpolator(axes, padded)(np.column_stack([row, column]))
    np.testing.assert_allclose(terrain.between_cells(grid, column, row), want, atol=1e-9)


def test_a_missing_cell_leaves_no_height_beside_it() -> None:
    grid = np.array([[1.0, np.nan, 3.0]])
    assert np.isnan(terrain.between_cells(grid, np.array([0.4, 0.6, 2.4, 2.5]), np.full(4, 0.5))).tolist() == [
        False,
        True,
        True,
        False,
    ]


def by_hand(
    xy: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    length: np.ndarray,
    at: np.ndarray,
    z: np.ndarray,
    samples: np.ndarray,
    reach: float,
    sd: float,
) -> np.ndarray:
    """Heights by distances of scipy and weighted least squares of numpy."""
    n = len(xy)
    least: dict[tuple[int, int], float] = {}
    for a, b, w in zip(start, end, length, strict=True):
        for pair in ((a, b), (b, a)):
            least[pair] = min(least.get(pair, np.inf), w)
    graph = coo_matrix((list(least.values()), tuple(zip(*least, strict=True))), shape=(n, n))
    between = dijkstra(graph.tocsr(), directed=False)
    out = np.full(n, np.nan)
    for node in range(n):
        rows, weights, heights = [], [], []
        for s in range(start.size):
            count = samples[s + 1] - samples[s]
            for j in range(count):
                t = (j + 0.5) * length[s] / count
                d = min(between[node, start[s]] + t, between[node, end[s]] + length[s] - t)
                k = samples[s] + j
                if d < reach and not np.isnan(z[k]):
                    rows.append(at[k] - xy[node])
                    weights.append(length[s] / count * (1 - (d / reach) ** 2))
                    heights.append(z[k])
        if not rows:
            continue
        p, w, h = np.array(rows), np.array(weights), np.array(heights)
        middle, mean = np.average(p, axis=0, weights=w), np.average(h, weights=w)
        if np.hypot(*middle) > reach / 2:
            continue
        q, r, v = p - middle, h - mean, w / w.sum()
        cov, cross = (q * v[:, None]).T @ q, (q * v[:, None]).T @ r
        ridge = 1e-6 * reach**2
        for _ in range(2):
            slope = np.linalg.solve(cov + ridge * np.eye(2), cross)
            left = float(v @ (r - q @ slope) ** 2)
            ridge = 1e-6 * reach**2 + left * float(w @ w) / (w.sum() ** 2 * sd**2)
        out[node] = mean - middle @ slope
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(1, 16))
def test_heights_of_nodes_equal_those_by_hand(seed: int, nodes: int, pieces: int) -> None:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 400, (nodes, 2))
    start, end = rng.integers(0, nodes, (2, pieces))
    length = np.hypot(*(xy[start] - xy[end]).T) + rng.uniform(1, 80, pieces)
    samples = np.concatenate([[0], np.cumsum(rng.integers(1, 7, pieces))])
    at, z = rng.uniform(0, 400, (samples[-1], 2)), rng.uniform(0, 30, samples[-1])
    z[rng.uniform(0, 1, z.size) < 0.2] = np.nan
    ends = np.concatenate([start, end])
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(nodes + 1))
    other = np.concatenate([end, start])[order]
    got = terrain.node_heights(
        xy,
        first,
        other,
        order % pieces,
        order >= pieces,
        length,
        at,
        z,
        samples,
        np.ones(nodes, dtype=bool),
        250.0,
        0.05,
    )
    want = by_hand(xy, start, end, length, at, z, samples, 250.0, 0.05)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


def test_nodes_that_are_not_wanted_have_no_height() -> None:
    line = (
        np.array([[0.0, 0.0], [100.0, 0.0]]),
        np.array([0, 1, 2]),
        np.array([1, 0]),
        np.zeros(2, dtype=int),
        np.array([False, True]),
        np.array([100.0]),
    )
    at, z, samples = np.array([[25.0, 0.0], [75.0, 0.0]]), np.array([1.0, 3.0]), np.array([0, 2])
    got = terrain.node_heights(*line, at, z, samples, np.array([True, False]), 200.0, 0.05)
    assert got[0] == pytest.approx(0.0, abs=1e-3)
    assert np.isnan(got[1])
