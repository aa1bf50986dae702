"""Modelled concentrations against those of monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.tables.read import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LEAST_FOR_R = 3


def read_monitors(path: Path, followed: Sequence[str], background: Mapping[str, float]) -> pl.DataFrame:
    """Read monitors (``tables/columns/monitors.csv``); the background is filled from the plan's, else 0.

    Raises
    ------
    InputError
        The table is malformed, or a monitor is of a pollutant that is not followed.
    """
    table = read_table(path, "monitors")
    for row, pollutant in enumerate(table["pollutant"].to_list(), start=2):
        if pollutant not in followed:
            raise InputError(
                "this pollutant is not followed",
                f"Add it to impacts.pollutants, or use one of {', '.join(followed)}.",
                path,
                row,
                "pollutant",
                pollutant,
            )
    given = pl.col("pollutant").replace_strict(dict(background), default=0.0, return_dtype=pl.Float64)
    return table.with_columns(pl.col("background_ug_m3").fill_null(given))


def fit(observed: NDArray[np.float64], modelled: NDArray[np.float64]) -> dict[str, float | None]:
    """Return FAC2, normalised mean bias (%), Pearson's R and RMSE (Chang and Hanna 2004) of positive observations."""
    ratio = np.divide(modelled, observed, out=np.full_like(modelled, np.nan), where=observed > 0.0)
    spread = observed.std() > 0.0 and modelled.std() > 0.0 and observed.size >= LEAST_FOR_R
    total = float(observed.sum())
    return {
        "fac2": float(((ratio >= 0.5) & (ratio <= 2.0)).mean()),
        "nmb_pct": 100.0 * float((modelled - observed).sum()) / total if total > 0.0 else None,
        "r": float(np.corrcoef(observed, modelled)[0, 1]) if spread else None,
        "rmse_ug_m3": float(np.sqrt(((modelled - observed) ** 2).mean())),
    }


def fit_table(monitors: pl.DataFrame) -> pl.DataFrame:
    """Return the fit by pollutant (``tables/columns/monitor_fit.csv``) of ``tables/columns/monitors_output.csv``."""
    rows = []
    for (pollutant,), own in monitors.group_by("pollutant", maintain_order=True):
        seen, made = (own[c].to_numpy().astype(np.float64) for c in ("observed_ug_m3", "modelled_ug_m3"))
        means = {"monitors": own.height, "observed_ug_m3": float(seen.mean()), "modelled_ug_m3": float(made.mean())}
        rows.append({"pollutant": pollutant, **means, **fit(seen, made)})
    schema = {"pollutant": pl.String, "monitors": pl.Int64} | dict.fromkeys(
        ("observed_ug_m3", "modelled_ug_m3", "fac2", "nmb_pct", "r", "rmse_ug_m3"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)
