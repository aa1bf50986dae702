"""Which Euro standard answers to a standard of another region: a table with dates that the user may replace.

``technology_map.csv`` has one row a standard: region (``*`` for any other), group, fuel (``any``), the standard as
the law names it, the Euro standard in the words of the factor sets, how exact the match is, the stage in the Chinese
guide, and the first model year. Dates that the packaged tables of standards hold are theirs (column ``dates_in``).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.reference.load import reference_path
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PACKAGED = "technology_map.csv"
NEEDED = ("region", "group", "fuel", "standard", "euro_equivalent", "exactness", "from_year")
GROUPS = ("light_duty", "heavy_duty", "motorcycle")
EXACTNESS = ("same", "near", "stand-in")
GUIDE_STAGES = ("", "PRE", "I", "II", "III", "IV", "V", "VI")
EURO_WORDS = tuple(dict.fromkeys((*HEAVY_STANDARDS, *LIGHT_STANDARDS)))
HEADER_ROWS = 2
"""The first row of data is row 2 of a spreadsheet."""


@dataclass(frozen=True)
class Equivalent:
    """A standard of a region and its Euro equivalent.

    Parameters
    ----------
    region, group, fuel, standard
        As in the table.
    euro
        Standard in the words of the factor sets, such as ``euro_IV``.
    exactness
        ``same`` limits, ``near`` or ``stand-in``.
    guide_stage
        Stage in the Chinese guide; "" outside China.
    from_year
        First model year; 0 where the standard is what came before all others.
    note
        What differs.
    """

    region: str
    group: str
    fuel: str
    standard: str
    euro: str
    exactness: str
    guide_stage: str
    from_year: int
    note: str


def load_technology_map(path: Path | None = None) -> tuple[Equivalent, ...]:
    """Read the packaged map, or a user's in the same form.

    Raises
    ------
    InputError
        The file is missing or not a table; a column is missing; a cell is empty, unknown or no year; two rows say
        different things of the same standard and year.
    """
    file = path or reference_path(PACKAGED)
    try:
        table = pl.read_csv(file, infer_schema=False).fill_null("")
    except TABLE_FAULTS as error:
        raise InputError(f"the technology map cannot be read: {error}", "Give a CSV table.", file=file) from error
    for column in NEEDED:
        if column not in table.columns:
            raise InputError(
                "a column is missing", f"The columns are {', '.join(NEEDED)}, guide_stage, note.", file, column=column
            )
    out: list[Equivalent] = []
    seen: dict[tuple[str, str, str, str, int], int] = {}
    for number, cells in enumerate(table.iter_rows(named=True), HEADER_ROWS):
        entry = _entry({k: v.strip() for k, v in cells.items()}, file, number)
        key = (entry.region, entry.group, entry.fuel, entry.standard, entry.from_year)
        if key in seen:
            raise InputError(
                f"the standard stands in row {seen[key]} already", "Keep one.", file, number, "standard", entry.standard
            )
        seen[key] = number
        out.append(entry)
    return tuple(out)


def _entry(cells: dict[str, str], file: Path, row: int) -> Equivalent:
    """Return a checked row."""
    for column in ("region", "fuel", "standard"):
        if not cells[column]:
            raise InputError("the cell is empty", "Fill it in.", file, row, column, "")
    words = {
        "group": GROUPS,
        "euro_equivalent": EURO_WORDS,
        "exactness": EXACTNESS,
        "guide_stage": GUIDE_STAGES,
    }
    for column, known in words.items():
        value = cells.get(column, "")
        if value not in known:
            near = difflib.get_close_matches(value, known, n=3) or known
            raise InputError("unknown word", f"Use {' or '.join(w for w in near if w)}.", file, row, column, value)
    year = cells["from_year"]
    if not year.isdigit():
        raise InputError("not a year", "Give a model year, 0 for the first.", file, row, "from_year", year)
    return Equivalent(
        region=cells["region"],
        group=cells["group"],
        fuel=cells["fuel"],
        standard=cells["standard"],
        euro=cells["euro_equivalent"],
        exactness=cells["exactness"],
        guide_stage=cells.get("guide_stage", ""),
        from_year=int(year),
        note=cells.get("note", ""),
    )


def _of_region(table: tuple[Equivalent, ...], region: str, group: str, fuel: str) -> list[Equivalent]:
    """Return the rows of a region and group, those of any region where it has none of its own."""
    if group not in GROUPS:
        raise InputError("unknown group", f"Use {' or '.join(GROUPS)}.", column="group", value=group)
    regions = {e.region for e in table}
    if region not in regions and not any(e.region == "*" and e.group == group for e in table):
        near = difflib.get_close_matches(region, sorted(regions), n=3) or sorted(regions)
        raise InputError("unknown region", f"Known: {', '.join(near)}.", column="region", value=region)
    fits = [e for e in table if e.group == group and ("any" in {e.fuel, fuel} or e.fuel == fuel)]
    return [e for e in fits if e.region == region] or [e for e in fits if e.region == "*"]


def equivalent(
    table: tuple[Equivalent, ...], region: str, group: str, standard: str, *, fuel: str = "any", year: int | None = None
) -> Equivalent:
    """Return the Euro equivalent of a region's standard.

    Parameters
    ----------
    table
        From `load_technology_map`.
    region, group, standard
        Such as ``CN``, ``heavy_duty``, ``China IV``; case and spaces at the ends do not matter.
    fuel
        ``any`` takes the rows of every fuel.
    year
        Model year, where one name stands for several steps: the newest that has begun (the oldest if none has).

    Raises
    ------
    InputError
        Group, region or standard is unknown, or the name is not clear without a year or fuel.
    """
    rows = _of_region(table, region, group, fuel)
    named = [e for e in rows if e.standard.casefold() == standard.strip().casefold()]
    if not named:
        words = list(dict.fromkeys(e.standard for e in rows))
        near = difflib.get_close_matches(standard, words, n=3) or words
        raise InputError(
            f"unknown {group} standard of {region}", f"Known: {', '.join(near)}.", column="standard", value=standard
        )
    if year is not None:
        return in_year(named, year)
    if len({e.euro for e in named}) > 1:
        meanings = ", ".join(f"{e.euro} ({e.fuel}, from {e.from_year})" for e in named)
        raise InputError(
            f"the standard has several meanings: {meanings}", "Give year or fuel.", column="standard", value=standard
        )
    return named[0]


def in_year(rows: Sequence[Equivalent], year: int) -> Equivalent:
    """Return the newest row that has begun in a model year, the oldest if none has."""
    begun = [e for e in rows if e.from_year <= year]
    return max(begun, key=lambda e: e.from_year) if begun else min(rows, key=lambda e: e.from_year)


def counterparts(
    table: tuple[Equivalent, ...], euro: str, region: str, group: str, *, fuel: str = "any"
) -> list[Equivalent]:
    """Return the standards of a region that answer to a Euro standard, oldest first; empty where none does.

    Raises
    ------
    InputError
        Group, region or Euro standard is unknown.
    """
    if euro not in EURO_WORDS:
        near = difflib.get_close_matches(euro, EURO_WORDS, n=3) or EURO_WORDS
        raise InputError("unknown Euro standard", f"Use {' or '.join(near)}.", column="euro_equivalent", value=euro)
    found = [e for e in _of_region(table, region, group, fuel) if e.euro == euro]
    return sorted(found, key=lambda e: e.from_year)
