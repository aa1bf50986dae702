"""What people breathe of each kind of vehicle, and the damage of a kilometre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.effectiveness import weights
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, G_PER_KG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.scenarios import ScenarioFleet

Float = NDArray[np.float64]
CLASS = ("stream", "category", "fuel", "standard", "aftertreatment")
HEADS = (
    *("scenario", "pollutant", *CLASS, "vehicles", "km_per_day", "emitted_kg_per_day", "exposure_people_ug_m3"),
    *("exposure_share", "breathed_ug_per_km", "damage_usd2024_per_km"),
)


def exposure_by_class(
    air: AirResult | None, states: Sequence[tuple[ScenarioFleet, Inventory]], health: pl.DataFrame
) -> pl.DataFrame:
    """Return exposure by stream and technology (``tables/columns/exposure_by_class.csv``); no rows without the air.

    Parameters
    ----------
    air
        What people breathe of each row of vehicles.
    states
        Fleets and inventories, the baseline first.
    health
        ``tables/columns/health.csv``: where a pollutant is valued by its concentration, its value is shared out by
        exposure.
    """
    if air is None:
        return pl.DataFrame()
    breathing = float(reference_table("air_figures.csv").filter(figure="breathing")["value"].item())
    sums = weights()
    parts = []
    for state, inventory in states:
        exposed = air.vehicles[state.name]
        km = pl.col("count") * pl.col("km_per_year") * pl.col("share_inside") / DAYS_PER_YEAR
        for q in range(exposed.shape[1]):
            name = air.pollutants[q]
            mixed = sums.get(name, {name: 1.0})
            columns = [inventory.pollutants.index(p) for p in mixed]
            kg = inventory.vehicle[:, columns] @ np.array(list(mixed.values())) / G_PER_KG
            frame = state.vehicles.select(*CLASS, "count", km=km).with_columns(
                kg=pl.Series(kg), exposed=pl.Series(np.ascontiguousarray(exposed[:, q]))
            )
            value = _usd_per_year(health, state.name, name)
            parts.append(_rows(frame, state.name, name, breathing, value))
    return pl.concat(parts)


def _rows(frame: pl.DataFrame, scenario: str, pollutant: str, breathing: float, value: float | None) -> pl.DataFrame:
    total = float(frame["exposed"].sum())
    per_exposure = value / total if value is not None and total > 0.0 else None
    by = frame.group_by(CLASS).agg(
        pl.col("count").sum().alias("vehicles"),
        pl.col("km").sum().alias("km_per_day"),
        pl.col("kg").sum().alias("emitted_kg_per_day"),
        pl.col("exposed").sum().alias("exposure_people_ug_m3"),
    )
    driven = pl.when(pl.col("km_per_day") > 0.0)
    exposed = pl.col("exposure_people_ug_m3")
    return (
        by.filter(pl.col("km_per_day") > 0.0)
        .with_columns(
            scenario=pl.lit(scenario),
            pollutant=pl.lit(pollutant),
            exposure_share=exposed / total if total > 0.0 else pl.lit(None, dtype=pl.Float64),
            breathed_ug_per_km=driven.then(exposed * breathing / pl.col("km_per_day")),
            damage_usd2024_per_km=driven.then(
                pl.lit(per_exposure, dtype=pl.Float64) * exposed / (pl.col("km_per_day") * DAYS_PER_YEAR)
            ),
        )
        .sort("exposure_people_ug_m3", *CLASS, descending=[True, *[False] * len(CLASS)])
        .select(HEADS)
    )


def _usd_per_year(health: pl.DataFrame, scenario: str, pollutant: str) -> float | None:
    """Return what a pollutant costs a year by its concentration near roads; nothing where it is valued otherwise."""
    if not health.height:
        return None
    own = health.filter(scenario=scenario, pollutant=pollutant, route="concentration", effect="value")
    own = own.filter(pl.col("part").is_in(["primary", "apart"]))
    return float(own["value"].sum()) if own.height else None
