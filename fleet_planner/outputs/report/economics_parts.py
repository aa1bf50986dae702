"""The tables of ownership and electricity in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report.drawn_words import plain_band
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.report_units import money_name

if TYPE_CHECKING:
    from collections.abc import Sequence

THOUSAND = 1e3
VIEWS = ("private", "public")
JOINED = (
    ("own_capital", ("purchase", "equipment", "residual")),
    ("own_energy", ("energy",)),
    ("own_upkeep", ("maintenance", "battery")),
    ("own_charging", ("chargers", "grid")),
    ("own_labour", ("labour",)),
    ("own_insurance", ("insurance",)),
    ("own_carbon", ("carbon",)),
    ("own_transfers", ("taxes", "incentives")),
)
"""Lines of the table of ownership as the report joins them."""

Words = Mapping[str, str]


def ownership_rows(data: Mapping[str, Any], t: Words, names: Words, streams: Words, measures: Words) -> dict[str, Any]:
    """Return head and rows of the ownership: what the measures change by line, then both totals; a row per view."""
    given = (data.get("economics") or {}).get("ownership") or []
    rows = []
    for group in given:
        for view, name in enumerate(VIEWS):
            without, treated = (group["lines"]["total"][2 * view + side] for side in (0, 1))
            changed = [
                sum(group["lines"][line][2 * view + 1] - group["lines"][line][2 * view] for line in lines)
                for _, lines in JOINED
            ]
            rows.append(
                {
                    "group": group_title(group, names, streams, measures) if view == 0 else "",
                    "flag": t["no"] if view == 0 and group["unchecked"] else "",
                    "view": t[f"view_{name}"],
                    "cells": [_thousand(v) for v in changed],
                    "totals": [
                        _thousand(without) + _total_band(group, 2 * view, t),
                        _thousand(treated) + _total_band(group, 2 * view + 1, t),
                        percent(_change(without, treated)),
                    ],
                }
            )
    unit = money_name(given[0]["unit"], t) if given else ""
    rates = (data.get("economics") or {}).get("rates", {})
    return {
        "rows": rows,
        "head": [t[key] for key, _ in JOINED],
        "totals": [t[key] for key in ("own_without", "own_with", "map_change")],
        "note": t["ownership_note"].format(unit=unit, **{view: percent_rate(rate) for view, rate in rates.items()})
        if given
        else "",
        "unchecked": any(row["flag"] for row in rows),
    }


def percent_rate(rate: float) -> str:
    """Return a discount rate, with a decimal where it has one."""
    return f"{100.0 * rate:.3g} %"


def _change(without: float, treated: float) -> float | None:
    return 100.0 * (treated / without - 1.0) if without else None


def _thousand(value: float) -> str:
    return significant(value / THOUSAND) if abs(value) >= 0.5 else "0"


def _total_band(group: Mapping[str, Any], side: int, t: Words) -> str:
    """Return the band of a total in thousands; "" without draws."""
    lines = group["lines"]
    if "total_low" not in lines:
        return ""
    return plain_band(lines["total_low"][side] / THOUSAND, lines["total_high"][side] / THOUSAND, t)


def group_title(group: Mapping[str, Any], names: Words, streams: Words, measures: Words) -> str:
    """Return scenario, stream and measures of a group in words."""
    bought = " + ".join(measures.get(m, m) for m in group["measures"].split(","))
    return f"{names[group['scenario']]} · {streams.get(group['stream'], group['stream'])} · {bought}"


def short_title(group: Mapping[str, Any], streams: Words, measures: Words) -> str:
    """Return stream and measures, for a chart."""
    bought = " + ".join(measures.get(m, m) for m in group["measures"].split(","))
    return f"{streams.get(group['stream'], group['stream'])} · {bought}"


def ownership_changes(
    data: Mapping[str, Any], names: Words, streams: Words, measures: Words
) -> tuple[list[str], list[list[float]]]:
    """Return labels, and by label what the measures change of the private and the public total, percent."""
    labels, values = [], []
    groups = (data.get("economics") or {}).get("ownership") or []
    short = [short_title(group, streams, measures) for group in groups]
    for group, label in zip(groups, short, strict=True):
        total = group["lines"]["total"]
        labels.append(label if short.count(label) == 1 else f"{names[group['scenario']]} · {label}")
        values.append([_change(total[2 * view], total[2 * view + 1]) or 0.0 for view in (0, 1)])
    return labels, values


WORTH_LINES = (
    ("worth_bought", ("vehicles", "equipment", "battery", "chargers", "grid", "residual")),
    ("worth_upkeep", ("maintenance", "insurance")),
    ("own_energy", ("energy",)),
    ("own_carbon", ("carbon",)),
    ("own_transfers", ("energy_taxes", "purchase_taxes", "incentives")),
)
MILLION = 1e6


def worth_rows(data: Mapping[str, Any], t: Words, names: Words) -> dict[str, Any]:
    """Return head and rows of the present values of scenarios, a row per view."""
    given = (data.get("economics") or {}).get("worth") or []
    rows = []
    for scenario in dict.fromkeys(row["scenario"] for row in given):
        lines = {row["line"]: row for row in given if row["scenario"] == scenario}
        for view in VIEWS:
            parts = [sum(lines[line][view] for line in members) for _, members in WORTH_LINES]
            amounts = [*parts, lines["total"][view], lines["total"][f"{view}_per_year"]]
            # a band of several lines together is no sum of theirs: only single lines and the total have one
            alone = [lines[members[0]] if len(members) == 1 else {} for _, members in WORTH_LINES]
            bands = [_band_of(row, view, t) for row in (*alone, lines["total"], {})]
            rows.append(
                {
                    "group": names[scenario] if view == VIEWS[0] else "",
                    "flag": t["no"] if lines["total"]["checked"] == "no" else "",
                    "view": t[f"view_{view}"],
                    "cells": [_million(v) + band for v, band in zip(amounts, bands, strict=True)],
                }
            )
    if not rows:
        return {"rows": [], "head": [], "note": "", "unchecked": False}
    first = given[0]
    rates = {view: percent_rate(first[f"{view}_rate"]) for view in VIEWS}
    note = t["worth_note"].format(
        unit=money_name(first["unit"], t), first=first["first_year"], last=first["last_year"], **rates
    )
    keys = (*(key for key, _ in WORTH_LINES), "worth_total", "worth_per_year")
    unchecked = any(row["flag"] for row in rows)
    return {"rows": rows, "head": [t[key] for key in keys], "note": note, "unchecked": unchecked}


def cash_rows(data: Mapping[str, Any], t: Words, names: Words) -> dict[str, Any]:
    """Return head and rows of what the cash flow of each scenario comes to; debts only where the plan has any."""
    given = data.get("economics") or {}
    flows = given.get("cash") or []
    keys = ["cash_capital", "cash_incentives", "cash_savings", "cash_least", "cash_public"]
    debts = ["cash_drawn", "cash_interest", "cash_cover", "cash_left"] if given.get("debts") else []
    drawn = any(flow.get("sum_low") is not None for flow in flows)
    sums = ["cash_sum"] if drawn else []
    rows = []
    for flow in flows:
        money = [flow[key] for key in ("capital", "incentives", "savings", "least", "public_purse")]
        cells = [_million(v) for v in money]
        if debts:
            cover = (
                "–"
                if flow["least_cover"] is None
                else f"{significant(flow['least_cover'])} ({flow['least_cover_year']})"
            )
            cells += [_million(flow["drawn"]), _million(flow["interest"]), cover, _million(flow["outstanding"])]
        if drawn:
            cells.append(_million(flow["cumulative"][-1]) + _band_of(flow, "sum", t))
        rows.append([names[flow["scenario"]], *cells])
    note = t["cash_note"].format(unit=money_name(flows[0]["unit"], t)) if flows else ""
    return {"rows": rows, "head": [t["scenario"], *(t[key] for key in (*keys, *debts, *sums))], "note": note}


def _band_of(row: Mapping[str, Any], name: str, t: Words) -> str:
    """Return the band of an amount in millions; "" without draws, or where it is nought in all of them."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is None or high is None or not (low or high):
        return ""
    return plain_band(low / MILLION, high / MILLION, t)


def _million(value: float) -> str:
    return significant(value / MILLION) if abs(value) >= 1.0 else "0"


def grid_rows(data: Mapping[str, Any], t: Words, names: Words) -> dict[str, Any]:
    """Return head and rows of the CO2 that scenarios change with either factor of electricity."""
    given: Sequence[Mapping[str, Any]] = (data.get("economics") or {}).get("grid") or []
    if not any(row["electricity_mwh_per_year"] for row in given):
        return {"head": [], "rows": [], "note": "", "changed": False}
    first = given[0]
    factors = {k: f"{first[f'{k}_kg_per_kwh']:.3g}" for k in ("average", "marginal")}
    rows = [
        {
            "cells": [
                str(row["year"]),
                names[row["scenario"]],
                significant(row["tailpipe_t_per_year"]),
                significant(row["electricity_mwh_per_year"]),
                significant(row["change_average_t_per_year"]),
                str(row["rank_average"]),
                significant(row["change_marginal_t_per_year"]),
                str(row["rank_marginal"]),
                "–" if row["break_even_kg_per_kwh"] is None else significant(row["break_even_kg_per_kwh"]),
            ],
            "changed": row["ranking_changed"] == "yes",
        }
        for row in given
    ]
    power = ("tailpipe_t_per_year|t", "electricity_mwh_per_year|mwh")
    ranked = ("change_average_t_per_year|t", "rank_average", "change_marginal_t_per_year|t", "rank_marginal")
    keys = ("year", "scenario", *power, *ranked, "break_even_kg_per_kwh|kg_kwh")
    return {
        "head": heads(t, "grid_differences", *keys),
        "rows": rows,
        "note": t["grid_note"].format(**factors) + (f" {t['no']}" if first["checked"] == "no" else ""),
        "changed": any(row["changed"] for row in rows),
    }
