"""The page on areas: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fleet_planner.outputs.report.area_data import areas_data
from fleet_planner.outputs.report.area_parts import areas_parts
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.pipeline.clipping.of_run import Areas
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language


def clip_page(ready: Prepared, cut: Areas, notes: Sequence[tuple[str, str]], language: Language) -> str:
    """Return the page."""
    t, which = report_words(language), 1 if language == "zh" else 0
    words = t | {"rate": t["rate_t"]}
    loader = PackageLoader("fleet_planner.outputs", "assets")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    template = environment.get_template("areas.html.j2")
    css = files("fleet_planner.outputs") / "assets" / "report.css"
    city = ready.plan.city
    scenarios = {s.name: (s.title_zh or s.title_en) if which else s.title_en for s, _ in ready.computed.states}
    given = areas_data(cut, ready.network.links["length_km"].to_numpy(), ready.plan.outputs.map_pollutants)
    return template.render(
        language="zh-CN" if which else "en",
        t=words,
        city=(city.name_zh or city.name) if which else city.name,
        year=city.year,
        css=Markup(css.read_text(encoding="utf-8")),  # noqa: S704  # packaged
        areas=areas_parts(given, words, scenarios, language),
        notes=[note[which] for note in notes],
    )
