"""The bridging rule on the worst published rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.factors.published.bridge import bridge_row, narrow_features, offending_roots
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.kernels import curves


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


def row_of(hot: HotTable, **key: object) -> int:
    frame = hot.keys.with_row_index("table_row")
    for column, value in key.items():
        frame = frame.filter(pl.col(column) == value)
    assert frame.height == 1
    return int(frame["table_row"][0])


def mended(hot: HotTable, row: int, speeds: list[float]) -> np.ndarray:
    rows = np.full(len(speeds), row, dtype=np.int64)
    at = np.array(speeds, dtype=float)
    return curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, rows, at, curves.CLAMP)


def test_urban_bus_euro_vi_spike_without_a_flag(hot: HotTable) -> None:
    """10 g/km of NOx at 14.2 km/h between 2.1 and 2.8 on either side: no zero of the denominator."""
    row = row_of(
        hot,
        category="bus",
        fuel="diesel",
        segment="Urban Buses Standard 15 - 18 t",
        standard="euro_VI_abc",
        pollutant="NOx",
        load=0.5,
        slope=-0.04,
    )
    at = np.array([14.2])
    assert curves.evaluate_raw(hot.coefficients, np.array([row]), at)[0] == pytest.approx(10.0, abs=0.1)
    assert np.all(mended(hot, row, [12.0, 13.0, 14.2, 16.0, 18.0]) > 2.0)
    assert np.all(mended(hot, row, [12.0, 13.0, 14.2, 16.0, 18.0]) < 2.3)


def test_articulated_truck_euro_vi_pole_from_minus_783_to_172(hot: HotTable) -> None:
    row = row_of(
        hot,
        segment="Articulated 34 - 40 t",
        standard="euro_VI_abc",
        pollutant="NOx",
        load=1.0,
        slope=-0.04,
    )
    got = mended(hot, row, [8.0, 9.0, 10.0, 10.46, 10.5, 11.0, 13.0])
    assert np.all((got > 3.5) & (got < 6.0))


def test_no_bridged_curve_is_left_with_a_pole_a_spike_or_a_negative_value(hot: HotTable) -> None:
    rows = np.flatnonzero(np.diff(hot.bridge_offsets))
    assert rows.size == 252
    for row in rows:
        spans = hot.bridges[hot.bridge_offsets[row] : hot.bridge_offsets[row + 1]]
        assert offending_roots(hot.coefficients[row], spans) == []
        lo, hi = hot.coefficients[row, curves.V_MIN], hot.coefficients[row, curves.V_MAX]
        v = np.arange(lo, hi, 0.05)
        ef = mended(hot, row, list(v))
        median = float(np.median(ef))
        assert ef.max() < 40.0 * median
        near = [s for s in narrow_features(v, ef, median) if np.min(np.abs(spans[:, :2] - s)) < 1.0]
        assert near == []


def test_packaged_bridges_are_what_the_rule_gives(hot: HotTable) -> None:
    rows = np.flatnonzero(np.diff(hot.bridge_offsets))
    for row in rows[::10]:
        spans = hot.bridges[hot.bridge_offsets[row] : hot.bridge_offsets[row + 1]]
        got = [(b.v_from_kmh, b.v_to_kmh, b.ef_from, b.ef_to) for b in bridge_row(hot.coefficients[row], row)]
        assert got == [tuple(s) for s in spans]


def test_clean_rows_stay_as_published(hot: HotTable) -> None:
    clean = np.flatnonzero(np.diff(hot.bridge_offsets) == 0)
    for row in clean[::97]:
        assert bridge_row(hot.coefficients[row], int(row)) == []


def test_sampled_grid_keeps_the_bound(hot: HotTable) -> None:
    """Linear interpolation errs by less than 1e-3 of max(|EF|, a tenth of the row's median), on every row."""
    from fleet_planner.factors.compiling.sampling import errors_over_bound, fine_speeds, medians

    fine = fine_speeds(140.0)
    _, first = np.unique(hot.coefficients, axis=0, return_index=True)
    pick = first
    values = curves.sample(hot.coefficients, hot.bridges, hot.bridge_offsets, fine, curves.CLAMP)[pick]
    worst, _ = errors_over_bound(hot.grid_kmh, fine, values, medians(fine, values, hot.coefficients[pick]))
    assert worst.max() <= 1.0
