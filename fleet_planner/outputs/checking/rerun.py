"""Run again from a manifest and compare what comes out, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fleet_planner import __version__
from fleet_planner.errors import InputError, UserError
from fleet_planner.outputs.checking.commands import COMMANDS
from fleet_planner.outputs.checking.read import TO_RERUN, read_manifest
from fleet_planner.outputs.record import LIBRARIES, sha256
from fleet_planner.outputs.report.report_data import clean
from fleet_planner.outputs.target import check_target
from fleet_planner.outputs.write import REPORT_NAMES, render_report, write_run
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.telling.input_files import input_path
from fleet_planner.pipeline.telling.results import InputFile
from fleet_planner.plan.load import check_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language

PLAN_ROLE = "plan"
RUN = "run"


@dataclass(frozen=True)
class Again:
    """How a second run compares with the first.

    Parameters
    ----------
    files, equal
        How many files the first wrote, and how many are the same byte for byte.
    differing
        One message per file that differs or that only one of the runs has.
    notes
        Other versions, a plan file that has changed since.
    """

    files: int
    equal: int
    differing: tuple[str, ...]
    notes: tuple[str, ...]


def rerun(kept: Kept, out: Path, *, overwrite: bool, inputs: Path | None, progress: Progress) -> Again:
    """Run again what a manifest tells.

    Parameters
    ----------
    kept
        Manifest and folder.
    out
        Folder of the new results.
    overwrite
        Replace what is there.
    inputs
        Folder of the plan; without one the folder that the manifest tells.
    progress
        Is told how far the run is.

    Raises
    ------
    UserError
        The command is unknown, an input is missing or has changed, or the run itself fails.
    """
    content = kept.content
    known = (RUN, *COMMANDS)
    if content["command"] not in known or any(key not in content for key in TO_RERUN):
        told = "what this manifest tells cannot be run again"
        raise InputError(told, f"That can be: {', '.join(known)}.", file=kept.path, value=content["command"])
    check_target(out, overwrite=overwrite)
    base = kept.base(inputs)
    check_inputs(content["inputs"], base)
    plan, notes = plan_of(kept)
    path = base / str(content["plan_file"])
    language: Language = "zh" if content.get("language") == "zh" else "en"
    try:
        if content["command"] == RUN:
            _run(kept, plan, path, out, overwrite=overwrite, language=language, progress=progress)
        else:
            command = COMMANDS[content["command"]]
            command(plan, path, out, overwrite=overwrite, language=language, progress=progress)
    except UserError as error:
        if error.file is None:
            error.file = kept.path
        raise
    now = read_manifest(out).content
    first, second = content["files"], now["files"]
    differing = tuple(_differences(first, second, out))
    equal = sum(second.get(name) == told for name, told in first.items())
    said = (*_versions(content), *notes, *_plan_file(content["inputs"], base), *_solver(content, now))
    return Again(len(first), equal, differing, said)


def _run(
    kept: Kept, plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress
) -> None:
    """Write a whole run, with the reports that the first has and the inputs that it tells: they are the same."""
    inputs = tuple(InputFile(**entry) for entry in kept.content["inputs"])
    results = replace(run_loaded(plan, path, progress=progress), inputs=inputs)
    write_run(results, out, overwrite=overwrite, language=language)
    for shown, name in REPORT_NAMES.items():
        if name in kept.content["files"] and not (out / name).is_file():
            render_report(out, shown)


def plan_of(kept: Kept) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan of a manifest as it was run, and what is to be told of it.

    What the plan file gave is read again, so that defaults count as such. A default that another version has changed
    since is set to what it was.

    Raises
    ------
    PlanError
        This version no longer knows a key.
    """
    given, resolved = kept.content["plan_given"], kept.content["plan"]
    plan = check_plan(given, kept.path)
    now = clean(plan.model_dump())
    changed = list(_unequal(resolved, now))
    if not changed:
        return plan, ()
    return check_plan(resolved, kept.path), (f"defaults have changed since, set as they were: {', '.join(changed)}.",)


def _unequal(was: Any, now: Any, key: str = "") -> Iterator[str]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*was, *now]):
            yield from _unequal(was.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif was != now:
        yield key


def check_inputs(inputs: list[dict[str, Any]], base: Path) -> None:
    """Check that every input but the plan file, whose text the manifest holds, is there and unchanged."""
    for entry in inputs:
        if entry["role"] == PLAN_ROLE:
            continue
        file = input_path(entry["path"], base)
        if not file.is_file():
            remedy = "Name the plan's folder with --inputs if it moved."
            raise InputError(f"this input ({entry['role']}) of the run is missing", remedy, file=file)
        if sha256(file) != entry["sha256"]:
            told = f"this input ({entry['role']}) has changed since the run"
            raise InputError(told, "Put the old file back, or run the plan anew.", file=file)


def _plan_file(inputs: list[dict[str, Any]], base: Path) -> Iterator[str]:
    for entry in inputs:
        file = base / entry["path"]
        if entry["role"] == PLAN_ROLE and (not file.is_file() or sha256(file) != entry["sha256"]):
            yield f"{file} is missing or has changed since; the plan in the manifest was run."


def _versions(content: dict[str, Any]) -> Iterator[str]:
    now = {"fleet_planner": __version__, **{name: version(name) for name in LIBRARIES}}
    was = {"fleet_planner": content.get("version"), **content.get("libraries", {})}
    for name, old in was.items():
        if now.get(name) != old:
            yield f"{name} is {now.get(name) or 'absent'} now and was {old}: last digits may differ."


def _solver(was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what makes another solution likely: a solver that ended by its time limit in one of the runs."""
    ends = {str(told.get("status", "")) for told in (was, now)}
    if len(ends) > 1 or "time limit" in ends:
        yield (
            f"the solver ended with {was.get('status')!r} (gap {was.get('gap')}) and now with {now.get('status')!r} "
            f"(gap {now.get('gap')}): where its time limit ends it, another solution can come out; give it more time."
        )


def _differences(first: dict[str, str], second: dict[str, str], out: Path) -> Iterator[str]:
    for name, told in first.items():
        if name not in second:
            yield f"{out / name}: the first run wrote this file, the second did not."
        elif second[name] != told:
            yield f"{out / name}: this file differs from that of the first run."
    yield from (f"{out / name}: only the second run wrote this file." for name in second if name not in first)
