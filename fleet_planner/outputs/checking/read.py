"""The manifest of a folder of results, checked as far as the other commands rely on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError
from fleet_planner.outputs.record import EXPORT, MANIFEST, PROGRAM, sha256
from fleet_planner.units import MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NEEDED = ("command", "inputs", "files")
OF_INPUT = ("role", "path", "sha256")
TO_RERUN = ("plan", "plan_given", "plan_file")
"""What only those manifests hold whose plan can be run again."""


@dataclass(frozen=True)
class Kept:
    """A manifest and where it lies.

    Parameters
    ----------
    path
        The manifest.
    content
        What it holds.
    """

    path: Path
    content: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Folder of the results."""
        return self.path.parent

    def base(self, given: Path | None = None) -> Path:
        """Return the folder that the inputs are relative to: the one given, or the one that the manifest tells."""
        return given if given is not None else self.folder / str(self.content.get("plan_folder") or ".")


def read_manifest(place: Path) -> Kept:
    """Read a manifest, or what an export has in its place; ``place`` is the file or its folder.

    Raises
    ------
    InputError
        There is none, it is damaged, or an older version wrote it.
    """
    path = _file_in(place) if place.is_dir() else place
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        remedy = "Name a folder that fleet-planner wrote, or the manifest.json in it."
        raise InputError("there is no manifest", remedy, file=path) from error
    except OSError as error:
        raise InputError(
            f"the manifest cannot be read: {error.strerror}", "Check its permissions.", file=path
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError("the manifest is damaged: it is no JSON", "Run the plan again.", file=path) from error
    if not isinstance(content, dict) or content.get("program") != PROGRAM:
        raise InputError("this manifest is not of fleet_planner", "Name one that fleet-planner wrote.", file=path)
    lacking = [key for key in NEEDED if key not in content]
    if lacking:
        told = f"the manifest lacks {', '.join(lacking)}: it is damaged or an older version wrote it"
        raise InputError(told, "Run the plan again.", file=path)
    if not _is_sound(content):
        told = "the manifest is damaged: its command, inputs or files are not as they were written"
        raise InputError(told, "Run the plan again.", file=path)
    return Kept(path, content)


def mass_of(kept: Kept) -> float:
    """Return how much a metric ton is in the unit of mass of a run's tables.

    Raises
    ------
    InputError
        The manifest does not tell the unit.
    """
    try:
        return MASS_PER_T[str(kept.content["plan"]["outputs"]["mass_unit"])]
    except (LookupError, TypeError) as error:
        told = "the manifest is damaged: its plan has no unit of mass (outputs.mass_unit)"
        raise InputError(told, "Run the plan again.", file=kept.path) from error


def _is_sound(content: dict[str, Any]) -> bool:
    """Return whether a manifest has a command, files with their hashes, and inputs with all that is told of them."""
    files, inputs = content["files"], content["inputs"]
    if not (isinstance(content["command"], str) and isinstance(files, dict) and isinstance(inputs, list)):
        return False
    cells = [entry.get(key) for entry in inputs if isinstance(entry, dict) for key in OF_INPUT]
    return len(cells) == len(inputs) * len(OF_INPUT) and all(isinstance(x, str) for x in (*cells, *files.values()))


def refuse_altered(kept: Kept, names: Iterable[str]) -> None:
    """Hold files that a command builds on against what the manifest tells of them; files that it does not name pass.

    Raises
    ------
    InputError
        One is missing, or no longer what was written.
    """
    for name in names:
        told, file = kept.content["files"].get(name), kept.folder / name
        if told is not None and (not file.is_file() or sha256(file) != told):
            problem = "this file is missing or no longer as the run wrote it (its SHA-256 is not the manifest's)"
            raise InputError(problem, "Put the file back, or run the plan again.", file=file)


def rows_of(path: Path) -> int:
    """Return how many rows a Parquet file says that it has; none where there is no such file, or a damaged one."""
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError):
        return 0  # who reads it says what is wrong


def _file_in(folder: Path) -> Path:
    exported = folder / EXPORT
    return exported if exported.is_file() and not (folder / MANIFEST).exists() else folder / MANIFEST
