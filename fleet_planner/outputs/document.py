"""A document of headings, paragraphs, lists and tables, written as Markdown or as a page that prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fleet_planner.outputs.report.finish import finished
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.tables import Language


CODE = re.compile(r"`([^`<>]+)`")
UNSAFE = re.compile(r"[\"'\\<>{}\x00-\x1f]")
"""What may not stand in a string of a style sheet."""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the document's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list: each text with the code it is known by."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Parameters
    ----------
    head, rows
        Texts.
    words
        How many columns at the left are words; the others are figures, set to the right.
    code
        Columns of file names and hashes.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    code: tuple[int, ...] = ()

    @property
    def look(self) -> str:
        """Return the classes of the table on a page: small print for long texts, one piece on paper if it is short."""
        texts = bool(self.code) or (self.words == len(self.head) and len(self.rows) > KEPT_ROWS)
        return f"{'small' if texts else ''} {'kept' if len(self.rows) <= KEPT_ROWS else ''}".strip()


KEPT_ROWS = 20
"""A table with more rows may break over pages."""


Block = Heading | Paragraph | Items | Grid


def as_markdown(blocks: Sequence[Block]) -> str:
    """Return the document as Markdown."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Items):
        return "\n".join(f"- {text} (`{code}`)" for text, code in block.items)
    rules = tuple(":---" if k < block.words else "---:" for k in range(len(block.head)))
    rows = [tuple(f"`{c}`" if k in block.code else c for k, c in enumerate(row)) for row in block.rows]
    lines = [block.head, rules, *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in line) + " |" for line in lines)


def _marked(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped here


def as_page(blocks: Sequence[Block], language: Language) -> str:
    """Return the document as a page of its own that needs no network; its chapters are those of level 2."""
    loader = PackageLoader("fleet_planner.outputs", "assets")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    css = (files("fleet_planner.outputs") / "assets" / "report.css").read_text(encoding="utf-8")
    t = report_words(language)
    chapters: list[tuple[str, list[Block]]] = []
    title, before = "", list[Block]()
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            title = block.text
        elif isinstance(block, Heading) and block.level == 2:  # the level of chapters
            chapters.append((block.text, []))
        else:
            (chapters[-1][1] if chapters else before).append(block)
    page = environment.get_template("document.html.j2").render(
        language="zh-CN" if language == "zh" else "en",
        title=title,
        before=before,
        chapters=chapters,
        css=Markup(css),  # noqa: S704  # packaged
        running=Markup(UNSAFE.sub("", title)),  # noqa: S704  # nothing in it ends the string or the style
        marked=_marked,
        kind=lambda block: type(block).__name__,
    )
    return finished(page, t)
