"""What a manifest gives to run again: the plan as it was, inputs that are still the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError
from fleet_planner.outputs.record import sha256
from fleet_planner.outputs.report.report_data import clean
from fleet_planner.pipeline.telling.input_files import input_path
from fleet_planner.plan.load import check_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept
    from fleet_planner.plan.models import Plan

PLAN_ROLE = "plan"


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
