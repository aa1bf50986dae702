"""What the states of a run emit in every draw: totals, and what counts for targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.drawing.states import Ground, State
    from fleet_planner.scenarios.targets import Aim
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
Key = tuple[str, int]
CO2_GRID = "CO2_grid"
PER_YEAR = np.array([p.per_year_factor * DAYS_PER_YEAR for p in pollutants()])


@dataclass(frozen=True)
class Emitted:
    """Emissions of all states in all draws.

    Parameters
    ----------
    totals
        By scenario and year, shape (draws, P), a year, machines beside the roads with them.
    central
        The same as the run has it, shape (P,).
    counted
        What counts for each target, by its name and state, shape (draws,), a year.
    """

    totals: Mapping[Key, Array]
    central: Mapping[Key, Array]
    counted: Mapping[str, Mapping[Key, Array]]


def emitted(
    ground: Ground,
    drawer: Drawer,
    nonroad: NonRoad | None,
    aims: Sequence[Aim] = (),
    chosen: Sequence[str] = POLLUTANTS,
) -> Emitted:
    """Return what all states emit in the draws.

    Parameters
    ----------
    ground, drawer
        The states, and the draws.
    nonroad
        Machines beside the roads.
    aims
        Targets whose sums are wanted.
    chosen
        Pollutants; the others are left at nought.
    """
    machines = np.array([0.0 if nonroad is None else nonroad.total(p) for p in POLLUTANTS])
    beside = drawer.of("nonroad")
    first = ground.states[0].year
    totals: dict[Key, Array] = {}
    central: dict[Key, Array] = {}
    counted: dict[str, dict[Key, Array]] = {one.name: {} for one in aims}
    for state in ground.states:
        by_scope = drawer.totals(state.terms, state.year - first, chosen)
        by_scope[:, :, POLLUTANTS.index(CO2_GRID)] *= (drawer.of("grid") * grid_ratio(state))[:, None]
        totals[state.key] = (by_scope.sum(axis=1) + beside[:, None] * machines) * PER_YEAR
        central[state.key] = (state.central + machines) * PER_YEAR
        for one in aims:
            counted[one.name][state.key] = _counted(one, state, by_scope, beside, nonroad)
    return Emitted(totals, central, counted)


def grid_ratio(state: State) -> float:
    """Return the CO2 of electricity of the state's year over that of the base year's factor."""
    place = POLLUTANTS.index(CO2_GRID)
    of_terms = float(state.terms.central()[:, place].sum())
    return float(state.central[place]) / of_terms if of_terms > 0.0 else 1.0


def _counted(one: Aim, state: State, by_scope: Array, beside: Array, nonroad: NonRoad | None) -> Array:
    weight = np.array([one.weights.get(p, 0.0) for p in POLLUTANTS]) * PER_YEAR
    which = state.terms.outputs.with_columns(counts=one.counts)["counts"].to_numpy()
    out: Array = by_scope[:, which].sum(axis=1) @ weight
    if nonroad is not None:
        rows = nonroad.by_scope().filter(one.counts)
        have = [p for p in one.weights if p in rows.columns]
        sums = rows.select(pl.col(p).sum() for p in have).row(0) if have else ()
        machines = sum(one.weights[p] * PER_YEAR[POLLUTANTS.index(p)] * v for p, v in zip(have, sums, strict=True))
        out = out + beside * float(machines)
    return out
