"""Chargers as tables and a manifest."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import OutputError, first_line
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.siting.chargers_map import write_sites_map
from fleet_planner.outputs.siting.chargers_page import chargers_page
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.reference import reference_table
from fleet_planner.tables import finding_text

FIGURES = (
    *("charger_types.csv", "charging_costs.csv", "charging_profiles.csv", "ocm_connections.csv", "osm_site_kinds.csv"),
    *("electricity_use.csv", "price_levels.csv"),
)
OF_DAYS = ("working_day.csv", "vehicle_use.csv", "duty_electric.csv", "duty_types.csv", "vehicle_costs.csv")
"""Behind the working days of vans and trucks."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_planner.pipeline.siting.site import Siting
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language


def write_siting(plan: Plan, path: Path, found: Siting, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write a siting into ``out``, whole or not at all; ``chargers.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        for name, table in found.tables.items():
            table.write_csv(folder / f"{name}.csv")
        _write_map(plan, found, folder / "chargers.gpkg")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "chargers.html" if each == language else f"chargers.{each}.html"
            (folder / name).write_text(chargers_page(plan, found, each), encoding="utf-8")
        write_columns(folder, "chargers site")
        told: dict[str, Any] = record(
            "chargers site", plan, path, out, language=language, inputs=plan_files(plan, path)
        ) | {
            "sources": _sources((*FIGURES, *OF_DAYS) if "charging_needs" in found.tables else FIGURES),
            "sites": found.sites.size,
            "demand": found.demand.size,
            "pairs": int(found.reach.km.size),
            "cost_usd": found.built.cost,
            "bound_usd": found.built.bound,
            "gap": found.built.gap,
            "status": found.built.status,
            "seconds": round(found.built.seconds, 3),
            "cost_computed_anew_usd": found.audit.cost,
            "limits_broken": list(found.audit.broken),
            "models": found.tables["siting_models"].to_dicts(),
            "findings": [
                {"code": f.code, "kind": f.kind, "text": finding_text(f), "text_zh": finding_text(f, "zh")}
                for f in found.findings
            ],
            "files": file_hashes(folder),
        }
        (folder / MANIFEST).write_text(manifest_text(told), encoding="utf-8")
    return out


def _sources(names: Sequence[str]) -> list[dict[str, object]]:
    """Return the packaged tables behind the figures: their sources, and how many rows were read in them."""
    out: list[dict[str, object]] = []
    for name in names:
        table = reference_table(name)
        read = table.filter(table["checked"] == "yes").height
        sources = table["source"].unique().sort().to_list()
        out.append({"table": name, "rows": table.height, "checked": read, "sources": sources})
    return out


def _write_map(plan: Plan, found: Siting, path: Path) -> None:
    try:
        write_sites_map(plan, found, path)
    except (OSError, RuntimeError, sqlite3.Error) as error:
        raise OutputError(
            f"the GeoPackage cannot be written: {first_line(error)}", "Free space, or name another folder.", file=path
        ) from error
