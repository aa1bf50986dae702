"""What the state of charge adds to the layers of routes and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.pipeline.buses.simulate import Simulated


def made_feasible(done: Simulated) -> pl.DataFrame | None:
    """Return the share of each route's km in blocks that hold once they are made feasible."""
    remedies = done.feasibility.remedies
    if remedies.is_empty():
        return None
    kind, day = next(iter(done.days.items()))
    blocks = remedies.filter(kind_of_day=kind).select("block_id", made=pl.col("made_deficit_kwh") == 0.0)
    trips = day.movements.filter(pl.col("kind") == "trip").join(blocks, on="block_id", how="left")
    km, made = pl.col("km"), pl.col("made")
    share = pl.when(km.sum() > 0.0).then((km * made).sum() / km.sum()).otherwise(made.mean())
    return trips.group_by("route").agg(made_feasible_share=share)


def station_feasibility(done: Simulated) -> pl.DataFrame | None:
    """Return chargers and energy of each terminal where buses charge, in the weather in which most is charged."""
    sites = done.feasibility.sites
    if sites.is_empty():
        return None
    kind = next(iter(done.days))
    here = sites.filter((pl.col("kind_of_day") == kind) & (pl.col("site_kind") == "station"))
    most = here.sort("grid_kwh", descending=True, maintain_order=True).unique("site_id", maintain_order=True)
    return most.select(
        "chargers",
        "charger_kw",
        place="site_id",
        charger_added="added",
        charging_buses="buses",
        day_grid_kwh="grid_kwh",
    )
