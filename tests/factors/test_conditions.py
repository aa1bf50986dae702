"""Conditions: averages over the hours and months of each class."""

from __future__ import annotations

import numpy as np

from fleet_planner.factors.axes import GRADES, LOADS, MODES
from fleet_planner.factors.conditions import HOURS, MONTHS, Conditions, mild_conditions


def _two_classes() -> Conditions:
    temperature = np.arange(MONTHS * HOURS, dtype=np.float64).reshape(MONTHS, HOURS)
    hours = np.arange(HOURS)
    weight = np.where(hours < 12, 1.0, 3.0)
    return Conditions(
        temperature_c=temperature,
        humidity_pct=100.0 - temperature / 10.0,
        hour_class=(hours >= 12).astype(np.int64),
        hour_weight=weight / weight.sum(),
    )


def test_mean_weighs_hours_of_the_class_only():
    conditions = _two_classes()
    mean = conditions.mean(lambda t, rh: np.stack([t, rh], axis=1))
    assert mean.shape == (2, 2)
    for k, hours in enumerate((range(12), range(12, 24))):
        block = conditions.temperature_c[:, list(hours)]
        assert np.isclose(mean[k, 0], block.mean())  # weights are even inside each class
        assert np.isclose(mean[k, 1], 100.0 - block.mean() / 10.0)


def test_a_class_without_traffic_still_has_an_average():
    conditions = _two_classes()
    silent = Conditions(
        conditions.temperature_c,
        conditions.humidity_pct,
        conditions.hour_class,
        np.where(np.arange(HOURS) < 12, 1.0 / 12.0, 0.0),
    )
    assert np.isfinite(silent.mean(lambda t, _: t)).all()


def test_indices_repeat_over_classes_and_modes():
    conditions = _two_classes()
    assert conditions.count == 2 * len(MODES)
    by_mode = np.arange(len(MODES), dtype=np.int32)[:, None, None] * np.ones((1, 3, 7), dtype=np.int32)
    both = conditions.any_class(by_mode)
    assert both.shape == (8, len(LOADS), len(GRADES))
    assert both[:, 0, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    per_class = conditions.any_mode(np.array([5, 6], dtype=np.int32))
    assert per_class[:, 0, 0].tolist() == [5, 5, 5, 5, 6, 6, 6, 6]


def test_mild_conditions_are_one_class():
    mild = mild_conditions()
    assert mild.classes == 1
    assert np.allclose(mild.mean(lambda t, rh: np.stack([t, rh], axis=1)), [[15.0, 50.0]])
