"""No entry of the dictionary is dead: every column stands in the code that writes or reads its table."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import fleet_planner
from fleet_planner.tables import columns
from fleet_planner.tables.dictionary import tables

PACKAGE = Path(fleet_planner.__file__).parent
LEAST_LETTERS = 3
"""A text that is filled in needs so many letters of its own, else it would fit everything."""

PASSED_ON = {"monitors.monitor", "monitors_output.monitor"}
"""Read as the dictionary has it and written again: names for people, which no code looks at."""


@cache
def names_in_code() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the names that code spells out, and a pattern of those that it fills in (``f"{kind}_kwh_per_day"``)."""
    plain: set[str] = set()
    filled: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                plain |= set(re.findall(r"\w+", node.value)) if " " not in node.value else {node.value}
            elif isinstance(node, ast.keyword) and node.arg:
                plain.add(node.arg)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                plain.add(node.target.id)
            elif isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
                if sum(c.isalpha() for p in parts if p for c in str(p)) >= LEAST_LETTERS:
                    filled.add("".join(r"\w+" if p is None else re.escape(str(p)) for p in parts))
    return frozenset(plain), re.compile("|".join(f"(?:{p})" for p in sorted(filled)))


def test_every_column_stands_in_code() -> None:
    plain, filled = names_in_code()
    dead = [
        f"{table.table}.{spec.column}"
        for table in tables()
        for spec in columns(table.table)
        if "{" not in spec.column and spec.column not in plain and not filled.fullmatch(spec.column)
    ]
    assert set(dead) == PASSED_ON, f"columns that no code names: {sorted(set(dead) - PASSED_ON)}"


def test_the_search_finds_what_is_dead() -> None:
    plain, filled = names_in_code()
    for name in ("nox_kg_per_fortnight_by_moon", "peak_of_nothing", "ferry_stage"):
        assert name not in plain
        assert not filled.fullmatch(name)
