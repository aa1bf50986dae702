"""The documentation: every command in it is one of the program's, every page is in the contents, the reference is whole."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
import pytest
from docs_pages import REPOSITORY, Page, pages, words

from fleet_planner.cli.main import main
from fleet_planner.plan.models import Plan
from fleet_planner.plan.template import plan_template
from fleet_planner.tables import columns
from fleet_planner.tables.dictionary import tables

if TYPE_CHECKING:
    from pydantic import BaseModel

PAGES = pages()
LINK = re.compile(r"\]\((?P<target>[^)#:\s]+\.(?:md|png))(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_pages", REPOSITORY / "docs" / "reference_pages.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("page", [p for p in PAGES if p.commands], ids=lambda p: p.name)
def test_commands_are_words_of_the_program(page: Page) -> None:
    known = _all_commands(main)
    for command in page.commands:
        assert _parsed(command) in known, f"{page.name}: {' '.join(command)}"


def _all_commands(group: click.Group) -> set[str]:
    inner = {c for c in group.commands.values() if isinstance(c, click.Group)}
    return {str(c.name) for c in group.commands.values()} | {name for g in inner for name in _all_commands(g)}


def _parsed(command: tuple[str, ...]) -> str | None:
    """Parse a command as the program does, without running it; return its last word."""
    group: click.Command = main
    rest = list(command)
    with click.Context(main, info_name="fleet-planner") as context:
        while isinstance(group, click.Group):
            name = rest.pop(0)
            found = group.get_command(context, name)
            assert found is not None, f"{' '.join(command)}: no command {name}"
            group = found
        if "--help" not in rest:
            group.make_context(group.name, rest, parent=context)
    return group.name


def test_a_wrong_word_would_be_found() -> None:
    with pytest.raises(AssertionError, match="no command runn"):
        _parsed(("runn", "plan.toml"))
    with pytest.raises(click.NoSuchOption):
        _parsed(("run", "plan.toml", "--nosuch"))
    assert words("fleet-planner run 'a b.toml' --out o   what it does") == ("run", "a b.toml", "--out", "o")


def test_every_page_is_in_the_contents(reference: ModuleType, tmp_path: Path) -> None:
    contents = (REPOSITORY / "docs" / "index.md").read_text(encoding="utf-8")
    assert contents.count(f"\n{reference.MARK}\n") == 1
    listed = {line for line in contents.splitlines() if re.fullmatch(r"[a-z_/*]+", line)}
    listed |= set(reference.unlisted(REPOSITORY / "docs", contents))
    for page in PAGES:
        name = page.name.removeprefix("docs/").removesuffix(".md")
        if page.name in {"README.md", "docs/index.md"} or name.startswith("processes/"):
            continue
        assert name in listed, f"name {name} in a toctree of docs/index.md"
    for name in ("index", "new_page", "report"):
        (tmp_path / f"{name}.md").touch()
    assert reference.unlisted(tmp_path, contents) == ["new_page"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Page) -> None:
    path = REPOSITORY / page.name
    for match in LINK.finditer(path.read_text(encoding="utf-8")):
        target = (path.parent / match["target"]).resolve()
        if target.parent.name != "reference":  # made when the site is built
            assert target.is_file(), match["target"]


def test_the_reference_has_every_key_of_the_plan(reference: ModuleType) -> None:
    text = reference.plan_keys()
    found = {header.strip("[]"): model for header, model in reference.sections(Plan, "")}
    assert {"city", "network.columns", "scenario.measure", "buses.charging"} <= set(found)
    for path, model in found.items():
        part = re.split(rf"^## `\[+{re.escape(path)}\]+`$", text, maxsplit=1, flags=re.MULTILINE)[1].split("\n## ", 1)[
            0
        ]
        for name in _plain(reference, model):
            assert f"| `{name}` |" in part, f"{path}.{name}"
    for key in re.findall(r"^# (\w+) = ", plan_template({}), flags=re.MULTILINE):
        assert f"| `{key}` |" in text or f".{key}]" in text, key


def _plain(reference: ModuleType, model: type[BaseModel]) -> list[str]:
    return [n for n, f in model.model_fields.items() if not reference._models(f.annotation)]


def test_the_reference_has_every_column_and_command(reference: ModuleType) -> None:
    for language in ("en", "zh"):
        text = reference.column_page(language)
        for entry in tables():
            part = text.split(f"\n## {entry.table}\n", 1)[1].split("\n## ", 1)[0]
            for spec in columns(entry.table):
                assert f"| `{spec.column}` |" in part, f"{entry.table}.{spec.column}"
                assert (spec.title_zh if language == "zh" else spec.title_en) in part
    told = reference.commands()
    for name in ("run", "export", "buses simulate", "factors evaluate"):
        assert f"## fleet-planner {name}\n" in told
    assert "--postgis" in told
