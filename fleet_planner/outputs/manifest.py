"""The manifest: what went in, what came out, with which versions and assumptions."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fleet_planner import __version__
from fleet_planner.outputs.report.machines import machines_data
from fleet_planner.outputs.report.places import places_data
from fleet_planner.outputs.report.report_data import clean
from fleet_planner.outputs.report.traffic_data import traffic_data
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results

LIBRARIES = ("numpy", "numba", "polars", "geopandas", "pyogrio", "shapely", "scipy", "osmium", "aequilibrae")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(results: Results, folder: Path) -> dict[str, Any]:
    """Return the manifest of a run whose other files are in ``folder``."""
    return {
        "program": "fleet_planner",
        "version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "plan": results.plan.model_dump(),
        "inputs": [vars(f) for f in results.inputs],
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
        "files": {p.name: sha256(p) for p in sorted(folder.iterdir()) if p.name != "manifest.json"},
    }


def manifest_text(content: dict[str, Any]) -> str:
    """Return a manifest as it is written; figures that JSON does not have (NaN) become null."""
    return json.dumps(clean(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
