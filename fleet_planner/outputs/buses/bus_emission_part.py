"""The section on what the buses of each route emit today, gone once electric buses run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.money import shown_in
from fleet_planner.outputs.buses.bus_part import Chart, Part, Table
from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.report_units import money_name
from fleet_planner.pipeline.buses.route_emissions import yearly
from fleet_planner.tables.load import heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.buses.simulate import Simulated

SHOWN_ROUTES = 12
DAMAGE = "pm_exhaust_damage_usd2024_per_km"
FIGURES = (
    "km_per_year",
    "nox_t_per_year",
    "nox_cut_t_per_year",
    "pm_exhaust_t_per_year",
    "co2_t_per_year",
    "co2_cut_t_per_year",
)


def route_cuts(done: Simulated) -> pl.DataFrame:
    """Return what routes emit today and what electric buses cut, t a year.

    The cut is the exhaust of blocks that are feasible less that of the heaters of the electric buses in them.
    """
    routes = yearly(done.route_emissions)
    heaters = done.energy.heaters
    both = routes.join(heaters, on="route", how="left", maintain_order="left")
    less = [
        (pl.col(f"{name}_cut_t_per_year") - pl.col("held_share") * pl.col(name).fill_null(0.0)).alias(
            f"{name}_cut_t_per_year"
        )
        for name in heaters.columns
        if name != "route"
    ]
    return both.with_columns(less).select(routes.columns).drop("held_share")


def emission_part(done: Simulated, t: Mapping[str, str]) -> Part | None:
    """Return the section; nothing where it is not known."""
    if done.route_emissions.is_empty():
        return None
    routes = route_cuts(done)
    top = routes.sort("nox_t_per_year", "route", descending=[True, False]).head(SHOWN_ROUTES)
    keys = ("ebus_route", "ebus_km_year", "ebus_nox", "ebus_nox_cut", "ebus_pm", "ebus_co2", "ebus_co2_cut")
    rows = [[row["route"], *(significant(row[k]) for k in FIGURES)] for row in top.iter_rows(named=True)]
    rows.append([t["ebus_all_routes"], *(significant(float(routes[k].sum())) for k in FIGURES)])
    note = t["ebus_emission_note"].format(shown=top.height, routes=f"{routes.height:,}")
    burnt = float(done.energy.heaters["nox"].sum())
    if burnt > 0.0:
        amounts = (significant(float(done.energy.heaters[k].sum())) for k in ("nox", "co2"))
        note += t["ebus_emission_heaters"].format(**dict(zip(("nox", "co2"), amounts, strict=True)))
    chart = draw.bars(t["ebus_nox"], top["route"].to_list(), top["nox_t_per_year"].to_list())
    table = Table("ebus-emissions", [t[k] for k in keys], rows)
    breathed = breathed_table(done, t)
    tables = (table,) if breathed is None else (table, breathed)
    return Part("emissions", t["ebus_emission"], note, tables, (Chart(t["ebus_nox"], chart),))


def breathed_table(done: Simulated, t: Mapping[str, str]) -> Table | None:
    """Return what people breathe of the routes that they breathe most of, and its damage where it is valued.

    The damage stands in the currency and year of ``[economics]``.
    """
    known = done.breathed.get("route_exposure")
    if known is None or known.is_empty():
        return None
    first = known.filter(kind_of_day=known["kind_of_day"][0])
    top = first.sort("pm_exhaust_exposure_people_ug_m3", "route", descending=[True, False]).head(SHOWN_ROUTES)
    money = shown_in(done.plan.economics)
    valued = top[DAMAGE].null_count() < top.height
    wanted = ["route", "km|km", "nox_breathed_ug_per_km|µg/km", "pm_exhaust_breathed_ug_per_km|µg/km"]
    head = heads(t, "route_exposure", *wanted)
    if valued:
        head.append(heading(t, "route_exposure", f"{DAMAGE}|{money_name(money.unit, t)}"))
    cells = [w.partition("|")[0] for w in wanted[1:]]
    rows = [
        [
            row["route"],
            *(significant(row[c]) for c in cells),
            *([significant(None if row[DAMAGE] is None else row[DAMAGE] * money.per_usd2024)] if valued else []),
        ]
        for row in top.iter_rows(named=True)
    ]
    note = t["ebus_breathed_valued" if valued else "ebus_breathed_note"]
    return Table("ebus-breathed", head, rows, 1, t["ebus_breathed"].format(day=t[f"day_{top['kind_of_day'][0]}"]), note)
