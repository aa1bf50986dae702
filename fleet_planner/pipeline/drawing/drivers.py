"""Which groups of inputs make the ranges wide, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.bands import CHANGE, EMISSION
from fleet_planner.pipeline.drawing.emitted import emitted
from fleet_planner.uncertainty.sampling import cube
from fleet_planner.uncertainty.sobol import joint_groups, sobol_indices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from fleet_planner.pipeline.drawing.bands import Figure
    from fleet_planner.pipeline.drawing.emitted import Emitted
    from fleet_planner.pipeline.drawing.harm import Coefficients, CoefficientSampler
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.uncertainty.design import Drawer

    Array = NDArray[np.float64]

SHOWN = ("NOx", "PM_exhaust", "CO2", "CO2_grid")
MOST = 512
"""Points of a sample: the indices need as many runs again for every group."""
WORTH = (
    *(("cost", ""), ("health", "deaths"), ("health_avoided", "deaths"), ("health_avoided", "value")),
    ("net_present_value", ""),
)
"""Figures of money and health, and what they are of."""
SEED_APART = 1
"""The points are not those of the bands."""

SCHEMA = {
    "figure": pl.String,
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "item": pl.String,
    "group": pl.String,
    "first_order": pl.Float64,
    "total_order": pl.Float64,
    "points": pl.Int64,
}


@dataclass(frozen=True)
class Worth:
    """Costs, health and net present value at points of the inputs and of their coefficients."""

    makes: CoefficientSampler
    figures: Callable[[Drawer, Emitted, Coefficients], list[Figure]]


def worth_of(figures: Iterable[Figure]) -> dict[tuple[str, str, int, str], Array]:
    """Return those of `WORTH` by figure, scenario, year and item."""
    return {(f.figure, f.scenario, f.year, f.item): f.draws for f in figures if (f.figure, f.item) in WORTH}


def drivers_table(ready: Prepared, ground: Ground, worth: Worth | None = None) -> pl.DataFrame:
    """Return Sobol's indices by figure and group (``tables/columns/uncertainty_drivers.csv``).

    The figures are totals of `SHOWN` and their changes against the baseline, of the first and of the last year, and
    those of ``worth``: costs, deaths and harm to health, net present value.
    """
    section = ready.plan.uncertainty
    number = 2 ** int(np.log2(min(max(section.draws, 2), MOST)))
    ends = {ground.states[0].year, max(state.year for state in ground.states)}
    kept = ground.only(ends)
    start = kept.states[0].key
    keys = [state.key for state in kept.states]
    known = {state.key: state.central for state in kept.states}
    asked = [(EMISSION, key, p) for key in keys for p in SHOWN if known[key][POLLUTANTS.index(p)] > 0.0]
    asked += [(CHANGE, k, p) for f, k, p in asked if k != start and known[start][POLLUTANTS.index(p)] > 0.0]

    inputs = ground.sampler.dimensions
    more = 0 if worth is None else worth.makes.sampler.dimensions
    names_of_worth: list[tuple[str, str, int, str]] = []

    def figures(points: Array) -> Array:
        drawer = kept.drawer(points[:, :inputs])
        if worth is None:
            emissions = emitted(kept, drawer, ready.nonroad, (), SHOWN)
        else:
            emissions = emitted(ground, drawer, ready.nonroad)
        totals = emissions.totals
        out = []
        for figure, key, p in asked:
            own, base = (totals[k][:, POLLUTANTS.index(p)] for k in (key, start))
            out.append(own if figure == EMISSION else own / base)
        if worth is not None:
            found = worth_of(worth.figures(drawer, emissions, worth.makes.at(points[:, inputs:])))
            names_of_worth[:] = list(found)
            out += found.values()
        return np.stack(out, axis=1)

    groups = joint_groups(ground.sampler, ground.spreads.correlations)
    if worth is not None:
        groups = np.concatenate([groups, joint_groups(worth.makes.sampler, ())])
    points = cube(number, 2 * (inputs + more), section.method, section.seed + SEED_APART)
    names, first, total = sobol_indices(figures, points, groups)
    told = [(figure, *key, p, "") for figure, key, p in asked]
    told += [(figure, scenario, year, "", item) for figure, scenario, year, item in names_of_worth]
    rows = [
        (*what, name, float(first[g, k]), float(total[g, k]), number)
        for k, what in enumerate(told)
        for g, name in enumerate(names)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
