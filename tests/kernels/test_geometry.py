"""Lengths against the geodesic of PROJ."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from fleet_planner.kernels import geometry
from fleet_planner.units import WGS84_ECCENTRICITY2, WGS84_SEMI_MAJOR_M

step = st.floats(-0.005, 0.005)


@given(st.floats(-179, 179), st.floats(-70, 70), st.lists(st.tuples(step, step), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_length_is_the_geodesic(lon: float, lat: float, steps: list[tuple[float, float]]) -> None:
    line = np.cumsum([(lon, lat), *steps], axis=0)
    length = geometry.line_lengths_m(line, np.array([0, len(line)]), WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2)
    exact = Geod(ellps="WGS84").line_length(line[:, 0], line[:, 1])
    np.testing.assert_allclose(length, [exact], rtol=1e-6, atol=1e-3)


def test_lines_do_not_run_into_each_other() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.001], [5.0, 5.0], [5.0, 5.001], [5.0, 5.002]])
    lengths = geometry.line_lengths_m(points, np.array([0, 2, 5]), WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2)
    exact = [Geod(ellps="WGS84").line_length(*points[a:b].T) for a, b in ((0, 2), (2, 5))]
    np.testing.assert_allclose(lengths, exact, rtol=1e-8)
