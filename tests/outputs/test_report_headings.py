"""Headings of the report come from the dictionary: the columns that the chapters name are there, in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fleet_planner.outputs.report as package
from fleet_planner.outputs.report.headings import heading, heads
from fleet_planner.tables.load import columns, report_words

FOLDER = Path(next(iter(package.__path__)))


def _texts(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def named() -> list[tuple[str, str]]:
    """Return tables and columns that the modules of the report ask headings of, given in place or in a tuple."""
    out = []
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            given: dict[str, list[str]] = {}
            for node in (*tree.body, *ast.walk(scope)):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    given[node.targets[0].id] = _texts(node.value)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    given.setdefault(node.target.id, []).extend(_texts(node.value))
            for call in (n for n in ast.walk(scope) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)):
                if isinstance(call.func, ast.Name) and call.func.id in {"heads", "heading"} and len(call.args) > 2:
                    table = _texts(call.args[1])
                    for arg in call.args[2:]:
                        inner = arg.value if isinstance(arg, ast.Starred) else arg
                        texts = given.get(inner.id, []) if isinstance(inner, ast.Name) else _texts(inner)
                        out += [(table[0], text) for text in texts if table and text.partition("|")[0]]
    return out


def test_the_columns_that_chapters_name_are_in_the_dictionary() -> None:
    asked = named()
    assert len({table for table, _ in asked}) >= 18
    for table, column in asked:
        for language in ("en", "zh"):
            assert heading(report_words(language), table, column)  # type: ignore[arg-type]


def test_a_heading_has_the_words_of_the_dictionary_and_a_unit() -> None:
    spec = {s.column: s for s in columns("exposure")}["traffic_ug_m3"]
    assert heading(report_words("en"), "exposure", "traffic_ug_m3") == f"{spec.title_en} (µg/m³)"
    assert heading(report_words("zh"), "exposure", "traffic_ug_m3") == f"{spec.title_zh}（µg/m³）"
    assert heads(report_words("zh"), "hydrogen", "scenario", "hydrogen_t_per_year|t") == ["情景", "氢气用量（吨）"]
    with pytest.raises(KeyError):
        heading(report_words("en"), "exposure", "no_such_column")
