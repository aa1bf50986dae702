"""The published check values: EMEP/EEA guidebook 2019, Appendix 4, each row's own speed and factor."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from fleet_planner.factors.evaluate import QUERY_COLUMNS, evaluate_queries
from fleet_planner.factors.published.hot_table import COEFFICIENTS, HotTable, load_hot_table
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


def queries_at(hot: HotTable, speed: pl.Series) -> pl.DataFrame:
    """Ask every row for its factor at a speed, in the words of the command line."""
    return hot.keys.select(
        pl.lit("emep_eea_2019").alias("factor_set"),
        *(c for c in QUERY_COLUMNS if c in hot.keys.columns and c != "speed_kmh"),
        speed.alias("speed_kmh"),
        pl.Series("row", np.arange(hot.keys.height)),
    )


def test_every_published_check_value_comes_out(hot: HotTable) -> None:
    answered = evaluate_queries(queries_at(hot, hot.keys["v_check_kmh"]), hot, raw=True)
    assert answered["error"].unique().to_list() == [""]
    assert answered["row"].to_list() == list(range(hot.keys.height))
    expected = hot.keys["ef_check"].to_numpy()
    got = answered["ef"].to_numpy()
    assert np.array_equal(got[expected == 0.0], expected[expected == 0.0])
    nonzero = expected != 0.0
    assert np.max(np.abs(got[nonzero] / expected[nonzero] - 1.0)) < 1e-9


def exact(row: np.ndarray, speed: float) -> Fraction:
    """The published formula in rational arithmetic, from the table's own decimal digits."""
    a, b, g, d, e, z, h, reduction, lo, hi = (Fraction(x) for x in row)
    v = min(max(Fraction(speed), lo), hi)
    top = a * v * v + b * v + g + (d / v if d else 0)
    return top / (e * v * v + z * v + h) * (1 - reduction)


def test_formula_at_the_ends_the_middle_and_outside_in_exact_arithmetic(hot: HotTable) -> None:
    rows = np.arange(hot.keys.height)
    for where in ("v_min", "v_max", "middle", "below", "above"):
        lo, hi = hot.coefficients[:, curves.V_MIN], hot.coefficients[:, curves.V_MAX]
        speed = {"v_min": lo, "v_max": hi, "middle": (lo + hi) / 2, "below": lo / 2, "above": hi + 20}[where]
        got = curves.evaluate_raw(hot.coefficients, rows, np.ascontiguousarray(speed))
        for i in rows:
            want = exact(hot.coefficients[i], speed[i])
            scale = cancellation(hot.coefficients[i], speed[i])
            assert abs(Fraction(float(got[i])) - want) <= abs(want) * Fraction(1, 10**9) + scale, (where, i)


def cancellation(row: np.ndarray, speed: float) -> Fraction:
    """What rounding of the formula's own terms may amount to where they cancel, 8 units in the last place."""
    v = min(max(speed, row[curves.V_MIN]), row[curves.V_MAX])
    tops = [row[0] * v * v, row[1] * v, row[2], row[3] / v if row[3] else 0.0]
    bottoms = [row[4] * v * v, row[5] * v, row[6]]
    bottom = abs(sum(bottoms))
    top = abs(sum(tops))
    error = sum(map(abs, tops)) / bottom + top * sum(map(abs, bottoms)) / bottom**2
    return Fraction(float(error * abs(1 - row[7]) * 8 * np.finfo(float).eps))


def test_rows_that_begin_at_standstill_can_be_evaluated(hot: HotTable) -> None:
    at_zero = np.flatnonzero(hot.coefficients[:, curves.V_MIN] == 0.0)
    assert at_zero.size > 0
    got = curves.evaluate_raw(hot.coefficients, at_zero, np.zeros(at_zero.size))
    assert np.all(np.isfinite(got))


def test_mending_changes_listed_cases_only(hot: HotTable) -> None:
    """Without --raw the only differences are inside a listed bridge, or a floored negative value."""
    for share in (0.0, 0.13, 0.31, 0.5, 0.77, 1.0):
        lo, hi = hot.coefficients[:, curves.V_MIN], hot.coefficients[:, curves.V_MAX]
        speed = lo + share * (hi - lo)
        rows = np.arange(hot.keys.height)
        raw = curves.evaluate_raw(hot.coefficients, rows, speed)
        mended = curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, rows, speed, curves.CLAMP)
        inside = np.zeros(rows.size, dtype=bool)
        owner = np.repeat(rows, np.diff(hot.bridge_offsets))
        hit = (speed[owner] >= hot.bridges[:, 0]) & (speed[owner] <= hot.bridges[:, 1])
        inside[owner[hit]] = True
        differs = raw != mended
        assert np.all(inside[differs] | (raw[differs] < 0.0))
        assert np.all(mended >= 0.0)


def test_reference_poles_are_all_bridged(hot: HotTable) -> None:
    """The known list of denominators that vanish inside the range (205 poles in 198 rows)."""
    poles = reference_table("emep_eea_2019_hot_poles.csv")
    keys = hot.keys.with_row_index("table_row")
    on = ["category", "fuel", "segment", "standard", "technology", "pollutant", "load", "slope"]
    joined = poles.join(keys, on=on, how="left", nulls_equal=True)
    assert joined["table_row"].null_count() == 0
    assert joined.height == 205
    for row, speed in joined.select("table_row", "pole_speed_kmh").iter_rows():
        spans = hot.bridges[hot.bridge_offsets[row] : hot.bridge_offsets[row + 1]]
        assert any(s[0] <= speed <= s[1] for s in spans), (row, speed)


def test_coefficients_are_carried_with_all_digits() -> None:
    table = reference_table("emep_eea_2019_hot.csv.gz")
    assert table.height == 30_398
    assert table.select(COEFFICIENTS).null_count().sum_horizontal().item() == 0
