"""The embedded city's own roads, hours, weather and vehicles, sampled: the factored path against the loop."""

from __future__ import annotations

import numpy as np
import pytest

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.prepare import Prepared
from tests.kernels.embedded_sample import LOOPED, embedded_city, sample

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def city() -> Prepared:
    return embedded_city()


def test_on_the_grid_of_speeds_the_loop_gives_the_same(city: Prepared) -> None:
    drawn = sample(city, vehicles=12, links=12, on_grid=True)
    assert len(drawn.activity.streams) >= 8
    inventory = drawn.factored()
    for pollutant in LOOPED:
        looped = drawn.looped(pollutant)
        assert (looped > 0.0).all()
        np.testing.assert_allclose(inventory.link[:, POLLUTANTS.index(pollutant)], looped, rtol=1e-9)


def test_between_grid_speeds_it_errs_by_less_than_a_thousandth(city: Prepared) -> None:
    drawn = sample(city, vehicles=6, links=8, on_grid=False, seed=1)
    looped = drawn.looped("NOx")
    found = drawn.factored().link[:, POLLUTANTS.index("NOx")]
    np.testing.assert_allclose(found, looped, rtol=1e-3)
    assert not np.allclose(found, looped, rtol=1e-12)
