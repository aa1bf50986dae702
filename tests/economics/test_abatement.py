"""Abatement curves: hulls, no double counting, the optimum of the linear relaxation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fleet_planner.economics.abatement import abatement_curve, lower_hull


def options(*rows: tuple[int, str, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows), schema=["group", "option", "avoided_per_year", "cost_usd_per_year"], orient="row"
    ).cast({"avoided_per_year": pl.Float64, "cost_usd_per_year": pl.Float64})


def test_a_dearer_option_that_avoids_less_is_dominated_and_gone() -> None:
    curve = abatement_curve(options((0, "good", 10.0, 100.0), (0, "bad", 8.0, 120.0)))
    assert curve["option"].to_list() == ["good"]


def test_steps_are_increments_so_that_nothing_counts_twice() -> None:
    """A filter avoids 8 t for 80, an electric bus 10 t for 300: the second step avoids 2 t for 220."""
    curve = abatement_curve(options((0, "filter", 8.0, 80.0), (0, "electric", 10.0, 300.0)))
    assert curve["from_option"].to_list() == ["", "filter"]
    assert curve["usd_per_unit"].to_list() == pytest.approx([10.0, 110.0])
    assert curve["cumulative_avoided_per_year"].to_list() == pytest.approx([8.0, 10.0])
    assert curve["cumulative_cost_usd_per_year"].to_list() == pytest.approx([80.0, 300.0])


def test_an_option_above_the_line_between_two_others_is_never_worth_taking() -> None:
    curve = abatement_curve(options((0, "a", 2.0, 10.0), (0, "b", 5.0, 60.0), (0, "c", 10.0, 90.0)))
    assert curve["option"].to_list() == ["a", "c"]


def test_a_saving_comes_first_and_an_increase_never() -> None:
    curve = abatement_curve(options((0, "saves", 1.0, -5.0), (1, "costs", 1.0, 5.0), (2, "worse", -1.0, -9.0)))
    assert curve["option"].to_list() == ["saves", "costs"]


OPTION = st.tuples(st.integers(0, 40), st.integers(-30, 80))


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.lists(OPTION, min_size=1, max_size=5), min_size=1, max_size=4), part=st.floats(0.05, 1.0))
def test_the_curve_is_the_cheapest_way_of_the_linear_relaxation(
    groups: list[list[tuple[int, int]]], part: float
) -> None:
    rows = [(g, f"o{k}", float(a), float(c)) for g, own in enumerate(groups) for k, (a, c) in enumerate(own)]
    curve = abatement_curve(options(*rows))
    whole = float(curve["avoided_per_year"].sum())
    if whole == 0.0:
        return
    wanted = part * whole
    left, cost = wanted, 0.0
    for avoided, per_unit in curve.select("avoided_per_year", "usd_per_unit").iter_rows():
        taken = avoided if per_unit < 0.0 else min(avoided, max(left, 0.0))
        left, cost = left - taken, cost + taken * per_unit
    # minimise cost, at least the wanted tonnes, at most one option a group; options that avoid nothing are not offered
    used = [r for r in rows if r[2] > 0.0]
    solved = linprog(
        [r[3] for r in used],
        A_ub=[[-r[2] for r in used], *([float(r[0] == g) for r in used] for g in range(len(groups)))],
        b_ub=[-wanted, *([1.0] * len(groups))],
        bounds=(0.0, None),
        method="highs",
    )
    assert solved.status == 0
    assert cost == pytest.approx(solved.fun, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(own=st.lists(OPTION, min_size=1, max_size=8))
def test_slopes_never_fall_along_a_hull(own: list[tuple[int, int]]) -> None:
    avoided, cost = np.array([a for a, _ in own], float), np.array([c for _, c in own], float)
    hull = lower_hull(avoided, cost)
    xs, ys = np.r_[0.0, avoided[hull]], np.r_[0.0, cost[hull]]
    slopes = np.diff(ys) / np.diff(xs)
    assert (np.diff(slopes) > 0.0).all()
    assert (np.diff(xs) > 0.0).all()
