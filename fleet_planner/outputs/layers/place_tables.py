"""Vehicles and their emissions by home zone and by depot, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.fleet.check import VKT
from fleet_planner.outputs.layers import frames
from fleet_planner.pipeline.computing.places import NONE, PLACED, VISITING, how_tied
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from fleet_planner.network.home_places import Kind
    from fleet_planner.pipeline.telling.results import Results, ScenarioResult

ZERO_EMISSION = "zero_emission"
LAYER = {"zone": "home_zones", "depot": "depots"}


def has_places(results: Results, kind: Kind) -> bool:
    """Return whether the registry or the plan names places of a kind."""
    vehicles = results.fleet.vehicles
    return results.places.of(kind) is not None or bool((vehicles[kind].fill_null("") != "").any())


def by_place(results: Results, kind: Kind) -> pl.DataFrame:
    """Return vehicles, vehicle-km inside and emissions a day by scenario and home (``tables/columns/by_<kind>.csv``).

    The rows of a scenario add up to its road traffic: vehicles without a home and visiting ones have rows of their own.
    """
    known = frames.specs()
    parts = []
    for result in results.scenarios:
        names = result.inventory.pollutants
        sums = homes_of(results, result, kind)
        parts.append(
            sums.select(
                pl.lit(result.fleet.name).alias("scenario"),
                *(kind, "tie", "vehicles", "zero_emission_vehicles", "vkt_km_per_day"),
                *((pl.col(n) / frames.scale_of(known[n])).alias(frames.day_name(known[n])) for n in names),
            )
        )
    return pl.concat(parts)


def homes_of(results: Results, result: ScenarioResult, kind: Kind) -> pl.DataFrame:
    """Return vehicles, vehicle-km inside and emissions a day of one scenario by home."""
    inventory = result.inventory
    frame = result.fleet.vehicles.with_columns(
        pl.Series(name, inventory.vehicle[:, p]) for p, name in enumerate(inventory.pollutants)
    ).with_columns(pl.col(kind).fill_null(""), tie=how_tied(kind, results.places.of(kind)))
    order = pl.col("tie").replace_strict({PLACED: 0, "name_only": 1, NONE: 2, VISITING: 3}, return_dtype=pl.Int64)
    home = pl.when(pl.col("tie").is_in([NONE, VISITING])).then(pl.lit("")).otherwise(kind).alias(kind)
    return (
        frame.with_columns(home)
        .group_by(kind, "tie")
        .agg(
            pl.col("count").sum().alias("vehicles"),
            pl.col("count").filter(standard=ZERO_EMISSION).sum().alias("zero_emission_vehicles"),
            (VKT.sum() / DAYS_PER_YEAR).alias("vkt_km_per_day"),
            pl.col(inventory.pollutants).sum(),
        )
        .sort(order, kind)
    )


def place_layer(results: Results, kind: Kind) -> pl.DataFrame:
    """Return one row per place with geometry, in its order: vehicles, vehicle-km, the map's pollutants by scenario."""
    places = results.places.of(kind)
    assert places is not None
    frame = pl.DataFrame({kind: list(places.names)})
    for k, result in enumerate(results.scenarios):
        sums = homes_of(results, result, kind).filter(tie=PLACED)
        columns = [
            (pl.col(s.pollutant) / frames.scale_of(s)).alias(frames.day_column(s, result.fleet.name))
            for s in frames.map_specs(results)
        ]
        first = ["vehicles", "vkt_km_per_day"] if k == 0 else []
        frame = frame.join(sums.select(kind, *first, *columns), on=kind, how="left", maintain_order="left")
    return frame.fill_null(0.0)
