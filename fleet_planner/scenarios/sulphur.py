"""What less sulphur in the diesel changes.

SO2 falls with the sulphur (mass balance). Particles: EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, fuel effects
(EPEFE), ``1 - s (450 - sulphur) / 100`` after over before, with the slope ``s`` of heavy or light vehicles. Under the
Chinese guide (2014) CO, VOC, NOx and particles by standard, linear between its published contents, held beyond. An
engine with a filter loses SO2 alone: what the sulphur adds to particles stays in the filter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EUROPEAN, CHINESE = "by_sulphur_emep", "by_sulphur_mee"
HEAVY = ("heavy_truck", "bus")
STAGE = {
    "conventional": "PRE",
    "euro_I": "I",
    "euro_II": "II",
    "euro_III": "III",
    "euro_IV": "IV",
    "euro_V": "V",
    "eev": "V",
}
"""Stage of the Chinese guide by standard; stages after V have filters."""


def sulphur_changes(
    source: str, category: str, standard: str, before_ppm: float, after_ppm: float, *, filtered: bool
) -> dict[str, float]:
    """Return the change of each pollutant, percent.

    Parameters
    ----------
    source
        `EUROPEAN` or `CHINESE`.
    category, standard
        Of the vehicle.
    before_ppm, after_ppm
        Sulphur of the diesel.
    filtered
        A particle filter is on the vehicle.
    """
    changes = {"SO2": 100.0 * (after_ppm / before_ppm - 1.0)}
    if filtered:
        return changes
    if source == EUROPEAN:
        slope, base = _slope("heavy_duty" if category in HEAVY else "light_duty_diesel")
        ratio = (1.0 - slope * (base - after_ppm) / 100.0) / (1.0 - slope * (base - before_ppm) / 100.0)
        return changes | {"PM_exhaust": 100.0 * (ratio - 1.0)}
    for pollutant, (ppm, factor) in _guide().get(STAGE.get(standard, ""), {}).items():
        after, before = np.interp([after_ppm, before_ppm], ppm, factor)
        changes[pollutant] = 100.0 * float(after / before - 1.0)
    return changes


@cache
def _slope(vehicle: str) -> tuple[float, float]:
    """Return the slope per 100 ppm and the ppm that it counts from."""
    rows = reference_table("diesel_quality.csv").filter((pl.col("vehicle") == vehicle) & (pl.col("pollutant") == "PM"))
    terms = dict(rows.select("term", pl.col("coefficient").cast(pl.Float64)).iter_rows())
    return terms["sulphur_slope_per_100ppm"], terms["sulphur_base"]


@cache
def _guide() -> Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]]:
    """Return sulphur contents and factors by stage and pollutant."""
    rows = reference_table("china_guide_2014_sulphur.csv").filter(
        (pl.col("fuel") == "diesel") & pl.col("pollutant").is_in(["CO", "VOC", "NOx", "PM_exhaust"])
    )
    out: dict[str, dict[str, tuple[Sequence[float], Sequence[float]]]] = {}
    for (stage, pollutant), found in rows.sort("sulphur_ppm").group_by(["stage", "pollutant"], maintain_order=True):
        ppm, factor = found["sulphur_ppm"].cast(pl.Float64), found["factor"].cast(pl.Float64)
        out.setdefault(str(stage), {})[str(pollutant)] = (ppm.to_list(), factor.to_list())
    return out
