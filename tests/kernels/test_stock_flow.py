"""Stocks close to the unit whatever comes and goes, and agree with a twin written apart."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels import turnover as kernel


def half_up(x: float) -> int:
    return math.floor(x + 0.5)


def case(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    technologies, ages, years, streams = (int(rng.integers(1, n)) for n in (9, 8, 7, 4))
    stream_of = rng.integers(0, streams, technologies)
    zero = rng.random(technologies) < 0.4
    weight = rng.random((years, technologies))

    def shares(w: np.ndarray) -> np.ndarray:
        out = np.zeros_like(w)
        for s in range(streams):
            mine = stream_of == s
            total = w[:, mine].sum(axis=1, keepdims=True)
            out[:, mine] = np.where(total > 0, w[:, mine] / np.where(total > 0, total, 1.0), 1.0 / max(mine.sum(), 1))
        return out

    stock = rng.integers(0, 50_000, (technologies, ages)) * (rng.random((technologies, ages)) < 0.7)
    return {
        "stock": stock.astype(np.int64),
        "keep": rng.random((technologies, ages)),
        "retire": rng.random((years, technologies)) * 0.3,
        "leave": rng.random((technologies, ages)) * 0.3,
        "target": rng.integers(0, 300_000, (years, streams)).astype(np.int64),
        "stream_of": stream_of.astype(np.int64),
        "new_share": shares(weight),
        "plain_share": shares(np.where(zero, 0.0, weight)),
        "zero_emission": zero,
        "most_zero_emission": np.where(
            rng.random((years, streams)) < 0.5, -1, rng.integers(0, 20_000, (years, streams))
        ),
        "used_part": rng.random(streams) * 0.5,
        "used_age": rng.integers(0, ages, streams).astype(np.int64),
        "used_share": shares(weight),
    }


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_stock_and_flows_close_exactly(seed: int) -> None:
    c = case(seed)
    stocks, flows, elsewhere = kernel.project(**c)
    assert stocks.dtype == flows.dtype == np.int64
    assert (stocks >= 0).all()
    assert (flows >= 0).all()
    totals = stocks.sum(axis=2)
    goes = flows[:, :, [kernel.SCRAPPED, kernel.EARLY, kernel.LEFT]].sum(axis=2)
    comes = flows[:, :, [kernel.SOLD, kernel.USED]].sum(axis=2)
    np.testing.assert_array_equal(totals[:-1] + comes - goes, totals[1:])
    streams = c["target"].shape[1]
    for y in range(c["target"].shape[0]):
        for s in range(streams):
            mine = c["stream_of"] == s
            if not mine.any():
                continue
            held = (totals[y] - goes[y])[mine].sum()
            # to the target, or above it where too few vehicles go
            assert totals[y + 1][mine].sum() == max(c["target"][y, s], held)
            bound = c["most_zero_emission"][y, s]
            if bound >= 0 and (mine & ~c["zero_emission"]).any():
                assert flows[y, mine & c["zero_emission"], kernel.SOLD].sum() <= bound
    assert elsewhere[1:].sum(axis=(1, 2)).max(initial=0) <= flows[:, :, kernel.LEFT].sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_without_sales_no_cohort_ever_grows(seed: int) -> None:
    c = case(seed) | {}
    c["target"] = np.zeros_like(c["target"])
    stocks, flows, _ = kernel.project(**c)
    assert flows[:, :, [kernel.SOLD, kernel.USED]].sum() == 0
    ages = stocks.shape[2]
    for a in range(ages - 2):
        assert (stocks[1:, :, a + 1] <= stocks[:-1, :, a]).all()


def test_two_technologies_by_hand() -> None:
    stock = np.array([[0, 1000, 400], [0, 0, 0]], dtype=np.int64)
    stocks, flows, elsewhere = kernel.project(
        stock,
        np.array([[1.0, 0.9, 0.5], [1.0, 0.9, 0.5]]),
        np.array([[0.1, 0.0], [0.0, 0.0]]),
        np.array([[0.0, 0.0, 0.2], [0.0, 0.0, 0.0]]),
        np.array([[1500], [1500]], dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.array([[0.25, 0.75], [0.0, 1.0]]),
        np.array([[1.0, 0.0], [1.0, 0.0]]),
        np.array([False, True]),
        np.array([[-1], [302]], dtype=np.int64),
        np.array([0.1]),
        np.array([1], dtype=np.int64),
        np.array([[1.0, 0.0], [1.0, 0.0]]),
    )
    # 1000 -> 900 -> 810 (early 90) -> 648 (162 leave); 400 -> 200 -> 180 (20) -> 144 (36); 792 held, 708 needed
    assert flows[0].tolist() == [[300, 110, 198, 71, 159], [0, 0, 0, 0, 478]]
    assert stocks[1].tolist() == [[159, 71, 792], [478, 0, 0]]
    assert elsewhere[1].tolist() == [[0, 0, 198], [0, 0, 0]]
    # second year: 159 and 71 get older (64), 792 -> 396; a fifth of the two oldest leaves: 64 -> 51, 396 -> 317
    assert flows[1, 0, :3].tolist() == [7 + 396, 0, 13 + 79]
    held = 159 + 51 + 317 + 478
    need = 1500 - held
    used = half_up(0.1 * need)
    assert flows[1, 1, kernel.SOLD] == 300  # bound less a unit for each technology
    assert flows[1, 0, kernel.SOLD] == need - used - 300
    assert elsewhere[2].tolist() == [[0, 0, 99 + 13 + 79], [0, 0, 0]]
