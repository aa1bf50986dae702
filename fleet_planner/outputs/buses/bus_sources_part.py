"""The section on packaged figures: which tables the buses rest on, and how many of their rows were read in a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.buses.bus_part import Part, Table
from fleet_planner.outputs.record import sha256
from fleet_planner.reference import reference_path, reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.buses.simulate import Simulated

TABLES = (
    *("bus_types.csv", "bus_energy_figures.csv", "bus_curves.csv", "bus_energy_measured.csv"),
    *("bus_energy_ranges.csv", "bus_batteries.csv", "speed_profiles.csv", "fuel_heater.csv"),
)


def tables_in_use(done: Simulated) -> list[str]:
    """Return the packaged tables that a simulation reads."""
    burns = float(done.energy.fleet["heater_litres"].sum()) > 0.0
    unused = {"fuel_heater.csv"} if not burns else set()
    if done.network is None:
        unused.add("speed_profiles.csv")
    return [name for name in TABLES if name not in unused]


def figures(done: Simulated) -> list[dict[str, Any]]:
    """Return the packaged tables for the manifest: rows, rows that were read in a source, sources, hash."""
    out = []
    for name in tables_in_use(done):
        table = reference_table(name)
        out.append(
            {
                "table": name,
                "rows": table.height,
                "read": table.filter(pl.col("checked") == "yes").height,
                "sources": table["source"].unique().sort().to_list(),
                "sha256": sha256(reference_path(name)),
            }
        )
    return out


def sources_part(done: Simulated, t: Mapping[str, str]) -> Part:
    """Return the section."""
    rows = [
        [
            t[f"ebus_of_{entry['table'].removesuffix('.csv')}"],
            entry["table"],
            f"{entry['rows']:,}",
            f"{entry['read']:,}",
            f"{len(entry['sources']):,}",
        ]
        for entry in figures(done)
    ]
    keys = ("ebus_figure", "ebus_figure_table", "ebus_figure_rows", "ebus_figure_read", "ebus_figure_sources")
    table = Table("ebus-figures", [t[k] for k in keys], rows, 2)
    return Part("figures", t["ebus_figures"], t["ebus_figures_note"], (table,))
