"""How sure the figures are, as tables of the report."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fleet_planner.outputs.charts.charts import stacked
from fleet_planner.outputs.charts.line_chart import Line, axis, lines
from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.outputs.report.drawn_words import BENEFIT, open_band
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.report_units import money_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

THOUSAND, MILLION = 1e3, 1e6
CO2E, BUDGET = "co2e", "budget_left"
CLIMATE = (CO2E, BUDGET)
CHART = ("NOx", "PM_exhaust", "CO2")
MOST_TICKS = 6.0
LEAST = 0.005
"""Groups below this share everywhere are not drawn."""
DRIVEN = {
    ("cost", ""): "driven_cost",
    ("health_avoided", "deaths"): "driven_deaths",
    ("net_present_value", ""): "driven_npv",
}
"""Figures of money and health in the chart, and their words."""
EMISSION, CHANGE = "emission", "change_pct"


def uncertainty_part(
    rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the changes of the scenarios with bands, in the base year; the totals where there are no scenarios."""
    year = min(row["year"] for row in rows)
    known = {(r["figure"], r["scenario"], r["pollutant"]): r for r in rows if r["year"] == year}
    base, *others = dict.fromkeys(row["scenario"] for row in rows)
    shown = [p for p in CHART if known[EMISSION, base, p]["value"] > 0.0]
    figure = CHANGE if others else EMISSION
    out = [
        [names.get(scenario, scenario), *(banded(known[figure, scenario, p]) for p in shown)]
        for scenario in others or [base]
    ]
    words = "uncertain_change" if others else "uncertain_total"
    head = [t["scenario"], *(t[words].format(pollutant=_told(p, t), unit=t["rate"]) for p in shown)]
    notes = [t["uncertain_note"].format(draws=f"{rows[0]['draws']:,}", level=f"{rows[0]['level_pct']:g}")]
    return {"id": "uncertainty", "title": t["uncertain"], "notes": notes, "head": head, "rows": out, "words": 1}


def hours_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the busiest hour of every scenario and pollutant with its band, and the baseline's day as a chart."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["scenario"], row["pollutant"]), []).append(row)
    out = []
    for (scenario, pollutant), day in groups.items():
        top = max(day, key=lambda row: float(row["value"]))
        out.append([names.get(scenario, scenario), _told(pollutant, t), f"{top['hour']}:00", banded(top)])
    (_, first), day = next(iter(groups.items()))
    title = t["uncertain_hours_chart"].format(pollutant=_told(first, t))
    drawn = [
        Line(name, [(float(row["hour"]), float(row[key])) for row in day])
        for key, name in (("value", t["uncertain_run"]), ("low", t["uncertain_low"]), ("high", t["uncertain_high"]))
    ]
    most = max(float(row["high"]) for row in day) or 1.0
    step = 10.0 ** floor(log10(most))
    step *= next(k for k in (0.2, 0.5, 1.0, 2.0) if most / (k * step) <= MOST_TICKS)
    x, y = axis(0.0, 23.0, 4.0, lambda v: f"{v:.0f}"), axis(0.0, most, step, lambda v: f"{v:g}")
    return {
        "id": "uncertain-hours",
        "title": t["uncertain_hours"],
        "notes": [t["uncertain_hours_note"]],
        "head": [*heads(t, "uncertainty_hours", "scenario", "pollutant"), t["uncertain_hour"], t["uncertain_kg_hour"]],
        "rows": out,
        "words": 3,
        "chart": {"title": title, "svg": Markup(lines(title, drawn, x, y))},  # noqa: S704  # labels are escaped where drawn
    }


def worth_part(
    rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return costs, deaths, avoided harm and net present value of the scenarios with their bands."""
    known = {
        ("cost", ""): (t["uncertain_cost"], MILLION),
        ("health", "deaths"): (t["uncertain_health_deaths"], 1.0),
        ("health_avoided", "deaths"): (t["uncertain_avoided_deaths"], 1.0),
        ("health_avoided", "value"): (t["uncertain_avoided_value"], MILLION),
        ("net_present_value", ""): (t["uncertain_npv"], MILLION),
        ("benefit_cost_ratio", ""): (t["uncertain_bcr"], 1.0),
        **_climate_words(t),
    }
    out = []
    year = min(row["year"] for row in rows)
    for row in rows:
        asked = (row["figure"], *([row["pollutant"]] if row["figure"] in CLIMATE else []), row["item"])
        if asked not in known or (row["year"] != year and row["figure"] != BUDGET):
            continue
        words, scale = known[asked]
        if row["figure"] == "benefit_cost_ratio":
            if row["value"] is None:
                continue
            told = significant(row["value"]) + open_band(row["low"], row["high"], row["no_value_share"], t, BENEFIT)
        else:
            told = banded(dict(row) | {k: row[k] / scale for k in ("value", "low", "high")})
        if row["positive_share"] is not None and row["figure"] == "net_present_value":
            told += "; " + t["uncertain_npv_chance"].format(chance=share(row["positive_share"]))
        if row["figure"] == BUDGET:
            told += "; " + t["uncertain_budget_chance"].format(chance=share(row["positive_share"]))
        out.append([names.get(row["scenario"], row["scenario"]), words.format(unit=money_name(row["unit"], t)), told])
    if not out:
        return None
    head = [*heads(t, "uncertainty", "scenario", "figure"), t["uncertain_value"]]
    notes = [t["uncertain_worth_note"]]
    return {
        "id": "uncertain-worth",
        "title": t["uncertain_worth"],
        "notes": notes,
        "head": head,
        "rows": sorted(out, key=lambda r: list(names.values()).index(r[0]) if r[0] in names.values() else 0),
        "words": 2,
    }


def _climate_words(t: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, float]]:
    """Return the climate's figures of the chapter on costs and effects, with the number that they are told in."""
    told = {"greenhouse_gases": (20, 100), "BC": (20, 100)}
    names = {"greenhouse_gases": t["uncertain_co2e_gases"], "BC": t["uncertain_co2e_bc"]}
    out: dict[tuple[str, ...], tuple[str, float]] = {
        (CO2E, p, f"{years} years"): (t["uncertain_co2e"].format(pollutant=names[p], years=years), THOUSAND)
        for p, horizons in told.items()
        for years in horizons
    }
    return {**out, (BUDGET, "greenhouse_gases", "100 years"): (t["uncertain_budget"], THOUSAND)}


def drivers_chart(
    rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return bars of the groups of inputs: totals of the first scenario, then the changes of the others."""
    year, first = min(row["year"] for row in rows), rows[0]["scenario"]
    shown = [row for row in rows if row["pollutant"] in CHART or _worth(row) in DRIVEN]
    matters = {row["group"] for row in shown if row["total_order"] >= LEAST}
    groups = [group for group in dict.fromkeys(row["group"] for row in rows) if group in matters]
    bars: dict[str, list[float]] = {}
    for row in rows:
        told = _told(row["pollutant"] or "", t)
        if row["figure"] != EMISSION:
            told = t["drivers_of"].format(scenario=names.get(row["scenario"], row["scenario"]), pollutant=told)
        wanted = row["year"] == year and (row["figure"] == EMISSION) == (row["scenario"] == first)
        if row["year"] == year and _worth(row) in DRIVEN and row["group"] in matters:
            label = t["drivers_of"].format(
                scenario=names.get(row["scenario"], row["scenario"]), pollutant=t[DRIVEN[_worth(row)]]
            )
            bars.setdefault(label, []).append(max(row["total_order"], 0.0))
        if wanted and row["pollutant"] in CHART and row["group"] in matters:
            bars.setdefault(told, []).append(max(row["total_order"], 0.0))
    moving = {label: values for label, values in bars.items() if sum(values) > 0.0}
    if not moving:
        return None
    words = [" + ".join(t[f"driver_{name}"] for name in group.split("+")) for group in groups]
    svg = stacked(t["drivers"], list(moving), words, list(moving.values()))
    return {"title": t["drivers"], "svg": Markup(svg)}  # noqa: S704  # labels are escaped where drawn


def _worth(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["figure"], row.get("item") or ""


def _told(pollutant: str, t: Mapping[str, str]) -> str:
    return {"PM_exhaust": t["uncertain_pm"], "PM2.5_non_exhaust": t["uncertain_wear"]}.get(pollutant, pollutant)


def banded(row: Mapping[str, Any]) -> str:
    """Return a value with its band."""
    form = percent if row["unit"] == "%" else significant
    return f"{form(row['value'])} ({form(row['low'])}…{form(row['high'])})"
