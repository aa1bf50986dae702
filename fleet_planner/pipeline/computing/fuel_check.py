"""Fuel as a check: emissions per kg of fuel against published means, fuel burnt against fuel sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.processes.fuels import tank
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.processes.fuels import FuelFactors
    from fleet_planner.inventory import Inventory

CHECKED = ("CO", "NMVOC", "NOx", "PM_exhaust", "N2O", "NH3")
IMPLAUSIBLY_LOW = 0.05


def fuel_table(inventory: Inventory, fuels: FuelFactors) -> pl.DataFrame:
    """Return fuel and emissions per kg of it by category and fuel in the tank.

    Returns
    -------
    ``category, fuel, pollutant, fuel_t_per_year, g_per_kg_fuel, low, high, within``: the range is that of the
    guidebook's Tier 1 means over Europe's fleets, null where there is none; ``within`` is yes, no or null.
    """
    heat = {f: float(v) for f, v in fuels.mj_per_kg.items()}
    frame = (
        inventory.by_technology.filter(pl.col("energy_MJ_per_day") > 0.0)
        .with_columns(fuel=pl.col("fuel").map_elements(tank, return_dtype=pl.String))
        .filter(pl.col("fuel").is_in(list(heat)))
        .group_by("category", "fuel")
        .agg(pl.col("energy_MJ_per_day").sum(), *(pl.col(f"{p}_per_day").sum() for p in CHECKED))
        .sort("category", "fuel")
        .with_columns(kg=pl.col("energy_MJ_per_day") / pl.col("fuel").replace_strict(heat, return_dtype=pl.Float64))
    )
    long = pl.concat(
        frame.select(
            "category",
            "fuel",
            pl.lit(p).alias("pollutant"),
            (pl.col("kg") * DAYS_PER_YEAR / KG_PER_T).alias("fuel_t_per_year"),
            (pl.col(f"{p}_per_day") / pl.col("kg")).alias("g_per_kg_fuel"),
        )
        for p in CHECKED
    )
    ranges = reference_table("tier1_per_fuel.csv").select(
        "category", "fuel", "pollutant", pl.col("low", "high").cast(pl.Float64)
    )
    within = pl.col("g_per_kg_fuel").is_between(pl.col("low"), pl.col("high"))
    return (
        long.join(ranges, on=["category", "fuel", "pollutant"], how="left", maintain_order="left")
        .with_columns(within=pl.when(within).then(pl.lit("yes")).when(~within).then(pl.lit("no")))
        .sort("category", "fuel", "pollutant", maintain_order=True)
    )


def fuel_burnt_t(inventory: Inventory, fuels: FuelFactors) -> dict[str, float]:
    """Return the fuel burnt a year by fuel in the tank, t."""
    out: dict[str, float] = {}
    for fuel, energy in inventory.by_technology.select("fuel", "energy_MJ_per_day").iter_rows():
        heat = fuels.mj_per_kg.get(tank(fuel))
        if heat:
            out[tank(fuel)] = out.get(tank(fuel), 0.0) + energy * DAYS_PER_YEAR / heat / KG_PER_T
    return out


def closure(burnt_t: Mapping[str, float], sold_t: Mapping[str, float]) -> dict[str, float]:
    """Return fuel burnt over fuel sold, for the fuels that the plan gives."""
    return {fuel: burnt_t.get(fuel, 0.0) / sold for fuel, sold in sold_t.items()}


def fuel_findings(table: pl.DataFrame, burnt_t: Mapping[str, float], sold_t: Mapping[str, float]) -> list[Finding]:
    """Say which fleet means are odd, and how burnt and sold fuel compare.

    Odd is above the highest European mean, or far below the lowest: newer fleets are cleaner than those of the
    publication, so that a mean somewhat below it is expected.
    """
    out = []
    value = pl.col("g_per_kg_fuel")
    odd = (value > pl.col("high")) | (value < IMPLAUSIBLY_LOW * pl.col("low"))
    for row in table.filter(odd.fill_null(value=False)).iter_rows(named=True):
        values = {
            "category": row["category"],
            "fuel": row["fuel"],
            "pollutant": row["pollutant"],
            "value": f"{row['g_per_kg_fuel']:.3g}",
            "low": f"{row['low']:g}",
            "high": f"{row['high']:g}",
        }
        out.append(Finding("inventory.per_fuel", "warning", values))
    for fuel, ratio in closure(burnt_t, sold_t).items():
        values = {
            "fuel": fuel,
            "burnt": f"{burnt_t.get(fuel, 0.0):,.0f}",
            "sold": f"{sold_t[fuel]:,.0f}",
            "ratio": f"{100.0 * ratio:.1f}",
        }
        out.append(Finding("inventory.fuel_closure", "info", values))
    return out


def scaled_km(vehicles: pl.DataFrame, ratio: Mapping[str, float]) -> pl.DataFrame:
    """Return the fleet with its kilometres divided by burnt over sold fuel of each fuel in the tank."""
    by_tank = pl.col("fuel").map_elements(lambda f: 1.0 / ratio.get(tank(f), 1.0), return_dtype=pl.Float64)
    return vehicles.with_columns(km_per_year=pl.col("km_per_year") * by_tank)
