"""How likely each target is met, over the draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.pipeline.drawing.bands import band

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.scenarios.targets import Aim

    Array = NDArray[np.float64]

SLACK = 1e-12
"""As of `targets.judged`: rounding does not miss a target."""


def with_chances(
    verdicts: pl.DataFrame, aims: Sequence[Aim], counted: Mapping[str, Mapping[tuple[str, int], Array]], level: float
) -> pl.DataFrame:
    """Return the verdicts with the share of the draws in which each target is met, and bands of the emission.

    Parameters
    ----------
    verdicts
        Of `targets.judged`.
    aims
        The targets.
    counted
        Emission that counts, by target, scenario and year, a year, shape (draws,).
    level
        Share of the draws between low and high.
    """
    by_name = {one.name: one for one in aims}
    rows = []
    for verdict in verdicts.iter_rows(named=True):
        one = by_name[verdict["target"]]
        path = {year: v for (scenario, year), v in counted[one.name].items() if scenario == verdict["scenario"]}
        met, value = _peaks(one, path) if one.peak_before is not None else _cuts(one, path, verdict["year"])
        rows.append((float(met.mean()), *band(value, level)))
    schema = dict.fromkeys(("met_probability", "low_per_year", "high_per_year"), pl.Float64)
    return verdicts.hstack(pl.DataFrame(rows, schema=schema, orient="row"))


def _cuts(one: Aim, path: Mapping[int, Array], year: int) -> tuple[NDArray[np.bool_], Array]:
    """Return where a cut is reached, and the emission; a base emission that the plan gives is not drawn."""
    value = path[year]
    base = path[min(path)] if one.base_per_year is None else np.full_like(value, one.base_per_year)
    return value <= base * (1.0 - one.cuts[year] / 100.0) * (1.0 + SLACK), value


def _peaks(one: Aim, path: Mapping[int, Array]) -> tuple[NDArray[np.bool_], Array]:
    years = sorted(path)
    stacked = np.stack([path[year] for year in years])
    highest = np.array(years)[stacked.argmax(axis=0)]
    peaked = (highest < years[-1]) if len(years) > 1 else np.ones(highest.shape, dtype=np.bool_)
    return peaked & (highest < (one.peak_before or 0)), stacked.max(axis=0)
