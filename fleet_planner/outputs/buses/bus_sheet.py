"""The sheet that pages on buses are printed on: heading, sections, what they rest on."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.tables import finding_text
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.findings import Finding
    from fleet_planner.outputs.buses.bus_part import Part
    from fleet_planner.tables import Language


def bus_sheet(
    city: str, title: str, sub: str, parts: Sequence[Part], findings: Sequence[Finding], language: Language
) -> str:
    """Return a page.

    Parameters
    ----------
    city, title, sub
        Heading and the line below it, in ``language``.
    parts
        Sections in their order.
    findings
        Those that failed come first.
    language
        ``en`` or ``zh``.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    page: str = environment.from_string((assets / "buses.html.j2").read_text(encoding="utf-8")).render(
        language="zh-CN" if language == "zh" else "en",
        t=report_words(language),
        city=city,
        title=title,
        sub=sub,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        parts=parts,
        findings=[
            {"kind": f.kind, "text": finding_text(f, language)}
            for f in sorted(findings, key=lambda f: f.kind != "failed")
        ],
    )
    return page
