"""Two branches that append to one table can leave a row twice: none stands twice, and the changelog reads in one piece."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def doubled(lines: list[str]) -> list[str]:
    return [line for line, number in Counter(lines).items() if number > 1 and line.strip()]


def test_no_row_of_a_packaged_table_stands_twice(repository: Path) -> None:
    tables = sorted((repository / "fleet_planner").rglob("*.csv"))
    assert len(tables) > 400
    found = {p.name: doubled(p.read_text(encoding="utf-8").splitlines()) for p in tables}
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_no_line_of_the_changelog_stands_twice_and_every_entry_ends(repository: Path) -> None:
    lines = (repository / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert doubled(lines) == []
    entries: list[str] = []
    for line in lines:
        if line.startswith("  "):
            entries[-1] += line
        else:
            entries.append(line)
    told = [e for e in entries if e.startswith("- ")]
    assert [e[:60] for e in told if not e.endswith(".")] == []
    assert doubled([e[:60] for e in told]) == []


def test_the_check_sees_what_it_looks_for() -> None:
    assert doubled(["a", "", "b", "", "a"]) == ["a"]
