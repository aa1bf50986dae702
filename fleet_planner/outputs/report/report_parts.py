"""The tables and sentences of the report: figures as text, the same in every language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.area_parts import agency_parts, areas_parts
from fleet_planner.outputs.report.comparison_parts import comparison
from fleet_planner.outputs.report.drawn_words import (
    band_line,
    banded,
    change_ends,
    drawn,
    in_percent,
    per_tonne_band,
    total_ends,
)
from fleet_planner.outputs.report.duty_parts import duty
from fleet_planner.outputs.report.economics_parts import cash_rows, grid_rows, ownership_rows, worth_rows
from fleet_planner.outputs.report.finding_parts import finding_lines
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.later_parts import later, paths, reached, targets
from fleet_planner.outputs.report.lead_parts import best_row, best_words
from fleet_planner.outputs.report.machines import machines_parts
from fleet_planner.outputs.report.meaning_parts import meaning_parts
from fleet_planner.outputs.report.operation_report import operation_table
from fleet_planner.outputs.report.places import places_parts
from fleet_planner.outputs.report.told import told_rows
from fleet_planner.outputs.report.traffic_parts import traffic
from fleet_planner.outputs.report.vocabulary import in_words
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

MAIN = ("NOx", "PM_exhaust", "CO2")
GROUPS = (
    (
        "group_air",
        (
            *("NOx", "NO2", "PM_exhaust", "PM2.5_non_exhaust", "PM10_non_exhaust", "BC", "OC", "SPN23"),
            *("CO", "VOC", "NMVOC", "SO2", "NH3", "Pb"),
        ),
    ),
    ("group_climate", ("CO2", "CO2_biogenic", "CO2_grid", "CH4", "N2O")),
    ("group_energy", ("energy_MJ", "electricity_kwh")),
)
CAUTIONED = (*GROUPS[0][1], "CO2", "CH4", "N2O")
"""What must not rise without a word: all but electricity's CO2 and the carbon of plants."""

RISE_PCT, MOST_CAUTIONS = 1.0, 3
WELL_TO_WHEEL = (
    "tank_to_wheel_t_per_year",
    "electricity_t_per_year",
    "well_to_tank_t_per_year",
    "well_to_wheel_t_per_year",
)
MONEY = (
    "capex_usd2024",
    "annualised_capex_usd2024",
    "opex_usd2024_per_year",
    "energy_cost_usd2024_per_year",
    "total_usd2024_per_year",
)
QUALITY = ("input", "basis", "given_pct", "derived_pct", "default_pct", "tier")
OTHER_SET = "inventory.other_set"
OWN_SET = "user"
WHOLE_FLEET = 0.995
NO_FACTOR = "inventory.no_factor"
PROCESS_ORDER = (
    *("hot", "cold", "idling", "heater", "evaporation", "slip"),
    *("tyre", "brake", "road", "resuspension", "lubricant", "urea"),
)
LEAST_PROCESS = 0.0005
NOTHING = {"value_per_year": 0.0}
MILLION, THOUSAND = 1e6, 1e3
KG_PER_T = 1e3

Words = dict[str, str]
Data = dict[str, Any]

FINDINGS = (("failed", "failed_checks"), ("warning", "warnings"), ("assumption", "assumed"), ("info", "information"))
"""Kinds of finding in the order of the report, and the words over them."""


def parts(data: Data, t: Words, names: Words, language: Language) -> Data:
    """Return every part of the page that is text and tables."""
    costs = cost_rows(data, t, names, language)
    return {
        "subtitle": _subtitle(data, t),
        "stand_in": _stand_in(data, t, language),
        "cards": _cards(data, t),
        "headlines": headlines(data, t, names, wording.stream_names(language)),
        "cautions": cautions(data, t, names, language),
        "incomplete": incomplete(data, t, language),
        "summary": summary(data, t, language),
        "summary_note": _summary_note(data, t),
        "processes": processes(data, t, language),
        "voc": voc(data, t),
        "later": later(data, t, wording.pollutant_names(language)),
        "paths": paths(data, t, names, wording.pollutant_names(language)),
        "reached": reached(data, t, names, wording.measure_names(language)),
        "targets": targets(data, t, names, language),
        "machines": machines_parts(data, t, language),
        "duty": duty(data, t, wording.stream_names(language)),
        "areas": areas_parts(data["areas"], t, names, language, data["mass_scale"]),
        "agency": agency_parts(data["agency"], t, language),
        "places": places_parts(data, t, wording.pollutant_names(language), names),
        "well_to_wheel": [
            [names[row["scenario"]], *(significant(row[k] / THOUSAND) for k in WELL_TO_WHEEL)]
            for row in data["well_to_wheel"]
        ],
        "meaning": meaning_parts(
            data, t | {f"stream_is_{k}": v for k, v in wording.stream_names(language).items()}, names
        ),
        "comparison": comparison(data, t, wording.stream_names(language), language),
        "operation": operation_table(data, t, names, wording.pollutant_names(language), language),
        "terrain": terrain(data, t, language),
        "costs": costs,
        "ownership": ownership_rows(data, t, names, wording.stream_names(language), wording.measure_names(language)),
        "grid": grid_rows(data, t, names),
        "worth": worth_rows(data, t, names),
        "cash": cash_rows(data, t, names),
        "well_to_wheel_head": heads(t, "well_to_wheel", "scenario", *WELL_TO_WHEEL),
        "quality_head": heads(t, "data_quality", *QUALITY),
        "costs_head": heads(t, "costs", *MONEY),
        "per_head": [t[k] for k in ("per_tonne", "per_tonne_pm", "per_tonne_co2")],
        "costs_note": t["costs_note"].format(rate=share(data["discount_rate"])),
        "costs_unchecked": any(row["flag"] for row in costs),
        "closure": [
            {"title": names[name], "cells": [f"{value:.1e}" for value in _closures(own)]}
            for name, own in data["closure"].items()
        ],
        "used": _used(data, t),
        "traffic": traffic(data, t),
        "findings": [
            {"kind": kind, "title": t[title], "lines": finding_lines(data, kind, language)} for kind, title in FINDINGS
        ],
        **_assumptions(data, t, language),
        "sources": [s | _checked(s["checked"], t) for s in told_rows(data["sources"], language)],
        "inputs": [
            f | {"role": t.get(f"role_{f['role'].replace(' ', '_')}", f["role"]), "size": significant(f["bytes"] / 1e3)}
            for f in data["inputs"]
        ],
    }


def _totals(data: Data) -> dict[tuple[str, str], Data]:
    return {(row["scenario"], row["pollutant"]): row for row in data["summary"]}


def _base(data: Data) -> str:
    return str(data["scenarios"][0]["name"])


def _subtitle(data: Data, t: Words) -> str:
    used = data["used"]
    return t["subtitle"].format(
        vehicles=significant(used["vehicles"]),
        vkt=significant(used["vkt_per_day"] / MILLION),
        km=significant(used["link_km"]),
    )


def _stand_in(data: Data, t: Words, language: Language) -> Data | None:
    """Return the banner of a report whose own factor set covers a part of the fleet only."""
    found = [f for f in data["findings"] if f["code"] == OTHER_SET and f["values"]["pollutant"] == "NOx"]
    sets = [f["values"]["set"] for f in found]
    covered = sum(f["share"] for f in found)
    if covered >= WHOLE_FLEET or not set(sets) - {OWN_SET}:
        return None
    text = t["stand_in_text"].format(
        set=", ".join(in_words(s, language, single=True) for s in sets), share=f"{100.0 * covered:.2g} %"
    )
    return {"title": t["stand_in_title"], "text": text}


def _cards(data: Data, t: Words) -> list[Data]:
    """Return the three figures at the top: NOx, exhaust particles, CO2 a year."""
    totals = _totals(data)
    out = []
    thousand = t["card_thousand"].format(unit=t["rate"])
    for pollutant, key, scale in (("NOx", "card_nox", 1.0), ("PM_exhaust", "card_pm", 1.0), ("CO2", "card_co2", 1e3)):
        if (_base(data), pollutant) in totals:
            row = totals[_base(data), pollutant]
            unit = t["rate"] if scale == 1.0 else thousand
            ends = total_ends(row)
            band = band_line(ends and ends.times(1.0 / scale), data, t)
            told = significant(row["value_per_year"] / scale)
            out.append({"value": told, "unit": unit, "label": t[key], "band": band})
    return out


def headlines(data: Data, t: Words, names: Words, streams: Words) -> list[str]:
    """Return the sentences at the top: who emits most, which scenario cuts most, at what cost."""
    out = []
    order, values = data["streams"]["names"], data["streams"]["values"]["NOx"]
    whole = sum(values) or 1.0
    if len(order) > 1 and values[0] > 0.0:
        first, second = (streams.get(n, n) for n in order[:2])
        out.append(
            t["headline_where"].format(
                stream=first, share=share(values[0] / whole), stream2=second.lower(), share2=share(values[1] / whole)
            )
        )
    for key, pollutant in (("headline_best", "NOx"), ("headline_pm", "PM_exhaust"), ("headline_co2", "CO2")):
        if best := best_row(data, names, pollutant):
            out.append(best_words(data, t, names, best, key))
    return out


def summary(data: Data, t: Words, language: Language) -> list[Data]:
    """Return the rows of the summary in groups: value and change of every scenario."""
    totals = _totals(data)
    names = wording.pollutant_names(language)
    units = {p.pollutant: t.get(f"unit_{p.unit_per_year}", p.unit_per_year) for p in pollutants()}
    low = {f["values"]["pollutant"] for f in _without_factor(data)}
    out = []
    for key, members in GROUPS:
        rows = [
            {
                "title": names[p],
                "unit": "" if units[p] == t["unit_t"] else t["unit_a_year"].format(unit=units[p]),
                "low": p in low,
                "main": p in MAIN,
                "cells": [_cell(totals[s["name"], p], first=k == 0) for k, s in enumerate(data["scenarios"])],
            }
            for p in members
            if any(totals.get((s["name"], p), NOTHING)["value_per_year"] for s in data["scenarios"])
        ]
        if rows:
            out.append({"title": t[key].format(unit=t["rate"]), "rows": rows})
    return out


def _summary_note(data: Data, t: Words) -> str:
    """Return the note over the table; what the figures below the totals are, in a run with draws."""
    note = t["summary_note_machines" if data.get("machines") else "summary_note"]
    rows = drawn(data)
    return note + t["summary_note_drawn"].format(level=f"{rows[0]['level_pct']:g}") if rows else note


def _without_factor(data: Data) -> list[Data]:
    """Return the findings that some technologies have no factor of a pollutant: its total is too low."""
    return [f for f in data["findings"] if f["code"] == NO_FACTOR and "pollutant" in f["values"]]


def too_low(data: Data) -> list[str]:
    """Return the pollutants whose total is too low."""
    return list(dict.fromkeys(str(f["values"]["pollutant"]) for f in _without_factor(data)))


def incomplete(data: Data, t: Words, language: Language) -> list[str]:
    """Return a footnote per pollutant whose total is too low."""
    names = wording.pollutant_names(language)
    return [
        t["too_low"].format(
            pollutant=names.get(f["values"]["pollutant"], f["values"]["pollutant"]), share=share(f["share"])
        )
        for f in _without_factor(data)
    ]


def cautions(data: Data, t: Words, names: Words, language: Language) -> list[str]:
    """Return a sentence for each of the pollutants that a scenario makes rise most, by more than a percent."""
    titles = wording.pollutant_names(language)
    out = []
    for scenario, name in names.items():
        rows = [r for r in data["summary"] if r["scenario"] == scenario and r["pollutant"] in CAUTIONED]
        rising = [r for r in rows if (r["change_pct"] or 0.0) > RISE_PCT]
        for row in sorted(rising, key=lambda r: -r["change_pct"])[:MOST_CAUTIONS]:
            title = titles[row["pollutant"]]
            within = title[:1].lower() + title[1:]
            change = banded(in_percent(row["change_pct"]), change_ends(row), in_percent, data, t)
            out.append(t["headline_rises"].format(scenario=name, pollutant=within, change=change))
    return out


def _cell(row: Data, *, first: bool) -> Data:
    change = None if first else row["change_pct"]
    tone = "" if change is None or abs(change) < 0.05 else "less" if change < 0 else "more"
    text = "" if first else percent(change)
    ends, changes = total_ends(row), None if first else change_ends(row)
    band = "" if ends is None or ends.low == ends.high else f"{significant(ends.low)}–{significant(ends.high)}"
    if band and changes is not None and changes.low != changes.high:
        band += f"; {percent(changes.low)} … {percent(changes.high)}"
    return {"value": significant(row["value_per_year"]), "change": text, "tone": tone, "band": band}


def processes(data: Data, t: Words, language: Language) -> Data:
    """Return the table of processes: pollutants as columns, the share of each process in the baseline's total."""
    shares = data["processes"]
    names = wording.pollutant_names(language)
    order = [p for p in PROCESS_ORDER if any(p in by for by in shares.values())]
    return {
        "head": [names[p] for p in shares],
        "rows": [
            {"title": t[f"process_{p}"], "cells": [_share_cell(by.get(p, 0.0)) for by in shares.values()]}
            for p in order
        ],
    }


def voc(data: Data, t: Words) -> Data:
    """Return the table of NMVOC by group, then by species of concern, t (or the plan's unit) a year by scenario."""
    scale = data["mass_scale"]
    rows = [
        {
            "title": t[f"voc_{_slug(name)}"],
            "of_which": column == "species",
            "cells": [_amount(v * scale) for v in values],
        }
        for column, by in data["voc"].items()
        for name, values in by.items()
        if any(values)
    ]
    return {"note": t["voc_note"].format(unit=t["rate"]), "rows": rows}


def _slug(name: str) -> str:
    return name.replace(",", "_").replace("-", "_")


def _amount(value: float) -> str:
    return significant(value) if value else ""


def terrain(data: Data, t: Words, language: Language) -> list[Data]:
    """Return the baseline's totals with the roads' grades and on level roads, of what the grades change."""
    names = wording.pollutant_names(language)
    out = []
    for row in data.get("terrain", []):
        if not row["change_pct"]:
            continue
        scale, unit = (data["mass_scale"], t["rate"]) if row["unit"] == "t" else (1.0, row["unit"])
        cells = [significant(row[key] * scale) for key in ("value_per_year", "flat_per_year")]
        title = names[row["pollutant"]]
        out.append({"title": title, "unit": unit, "cells": [*cells, percent(row["change_pct"])]})
    return out


def _share_cell(value: float) -> str:
    if value == 0.0:
        return ""
    return f"{100.0 * value:.1f} %" if value >= LEAST_PROCESS else "<0.1 %"


def streets(data: Data, t: Words) -> list[list[str]]:
    """Return the streets with most NOx: rank, name, class, km, kg a day, share."""
    whole = sum(v for line in data["hours"][:1] for v in line) or 1.0
    return [
        [
            str(k),
            row["name"],
            wording.class_name(row["road_class"], t),
            significant(row["length_km"], 2),
            significant(row["kg_per_day"]),
            percent(100.0 * row["kg_per_day"] / whole).lstrip("+"),
        ]
        for k, row in enumerate(data["streets"], 1)
    ]


def cost_rows(data: Data, t: Words, names: Words, language: Language) -> list[Data]:
    """Return the costs per measure, and per scenario where it has several measures."""
    titles = wording.measure_names(language)
    column = "title_zh" if language == "zh" else "title_en"
    out = []
    for scenario in data["cuts"]:
        own = [row for row in data["costs"] if row["scenario"] == scenario]
        single = len(own) == 1
        for k, row in enumerate(own):
            per = _per_tonne(row["total_usd2024_per_year"], scenario, data, t) if single else [""] * 3
            unchecked = row["checked"] != "yes"
            out.append(
                {
                    "group": names[scenario] if k == 0 else "",
                    "span": len(own) + (0 if single else 1),
                    "title": titles.get(row["measure_id"], row[column]),
                    "vehicles": f"{row['vehicles']:,.0f}",
                    "cells": [significant(row[key] / MILLION) for key in MONEY],
                    "per": per,
                    "flag": t["no"] if unchecked else "",
                    "sum": False,
                }
            )
        if len(own) > 1:
            sums = [sum(row[key] for row in own) for key in MONEY]
            out.append(
                {
                    "group": "",
                    "span": 0,
                    "title": t["scenario_total"],
                    "vehicles": "",
                    "cells": [significant(v / MILLION) for v in sums],
                    "per": _per_tonne(sums[-1], scenario, data, t),
                    "flag": "",
                    "sum": True,
                }
            )
    return out


def _per_tonne(cost: float, scenario: str, data: Data, t: Words) -> list[str]:
    """Return thousand US$ per t of NOx, US$ per kg of particles, US$ per t of CO2 with that of the grid, with bands."""
    cuts = data["cuts"][scenario]
    co2 = cuts.get("CO2", 0.0) + cuts.get("CO2_grid", 0.0)
    asked = (
        ("NOx", cuts.get("NOx", 0.0), THOUSAND),
        ("PM_exhaust", cuts.get("PM_exhaust", 0.0), KG_PER_T),
        ("CO2_total", co2, 1.0),
    )
    return [_per(cost, cut, scale, per_tonne_band(data, scenario, name, scale, t), t) for name, cut, scale in asked]


def _per(cost: float, cut: float, scale: float, band: str, t: Words) -> str:
    if cut <= 0.0:
        return t["no_cut"]
    return t["saves"] if cost < 0.0 else significant(cost / scale / cut) + band


def _closures(own: Mapping[str, float]) -> list[float]:
    return [own.get(k, 0.0) for k in ("vehicles_vs_links", "hours_vs_links", "vkt")]


def _used(data: Data, t: Words) -> list[tuple[str, str]]:
    used = data["used"]
    rows = [(t[f"used_{k}"], f"{used[k]:,}") for k in ("rows_used", "rows_rejected")]
    rows.append((t["used_vehicles"], f"{used['vehicles']:,.0f}"))
    rows.append((t["used_vkt"], f"{used['vkt_per_day']:,.0f}"))
    rows.append((t["used_links"], f"{used['links']:,}"))
    rows.append((t["used_link_km"], f"{used['link_km']:,.0f}"))
    rows.append((t["used_bridged"], f"{used['bridged']:,}"))
    return rows


def _checked(value: str, t: Words) -> Data:
    """Return the class and the word of a ``checked`` cell; counts of rows are told as such."""
    if " of " in value:
        some, whole = value.removesuffix(" rows").split(" of ")
        return {"mark": "no" if some == "0" else "part", "checked_text": t["checked_rows"].format(n=some, all=whole)}
    return {"mark": value if value in {"yes", "no"} else "other", "checked_text": t.get(value, value)}


def _assumptions(data: Data, t: Words, language: Language) -> Data:
    words = {"None": t["value_none"], "True": t["value_on"], "False": t["value_off"], "": "–"}
    values = [wording.plain_value(a["value"]) for a in data["assumptions"]]
    rows = [
        a | {"value": words.get(value, value), "vkt_share": share(a["vkt_share"])} | _checked(a["checked"], t)
        for a, value in zip(told_rows(data["assumptions"], language), values, strict=True)
    ]
    unchecked = sum(row["mark"] == "no" for row in rows)
    title = t["assumptions_count"].format(count=len(rows), unchecked=unchecked)
    return {"assumptions": rows, "assumptions_count": title}
