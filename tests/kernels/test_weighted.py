"""Weights by link and hour: the factored path equals every link and hour weighted one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.inventory import Inventory, by_hour, compute_inventory, weighted_by_vehicle, weighted_histogram
from fleet_planner.inventory.carried import link_hours
from fleet_planner.inventory.weights import FleetContext
from tests.kernels.test_inventory import case, factors, hot

__all__ = ["factors", "hot"]


def weighted(seed: int, factors: FactorTable, weight: np.ndarray, *, own: bool = False) -> tuple[np.ndarray, Inventory]:
    """Return the weighted emission by vehicle and the inventory that it is of."""
    vehicles, multipliers, links, activity = case(seed, 5, 7, 3.0)
    if own:
        slow = np.full(activity.speed_kmh.shape, np.nan)
        slow[1] = 17.0
        activity = replace(activity, own_kmh={activity.streams[0]: slow})
    inventory = compute_inventory(vehicles, multipliers, links, activity, factors)
    histogram = weighted_histogram(activity, links, factors, inventory, weight)
    found = weighted_by_vehicle(vehicles, multipliers, factors, inventory, FleetContext(), histogram)
    return found, inventory


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("own", [False, True])
def test_weights_by_link_equal_the_links_of_the_inventory(factors: FactorTable, seed: int, own: bool) -> None:
    by_link = np.random.default_rng(seed).uniform(0.0, 9.0, 5)
    found, inventory = weighted(seed, factors, np.repeat(by_link[:, None], 24, axis=1), own=own)
    assert found.sum(axis=0) == pytest.approx(by_link @ inventory.link, rel=1e-9)


def test_weights_by_hour_equal_the_hours_of_the_inventory(factors: FactorTable) -> None:
    by_hour = np.random.default_rng(4).uniform(0.0, 9.0, 24)
    found, inventory = weighted(4, factors, np.repeat(by_hour[None, :], 5, axis=0))
    assert found.sum(axis=0) == pytest.approx(np.einsum("h,shp->p", by_hour, inventory.stream_hour), rel=1e-9)


def test_a_weight_of_one_is_the_emission_itself_and_of_nought_is_nothing(factors: FactorTable) -> None:
    found, inventory = weighted(5, factors, np.ones((5, 24)))
    assert found == pytest.approx(inventory.vehicle, rel=1e-9)
    assert weighted(5, factors, np.zeros((5, 24)))[0].sum() == 0.0


def test_weights_of_single_links_and_hours_add_up(factors: FactorTable) -> None:
    generator = np.random.default_rng(6)
    one, two = generator.uniform(0.0, 5.0, (2, 5, 24))
    both, _ = weighted(6, factors, one + two)
    assert both == pytest.approx(weighted(6, factors, one)[0] + weighted(6, factors, two)[0], rel=1e-9)


@pytest.mark.parametrize("own", [False, True])
def test_hours_of_links_are_those_computed_hour_by_hour(factors: FactorTable, own: bool) -> None:
    vehicles, multipliers, links, activity = case(7, 5, 7, 3.0)
    if own:
        slow = np.full(activity.speed_kmh.shape, np.nan)
        slow[1] = 17.0
        activity = replace(activity, own_kmh={activity.streams[0]: slow})
    hours = link_hours(vehicles, multipliers, links, activity, factors, FleetContext(), ["CO2", "NOx"])
    one_by_one = np.array(list(by_hour(vehicles, multipliers, links, activity, factors)))
    columns = [POLLUTANTS.index("CO2"), POLLUTANTS.index("NOx")]
    np.testing.assert_allclose(hours, one_by_one[:, :, columns].transpose(2, 1, 0), rtol=1e-12)
