"""The section on energy: use per km by type and weather beside what is published and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.outputs.buses.bus_energy_chart import energy_bars
from fleet_planner.outputs.buses.bus_part import Chart, Part, Table
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from fleet_planner.pipeline.buses.simulate import Simulated

NOTHING = "–"
SHOWN_ROUTES = 12


def energy_part(done: Simulated, t: Mapping[str, str]) -> Part | None:
    """Return the section; the chart shows the first kind of day."""
    fleet = done.energy.fleet
    if fleet.is_empty():
        return None
    tables = [_fleet(fleet, t)]
    if float(fleet["heater_litres"].sum()) > 0.0:
        tables.append(_heaters(fleet, t))
    tables += [_year(done.energy.months, t), _routes(done, t), _measured(done, t)]
    return Part("energy", t["ebus_energy"], t["ebus_energy_note"], tables, (_chart(fleet, t),))


def route_use(done: Simulated) -> pl.DataFrame | None:
    """Return the use per km of the routes of the first kind of day on the mean and the coldest day, for the map."""
    own = done.energy.routes.filter(kind_of_day=next(iter(done.days)))
    mean, cold = (own.filter(weather=w).select("route", "kwh_per_km") for w in ("mean", "coldest"))
    return mean.join(cold.rename({"kwh_per_km": "kwh_per_km_coldest"}), on="route", how="left")


def _chart(fleet: pl.DataFrame, t: Mapping[str, str]) -> Chart:
    kind = fleet["kind_of_day"][0]
    rows = fleet.filter(kind_of_day=kind).to_dicts()
    groups = [
        (t[f"bus_type_{name}"], [f"{row['temperature_c']:.0f} °C" for row in rows if row["bus_type"] == name])
        for name in dict.fromkeys(row["bus_type"] for row in rows)
    ]
    values = [
        (
            row["traction_kwh_per_km"] - row["returned_kwh_per_km"],
            row["auxiliary_kwh_per_km"],
            row["cabin_kwh_per_km"],
        )
        for row in rows
    ]
    title = t["ebus_energy_chart"].format(day=t[f"day_{kind}"])
    series = [t["ebus_traction_net"], t["ebus_auxiliaries"], t["ebus_cabin"]]
    failed = [row["published_range"] == "failed" for row in rows]
    return Chart(
        title, energy_bars(title, groups, series, values, [_ends(r) for r in rows], failed, t["ebus_energy_axis"])
    )


def _ends(row: Mapping[str, Any]) -> tuple[float, float] | None:
    low, high = row["published_low_kwh_per_km"], row["published_high_kwh_per_km"]
    return None if low is None or high is None else (float(low), float(high))


def _fleet(fleet: pl.DataFrame, t: Mapping[str, str]) -> Table:
    keys = (
        *("ebus_kind", "ebus_bus_type", "ebus_weather", "ebus_temperature", "ebus_use", "ebus_traction"),
        *("ebus_returned", "ebus_auxiliary_column", "ebus_cabin_column", "ebus_published", "ebus_against"),
    )
    rows = []
    for row in fleet.iter_rows(named=True):
        ends = _ends(row)
        parts = ("kwh_per_km", "traction_kwh_per_km", "returned_kwh_per_km", "auxiliary_kwh_per_km", "cabin_kwh_per_km")
        rows.append(
            [
                t[f"day_{row['kind_of_day']}"],
                t[f"bus_type_{row['bus_type']}"],
                t[f"ebus_weather_{row['weather']}"],
                f"{row['temperature_c']:.1f}",
                *(f"{row[part]:.2f}" for part in parts),
                NOTHING if ends is None else f"{ends[0]:.2f}–{ends[1]:.2f}",
                t[f"ebus_{row['published_range']}"],
            ]
        )
    return Table("ebus-energy", [t[k] for k in keys], rows, 3)


def _heaters(fleet: pl.DataFrame, t: Mapping[str, str]) -> Table:
    keys = (
        *("ebus_kind", "ebus_bus_type", "ebus_weather", "ebus_heater_litres", "ebus_heater_co2"),
        *("ebus_heater_nox", "ebus_heater_pm"),
    )
    rows = [
        [
            t[f"day_{row['kind_of_day']}"],
            t[f"bus_type_{row['bus_type']}"],
            t[f"ebus_weather_{row['weather']}"],
            *(significant(row[c]) for c in ("heater_litres", "heater_co2_kg", "heater_nox_g", "heater_pm_exhaust_g")),
        ]
        for row in fleet.iter_rows(named=True)
    ]
    return Table("ebus-heaters", [t[k] for k in keys], rows, 3)


def _year(months: pl.DataFrame, t: Mapping[str, str]) -> Table:
    keys = (
        *("ebus_bus_type", "ebus_year_km", "ebus_year_mwh", "ebus_use", "ebus_year_plug", "ebus_heater_litres"),
        *("ebus_year_co2", "ebus_year_nox", "ebus_year_pm"),
    )
    amounts = ("km", "kwh", "plug_kwh", "heater_litres", "heater_co2_kg", "heater_nox_g", "heater_pm_exhaust_g")
    by_type = months.group_by("bus_type", maintain_order=True).agg(pl.col(amounts).sum())
    rows = [
        [
            t[f"bus_type_{row['bus_type']}"],
            significant(row["km"], 4),
            significant(row["kwh"] / 1e3, 4),
            f"{row['kwh'] / row['km']:.2f}",
            significant(row["plug_kwh"] / 1e3),
            significant(row["heater_litres"]),
            significant(row["heater_co2_kg"] / 1e3),
            significant(row["heater_nox_g"] / 1e3),
            significant(row["heater_pm_exhaust_g"] / 1e3),
        ]
        for row in by_type.iter_rows(named=True)
    ]
    return Table("ebus-energy-year", [t[k] for k in keys], rows, 1, t["ebus_year"], t["ebus_year_note"])


def _routes(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_route", "ebus_trips", "ebus_km", "ebus_speed", "ebus_use_mean", "ebus_use_coldest")
    kind = next(iter(done.days))
    own = done.energy.routes.filter(kind_of_day=kind, weather="mean")
    cold = dict(
        done.energy.routes.filter(kind_of_day=kind, weather="coldest").select("route", "kwh_per_km").iter_rows()
    )
    top = own.sort("kwh", "route", descending=[True, False]).head(SHOWN_ROUTES)
    rows = [
        [
            row["route"],
            f"{row['trips']:,}",
            significant(row["km"], 4),
            significant(row["speed_kmh"]),
            _two(row["kwh_per_km"]),
            _two(cold[row["route"]]),
        ]
        for row in top.iter_rows(named=True)
    ]
    note = t["ebus_routes_energy_note"].format(shown=top.height, routes=f"{own.height:,}")
    title = f"{t['ebus_routes_energy']} ({t[f'day_{kind}']})"
    return Table("ebus-energy-routes", [t[k] for k in keys], rows, 1, title, note)


def _two(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _measured(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = (
        *("ebus_measured_source", "ebus_bus_type", "ebus_measured_use", "ebus_measured_value", "ebus_published"),
        *("ebus_model_value", "ebus_error", "ebus_checked"),
    )
    rows = [
        [
            row[t["ebus_title_column"]],
            t[f"bus_type_{row['bus_type']}"],
            t[f"ebus_use_{row['use']}"],
            f"{row['kwh_per_km']:.2f}",
            NOTHING if row["low"] is None else f"{row['low']:.2f}–{row['high']:.2f}",
            f"{row['model_kwh_per_km']:.2f}",
            f"{row['error_pct']:+.0f} %",
            t[f"ebus_{row['checked']}"],
        ]
        for row in done.energy.measured.iter_rows(named=True)
    ]
    unseen = done.energy.measured.filter(use="test")["error_pct"].abs()
    middle, worst = (f"{float(np.quantile(unseen.to_numpy(), q)):.0f}" for q in (0.5, 1.0))
    note = t["ebus_measured_note"].format(rows=unseen.len(), median=middle, worst=worst)
    return Table("ebus-measured", [t[k] for k in keys], rows, 3, t["ebus_measured"], note)
