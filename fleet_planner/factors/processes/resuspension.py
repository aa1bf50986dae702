"""Dust that wheels raise from paved roads (US EPA AP-42, section 13.2.1, 2011); optional, off by default.

``E = k sL^0.91 W^1.02 (1 - P / (4 x 365))`` g per vehicle-km with the silt loading sL, g/m2, the mean mass W of all
vehicles on the road, short tons, and P days of the year with rain. All vehicles raise alike, as in the publication.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.axes import MODES
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT_TONS_PER_T = 1.10231
DAYS = 365.0


@dataclass(frozen=True)
class Resuspension:
    """Dust raised from paved roads: silt on town roads and on limited-access roads, g/m2; mean vehicle mass, t."""

    silt_town_g_m2: float
    silt_highway_g_m2: float
    mean_mass_t: float
    wet_days_per_year: float = 0.0


def resuspension_g_per_km(size: str, road: Resuspension) -> NDArray[np.float64]:
    """Return the dust raised by mode, shape (4,).

    Parameters
    ----------
    size
        ``PM2_5`` or ``PM10``.
    road
        Silt, mean mass, wet days.
    """
    table = reference_table("resuspension.csv")
    value = {(r["traffic"], r["parameter"]): float(r["value"]) for r in table.iter_rows(named=True)}
    k = value["all", f"k_{size.lower()}_g_km"]
    mass = (road.mean_mass_t * SHORT_TONS_PER_T) ** value["all", "weight_exponent"]
    dry = 1.0 - road.wet_days_per_year / (4.0 * DAYS)
    silt = [road.silt_highway_g_m2 if mode == "highway" else road.silt_town_g_m2 for mode in MODES]
    return np.asarray(k * np.power(silt, value["all", "silt_exponent"]) * mass * dry)
