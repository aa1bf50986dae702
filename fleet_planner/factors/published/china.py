"""The Chinese national guide of 2014 as a factor set: curves for a fleet and answers to single questions.

``ef = base * speed * temperature * humidity * altitude * sulphur * load * degradation`` (see `china_tables`).

Degradation. The guide gives one factor for each inventory year after 2014 by type, fuel and stage, and none by age:
the base factor is that of the stage's mean vehicle in 2014, and the factor of 2015 to 2018 tells how this mean
vehicle has aged since. It is read as what it says, a factor of the calendar year of the inventory; reading it by the
age of a vehicle would count the ageing that the base factor already holds once more. It is therefore not in the
curves; `degradation` returns it as a multiplier, alike for all vehicles of a technology. Petrol only: 1 for others.

Curves jump at the edges of the speed bands; on a speed grid the jump lies between two grid speeds. Load corrections
apply to diesel trucks from 4.5 t and buses. Road grade is not in the guide.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import GRADES, LOADS, MODES
from fleet_planner.factors.published.china_bands import (
    altitude_place,
    hot_weight,
    humidity_place,
    load_place,
    speed_place,
    sulphur_place,
    temperature_place,
    year_place,
)
from fleet_planner.factors.published.china_tables import (
    COVERED,
    FIRST_YEAR,
    LAST_YEAR,
    POLLUTANTS,
    SULPHUR_PPM,
    ChinaTable,
)
from fleet_planner.factors.published.china_types import GuideRow, guide_row
from fleet_planner.factors.set_curves import Covered, SetCurves

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]

KEY = ("category", "fuel", "segment", "standard")
BASE_SULPHUR_PPM = {"petrol": 50.0, "diesel": 350.0, "other": 50.0}
"""Sulphur of the base factors; gas has no sulphur correction."""
OPTIONS = {
    "temperature_c": 15.0,
    "humidity_pct": 50.0,
    "altitude_m": 0.0,
    "inventory_year": 2014.0,
}
"""Optional columns of questions with the guide's base condition."""


def _guide_rows(table: ChinaTable, technologies: pl.DataFrame) -> list[GuideRow]:
    streams = technologies["stream"].to_list() if "stream" in technologies.columns else [""] * technologies.height
    return [
        guide_row(table, *row, stream=stream or "")
        for row, stream in zip(technologies.select(KEY).iter_rows(), streams, strict=True)
    ]


def china_curves(
    table: ChinaTable,
    technologies: pl.DataFrame,
    grid_kmh: Array,
    conditions: Conditions,
    *,
    interpolate: bool = False,
) -> SetCurves:
    """Return the guide's curves for the technologies of a fleet, without degradation.

    Parameters
    ----------
    table
        From `load_china`.
    technologies
        Columns `axes.TECHNOLOGY`; an optional column ``stream`` tells taxis from cars.
    grid_kmh
        Speeds, shape (S,).
    conditions
        Weather, altitude and sulphur; the corrections are evaluated in every month and hour, then averaged over the
        hours of each class.
    interpolate
        Between the middles of the bands instead of the guide's steps.

    Returns
    -------
    Technologies that the guide does not cover have no pollutant; ``replaced`` says why.
    """
    found = _guide_rows(table, technologies)
    used = np.array(sorted({f.row for f in found if f.row >= 0}), dtype=np.int64)
    place = {int(row): i for i, row in enumerate(used)}
    pollutants = len(COVERED)
    temperature, humidity, altitude, sulphur, load, speed, base = (
        part[used, :pollutants]
        for part in (
            table.temperature, table.humidity, table.altitude, table.sulphur, table.load, table.speed, table.base,
        )
    )  # fmt: skip

    def weather(temperature_c: Array, humidity_pct: Array) -> Array:
        hot = hot_weight(temperature_c, interpolate=interpolate)
        cool, warm = (humidity_place(humidity_pct, interpolate=interpolate).of(humidity[..., i, :]) for i in (0, 1))
        of_temperature = temperature_place(temperature_c, interpolate=interpolate).of(temperature)
        return np.moveaxis(of_temperature * (cool * (1.0 - hot) + warm * hot), -1, 0)

    fuels = table.rows["fuel"].to_numpy()[used]
    diesel = (fuels == "diesel")[:, None]
    of_sulphur = np.where(
        diesel,
        sulphur_place([conditions.diesel_sulphur_ppm]).of(sulphur)[..., 0],
        sulphur_place([conditions.petrol_sulphur_ppm]).of(sulphur)[..., 0],
    )
    of_altitude = altitude_place([conditions.altitude_m], interpolate=interpolate).of(altitude)[..., 0]
    level = conditions.mean(weather) * (base * of_sulphur * of_altitude)  # (K, U, P)
    of_load = load_place(LOADS).of(load)  # (U, P, 3)
    of_speed = speed_place(grid_kmh, interpolate=interpolate).of(speed)  # (U, P, S)
    curves = level[..., None, None] * of_load[..., None] * of_speed[:, :, None, :]  # (K, U, P, 3, S)
    shape = curves.shape[:4]
    rows = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)

    def index(at: int, pollutant: int) -> NDArray[np.int32]:
        by_condition = np.repeat(rows[:, at, pollutant], len(MODES), axis=0)
        return np.repeat(by_condition[:, :, None], len(GRADES), axis=2)

    return SetCurves(
        curves=np.ascontiguousarray(curves.reshape(-1, len(grid_kmh))),
        technologies=tuple(
            Covered(
                index={p: index(place[f.row], i) for i, p in enumerate(COVERED)} if f.row >= 0 else {},
                replaced=f.replaced,
                notes=f.notes,
            )
            for f in found
        ),
    )


def degradation(table: ChinaTable, technologies: pl.DataFrame, inventory_year: int) -> Array:
    """Return the multiplier of ageing since 2014 of each technology.

    Parameters
    ----------
    table
        From `load_china`.
    technologies
        As in `china_curves`.
    inventory_year
        Before 2014 the multiplier is 1; after 2018 that of 2018 is held.

    Returns
    -------
    Shape (technologies, len(COVERED)); 1 for technologies that the guide does not cover.
    """
    by_year = year_place([inventory_year]).of(table.degradation[:, : len(COVERED)])[..., 0]
    rows = np.array([f.row for f in _guide_rows(table, technologies)], dtype=np.int64)
    return np.where((rows >= 0)[:, None], by_year[rows], 1.0)


def emission_factors(
    table: ChinaTable,
    row: ArrayLike,
    pollutant: ArrayLike,
    *,
    speed_kmh: ArrayLike,
    temperature_c: ArrayLike = 15.0,
    humidity_pct: ArrayLike = 50.0,
    altitude_m: ArrayLike = 0.0,
    sulphur_ppm: ArrayLike = np.nan,
    load: ArrayLike = 0.5,
    inventory_year: ArrayLike = 2014.0,
    interpolate: bool = False,
) -> Array:
    """Return the product of the guide for rows and pollutants of its tables, all arguments shape (n,) or single.

    Parameters
    ----------
    row, pollutant
        Row of the table; place in `POLLUTANTS`.
    speed_kmh, temperature_c, humidity_pct, altitude_m, load, inventory_year
        Conditions; load is a fraction. Without them the guide's base conditions.
    sulphur_ppm
        NaN is the sulphur of the base factor: 50 ppm for petrol, 350 for diesel.
    interpolate
        Between the middles of the bands instead of the guide's steps.

    Returns
    -------
    g/km, shape (n,).
    """
    given = (row, pollutant, speed_kmh, temperature_c, humidity_pct, altitude_m, sulphur_ppm, load, inventory_year)
    r, p, v, t, h, a, s, part, year = np.broadcast_arrays(*(np.atleast_1d(x) for x in given))
    r, p = r.astype(np.int64), p.astype(np.int64)
    of_base = np.array([BASE_SULPHUR_PPM[f] for f in table.rows["fuel"]])
    hot = hot_weight(t, interpolate=interpolate)
    moist = humidity_place(h, interpolate=interpolate)
    cool, warm = (moist.each(table.humidity[:, :, i], r, p) for i in (0, 1))
    out: Array = table.base[r, p] * (cool * (1.0 - hot) + warm * hot)
    for place, factors in (
        (speed_place(v, interpolate=interpolate), table.speed),
        (temperature_place(t, interpolate=interpolate), table.temperature),
        (altitude_place(a, interpolate=interpolate), table.altitude),
        (sulphur_place(np.where(np.isnan(s), of_base[r], s)), table.sulphur),
        (load_place(part), table.load),
        (year_place(year), table.degradation),
    ):
        out *= place.each(factors, r, p)
    return out


def evaluate_china(table: ChinaTable, asked: pl.DataFrame, *, interpolate: bool = False) -> pl.DataFrame:
    """Answer questions with the guide's product.

    Parameters
    ----------
    table
        From `load_china`.
    asked
        ``query``, ``category, fuel, segment, standard``, ``pollutant``, ``speed_kmh_value``, ``load_value``,
        ``slope_value``; optional ``stream``, ``temperature_c``, ``humidity_pct``, ``altitude_m``, ``sulphur_ppm``,
        ``inventory_year``. Nulls are the guide's base conditions. Mode and aftertreatment are not in the guide.
    interpolate
        Between the middles of the bands instead of the guide's steps.

    Returns
    -------
    ``query, ef, note, error``, one row per question in their order; ``ef`` in g/km, null where there is an error.
    """
    key = [*KEY, *(["stream"] if "stream" in asked.columns else [])]
    named = asked.select(key).unique(maintain_order=True)
    rows = _guide_rows(table, named)
    resolved = named.with_columns(
        pl.Series("row", [f.row for f in rows], dtype=pl.Int64),
        pl.Series("replaced", [f.replaced for f in rows], dtype=pl.String),
        pl.Series("flags", [", ".join(f.notes) for f in rows], dtype=pl.String),
    )
    at = pl.col("pollutant").replace_strict(
        {p: i for i, p in enumerate(POLLUTANTS)}, default=None, return_dtype=pl.Int64
    )
    wide = asked.join(resolved, on=key, how="left", maintain_order="left", nulls_equal=True).with_columns(at=at)
    wide = wide.with_columns(error=_errors(wide))
    good = wide.filter(pl.col("error") == "")

    def column(name: str, base: float) -> Array:
        return good[name].cast(pl.Float64).fill_null(base).to_numpy() if name in good.columns else np.array([base])

    options = {name: column(name, base) for name, base in OPTIONS.items()}
    ef = emission_factors(
        table,
        good["row"].to_numpy(),
        good["at"].to_numpy(),
        speed_kmh=good["speed_kmh_value"].to_numpy(),
        load=column("load_value", 0.5),
        temperature_c=options["temperature_c"],
        humidity_pct=options["humidity_pct"],
        altitude_m=options["altitude_m"],
        inventory_year=options["inventory_year"],
        sulphur_ppm=column("sulphur_ppm", np.nan),
        interpolate=interpolate,
    )
    values = np.full(wide.height, np.nan)
    values[(wide["error"] == "").to_numpy()] = ef
    return wide.select("query", pl.Series("ef", values).fill_nan(None), note=_note(wide), error=pl.col("error"))


def _errors(wide: pl.DataFrame) -> pl.Expr:
    unknown = wide.filter(pl.col("at").is_null())["pollutant"].unique().to_list()
    hints = {p: difflib.get_close_matches(p or "", POLLUTANTS, n=1) for p in unknown}
    no_pollutant = {
        p: f"no factor for pollutant {p!r}; the guide has {', '.join(POLLUTANTS)}"
        + (f". Did you mean {near[0]}?" if near else "")
        for p, near in hints.items()
    }
    speed = pl.col("speed_kmh_value")
    numbers = [c for c in ("load_value", "sulphur_ppm", *OPTIONS) if c in wide.columns]
    finite = [pl.col(c).cast(pl.Float64).is_finite().fill_null(value=True) for c in numbers]
    text = pl.col("pollutant").replace_strict(no_pollutant, default="", return_dtype=pl.String)
    return (
        pl.when(pl.col("row") < 0)
        .then(pl.format("not in this set: {}", "replaced"))
        .when(pl.col("at").is_null())
        .then(text)
        .when(speed.is_null() | ~speed.is_finite() | (speed < 0.0))
        .then(pl.lit("speed_kmh must be 0 or more"))
        .when(~pl.all_horizontal(finite))
        .then(pl.lit("load and conditions must be finite"))
        .otherwise(pl.lit(""))
    )


def _note(wide: pl.DataFrame) -> pl.Expr:
    load = pl.col("load_value")
    held = [
        pl.when(~pl.col(column).is_between(low, high)).then(
            pl.format("{} held at {}", pl.lit(words), pl.col(column).clip(low, high))
        )
        for column, words, low, high in (
            ("sulphur_ppm", "sulphur (ppm)", SULPHUR_PPM[0], SULPHUR_PPM[-1]),
            ("inventory_year", "ageing of the inventory year", FIRST_YEAR, LAST_YEAR),
        )
        if column in wide.columns
    ]
    remarks = [
        pl.when(pl.col("replaced") != "").then(pl.format("stand-in: {}", "replaced")),
        pl.when(pl.col("flags") != "").then(pl.format("flagged: {}", "flags")),
        pl.when(~load.is_between(0.0, 1.0)).then(pl.format("load held at {}", load.clip(0.0, 1.0))),
        pl.when(pl.col("slope_value").fill_null(0.0) != 0.0).then(pl.lit("slope is not in the guide")),
        *held,
    ]
    whole = pl.concat_str(remarks, separator="; ", ignore_nulls=True)
    return pl.when(pl.col("error") == "").then(whole).otherwise(pl.lit(""))
