"""The product of link totals and shares of hours: formed, added up, averaged."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels import allocation


def case(seed: int, streams: int, links: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    km = rng.uniform(0, 5, (streams, links)) * (rng.random((streams, links)) > 0.2)
    share = rng.uniform(0.01, 1, (6, 48))
    row = rng.integers(0, 6, (streams, links)).astype(np.int32)
    return km, row, share / share.sum(axis=1, keepdims=True), rng.uniform(5, 100, (links, 48))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5), st.integers(1, 60))
def test_equals_the_plain_formula(seed: int, streams: int, links: int) -> None:
    km, row, share, speed = case(seed, streams, links)
    want = km[:, :, None] * share[row]
    np.testing.assert_allclose(allocation.expand(km, row, share), want, rtol=1e-15)
    np.testing.assert_allclose(allocation.by_hour(km, row, share), want.sum(axis=0), rtol=1e-12)
    total = want.sum(axis=(0, 2))
    mean = np.where(total > 0, (want.sum(axis=0) * speed).sum(axis=1) / np.maximum(total, 1e-300), speed.mean(axis=1))
    np.testing.assert_allclose(allocation.mean_speeds(km, row, share, speed), mean, rtol=1e-12)


def test_bits_do_not_depend_on_threads() -> None:
    km, row, share, speed = case(2, 4, 5000)
    before = numba.get_num_threads()
    try:
        results = []
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            results.append((allocation.by_hour(km, row, share), allocation.mean_speeds(km, row, share, speed)))
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)
