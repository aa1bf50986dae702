"""Reference pages of the site, made from the code: keys of the plan, columns of tables, commands."""

from __future__ import annotations

import typing
from types import UnionType
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from fleet_planner.cli.dictionary_text import markdown
from fleet_planner.cli.main import main
from fleet_planner.plan.models import Plan
from fleet_planner.plan.template import toml_value
from fleet_planner.tables.dictionary import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo

NOTE = (
    "Made from the program. A plan is a TOML file; every key but `city.name`, `city.country`, `city.year`, a network "
    "and a registry has a default. `fleet-planner init` writes them all as comments."
)

MARK = "(all other pages)"
"""Line of the contents in whose place the pages stand that they do not name."""


def unlisted(folder: Path, contents: str) -> list[str]:
    """Return the pages of the folder that no list of the contents names, by name."""
    named = set(contents.split())
    return sorted(p.stem for p in folder.glob("*.md") if p.stem not in named and p.stem != "index")


def write_reference(folder: Path) -> None:
    """Write the pages ``plan_keys.md``, ``columns.md``, ``columns_zh.md`` and ``commands.md``."""
    folder.mkdir(exist_ok=True)
    pages = {
        "plan_keys.md": plan_keys(),
        "columns.md": column_page("en"),
        "columns_zh.md": column_page("zh"),
        "commands.md": commands(),
    }
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def plan_keys() -> str:
    """Return every key of the plan by section: kind, default, meaning."""
    lines = [
        "# Keys of the plan",
        "",
        NOTE,
        "",
    ]
    for header, model in sections(Plan, ""):
        lines += [
            f"## `{header}`",
            "",
            _sentence(model),
            "",
            "| Key | Kind | Default | Meaning |",
            "| --- | --- | --- | --- |",
        ]
        for name, field in model.model_fields.items():
            if _models(field.annotation):
                continue
            cells = (f"`{name}`", kind(field.annotation), _default(field), field.description or "")
            lines.append("| " + " | ".join(_cell(c) for c in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def sections(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the header and the model of every section, ``[[…]]`` where it may stand several times."""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            here = f"{path}.{name}" if path else name
            many = typing.get_origin(field.annotation) is list
            yield (f"[[{here}]]" if many else f"[{here}]"), inner
            yield from sections(inner, here)


def _models(kind: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [m for inner in typing.get_args(kind) for m in _models(inner)]


def kind(annotation: Any) -> str:
    """Return an annotation in words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kind(inner[0])
    if origin is typing.Literal:
        return ", ".join(f"`{v}`" if v != "" else "empty" for v in inner)
    if origin in {typing.Union, UnionType}:
        return " or ".join(kind(i) for i in inner if i is not type(None))
    if origin in {list, tuple}:
        return f"list of {kind(inner[0])}"
    if origin is dict:
        return f"table of {kind(inner[0])} to {kind(inner[1])}"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(annotation, "value")


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "" if field.default_factory is not None else "needed"
    if field.default is None:
        return "none"
    try:
        return f"`{toml_value(field.default)}`"
    except TypeError:
        return ""


def _sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0] if model.__doc__ else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def column_page(language: typing.Literal["en", "zh"]) -> str:
    """Return every table of the data dictionary with its columns."""
    heads = {
        "en": ("Columns of tables", "Made from the data dictionary (see [its page](../data_dictionary.md))."),
        "zh": ("各表的列", "由数据字典生成（见[数据字典](../data_dictionary.md)）；尚未翻译的说明以英文给出。"),
    }
    title, note = heads[language]
    parts = [markdown(entry, language) for entry in tables()]
    return "\n".join([f"# {title}", "", note, "", *parts])


def commands() -> str:
    """Return the help of every command."""
    lines = ["# Commands", "", "Made from the program: what `fleet-planner … --help` prints.", ""]
    for words, command in _commands(main, ["fleet-planner"]):
        with click.Context(command, info_name=" ".join(words), max_content_width=100) as context:
            lines += [f"## {' '.join(words)}", "", "```text", command.get_help(context).replace("\b", ""), "```", ""]
    return "\n".join(lines)


def _commands(group: click.Group, words: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, [*words, name])
        else:
            yield [*words, name], command
