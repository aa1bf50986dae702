"""The program's own words, such as ``heavy_truck`` or ``euro_VI_abc``, in the words of a reader."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.outputs.report import wording
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS
from fleet_planner.tables.load import folder, report_words, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

JOINED = re.compile(r"(?<![\w./{-])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?![\w/}(])(?!\.\w)", re.ASCII)
"""A word of several parts that is no key of a plan and no file: nothing with a point or a stroke beside it."""
SINGLE = re.compile(r"(?<![\w./{-])[A-Za-z0-9_]+(?:-[A-Z]+)?(?![\w/}(])(?!\.\w)", re.ASCII)
PREFIXES = ("category_", "fuel_is_", "standard_", "set_", "figure_", "region_", "rule_", "survival_")
VISITING = "visiting_"


@cache
def vocabulary(language: Language) -> Mapping[str, str]:
    """Return what each of the program's words is called."""
    t = report_words(language)
    out = dict(wording.stream_names(language)) | wording.measure_names(language)
    out |= {VISITING + k: t["visiting_stream"].format(stream=v) for k, v in wording.stream_names(language).items()}
    out |= {p: name for p, name in wording.pollutant_names(language).items() if "_" in p}
    out |= {s: wording.standard_name(s, t) for s in (*HEAVY_STANDARDS, *LIGHT_STANDARDS)}
    for prefix in PREFIXES:
        out |= {k.removeprefix(prefix): v for k, v in t.items() if k.startswith(prefix)}
    return out


def in_words(text: str, language: Language, *, single: bool = False) -> str:
    """Return a text with the program's words replaced.

    Parameters
    ----------
    text
        A sentence, or a value that goes into one.
    language
        Of the reader.
    single
        Whether words without an underscore (``bus``, ``CL``) are the program's too; true of values, not of sentences.
    """
    known = vocabulary(language)
    return (SINGLE if single else JOINED).sub(lambda found: known.get(found.group(), found.group()), text)


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["zh"]) for row in rows(folder() / "phrases.csv"))


def phrase(text: str, language: Language) -> str:
    """Return a sentence of the program (``standard euro_4 for euro_5; fuel diesel for cng``, ``in force``) in words."""
    if (whole := _known(text, language)) is not None:
        return whole
    parts = text.split("; ")
    told = [_known(part, language) or in_words(part, language, single=True) for part in parts]
    return ("；" if language == "zh" else "; ").join(told)


def _known(text: str, language: Language) -> str | None:
    """Return the Chinese of a known sentence."""
    found = [(m, zh) for pattern, zh in _phrases() if (m := pattern.fullmatch(text))]
    if language != "zh" or not found:
        return None
    parts, told = found[0]
    return told.format(**{k: in_words(v, language, single=True) for k, v in parts.groupdict().items()})
