"""What the program says of sources and assumptions, in the reader's language.

The tables of a run hold these texts in English: what a figure was used for, where it is from, what a key of the plan
means. Titles of publications stay as they are; what is said of them is looked up here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.report import wording
from fleet_planner.reference import reference_table
from fleet_planner.tables.load import folder, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

WHOLE, WITHIN = "whole", "within"
LISTED = "; "
"""Between the parts of a licence."""


@cache
def _known() -> Mapping[str, str]:
    """Return the Chinese of sentences and names: measures and pollutants by title, then those of the table."""
    out: dict[str, str] = {}
    for table in ("measures.csv", "operation_measures.csv"):
        out |= dict(reference_table(table).select("title_en", "title_zh").iter_rows())
    return out | wording.pollutant_names("zh") | {row["en"]: row["zh"] for row in rows(folder() / "told_zh.csv")}


@cache
def _patterns(applies: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    table = rows(folder() / "told_patterns_zh.csv")
    return tuple((re.compile(row["pattern"]), row["zh"]) for row in table if row["applies"] == applies)


def told(text: str, language: Language) -> str:
    """Return a name or a sentence in the language; one that nobody translated stays as it is.

    A sentence of known form (``registry: km taxi``) is told part by part.
    """
    if language == "en":
        return text
    known = _known()
    if (found := known.get(text) or known.get(text.replace("_", " "))) is not None:
        return found
    for pattern, zh in _patterns(WHOLE):
        if (parts := pattern.fullmatch(text)) is not None:
            return zh.format(**{k: told(v, language) for k, v in parts.groupdict().items()})
    return text


def told_source(text: str, language: Language) -> str:
    """Return where a figure is from: a publication by its own title, what is said of it in the language."""
    whole = told(text, language) if text in _known() else text
    if language == "en" or whole != text:
        return whole
    for pattern, zh in _patterns(WITHIN):
        text = pattern.sub(zh, text)
    return text


def told_licence(text: str, language: Language) -> str:
    """Return a licence; ``figures; own`` part by part."""
    between = "；" if language == "zh" else LISTED
    return between.join(told(part, language) for part in text.split(LISTED))


def told_rows(table: list[dict[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Return rows on sources or assumptions with item, unit, source and licence in the language."""
    how = {"item": told, "unit": told, "source": told_source, "licence": told_licence}
    return [
        row | {key: tell(row[key], language) for key, tell in how.items() if row.get(key)}  # others have no words
        for row in table
    ]
