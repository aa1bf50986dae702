"""The free choice of charging beside two pure ones: chargers at depots only, or chargers on the way only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.buses.transition.account import account
from fleet_planner.buses.transition.assign import oldest_first
from fleet_planner.buses.transition.model import BATTERY, LARGE, LINES, STATION
from fleet_planner.buses.transition.programme import MET, solve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.transition.model import Problem
    from fleet_planner.buses.transition.programme import Solved

FREE = "free"
BARRED: Mapping[str, tuple[int, ...]] = {"depot_only": (STATION,), "on_the_way_only": (BATTERY, LARGE)}
"""Powertrains that a pure strategy does without; hydrogen and engines stay as in the plan."""


@dataclass(frozen=True)
class Strategy:
    """A strategy, what was found for it, and the present value of each line, US$ 2024."""

    name: str
    solved: Solved
    lines: Mapping[str, float]

    @property
    def total(self) -> float:
        """Present value of all lines."""
        return sum(self.lines.values())


def compared(
    problem: Problem, solved: Solved, *, seconds: float, gap: float, dirtiest: bool
) -> tuple[Solved, tuple[Strategy, ...]]:
    """Solve the pure strategies, and return the best plan known for the free choice with all three.

    A plan of a pure strategy is one of the free choice as well: where the solver stopped within its gap and a pure plan
    is cheaper, that plan is taken, so that the free choice is never dearer than either.

    Parameters
    ----------
    problem, solved
        The free choice at the least cost.
    seconds, gap
        For each pure strategy.
    dirtiest
        Which buses go first.
    """
    pure = []
    for name, barred in BARRED.items():
        buses = problem.needs.buses.copy()
        buses[:, list(barred)] = 0.0
        alone = replace(problem, needs=replace(problem.needs, buses=buses))
        found = solve(alone, seconds=seconds, gap=gap)
        pure.append(_told(name, alone, found, dirtiest=dirtiest))
    own = _told(FREE, problem, solved, dirtiest=dirtiest)
    for other in pure:
        if other.solved.status == MET and (other.total < own.total or own.solved.status != MET):
            taken = replace(solved, status=MET, decision=other.solved.decision, objective=other.solved.objective)
            own = replace(other, name=FREE, solved=taken)
    return own.solved, (own, *pure)


def _told(name: str, problem: Problem, solved: Solved, *, dirtiest: bool) -> Strategy:
    decision = oldest_first(problem, solved.decision, dirtiest=dirtiest)
    paid = (account(problem, decision) * problem.figures.discount).sum(axis=(1, 2))
    return Strategy(name, solved, dict(zip(LINES, paid.tolist(), strict=True)))


def strategies_table(found: Sequence[Strategy]) -> pl.DataFrame:
    """Return a row per strategy, its lines and their sum (``tables/columns/replacement_charging_strategies.csv``)."""
    free = found[0].total if found else 0.0
    return pl.DataFrame(
        [
            {
                "strategy": one.name,
                "status": one.solved.status,
                **one.lines,
                "total_usd2024": one.total,
                "more_usd2024": one.total - free,
                "bound_usd2024": one.solved.bound,
            }
            for one in found
        ],
        infer_schema_length=None,
    )
