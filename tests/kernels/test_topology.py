"""The topology kernels against slow twins in plain Python, on random small networks."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels import topology

NODES = 8
ways_of_nodes = st.lists(
    st.lists(st.integers(0, NODES - 1), min_size=2, max_size=6).filter(lambda w: all(a != b for a, b in pairwise(w))),
    min_size=1,
    max_size=7,
)


def flat(ways: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([n for w in ways for n in w]), np.cumsum([0, *(len(w) for w in ways)])


def touched(ways: list[list[int]]) -> np.ndarray:
    """How many road ends leave each node."""
    degree = np.zeros(NODES, dtype=np.int64)
    for way in ways:
        for a, b in pairwise(way):
            degree[a] += 1
            degree[b] += 1
    return degree


@given(ways_of_nodes)
@settings(max_examples=100, deadline=None)
def test_degree_and_split(ways: list[list[int]]) -> None:
    refs, offsets = flat(ways)
    degree = topology.node_degrees(refs, offsets, NODES)
    np.testing.assert_array_equal(degree, touched(ways))
    first, last, way = topology.split_ways(refs, offsets, degree != 2)
    pieces = [refs[a : b + 1].tolist() for a, b in zip(first, last, strict=True)]
    expected, owner = [], []
    for number, nodes in enumerate(ways):
        piece = nodes[:1]
        for position, node in enumerate(nodes[1:], start=1):
            piece.append(node)
            if degree[node] != 2 or position == len(nodes) - 1:
                expected.append(piece)
                owner.append(number)
                piece = [node]
    assert pieces == expected
    assert way.tolist() == owner


def joined_sets(start: list[int], end: list[int], views: list[tuple[int, int]], joinable: list[bool]) -> set[frozenset]:
    """Chains as sets of segments, by merging neighbours until nothing changes."""
    sets = {i: {i} for i in range(len(start))}
    for node in range(NODES):
        at = [(i, False) for i in range(len(start)) if start[i] == node]
        at += [(i, True) for i in range(len(start)) if end[i] == node]
        if not joinable[node] or len(at) != 2:
            continue
        (i, i_ends), (j, j_ends) = at
        into = views[i][0 if i_ends else 1]
        away = views[j][1 if j_ends else 0]
        if i != j and into == away and sets[i] is not sets[j]:
            merged = sets[i] | sets[j]
            sets.update(dict.fromkeys(merged, merged))
    return {frozenset(s) for s in sets.values()}


# attributes as drawn and from behind: two-way alike, one-way and its reverse, two-way with unequal sides
VIEWS = ((0, 0), (1, 2), (2, 1), (3, 4))


@given(
    st.lists(
        st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.sampled_from(VIEWS)), min_size=1, max_size=9
    )
)
@settings(max_examples=300, deadline=None)
def test_chains(segments: list[tuple[int, int, tuple[int, int]]]) -> None:
    start, end, views = ([s[k] for s in segments] for k in range(3))
    ends = Counter(start) + Counter(end)
    joinable = [ends[n] == 2 for n in range(NODES)]
    group, group_back = (np.array([v[k] for v in views]) for k in range(2))
    order, flipped, offsets = topology.chain_segments(
        np.array(start), np.array(end), group, group_back, np.array(joinable)
    )
    assert sorted(order) == list(range(len(segments)))
    chains = [order[a:b].tolist() for a, b in pairwise(offsets)]
    assert {frozenset(c) for c in chains} == joined_sets(start, end, views, joinable)
    turned = dict(zip(order.tolist(), flipped.tolist(), strict=True))
    for chain in chains:
        for i, j in pairwise(chain):
            assert (start[i] if turned[i] else end[i]) == (end[j] if turned[j] else start[j])
            assert views[i][turned[i]] == views[j][turned[j]]


def test_ring_without_a_junction_is_one_chain() -> None:
    start, end = np.array([0, 1, 0]), np.array([1, 2, 2])
    same = np.zeros(3, dtype=np.int64)
    order, flipped, offsets = topology.chain_segments(start, end, same, same, np.ones(3, dtype=bool))
    assert order.tolist() == [0, 1, 2]
    assert flipped.tolist() == [False, False, True]
    assert offsets.tolist() == [0, 3]
