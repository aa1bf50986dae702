"""Emission tests: reading, conversion, shrinkage."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.in_use.measured import (
    MeasuredMultipliers,
    absorption_per_m,
    estimated_variances,
    in_groups,
    measured_multipliers,
    pm_g_per_kg_fuel,
    ratios_of_tests,
)
from fleet_planner.factors.in_use.measured_read import read_measured_tests

HEADER = "test_id,vehicle_id,category,fuel,standard,method,pollutant,value,unit,speed_kmh,temperature_c,date\n"
GOOD = "t1,v1,bus,diesel,euro_V,pems,NOx,8.5,g/km,20,5,2024-03-01\n"


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tests.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _ratios(rows: list[tuple[str | None, str, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "test_id": [f"t{i:05d}" for i in range(len(rows))],
            "vehicle_id": [r[0] for r in rows],
            "category": "bus",
            "fuel": "diesel",
            "standard": "euro_V",
            "method": [r[1] for r in rows],
            "pollutant": "NOx",
            "ratio": [r[2] for r in rows],
            "rough": False,
        },
        schema_overrides={"vehicle_id": pl.String, "ratio": pl.Float64},
    )


def _one(result: MeasuredMultipliers, vehicle: str) -> dict[str, float]:
    return result.vehicles.filter(pl.col("vehicle_id") == vehicle).row(0, named=True)


def test_a_good_table_is_read(tmp_path: Path):
    tests, rejected = read_measured_tests(
        _file(tmp_path, HEADER + GOOD + "t2,,bus,diesel,euro_V,remote_sensing,NOx,-0.2,no_per_co2,,,\n")
    )
    assert rejected.is_empty()
    assert tests["row"].to_list() == [2, 3]
    assert tests["value"].to_list() == [8.5, -0.2]
    assert tests["load_fraction"].to_list() == [None, None]
    assert tests.schema["speed_kmh"] == pl.Float64


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",v1,bus,diesel,euro_V,pems,NOx,8,g/km,,,", "test_id", "empty"),
        ("t1,v2,bus,diesel,euro_V,pems,NOx,8,g/km,,,", "test_id", "twice"),
        ("t9,,bus,diesel,,pems,NOx,8,g/km,,,", "vehicle_id", "whole group"),
        ("t9,v1,heavy_truck,diesel,euro_V,pems,NOx,8,g/km,,,", "vehicle_id", "two groups"),
        ("t9,v9,bus,diesel,euro_V,pem,NOx,8,g/km,,,", "method", "pems"),
        ("t9,v9,bus,diesel,euro_V,pems,Nox,8,g/km,,,", "pollutant", "NOx"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,eight,g/km,,,", "value", "decimal point"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,nan,g/km,,,", "value", "not a number"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,-8,g/km,,,", "value", "below zero"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,8,g/mile,,,", "unit", "g/km"),
        ("t9,v9,bus,diesel,euro_V,opacity,NOx,1,m-1,,,", "unit", "PM_exhaust"),
        ("t9,v9,bus,diesel,euro_V,opacity,PM_exhaust,1,g/km,,,", "unit", "percent_opacity"),
        ("t9,v9,bus,diesel,euro_V,opacity,PM_exhaust,100,percent_opacity,,,", "value", "100"),
        ("t9,v9,bus,diesel,euro_V,remote_sensing,CO,0.1,no_per_co2,,,", "unit", "NOx"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,8,g/km,400,,", "speed_kmh", "range"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,8,g/km,,,2024-13-01", "date", "day"),
        ("t9,v9,bus,diesel,euro_V,pems,NOx,8,g/km,,,1.3.2024", "date", "2024-05-31"),
        ("t9,v9,buss,diesel,euro_V,pems,NOx,8,g/km,,,", "category", "bus"),
    ],
)  # fmt: skip
def test_wrong_cells_are_named_with_their_place(tmp_path: Path, row: str, column: str, words: str):
    path = _file(tmp_path, HEADER + GOOD + row + "\n")
    tests, rejected = read_measured_tests(path)
    cells = rejected.filter(pl.col("column") == column)
    assert cells.height >= 1
    assert words in cells["reason"][-1] + cells["remedy"][-1]
    assert cells["row"][-1] == 3
    assert cells["file"][0] == str(path)
    assert tests.filter(pl.col("row") == 3).is_empty()


def test_several_wrong_cells_of_a_row_are_all_named(tmp_path: Path):
    _, rejected = read_measured_tests(_file(tmp_path, HEADER + "t1,v1,bus,diesel,euro_V,radar,SOx,x,lb,900,,\n"))
    assert set(rejected["column"]) == {"method", "pollutant", "value", "unit", "speed_kmh"}


def test_a_table_without_a_required_column_or_row_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"column method.*'methods'"):
        read_measured_tests(_file(tmp_path, HEADER.replace("method", "methods") + GOOD))
    with pytest.raises(InputError, match="no row"):
        read_measured_tests(_file(tmp_path, HEADER))
    with pytest.raises(InputError, match="cannot be read"):
        read_measured_tests(tmp_path / "absent.csv")


def test_the_registry_names_the_group(tmp_path: Path):
    tests, _ = read_measured_tests(
        _file(tmp_path, HEADER + "t1,v1,,,,pems,NOx,8,g/km,,,\nt2,v2,,,,pems,NOx,8,g/km,,,\n")
    )
    registry = pl.DataFrame({"vehicle_id": ["v1"], "category": ["bus"], "fuel": ["diesel"], "standard": ["euro_IV"]})
    known, unknown = in_groups(tests, registry)
    assert known.select("vehicle_id", "standard").rows() == [("v1", "euro_IV")]
    assert unknown["vehicle_id"].to_list() == ["v2"]


def test_units_become_ratios_by_hand():
    tests = pl.DataFrame(
        {
            "value": [8.0, 30.0, 0.01, 0.008, 80.0, 1.0, 50.0],
            "unit": [
                "g/km",
                "g/kg_fuel",
                "nox_per_co2",
                "no_per_co2",
                "no_ppm_per_co2_percent",
                "m-1",
                "percent_opacity",
            ],
        }
    )
    factor = np.full(7, 4.0)
    fuel = np.full(7, 0.25)
    found = ratios_of_tests(tests, factor, fuel, 3.1695, no2_share=0.2)["ratio"].to_list()
    per_co2 = 3169.5 / 44.0095 * 46.0055  # g NO2 per kg of fuel and mol per mol of CO2
    pm = 1.0 / 6.5 * 27.0 * 0.25  # g PM per kg of fuel and 1/m
    assert found == pytest.approx([
        2.0,
        30.0 * 0.25 / 4.0,
        0.01 * per_co2 * 0.25 / 4.0,
        0.008 / 0.8 * per_co2 * 0.25 / 4.0,
        80e-4 / 0.8 * per_co2 * 0.25 / 4.0,
        pm * 0.25 / 4.0,
        np.log(2.0) / 0.43 * pm * 0.25 / 4.0,
    ])  # fmt: skip


def test_smoke_is_marked_as_rough_and_has_a_wide_range():
    tests = pl.DataFrame({"value": [1.0, 5.0], "unit": ["m-1", "g/kg_fuel"]})
    assert ratios_of_tests(tests, np.ones(2), np.ones(2), 3.17)["rough"].to_list() == [True, False]
    low, high = (pm_g_per_kg_fuel(np.array([1.0]), bound=b)[0] for b in ("low", "high"))
    assert 3.0 < pm_g_per_kg_fuel(np.array([1.0]))[0] / low < 10.0
    assert 3.0 < high / pm_g_per_kg_fuel(np.array([1.0]))[0] < 10.0
    assert absorption_per_m(np.array([0.0]))[0] == 0.0


def test_tests_without_a_factor_are_not_usable():
    tests = pl.DataFrame({"value": [1.0, 1.0, 1.0], "unit": ["g/km"] * 3})
    ratio = ratios_of_tests(tests, np.array([0.0, np.nan, 2.0]), np.ones(3), 3.17)["ratio"]
    assert ratio.to_list() == [None, None, 0.5]


def test_one_remote_reading_barely_moves_a_vehicle():
    result = measured_multipliers(_ratios([("v1", "remote_sensing", 3.0)]))
    row = _one(result, "v1")
    # k = 5.4: weight 1 / 6.4; the group of one such vehicle weighs 0.156 / (0.156 + 4)
    assert row["weight"] == pytest.approx(1.0 / 6.4)
    group = 3.0 ** ((1.0 / 6.4) / (1.0 / 6.4 + 4.0))
    assert row["multiplier"] == pytest.approx(group ** (1.0 - 1.0 / 6.4) * 3.0 ** (1.0 / 6.4))
    assert 1.0 < row["multiplier"] < 1.3
    assert result.k.row(0) == ("remote_sensing", "NOx", 5.4, 0.2, "default")


def test_many_tests_approach_the_mean():
    rng = np.random.default_rng(5)
    values = 2.5 * np.exp(rng.normal(0.0, 0.6, 4000) - 0.18)
    result = measured_multipliers(_ratios([("v1", "remote_sensing", float(x)) for x in values]))
    row = _one(result, "v1")
    assert row["tests"] == 4000
    assert row["weight"] > 0.998
    assert row["multiplier"] == pytest.approx(values.mean(), rel=5e-3)
    assert row["multiplier"] == pytest.approx(2.5, rel=3e-2)


def test_unmeasured_vehicles_take_the_mean_of_their_group():
    rows = [(f"v{i}", "on_board", 2.0) for i in range(200)]
    group = measured_multipliers(_ratios(rows)).groups.row(0, named=True)
    # each vehicle tells 1 / (1 + 0.25) = 0.8; 160 / (160 + 4) of the way to 2
    assert group["weight"] == pytest.approx(160.0 / 164.0)
    assert group["multiplier"] == pytest.approx(2.0 ** (160.0 / 164.0))
    assert (group["vehicles"], group["tests"]) == (200, 200)


def test_vehicles_that_are_alike_tell_their_group_well():
    rng = np.random.default_rng(2)
    rows = [
        (f"v{v}", "remote_sensing", 2.0 * float(np.exp(rng.normal(-0.08, 0.4)))) for v in range(60) for _ in range(10)
    ]
    result = measured_multipliers(_ratios(rows))
    assert result.k["k"][0] > 20.0  # all scatter is within vehicles
    assert result.groups["multiplier"][0] == pytest.approx(2.0, rel=0.05)
    assert (result.vehicles["multiplier"] - 2.0).abs().max() < 0.2


def test_readings_without_a_vehicle_count_for_the_group_alone():
    result = measured_multipliers(_ratios([(None, "remote_sensing", 2.0), (None, "remote_sensing", 4.0)]))
    assert result.vehicles.is_empty()
    assert result.groups["vehicles"].to_list() == [2]
    assert result.groups["mean_ratio"].to_list() == pytest.approx([3.0])


def test_tests_of_several_methods_count_by_what_they_tell():
    result = measured_multipliers(
        _ratios([("v1", "pems", 2.0), ("v1", "remote_sensing", 1.0)]), k={"pems": 0.5, "remote_sensing": 5.0}
    )
    row = _one(result, "v1")
    assert row["mean_ratio"] == pytest.approx((2.0 / 0.5 + 1.0 / 5.0) / (1.0 / 0.5 + 1.0 / 5.0))
    assert row["weight"] == pytest.approx(2.2 / 3.2)
    assert set(result.k["origin"]) == {"given"}


def test_k_is_estimated_from_repeated_tests():
    rng = np.random.default_rng(11)
    rows = [
        (f"v{v}", "remote_sensing", float(np.exp(level + rng.normal(0.0, 0.8))))
        for v, level in enumerate(rng.normal(0.0, 0.5, 400))
        for _ in range(5)
    ]
    frame = _ratios(rows)
    assert estimated_variances(frame, 0.02) == pytest.approx((0.64, 0.25), rel=0.15)
    assert measured_multipliers(frame).k["origin"].to_list() == ["estimated"]
    assert measured_multipliers(frame, estimate=False).k["origin"].to_list() == ["default"]
    assert estimated_variances(frame.head(9 * 5), 0.02) is None


def test_negative_readings_do_not_make_a_multiplier_negative():
    result = measured_multipliers(_ratios([("v1", "remote_sensing", -2.0)] * 500))
    assert 0.0 < _one(result, "v1")["multiplier"] < 0.03


def test_a_k_that_is_not_positive_is_refused():
    with pytest.raises(InputError, match="pems"):
        measured_multipliers(_ratios([("v1", "pems", 2.0)]), k={"pems": 0.0})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["v1", "v2", "v3", None]),
            st.sampled_from(["remote_sensing", "pems", "on_board"]),
            st.floats(-5.0, 50.0),
        ),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=50)
def test_order_does_not_matter_and_multipliers_are_positive(
    rows: list[tuple[str | None, str, float]], random: Random
) -> None:
    frame = _ratios(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = measured_multipliers(frame), measured_multipliers(frame[order])
    assert one.vehicles.equals(other.vehicles)
    assert one.groups.equals(other.groups)
    for table in (one.vehicles, one.groups):
        assert (table["multiplier"] > 0.0).all()
        assert table["multiplier"].is_finite().all()
        assert table["weight"].is_between(0.0, 1.0).all()


def test_no_usable_test_gives_empty_tables():
    result = measured_multipliers(_ratios([("v1", "pems", 2.0)]).with_columns(ratio=pl.lit(None, dtype=pl.Float64)))
    assert result.vehicles.is_empty()
    assert result.groups.is_empty()
    assert result.k.is_empty()
