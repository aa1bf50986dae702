"""What a run found out of its own inputs and figures, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet_planner.findings import Finding
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.vocabulary import in_words, phrase
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

VALUES = (
    "technology",
    "used",
    "kinds",
    "category",
    "fuel",
    "fuels",
    "region",
    "set",
    "fallback",
    "class",
    "figures",
    "words",
    "general",
    "rule",
    "sets",
    "steps",
    "pollutant",
    "pollutants",
)
"""Values that consist of the program's own words."""
PHRASES = ("replaced", "status")
"""Values that are sentences of the program."""


def finding_lines(data: Mapping[str, Any], kind: str, language: Language) -> list[str]:
    """Return the sentences of one kind of finding, ids replaced by titles, each once."""
    titles = {s["en"]: s[language] for s in data["scenarios"]}
    found = [
        Finding(f["code"], kind, dict(f["values"]), f["count"], f["share"])  # type: ignore[arg-type]  # one of the kinds
        for f in data["findings"]
        if f["kind"] == kind
    ]
    return list(dict.fromkeys(finding_words(f, titles, language) for f in found))


def finding_words(finding: Finding, titles: Mapping[str, str], language: Language) -> str:
    """Return the sentence of a finding, ids and English titles in it replaced by the reader's words.

    Parameters
    ----------
    finding
        Of a run or another command.
    titles
        Of the scenarios in the language, by their English title.
    language
        ``en`` or ``zh``.
    """
    measures, streams = wording.measure_names(language), wording.stream_names(language)
    values = dict(finding.values)
    for key, names in (("scenario", titles), ("measure", measures), ("stream", streams), ("used", streams)):
        if key in values:
            values[key] = names.get(str(values[key]), values[key])
    for key, names in (("streams", streams), ("parts", measures), ("chosen", measures), ("measures", measures)):
        if key in values:
            listed = [names.get(s.strip(), s.strip()) for s in str(values[key]).split(",")]
            values[key] = ("、" if language == "zh" else ", ").join(listed)
    if finding.code == "scenario.not_eligible":
        values["reason"] = wording.reasons(str(values["reason"]), language)
    for key in VALUES:
        if isinstance(values.get(key), str):
            values[key] = in_words(str(values[key]), language, single=True)
    for key in PHRASES:
        if isinstance(values.get(key), str):
            values[key] = phrase(str(values[key]), language)
    if "scenarios" in values:
        values["scenarios"] = _replaced(str(values["scenarios"]), titles)
    return in_words(finding_text(replace(finding, values=values), language), language)


def _replaced(listed: str, titles: Mapping[str, str]) -> str:
    """Return a text with the English titles of scenarios replaced, the longest first."""
    for english in sorted(titles, key=len, reverse=True):
        listed = listed.replace(english, titles[english])
    return listed
