"""A search that ends by the clock ends at the same point when it is run again, whatever the clock says then."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fleet_planner.highs import OPTIMAL, TIME_LIMIT, Lines, solve_lines
from fleet_planner.searches import counted_searches, searches, searches_told


def knapsacks(columns: int, rows: int) -> Lines:
    """Many dense knapsacks over the same things: no solver ends them soon."""
    rng = np.random.default_rng(1)
    weight = rng.integers(1, 40, (rows, columns)).astype(np.float64)
    return Lines(
        -rng.integers(5, 60, columns).astype(np.float64),
        np.zeros(columns),
        np.full(columns, 3.0),
        csr_matrix(weight),
        np.full(rows, -np.inf),
        weight.sum(axis=1) * 0.6,
        np.ones(columns, dtype=np.bool_),
    )


def test_a_second_search_ends_where_the_first_one_did() -> None:
    lines = knapsacks(60, 40)
    with counted_searches() as first:
        found = solve_lines(lines, seconds=0.7)
    assert found.status == TIME_LIMIT
    assert found.values.size
    assert first.ended
    assert first.late == 0
    with counted_searches(first.ended) as second:
        again = solve_lines(lines, seconds=1e-6)  # the clock would end it at once
    assert second.ended == first.ended
    assert second.asked == first.asked
    assert again.values.tolist() == found.values.tolist()
    assert (again.value, again.bound) == (found.value, found.bound)


def test_several_searches_of_a_command_are_counted_through() -> None:
    def work() -> tuple[list[float], list[str]]:
        small, large = knapsacks(8, 3), knapsacks(50, 30)
        all_found = [solve_lines(m, seconds=s) for m, s in ((small, 60.0), (large, 0.3), (small, 60.0), (large, 0.2))]
        return [f.value for f in all_found], [f.status for f in all_found]

    with counted_searches() as first:
        told = work()
    assert told[1] == [OPTIMAL, TIME_LIMIT, OPTIMAL, TIME_LIMIT]
    with counted_searches(first.ended):
        assert work() == told


def test_without_a_limit_nothing_is_asked() -> None:
    with counted_searches() as own:
        assert solve_lines(knapsacks(8, 3)).status == OPTIMAL
    assert own.asked == 0


def test_a_command_keeps_where_its_searches_ended() -> None:
    assert searches_told() is None
    with counted_searches() as own:
        begin = time.perf_counter()
        assert not searches().over(begin, 60.0)
        assert searches().over(begin, 0.0)
        assert searches_told() == {"ended_at": [2], "ended_late": 0}
        with counted_searches([1]):
            assert searches().over(begin, 60.0)
        assert not searches().over(begin, 60.0)
    assert own.asked == 3
    assert not searches().over(begin, 60.0)


@pytest.mark.parametrize("solver", ["simplex", "ipx"])
def test_linear_programmes_end_alike_too(solver: str) -> None:
    rng = np.random.default_rng(2)
    matrix = rng.random((300, 400)) * (rng.random((300, 400)) < 0.3)
    least = matrix.sum(axis=1) * rng.random(300) * 3.0
    wide = np.full(300, np.inf)
    lines = Lines(rng.random(400) + 0.1, np.zeros(400), np.full(400, 10.0), csr_matrix(matrix), least, wide)
    options = {"solver": solver, "run_crossover": "off"}
    with counted_searches() as first:
        found = solve_lines(lines, seconds=0.0, options=options)
    assert found.status == TIME_LIMIT
    with counted_searches(first.ended):
        assert solve_lines(lines, seconds=60.0, options=options).status == TIME_LIMIT
