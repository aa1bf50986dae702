"""Vehicles from outside: a stream of their own beside each local one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.check import VISITING, VKT
from fleet_planner.fleet.vocabulary import TECHNOLOGY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def visiting_vehicles(vehicles: pl.DataFrame, share: Mapping[str, float], path: Path) -> pl.DataFrame:
    """Return visiting vehicles: the local ones of their stream by technology and load, scaled.

    Parameters
    ----------
    vehicles
        The local fleet, ``tables/columns/vehicles.csv``.
    share
        Visiting vehicle-km as a fraction of the stream's local ones inside the city, by stream.
    path
        The registry, for the messages.

    Returns
    -------
    visiting
        Columns of ``vehicles``. ``count`` is the number of equivalent vehicles, the local number
        times the share; all of their ``km_per_year`` is inside. Sum of vehicle-km = share x local.

    Raises
    ------
    InputError
        A stream is not in the registry.
    """
    known = vehicles["stream"].unique().sort().to_list()
    parts = [vehicles.clear()]
    for stream, fraction in sorted(share.items()):
        if stream not in known:
            raise InputError(
                "fleet.visiting_share names a stream that the registry does not have",
                f"Use one of {', '.join(known)}.",
                file=path,
                column=f"fleet.visiting_share.{stream}",
                value=stream,
            )
        if fraction > 0.0:
            local = vehicles.filter(pl.col("stream") == stream)
            parts.append(visitors_of(local, stream, fraction).select(vehicles.columns))
    return pl.concat(parts)


def visitors_of(local: pl.DataFrame, stream: str, fraction: float) -> pl.DataFrame:
    """Return the visiting vehicles of one stream, see `visiting_vehicles`; ``local`` are the vehicles of the stream."""
    group = [*TECHNOLOGY, "load_fraction"]
    grouped = (
        local.group_by(group)
        .agg(
            VKT.sum().alias("vkt"),
            (pl.col("odometer_km") * VKT).sum().alias("odometer_vkt"),
            pl.col("count").sum(),
            pl.col("model_year").max(),
        )
        .sort(group)
    )
    count, vkt = pl.col("count"), pl.col("vkt")
    return grouped.with_row_index("n").with_columns(
        vehicle_id=pl.format("visiting-{}-{}", pl.lit(stream), pl.col("n")),
        stream=pl.lit(f"{VISITING}{stream}"),
        fuel_blend=pl.lit(""),
        visiting=pl.lit(value=True),
        gross_mass_kg=pl.lit(None, dtype=pl.Float64),
        odometer_km=pl.when(vkt > 0).then(pl.col("odometer_vkt") / vkt).otherwise(0.0),
        km_per_year=pl.when(count > 0).then(vkt / count).otherwise(0.0),
        share_inside=pl.lit(1.0),
        count=count * fraction,
        zone=pl.lit(""),
        depot=pl.lit(""),
        rule=pl.lit("visiting: technologies of the local vehicles of the stream"),
    )
