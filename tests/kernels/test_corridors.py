"""Corridors against plain Python, and what must hold of them whatever the network."""

from __future__ import annotations

import itertools

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels import corridors, delay


def means(speed: np.ndarray, length: np.ndarray, order: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Space means of all pieces, in two goes."""
    out = np.full_like(speed, np.nan)
    middle = begins.size // 2
    for part in (begins[: middle + 1], begins[middle:]):
        corridors.space_means(speed, length, order, part, out)
    return out


def graph(seed: int, nodes: int, links: int) -> tuple[np.ndarray, ...]:
    """Random links between points of a plane: successors' arguments, then lengths."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 1000, (nodes, 2))
    u = rng.integers(0, nodes, links)
    v = (u + rng.integers(1, nodes, links)) % nodes
    direction = at[v] - at[u]
    length = np.hypot(*direction.T)
    direction /= length[:, None]
    out_link = np.argsort(u, kind="stable")
    out_first = np.concatenate([[0], np.cumsum(np.bincount(u, minlength=nodes))]).astype(np.int64)
    return u, v, out_first, out_link, rng.integers(0, 3, links), direction, direction.copy(), length


def plain_successors(u: np.ndarray, v: np.ndarray, kind: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[int]:
    n = len(u)
    onward = []
    for i in range(n):
        turns = {j: end[i] @ start[j] for j in range(n) if j != i and u[j] == v[i] and kind[j] == kind[i]}
        turns = {j: c for j, c in turns.items() if c > 0.5}
        onward.append(min(turns, key=lambda j: (-turns[j], j)) if turns else -1)
    for j in set(onward) - {-1}:
        rivals = [i for i in range(n) if onward[i] == j]
        keep = min(rivals, key=lambda i: (-(end[i] @ start[j]), i))
        for i in rivals:
            if i != keep:
                onward[i] = -1
    return onward


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99_999), st.integers(2, 12), st.integers(1, 40))
def test_each_link_continues_the_straightest_way(seed: int, nodes: int, links: int) -> None:
    u, v, first, leaving, kind, start, end, _ = graph(seed, nodes, links)
    got = corridors.successors(u, v, first, leaving, kind, start, end, 0.5)
    assert got.tolist() == plain_successors(u, v, kind, start, end)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99_999), st.integers(2, 12), st.integers(1, 60), st.floats(10.0, 3000.0))
def test_pieces_hold_every_link_once_and_keep_the_time(seed: int, nodes: int, links: int, target: float) -> None:
    u, v, first, leaving, kind, start, end, length = graph(seed, nodes, links)
    onward = corridors.successors(u, v, first, leaving, kind, start, end, 0.5)
    order, chain_first = corridors.chains(onward)
    assert sorted(order.tolist()) == list(range(links))
    for a, b in itertools.pairwise(chain_first):
        assert b > a
        assert all(onward[order[k]] == order[k + 1] for k in range(a, b - 1))
    begins = corridors.cut(order, chain_first, length, target)
    assert begins[0] == 0
    assert begins[-1] == links
    assert np.all(np.diff(begins) > 0)
    assert set(chain_first.tolist()) <= set(begins.tolist())
    speed = np.random.default_rng(seed).uniform(5, 120, (links, 3))
    mean = means(speed, length, order, begins)
    for a, b in itertools.pairwise(begins):
        own = order[a:b]
        want = length[own].sum() / (length[own, None] / speed[own]).sum(axis=0)
        np.testing.assert_allclose(mean[own], np.tile(want, (b - a, 1)), rtol=1e-12)
    np.testing.assert_allclose((length[:, None] / mean).sum(axis=0), (length[:, None] / speed).sum(axis=0), rtol=1e-12)


def test_a_straight_road_is_cut_into_even_stretches() -> None:
    onward = np.append(np.arange(1, 30), -1)
    order, first = corridors.chains(onward)
    assert first.tolist() == [0, 30]
    begins = corridors.cut(order, first, np.full(30, 100.0), 700.0)
    assert np.diff(begins).tolist() == [7, 8, 7, 8]
    assert corridors.cut(order, first, np.full(30, 100.0), 1e9).tolist() == [0, 30]
    assert corridors.cut(order, first, np.full(30, 100.0), 1.0).tolist() == list(range(31))


def test_a_ring_is_a_road_too() -> None:
    order, first = corridors.chains(np.array([1, 2, 0, -1]))
    assert order.tolist() == [3, 0, 1, 2]
    assert first.tolist() == [0, 1, 4]


def test_space_mean_is_not_the_mean_of_speeds() -> None:
    # half a km at 10 km/h and half at 90 km/h: 1 km in 3 min 20 s
    order = np.array([0, 1])
    got = means(np.array([[10.0], [90.0]]), np.array([0.5, 0.5]), order, np.array([0, 2]))
    np.testing.assert_allclose(got, 18.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.sampled_from([4.0, 2.5]))
def test_delay_equals_the_formula(seed: int, power: float) -> None:
    rng = np.random.default_rng(seed)
    volume, capacity = rng.uniform(0, 5000, (20, 24)), rng.uniform(500, 4000, 20)
    length, calm, per_day = rng.uniform(0.1, 2, 20), rng.uniform(20, 100, 20), rng.uniform(0.5, 4, 24)
    alpha, beta = np.full(20, 0.15), np.full(20, power)
    speed, floored = delay.delayed_speeds(volume, per_day, length, capacity, calm, alpha, beta, 5.0)
    ratio = volume * per_day / length[:, None] / capacity[:, None]
    want = calm[:, None] / (1.0 + 0.15 * ratio**power)
    np.testing.assert_allclose(speed, np.maximum(want, 5.0), rtol=1e-12)
    assert floored == pytest.approx(volume[want < 5.0].sum())


def test_link_without_capacity_is_not_slowed_and_slow_links_stay_slow() -> None:
    arguments = (np.full((2, 1), 100.0), np.ones(1), np.ones(2), np.array([0.0, 1.0]), np.array([50.0, 3.0]))
    speed, floored = delay.delayed_speeds(*arguments, np.full(2, 0.15), np.full(2, 4.0), 5.0)
    assert speed.ravel().tolist() == [50.0, 3.0]
    assert floored == 100.0


def test_bits_do_not_depend_on_threads() -> None:
    u, v, first, leaving, kind, start, end, length = graph(1, 300, 3000)
    order, chain_first = corridors.chains(corridors.successors(u, v, first, leaving, kind, start, end, 0.5))
    begins = corridors.cut(order, chain_first, length, 700.0)
    rng = np.random.default_rng(0)
    speed, volume = rng.uniform(5, 100, (3000, 24)), rng.uniform(0, 500, (3000, 24))
    before = numba.get_num_threads()
    results = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            alike = np.full(3000, 4.0)
            results.append(
                (
                    means(speed, length, order, begins),
                    *delay.delayed_speeds(volume, np.ones(24), length, length, length, alike, alike, 5.0),
                )
            )
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99_999), st.integers(1, 25), st.floats(0.0, 3.0))
def test_values_are_carried_from_the_nearest_on_each_side(seed: int, links: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    length = rng.uniform(0.05, 1.0, links)
    order = rng.permutation(links)
    first = np.unique(np.concatenate([[0, links], rng.integers(0, links, 2)])).astype(np.int64)
    value = np.where(rng.random((links, 3)) < 0.3, rng.uniform(0.01, 0.2, (links, 3)), np.nan)
    got = corridors.carry_along(value, length, order, first, reach)
    for a, b in itertools.pairwise(first):
        own = order[a:b]
        middle = np.cumsum(length[own]) - length[own] / 2
        for h in range(3):
            known = np.flatnonzero(~np.isnan(value[own, h]))
            for k in range(b - a):
                near = [max(known[known <= k], default=-1), min(known[known >= k], default=-1)]
                near = sorted({n for n in near if n >= 0 and abs(middle[n] - middle[k]) <= reach})
                if not near:
                    assert np.isnan(got[own[k], h])
                    continue
                weight = 1 / np.maximum(np.abs(middle[near] - middle[k]), 1e-9)
                assert got[own[k], h] == pytest.approx((weight * value[own[near], h]).sum() / weight.sum())
