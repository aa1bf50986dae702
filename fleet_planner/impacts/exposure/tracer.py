"""The formulas of the air near roads against a published tracer release.

Idaho Falls, October 2008: sulphur hexafluoride from a line on open ground, in near neutral, unstable, stable and very
stable air (Finn et al. 2010, Atmospheric Environment 44, 204-214), as EPA issued it with R-LINE 1.2.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from fleet_planner.impacts.dispersion.meteorology import Meteorology
from fleet_planner.impacts.dispersion.pieces import Pieces
from fleet_planner.impacts.dispersion.plume import Source, Weather, plume_tables
from fleet_planner.impacts.exposure.monitors import fit
from fleet_planner.impacts.exposure.near_road import S_PER_DAY, Air
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

SF6_KG_M3 = 5.34
"""Density of the tracer by which EPA turns µg/m3 into ppb."""
RELEASE = Source(height_m=1.0, sigma_z0_m=1e-3)
BAG_M, MAST_M = 1.5, 3.0
HALF_LINE_M = 500.0
"""EPA models the cross-wind sum as a line of 1 km."""
REACH_M = 2000.0
AIR = {1: "near neutral", 2: "unstable", 3: "stable", 5: "very stable"}
"""Days of the release, as Finn et al. name their air."""


def weather_of(period: dict[str, float]) -> Weather:
    """Return the class of weather of a row of ``tracer_periods.csv``: measured wind over similarity as in R-LINE."""
    plain = Weather(period["u_star_m_s"], period["obukhov_m"], period["roughness_m"], period["mixing_m"])
    factor = period["wind_3m_m_s"] / float(plain.wind_m_s(MAST_M))
    return Weather(plain.u_star_m_s, plain.obukhov_m, plain.roughness_m, plain.mixing_m, factor)


def tracer_points() -> pl.DataFrame:
    """Return the samples: ``test, sample, distance_m, measured_ppb, modelled_ppb, rline_ppb``.

    Where nothing was measured ``measured_ppb`` is empty. Each period is one class of weather with one wind.
    """
    periods = reference_table("tracer_periods.csv")
    points = reference_table("tracer_points.csv")
    rows = list(periods.iter_rows(named=True))
    tables = plume_tables([weather_of(row) for row in rows], RELEASE, BAG_M, REACH_M)
    toward = np.radians(periods["wind_from_deg"].to_numpy() + 180.0)
    count = len(rows)
    often = np.zeros((count, count, count))
    each = np.arange(count)
    often[each, each, each] = 1.0
    none = np.zeros(1, dtype=np.int64)
    line = Pieces(np.array([[0.0, -HALF_LINE_M, 0.0, HALF_LINE_M]]), none, np.ones(1), none)
    weather = Meteorology(
        classes=(),
        wind=np.stack([np.sin(toward), np.cos(toward)], axis=1),
        often=often,
        group=np.zeros((12, HOURS_PER_DAY), dtype=np.int64),
        seasons={},
        rows=count,
        calm_share=0.0,
    )
    distance = np.unique(points["distance_m"].to_numpy())
    at = np.column_stack([distance, np.zeros(distance.size)])
    released = periods["released_g_per_m_s"].to_numpy() * 2.0 * HALF_LINE_M * S_PER_DAY
    brought = Air(line, weather, tables, REACH_M).concentrations(at, np.diag(released)[None])
    modelled = pl.DataFrame(
        {
            "test": periods["test"].repeat_by(distance.size).explode(),
            "sample": periods["sample"].repeat_by(distance.size).explode(),
            "distance_m": np.tile(distance, count),
            "modelled_ppb": brought.T.ravel() / SF6_KG_M3,
        }
    )
    joined = points.join(modelled, on=["test", "sample", "distance_m"], maintain_order="left").join(
        periods.select("test", "sample", "released_g_per_m_s"), on=["test", "sample"], maintain_order="left"
    )
    rline = pl.col("rline_ug_m3_per_g_m_s") * pl.col("released_g_per_m_s") / SF6_KG_M3
    return joined.select("test", "sample", "distance_m", "measured_ppb", "modelled_ppb", rline.alias("rline_ppb"))


@cache
def tracer_fit() -> pl.DataFrame:
    """Return the fit by kind of air and over all (``tables/columns/tracer_fit.csv``): this model, R-LINE 1.2."""
    known = tracer_points().drop_nulls()
    parts = [("all", known)] + [(word, known.filter(test=test)) for test, word in AIR.items()]
    rows = []
    for word, part in parts:
        seen = part["measured_ppb"].to_numpy()
        for model, column in (("fleet_planner", "modelled_ppb"), ("R-LINE 1.2", "rline_ppb")):
            made = part[column].to_numpy()
            told = fit(seen, made)
            means = {"samples": seen.size, "measured_ppb": float(seen.mean()), "modelled_ppb": float(made.mean())}
            rest = {"fac2": told["fac2"], "nmb_pct": told["nmb_pct"], "r": told["r"], "rmse_ppb": told["rmse_ug_m3"]}
            rows.append({"air": word, "model": model, **means, **rest})
    return pl.DataFrame(rows)
