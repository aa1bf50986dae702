"""Which groups of inputs make the ranges wide, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.bands import CHANGE, EMISSION
from fleet_planner.pipeline.drawing.emitted import emitted
from fleet_planner.uncertainty.sampling import cube
from fleet_planner.uncertainty.sobol import joint_groups, sobol_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared

    Array = NDArray[np.float64]

SHOWN = ("NOx", "PM_exhaust", "CO2", "CO2_grid")
MOST = 512
"""Points of a sample: the indices need as many runs again for every group."""
SEED_APART = 1
"""The points are not those of the bands."""

SCHEMA = {
    "figure": pl.String,
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "group": pl.String,
    "first_order": pl.Float64,
    "total_order": pl.Float64,
    "points": pl.Int64,
}


def drivers_table(ready: Prepared, ground: Ground) -> pl.DataFrame:
    """Return Sobol's indices by figure and group (``tables/columns/uncertainty_drivers.csv``).

    The figures are totals of `SHOWN` and their changes against the baseline, of the first and of the last year.
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

    def figures(points: Array) -> Array:
        totals = emitted(kept, kept.drawer(points), ready.nonroad, (), SHOWN).totals
        out = []
        for figure, key, p in asked:
            own, base = (totals[k][:, POLLUTANTS.index(p)] for k in (key, start))
            out.append(own if figure == EMISSION else own / base)
        return np.stack(out, axis=1)

    groups = joint_groups(ground.sampler, ground.spreads.correlations)
    points = cube(number, 2 * ground.sampler.dimensions, section.method, section.seed + SEED_APART)
    names, first, total = sobol_indices(figures, points, groups)
    rows = [
        (figure, *key, p, name, float(first[g, k]), float(total[g, k]), number)
        for k, (figure, key, p) in enumerate(asked)
        for g, name in enumerate(names)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
