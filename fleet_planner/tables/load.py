"""Load the data dictionary: columns, pollutants and the sentences of findings."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.findings import Finding

Language = Literal["en", "zh"]
SAME_UNITS = {"µg/m³", "ppb"}
"""Units that are written alike in every language and that no cell carries."""


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a table: what it holds, in which unit, what is allowed.

    ``allowed`` is ``a|b|c`` for words, ``low..high`` for numbers (either end may be empty), or "".
    ``required`` columns must be there and may not be empty; others fall back on ``default``.
    """

    column: str
    type: Literal["text", "integer", "number", "boolean", "geometry"]
    unit: str
    default: str
    required: bool
    allowed: str
    title_en: str
    title_zh: str
    description: str


@dataclass(frozen=True)
class PollutantSpec:
    """One reported quantity: ``unit_per_day_link`` and so on follow from ``unit`` (g, MJ or kWh)."""

    pollutant: str
    column: str
    unit: str
    unit_per_year: str
    per_year_factor: float
    title_en: str
    title_zh: str
    description: str


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a packaged table of text."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def folder() -> Path:
    """Return the folder of the packaged tables of words and columns."""
    return Path(str(files("fleet_planner.tables")))


@cache
def columns(table: str) -> tuple[ColumnSpec, ...]:
    """Return the columns of ``table`` (a file name in ``tables/columns`` without ``.csv``)."""
    return tuple(
        ColumnSpec(
            column=row["column"],
            type=row["type"],  # type: ignore[arg-type]  # checked by a test on the packaged files
            unit=row["unit"],
            default=row["default"],
            required=row["required"] == "yes",
            allowed=row["allowed"],
            title_en=row["title_en"],
            title_zh=row["title_zh"],
            description=row["description"],
        )
        for row in rows(folder() / "columns" / f"{table}.csv")
    )


@cache
def pollutants() -> tuple[PollutantSpec, ...]:
    """Return the reported quantities in the order of every output."""
    return tuple(
        PollutantSpec(
            pollutant=row["pollutant"],
            column=row["column"],
            unit=row["unit"],
            unit_per_year=row["unit_per_year"],
            per_year_factor=float(row["per_year_factor"]),
            title_en=row["title_en"],
            title_zh=row["title_zh"],
            description=row["description"],
        )
        for row in rows(folder() / "pollutants.csv")
    )


@cache
def _finding_sentences() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for path in sorted((folder() / "findings").glob("*.csv")) for row in rows(path)}


def finding_text(finding: Finding, language: Language = "en") -> str:
    """Return the sentence of ``finding`` with its numbers filled in.

    Raises
    ------
    KeyError
        The code has no sentence in ``tables/findings``.
    """
    template = _finding_sentences()[finding.code][language]
    values: dict[str, str | int | float] = dict(finding.values)
    if finding.count is not None:
        values.setdefault("count", f"{finding.count:,}")
    if finding.share is not None:
        values.setdefault("share", f"{100 * finding.share:.2f} %")
    return template.format(**{k: _Word(v, language) if isinstance(v, str) else v for k, v in values.items()})


class _Word(str):
    """A value that a sentence may ask for in its language: ``{kind:day_}`` is the word of the key ``day_<kind>``."""

    __slots__ = ("language",)
    language: Language

    def __new__(cls, value: str, language: Language) -> Self:
        word = super().__new__(cls, value)
        word.language = language
        return word

    def __format__(self, prefix: str) -> str:
        return report_words(self.language).get(f"{prefix}{self}", str(self)) if prefix else str(self)


@cache
def report_words(language: Language) -> dict[str, str]:
    """Return the words of the report and of the other pages by key.

    Those that head a column (``headings.csv``) are the title that the dictionary gives it.
    """
    paths = [folder() / "report_text.csv", *sorted((folder() / "texts").glob("*.csv"))]
    own = {row["key"]: row[language] for path in paths for row in rows(path)}
    return own | {row["key"]: heading(own, row["table"], row["column"]) for row in rows(folder() / "headings.csv")}


def heading(words: Mapping[str, str], table: str, column: str) -> str:
    """Return the heading of a column of a table of the dictionary, in the language of the words.

    Parameters
    ----------
    words
        Of the page.
    table
        Of the dictionary (``tables/columns``).
    column
        Its name; ``name|unit`` where the page tells another unit, ``unit`` being a sign or a key ``head_<unit>``.

    Raises
    ------
    KeyError
        The dictionary has no such column.
    """
    name, _, unit = column.partition("|")
    spec = {s.column: s for s in columns(table)}[name]
    title = spec.title_zh if words["page_language"] == "zh" else spec.title_en
    shown = words.get(f"head_{unit}", unit) if unit else spec.unit if spec.unit in SAME_UNITS else ""
    return words["head_with_unit"].format(title=title, unit=shown) if shown else title


@cache
def measure_words(language: Language) -> dict[str, str]:
    """Return the words that measures are shown in, by key."""
    return {row["key"]: row[language] for row in rows(folder() / "measure_text.csv")}
