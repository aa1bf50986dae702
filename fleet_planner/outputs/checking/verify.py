"""Check a folder of results: every file, every input, every sum."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.outputs.checking.bus_closures import replace_closures, schedule_closures, simulate_closures
from fleet_planner.outputs.checking.closure import TOLERANCE
from fleet_planner.outputs.checking.closures import clip_closures, compare_closures, run_closures
from fleet_planner.outputs.checking.market_closures import market_closures
from fleet_planner.outputs.checking.mix_closures import mix_closures
from fleet_planner.outputs.checking.siting_closures import siting_closures
from fleet_planner.outputs.checking.sweep_closures import sweep_closures
from fleet_planner.outputs.record import file_hashes, sha256
from fleet_planner.pipeline.telling.input_files import input_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.outputs.checking.closure import Closure
    from fleet_planner.outputs.checking.read import Kept

SHOWN = 3
"""Sums that are told one by one of a table before the rest is counted."""


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    files, inputs, sums
        How many were compared.
    worst
        Largest relative difference of two sums.
    breaks
        One message per break; none where all holds.
    notes
        What is no break and worth knowing.
    """

    files: int
    inputs: int
    sums: int
    worst: float
    breaks: tuple[str, ...]
    notes: tuple[str, ...]


def verify(kept: Kept, inputs: Path | None = None) -> Verdict:
    """Check the files that a manifest names, the inputs behind them, and the sums of a run's tables.

    Parameters
    ----------
    kept
        Manifest and folder.
    inputs
        Folder of the plan; without one the folder that the manifest tells.
    """
    base = kept.base(inputs)
    sums, unread = _sums(kept)
    breaks = (*_files(kept), *_inputs(kept, base), *unread, *_broken(sums))
    worst = max((c.difference for c in sums), default=0.0)
    named = kept.content["files"]
    others = (n for n in file_hashes(kept.folder) if n not in named and n != kept.path.name)
    notes = tuple(f"{n}: not in the manifest" for n in others)
    return Verdict(len(named), len(kept.content["inputs"]), len(sums), worst, breaks, notes)


def _files(kept: Kept) -> Iterator[str]:
    for name, told in kept.content["files"].items():
        file = kept.folder / name
        if not file.is_file():
            yield f"{file}: the manifest names this file and it is missing."
        elif sha256(file) != told:
            yield f"{file}: the file was changed after it was written (its SHA-256 is not the manifest's)."


def _inputs(kept: Kept, base: Path) -> Iterator[str]:
    for entry in kept.content["inputs"]:
        file = input_path(entry["path"], base)
        if not file.is_file():
            yield f"{file}: this input ({entry['role']}) is missing. Name the plan's folder with --inputs if it moved."
        elif sha256(file) != entry["sha256"]:
            yield f"{file}: this input ({entry['role']}) has changed since the run."


def _sums(kept: Kept) -> tuple[list[Closure], list[str]]:
    """Return the sums of a run's tables, and what cannot be read."""
    try:
        return list(_closures(kept)), []
    except (*TABLE_FAULTS, KeyError, TypeError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [], [f"{kept.folder}: the sums cannot be recomputed, a table is missing or damaged: {told}."]


def _closures(kept: Kept) -> Iterator[Closure]:
    """Yield the sums that the tables of a command must share; none of commands without such tables."""
    command, folder, told = kept.content["command"], kept.folder, kept.content
    if command == "run":
        yield from run_closures(folder, str(told["plan"]["outputs"]["mass_unit"]), _report(folder / "report_data.json"))
    elif command == "compare":
        yield from compare_closures(folder)
    elif command == "clip":
        yield from clip_closures(folder, apart=bool(told["apart"]))
    elif command == "market":
        yield from market_closures(folder, adjusted=bool(told["plan"]["market"]["corresponding_adjustment"]))
    elif command == "portfolio":
        yield from mix_closures(folder, told)
    elif command == "chargers site":
        yield from siting_closures(folder, told)
    elif command == "buses simulate":
        yield from simulate_closures(folder)
    elif command == "buses schedule":
        yield from schedule_closures(folder)
    elif command == "buses replace":
        yield from replace_closures(folder, told)
    elif command == "sweep":
        yield from sweep_closures(folder, told)


def _report(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return None  # a break of its own: the hash of the file says so
    return content if isinstance(content, dict) else None


def _broken(sums: list[Closure]) -> Iterator[str]:
    """Yield what does not add up, the first few of every table one by one."""
    by_file: dict[str, list[Closure]] = {}
    for closure in sums:
        if not closure.holds:
            by_file.setdefault(closure.file, []).append(closure)
    for file, broken in by_file.items():
        for c in broken[:SHOWN]:
            yield (
                f"{file}: {c.what} comes to {c.found:.12g}, {c.against} has {c.expected:.12g} "
                f"(relative difference {c.difference:.1e}, allowed {TOLERANCE:.0e})."
            )
        if len(broken) > SHOWN:
            yield f"{file}: {len(broken) - SHOWN} more sums differ from {broken[0].against}."
