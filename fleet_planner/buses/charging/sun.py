"""What panels yield by month and hour: the user's profile, or the height of the sun scaled to a year's yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.buses.charging.slots import MONTHS, SLOT_H, SLOTS
from fleet_planner.errors import InputError
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]

TABLE = "bus_charging_solar"
KEY = "buses.charging.solar_profile"
TILT_DEG = 23.45
MID_MONTH = np.array([17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344])
"""Mean day of each month for the declination (Klein 1977, Solar Energy 19:325-329)."""


def sun_by_height(latitude: float, kwh_per_kwp: float, days: Int) -> Float:
    """Return the yield by month and slot in proportion to the sine of the sun's height, no clouds told apart.

    Parameters
    ----------
    latitude
        Degrees.
    kwh_per_kwp
        Of the year.
    days
        Of each month, shape (12,).

    Returns
    -------
    kW per kWp, shape (12, 96), solar time taken as clock time; declination after Cooper (1969).
    """
    declination = np.radians(TILT_DEG * np.sin(np.radians(360.0 * (284.0 + MID_MONTH) / 365.0)))[:, None]
    hour_angle = np.radians(15.0 * ((np.arange(SLOTS) + 0.5) * SLOT_H - 12.0))[None, :]
    phi = np.radians(latitude)
    height = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    height = np.maximum(height, 0.0)
    out: Float = height * (kwh_per_kwp / float((height.sum(axis=1) * SLOT_H * days).sum()))
    return out


def read_sun(path: Path) -> Float:
    """Read a profile (``tables/columns/bus_charging_solar.csv``).

    Returns
    -------
    kW per kWp, shape (12, 96); an hour without a row yields nothing.

    Raises
    ------
    InputError
        A cell is wrong, or an hour has two rows.
    """
    table = typed(read_cells(path, KEY), TABLE, path)
    out, many = np.zeros((MONTHS, HOURS_PER_DAY)), np.zeros((MONTHS, HOURS_PER_DAY), dtype=np.int64)
    for row in table.iter_rows(named=True):
        months = slice(None) if row["month"] is None else slice(row["month"] - 1, row["month"])
        many[months, row["hour"]] += 1
        if (many[months, row["hour"]] > 1).any():
            raise InputError("this hour has two rows", "Remove one.", path, row["row"], "hour", row["hour"])
        out[months, row["hour"]] = row["kw_per_kwp"]
    return np.repeat(out, SLOTS // HOURS_PER_DAY, axis=1)
