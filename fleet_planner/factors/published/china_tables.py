"""The Chinese national guide of 2014 as arrays: base factors and corrections by type and stage.

The guide's factor is a product, ``ef = base * speed * temperature * humidity * altitude * sulphur * load *
degradation`` (Ministry of Environmental Protection of China, technical guide for road vehicle emission inventories
(trial), 2014). Base conditions, where every correction is 1: 30 km/h, 15 degrees Celsius, 50 percent relative
humidity, below 1500 m, half load, fuel with 50 ppm sulphur (petrol) or 350 ppm (diesel), inventory year 2014.
What is wrong with the tables in circulation and which rule handles it stands in ``china_guide_2014_defects.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NAME = "china_guide_2014"
POLLUTANTS = ("CO", "VOC", "NOx", "PM_exhaust", "PM10_exhaust")
"""Pollutants of the guide, g/km; VOC is its HC (exhaust hydrocarbons, methane included), PM_exhaust its PM2.5."""

COVERED = POLLUTANTS[:4]
"""Those that the inventory's pollutant axis has. Energy, CO2, CH4, N2O and NH3 are not in the guide."""

STAGES = ("PRE", "I", "II", "III", "IV", "V")
ROW = ("vehicle", "type", "fuel", "stage")
SPEED_BANDS = ("below_20", "from_20", "from_30", "from_40", "above_80")
SULPHUR_PPM = (10.0, 50.0, 150.0, 350.0, 500.0, 800.0)
LOADS = (0.0, 0.5, 0.6, 0.75, 1.0)
FIRST_YEAR, LAST_YEAR = 2014, 2018

LOADED_TYPES = ("medium", "heavy", "bus", "large_bus", "medium_bus")
"""Types whose diesel vehicles have a load correction: trucks from 4.5 t and buses."""


@dataclass(frozen=True)
class ChinaTable:
    """Base factors and corrections of the guide, R rows (vehicle, type, fuel, stage) by P pollutants.

    Parameters
    ----------
    rows
        `ROW` columns, one row each; ``estimated`` names the pollutants whose base factor is an estimate.
    base
        g/km at base conditions, shape (R, P); see `POLLUTANTS`.
    speed
        Factors of the bands < 20, 20-30, exactly 30 (base, 1), 30-40, 40-80, > 80 km/h, shape (R, P, 6).
    temperature
        < 10, 10-25 (1), > 25 degrees Celsius, shape (R, P, 3).
    humidity
        Up to 24 degrees and above, by < 50, exactly 50 (base, 1), > 50 percent, shape (R, P, 2, 3).
    altitude
        Up to 1500 m (1) and above, shape (R, P, 2).
    sulphur
        At `SULPHUR_PPM`, shape (R, P, 6); 1 throughout for other fuels.
    load
        At `LOADS`, shape (R, P, 5); 1 throughout where the guide has no load correction.
    degradation
        By inventory year 2014 (1) to 2018, shape (R, P, 5); 1 throughout for other fuels than petrol.
    row_numbers
        Row by vehicle, type, fuel and stage.
    """

    rows: pl.DataFrame
    base: Array
    speed: Array
    temperature: Array
    humidity: Array
    altitude: Array
    sulphur: Array
    load: Array
    degradation: Array
    row_numbers: Mapping[tuple[str, str, str, str], int]


def _filled(frame: pl.DataFrame, rows: pl.DataFrame, on: list[str], columns: list[str]) -> Array:
    """Return the columns of a table for each row and pollutant, 1 where it has none: shape (R, P, columns)."""
    wanted = rows.select(ROW).with_row_index("row").join(pl.DataFrame({"pollutant": POLLUTANTS}), how="cross")
    found = wanted.join(frame, on=[*on, "pollutant"], how="left", validate="m:1").sort("row", maintain_order=True)
    values = found.select(pl.col(columns).cast(pl.Float64).fill_null(1.0)).to_numpy()
    return np.ascontiguousarray(values.reshape(rows.height, len(POLLUTANTS), len(columns)))


def _wide(frame: pl.DataFrame, on: list[str], column: str, steps: tuple[float, ...]) -> tuple[pl.DataFrame, list[str]]:
    """Turn one row a step into one column a step; missing steps are null."""
    names = [f"step_{i}" for i in range(len(steps))]
    values = [
        pl.col("factor").filter(pl.col(column).cast(pl.Float64) == s).first().alias(n)
        for s, n in zip(steps, names, strict=True)
    ]
    return frame.group_by([*on, "pollutant"]).agg(values), names


def _weather(rows: pl.DataFrame) -> tuple[Array, Array, Array]:
    """Return temperature, humidity and altitude factors; gas takes petrol's, except for altitude."""
    table = reference_table("china_guide_2014_weather.csv")
    petrol = table.filter(
        (pl.col("fuel") == "petrol") & (pl.col("type") == "mini") & (pl.col("vehicle") == "passenger")
    )
    gas = rows.filter(pl.col("fuel") == "other").select("vehicle", "type", "fuel").unique(maintain_order=True)
    as_petrol = gas.join(petrol.drop("vehicle", "type", "fuel"), how="cross").with_columns(
        altitude_gt_1500m=pl.lit(1.0)
    )
    both = pl.concat([table, as_petrol.select(table.columns)])
    columns = ["temp_lt_10", "temp_gt_25", "rh_lt_50", "rh_gt_50", "hot_rh_lt_50", "hot_rh_gt_50", "altitude_gt_1500m"]
    f = _filled(both, rows, ["vehicle", "type", "fuel"], columns)
    one = np.ones(f.shape[:2])
    temperature = np.stack([f[..., 0], one, f[..., 1]], axis=-1)
    humidity = np.stack(
        [np.stack([f[..., 2], one, f[..., 3]], axis=-1), np.stack([f[..., 4], one, f[..., 5]], axis=-1)], axis=-2
    )
    return temperature, humidity, np.stack([one, f[..., 6]], axis=-1)


def _speed(rows: pl.DataFrame) -> Array:
    """Return the factors of the bands; gas takes petrol's."""
    table = reference_table("china_guide_2014_speed.csv")
    gas = table.filter(pl.col("fuel") == "petrol").with_columns(fuel=pl.lit("other"))
    bands = _filled(pl.concat([table, gas]), rows, ["fuel", "stage"], list(SPEED_BANDS))
    return np.insert(bands, 2, 1.0, axis=-1)


@cache
def load_china() -> ChinaTable:
    """Load the packaged tables of the guide."""
    base = reference_table("china_guide_2014_base.csv")
    estimated = pl.col("pollutant").filter(pl.col("low_g_per_km").is_not_null()).str.join("|")
    rows = base.group_by(ROW, maintain_order=True).agg(estimated=estimated)
    wide = base.select(*ROW, "pollutant", "g_per_km")
    values = _filled(wide, rows, list(ROW), ["g_per_km"])[..., 0]
    assert base.height == values.size, "every row of the guide has every pollutant"
    temperature, humidity, altitude = _weather(rows)
    sulphur, levels = _wide(
        reference_table("china_guide_2014_sulphur.csv"), ["fuel", "stage"], "sulphur_ppm", SULPHUR_PPM
    )
    loads, steps = _wide(reference_table("china_guide_2014_load.csv"), [], "load_fraction", LOADS)
    loaded = rows.filter((pl.col("fuel") == "diesel") & pl.col("type").is_in(LOADED_TYPES)).select(ROW)
    years = tuple(float(y) for y in range(FIRST_YEAR + 1, LAST_YEAR + 1))
    ageing, by_year = _wide(reference_table("china_guide_2014_degradation.csv"), list(ROW), "inventory_year", years)
    return ChinaTable(
        rows=rows,
        base=np.ascontiguousarray(values),
        speed=_speed(rows),
        temperature=temperature,
        humidity=humidity,
        altitude=altitude,
        sulphur=_filled(sulphur, rows, ["fuel", "stage"], levels),
        load=_filled(loaded.join(loads, how="cross"), rows, list(ROW), steps),
        degradation=np.insert(_filled(ageing, rows, list(ROW), by_year), 0, 1.0, axis=-1),
        row_numbers={(r[0], r[1], r[2], r[3]): i for i, r in enumerate(rows.select(ROW).iter_rows())},
    )
