"""Fit the figures of bus energy that no source tells, on measured rows, and show the error of all rows.

Usage: python scripts/fit_bus_energy.py

The rows of reference/bus_energy_measured.csv marked ``fit`` are met in the sense of least squares of the logarithms;
those marked ``test`` are not looked at by the fit. The figures go by hand into scripts/build_bus_energy.py.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.optimize import least_squares

from fleet_planner.buses.energy.measured import measured_rows

NAMES = ("drive_efficiency", "cooling_scale")
START = (0.85, 1.0)
BOUNDS = ((0.6, 0.2), (0.95, 3.0))


def residuals(values: np.ndarray) -> np.ndarray:
    """Return the logarithms of model over measured on the rows of the fit."""
    rows = measured_rows(dict(zip(NAMES, values.tolist(), strict=True))).filter(pl.col("use") == "fit")
    return np.log(rows["model_kwh_per_km"].to_numpy() / rows["kwh_per_km"].to_numpy())


def main() -> None:
    """Fit, print the figures and the error of each row."""
    fit = least_squares(residuals, START, bounds=BOUNDS, xtol=1e-12, ftol=1e-12)
    for name, value in zip(NAMES, fit.x, strict=True):
        print(f"{name} = {value:.4f}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=50, tbl_width_chars=160):
        print(
            measured_rows(dict(zip(NAMES, fit.x.tolist(), strict=True))).select(
                "row", "use", "kwh_per_km", "low", "high", "model_kwh_per_km", "error_pct"
            )
        )


if __name__ == "__main__":
    main()
