"""The data dictionary as aligned text, Markdown, CSV and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.tables import columns
from fleet_planner.tables.dictionary import TableEntry, translated
from fleet_planner.tables.dictionary import tables as all_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.tables import Language
    from fleet_planner.tables.load import ColumnSpec

HEADS = ("table", "column", "type", "unit", "title", "description", "allowed", "default")


def dictionary_text(names: Sequence[str], form: str, language: Language) -> str:
    """Return the dictionary of some tables, or of all.

    Parameters
    ----------
    names
        Tables; none: all of them.
    form
        ``text``, ``md``, ``csv`` or ``json``.
    language
        Of titles and descriptions.

    Raises
    ------
    InputError
        A table is unknown; the message has the nearest.
    """
    known = {entry.table: entry for entry in all_tables()}
    for name in names:
        if name not in known:
            raise InputError("no such table", use_one_of(name, list(known)), column="TABLE", value=name)
    chosen = [known[name] for name in names] or list(known.values())
    if form == "text":
        return _text(chosen, language, columns_too=bool(names))
    if form == "md":
        return "\n".join(markdown(entry, language) for entry in chosen).rstrip()
    if form == "json":
        return json.dumps([_plain(entry, language) for entry in chosen], ensure_ascii=False, indent=1)
    rows = [[entry.table, *row] for entry in chosen for row in rows_of(entry, language)]
    return pl.DataFrame(rows, schema=dict.fromkeys(HEADS, pl.String), orient="row").write_csv().rstrip("\n")


def rows_of(entry: TableEntry, language: Language) -> list[list[str]]:
    """Return column, type, unit, title, description, allowed and default of every column of a table."""
    return [
        [
            s.column,
            s.type,
            s.unit,
            title(s, language),
            description(s, language),
            "" if "{" in s.column else s.allowed,
            s.default,
        ]
        for s in columns(entry.table)
    ]


def title(spec: ColumnSpec, language: Language) -> str:
    """Return the readable title of a column."""
    return spec.title_zh if language == "zh" else spec.title_en


def description(spec: ColumnSpec, language: Language) -> str:
    """Return what a column holds; in English where it was not translated."""
    return translated(spec.description) or spec.description if language == "zh" else spec.description


def markdown(entry: TableEntry, language: Language) -> str:
    """Return a heading, the places of a table and its columns as a Markdown table."""
    chinese = language == "zh"
    heads = ("列", "类型", "单位", "含义") if chinese else ("Column", "Type", "Unit", "Meaning")
    lines = [f"## {entry.table}", "", _title(entry, language) + ("。" if chinese else "."), ""]
    lines += [f"{_where(entry, language)}", ""]
    lines += [f"| {' | '.join(heads)} |", "| --- | --- | --- | --- |"]
    for spec in columns(entry.table):
        meaning = f"{title(spec, language)}{'：' if chinese else ': '}{description(spec, language)}"
        cells = (f"`{spec.column}`", spec.type, spec.unit, meaning.replace("|", "\\|"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _where(entry: TableEntry, language: Language) -> str:
    words = {"plan": "named by", "internal": "inside the program"}
    chinese = {"plan": "计划键", "internal": "程序内部", "all": "所有命令"}
    parts = []
    for place in entry.places:
        command, _, file = place.partition(":")
        word = chinese.get(command, command) if language == "zh" else words.get(command, command)
        parts.append(f"{word} `{file}`" if file else word)
    return "; ".join(parts) if language == "en" else "；".join(parts)


def _title(entry: TableEntry, language: Language) -> str:
    return entry.title_zh if language == "zh" else entry.title_en


def _plain(entry: TableEntry, language: Language) -> dict[str, object]:
    fields = [dict(zip(HEADS[1:], row, strict=True)) for row in rows_of(entry, language)]
    return {
        "table": entry.table,
        "title": _title(entry, language),
        "places": list(entry.places),
        "columns": fields,
    }


def _text(chosen: Sequence[TableEntry], language: Language, *, columns_too: bool) -> str:
    from fleet_planner.cli.shared import aligned

    if not columns_too:
        rows = [["table", "title", "where"], *([e.table, _title(e, language), _where(e, language)] for e in chosen)]
        return aligned(rows, right=[False] * 3)
    parts = []
    for entry in chosen:
        body = aligned([list(HEADS[1:]), *rows_of(entry, language)], right=[False] * 7)
        parts.append(f"{entry.table}: {_title(entry, language)}\n{_where(entry, language)}\n\n{body}")
    return "\n\n".join(parts)
