"""From registry rows to the weights of the kernels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import PART, base_stream
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import (
    CHANNELS,
    DAYS_PER_KM,
    DEGRADED,
    DRIVERS,
    IDLE_BASES,
    MEASURED,
    NO2_POINTS,
    ODOMETER,
    ROAD,
    URBAN,
)
from fleet_planner.factors.processes.idling import KINDS, hours_factor
from fleet_planner.factors.processes.nitrogen import ODOMETER_STEP_KM
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fleet_planner.factors.compiling.table import FactorTable

Array = NDArray[np.float64]
GROUP_MARK = "~"
"""Between the stream and the number in the name of a group of a stream; no stream has it."""

USES = ("taxi",)
"""Streams whose vehicles have factors of their own in some sets: the Chinese guide's taxis are driven to the end."""


CHANNEL_MEASURE = np.array([MEASURED.index(c.measure) if c.measure else -1 for c in CHANNELS], dtype=np.int64)
CHANNEL_DRIVER = np.array([DRIVERS.index(c.driver) if c.driver else -1 for c in CHANNELS], dtype=np.int64)
"""Column of the vehicle's measures and drivers that scales each channel; -1 where none does."""


@dataclass(frozen=True)
class FleetArrays:
    """A fleet as arrays.

    Parameters
    ----------
    km_per_day
        Vehicle-km of each registry row inside the city, average day, shape (N,).
    load
        0..1, shape (N,).
    entry
        Stream-technology pair of each row, shape (N,).
    measure
        Effect of the measures, columns `channels.MEASURED`, shape (N, M).
    driver
        Columns `channels.DRIVERS`, shape (N, D).
    entry_stream, entry_technology
        Shape (entries,), sorted by stream.
    stream_first
        Entries of stream ``s`` are ``stream_first[s]:stream_first[s + 1]``.
    """

    km_per_day: Array
    load: Array
    entry: NDArray[np.int64]
    measure: Array
    driver: Array
    entry_stream: NDArray[np.int64]
    entry_technology: NDArray[np.int64]
    stream_first: NDArray[np.int64]


def technologies_of(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct technologies of a fleet, sorted: the order of their ids."""
    return vehicles.select(TECHNOLOGY).unique().sort(TECHNOLOGY)


def technologies_by_use(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return `technologies_of`, then once more those of streams that some factor sets tell apart (`USES`).

    Parameters
    ----------
    vehicles
        `TECHNOLOGY` columns and ``stream``.

    Returns
    -------
    `TECHNOLOGY` columns and ``use``, "" for any.
    """
    used = vehicles.select(*TECHNOLOGY, use=use_of(USES)).unique().sort(*TECHNOLOGY, "use")
    return pl.concat([technologies_of(vehicles).with_columns(use=pl.lit("")), used.filter(pl.col("use") != "")])


def use_of(uses: Collection[str]) -> pl.Expr:
    """Return the use of a vehicle: its stream without marks of visitors, parts and groups, where among ``uses``."""
    stream = pl.col("stream").str.strip_prefix("visiting_").str.replace(rf"[{PART}{GROUP_MARK}].*$", "")
    return pl.when(stream.is_in(list(uses))).then(stream).otherwise(pl.lit(""))


def km_per_day(vehicles: pl.DataFrame) -> Array:
    """Return the vehicle-km of each registry row inside the city on the average day."""
    return (
        vehicles.select((pl.col("km_per_year") * pl.col("share_inside") * pl.col("count") / DAYS_PER_YEAR).alias("km"))[
            "km"
        ]
        .to_numpy()
        .astype(np.float64)
    )


@dataclass(frozen=True)
class FleetContext:
    """What the registry does not say of itself.

    Parameters
    ----------
    idle_hours
        Hours of idling beside the road per vehicle and day of the year, by stream and kind.
    """

    idle_hours: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def fleet_arrays(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    factors: FactorTable,
    streams: tuple[str, ...],
    context: FleetContext,
) -> FleetArrays:
    """Turn a fleet into arrays.

    Parameters
    ----------
    vehicles
        ``tables/columns/vehicles.csv``; technologies must be those of ``factors``.
    multipliers
        One column per pollutant and ``NO2_share_points``, same rows.
    factors
        Compiled factors.
    streams
        Order of the streams.
    context
        Hours of idling.
    """
    ids = factors.technologies.select(*TECHNOLOGY, "use", pl.col("technology_id").cast(pl.Int64))
    order = pl.DataFrame({"stream": list(streams), "stream_id": range(len(streams))})
    coded = (
        vehicles.select(*TECHNOLOGY, "stream", use=use_of(ids["use"].unique().to_list()))
        .join(ids, on=[*TECHNOLOGY, "use"], how="left", maintain_order="left")
        .join(order, on="stream", how="left", maintain_order="left")
    )
    stream = coded["stream_id"].to_numpy().astype(np.int64)
    technology = coded["technology_id"].to_numpy().astype(np.int64)
    n_t = factors.technologies.height
    pairs, entry = np.unique(stream * n_t + technology, return_inverse=True)
    entry_stream = pairs // n_t
    return FleetArrays(
        km_per_day=km_per_day(vehicles),
        load=vehicles["load_fraction"].to_numpy().astype(np.float64),
        entry=entry.astype(np.int64),
        measure=np.ascontiguousarray(multipliers.select(MEASURED).to_numpy().astype(np.float64)),
        driver=_drivers(vehicles, multipliers, factors, technology, context),
        entry_stream=entry_stream,
        entry_technology=pairs % n_t,
        stream_first=np.searchsorted(entry_stream, np.arange(len(streams) + 1)).astype(np.int64),
    )


def _column(vehicles: pl.DataFrame, name: str, missing: float) -> Array:
    """Return a column of numbers, ``missing`` where nothing is known."""
    if name not in vehicles.columns:
        return np.full(vehicles.height, missing)
    return vehicles[name].cast(pl.Float64).fill_null(missing).to_numpy().astype(np.float64)


def _drivers(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    factors: FactorTable,
    technology: NDArray[np.int64],
    context: FleetContext,
) -> Array:
    """Return what of each vehicle scales the channels, shape (N, drivers)."""
    out = np.ones((vehicles.height, len(DRIVERS)))
    odometer_km = _column(vehicles, "odometer_km", np.nan)
    _grow(out, factors, technology, odometer_km)
    out[:, DRIVERS.index(ODOMETER)] = np.nan_to_num(odometer_km) / ODOMETER_STEP_KM
    km = vehicles["km_per_year"].to_numpy().astype(np.float64)
    days = np.divide(DAYS_PER_YEAR, km, out=np.zeros_like(km), where=km > 0.0)
    out[:, DRIVERS.index(DAYS_PER_KM)] = days
    # NO2 = NOx x (share of the technology + points added by a measure), held in 0..1
    share = factors.no2_share[technology]
    points = np.clip(share + multipliers["NO2_share_points"].to_numpy(), 0.0, 1.0) - share
    out[:, DRIVERS.index(NO2_POINTS)] = points * out[:, DRIVERS.index(f"{URBAN}:NOx")]
    stream = vehicles["stream"].to_list()
    given = vehicles["idle_measures"].to_list() if "idle_measures" in vehicles.columns else [""] * len(stream)
    keys = {key: i for i, key in enumerate(dict.fromkeys(zip(stream, given, strict=True)))}
    place = np.array([keys[key] for key in zip(stream, given, strict=True)], dtype=np.int64)
    for kind in KINDS:
        for pollutant in IDLE_BASES:
            hours = np.array([_hours(key, kind, pollutant, context) for key in keys])
            out[:, DRIVERS.index(f"{kind}:{pollutant}")] = hours[place] * days
    return out


def _hours(key: tuple[str, str], kind: str, pollutant: str, context: FleetContext) -> float:
    """Return hours of idling per day of a stream under the measures against it."""
    stream, given = key
    hours = context.idle_hours.get(base_stream(stream), {}).get(kind, 0.0)
    return hours * hours_factor([m for m in given.split(",") if m], kind, pollutant)


def _grow(out: Array, factors: FactorTable, technology: NDArray[np.int64], odometer_km: Array) -> None:
    """Enter the factors of mileage; 1 where nothing grows."""
    for t, ageing in enumerate(factors.ageing):
        if not ageing:
            continue
        rows = np.flatnonzero(technology == t)
        for pollutant in DEGRADED:
            growth = ageing.get(pollutant)
            if growth is None:
                continue
            urban, road = (DRIVERS.index(f"{place}:{pollutant}") for place in (URBAN, ROAD))
            out[rows, urban], out[rows, road] = (part.at(odometer_km[rows]) for part in growth)
