"""The charts of the report, in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.charts.step_chart import steps as draw_steps
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.economics_parts import ownership_changes
from fleet_planner.outputs.report.report_units import money_name
from fleet_planner.outputs.report.traffic_parts import day_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

SHARES = ("NOx", "PM_exhaust", "CO2")
CHANGES = ("NOx", "PM_exhaust", "BC", "CO", "CO2")
MILLION = 1e6
SHORT = {"PM_exhaust": "PM"}


def charts(
    data: Mapping[str, Any],
    t: Mapping[str, str],
    names: Mapping[str, str],
    streams: Mapping[str, str],
    measures: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return title, SVG and width of each chart."""
    order = data["streams"]["names"]
    made = [
        ("chart_stream", "wide", _streams(data, t, [streams.get(n, n) for n in order])),
        ("chart_hour", "", draw.hours(t["chart_hour"], list(names.values()), data["hours"])),
    ]
    days = data["traffic"]["days"]
    if len(days) > 1:
        lines = [day["nox_kg_per_hour"] for day in days]
        made.append(("chart_day", "", draw.hours(t["chart_day"], [day_name(day, t) for day in days], lines)))
    if data.get("later"):
        later = data["later"]
        labels = [SHORT.get(p, p) for p in later["values"]]
        made.append(
            ("chart_year", "", draw.years(t["chart_year"], later["years"], labels, list(later["values"].values())))
        )
    base, *others = names
    totals = {(row["scenario"], row["pollutant"]): row for row in data["summary"]}
    if others:
        shown = [p for p in CHANGES if (base, p) in totals]
        values = [[totals[n, p]["change_pct"] or 0.0 for n in others] for p in shown]
        labels = [SHORT.get(p, p) for p in shown]
        made.append(("chart_change", "", draw.changes(t["chart_change"], labels, [names[n] for n in others], values)))
    owned, by_view = ownership_changes(data, names, streams, measures)
    if owned:
        views = [t["view_private"], t["view_public"]]
        made.append(("chart_ownership", "", draw.changes(t["chart_ownership"], owned, views, by_view)))
    flows = (data.get("economics") or {}).get("cash") or []
    if flows:
        courses = [[v / MILLION for v in flow["cumulative"]] for flow in flows]
        title = t["chart_cash"].format(unit=money_name(flows[0]["unit"], t))
        told = [names[flow["scenario"]] for flow in flows]
        made.append(("chart_cash", "", draw.signed_lines(title, flows[0]["years"], told, courses)))
    classes = [wording.class_name(c, t) for c, _ in data["classes"]]
    made.append(("chart_class", "", draw.bars(t["chart_class"], classes, [v for _, v in data["classes"]])))
    if data["standards"]:
        steps = [wording.standard_name(s, t) for s, _ in data["standards"]]
        title = t["chart_standard"].format(rate=t["rate"])
        made.append(("chart_standard", "", draw.bars(title, steps, [v for _, v in data["standards"]])))
    unit = money_name(flows[0]["unit"], t) if flows else ""
    words = {"unit": unit, "rate": t["rate"]}
    # labels are escaped where they are drawn
    return [{"title": t[key].format(**words), "size": size, "svg": Markup(svg)} for key, size, svg in made]  # noqa: S704


def curves(data: Mapping[str, Any], t: Mapping[str, str], language: Language) -> list[dict[str, Any]]:
    """Return the abatement curves as title and SVG; none without a comparison."""
    given: Mapping[str, Any] | None = data.get("comparison")
    if given is None:
        return []
    options = sorted({step["option"] for steps in given["curves"].values() for step in steps})
    titles = wording.pollutant_names(language) | {"GHG": t["ghg"], "PM2.5": "PM2.5"}
    out = []
    for pollutant, steps in given["curves"].items():
        if not steps:
            continue
        title = f"{t['abatement']}: {titles[pollutant]}"
        svg = draw_steps(
            title,
            [given["titles"][o][language] for o in options],
            [options.index(step["option"]) for step in steps],
            [step["avoided"] for step in steps],
            [step["usd_per_unit"] for step in steps],
            t["unit_t"],
        )
        out.append({"title": titles[pollutant], "svg": Markup(svg)})  # noqa: S704  # labels are escaped where drawn
    return out


def _streams(data: Mapping[str, Any], t: Mapping[str, str], series: list[str]) -> str:
    values = [data["streams"]["values"][p] for p in SHARES]
    return draw.stacked(t["chart_stream"], [SHORT.get(p, p) for p in SHARES], series, values)
