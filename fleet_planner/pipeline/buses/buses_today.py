"""The engine and electric buses of a registry: what they emit and use per km, from the baseline's inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.figures import Engine
from fleet_planner.economics.valuation import valuation
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.units import DAYS_PER_YEAR, G_PER_T, KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.transition.model import Float, Int
    from fleet_planner.pipeline.prepare import Prepared

SIZE_OF_SEGMENT = {
    "Urban Buses Midi <=15 t": "midi",
    "Urban Buses Standard 15 - 18 t": "standard",
    "Urban Buses Articulated >18 t": "articulated",
    "Coaches Standard <=18 t": "coach",
    "Coaches Articulated >18 t": "coach",
}
POWERTRAIN_OF_FUEL = {"electricity": "battery", "hydrogen": "hydrogen"}
G_OF = {"nox_g_per_km": "NOx", "pm_g_per_km": "PM_exhaust", "co2_g_per_km": "CO2"}


def values_of(ready: Prepared, year: int) -> dict[str, float]:
    """Return what a gram of each pollutant weighs in the objective."""
    section = ready.plan.buses.transition
    if section.pollutant != "damage":
        return {section.pollutant: 1.0 / G_PER_T}
    worth = valuation(
        ready.plan.city.country, year, ready.plan.comparison, ready.plan.economics.social_carbon_usd_per_t
    )
    out = {name: value.usd_per_t / G_PER_T for name, value in worth.damages.items()}
    if "PM2.5" in out:
        out["PM_exhaust"] = out["PM2.5"]
    return out | {"CO2": worth.carbon.usd_per_t / G_PER_T}


def buses_of_today(ready: Prepared, values: Mapping[str, float]) -> pl.DataFrame:
    """Return the rows of the buses of today with what they emit and use per km."""
    section = ready.plan.buses.transition
    state, inventory = ready.computed.on_vehicles[0]
    rows = state.vehicles.with_row_index("at").filter(
        pl.col("stream").is_in(section.streams) & ~pl.col("visiting") & (pl.col("count") > 0.0)
    )
    if rows.is_empty():
        streams = state.vehicles.filter(~pl.col("visiting"))["stream"].unique().to_list()
        raise PlanError(
            "no vehicle of the registry drives the blocks",
            use_one_of(section.streams[0] if section.streams else "", streams),
            column="buses.transition.streams",
            value=", ".join(section.streams),
        )
    at = rows["at"].to_numpy()
    emitted = inventory.vehicle[at]
    km_day = np.maximum((rows["count"] * rows["km_per_year"] * rows["share_inside"]).to_numpy() / DAYS_PER_YEAR, 1e-12)

    def per_km(pollutant: str) -> Float:
        return np.asarray(emitted[:, inventory.pollutants.index(pollutant)] / km_day)

    known = [p for p in values if p in inventory.pollutants]
    harm = sum((per_km(p) * values[p] for p in known), np.zeros(rows.height))
    fuel = {f: tank(f) for f in rows["fuel"].unique()}
    electric = (
        per_km("electricity_kwh") * ready.priced.grid.of_differences / KG_PER_T * values.get("CO2", 0.0) * G_PER_T
    )
    return rows.select(
        "vehicle_id",
        "fuel",
        "standard",
        "model_year",
        "odometer_km",
        "km_per_year",
        pl.col("count").cast(pl.Float64),
        depot_id=pl.col("depot").fill_null(""),
        bus_type=pl.col("segment").replace_strict(SIZE_OF_SEGMENT, default="standard", return_dtype=pl.String),
        tank=pl.col("fuel").replace_strict(fuel, return_dtype=pl.String),
        powertrain=pl.col("fuel").replace_strict(POWERTRAIN_OF_FUEL, default="existing", return_dtype=pl.String),
        harm_per_km=pl.Series(harm + electric),
        mj_per_km=pl.Series(per_km("energy_MJ")),
        kwh_per_km=pl.Series(per_km("electricity_kwh")),
        **{column: pl.Series(per_km(pollutant)) for column, pollutant in G_OF.items()},
    )


def engine_of(ready: Prepared, vehicles: pl.DataFrame, bus_types: Sequence[str], years: Int) -> Engine:
    """Return use and emissions per km of engine buses: today's by pool, and the newest as those of new ones."""
    engines = vehicles.filter(pl.col("powertrain") == "existing")
    prices = ready.priced.outlook.prices
    if engines.is_empty():
        nothing = np.zeros(len(bus_types))
        return Engine("diesel", nothing, nothing, np.zeros(years.size), nothing, nothing)
    by_tank = engines.group_by("tank").agg(weight=(pl.col("mj_per_km") * pl.col("km_per_year")).sum()).sort("tank")
    total = float(by_tank["weight"].sum()) or 1.0
    price = np.zeros(years.size)
    for name, weight in by_tank.select("tank", "weight").iter_rows():
        price += weight / total * np.array([prices.fuel(name, int(y)) + prices.fuel_tax(name) for y in years])
    last = engines.sort("model_year", descending=True)["tank"][0]
    return Engine(
        fuel=str(last),
        mj=mean_of(engines, bus_types, "mj_per_km"),
        mj_new=newest(vehicles, bus_types, "mj_per_km"),
        usd_per_mj=price,
        harm=mean_of(engines, bus_types, "harm_per_km"),
        harm_new=newest(vehicles, bus_types, "harm_per_km"),
    )


def mean_of(engines: pl.DataFrame, bus_types: Sequence[str], column: str) -> Float:
    """Return the mean of today's engine buses by pool, weighted with km; of all where a pool has none."""
    km = pl.col("km_per_year").fill_null(0.0) + 1e-9
    every = float(engines.select((pl.col(column) * km).sum() / km.sum()).item())
    rows = engines.group_by("pool").agg(((pl.col(column) * km).sum() / km.sum()).alias("v")).iter_rows()
    by_pool = dict(rows)
    return np.array([by_pool.get(k, every) for k in range(len(bus_types))])


def newest(vehicles: pl.DataFrame, bus_types: Sequence[str], column: str) -> Float:
    """Return the mean of the newest engine buses of each size, of all sizes where a size has none."""
    engines = vehicles.filter(pl.col("powertrain") == "existing")
    if engines.is_empty():
        return np.zeros(len(bus_types))
    out = []
    for size in bus_types:
        own = engines.filter(pl.col("bus_type") == size)
        own = own if own.height else engines
        last = own.filter(pl.col("model_year") == pl.col("model_year").max())
        out.append(float(last.select(pl.col(column).mean()).item() or 0.0))
    return np.array(out)
