"""Run again from a manifest and compare what comes out, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fleet_planner import __version__
from fleet_planner.errors import InputError, UserError
from fleet_planner.outputs.checking.given import PLAN_ROLE, check_inputs, plan_of
from fleet_planner.outputs.checking.read import NEEDED, TO_RERUN, read_manifest
from fleet_planner.outputs.record import LIBRARIES, sha256
from fleet_planner.outputs.repeating.commands import COMMANDS
from fleet_planner.outputs.repeating.of_runs import OF_RUNS
from fleet_planner.outputs.target import check_target
from fleet_planner.outputs.write import REPORT_NAMES, render_report, write_run
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.telling.results import InputFile
from fleet_planner.searches import counted_searches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language

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
    known = (RUN, *COMMANDS, *OF_RUNS)
    needed = NEEDED if content["command"] in OF_RUNS else TO_RERUN
    if content["command"] not in known or any(key not in content for key in needed):
        told = "what this manifest tells cannot be run again"
        raise InputError(told, f"That can be: {', '.join(known)}.", file=kept.path, value=content["command"])
    check_target(out, overwrite=overwrite)
    base = kept.base(inputs)
    check_inputs(content["inputs"], base)
    told_before = content.get("searches")
    notes: tuple[str, ...] = ()
    try:
        with counted_searches(told_before["ended_at"] if told_before else None):
            if content["command"] in OF_RUNS:
                OF_RUNS[content["command"]](kept, base, out, overwrite=overwrite, progress=progress)
            else:
                notes = _by_plan(kept, base, out, overwrite=overwrite, progress=progress)
    except UserError as error:
        if error.file is None:
            error.file = kept.path
        raise
    now = read_manifest(out).content
    first, second = content["files"], now["files"]
    differing = tuple(_differences(first, second, out))
    equal = sum(second.get(name) == told for name, told in first.items())
    said = (*_versions(content), *notes, *_plan_file(content["inputs"], base), *_searches(content, now))
    return Again(len(first), equal, differing, said)


def _by_plan(kept: Kept, base: Path, out: Path, *, overwrite: bool, progress: Progress) -> tuple[str, ...]:
    """Run the command of a plan; return what is to be told of the plan."""
    plan, notes = plan_of(kept)
    path = base / str(kept.content["plan_file"])
    language: Language = "zh" if kept.content.get("language") == "zh" else "en"
    if kept.content["command"] == RUN:
        _run(kept, plan, path, out, overwrite=overwrite, language=language, progress=progress)
    else:
        command = COMMANDS[kept.content["command"]]
        command(plan, path, out, overwrite=overwrite, language=language, progress=progress)
    return notes


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


def _searches(was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what makes another solution likely: a search whose end by the clock cannot be repeated."""
    first, second = was.get("searches"), now.get("searches")
    late = sum(told["ended_late"] for told in (first, second) if told)
    by_time = "time limit" in {str(was.get("status", "")), str(now.get("status", ""))}
    if late or (by_time and not first):
        yield (
            f"the solver ended with {was.get('status')!r} (gap {was.get('gap')}) and now with {now.get('status')!r} "
            f"(gap {now.get('gap')}), by its own clock: another solution can come out; give it more time."
        )


def _differences(first: dict[str, str], second: dict[str, str], out: Path) -> Iterator[str]:
    for name, told in first.items():
        if name not in second:
            yield f"{out / name}: the first run wrote this file, the second did not."
        elif second[name] != told:
            yield f"{out / name}: this file differs from that of the first run."
    yield from (f"{out / name}: only the second run wrote this file." for name in second if name not in first)
