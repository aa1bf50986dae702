"""Marginal abatement cost curves: dominated measures removed, measures on the same vehicles not counted twice.

The vehicles of a group can be left alone or take one of several options (a measure, or measures that go together), each
with a yearly cost and the tonnes that it avoids. Options compete as totals against the untreated vehicle. Only those on
the lower convex hull of cost over tonnes are ever worth taking; the steps along the hull are increments, so that what
two measures share is counted once. The steps of all groups in the order of their slope are the curve, which is also the
optimum of the linear relaxation of choosing options at least cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = ""
LEAST = 1e-12
"""Smaller reductions, in the unit of the curve, are none."""

CURVE = {
    "group": pl.Int64,
    "from_option": pl.String,
    "option": pl.String,
    "avoided_per_year": pl.Float64,
    "cost_usd_per_year": pl.Float64,
    "usd_per_unit": pl.Float64,
    "cumulative_avoided_per_year": pl.Float64,
    "cumulative_cost_usd_per_year": pl.Float64,
}


def lower_hull(avoided: NDArray[np.float64], cost_usd: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return which options are worth taking, in the order of what they avoid.

    Parameters
    ----------
    avoided, cost_usd
        Of the options of one group, shape (n,); the untreated vehicle at (0, 0) competes with them.

    Returns
    -------
    Indices of the options on the lower convex hull that begins at the untreated vehicle, shape (k,).
    """
    hull: list[int] = []
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for i in np.lexsort((cost_usd, avoided)).tolist():
        x, y = float(avoided[i]), float(cost_usd[i])
        if x <= LEAST or (x - points[-1][0] <= LEAST and y >= points[-1][1]):
            continue
        while hull and _is_above(points, (x, y)):
            hull.pop()
            points.pop()
        hull.append(i)
        points.append((x, y))
    return np.array(hull, dtype=np.int64)


def _is_above(points: list[tuple[float, float]], new: tuple[float, float]) -> bool:
    """Return whether the last point lies on or above the line from the one before it to a new one."""
    (x0, y0), (x1, y1), (x2, y2) = points[-2], points[-1], new
    return (y1 - y0) * (x2 - x0) >= (y2 - y0) * (x1 - x0)


def abatement_curve(options: pl.DataFrame) -> pl.DataFrame:
    """Return the abatement curve of one pollutant.

    Parameters
    ----------
    options
        ``group, option, avoided_per_year, cost_usd_per_year``: one row per group and option, totals of the group.

    Returns
    -------
    pl.DataFrame
        `CURVE`, cheapest step first; steps of a group never get cheaper along its hull.
    """
    rows = []
    for (group,), own in options.sort("group", "option").group_by(["group"], maintain_order=True):
        avoided, cost = own["avoided_per_year"].to_numpy(), own["cost_usd_per_year"].to_numpy()
        names = own["option"].to_list()
        before, had, paid = NONE, 0.0, 0.0
        for i in lower_hull(avoided, cost):
            more, extra = float(avoided[i]) - had, float(cost[i]) - paid
            rows.append((group, before, names[i], more, extra, extra / more))
            before, had, paid = names[i], float(avoided[i]), float(cost[i])
    steps = pl.DataFrame(rows, schema=list(CURVE.items())[:6], orient="row").sort(
        "usd_per_unit", "group", maintain_order=True
    )
    return steps.with_columns(
        cumulative_avoided_per_year=pl.col("avoided_per_year").cum_sum(),
        cumulative_cost_usd_per_year=pl.col("cost_usd_per_year").cum_sum(),
    )
