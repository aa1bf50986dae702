"""The manifest: what went in, what came out, with which versions and assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.record import file_hashes, record
from fleet_planner.outputs.report.machines import machines_data
from fleet_planner.outputs.report.places import places_data
from fleet_planner.outputs.report.traffic_data import traffic_data
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language


def manifest(results: Results, folder: Path, out: Path, language: Language) -> dict[str, Any]:
    """Return the manifest of a run whose other files are in ``folder``, to be moved to ``out``."""
    return record("run", results.plan, results.plan_path, out, language=language, inputs=results.inputs) | {
        **({"altered": list(results.altered)} if results.altered else {}),
        "attribution": results.network.attribution,
        "sources": results.sources.to_dicts(),
        "closure": {s.fleet.name: dict(s.inventory.closure) for s in results.scenarios},
        "groups": {
            "streams": list(results.activity.streams),
            "note": "every multiplier separates by vehicle; streams were not split further",
        },
        "traffic": traffic_data(results),
        "terrain": results.terrain.to_dicts(),
        "non_road": machines_data(results),
        "places": places_data(results),
        "map_hours": results.hour_errors.to_dicts(),
        "below_range": results.scenarios[0].inventory.below_range.to_dicts(),
        "stand_ins": [
            {"text": finding_text(f), "share": f.share} for f in results.findings if f.code == "inventory.stand_in"
        ],
        "bridged_curves": results.bridged.height,
        "rejected_cells": results.fleet.rejected.height,
        "findings": [
            {"code": f.code, "kind": f.kind, "text": finding_text(f), "count": f.count, "share": f.share}
            for f in results.findings
        ],
        "assumptions": results.assumptions.to_dicts(),
        "timings_s": dict(results.timings_s),
        "files": file_hashes(folder),
    }
