"""The user's own factors: forms, what any means, what is wrong in a file."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import LOADS, MODES, TECHNOLOGY
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.published.user_read import read_user_factors, user_table, user_template
from fleet_planner.factors.published.user_set import UserTable, evaluate_user, user_curves
from fleet_planner.tables import columns

TRUCK = ("heavy_truck", "diesel", "Rigid 20 - 26 t", "euro_V", "SCR")
NAMES = [spec.column for spec in columns("user_factors")]


def row(**cells: object) -> dict[str, str]:
    base: dict[str, object] = {"category": "heavy_truck", "fuel": "diesel", "pollutant": "NOx", "source": "a test"}
    return {k: str(v) for k, v in (base | cells).items()}


def table(*rows: dict[str, str]) -> UserTable:
    frame = pl.DataFrame([{n: r.get(n, "") for n in NAMES} for r in rows], schema=dict.fromkeys(NAMES, pl.String))
    return user_table(frame, "mine.csv")


def asked(*rows: dict[str, object]) -> pl.DataFrame:
    base = dict(zip(("category", "fuel", "segment", "standard", "technology"), TRUCK, strict=True))
    base |= {"pollutant": "NOx", "mode": "any"}
    numbers = {"speed_kmh_value": 20.0, "load_value": None, "slope_value": None}
    schema = dict.fromkeys(base, pl.String) | dict.fromkeys(numbers, pl.Float64) | {"model_year": pl.Int64}
    return pl.DataFrame([base | numbers | {"model_year": None} | r for r in rows], schema=schema).with_row_index(
        "query"
    )


def answers(set_: UserTable, *rows: dict[str, object]) -> list[float]:
    got = evaluate_user(set_, asked(*rows))
    assert got["error"].to_list() == [""] * len(rows)
    return got["ef"].to_list()


def test_bins_points_and_formula() -> None:
    """Bins: the lower end is inside; points: a straight line; formula: (2 v + 10) / (0.1 v + 1) * (1 - 0.5)."""
    bins = table(
        row(speed_from_kmh=0, speed_to_kmh=10, ef_g_per_km=5), row(speed_from_kmh=10, speed_to_kmh=30, ef_g_per_km=3)
    )
    speeds = [{"speed_kmh_value": v} for v in (0.0, 9.999, 10.0, 29.0, 99.0)]
    assert answers(bins, *speeds) == [5.0, 5.0, 3.0, 3.0, 3.0]
    points = table(row(speed_kmh=40, ef_g_per_km=1), row(speed_kmh=10, ef_g_per_km=4))
    speeds = [{"speed_kmh_value": v} for v in (3.0, 10.0, 20.0, 40.0, 99.0)]
    assert answers(points, *speeds) == pytest.approx([4.0, 4.0, 3.0, 1.0, 1.0])
    form = table(row(a=0, b=2, g=10, d=0, e=0, z=0.1, h=1, reduction=0.5, v_min_kmh=5, v_max_kmh=80))
    assert answers(form, {"speed_kmh_value": 20.0}, {"speed_kmh_value": 1.0}) == pytest.approx([25 / 3, 20 / 1.5 / 2])


def test_a_gap_holds_the_slower_bin_and_is_noted() -> None:
    """EMFAC's bins as some publish them: 0-8, 9-16."""
    gap = table(
        row(speed_from_kmh=0, speed_to_kmh=8, ef_g_per_km=5), row(speed_from_kmh=9, speed_to_kmh=16, ef_g_per_km=3)
    )
    assert answers(gap, {"speed_kmh_value": 8.5}, {"speed_kmh_value": 9.0}) == [5.0, 3.0]
    technologies = pl.DataFrame([TRUCK], schema=list(TECHNOLOGY), orient="row")
    assert user_curves(gap, technologies, np.array([3.0, 9.0]), mild_conditions()).technologies[0].notes == (
        "user.gap",
    )


def test_the_most_specific_row_wins() -> None:
    set_ = table(
        row(speed_kmh=1, ef_g_per_km=1),
        row(speed_kmh=1, ef_g_per_km=2, standard="euro_V"),
        row(speed_kmh=1, ef_g_per_km=3, segment="Rigid 20 - 26 t"),
        row(speed_kmh=1, ef_g_per_km=4, standard="euro_V", segment="Rigid 20 - 26 t", aftertreatment="SCR"),
        row(speed_kmh=1, ef_g_per_km=5, model_year=2012),
    )
    got = answers(
        set_,
        {"standard": "euro_I", "segment": "Rigid 7.5 - 12 t"},
        {"segment": "Rigid 7.5 - 12 t"},
        {"technology": "EGR"},
        {},
        {"model_year": 2012},
        {"model_year": 2013, "technology": "SCR+DPF_retrofit"},
    )
    assert got == [1.0, 2.0, 3.0, 4.0, 5.0, 4.0]


def test_load_and_slope_are_interpolated_between_given_steps_and_held_beyond() -> None:
    set_ = table(
        *(
            row(speed_kmh=1, ef_g_per_km=ef, load=load, slope=slope)
            for load, slope, ef in ((0, -0.04, 1), (0, 0.04, 3), (1, -0.04, 5), (1, 0.04, 9))
        )
    )
    got = answers(
        set_,
        {"load_value": 0.0, "slope_value": 0.0},
        {},
        {"load_value": 0.25, "slope_value": 0.06},
        {"load_value": 2.0},
    )
    assert got == pytest.approx([2.0, 4.5, 3.0 + 0.25 * 6.0, 7.0])


def test_modes() -> None:
    rows = [row(speed_kmh=1, ef_g_per_km=i, mode=mode, pollutant="CH4") for i, mode in enumerate(MODES)]
    set_ = table(*rows)
    assert answers(set_, *({"pollutant": "CH4", "mode": m} for m in MODES)) == [0.0, 1.0, 2.0, 3.0]
    got = evaluate_user(set_, asked({"pollutant": "CH4"}, {"pollutant": "CO"}, {"pollutant": "CH4", "mode": "town"}))
    assert "by mode" in got["error"][0]
    assert "it has CH4" in got["error"][1]
    assert "unknown mode" in got["error"][2]
    with pytest.raises(InputError, match="all of urban_peak"):
        table(*rows[:2])


def test_curves_are_the_exact_answers() -> None:
    grid = load_hot_table().grid_kmh
    set_ = table(
        *(
            row(speed_from_kmh=v, speed_to_kmh=v + 10, ef_g_per_km=100 - v, load=load, slope=0)
            for v in range(0, 90, 10)
            for load in (0, 1)
        ),
        row(speed_kmh=10, ef_g_per_km=2, pollutant="CO"),
    )
    technologies = pl.DataFrame([TRUCK, ("bus", "diesel", "", "euro_V", "SCR")], schema=list(TECHNOLOGY), orient="row")
    conditions = mild_conditions()
    got = user_curves(set_, technologies, grid, conditions)
    truck, bus = got.technologies
    assert bus.index == {}
    assert sorted(truck.index) == ["CO", "NOx"]
    assert truck.index["NOx"].shape == (conditions.count, 3, 7)
    for i, load in enumerate(LOADS):
        exact = answers(set_, *({"speed_kmh_value": v, "load_value": load} for v in grid))
        np.testing.assert_allclose(got.curves[truck.index["NOx"][2, i, 5]], exact)


def test_a_pole_is_bridged_and_noted() -> None:
    """Articulated 34 - 40 t, Euro VI, NOx, full load, -4 percent: the guidebook's formula has a pole at 10.46 km/h."""
    hot = load_hot_table()
    bridged = np.flatnonzero(np.diff(hot.bridge_offsets))[0]
    names = ("a", "b", "g", "d", "e", "z", "h", "reduction", "v_min_kmh", "v_max_kmh")
    cells = dict(zip(names, (repr(float(x)) for x in hot.coefficients[bridged]), strict=True))
    set_ = table(row(**cells))
    own = hot.bridges[hot.bridge_offsets[bridged] : hot.bridge_offsets[bridged + 1]]
    np.testing.assert_allclose(set_.bridges, own)
    assert evaluate_user(set_, asked({}))["note"][0] == "user.bridged"


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"category": "heavy_trucks"}, "category", "did you mean heavy_truck"),
        ({"fuel": ""}, "fuel", "is empty"),
        ({"pollutant": "Nox"}, "pollutant", "NOx"),
        ({"standard": "euro_5"}, "standard", "euro_"),
        ({"segment": "Rigid 20-26 t"}, "segment", "Rigid 20 - 26 t"),
        ({"load": 0.3}, "load", "one of 0, 0.5, 1"),
        ({"slope": 0.5}, "slope", "must be in"),
        ({"ef_g_per_km": -1}, "ef_g_per_km", "must be in 0.."),
        ({"ef_g_per_km": "nan"}, "ef_g_per_km", "is not a number"),
        ({"ef_g_per_km": "1,5"}, "ef_g_per_km", "is not a number"),
        ({"speed_kmh": ""}, "ef_g_per_km", "a row fills either"),
        ({"speed_from_kmh": 3, "speed_to_kmh": 4}, "ef_g_per_km", "nothing else"),
        ({"model_year": 2012.5}, "model_year", "whole number"),
    ],
)
def test_wrong_cells_are_named(cells: dict[str, object], column: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        table(row(**({"speed_kmh": 5, "ef_g_per_km": 1} | cells)))
    assert words in str(caught.value)
    assert "mine.csv, row 2" in str(caught.value)
    assert column in str(caught.value)


def test_rules_of_a_curve() -> None:
    low, high = (
        row(speed_from_kmh=0, speed_to_kmh=10, ef_g_per_km=5),
        row(speed_from_kmh=9, speed_to_kmh=30, ef_g_per_km=3),
    )
    with pytest.raises(InputError, match="row 3, column speed_from_kmh: the bin overlaps"):
        table(low, high)
    with pytest.raises(InputError, match=r"row 3.*given twice"):
        table(low, low)
    with pytest.raises(InputError, match="not several"):
        table(low, row(speed_kmh=3, ef_g_per_km=1))
    with pytest.raises(InputError, match="denominator is zero"):
        table(row(a=0, b=2, g=10, d=0, e=0, z=0, h=0, v_min_kmh=5, v_max_kmh=80))
    with pytest.raises(InputError, match="above v_min_kmh"):
        table(row(a=0, b=2, g=10, d=0, e=0, z=0, h=1, v_min_kmh=80, v_max_kmh=80))
    with pytest.raises(InputError, match=r"30 cells are wrong.*and 10 more"):
        table(*(row(speed_kmh=v, ef_g_per_km=-1) for v in range(30)))


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "user_factors.csv"
    path.write_text(user_template(), encoding="utf-8")
    set_ = read_user_factors(path)
    assert set_.keys["form"].to_list() == ["bins", "points", "rational"]
    path.write_text("category,feul\nbus,diesel\n", encoding="utf-8")
    with pytest.raises(InputError, match="Did you mean fuel"):
        read_user_factors(path)
    path.write_text("category,fuel\nbus,diesel\n", encoding="utf-8")
    with pytest.raises(InputError, match="a column is missing"):
        read_user_factors(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_user_factors(tmp_path / "none.csv")


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(0.0, 1e4), min_size=1, max_size=6),
    step=st.floats(0.5, 30.0),
    speed=st.floats(0.0, 300.0),
    load=st.none() | st.floats(-1.0, 2.0),
    slope=st.none() | st.floats(-0.3, 0.3),
)
def test_between_the_least_and_the_greatest(
    values: list[float], step: float, speed: float, load: float | None, slope: float | None
) -> None:
    points = table(*(row(speed_kmh=1 + i * step, ef_g_per_km=v) for i, v in enumerate(values)))
    (got,) = answers(points, {"speed_kmh_value": speed, "load_value": load, "slope_value": slope})
    assert min(values) * (1 - 1e-9) <= got <= max(values) * (1 + 1e-9)


def test_many_questions_are_quick() -> None:
    rng = np.random.default_rng(1)
    set_ = table(*(row(speed_kmh=v, ef_g_per_km=v, load=load) for v in (5, 50) for load in (0, 1)))
    n = 100_000
    many = asked({}).drop("query").sample(n, with_replacement=True, seed=1).with_row_index("query")
    many = many.with_columns(
        speed_kmh_value=pl.Series(rng.uniform(0.0, 120.0, n)), load_value=pl.Series(rng.uniform(0, 1, n))
    )
    start = time.perf_counter()
    assert evaluate_user(set_, many).height == n
    assert time.perf_counter() - start < 2.0
