"""A sweep file as tasks: every plan with every combination of its altered keys, by scenario and, if asked, by year."""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import PlanError, UserError, use_one_of
from fleet_planner.pipeline.prepare import only_scenarios
from fleet_planner.plan.load import check_plan, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.plan.models import Plan
    from fleet_planner.plan.sweep import Sweep, SweptPlan

MOST = 100_000
BASELINE = "baseline"
NAMED = ("name", "measure")
"""Keys by which an entry of a list of tables is called."""


@dataclass(frozen=True)
class Task:
    """One plan, altered, with one scenario or all.

    Parameters
    ----------
    key
        Name of the task: plan, scenario and a hash of everything that it is asked.
    plan
        Name of the plan in the tables.
    file
        The plan's file; names in it are relative to its folder.
    data
        Content of the plan, altered.
    scenario
        The one that is reported, ``baseline`` among them; empty: all.
    years
        Years that are reported; empty: those that the plan computes.
    altered
        Altered keys with their values as in TOML, in the sweep's order.
    judges
        Whether it judges the plan's targets: of tasks that differ in the year alone, the last one does.
    """

    key: str
    plan: str
    file: Path
    data: dict[str, Any]
    scenario: str
    years: tuple[int, ...]
    altered: tuple[tuple[str, str], ...]
    judges: bool = True

    @property
    def told(self) -> str:
        """The altered keys in one line."""
        return "; ".join(f"{key} = {value}" for key, value in self.altered)

    @property
    def told_years(self) -> str:
        """The years in one line."""
        return "; ".join(str(year) for year in self.years)

    def checked(self) -> Plan:
        """Return the plan of this task.

        Raises
        ------
        PlanError
            An altered value is not allowed, or the plan has no such scenario.
        """
        plan = check_plan(self.data, self.file)
        chosen = (self.scenario,) if self.scenario else ()
        return only_scenarios(plan, chosen, self.file)


def tasks_of(sweep: Sweep, path: Path) -> list[Task]:
    """Return the tasks of a sweep, each checked as far as its plan goes.

    Parameters
    ----------
    sweep, path
        The sweep and its file; the plans' files are relative to its folder.

    Raises
    ------
    UserError
        A plan cannot be read, lacks an altered key's place or a scenario, or does not allow a value; two tasks are the
        same; there are too many.
    """
    number = sum(_number(sweep, entry) for entry in sweep.plan)
    if number > MOST:
        told = f"plans, scenarios and altered keys make {number:,} tasks"
        raise PlanError(told, f"Alter fewer keys: at most {MOST:,} tasks.", file=path, column="alter")
    tasks = [task for entry in sweep.plan for task in _of_plan(sweep, entry, path)]
    seen: set[str] = set()
    for task in tasks:
        if task.key in seen:
            told = ", ".join((task.plan, task.scenario or "all scenarios", task.told or "nothing altered"))
            raise PlanError(
                f"two tasks are the same: {told}",
                "Name each plan and value once, or give the plans other names.",
                file=path,
            )
        seen.add(task.key)
    return tasks


def _number(sweep: Sweep, entry: SweptPlan) -> int:
    out = len(_scenarios(sweep, entry)) * len(_parts(sweep, tuple(_years(sweep, entry))))
    for values in {**sweep.alter, **entry.alter}.values():
        out *= len(values)
    return out


def _scenarios(sweep: Sweep, entry: SweptPlan) -> list[str]:
    chosen = sweep.sweep.scenarios if entry.scenarios is None else entry.scenarios
    return chosen or [""]


def _years(sweep: Sweep, entry: SweptPlan) -> list[int]:
    return sweep.sweep.years if entry.years is None else entry.years


def _parts(sweep: Sweep, years: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the years of each task of a scenario."""
    return [(year,) for year in sorted(set(years))] if sweep.sweep.years_apart else [years]


def _of_plan(sweep: Sweep, entry: SweptPlan, path: Path) -> Iterator[Task]:
    file = (path.parent / entry.file).resolve()
    given = read_toml(file)
    first = check_plan(given, file)
    name = entry.name or first.city.name
    years = tuple(_years(sweep, entry))
    _check_apart(sweep, years, path)
    alter = {**sweep.alter, **entry.alter}
    for values in itertools.product(*alter.values()):
        data = copy.deepcopy(given)
        for key, value in zip(alter, values, strict=True):
            set_key(data, key, value, path)
        base_year = _base_year(data, first.city.year)
        if early := [y for y in years if y < base_year]:
            told = f"a year before the base year of {name}, {base_year}"
            raise PlanError(told, "Name the base year or later ones.", file=path, column="years", value=early[0])
        _ask_years(data, years, base_year)
        if sweep.sweep.draws is not None:
            data.setdefault("uncertainty", {})["draws"] = sweep.sweep.draws
        altered = tuple((key, written(value)) for key, value in zip(alter, values, strict=True))
        parts = _parts(sweep, years)
        for scenario, own in itertools.product(_scenarios(sweep, entry), parts):
            judges = own == parts[-1]
            asked = json.dumps([name, data, scenario, own, judges], sort_keys=True, default=str)
            digest = hashlib.sha256(asked.encode()).hexdigest()[:10]
            year = str(own[0]) if sweep.sweep.years_apart else ""
            task = Task(
                "-".join(_words(name, scenario, year, digest)), name, file, data, scenario, own, altered, judges
            )
            try:
                task.checked()
            except UserError as error:
                if altered:
                    error.problem += f" (with {task.told})"
                raise
            yield task


def _check_apart(sweep: Sweep, years: tuple[int, ...], path: Path) -> None:
    """Refuse years apart where no years are named, or where run directories are asked for, which have all years."""
    if not sweep.sweep.years_apart:
        return
    if not years:
        told = "years shall be tasks of their own, and none are named"
        raise PlanError(told, "Name years, or leave years_apart out.", file=path, column="years")
    if sweep.sweep.directories:
        told = "a run directory has all years of its plan; years_apart makes a task of each"
        raise PlanError(told, "Leave one of directories and years_apart out.", file=path, column="directories")


def _base_year(data: dict[str, Any], given: int) -> int:
    """Return the base year, which may be altered like any key; what is no year is refused with the plan."""
    city = data.get("city")
    year = city.get("year") if isinstance(city, dict) else None
    return year if isinstance(year, int) else given


def _words(*texts: str) -> Iterator[str]:
    """Yield texts as parts of a file's name, as short as such a name has to be."""
    for text in texts:
        if word := re.sub(r"[^\w]+", "_", text).strip("_")[:40]:
            yield word


def _ask_years(data: dict[str, Any], years: tuple[int, ...], base_year: int) -> None:
    later = [y for y in years if y > base_year]
    if later:
        turnover = data.setdefault("turnover", {})
        turnover["years"] = sorted(later)
        turnover["to_year"] = max(*later, int(turnover.get("to_year") or 0))


def written(value: Any) -> str:
    """Return a value as TOML has it, near enough to be read by people."""
    return json.dumps(value, ensure_ascii=False, default=str)


def set_key(data: dict[str, Any], key: str, value: Any, path: Path) -> None:
    """Set a key of a plan in place.

    Parameters
    ----------
    data
        Content of a plan file.
    key
        Dotted, such as ``factors.hot``; an entry of a list of tables is called by its ``name`` or ``measure``, or by
        its number from 1 on: ``scenario.electric_buses.measure.1.uptake``.
    value
        The new value.
    path
        The sweep's file, for messages.

    Raises
    ------
    PlanError
        A list has no such entry, or a part of the key is no table.
    """
    *way, last = key.split(".")
    here: Any = data
    for part in [*way, last]:
        if not part:
            raise PlanError("this is no key of a plan", "Write section.key.", file=path, column="alter", value=key)
    for depth, part in enumerate(way):
        told = ".".join(way[: depth + 1])
        if isinstance(here, list):
            here = here[_entry(here, part, key, path)]
        elif isinstance(here, dict):
            here = here.setdefault(part, {})
        if not isinstance(here, (dict, list)):
            raise PlanError(
                f"{told} is no table in the plan", "Alter keys of tables.", file=path, column="alter", value=key
            )
    if isinstance(here, list):
        here[_entry(here, last, key, path)] = value
    else:
        here[last] = value


def _entry(entries: list[Any], called: str, key: str, path: Path) -> int:
    """Return the number, from 0 on, of the entry of a list that is called so."""
    names: list[str] = []
    for number, entry in enumerate(entries):
        mine = [str(entry[k]) for k in NAMED if k in entry] if isinstance(entry, dict) else []
        if called in mine or called == str(number + 1):
            return number
        names += [*mine, str(number + 1)]
    raise PlanError(
        f"the plan has no entry {called!r} there", use_one_of(called, names), file=path, column="alter", value=key
    )
