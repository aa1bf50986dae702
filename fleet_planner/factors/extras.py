"""Factors beside the hot table: shares of NO2 and black carbon, carbon of fuels, wear, electricity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.factors.nitrogen import load_nitrogen, nitrogen_factor
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = NDArray[np.float64]
SHARE_FALLBACK = {
    "euro_VI_de": "euro_VI_abc",
    "eev": "euro_V",
    "euro_6d_temp": "euro_6d",
    "euro_4": "euro_3",
    "euro_5": "euro_4",
}
"""Standards whose share is published with a neighbour's."""

SO2_PER_SULPHUR = 2.0
"""Mass of SO2 per mass of sulphur: EMEP/EEA guidebook 2019, chapter 1.A.3.b, E = 2 x sulphur x fuel."""

ODOMETER = "_odometer"
"""Ending of a channel that a vehicle's odometer scales."""

GRID_TABLES = ("grid_factors.csv", "grid_chile.csv", "grid_factors_more.csv")
FUEL_FOR_SHARE = {"petrol_hybrid": "petrol", "diesel_hybrid": "diesel", "biodiesel": "diesel"}
AXLES_BY_MASS_T: Sequence[tuple[float, float]] = ((20.0, 2.0), (28.0, 3.0), (34.0, 4.0), (1e9, 5.0))
"""Gross mass (t) up to which a heavy vehicle has so many axles; own rule, the guidebook leaves it open."""


@dataclass(frozen=True)
class ExtraFactors:
    """Factors that are not in the hot table.

    Parameters
    ----------
    no2, bc
        Share by (category, fuel, standard).
    co2_g_per_mj, so2_g_per_mj
        By fuel.
    kwh_per_km
        By (category, segment); segment "" serves any.
    grid_g_per_kwh
        CO2 of the city's electricity.
    wear
        Parameters by (process, vehicle, parameter).
    nitrogen
        Hot N2O and NH3 of cars and vans, see `load_nitrogen`.
    """

    no2: Mapping[tuple[str, str, str], float]
    bc: Mapping[tuple[str, str, str], float]
    co2_g_per_mj: Mapping[str, float]
    so2_g_per_mj: Mapping[str, float]
    kwh_per_km: Mapping[tuple[str, str], float]
    grid_g_per_kwh: float
    wear: Mapping[tuple[str, str, str], float]
    nitrogen: Mapping[tuple[str, str, str, str, str, str], tuple[float, float]]

    def sample(self, technologies: pl.DataFrame, grid_kmh: Array) -> tuple[Array, list[dict[str, tuple[int, ...]]]]:
        """Return wear, nitrogen and electricity curves, and which curves each technology has.

        Returns
        -------
        curves
            Shape (curves, S).
        index
            Per technology: channel -> row of ``curves`` for each driving mode.
        """
        curves: list[Array] = []
        index: list[dict[str, tuple[int, ...]]] = []
        seen: dict[tuple[object, ...], int] = {}

        def place(key: tuple[object, ...], curve: Array) -> int:
            if key not in seen:
                seen[key] = len(curves)
                curves.append(curve)
            return seen[key]

        for row in technologies.iter_rows(named=True):
            category, segment = row["category"], row["segment"]
            wear = place(("wear", category, segment), self.wear_pm2_5(category, segment, grid_kmh))
            own: dict[str, tuple[int, ...]] = {"PM2.5_non_exhaust": (wear,) * 4}
            for pollutant in ("N2O", "NH3"):
                factor = nitrogen_factor(self.nitrogen, row, pollutant)
                if factor is not None:
                    for channel, values in (
                        (pollutant, factor.constant),
                        (f"{pollutant}{ODOMETER}", factor.per_odometer),
                    ):
                        own[channel] = tuple(place(("g", v), np.full(grid_kmh.size, v)) for v in values)
            if row["fuel"] == "electricity":
                use = self.kwh_per_km.get((category, segment), self.kwh_per_km.get((category, "")))
                if use is None:
                    raise InputError(
                        f"no electricity use is known for category {category}",
                        "Use a category of the electricity table.",
                        column="category",
                        value=category,
                    )
                own["electricity_kwh"] = (place(("kwh", use), np.full(grid_kmh.size, use)),) * 4
            index.append(own)
        return np.array(curves).reshape(-1, grid_kmh.size), index

    def scale(self, technologies: pl.DataFrame, pollutants: Sequence[str]) -> Array:
        """Return the number each technology's curve is multiplied with, shape (T, P)."""
        out = np.ones((technologies.height, len(pollutants)))
        for t, row in enumerate(technologies.iter_rows(named=True)):
            fuel = FUEL_FOR_SHARE.get(row["fuel"], row["fuel"])
            key = (row["category"], fuel, row["standard"])
            out[t, pollutants.index("NO2")] = _share(self.no2, key)
            out[t, pollutants.index("BC")] = _share(self.bc, key)
            out[t, pollutants.index("CO2")] = self.co2_g_per_mj.get(fuel, self.co2_g_per_mj["diesel"])
            out[t, pollutants.index("SO2")] = self.so2_g_per_mj.get(fuel, 0.0)
            out[t, pollutants.index("CO2_grid")] = self.grid_g_per_kwh
        return out

    def wear_pm2_5(self, category: str, segment: str, speed_kmh: Array) -> Array:
        """Return PM2.5 of tyre, brake and road wear at half load, g/km (EMEP/EEA 2019, 1.A.3.b.vi-vii).

        Heavy vehicles: tyre = axles / 2 x load correction x car; brake = 3.13 x load correction x car.
        """
        heavy = category in {"heavy_truck", "bus"}
        load = 0.5
        total = np.zeros(speed_kmh.size)
        for process in ("tyre", "brake", "road"):
            car = self.wear[process, "passenger_car", "tsp_base_g_km"]
            if not heavy:
                base = self.wear.get((process, category, "tsp_base_g_km"), car)
            elif process == "road":
                base = self.wear[process, "heavy_duty", "tsp_base_g_km"]
            else:
                correction = (
                    self.wear[process, "heavy_duty", "lcf_intercept"]
                    + self.wear[process, "heavy_duty", "lcf_slope"] * load
                )
                factor = (
                    axles(segment) / 2.0 if process == "tyre" else self.wear[process, "heavy_duty", "pc_multiplier"]
                )
                base = factor * correction * car
            fine = self.wear[process, "all", "size_fraction_PM2_5"]
            total += base * fine * self._speed_correction(process, speed_kmh)
        return total

    def _speed_correction(self, process: str, speed_kmh: Array) -> Array:
        low = self.wear[process, "all", "speed_low_value"]
        if (process, "all", "speed_slope") not in self.wear:
            return np.full(speed_kmh.size, low)
        slope, intercept = (
            self.wear[process, "all", "speed_slope"],
            self.wear[process, "all", "speed_intercept"],
        )
        return np.where(
            speed_kmh < self.wear[process, "all", "speed_low_kmh"],
            low,
            np.where(
                speed_kmh > self.wear[process, "all", "speed_high_kmh"],
                self.wear[process, "all", "speed_high_value"],
                slope * speed_kmh + intercept,
            ),
        )


def axles(segment: str) -> float:
    """Return the axles of a heavy segment, from the upper mass that its name states."""
    numbers = [
        float(word) for word in segment.replace("<=", "").replace(">", "").split() if word.replace(".", "").isdigit()
    ]
    mass_t = numbers[-1] if numbers else 15.0
    extra = 1.0 if segment.startswith((">", "Rigid >")) else 0.0
    return next(n for limit, n in AXLES_BY_MASS_T if mass_t + extra <= limit)


def _share(table: Mapping[tuple[str, str, str], float], key: tuple[str, str, str]) -> float:
    """Return a share, falling back on a neighbouring standard, then on the oldest of the fuel, then zero."""
    category, fuel, standard = key
    for _ in range(3):
        if (category, fuel, standard) in table:
            return table[category, fuel, standard]
        standard = SHARE_FALLBACK.get(standard, standard)
    return table.get((category, fuel, "conventional"), 0.0)


def grid_factor(region: str, year: int) -> tuple[float, str, str]:
    """Return kg CO2 per kWh of the region's electricity nearest to ``year``, its source and ``checked``.

    Raises
    ------
    InputError
        The region has no row.
    """
    columns = ["region", "year", "co2_kg_per_kwh", "scope", "source", "unit", "checked"]
    table = pl.concat(
        [reference_table(name).select(columns) for name in GRID_TABLES],
        how="vertical_relaxed",
    )
    rows = table.filter(pl.col("region") == region)
    if rows.is_empty():
        raise InputError(
            "no electricity factor is known for this region",
            f"Set city.grid_region to one of {', '.join(table['region'].unique().sort())}.",
            column="city.grid_region",
            value=region,
        )
    row = rows.sort((pl.col("year") - year).abs(), maintain_order=True).row(0, named=True)
    return (
        float(row["co2_kg_per_kwh"]),
        f"{row['source']} ({row['scope']}, {row['year']})",
        str(row["checked"]),
    )


def load_extras(
    grid_kg_per_kwh: float, petrol_sulphur_ppm: float = 10.0, diesel_sulphur_ppm: float = 10.0
) -> ExtraFactors:
    """Load the packaged extra factors for a city's electricity (kg CO2 per kWh) and fuels (ppm sulphur)."""

    def keyed(name: str, value: str) -> dict[tuple[str, str, str], float]:
        rows = reference_table(name).select("category", "fuel", "standard", value).iter_rows()
        return {(c, f, s): float(v) for c, f, s, v in rows}

    fuels = reference_table("fuels.csv")
    sulphur_ppm = {"petrol": petrol_sulphur_ppm, "diesel": diesel_sulphur_ppm}
    electricity = reference_table("electricity_use.csv").with_columns(pl.col("segment").fill_null(""))
    wear = reference_table("non_exhaust.csv")
    return ExtraFactors(
        no2=keyed("no2_share.csv", "no2_share"),
        bc=keyed("bc_share.csv", "bc_share"),
        co2_g_per_mj={
            r["fuel"]: 1000.0 * r["co2_kg_per_kg"] / r["lower_heating_mj_kg"] for r in fuels.iter_rows(named=True)
        },
        so2_g_per_mj={
            r["fuel"]: SO2_PER_SULPHUR * sulphur_ppm[r["fuel"]] / 1000.0 / r["lower_heating_mj_kg"]
            for r in fuels.iter_rows(named=True)
            if r["fuel"] in sulphur_ppm
        },
        kwh_per_km={(r["category"], r["segment"]): float(r["kwh_per_km"]) for r in electricity.iter_rows(named=True)},
        grid_g_per_kwh=1000.0 * grid_kg_per_kwh,
        wear={(r["process"], r["vehicle"], r["parameter"]): float(r["value"]) for r in wear.iter_rows(named=True)},
        nitrogen=load_nitrogen(petrol_sulphur_ppm, diesel_sulphur_ppm),
    )
