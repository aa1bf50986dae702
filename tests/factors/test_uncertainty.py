"""Distributions of factors: codes by hand, means and intervals of the draws, repeatable on any number of threads."""

from __future__ import annotations

import numba
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS, channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.factors.compiling.uncertainty import code_of, code_sigma, sample_multipliers, table_sigma
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.kernels.uncertainty import lognormal_multipliers

CAR = {"category": "passenger_car", "fuel": "petrol"}
TRUCK = {"category": "heavy_truck", "fuel": "diesel"}


@pytest.fixture(scope="module")
def factors() -> FactorTable:
    frame = pl.DataFrame(
        [
            ("heavy_truck", "diesel", "Rigid 14 - 20 t", "euro_V", "SCR"),
            ("passenger_car", "petrol", "Medium", "euro_4", "PFI"),
        ],
        schema=list(TECHNOLOGY),
        orient="row",
    )
    return compile_factors(frame, load_sources(grid_kg_per_kwh=0.5), mild_conditions(), FactorOptions())


def test_codes_by_hand() -> None:
    """B is 20 to 60 %: middle sqrt(20 x 60) = 34.6 %, sigma = ln 1.346 / 1.96."""
    assert code_sigma()["B"] == pytest.approx(np.log(1.0 + np.sqrt(0.2 * 0.6)) / 1.96)
    assert list(code_sigma().values()) == sorted(code_sigma().values())


def test_each_pollutant_has_the_code_of_its_group() -> None:
    assert code_of(CAR, "NOx", "hot") == "A"
    assert code_of(TRUCK, "NOx", "hot") == "B"
    assert code_of(TRUCK, "CO2", "hot") == code_of(TRUCK, "energy_MJ", "hot")
    assert code_of(CAR, "NMVOC", "evaporation") == "D"
    assert code_of(TRUCK, "PM2.5_non_exhaust", "resuspension") == "E"


def test_draws_have_mean_one_and_the_interval_of_their_code(factors: FactorTable) -> None:
    drawn = sample_multipliers(factors, 20_000, seed=7)
    assert drawn.shape == (20_000, 2, len(CHANNELS))
    c = channel("NOx", "hot", "urban:NOx")
    sigma = code_sigma()["B"]
    assert drawn[:, 0, c].mean() == pytest.approx(1.0, abs=0.01)
    low, high = np.quantile(drawn[:, 0, c], [0.025, 0.975])
    assert low == pytest.approx(np.exp(-1.96 * sigma - sigma**2 / 2), rel=0.02)
    assert high == pytest.approx(np.exp(1.96 * sigma - sigma**2 / 2), rel=0.02)


def test_parts_of_one_pollutant_move_together_and_technologies_in_part(factors: FactorTable) -> None:
    drawn = np.log(sample_multipliers(factors, 20_000, seed=1))
    urban, road = channel("NOx", "hot", "urban:NOx"), channel("NOx", "hot", "road:NOx")
    np.testing.assert_allclose(drawn[:, 0, urban], drawn[:, 0, road], rtol=1e-12)
    assert np.corrcoef(drawn[:, 0, urban], drawn[:, 1, urban])[0, 1] == pytest.approx(0.3, abs=0.03)
    sigma, group = table_sigma(factors)
    assert sigma.shape == group.shape == factors.block_of.shape


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=8), st.floats(0.0, 1.0), st.integers(0, 2**31))
def test_draws_are_positive_finite_and_the_same_on_any_threads(sigma: list[float], common: float, seed: int) -> None:
    arguments = (np.array(sigma), np.arange(len(sigma)) % 3, common, 50, seed)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = lognormal_multipliers(*arguments)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = lognormal_multipliers(*arguments)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(one, two)
    assert np.isfinite(one).all()
    assert (one > 0.0).all()
