"""EMFAC2017 and MOVES3 buses: published steps, model years, what stands in."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import HOT, TECHNOLOGY
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.published.us_buses import (
    bin_of,
    emfac_curves,
    evaluate_buses,
    evaluate_emfac,
    evaluate_moves,
    load_emfac,
    load_moves,
    moves_curves,
    pick,
    standard_model_years,
)
from fleet_planner.reference import reference_table

STANDARD_BUS = "Urban Buses Standard 15 - 18 t"
BUS = ("bus", "diesel", STANDARD_BUS, "euro_V", "SCR")


def asked(*rows: dict[str, object]) -> pl.DataFrame:
    base = {
        "category": "bus",
        "fuel": "diesel",
        "segment": STANDARD_BUS,
        "standard": "",
        "technology": "none",
        "pollutant": "NOx",
        "mode": "any",
        "speed_kmh_value": 20.0,
        "load_value": None,
        "slope_value": None,
        "model_year": 2012,
        "reference_year": 2016,
    }
    schema = {k: pl.String if isinstance(v, str) else pl.Float64 for k, v in base.items()}
    schema |= {"model_year": pl.Int64, "reference_year": pl.Int64}
    return pl.DataFrame([base | row for row in rows], schema=schema).with_row_index("query")


# NOx of a diesel bus of model year 2012 in 2016, g/km, as gtfs2emis 0.1.2 publishes the sets by speed bin
EMFAC_NOX = {3.0: 1.47999, 8.0: 1.47999, 9.0: 1.0354, 16.0: 1.0354, 17.0: 0.659539, 24.0: 0.659539}
MOVES_NOX = {
    3.0: 13.3891,
    4.0: 13.3891,
    5.0: 7.0738,
    12.0: 7.0738,
    20.0: 4.38427,
    27.0: 3.39719,
    30.0: 2.79064,
    119.0: 1.33652,
}


def test_published_factors() -> None:
    for evaluate, table, values in (
        (evaluate_emfac, load_emfac(), EMFAC_NOX),
        (evaluate_moves, load_moves(), MOVES_NOX),
    ):
        got = evaluate(table, asked(*({"speed_kmh_value": v} for v in values)))
        assert got["error"].to_list() == [""] * len(values)
        assert got["ef"].to_list() == pytest.approx(list(values.values()), rel=1e-7)


def test_edges_of_bins() -> None:
    """5 mph = 8.04672 km/h is the top of EMFAC's first bin; 2.5 mph = 4.02336 km/h begins MOVES' second."""
    assert bin_of(load_emfac(), np.array([0.0, 8.04672, 8.0468, 8.5, 112.6, 200.0])).tolist() == [0, 0, 1, 1, 13, 13]
    assert bin_of(load_moves(), np.array([0.0, 4.0233, 4.02336, 116.7, 200.0])).tolist() == [0, 0, 1, 15, 15]


def test_interpolated_between_centres() -> None:
    """Centres of EMFAC's first bins: 2.5 and 7.5 mph; at 5 mph the mean of both."""
    got = evaluate_buses(load_emfac(), asked({"speed_kmh_value": 8.04672}, {"speed_kmh_value": 1.0}), interpolate=True)
    assert got["ef"].to_list() == pytest.approx([(1.47999 + 1.0354) / 2.0, 1.47999])


def test_energy_of_emfac_follows_from_carbon() -> None:
    """1202.66 g CO2/km of the bin to 24 km/h; diesel of the guidebook: 3.1695 kg/kg and 42.695 MJ/kg."""
    got = evaluate_emfac(load_emfac(), asked({"pollutant": "energy_MJ"}, {"pollutant": "CO2"}))
    assert got["ef"].to_list() == pytest.approx([1202.66 / 3169.5 * 42.695, 1202.66])


def test_energy_and_carbon_of_moves_agree() -> None:
    """CO2 per MJ of diesel is 3.1695 kg / 42.695 MJ = 74 g in the guidebook; other fuels differ by a few percent."""
    got = evaluate_moves(load_moves(), asked({"pollutant": "CO2"}, {"pollutant": "energy_MJ"}))["ef"].to_list()
    assert got[0] / got[1] == pytest.approx(74.2, rel=0.02)


def test_reference_and_model_years_that_are_not_published_are_named() -> None:
    table = load_emfac()
    assert pick(table, "diesel", "", "", model_year=2012, reference_year=2016).replaced == ""
    assert (
        pick(table, "diesel", "", "", model_year=2012, reference_year=2018).replaced == "reference year 2017 for 2018"
    )
    old = pick(table, "diesel", "", "", model_year=1995, reference_year=2020)
    assert old.replaced == "reference year 2015 for 2020"
    new = pick(table, "diesel", "", "", model_year=2024, reference_year=2020)
    assert new.replaced == "model year 2020 for 2024"
    liquid = pick(table, "lng", "Urban CNG Buses", "", model_year=2012, reference_year=2016)
    assert liquid.replaced == "fuel cng for lng"
    coach = pick(table, "diesel", "Coaches Standard <=18 t", "", model_year=2012, reference_year=2016)
    assert coach.replaced == "urban bus for Coaches Standard <=18 t"


def test_a_standard_is_the_mean_of_its_model_years() -> None:
    table = load_emfac()
    mean = pick(table, "diesel", STANDARD_BUS, "euro_V", reference_year=2016)
    assert mean.replaced == "model years 2007-2009 for euro_V"
    single = [
        pick(table, "diesel", STANDARD_BUS, "", model_year=y, reference_year=2016).factors for y in (2007, 2008, 2009)
    ]
    np.testing.assert_allclose(mean.factors, np.mean(single, axis=0))


def test_curves_have_the_value_of_each_grid_speed() -> None:
    grid = load_hot_table().grid_kmh
    conditions = mild_conditions()
    technologies = pl.DataFrame(
        [(*BUS, 2012), (*BUS, None), ("heavy_truck", "diesel", "Rigid <=7.5 t", "euro_V", "SCR", None)],
        schema=[*TECHNOLOGY, "model_year"],
        orient="row",
    )
    for make, table in ((emfac_curves, load_emfac()), (moves_curves, load_moves())):
        got = make(table, technologies, grid, conditions, reference_year=2016)
        own, mean, truck = got.technologies
        assert truck.index == {}
        assert own.replaced == ""
        assert "for euro_V" in mean.replaced
        assert set(own.index) == set(HOT) & set(table.pollutants)
        index = own.index["NOx"]
        assert index.shape == (conditions.count, 3, 7)
        assert index.dtype == np.int32
        exact = evaluate_buses(table, asked(*({"speed_kmh_value": v} for v in grid)))["ef"].to_numpy()
        np.testing.assert_array_equal(got.curves[index[0, 1, 3]], exact)
        assert np.isfinite(got.curves).all()
        assert (got.curves >= 0.0).all()


def test_defects_are_noted() -> None:
    technologies = pl.DataFrame([(*BUS, 2000)], schema=[*TECHNOLOGY, "model_year"], orient="row")
    got = moves_curves(load_moves(), technologies, np.array([3.0, 50.0]), mild_conditions())
    assert "moves3.methane_copied" in got.technologies[0].notes
    answer = evaluate_moves(load_moves(), asked({"pollutant": "CH4", "model_year": 2000}))
    assert "methane_copied" in answer["note"][0]


def test_errors_name_the_nearest() -> None:
    got = evaluate_emfac(
        load_emfac(),
        asked(
            {"category": "heavy_truck"},
            {"fuel": "hydrogen"},
            {"pollutant": "NOX"},
            {"pollutant": "NH3"},
            {"model_year": None, "standard": "euro_5"},
            {"speed_kmh_value": -1.0},
            {"fuel": "cng", "pollutant": "SO2"},
            {"speed_kmh_value": 130.0},
        ),
    )
    assert got["ef"].is_null().to_list() == [True] * 7 + [False]
    errors = got["error"].to_list()
    for text, part in zip(
        errors, ("buses only", "cng, diesel, petrol", "NOx", "NH3", "euro_V", "0 or more", "of this fuel"), strict=False
    ):
        assert part in text
    assert errors[-1] == ""
    assert "speed held at 112.7 km/h" in got["note"][-1]
    with pytest.raises(InputError, match="no model years stand"):
        pick(load_emfac(), "diesel", "", "euro_5")


@settings(max_examples=60, deadline=None)
@given(
    fuel=st.sampled_from(["diesel", "cng", "petrol"]),
    standard=st.sampled_from(sorted(standard_model_years())),
    model_year=st.none() | st.integers(1950, 2060),
    reference_year=st.none() | st.integers(1990, 2050),
    speed=st.floats(0.0, 300.0),
    interpolate=st.booleans(),
)
def test_finite_everywhere(
    fuel: str, standard: str, model_year: int | None, reference_year: int | None, speed: float, interpolate: bool
) -> None:
    rows = [
        {
            "fuel": fuel,
            "standard": standard,
            "model_year": model_year,
            "reference_year": reference_year,
            "speed_kmh_value": speed,
            "pollutant": p,
        }
        for p in ("NOx", "VOC", "energy_MJ", "CH4")
    ]
    for table in (load_emfac(), load_moves()):
        got = evaluate_buses(table, asked(*rows), interpolate=interpolate)
        assert got["error"].to_list() == [""] * 4
        assert np.isfinite(got["ef"].to_numpy()).all()
        assert (got["ef"] >= 0.0).all()


def test_hundred_thousand_questions_are_quick() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    many = asked({}).drop("query").sample(n, with_replacement=True, seed=1).with_row_index("query")
    many = many.with_columns(
        speed_kmh_value=pl.Series(rng.uniform(0.0, 120.0, n)), model_year=pl.Series(rng.integers(1985, 2022, n))
    )
    load_emfac()
    start = time.perf_counter()
    got = evaluate_emfac(load_emfac(), many)
    assert time.perf_counter() - start < 2.0
    assert got.height == n
    assert got["query"].to_list() == list(range(n))


def test_model_years_of_a_standard_are_those_of_the_registrys_dates() -> None:
    """A bus of any model year from 1990 on lies in the years of the standard that the registry gives it."""
    spans = standard_model_years()
    dates = (
        reference_table("standards_us.csv")
        .filter((pl.col("region") == "US") & (pl.col("vehicle_group") == "bus"))
        .sort("first_model_year")
    )
    begun = list(dates.select("standard", "first_model_year").iter_rows())
    for year in range(1990, 2027):
        standard = [s for s, first in begun if first <= year][-1]
        low, high = spans[standard]
        assert low <= year <= high, (year, standard)
