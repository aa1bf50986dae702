"""What a fleet of buses uses by kind of day, weather and type, beside what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.energy.measured import OUTSIDE, published_range, range_status
from fleet_planner.buses.energy.movement import first_and_layover
from fleet_planner.factors.processes.heater import POLLUTANTS, load_heater
from fleet_planner.findings import Finding
from fleet_planner.units import G_PER_KG, G_PER_T, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from fleet_planner.buses.model import DayEnergy, Float, ServiceDay
    from fleet_planner.plan.buses_energy import BusEnergyPlan

PER_DAY = (
    *("km", "hours", "kwh", "layover_kwh", "plug_kwh", "heater_litres", "heater_co2_kg"),
    *("heater_nox_g", "heater_pm_exhaust_g", "heater_co_g", "heater_voc_g"),
)
"""Columns of `energy_table` that hold amounts of a day."""

HEATER_G = ("CO2", *POLLUTANTS)
"""What a heater emits and `heater_emissions_g` returns."""


def heater_emissions_g(fuel_mj: Float) -> dict[str, Float]:
    """Return what burning diesel in heaters emits, g by pollutant, with the litres under ``litres``.

    Factors per kg of fuel of ``reference/fuel_heater.csv`` and the fuel's own carbon; the heater has no aftertreatment.
    """
    heater = load_heater()
    kg = np.asarray(fuel_mj, dtype=np.float64) / heater.heating_mj_per_kg
    out = {pollutant: kg * heater.figures[pollutant]["value"] for pollutant in POLLUTANTS}
    return out | {"CO2": kg * heater.co2_kg_per_kg * G_PER_KG, "litres": kg / heater.density_kg_per_l}


def energy_table(
    day: ServiceDay, energy: Sequence[DayEnergy], section: BusEnergyPlan
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the use of energy of a day in each case of weather by type of bus (``energy.csv``), and what failed.

    Use per km is all that leaves the battery, layovers included, over all km, empty ones included: what an operator
    reads at the end of the day. A mean outside the published range of its size and temperature is a finding.
    """
    km = day.movements["km"].to_numpy().astype(np.float64)
    kind = day.movements.join(day.blocks.select("block_id", "bus_type"), on="block_id", maintain_order="left")
    hours = (day.movements["end_s"] - day.movements["start_s"]).to_numpy() / S_PER_H
    _, layover_s = first_and_layover(day)
    rows: list[dict[str, Any]] = []
    findings = []
    for name in kind["bus_type"].unique().sort().to_list():
        mine = (kind["bus_type"] == name).to_numpy()
        total = float(km[mine].sum())
        if total <= 0.0:
            continue
        heating = section.heating_by_type.get(name, section.heating)
        for one in energy:
            row = _row(one, mine, layover_s) | {"hours": float(hours[mine].sum() + layover_s[mine].sum() / S_PER_H)}
            use = row["kwh"] / total
            status = range_status(name, one.temperature_c, use, heating)
            low, high = published_range(name, one.temperature_c, heating) or (None, None)
            if status == OUTSIDE:
                values: dict[str, str | int | float] = {
                    "type": name, "case": one.case, "kwh_per_km": f"{use:.2f}", "celsius": f"{one.temperature_c:.0f}",
                    "low": f"{low:.2f}", "high": f"{high:.2f}", "day": day.kind,
                }  # fmt: skip
                findings.append(Finding("buses.energy_outside_range", "failed", values))
            rows.append(
                {"kind_of_day": day.kind, "weather": one.case, "bus_type": name, "temperature_c": one.temperature_c,
                 "heating": heating, "blocks": int(kind.filter(pl.col("bus_type") == name)["block_id"].n_unique()),
                 "km": total, "kwh_per_km": use, "published_low_kwh_per_km": low, "published_high_kwh_per_km": high,
                 "published_range": status}
                | {f"{part}_kwh_per_km": row[part] / total for part in ("traction", "returned", "auxiliary", "cabin")}
                | {k: row[k] for k in ("hours", "kwh", "layover_kwh", "plug_kwh", "heater_litres", "heater_co2_kg",
                                       "heater_nox_g", "heater_pm_exhaust_g", "heater_co_g", "heater_voc_g")}
            )  # fmt: skip
    return pl.DataFrame(rows), findings


def year_table(
    day: ServiceDay, energy: Sequence[DayEnergy], section: BusEnergyPlan, days_of_month: Sequence[float]
) -> pl.DataFrame:
    """Return the use of energy of a kind of day month by month (``energy_by_month.csv``).

    A year is told by its months, not by its mean day: heating costs more on cold days than mild days save.

    Parameters
    ----------
    day, section
        As in `energy_table`.
    energy
        Of the mean day of each month.
    days_of_month
        Days of this kind in each.
    """
    table, _ = energy_table(day, energy, section)
    kept = table.with_columns(
        month=pl.col("weather").cast(pl.Int64), days=pl.col("weather").replace_strict(
            {f"{m}": d for m, d in enumerate(days_of_month, 1)}, return_dtype=pl.Float64
        ),
    )  # fmt: skip
    monthly = [pl.col(c) * pl.col("days") for c in PER_DAY]
    return kept.with_columns(monthly)


def route_table(day: ServiceDay, energy: Sequence[DayEnergy]) -> pl.DataFrame:
    """Return the use of energy of the trips of each route (``energy_by_route.csv``), layovers left out."""
    trip = (day.movements["kind"] == "trip").to_numpy()
    parts = []
    for one in energy:
        moves = day.movements.select("route", "kind", "km", hours=(pl.col("end_s") - pl.col("start_s")) / S_PER_H)
        moves = moves.with_columns(kwh=pl.Series(one.kwh), celsius=pl.lit(one.temperature_c)).filter(pl.Series(trip))
        parts.append(
            moves.group_by("route").agg(
                kind_of_day=pl.lit(day.kind),
                weather=pl.lit(one.case),
                trips=pl.len().cast(pl.Int64),
                km=pl.col("km").sum(),
                speed_kmh=pl.col("km").sum() / pl.col("hours").sum(),
                kwh=pl.col("kwh").sum(),
                kwh_per_km=pl.when(pl.col("km").sum() > 0.0).then(pl.col("kwh").sum() / pl.col("km").sum()),
            ).sort("route")
        )  # fmt: skip
    return pl.concat(parts)


def heaters_by_route(day: ServiceDay, energy: Sequence[DayEnergy], days_of_month: Sequence[float]) -> pl.DataFrame:
    """Return what heaters emit in a year on each route, t: ``route, nox, pm_exhaust, co2``.

    What is burnt on ways without passengers and in the layovers after them goes to the routes by their km.
    """
    fuel = np.sum([n * one.heater_fuel_mj for n, one in zip(days_of_month, energy, strict=True)], axis=0)
    moves = day.movements.select("route", "kind", "km").with_columns(fuel=pl.Series(fuel, dtype=pl.Float64))
    trip = pl.col("kind") == "trip"
    empty = float(moves.filter(~trip)["fuel"].sum())
    routes = moves.filter(trip).group_by("route").agg(pl.col("km", "fuel").sum()).sort("route")
    part = routes["km"].to_numpy() / max(float(routes["km"].sum()), 1e-9)
    tonnes = heater_emissions_g(routes["fuel"].to_numpy() + empty * part)
    own = {"nox": "NOx", "pm_exhaust": "PM_exhaust", "co2": "CO2"}
    return routes.select("route", **{name: pl.Series(tonnes[p] / G_PER_T) for name, p in own.items()})


def _row(one: DayEnergy, mine: Float, layover_s: Float) -> dict[str, float]:
    layover = one.standing_kw * layover_s / S_PER_H
    fuel = heater_emissions_g(one.heater_fuel_mj[mine])
    out = {
        "kwh": float((one.kwh + layover)[mine].sum()),
        "traction": float((one.drive_kwh + one.returned_kwh)[mine].sum()),
        "returned": float(one.returned_kwh[mine].sum()),
        "auxiliary": float((one.auxiliary_kwh - one.cabin_kwh + layover - one.layover_cabin_kwh)[mine].sum()),
        "cabin": float((one.cabin_kwh + one.layover_cabin_kwh)[mine].sum()),
        "layover_kwh": float(layover[mine].sum()),
        "plug_kwh": float(one.plug_kwh[mine].sum()),
        "heater_litres": float(fuel["litres"].sum()),
        "heater_co2_kg": float(fuel["CO2"].sum()) / G_PER_KG,
    }
    return out | {f"heater_{p.lower()}_g": float(fuel[p].sum()) for p in POLLUTANTS}
