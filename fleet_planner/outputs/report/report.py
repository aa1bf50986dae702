"""The report: one self-contained page, the same figures in English and Chinese."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fleet_planner.errors import OutputError
from fleet_planner.outputs.layers import styles
from fleet_planner.outputs.report import report_charts, report_parts, wording
from fleet_planner.outputs.report.finish import finished
from fleet_planner.outputs.report.lead_parts import lead
from fleet_planner.outputs.report.map_data import script_json
from fleet_planner.outputs.report.map_parts import map_parts, map_words
from fleet_planner.outputs.report.public_parts import bodies, limits, public_parts
from fleet_planner.outputs.report.quality_parts import intensity_parts, quality_parts, quality_sentence
from fleet_planner.outputs.report.report_units import Currency, Units, chosen, in_units, unit_words
from fleet_planner.tables import Language, pollutants
from fleet_planner.tables.load import report_words


def report_html(
    data: dict[str, Any], language: Language, units: Units | None = None, currency: Currency | None = None
) -> str:
    """Return the page for the data of a run (see `report_data`).

    Parameters
    ----------
    data
        What `report_data` returned, or its JSON read back.
    language
        ``en`` or ``zh``; the figures are the same.
    units, currency
        Other than those that the plan asks for (see `report_units`).
    """
    wanted = chosen(data, units, currency)
    t = unit_words(report_words(language), wanted, data)
    data = in_units(data, wanted)
    names = {s["name"]: s[language] for s in data["scenarios"]}
    loader = PackageLoader("fleet_planner.outputs", "assets")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader
    )
    template = environment.get_template("report.html.j2")
    found = lead(data, t, names, wording.stream_names(language))
    text = report_parts.parts(data, t, names, language)
    text["headlines"] = [line for line in text["headlines"] if line not in {f["text"] for f in found}]
    context = {
        "language": "zh-CN" if language == "zh" else "en",
        "t": t,
        "city": data["city"][language],
        "base_year": t["base_year"].format(year=data["year"]),
        "scenarios": list(names.values()),
        "streets": report_parts.streets(data, t),
        "charts": report_charts.charts(data, t, names, wording.stream_names(language), wording.measure_names(language)),
        "curves": report_charts.curves(data, t, language),
        "words_list": [t["link_word"], t["stream_word"], t["vkt_word"], t["average_day_word"]],
        "glossary": [(wording.pollutant_names(language)[p.pollutant], t[f"about_{p.column}"]) for p in pollutants()],
        "limits": limits(data, t, wording.pollutant_names(language), report_parts.too_low(data)),
        "bodies": bodies(t),
        "made_with": t["made_with"].format(version=data["version"], plan=data["plan"]),
        "attribution": data["attribution"],
        "static_map": _static_map(data, t["static_map_label"]),
        "map_data": _script({k: v for k, v in data["map"].items() if k != "static"}),
        "map_words": _script(_map_words(data, t, names, language)),
        "css": _trusted(_asset("report.css")),
        "map_js": _trusted(_asset("map.js")),
        "report_js": _trusted(_asset("report.js")),
        "leaflet_css": _trusted(_leaflet("leaflet.css")),
        "leaflet_js": _trusted(_leaflet("leaflet.js")),
        "lead": found,
        "data_quality": quality_parts(data, t),
        "intensity": intensity_parts(data, t, language),
        "sure": quality_sentence(data, t),
        "public": public_parts(data, t, names, data["city"][language]),
        **map_parts(data, t, names, wording.pollutant_names(language)),
        **text,
    }
    return finished(template.render(context), t)


def _trusted(text: str) -> Markup:
    """Return text that comes from packaged files or is escaped already, to stand in the page as it is."""
    return Markup(text)  # noqa: S704  # see the docstring: never called with a user's text


def _script(data: object) -> Markup:
    return _trusted(script_json(data))


def _asset(name: str) -> str:
    return (files("fleet_planner.outputs") / "assets" / name).read_text(encoding="utf-8")


def _leaflet(name: str) -> str:
    """Return a file of the Leaflet library from the package that carries it, without outside references."""
    spec = find_spec("js_lib_leaflet")
    if spec is None or spec.origin is None:
        raise OutputError(
            "the map library of the report is not installed", "Install the package: pip install django-js-lib-leaflet."
        )
    path = Path(spec.origin).parent / "static" / "js_lib_leaflet" / name
    text = path.read_text(encoding="utf-8")
    if name.endswith(".css"):
        # its pictures (layer switch, marker) are not used here
        return "\n".join(line for line in text.splitlines() if "url(" not in line)
    # its own credit line, which the map does not show, holds a link
    text = re.sub(r'href="https?://[^"]*"', 'href="#"', text)
    return "\n".join(line for line in text.splitlines() if "sourceMappingURL" not in line).replace("</", "<\\/")


def _static_map(data: dict[str, Any], label: str) -> Markup:
    """Return the strongest roads as SVG, shown where the browser runs no script."""
    static = data["map"]["static"]
    if not static:
        return _trusted("")
    paths = "".join(
        f'<path d="{path}" stroke="{styles.RAMP[k]}" stroke-width="{width}"/>'
        for k, (path, width) in enumerate(zip(static["paths"], (0.8, 1.1, 1.6, 2.2, 3.0, 4.2), strict=True))
        if path
    )
    view = f"0 0 {static['width']} {static['height']}"
    strokes = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
    return _trusted(f'<svg viewBox="{view}" role="img" aria-label="{label}" {strokes}>{paths}</svg>')


def _map_words(data: dict[str, Any], t: dict[str, str], names: dict[str, str], language: Language) -> dict[str, Any]:
    return {
        "ramp": list(styles.RAMP),
        "fall": list(styles.FALL),
        "pollutants": wording.pollutant_names(language),
        "classes": {c: wording.class_name(c, t) for c in data["map"]["classes"]},
        **map_words(data, t, names),
    }


def read_report_data(run_dir: Path) -> dict[str, Any]:
    """Return the data that a run left for its report."""
    loaded: dict[str, Any] = json.loads((run_dir / "report_data.json").read_text(encoding="utf-8"))
    return loaded
