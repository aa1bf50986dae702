"""The replacement of buses as tables, forms, a page in English and Chinese and a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.buses.bus_replacement_page import replacement_page
from fleet_planner.outputs.buses.bus_replacement_places import write_replacement_places
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.tables import columns, finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.pipeline.buses.duty import DutyFound
    from fleet_planner.pipeline.buses.replace import Replacement
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language

FORMS = "forms"


def dictionary(name: str) -> str:
    """Return the table of the data dictionary that a file follows."""
    return name if name == "replacement" else f"replacement_{name}"


def replacement_tables(found: Replacement) -> dict[str, pl.DataFrame]:
    """Return every table by file name, its columns as the dictionary has them."""
    made = {
        "replacement": found.vehicles,
        "new_buses": found.new,
        "block_transition": found.blocks,
        "purchases": found.purchases,
        "fleet_by_year": found.fleet,
        "compliance": found.compliance,
        "rules_checked": found.rules,
        "transition_costs": found.costs,
        "facilities": found.facilities,
        "stations": found.stations,
        "transition_emissions": found.emissions,
        "workforce": found.workforce,
    }
    if found.strategies.height:
        made["charging_strategies"] = found.strategies
    return {name: table.select(c.column for c in columns(dictionary(name))) for name, table in made.items()}


def replacement_summary(ready: Prepared, found: Replacement) -> dict[str, Any]:
    """Return what was solved and how well, as plain data."""
    solved, section = found.solved, ready.plan.buses.transition
    lines = found.costs.group_by("line").agg(pl.col("usd2024", "present_usd2024").sum()).sort("line")
    return {
        "plan": ready.plan.city.name,
        "status": solved.status,
        "objective": section.objective,
        "present_value_usd2024": found.cost,
        "bound": solved.bound,
        "gap": found.gap,
        "seconds": round(solved.seconds, 3),
        "conflicts": list(solved.conflicts),
        "buses_today": found.vehicles.height,
        "buses_bought": found.new.height,
        "blocks": found.blocks.height,
        "cost_lines": lines.to_dicts(),
        "cells_to_be_filled": found.blanks,
        "transition": section.model_dump(mode="json"),
    }


def write_replacement(
    ready: Prepared,
    found: Replacement,
    path: Path,
    out: Path,
    *,
    trucks: DutyFound | None,
    day: ServiceDay | None,
    overwrite: bool,
    language: Language,
) -> Path:
    """Write a replacement into ``out``, whole or not at all.

    Parameters
    ----------
    ready, found
        The city, and what was solved.
    path, out
        Plan file and folder.
    trucks
        Trucks and vans by duty, where they were looked at.
    day
        The timetable's day that was planned for; without one there is no map.
    overwrite, language
        As of the command.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    made, summary = replacement_tables(found), replacement_summary(ready, found)
    with whole_directory(out, overwrite=overwrite) as folder:
        for name, table in made.items():
            table.write_csv(folder / f"{name}.csv")
        if trucks is not None:
            trucks.table.write_csv(folder / "duty_feasibility.csv")
            trucks.vehicles.write_parquet(folder / "duty_vehicles.parquet")
        if day is not None:
            write_replacement_places(ready, found, day, folder / "replacement.gpkg")
        (folder / FORMS).mkdir()
        for name, table in found.forms.items():
            table.write_csv(folder / FORMS / f"{name}.csv")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "replacement.html" if each == language else f"replacement.{each}.html"
            (folder / name).write_text(replacement_page(ready, found, trucks, summary, each), encoding="utf-8")
        write_columns(folder, "buses replace")
        inputs = plan_files(ready.plan, path)
        told = summary | record("buses replace", ready.plan, path, out, language=language, inputs=inputs)
        told |= {
            "findings": [
                {
                    "code": f.code,
                    "kind": f.kind,
                    "text": finding_text(f),
                    "text_zh": finding_text(f, "zh"),
                    "count": f.count,
                }
                for f in (*found.findings, *(trucks.findings if trucks is not None else ()))
            ],
            "files": file_hashes(folder),
        }
        (folder / MANIFEST).write_text(manifest_text(told), encoding="utf-8")
    return out
