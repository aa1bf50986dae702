"""Lines over the cells of a grid, against shapely and by their sums."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.cells import line_cells

COLUMNS, ROWS = 6, 5


def walked(x: list[float], y: list[float]) -> dict[int, float]:
    first, cell, share = line_cells(np.array(x), np.array(y), np.array([0, len(x)]), COLUMNS, ROWS)
    assert first.tolist() == [0, cell.size]
    out: dict[int, float] = {}
    for c, s in zip(cell.tolist(), share.tolist(), strict=True):
        out[c] = out.get(c, 0.0) + s
    return out


points = st.lists(
    st.tuples(st.floats(-1.5, COLUMNS + 1.5), st.floats(-1.5, ROWS + 1.5)), min_size=2, max_size=7, unique=True
)


@settings(max_examples=200, deadline=None)
@given(points)
def test_shares_are_the_lengths_inside_each_cell(line: list[tuple[float, float]]) -> None:
    got = walked([p[0] for p in line], [p[1] for p in line])
    assert sum(got.values()) == pytest.approx(1.0, abs=1e-12)
    whole = shapely.LineString(line)
    if whole.length < 1e-6:
        return
    for c in range(COLUMNS * ROWS):
        row, column = divmod(c, COLUMNS)
        pieces = [shapely.LineString(line[k : k + 2]) for k in range(len(line) - 1)]
        inside = sum(p.intersection(shapely.box(column, row, column + 1, row + 1)).length for p in pieces)
        on_border = sum(p.intersection(shapely.box(column, row, column + 1, row + 1).exterior).length for p in pieces)
        assert got.get(c, 0.0) * whole.length == pytest.approx(inside, abs=1e-9 + on_border)


def test_a_line_across_three_cells_by_hand() -> None:
    assert walked([0.5, 2.5], [0.5, 0.5]) == pytest.approx({0: 0.25, 1: 0.5, 2: 0.25})
    assert walked([2.5, 0.5], [0.5, 0.5]) == pytest.approx({0: 0.25, 1: 0.5, 2: 0.25})


def test_a_diagonal_through_corners() -> None:
    got = {c: s for c, s in walked([0.0, 3.0], [0.0, 3.0]).items() if s > 1e-12}
    assert got == pytest.approx({0: 1 / 3, COLUMNS + 1: 1 / 3, 2 * (COLUMNS + 1): 1 / 3})


def test_what_lies_beyond_the_grid_is_told() -> None:
    assert walked([-1.0, 1.0], [0.5, 0.5]) == pytest.approx({-1: 0.5, 0: 0.5})


def test_a_line_without_length_lies_where_it_begins() -> None:
    assert walked([1.5, 1.5], [2.5, 2.5]) == {2 * COLUMNS + 1: 1.0}


def test_many_lines_keep_their_entries() -> None:
    x = np.array([0.5, 1.5, 3.2, 3.2, 5.5])
    y = np.array([0.5, 0.5, 0.1, 2.9, 2.9])
    first, cell, share = line_cells(x, y, np.array([0, 2, 5]), COLUMNS, ROWS)
    assert np.add.reduceat(share, first[:-1]).tolist() == pytest.approx([1.0, 1.0])
    assert set(cell[first[0] : first[1]].tolist()) == {0, 1}
