"""From registry rows to the weights of the kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.extras import ODOMETER
from fleet_planner.factors.nitrogen import ODOMETER_STEP_KM
from fleet_planner.factors.table import CHANNELS, POLLUTANTS, FactorTable
from fleet_planner.units import DAYS_PER_YEAR

Array = NDArray[np.float64]


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
    multiplier
        Measures and the technology's own scale, shape (N, channels).
    entry_stream, entry_technology
        Shape (entries,), sorted by stream.
    stream_first
        Entries of stream ``s`` are ``stream_first[s]:stream_first[s + 1]``.
    """

    km_per_day: Array
    load: Array
    entry: NDArray[np.int64]
    multiplier: Array
    entry_stream: NDArray[np.int64]
    entry_technology: NDArray[np.int64]
    stream_first: NDArray[np.int64]


def technologies_of(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct technologies of a fleet, sorted: the order of their ids."""
    return vehicles.select(TECHNOLOGY).unique().sort(TECHNOLOGY)


def km_per_day(vehicles: pl.DataFrame) -> Array:
    """Return the vehicle-km of each registry row inside the city on the average day."""
    return (
        vehicles.select((pl.col("km_per_year") * pl.col("share_inside") * pl.col("count") / DAYS_PER_YEAR).alias("km"))[
            "km"
        ]
        .to_numpy()
        .astype(np.float64)
    )


def fleet_arrays(
    vehicles: pl.DataFrame, multipliers: pl.DataFrame, factors: FactorTable, streams: tuple[str, ...]
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
    """
    ids = factors.technologies.select(*TECHNOLOGY, pl.col("technology_id").cast(pl.Int64))
    order = pl.DataFrame({"stream": list(streams), "stream_id": range(len(streams))})
    coded = (
        vehicles.select(*TECHNOLOGY, "stream")
        .join(ids, on=TECHNOLOGY, how="left", maintain_order="left")
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
        multiplier=_multiplier(multipliers, factors, technology, _odometer(vehicles)),
        entry_stream=entry_stream,
        entry_technology=pairs % n_t,
        stream_first=np.searchsorted(entry_stream, np.arange(len(streams) + 1)).astype(np.int64),
    )


def _odometer(vehicles: pl.DataFrame) -> Array:
    """Return the odometer of each registry row, km; zero where nothing is known."""
    if "odometer_km" not in vehicles.columns:
        return np.zeros(vehicles.height)
    return vehicles["odometer_km"].cast(pl.Float64).fill_null(0.0).to_numpy()


def fold_channels(values: Array) -> Array:
    """Add the odometer's part of a pollutant to it: shape (..., channels) to (..., pollutants)."""
    out = np.ascontiguousarray(values[..., : len(POLLUTANTS)])
    for c, name in enumerate(CHANNELS[len(POLLUTANTS) :], start=len(POLLUTANTS)):
        out[..., POLLUTANTS.index(name.removesuffix(ODOMETER))] += values[..., c]
    return out


def _multiplier(
    multipliers: pl.DataFrame, factors: FactorTable, technology: NDArray[np.int64], odometer_km: Array
) -> Array:
    """Combine the measures' multipliers with the technology's own scale, shape (N, channels).

    NO2 = NOx x (share of the technology + points added by a measure), so its multiplier is that of NOx.
    Channels of the odometer take it in steps of 100,000 km.
    """
    out = np.empty((technology.size, len(CHANNELS)))
    for p, name in enumerate(CHANNELS):
        if name.endswith(ODOMETER):
            own = multipliers[name.removesuffix(ODOMETER)].to_numpy()
            out[:, p] = own * odometer_km / ODOMETER_STEP_KM
        elif name == "NO2":
            points = multipliers["NO2_share_points"].to_numpy()
            share = np.clip(factors.scale[technology, p] + points, 0.0, 1.0)
            out[:, p] = multipliers["NOx"].to_numpy() * share
        else:
            out[:, p] = multipliers[name].to_numpy() * factors.scale[technology, p]
    return out
