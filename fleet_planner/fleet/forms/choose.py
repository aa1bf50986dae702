"""Say which form a file has, and which of its columns are read as what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.fleet.forms.model import (
    AGES,
    CHINA,
    FORMS,
    NATIVE,
    Choice,
    needed_roles,
    plain_word,
    role_columns,
    roles,
    without_unit,
    words,
)
from fleet_planner.fleet.headers import is_identifier, plain_header, words_of
from fleet_planner.fleet.identifiers import ID, shown_names
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from fleet_planner.fleet.source import Source

AGE_COLUMN = re.compile(r"^(?:age|车龄|edad)_?(\d{1,2})\+?$")
SPREAD = {AGES: ("model_year",)}
"""Needed columns of ours that a form brings itself."""


@dataclass(frozen=True)
class Reading:
    """How the columns of a file are read.

    Parameters
    ----------
    form
        One of `FORMS`.
    columns
        The file's column by ours (form ``native`` and age distributions) or by role.
    spread
        Columns that become rows: the standard or age by column; empty where there are none.
    unread
        Columns of plates, VINs and engine numbers that are left out.
    ignored
        Other columns that are not read.
    guessed
        The form was not given but recognised by the header.
    renamed
        Columns of ours that were recognised by other words than our own.
    plates
        The ids come from a column of plates or VINs.
    """

    form: str
    columns: dict[str, str]
    spread: dict[str, str]
    unread: tuple[str, ...]
    ignored: tuple[str, ...]
    guessed: bool
    renamed: dict[str, str]
    plates: bool


def choose_reading(source: Source, choice: Choice) -> Reading:
    """Return how a file is read: as the plan says, else as its header tells.

    Raises
    ------
    InputError
        The form or a column that the plan names is unknown, or a needed column is missing.
    """
    names = list(source.names)
    _known_choice(source, choice)
    plates = [name for name in names if is_identifier(name) and name not in choice.columns.values()]
    others = [name for name in names if name not in plates]
    form = choice.form or _guessed(others, choice)
    spread = _spread(form, others)
    if form in {NATIVE, AGES}:
        mapped = _native_columns(others, choice, form)
        if ID not in mapped and plates:
            mapped[ID] = plates[0]
    else:
        mapped = role_columns(form, others, choice.columns)
    _complete(source, form, mapped, spread)
    used = {*mapped.values(), *spread}
    renamed = {
        ours: theirs for ours, theirs in mapped.items() if form == NATIVE and ours not in {theirs, *choice.columns}
    }
    ignored = tuple(name for name in others if name not in used)
    if form == NATIVE and ignored and not (renamed or choice.columns or choice.form):
        known = ", ".join(c.column for c in columns("registry"))
        remedy = f"Remove it, use one of {known}, or name the form in fleet.format."
        raise InputError("unknown column", remedy, source.path, row=1, column=shown_names(ignored[:1]) or "(no name)")
    from_plates = mapped.get(ID, "") in plates or is_identifier(mapped.get(ID, ""))
    unread = tuple(name for name in plates if name not in used)
    return Reading(form, mapped, spread, unread, ignored, not choice.form, renamed, from_plates)


def _known_choice(source: Source, choice: Choice) -> None:
    if choice.form and choice.form not in FORMS:
        raise InputError("unknown form", use_one_of(choice.form, FORMS), column="fleet.format", value=choice.form)
    for ours, theirs in choice.columns.items():
        if theirs not in source.names:
            remedy = use_one_of(theirs, [n for n in source.names if n])
            raise InputError(
                "the registry has no such column",
                remedy,
                source.path,
                row=1,
                column=f"fleet.columns.{ours}",
                value=theirs,
            )
    form = choice.form or NATIVE
    known = {c.column for c in columns("registry")} | set(roles(form)) | (set() if choice.form else _all_roles())
    for ours in choice.columns:
        if ours not in known:
            remedy = use_one_of(ours, known)
            raise InputError("the form has no such column", remedy, column=f"fleet.columns.{ours}", value=ours)


def _all_roles() -> set[str]:
    return {role for form in FORMS for role in roles(form)}


def _guessed(names: list[str], choice: Choice) -> str:
    """Return the form whose needed columns are all there; ours first, then the one with most columns."""
    own = {c.column for c in columns("registry") if c.required}
    if own <= {*names, *choice.columns}:
        return NATIVE
    fits = []
    for form in FORMS[1:]:
        found = role_columns(form, names, {k: v for k, v in choice.columns.items() if k in roles(form)})
        spread = _spread(form, names)
        whole = set(needed_roles(form)) <= set(found)
        if form == CHINA:
            whole = whole and (len(spread) > 1 or {"standard", "count"} <= set(found))
        if form == AGES:
            lacks = own - set(SPREAD[AGES]) - set(_native_columns(names, choice, form)) - {ID}
            whole = not lacks and (bool(spread) or whole)
        if whole:
            fits.append((len(found) + len(spread), form))
    return max(fits)[1] if fits else NATIVE


def _spread(form: str, names: list[str]) -> dict[str, str]:
    """Return the columns that each hold a standard or an age, by name."""
    if form == CHINA:
        steps = words(CHINA, "standard")
        plain = {name: plain_word(without_unit(name)[0].replace("_", " ")) for name in names}
        return {name: steps[p][0].value for name, p in plain.items() if p in steps}
    if form == AGES:
        found = {name: AGE_COLUMN.match(plain_header(name)) for name in names}
        return {name: match.group(1) for name, match in found.items() if match}
    return {}


def _native_columns(names: list[str], choice: Choice, form: str) -> dict[str, str]:
    """Return the file's column of each of ours: as given, by our own name, or by another word for it."""
    extra = list(roles(AGES)) if form == AGES else []
    own = [c.column for c in columns("registry") if c.column not in SPREAD.get(form, ())]
    taken = set(choice.columns.values())
    free = [name for name in names if name not in taken]
    out = {k: v for k, v in choice.columns.items() if k in {*own, *extra}}
    for ours in own:
        if ours in free:
            out.setdefault(ours, ours)
    for ours in own:
        others = [n for n in free if n not in out.values() and plain_header(n) in words_of(ours)]
        if ours not in out and len(others) == 1:
            out[ours] = others[0]
    if extra:
        out |= {k: v for k, v in role_columns(AGES, free, choice.columns).items() if k in extra}
    return out


def _complete(source: Source, form: str, mapped: dict[str, str], spread: dict[str, str]) -> None:
    """Refuse a table that lacks a needed column."""
    missing: list[str] = []
    if form in {NATIVE, AGES}:
        missing = [c.column for c in columns("registry") if c.required and c.column not in SPREAD.get(form, ())]
    if form == AGES and not spread:
        missing += needed_roles(AGES)
    elif form not in {NATIVE, AGES}:
        missing = [*needed_roles(form)]
        if form == CHINA and not spread:
            missing += ["standard", "count"]
    lacks = [name for name in missing if name not in mapped]
    if not lacks:
        return
    told = {c.column: c.description for c in columns("registry")}
    what = told.get(lacks[0]) or f"a column such as {', '.join(roles(form)[lacks[0]][:3])}"
    raise InputError(
        "a needed column is missing" if form == NATIVE else f"a column that the form {form} needs is missing",
        f"The file has {shown_names(source.names)}; add {lacks[0]} ({what}), or name it in fleet.columns.",
        file=source.path,
        row=1,
        column=lacks[0],
    )
