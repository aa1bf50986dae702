"""Vehicle-km close, stay off closed link-hours, and do not depend on threads."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.allocation import allocate


def case(seed: int, streams: int, links: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0, 5, (streams, links)) * (rng.random((streams, links)) > 0.2)
    weight[:, 0] = 1.0
    profile = rng.uniform(0.01, 1, (streams, 3, 24))
    closed = rng.random((streams, links, 24)) < 0.3
    closed[:, 0, 0] = False
    return rng.uniform(0, 1e6, streams), weight, profile, rng.integers(0, 3, links), closed


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5), st.integers(1, 60), st.sampled_from([1, 7, 1024]))
def test_equals_the_plain_formula(seed: int, streams: int, links: int, block: int) -> None:
    total, weight, profile, group, closed = case(seed, streams, links)
    got = allocate(total, weight, profile, group, closed, block)
    want = weight[:, :, None] * profile[:, group, :] * ~closed
    want *= (total / want.sum(axis=(1, 2)))[:, None, None]
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert np.all(got[closed] == 0.0)
    np.testing.assert_allclose(got.sum(axis=(1, 2)), total, rtol=1e-12)


def test_no_rule_closes_nothing_and_a_shut_stream_is_zero() -> None:
    total, weight, profile, group, closed = case(1, 2, 9)
    none = allocate(total, weight, profile, group, np.zeros((2, 0, 0), dtype=np.bool_))
    assert np.array_equal(none, allocate(total, weight, profile, group, np.zeros_like(closed)))
    closed[0] = True
    shut = allocate(total, weight, profile, group, closed)
    assert not shut[0].any()
    assert shut[1].sum() == pytest.approx(total[1], rel=1e-12)


def test_bits_do_not_depend_on_threads() -> None:
    arguments = case(2, 4, 5000)
    before = numba.get_num_threads()
    try:
        results = []
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            results.append(allocate(*arguments))
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(results[0], results[1])
