"""Sobol's indices of functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fleet_planner.uncertainty.inputs import Input
from fleet_planner.uncertainty.sampling import cube, sampler
from fleet_planner.uncertainty.sobol import joint_groups, sobol_indices

MANY = 2048


def test_ishigami() -> None:
    """Ishigami and Homma 1990, a = 7, b = 0.1: S = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437."""

    def figures(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y, z = (2.0 * points.T - 1.0) * np.pi
        return (np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x))[:, None]

    names, first, total = sobol_indices(figures, cube(MANY, 6, "sobol", 1), np.array(["x", "y", "z"]))
    assert names == ["x", "y", "z"]
    assert first[:, 0] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert total[:, 0] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)


def test_groups_of_a_sum_have_their_parts_of_the_variance() -> None:
    """A sum of uniform numbers with weights 1, 2, 2: variances 1, 4, 4; the last two are one group."""

    def figures(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return (points @ np.array([1.0, 2.0, 2.0]))[:, None]

    _, first, total = sobol_indices(figures, cube(MANY, 6, "sobol", 2), np.array(["a", "b", "b"]))
    assert first[:, 0] == pytest.approx([1.0 / 9.0, 8.0 / 9.0], abs=0.02)
    assert total[:, 0] == pytest.approx(first[:, 0], abs=0.02)


def test_a_figure_that_does_not_move_has_no_drivers() -> None:
    _, first, total = sobol_indices(lambda p: np.ones((len(p), 1)), cube(64, 2, "lhs", 2), np.array(["a"]))
    assert first[0, 0] == total[0, 0] == 0.0


def test_correlated_groups_are_one_together() -> None:
    inputs = [Input(n, n, g, "lognormal", 0.8, 1.3) for n, g in (("a", "x"), ("b", "y"), ("c", "z"))]
    inputs.append(Input("d", "d", "still", "lognormal", 1.0, 1.0))
    pairs = [("a", "b", 0.5)]
    groups = joint_groups(sampler(inputs, pairs), pairs)
    assert groups.tolist() == ["x+y", "x+y", "z", ""] * 2
