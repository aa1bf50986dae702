"""Greenhouse gases per kilometre driven and per unit of economic output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

G_PER_T = 1e6
SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "co2e_t_per_year": pl.Float64,
    "vehicle_km_per_year": pl.Float64,
    "g_per_vehicle_km": pl.Float64,
    "per_km_change_pct": pl.Float64,
    "gdp_million": pl.Float64,
    "t_per_million_gdp": pl.Float64,
    "per_gdp_change_pct": pl.Float64,
}


def intensity_table(
    paths: Mapping[str, Mapping[int, float]],
    km: Mapping[tuple[str, int], float],
    gdp_million: Mapping[int, float],
) -> pl.DataFrame:
    """Return the intensities of every scenario and computed year (``tables/columns/carbon_intensity.csv``).

    Parameters
    ----------
    paths
        Greenhouse gases over 100 years, t CO2e, by scenario and year.
    km
        Vehicle-km a year on the city's roads by scenario and year.
    gdp_million
        Economic output by year, interpolated; empty: not told.
    """
    known = sorted(gdp_million)
    rows = []
    for scenario, path in paths.items():
        first = min(path)
        per_km: dict[int, float] = {y: t * G_PER_T / km[scenario, y] for y, t in path.items() if km[scenario, y] > 0.0}
        output = {y: float(np.interp(y, known, [gdp_million[k] for k in known])) for y in path} if known else {}
        per_gdp = {y: path[y] / output[y] for y in output if output[y] > 0.0}
        for year, t in sorted(path.items()):
            told = (per_km.get(year), _change(per_km, year, first), output.get(year))
            rows.append(
                (scenario, year, t, km[scenario, year], *told, per_gdp.get(year), _change(per_gdp, year, first))
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _change(values: Mapping[int, float], year: int, first: int) -> float | None:
    before, now = values.get(first), values.get(year)
    return 100.0 * (now / before - 1.0) if now is not None and before else None
