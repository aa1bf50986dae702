"""Bands cover the truth: cities whose real inputs are drawn from the stated distributions, and the band of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn_city import prepared_city
from scipy.stats import binom

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.states import ground_of
from fleet_planner.uncertainty.sampling import cube

if TYPE_CHECKING:
    from pathlib import Path

LEVEL, CITIES, DRAWS = 0.9, 400, 1024


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_a_band_of_90_percent_holds_the_truth_in_90_percent_of_cities(tmp_path: Path, method: str) -> None:
    """The truth of each city is a whole set of inputs from another, independent generator; binomial error at 99.9 %."""
    ground = ground_of(prepared_city(tmp_path, "[uncertainty]\ndraws = 1\n"))
    dimensions = ground.sampler.dimensions
    drawer = ground.drawer(cube(DRAWS, dimensions, method, 1))
    truth = ground.drawer(np.random.default_rng(20).random((CITIES, dimensions)))
    low_count, high_count = binom.ppf([0.0005, 0.9995], CITIES, LEVEL)
    for state in ground.states:
        drawn, real = (d.totals(state.terms).sum(axis=1) for d in (drawer, truth))
        low, high = np.quantile(drawn, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0], axis=0)
        for name in ("NOx", "PM_exhaust", "CO2", "VOC", "NH3"):
            p = POLLUTANTS.index(name)
            held = int(((real[:, p] >= low[p]) & (real[:, p] <= high[p])).sum())
            assert low_count <= held <= high_count, (state.key, name, held)
