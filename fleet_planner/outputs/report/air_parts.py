"""The air near roads and how sure its formulas are, as tables of the report."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from fleet_planner.outputs.charts.line_chart import Line, axis, lines
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.wording import class_name, standard_name

Rows = list[dict[str, Any]]
Words = dict[str, str]
MOST_CLASSES = 10
KINDS = {
    "all": "tracer_all",
    "near neutral": "tracer_neutral",
    "unstable": "tracer_unstable",
    "stable": "tracer_stable",
    "very stable": "tracer_very_stable",
}


def season_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return when people breathe what the baseline emits: a row per season, by night and by day, and the year."""
    first = rows[0]["scenario"]
    pollutants = list(dict.fromkeys(row["pollutant"] for row in rows))
    own = [row for row in rows if (row["scenario"], row["pollutant"]) == (first, pollutants[0])]
    out = [
        [
            t.get(f"season_is_{row['season']}", row["season"]),
            t[f"season_{row['part_of_day']}"],
            *(f"{100.0 * (row[k] or 0.0):.0f} %" for k in ("time_share", "emitted_share", "exposure_share")),
            *(significant(row[k]) for k in ("mean_ug_m3", "contribution_ug_m3")),
        ]
        for row in own
    ]
    keys = ("season", "part_of_day", *("time_share", "emitted_share", "exposure_share"), "mean_ug_m3")
    return {
        "id": "air-seasons",
        "title": t["season_title"],
        "notes": [t["season_note"].format(pollutant=pollutants[0])],
        "head": heads(t, "exposure_by_season", *keys, "contribution_ug_m3"),
        "rows": out,
        "words": 2,
    }


def canyon_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return how much lies in street canyons: all roads, and the classes that have any."""
    shares = ("length_share", "emitted_share", "exposure_share", "people_share")

    def share(value: float | None) -> str:
        return "–" if value is None else f"{100.0 * value:.1f} %"

    out = [
        [
            t["canyon_all"] if row["road_class"] == "all" else class_name(row["road_class"], t),
            *(f"{row[k]:,}" for k in ("links", "canyon_links")),
            *(share(row[k]) for k in shares),
            "–" if row["aspect"] is None else significant(row["aspect"], 2),
        ]
        for row in rows
        if row["canyon_links"] or row["road_class"] == "all"
    ]
    return {
        "id": "street-canyons",
        "title": t["canyon"],
        "notes": [t[f"canyon_by_{rows[0]['told_by']}"].format(pollutant=rows[0]["pollutant"])],
        "head": heads(t, "street_canyons", "road_class", "links", "canyon_links", *shares, "aspect"),
        "rows": out,
        "words": 1,
    }


def class_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return the kinds of vehicle of the baseline that people breathe most of."""
    first = (rows[0]["scenario"], rows[0]["pollutant"])
    own = [row for row in rows if (row["scenario"], row["pollutant"]) == first]
    km = sum(row["km_per_day"] for row in own) or 1.0
    priced = any(row["damage_usd2024_per_km"] is not None for row in own)
    out = []
    for row in own[:MOST_CLASSES]:
        fitted = row["aftertreatment"] if row["aftertreatment"] not in {None, "", "none"} else ""
        fuel = t.get(f"fuel_is_{row['fuel']}", row["fuel"].replace("_", " "))
        words = ", ".join(w for w in (fuel, standard_name(row["standard"], t), fitted.replace("_", " ")) if w)
        kind = t.get(f"stream_is_{row['stream']}", row["stream"].replace("_", " "))
        cells = [kind, words, f"{row['vehicles']:,.0f}"]
        cells += [f"{100.0 * v:.1f} %" for v in (row["km_per_day"] / km, row["exposure_share"] or 0.0)]
        cells.append(significant(row["breathed_ug_per_km"]))
        cells += [significant(row["damage_usd2024_per_km"])] if priced else []
        out.append(cells)
    stream, vehicles, share, breathed = heads(
        t, "exposure_by_class", "stream", "vehicles", "exposure_share", "breathed_ug_per_km|µg"
    )
    head = [stream, t["class_technology"], vehicles, t["class_km"], share, breathed]
    return {
        "id": "exposure-by-class",
        "title": t["class_title"],
        "notes": [t["class_note"].format(pollutant=first[1])],
        "head": [*head, *([t["class_damage"]] if priced else [])],
        "rows": out,
        "words": 2,
    }


def trend_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return the modelled and the measured course at monitors, a row per pollutant and year."""
    figures = ("observed_ug_m3", "modelled_ug_m3", "observed_pct_per_year", "modelled_pct_per_year")
    out = [
        [
            *(row["pollutant"], str(row["year"]), str(row["monitors"])),
            *("–" if row[k] is None else significant(row[k]) for k in figures),
        ]
        for row in rows
    ]
    trends = (f"{k}|pct_per_year" if k.endswith("year") else k for k in figures)
    head = heads(t, "monitor_trend", "pollutant", "year", "monitors", *trends)
    notes = [t["trend_note"]]
    return {"id": "air-trend", "title": t["trend"], "notes": notes, "head": head, "rows": out, "words": 2}


def tracer_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return what this program gives for a published tracer release, by kind of air."""
    own = [row for row in rows if row["model"] == "fleet_planner"]
    figures = ("measured_ppb", "modelled_ppb", "fac2", "nmb_pct", "r")
    out = [[t[KINDS[row["air"]]], str(row["samples"]), *(significant(row[k]) for k in figures)] for row in own]
    keys = ("air", "samples", "measured_ppb", "modelled_ppb", "fac2", "nmb_pct|%", "r")
    return {
        "id": "air-tracer",
        "title": t["tracer"],
        "notes": [t["tracer_note"]],
        "head": heads(t, "tracer_fit", *keys),
        "rows": out,
        "words": 1,
    }


def equity_chart(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return the concentration curves of the first pollutant beside the even burden, worst off first."""
    pollutant = rows[0]["pollutant"]
    drawn = [Line(t["curve_even"], [(0.0, 0.0), (100.0, 100.0)])]
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        own = [row for row in rows if (row["scenario"], row["pollutant"]) == (scenario, pollutant)]
        drawn.append(Line(names[scenario], [(100.0 * r["people_share"], 100.0 * r["exposure_share"]) for r in own]))
    scale = axis(0.0, 100.0, 20.0, lambda v: f"{v:.0f}")
    title = t["curve_title"].format(pollutant=pollutant)
    return {"title": title, "svg": Markup(lines(title, drawn, scale, scale))}  # noqa: S704  # labels are escaped where drawn


AIR_PARTS = {
    "exposure_by_class": class_part,
    "exposure_by_season": season_part,
    "street_canyons": canyon_part,
    "monitor_trend": trend_part,
    "tracer_fit": tracer_part,
}
"""Sections by the table that they tell of, in the order of the page."""
