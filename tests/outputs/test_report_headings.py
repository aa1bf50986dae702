"""Headings of the report come from the dictionary: the columns that the chapters name are there, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fleet_planner.outputs.report as package
from fleet_planner.outputs.report.headings import heads
from fleet_planner.tables.load import columns, folder, heading, report_words, rows

if TYPE_CHECKING:
    from fleet_planner.tables import Language

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


PAGES = {
    "comparison": 5,
    "break": 2,
    "grant": 5,
    "cmp": 9,
    "market": 30,
    "mix": 35,
    "chargers": 19,
    "sweep": 7,
    "ebus": 50,
}
"""Least number of words that head a column, by page."""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_that_head_a_column_are_its_title(language: Language) -> None:
    t, found = report_words(language), rows(folder() / "headings.csv")
    for row in found:
        name, _, unit = row["column"].partition("|")
        spec = {s.column: s for s in columns(row["table"])}[name]
        assert t[row["key"]].startswith(spec.title_zh if language == "zh" else spec.title_en), row
        assert not unit or f"head_{unit}" in t or not unit.isascii() or unit == "%", f"no word for the unit of {row}"
    number = {page: sum(row["key"].startswith(f"{page}_") for row in found) for page in PAGES}
    assert {page: n for page, n in number.items() if n < PAGES[page]} == {}


def test_a_word_is_a_heading_or_a_text_and_a_page_uses_it() -> None:
    keys = [row["key"] for row in rows(folder() / "headings.csv")]
    texts = [folder() / "report_text.csv", *(folder() / "texts").glob("*.csv")]
    assert len(set(keys)) == len(keys)
    assert {row["key"] for path in texts for row in rows(path)}.isdisjoint(keys)
    code = [p for p in FOLDER.parent.rglob("*") if p.suffix in {".py", ".j2"}]
    used = "\n".join(p.read_text(encoding="utf-8") for p in code)
    made = tuple(set(re.findall(r"[\"']([a-z0-9_]+_)\{", used)))
    assert [k for k in keys if not k.startswith(made) and not re.search(rf"\b{k}\b", used)] == []


def test_the_words_of_a_page_tell_the_unit_that_it_shows() -> None:
    assert report_words("en")["market_cost"] == "Cost (million US$)"
    assert report_words("zh")["grant_limit"] == "限额（美元/加权短吨）"
    assert report_words("zh")["ebus_grid_kwh"] == "电网用电（千瓦时）"
