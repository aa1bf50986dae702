"""What a form is: its columns and words, from ``reference/registry_*.csv``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from fleet_planner.fleet.headers import plain_header
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NATIVE, CHINA, AGES = "native", "china_stock", "age_distribution"
CALIFORNIA, EMFAC, NTD = "california_zip", "emfac", "ntd"
FORMS = (NATIVE, EMFAC, CALIFORNIA, NTD, CHINA, AGES)
UNIT_IN_HEADER = re.compile(r"^(.*?)_?[(\[](.+)[)\]]$")


@dataclass(frozen=True)
class Choice:
    """What the plan says of a registry's form.

    Parameters
    ----------
    form
        One of `FORMS`; "" is guessed from the header.
    columns
        Headers of the file by our column, or by the role that a form gives it.
    keep
        Values that are kept by column; a row must have one in each.
    vehicles_per_unit
        Vehicles that a count of 1 means, where the file does not say.
    """

    form: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vehicles_per_unit: float = 1.0


class Word(NamedTuple):
    """What a word of a form means: ``value``, or why it is ``out``; ``detail`` narrows it."""

    word: str
    detail: str
    value: str
    out: str


def plain_word(word: str) -> str:
    """Return a word as words are compared: usual width, small letters, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def without_unit(header: str) -> tuple[str, str]:
    """Return a header in plain form without the unit that stands in brackets behind it, and that unit."""
    plain = plain_header(header)
    found = UNIT_IN_HEADER.match(plain)
    return (found.group(1), found.group(2)) if found else (plain, "")


@cache
def roles(form: str) -> dict[str, tuple[str, ...]]:
    """Return the plain headers of a form's columns by role, most usual first."""
    rows = reference_table("registry_forms.csv").rows(named=True)
    return {r["role"]: tuple(plain_header(h) for h in r["headers"].split("|")) for r in rows if r["form"] == form}


@cache
def needed_roles(form: str) -> tuple[str, ...]:
    """Return the roles without which a table is not of the form."""
    rows = reference_table("registry_forms.csv").rows(named=True)
    return tuple(r["role"] for r in rows if r["form"] == form and r["needed"] == "yes")


@cache
def words(form: str, role: str) -> dict[str, tuple[Word, ...]]:
    """Return the words of a form's column by their plain form."""
    out: dict[str, tuple[Word, ...]] = {}
    for row in reference_table("registry_words.csv").iter_rows(named=True):
        if (row["form"], row["role"]) == (form, role):
            word = plain_word(row["word"])
            entry = Word(word, row["detail"] or "", str(row["value"] or ""), row["out"] or "")
            out[word] = (*out.get(word, ()), entry)
    return out


def role_columns(form: str, names: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the file's column of each role that it has; ``given`` goes first."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(without_unit(name)[0], name)
        plain.setdefault(plain_header(name), name)
    found = {role: next((plain[h] for h in headers if h in plain), "") for role, headers in roles(form).items()}
    return {role: name for role, name in (found | dict(given)).items() if name}
