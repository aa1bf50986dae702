"""Questions to every set over the whole domain of speed, load, slope and weather."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.factors.axes import GRADES, LOADS
from fleet_planner.factors.evaluate import QUERY_COLUMNS, evaluate_queries
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.sets import SETS, set_names

HOT = load_hot_table()
KEYS = HOT.keys.select("category", "fuel", "segment", "standard", "technology", "pollutant", "mode").unique()
KEYS = KEYS.sort(pl.all())
OTHERS = {s.name: s.evaluate for s in SETS}
NEAR = 1e-4


def answers(rows: pl.DataFrame, **columns: float | str) -> pl.DataFrame:
    given = rows.with_columns(
        pl.lit(columns.get("factor_set", "")).alias("factor_set"),
        *(pl.lit(columns[c]).alias(c) for c in columns if c != "factor_set"),
    )
    return evaluate_queries(given, HOT, raw=False, others=OTHERS)


def factors_at(rows: pl.DataFrame, points: list[dict[str, float]]) -> np.ndarray:
    """Factors of the rows at points of speed, load and slope, shape (points, rows), in one question."""
    asked = pl.concat([rows.with_columns(pl.lit(v).alias(c) for c, v in point.items()) for point in points])
    return answers(asked)["ef"].to_numpy().reshape(len(points), rows.height)


@settings(max_examples=30, deadline=None)
@given(
    factor_set=st.sampled_from(set_names()),
    speed=st.floats(0.0, 200.0),
    load=st.floats(-0.5, 1.5),
    slope=st.floats(-0.1, 0.1),
    temperature=st.floats(-40.0, 50.0),
    sulphur=st.floats(0.0, 5000.0),
    start=st.integers(0, 96),
)
def test_answers_are_finite_or_say_why_not(
    factor_set: str, speed: float, load: float, slope: float, temperature: float, sulphur: float, start: int
) -> None:
    """Each hundredth technology: a factor that is finite and not negative, or an error and no factor."""
    got = answers(
        KEYS[start::97],
        factor_set=factor_set,
        speed_kmh=speed,
        load=load,
        slope=slope,
        temperature_c=temperature,
        sulphur_ppm=sulphur,
    )
    failed = got["error"] != ""
    assert got.filter(failed)["ef"].is_null().all()
    values = got.filter(~failed)["ef"].to_numpy()
    assert np.isfinite(values).all()
    assert (values >= 0.0).all()
    if factor_set == "emep_eea_2019":
        assert not failed.any()


@settings(max_examples=30, deadline=None)
@given(
    speed=st.floats(3.0, 130.0),
    load=st.floats(0.0, 1.0),
    slope=st.floats(-0.06, 0.06),
    start=st.integers(0, 96),
)
def test_european_factors_do_not_jump_in_speed_load_or_slope(
    speed: float, load: float, slope: float, start: int
) -> None:
    """A hair's breadth in any direction changes a factor by little: no steps between the published loads and slopes."""
    rows = KEYS[start::97]
    here = {"speed_kmh": speed, "load": load, "slope": slope}
    spans = {"load": 1.0, "slope": 0.02}
    around = [{"speed_kmh": speed, "load": a, "slope": b} for a in LOADS for b in GRADES]
    beside = [here | {name: here[name] + NEAR * span} for name, span in spans.items()]
    others = [here | {"speed_kmh": v} for v in (20.0, 50.0, 80.0)]
    got = factors_at(rows, [here, *around, *beside, here | {"speed_kmh": speed + NEAR}, *others])
    at, corners, beside_at = got[0], got[1 : 1 + len(around)], got[1 + len(around) : 3 + len(around)]
    faster, median = got[-4], np.median(got[-3:], axis=0)
    high = np.max(corners, axis=0)
    assert (at <= high * (1 + 1e-9)).all()
    assert (at >= np.min(corners, axis=0) * (1 - 1e-9)).all()
    for near in beside_at:
        np.testing.assert_array_less(np.abs(near - at), 2.1 * NEAR * high + 1e-12)
    np.testing.assert_array_less(
        np.abs(faster - at), 40.0 * NEAR / speed * np.maximum(np.maximum(at, high), median) + 1e-12
    )


@pytest.mark.parametrize("column", ["speed_kmh", "load", "slope"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_no_number_gives_no_factor(column: str, value: float) -> None:
    here = {"speed_kmh": 30.0, "load": 0.5, "slope": 0.0} | {column: value}
    for name in set_names():
        got = answers(KEYS[::500], factor_set=name, **here)
        assert got["ef"].is_null().all()
        assert (got["error"] != "").all()


def test_the_columns_of_questions_are_those_documented() -> None:
    assert set(QUERY_COLUMNS) == {*KEYS.columns, "factor_set", "speed_kmh", "load", "slope"}
