"""Electric buses as tables, map, page in English and Chinese and manifest: written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.buses.bus_geopackage import write_bus_geopackage
from fleet_planner.outputs.buses.bus_page import bus_page
from fleet_planner.outputs.buses.bus_sources_part import figures
from fleet_planner.outputs.buses.bus_tables import blocks_table, movements_table, places_table, ways_table
from fleet_planner.outputs.buses.buses_charging import write_charging_tables
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.buses.energy import movement_energy_table
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.tables import columns, finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.buses.simulate import Simulated
    from fleet_planner.tables import Language


def write_buses(done: Simulated, path: Path, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write a simulation into ``out``; ``buses.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        blocks_table(done).write_csv(folder / "blocks.csv")
        movements_table(done).write_parquet(folder / "movements.parquet")
        places_table(done).write_csv(folder / "places.csv")
        if done.network is not None:
            ways_table(done).write_parquet(folder / "ways.parquet")
        done.energy.fleet.select(c.column for c in columns("bus_energy")).write_csv(folder / "energy.csv")
        done.energy.months.select(c.column for c in columns("bus_energy_by_month")).write_csv(
            folder / "energy_by_month.csv"
        )
        done.energy.routes.select(c.column for c in columns("bus_energy_by_route")).write_csv(
            folder / "energy_by_route.csv"
        )
        moves = movement_energy_table(done.energy, done.days).select(c.column for c in columns("bus_movement_energy"))
        moves.write_parquet(folder / "movement_energy.parquet")
        measured = done.energy.measured.select(c.column for c in columns("bus_measured"))
        measured.write_csv(folder / "energy_measured.csv")
        if done.route_emissions.height:
            done.route_emissions.write_csv(folder / "route_emissions.csv")
        for name, table in done.breathed.items():
            if table.height:
                table.write_csv(folder / f"{name}.csv")
        _write_feasibility(done, folder)
        if done.charging is not None:
            write_charging_tables(done.charging, folder, "charging_")
        write_bus_geopackage(done, folder / "buses.gpkg")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "buses.html" if each == language else f"buses.{each}.html"
            (folder / name).write_text(bus_page(done, each), encoding="utf-8")
        write_columns(folder, "buses simulate")
        told = record(
            *("buses simulate", done.plan, path, out), language=language, inputs=plan_files(done.plan, path, done.files)
        )
        (folder / MANIFEST).write_text(manifest_text(told | _manifest(done, folder)), encoding="utf-8")
    return out


def _write_feasibility(done: Simulated, folder: Path) -> None:
    found = done.feasibility
    tables = {
        "feasibility.csv": (found.blocks, "bus_feasibility"),
        "remedies.csv": (found.remedies, "bus_remedies"),
        "sites.csv": (found.sites, "bus_sites"),
        "battery_sizes.csv": (found.sizes, "bus_battery_sizes"),
        "block_needs.csv": (found.needs, "bus_block_needs"),
        "sessions.csv": (found.charging.sessions, "bus_charging_sessions"),
    }
    for name, (table, dictionary) in tables.items():
        table.select(c.column for c in columns(dictionary)).write_csv(folder / name)
    found.course.select(c.column for c in columns("bus_soc")).write_parquet(folder / "soc.parquet")


def _manifest(done: Simulated, folder: Path) -> dict[str, Any]:
    return {
        "network": "" if done.network is None else done.network.attribution,
        "days": {
            kind: {
                "date": str(day.day or ""),
                "blocks": day.blocks.height,
                "movements": day.movements.height,
                "km": float(day.movements["km"].sum()),
            }
            for kind, day in done.days.items()
        },
        "weather": {
            case.name: {"mean_c": case.mean_c, "hourly_c": case.hourly_c.tolist()} for case in done.energy.weather
        },
        "figures": figures(done),
        "findings": [
            {
                "code": f.code,
                "kind": f.kind,
                "text": finding_text(f),
                "text_zh": finding_text(f, "zh"),
                "count": f.count,
                "share": f.share,
            }
            for f in done.findings
        ],
        "files": file_hashes(folder),
    }
