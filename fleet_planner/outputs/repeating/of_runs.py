"""The commands that look at finished runs, as functions of their manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fleet_planner.errors import InputError
from fleet_planner.outputs.checking.read import read_manifest
from fleet_planner.outputs.clipping.write_clip import cut_run, write_clip
from fleet_planner.outputs.differences.compare import compared
from fleet_planner.outputs.differences.sides import Asked, read_sides
from fleet_planner.outputs.differences.write_compare import write_compare
from fleet_planner.pipeline.telling.input_files import input_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language


class OfRuns(Protocol):
    """Does again what a manifest tells of finished runs."""

    def __call__(self, kept: Kept, base: Path, out: Path, *, overwrite: bool, progress: Progress) -> Path:
        """Write into ``out``; paths of the manifest are relative to ``base``."""


def _language(kept: Kept) -> Language:
    return "zh" if kept.content.get("language") == "zh" else "en"


def _compare(kept: Kept, base: Path, out: Path, *, overwrite: bool, progress: Progress) -> Path:
    progress("reading runs", 0.1)
    sides = [Asked(base / side["run"], str(side["scenario"])) for side in kept.content["sides"]]
    found = compared(read_sides(sides), "lmdi" if kept.content["method"] == "lmdi" else "shapley")
    progress("writing tables, map and page", 0.6)
    return write_compare(found, out, overwrite=overwrite, language=_language(kept))


def _clip(kept: Kept, base: Path, out: Path, *, overwrite: bool, progress: Progress) -> Path:
    places = {e["role"]: input_path(e["path"], base) for e in kept.content["inputs"] if e["role"] in {"areas", "run"}}
    if len(places) < 2 or "column" not in kept.content:
        raise InputError("the manifest does not tell the run and its areas", "Clip the run anew.", file=kept.path)
    cut = cut_run(read_manifest(places["run"]), places["areas"], kept.content["column"], None, progress)
    return write_clip(cut, out, overwrite=overwrite, language=_language(kept))


OF_RUNS: Mapping[str, OfRuns] = {"compare": _compare, "clip": _clip}
