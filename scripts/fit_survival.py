"""Fit the general survival curves of trucks and buses to two censuses, and print how far a third one is off.

Usage: python scripts/fit_survival.py

A curve is fitted by least squares to what is left in 2016 of the vehicles of 2014 by year built (1980 to 2012), weighted
by the square root of the count; 2020 is not used by the fit. The parameters stand in ``reference/survival.csv``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import least_squares

CENSUS = Path(__file__).resolve().parent.parent / "tests" / "golden" / "census_australia.csv"


def survival(age: np.ndarray, life: float, shape: float) -> np.ndarray:
    """Return a Weibull curve."""
    return np.exp(-((age / life) ** shape))


def main() -> None:
    """Fit and print."""
    table = pl.read_csv(CENSUS).filter(pl.col("year_built") <= 2012)
    for (kind,), rows in table.partition_by("vehicles", as_dict=True, maintain_order=True).items():
        built = rows["year_built"].to_numpy().astype(float)
        n14, n16, n20 = (rows[f"registered_{y}"].to_numpy().astype(float) for y in (2014, 2016, 2020))

        def off(p: np.ndarray, built: np.ndarray = built, n14: np.ndarray = n14, n16: np.ndarray = n16) -> np.ndarray:
            life, shape = np.exp(p)
            left = n14 * survival(2016 - built, life, shape) / survival(2014 - built, life, shape)
            return (left - n16) / np.sqrt(n16)

        life, shape = np.exp(least_squares(off, [np.log(30.0), np.log(3.0)]).x)
        later = n16 * survival(2020 - built, life, shape) / survival(2016 - built, life, shape)
        print(f"{kind}: a = {life:.2f}, b = {shape:.3f}; 2020: {100 * (later.sum() / n20.sum() - 1):+.1f} %")


if __name__ == "__main__":
    main()
