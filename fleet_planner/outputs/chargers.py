"""Chargers as tables and a manifest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fleet_planner import __version__
from fleet_planner.outputs.manifest import manifest_text, sha256
from fleet_planner.outputs.target import whole_directory
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.siting.site import Siting
    from fleet_planner.plan.models import Plan


def write_siting(plan: Plan, base: Path, found: Siting, out: Path, *, overwrite: bool) -> Path:
    """Write a siting into ``out``, whole or not at all.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        for name, table in found.tables.items():
            table.write_csv(folder / f"{name}.csv")
        section = plan.chargers
        told: dict[str, Any] = {
            "program": "fleet_planner",
            "version": __version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "chargers": section.model_dump(),
            "inputs": [{"file": n, "sha256": sha256(base / n)} for n in (section.demand, section.candidates) if n],
            "sites": found.sites.size,
            "demand": found.demand.size,
            "pairs": int(found.reach.km.size),
            "cost_usd": found.built.cost,
            "bound_usd": found.built.bound,
            "gap": found.built.gap,
            "status": found.built.status,
            "cost_computed_anew_usd": found.audit.cost,
            "limits_broken": list(found.audit.broken),
            "models": found.tables["siting_models"].to_dicts(),
            "findings": [
                {"code": f.code, "kind": f.kind, "text": finding_text(f), "text_zh": finding_text(f, "zh")}
                for f in found.findings
            ],
            "files": {p.name: sha256(p) for p in sorted(folder.iterdir())},
        }
        (folder / "manifest.json").write_text(manifest_text(told), encoding="utf-8")
    return out
