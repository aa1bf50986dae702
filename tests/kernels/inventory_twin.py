"""The inventory as a loop over vehicles, links and hours, written apart from the factored path, from the equations.

Warm exhaust by the published formula (load and slope interpolated between its rows), what a catalyst lets pass in the
cold, cold starts and mileage. Idling, evaporation, wear and electricity are left out.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import MODES, TECHNOLOGY
from fleet_planner.factors.in_use.scr import scr_efficiency, scr_kind
from fleet_planner.factors.processes.cold import basis_of, cold_share, load_ratios, ratio_of, ratio_value
from fleet_planner.factors.processes.degradation import degradation_of, load_degradation
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.published.hot_table import HotTable

Key = tuple[str, ...]
LOADS = (0.0, 0.5, 1.0)
GRADES = (-0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06)


class Twin:
    """Factors in a climate, one at a time; what is looked up in tables or depends on the weather alone is kept."""

    def __init__(self, hot: HotTable, conditions: Conditions) -> None:
        self.hot, self.conditions = hot, conditions
        self.coefficients = [tuple(float(c) for c in row) for row in hot.coefficients]
        self.bridges = [tuple(float(c) for c in row) for row in hot.bridges]
        self.offsets = [int(o) for o in hot.bridge_offsets]
        self.rows = cache(self._rows)
        self.passing = cache(self._passing)
        self.cold = cache(self._cold)
        self.grown = cache(self._grown)

    def equation(self, i: int, speed: float) -> float:
        """The published formula of a row, poles bridged by straight lines, never below zero."""
        a, b, g, d, e, z, h, reduction, lo, hi = self.coefficients[i]
        v = min(max(speed, lo), hi)
        for lo_v, hi_v, left, right in self.bridges[self.offsets[i] : self.offsets[i + 1]]:
            if lo_v <= v <= hi_v:
                return max(left + (v - lo_v) / (hi_v - lo_v) * (right - left), 0.0)
        return max((a * v**2 + b * v + g + (d / v if d else 0.0)) / (e * v**2 + z * v + h) * (1 - reduction), 0.0)

    def _rows(self, key: Key, pollutant: str, mode: str) -> dict[tuple[float, float], int] | int | None:
        """Rows of the table by load and slope; the one row of what has neither; nothing where none is published."""
        found = self.hot.keys.with_row_index("i").filter(
            (pl.col("category") == key[0])
            & (pl.col("fuel") == key[1])
            & (pl.col("segment") == key[2])
            & (pl.col("standard") == key[3])
            & (pl.col("technology") == key[4])
            & (pl.col("pollutant") == pollutant)
        )
        own = found.filter(pl.col("mode") == mode)
        found = own if own.height else found.filter(pl.col("mode") == "any")
        if found.is_empty():
            return None
        if found["load"][0] is None or found.height == 1:
            return int(found["i"][0])
        return {
            (ld, gr): int(found.filter((pl.col("load") == ld) & (pl.col("slope") == gr))["i"][0])
            for ld in LOADS
            for gr in GRADES
        }

    def warm(self, key: Key, pollutant: str, mode: str, load: float, grade: float, speed: float, hour: int) -> float:
        """One warm factor, g/km: row by mode, else any; load and slope interpolated."""
        rows = self.rows(key, pollutant, mode)
        if rows is None:
            return 0.0
        total = 0.0
        for ld, wl in neighbours(load, LOADS):
            passing = self.passing(key, ld, speed, hour) if pollutant == "NOx" else 1.0
            for gr, wg in neighbours(grade, GRADES):
                i = rows if isinstance(rows, int) else rows[ld, gr]
                total += wl * wg * passing * self.equation(i, speed)
        return total

    def weather(self, hour: int) -> list[tuple[float, float]]:
        """Temperatures and weights of the months and hours that share the class of an hour."""
        there = self.conditions
        same = [h for h in range(24) if there.hour_class[h] == there.hour_class[hour]]
        total = 12.0 * sum(there.hour_weight[h] for h in same)
        return [(there.temperature_c[m, h], there.hour_weight[h] / total) for m in range(12) for h in same]

    def _passing(self, key: Key, load: float, speed: float, hour: int) -> float:
        """What passes a catalyst in the weather of an hour's class over what passes at 20 degrees."""
        kind = scr_kind(key[0], key[3], key[4])
        if kind is None:
            return 1.0
        at = np.array([speed])
        mild = 1.0 - scr_efficiency(at, load, np.array([20.0]), kind=kind)[0, 0]
        passed = [w * (1.0 - scr_efficiency(at, load, np.array([t]), kind=kind)[0, 0]) for t, w in self.weather(hour)]
        return float(sum(passed) / mild)

    def _cold(self, key: Key, pollutant: str, mode: str, speed: float, hour: int) -> float:
        """Cold excess per km: beta x scale x (ratio - 1) x warm Euro 1, hour by hour; energy on the own curve."""
        ratio = ratio_of(load_ratios(), dict(zip(TECHNOLOGY, key, strict=True)), pollutant)
        if ratio is None:
            return 0.0
        basis = key if pollutant == "energy_MJ" else (key[0], *basis_of(*key[1:4]), "none")
        excess = 0.0
        for t, w in self.weather(hour):
            share = float(cold_share(self.conditions.trip_km, np.array([t]))[0])
            over = float(ratio_value(ratio, np.array([speed]), np.array([t]))[0]) - 1.0
            excess += w * share * ratio.scale * max(over, 0.0)
        return self.warm(basis, pollutant, mode, 0.0, 0.0, speed, 0) * excess

    def _grown(self, key: Key, pollutant: str, odometer_km: float) -> tuple[float, float] | None:
        """What mileage multiplies warm exhaust by, in town and on the road."""
        found = degradation_of(load_degradation(), dict(zip(TECHNOLOGY, key, strict=True)), pollutant)
        if found is None:
            return None
        urban, road = (float(part.at(np.array([odometer_km]))[0]) for part in found)
        return urban, road

    def mileage(self, key: Key, pollutant: str, speed: float, odometer_km: float | None) -> float:
        """Degradation: town's factor below 19 km/h, the road's above 63, linear between."""
        found = None if odometer_km is None else self.grown(key, pollutant, odometer_km)
        if found is None:
            return 1.0
        x = min(max((speed - 19.0) / 44.0, 0.0), 1.0)
        return (1.0 - x) * found[0] + x * found[1]

    def by_link(
        self, vehicles: pl.DataFrame, multipliers: pl.DataFrame, links: pl.DataFrame, activity: Activity, pollutant: str
    ) -> np.ndarray:
        """Every vehicle on every link and hour, one by one; g a day (MJ) by link."""
        km = (vehicles["km_per_year"] * vehicles["share_inside"] * vehicles["count"] / DAYS_PER_YEAR).to_list()
        effect = multipliers[pollutant].to_list()
        grades = [float(g) / 100 for g in links["grade_pct"]]
        speeds, modes = activity.speed_kmh.tolist(), activity.mode.tolist()
        vkt = activity.vkt
        out = [0.0] * links.height
        for n, row in enumerate(vehicles.iter_rows(named=True)):
            key = tuple(row[c] for c in TECHNOLOGY)
            if row["fuel"] == "electricity":
                continue
            load, odometer = row["load_fraction"], row["odometer_km"]
            of_stream = vkt[activity.streams.index(row["stream"])]
            part = (of_stream / of_stream.sum() * km[n]).tolist()
            for i in range(links.height):
                for h in range(24):
                    if part[i][h] == 0.0:
                        continue
                    speed, mode = speeds[i][h], MODES[modes[i][h]]
                    warm = self.warm(key, pollutant, mode, load, grades[i], speed, h)
                    cold = self.cold(key, pollutant, mode, speed, h)
                    factor = warm * self.mileage(key, pollutant, speed, odometer) + cold
                    out[i] += part[i][h] * factor * effect[n]
        return np.array(out)


def neighbours(value: float, steps: Sequence[float]) -> list[tuple[float, float]]:
    """The steps about a value, held within them, and their weights."""
    value = min(max(value, steps[0]), steps[-1])
    for a, b in itertools.pairwise(steps):
        if a <= value <= b:
            t = (value - a) / (b - a)
            return [(a, 1 - t), (b, t)]
    raise AssertionError
