"""Names of streams, classes, measures and findings in the report's language."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fleet_planner.reference import reference_table
from fleet_planner.tables import measure_words, pollutants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

ROMAN = {"I", "II", "III", "IV", "V", "VI"}


def stream_names(language: Language) -> dict[str, str]:
    """Return the titles of the streams, those of machines among them."""
    return _titles("streams.csv", "stream", language) | _titles("nonroad_streams.csv", "stream", language)


def measure_names(language: Language) -> dict[str, str]:
    """Return the titles of the measures, those in operation among them."""
    operation = _titles("operation_measures.csv", "measure_id", language)
    return operation | _titles("measures.csv", "measure_id", language)


def _titles(table: str, key: str, language: Language) -> dict[str, str]:
    column = "title_zh" if language == "zh" else "title_en"
    rows = reversed(reference_table(table).to_dicts())  # where an id has several rows, the first names it
    return {row[key]: row[column] or row["title_en"] for row in rows}


def pollutant_names(language: Language) -> dict[str, str]:
    """Return the titles of the pollutants."""
    return {p.pollutant: p.title_zh if language == "zh" else p.title_en for p in pollutants()}


def class_name(road_class: str, words: Mapping[str, str]) -> str:
    """Return a road class in words; ramps as such; unknown ones as they are."""
    plain = road_class.removesuffix("_link")
    name = words.get(f"class_{plain}", plain.replace("_", " "))
    return words["class_ramp"].format(road=name) if plain != road_class else name


def standard_name(standard: str, words: Mapping[str, str]) -> str:
    """Return ``Euro VI`` for ``euro_VI_abc`` and so on."""
    if (known := words.get(f"standard_{standard}")) is not None:
        return known
    if not standard.startswith("euro_"):
        return standard.replace("_", " ")
    step, _, rest = standard.removeprefix("euro_").partition("_")
    letters = "/".join(rest.upper()) if step in ROMAN else rest.replace("_", "-")
    return f"{words['euro']}{step} {letters}".strip()


def fuel_name(fuel: str, words: Mapping[str, str]) -> str:
    """Return a fuel in words; unknown ones as they are."""
    return words.get(f"fuel_is_{fuel}", fuel.replace("_", " "))


def reasons(listed: str, language: Language) -> str:
    """Return why vehicles do not get a measure, in words."""
    words = measure_words(language)
    out = []
    for reason in listed.split(", "):
        device = reason.removeprefix("has ").removesuffix(" already")
        known = words.get(f"reason_{reason}")
        out.append(known or (reason if device == reason else words["reason_has"].format(device=device)))
    return ("、" if language == "zh" else ", ").join(out)


def plain_value(text: str | None) -> str:
    """Return a plan value as a reader would write it: ``b5 0.03, rd99 0.5`` for a table."""
    text = text or ""
    if not text.startswith(("{", "[")):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return ", ".join(str(v) for v in value)
