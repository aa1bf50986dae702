"""Areas as tables, map, page in English and Chinese and manifest: written whole or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError, OutputError, first_line
from fleet_planner.network.areas import read_named_areas
from fleet_planner.outputs.checking.closure import TOLERANCE
from fleet_planner.outputs.checking.given import check_inputs, plan_of
from fleet_planner.outputs.checking.read import rows_of
from fleet_planner.outputs.clipping.clip_map import write_areas
from fleet_planner.outputs.clipping.clip_page import clip_page
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.differences.sides import per_day_of
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record, relative, sha256
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.clipping.of_run import Areas, cut_by, findings_of
from fleet_planner.pipeline.computing.room import refuse_large_areas
from fleet_planner.pipeline.prepare import Prepared, prepare
from fleet_planner.pipeline.telling.results import InputFile
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language

COMMAND = "clip"


@dataclass(frozen=True)
class Cut:
    """A run cut by areas, ready to be written."""

    kept: Kept
    polygon: Path
    column: str
    ready: Prepared
    areas: Areas
    notes: tuple[tuple[str, str], ...]


def cut_run(kept: Kept, polygon: Path, column: str, inputs: Path | None, progress: Progress) -> Cut:
    """Compute a finished run again within areas.

    Raises
    ------
    InputError
        The folder is no run, its inputs have changed, the polygons cannot be used, or the run comes out otherwise than
        it was.
    """
    if kept.content["command"] != "run":
        told = "these are not the results of `fleet-planner run`"
        raise InputError(told, "Name a run directory.", file=kept.path, value=kept.content["command"])
    named = read_named_areas(polygon, column)
    base = kept.base(inputs)
    check_inputs(kept.content["inputs"], base)
    plan, _ = plan_of(kept)
    links = rows_of(kept.folder / "links.parquet") // (len(plan.scenario) + 1)
    refuse_large_areas(plan, links, len(named[0]), asked_by="--polygon")
    now = plan.model_copy(update={"turnover": plan.turnover.model_copy(update={"to_year": None}), "target": []})
    ready = prepare(now, base, progress)
    _check_same(kept, ready)
    areas = cut_by(ready, named, progress)
    notes = tuple((finding_text(f), finding_text(f, "zh")) for f in findings_of(ready, areas))
    return Cut(kept, polygon, column, ready, areas, notes)


def _check_same(kept: Kept, ready: Prepared) -> None:
    """Check that the computed city is the one that the run's summary tells."""
    told = per_day_of(kept)
    for state, inventory in ready.computed.states:
        for k, name in enumerate(inventory.pollutants):
            row = told.get((state.name, name))
            now = float(inventory.link[:, k].sum())
            if row is None or abs(row - now) > TOLERANCE * max(abs(row), abs(now)):
                problem = f"the run comes out otherwise than it was ({state.name}: {name})"
                remedy = "Run the plan again with this version, then clip that run."
                raise InputError(problem, remedy, file=kept.folder)


def write_clip(cut: Cut, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write areas into ``out``; ``areas.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        cut.areas.found.totals.write_csv(folder / "area_totals.csv")
        cut.areas.found.classes.write_csv(folder / "area_classes.csv")
        if cut.areas.found.agency.height:
            cut.areas.found.agency.write_csv(folder / "area_agency.csv")
        path = folder / "areas.gpkg"
        try:
            write_areas(cut.ready, cut.areas, path)
        except (OSError, RuntimeError, sqlite3.Error) as error:
            told = f"the GeoPackage cannot be written: {first_line(error)}"
            raise OutputError(told, "Free space, or name another folder.", file=path) from error
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "areas.html" if each == language else f"areas.{each}.html"
            page = clip_page(cut.ready, cut.areas, cut.notes, each)
            (folder / name).write_text(page, encoding="utf-8")
        states = [s for s, _ in cut.ready.computed.states]
        write_columns(folder, COMMAND, {s.name: (s.title_en, s.title_zh or s.title_en) for s in states})
        (folder / MANIFEST).write_text(manifest_text(_manifest(cut, folder, out, language)), encoding="utf-8")
    return out


def _manifest(cut: Cut, folder: Path, out: Path, language: Language) -> dict[str, Any]:
    base = cut.kept.base()
    path = base / str(cut.kept.content["plan_file"])
    inputs = [InputFile(**entry) for entry in cut.kept.content["inputs"]]
    for role, file in (("areas", cut.polygon), ("run", cut.kept.path)):
        inputs.append(InputFile(role, relative(file, base), sha256(file), file.stat().st_size, ""))
    told = record(COMMAND, plan_of(cut.kept)[0], path, out, language=language, inputs=inputs)
    return told | {
        "column": cut.column,
        "areas": list(cut.areas.shares.names),
        "apart": cut.areas.shares.apart,
        "notes": [{"text": english, "text_zh": chinese} for english, chinese in cut.notes],
        "files": file_hashes(folder),
    }
