"""Which groups of inputs make a figure's range wide: Sobol's indices, first order and total, by group.

Two independent samples A and B; in AB_g the inputs of group g are those of B, all others those of A. With f the figure
and V its variance (Saltelli and others 2010, Computer Physics Communications 181, table 2, estimators b and f)::

    S_g  = mean(f(B) (f(AB_g) - f(A))) / V
    ST_g = mean((f(A) - f(AB_g))^2) / (2 V)

Inputs of different groups that are correlated are one group together: the indices hold for independent groups alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_planner.uncertainty.sampling import Sampler

Array = NDArray[np.float64]
JOINT = "+"
"""Between the names of groups that are one together."""


def joint_groups(sampler: Sampler, correlations: Sequence[tuple[str, str, float]]) -> NDArray[np.str_]:
    """Return the group of each dimension of the cube, correlated groups together; "" where nothing is drawn."""
    named = sampler.groups()
    moving = {one.group for one in sampler.inputs if one.low < one.high}
    of_family = {one.family: one.group for one in sampler.inputs}
    together = {name: {name} for name in moving}
    for a, b, rho in correlations:
        first, second = of_family.get(a), of_family.get(b)
        if rho != 0.0 and first in together and second in together and first != second:
            both = together[first] | together[second]
            for name in both:
                together[name] = both
    return np.array([JOINT.join(sorted(together[name])) if name in together else "" for name in named])


def sobol_indices(
    figures: Callable[[Array], Array], points: Array, groups: NDArray[np.str_]
) -> tuple[list[str], Array, Array]:
    """Return the groups and their first-order and total indices, shapes (groups, figures).

    Parameters
    ----------
    figures
        Returns the figures at points of the cube, shapes (N, dimensions) to (N, figures).
    points
        Of a cube of twice the dimensions, shape (N, 2 * dimensions): A and B side by side.
    groups
        Of each dimension; "" for those that do not matter.
    """
    dimensions = groups.size
    a, b = points[:, :dimensions], points[:, dimensions:]
    names = sorted(set(groups.tolist()) - {""})
    of_a, of_b = figures(a), figures(b)
    middle = 0.5 * (of_a.mean(axis=0) + of_b.mean(axis=0))
    variance = np.concatenate([of_a, of_b]).var(axis=0)
    safe = np.where(variance > 0.0, variance, 1.0)
    first, total = np.zeros((len(names), of_a.shape[1])), np.zeros((len(names), of_a.shape[1]))
    for g, name in enumerate(names):
        mixed = figures(np.where((groups == name)[None, :], b, a))
        # taken from the mean: the product is then as sure as the difference
        first[g] = ((of_b - middle) * (mixed - of_a)).mean(axis=0) / safe
        total[g] = ((of_a - mixed) ** 2).mean(axis=0) / (2.0 * safe)
    still = variance <= 0.0
    first[:, still] = 0.0
    total[:, still] = 0.0
    return names, first, total
