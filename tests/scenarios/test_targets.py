"""Targets: met or missed, by how much, which one binds."""

from __future__ import annotations

import polars as pl
import pytest

from fleet_planner.errors import PlanError
from fleet_planner.plan.targets import Target
from fleet_planner.scenarios.targets import aim, judged
from fleet_planner.tables import columns


def target(**more: object) -> Target:
    given = {"name": "t", "pollutant": "NOx", "cut_pct": 50.0, "year": 2030, "base_year": 2024} | more
    return Target(**{k: v for k, v in given.items() if v is not None})


def verdict(wanted: Target, path: dict[int, float]) -> dict[str, object]:
    table = judged([aim(wanted, 2024)], {wanted.name: {"s": path}})
    of_draws = {"met_probability", "low_per_year", "high_per_year"}
    assert table.columns == [c.column for c in columns("targets") if c.column not in of_draws]
    return table.row(-1, named=True)


def test_diesel_pm_of_100_t_less_85_percent_leaves_15_t() -> None:
    wanted = Target(name="pm", use="diesel_pm_85", base_year=2024)
    told = aim(wanted, 2024)
    # as many years after the base year as the law's own, with its cut on the way; diesel only
    assert told.cuts == {2034: 75.0, 2044: 85.0}
    assert told.scope == {"fuel": ("diesel",)}
    table = judged([told], {"pm": {"s": {2024: 100.0, 2034: 30.0, 2044: 15.0}}})
    assert table["kind"].to_list() == ["interim", "cut"]
    assert table["allowed_per_year"].to_list() == pytest.approx([25.0, 15.0])
    assert table["verdict"].to_list() == ["missed", "met"]
    assert table["gap_per_year"].to_list() == pytest.approx([5.0, 0.0])


def test_a_missed_target_says_by_how_much() -> None:
    row = verdict(target(), {2024: 200.0, 2030: 120.0})
    assert (row["verdict"], row["gap_per_year"], row["change_pct"]) == ("missed", 20.0, -40.0)
    assert verdict(target(), {2024: 200.0, 2030: 90.0})["verdict"] == "met"


def test_a_base_year_before_the_plan_needs_its_emission() -> None:
    with pytest.raises(PlanError, match="against 1990, which this run does not compute") as error:
        aim(target(base_year=1990), 2024)
    assert "base_per_year" in error.value.remedy
    row = verdict(target(base_year=1990, base_per_year=100.0), {2024: 200.0, 2030: 60.0})
    assert (row["base_per_year"], row["allowed_per_year"], row["gap_per_year"]) == (100.0, 50.0, 10.0)


def test_a_cut_without_a_base_year_is_refused_unless_nothing_is_to_be_left() -> None:
    with pytest.raises(PlanError, match="does not say which year"):
        aim(target(base_year=None), 2024)
    neutral = aim(Target(name="n", use="co2_neutral_2060"), 2024)
    assert neutral.cuts == {2060: 100.0}
    assert neutral.base_year == 2024


@pytest.mark.parametrize(
    ("path", "told", "year"),
    [
        ({2024: 10.0, 2028: 12.0, 2030: 11.0, 2040: 5.0}, "met", 2028),
        ({2024: 10.0, 2030: 12.0, 2040: 5.0}, "missed", 2030),
        ({2024: 10.0, 2030: 12.0, 2040: 15.0}, "missed", None),  # still rising
        ({2024: 10.0, 2030: 9.0, 2040: 5.0}, "met", 2024),
    ],
)
def test_the_peak_is_found(path: dict[int, float], told: str, year: int | None) -> None:
    row = verdict(Target(name="p", use="co2_peak_2030"), path)
    assert (row["verdict"], row["peak_year"]) == (told, year)


def test_the_target_with_least_room_binds() -> None:
    aims = [aim(target(name="a"), 2024), aim(target(name="b", cut_pct=30.0), 2024)]
    path = {"s": {2024: 100.0, 2030: 60.0}}
    table = judged(aims, {"a": path, "b": path})
    assert table.select("target", "verdict", "binding").rows() == [("a", "missed", "yes"), ("b", "met", "no")]


def test_greenhouse_gases_are_summed_with_their_weights_and_only_in_scope() -> None:
    told = aim(target(pollutant="GHG", streams=["urban_bus"], visiting=False), 2024)
    frame = pl.DataFrame(
        {
            "stream": ["urban_bus", "visiting_urban_bus", "car"],
            "category": ["bus", "bus", "passenger_car"],
            "fuel": ["diesel", "diesel", "petrol"],
            "visiting": [False, True, False],
            "CO2": [100.0, 10.0, 1000.0],
            "CO2_grid": [5.0, 0.0, 0.0],
            "CH4": [1.0, 0.0, 0.0],
            "N2O": [0.1, 0.0, 0.0],
        }
    )
    assert told.of(frame) == pytest.approx(100.0 + 5.0 + 25.0 + 29.8)
    assert aim(target(pollutant="GHG", streams=["urban_bus"]), 2024).of(frame) == pytest.approx(169.8)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"pollutant": "NOX"}, "NOx"),
        ({"use": "nox_5"}, "nox_50"),
        ({"interim": {"2031": 20.0}}, "between 2024 and 2030"),
        ({"interim": {"2027": 60.0}}, "at most 50 %"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(more: dict[str, object], told: str) -> None:
    with pytest.raises(PlanError) as error:
        aim(target(**more), 2024)
    assert told in error.value.remedy


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"peak_before": 2030}, "either a cut by a year or a year before which it peaks"),
        ({"cut_pct": None}, "a target needs cut_pct and year, or peak_before"),
        ({"pollutant": ""}, "a target needs a pollutant"),
        ({"interim": {"soon": 20.0}}, "interim needs years as keys"),
        ({"cut_pct": 120.0}, "less than or equal to 100"),
        ({"base_per_year": -1.0}, "greater than 0"),
    ],
)
def test_contradictory_or_undated_targets_are_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        target(**more)
