"""What every manifest holds: who wrote it, from which plan and inputs, into which files."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fleet_planner import __version__
from fleet_planner.outputs.report.report_data import clean
from fleet_planner.searches import searches_told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import InputFile
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

PROGRAM = "fleet_planner"
MANIFEST = "manifest.json"
EXPORT = "export.json"
"""What an export has in the place of a manifest."""
LIBRARIES = (
    *("numpy", "numba", "polars", "geopandas", "pyogrio", "shapely", "scipy", "osmium", "aequilibrae"),
    "highspy",
)
BLOCK = 1 << 20


def record(
    command: str, plan: Plan, path: Path, out: Path, *, language: Language, inputs: Iterable[InputFile]
) -> dict[str, Any]:
    """Return what a manifest needs to be verified and run again.

    Parameters
    ----------
    command
        Words of the command, such as ``buses schedule``.
    plan, path
        The plan as it was run, and its file.
    out
        Where the results go; the plan's folder is told relative to it.
    language
        Of the page.
    inputs
        Every file that was read.

    Returns
    -------
    dict
        ``plan`` has every key with the value that was used, ``plan_given`` those that the plan file gives, ``searches``
        where searches ended because their time was up.
    """
    return written_by(command, language) | {
        "plan_file": path.name,
        "plan_folder": relative(path.parent, out),
        "plan": plan.model_dump(),
        "plan_given": plan.model_dump(exclude_unset=True),
        "inputs": [vars(f) for f in inputs],
        "searches": searches_told(),
    }


def written_by(command: str, language: Language) -> dict[str, Any]:
    """Return what wrote a manifest, and when."""
    return {
        "program": PROGRAM,
        "version": __version__,
        "command": command,
        "language": language,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def relative(folder: Path, out: Path) -> str:
    """Return a folder as seen from another; nothing where no way leads there (another drive)."""
    try:
        return os.path.relpath(folder.resolve(), out.resolve()).replace(os.sep, "/")
    except ValueError:
        return ""


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder and those below, by its path; the manifest itself is left out."""
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256(p) for p in found if p != folder / MANIFEST}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def manifest_text(content: dict[str, Any]) -> str:
    """Return a manifest as it is written; figures that JSON does not have (NaN) become null."""
    return json.dumps(clean(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
