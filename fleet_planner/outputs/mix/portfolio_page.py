"""The page on the least-cost mix: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.mix.portfolio_page_limits import limits_missed, sites_shown
from fleet_planner.outputs.mix.portfolio_page_needs import cash_shown, curves_shown, market_shown, trained_shown
from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report import wording
from fleet_planner.tables import finding_text
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language

MILLION = 1e6
SHOWN_GROUPS = 40
CHECKED = ("NOx", "PM_exhaust", "SO2", "CO2")


def page(
    ready: Prepared,
    found: Portfolio,
    tables: Mapping[str, pl.DataFrame],
    summary: Mapping[str, Any],
    language: Language,
) -> str:
    """Return the page.

    Parameters
    ----------
    ready, found
        What was solved.
    tables, summary
        As written beside it.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    titles = {o.name: o.title_zh if language == "zh" else o.title_en for o in found.ground.options}
    streams = wording.stream_names(language)
    years = tables["portfolio_years"]
    city = ready.plan.city
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "portfolio.html.j2").read_text(encoding="utf-8"))
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        t=t,
        city=city.name_zh or city.name if language == "zh" else city.name,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        first=found.ground.years[0],
        last=found.ground.years[-1],
        result=_result(summary, t),
        targets=_targets(tables["portfolio_targets"], found, t, language),
        chart=_chart(years, found, titles, t),
        years=_years(years, t),
        groups=_groups(tables["portfolio"], titles, streams, t),
        sites=sites_shown(tables.get("portfolio_sites"), t),
        missed=limits_missed(tables.get("portfolio_limits"), t),
        cash=cash_shown(tables["portfolio_cash"], t),
        market=market_shown(tables["portfolio_market"], titles, t),
        trained=trained_shown(tables["portfolio_workforce"], titles, t),
        curves=curves_shown(tables.get("portfolio_curve"), found.targets, titles, streams, t, language),
        switching=_switching(tables.get("portfolio_switching"), found, t, language),
        bands=_bands(tables.get("portfolio_bands"), t),
        front=_front(tables.get("portfolio_front"), t),
        regret=_regret(tables.get("portfolio_regret"), found, t, language),
        check=_check(tables["portfolio_check"], t, language),
        findings=[finding_text(f, language) for f in found.findings],
    )


def _result(summary: Mapping[str, Any], t: Mapping[str, str]) -> str:
    words = t[f"mix_status_{summary['status'].replace(' ', '_')}"]
    told = words.format(
        cost=significant(summary["cost_usd2024"] / MILLION),
        bound=significant(summary["bound_usd2024"] / MILLION, 5),
        gap=f"{100.0 * summary['gap']:.3g}",
    )
    if summary["probability"] is None:
        return told
    chance = t["mix_chance"].format(
        probability=f"{100.0 * summary['probability']:.0f}",
        asked=f"{100.0 * summary['probability_asked']:.0f}",
        cost=significant(summary["cost_with_probability_usd2024"] / MILLION),
    )
    return f"{told} {chance}"


def _targets(table: pl.DataFrame, found: Portfolio, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    names = {aim.name: aim.title_zh if language == "zh" else aim.title_en for aim, *_ in found.targets}
    called = wording.pollutant_names(language) | {"GHG": t["ghg"]}
    keys = ("target", "mix_year", "mix_without", "mix_allowed", "mix_avoided", "mix_price", "mix_verdict")
    rows = [
        {
            "class": "met" if row["verdict"] == "met" else "missed",
            "cells": [
                t["head_with_unit"].format(title=names[row["target"]], unit=_what(row, called, t)),
                str(row["year"]),
                significant(row["without_measures_per_year"]),
                significant(row["allowed_per_year"]),
                significant(row["avoided_per_year"]),
                significant(row["usd2024_per_unit"]),
                t["target_met"]
                if row["verdict"] == "met"
                else t["mix_short"].format(short=significant(row["shortfall_per_year"])),
            ],
        }
        for row in table.iter_rows(named=True)
    ]
    return {"head": [t[k] for k in keys], "rows": rows}


def _what(row: Mapping[str, Any], called: Mapping[str, str], t: Mapping[str, str]) -> str:
    """Return pollutant and unit of a target."""
    unit = t.get("unit_" + row["unit"], row["unit"])
    return t["mix_pollutant_unit"].format(pollutant=called.get(row["pollutant"], row["pollutant"]), unit=unit)


def _chart(table: pl.DataFrame, found: Portfolio, titles: Mapping[str, str], t: Mapping[str, str]) -> Markup:
    """Return vehicles in force by year and option as bars of shares."""
    names = table["option"].unique(maintain_order=True).to_list()
    force = {(y, o): v for y, o, v in table.select("year", "option", "vehicles_in_force").iter_rows()}
    rows = [y for y in found.ground.years if any((y, o) in force for o in names)]
    values = [[force.get((y, o), 0.0) for o in names] for y in rows]
    svg = draw.stacked(t["mix_by_year"], [str(y) for y in rows], [titles[o] for o in names], values)
    return Markup(svg)  # noqa: S704  # labels are escaped where they are drawn


def _bands(table: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return what the mix avoids and costs with bands and chances; no row without draws."""
    if table is None:
        return {"head": [], "rows": [], "note": ""}
    words = {"all_targets": t["mix_sure_all"], "cost": t["mix_sure_cost"]}
    rows = []
    for row in table.iter_rows(named=True):
        scale = MILLION if row["figure"] == "cost" else 1.0
        told = [row["value"], row["low"], row["high"]]
        value = "–" if told[0] is None else "{} ({}…{})".format(*(significant(v / scale) for v in told))
        name = words.get(row["figure"]) or f"{row['target']} ({t.get('unit_' + row['unit'], row['unit'])})"
        asked = "–" if row["required"] is None else significant(row["required"])
        chance = "–" if row["met_probability"] is None else f"{100.0 * row['met_probability']:.0f} %"
        rows.append([name, asked, value, chance])
    first = table.row(0, named=True)
    note = t["mix_sure_note"].format(draws=f"{first['draws']:,}", level=f"{first['level_pct']:g}")
    return {
        "head": [t[k] for k in ("target", "mix_required", "mix_sure_value", "mix_sure_chance")],
        "rows": rows,
        "note": note,
    }


def _years(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    summed = table.group_by("year", maintain_order=True).agg(
        pl.col("new_vehicles").sum(), pl.col("vehicles_in_force").sum(), pl.col("capital_usd2024").sum(),
        pl.col("cost_usd2024").sum(),
    )  # fmt: skip
    rows = [
        [
            str(row["year"]),
            significant(row["new_vehicles"]),
            significant(row["vehicles_in_force"]),
            significant(row["capital_usd2024"] / MILLION),
            significant(row["cost_usd2024"] / MILLION),
        ]
        for row in summed.iter_rows(named=True)
    ]
    keys = ("mix_year", "mix_new", "mix_in_force", "mix_capital", "mix_cost")
    return {"head": [t[k] for k in keys], "rows": rows}


def _groups(
    table: pl.DataFrame, titles: Mapping[str, str], streams: Mapping[str, str], t: Mapping[str, str]
) -> dict[str, Any]:
    summed = (
        table.group_by("stream", "standard", "option")
        .agg(first=pl.col("year").min(), last=pl.col("year").max(), vehicles=pl.col("vehicles").sum())
        .sort("vehicles", "stream", "standard", "option", descending=[True, False, False, False])
        .head(SHOWN_GROUPS)
    )
    rows = [
        [
            streams.get(row["stream"], row["stream"]),
            wording.standard_name(row["standard"], dict(t)),
            titles[row["option"]],
            str(row["first"]) if row["first"] == row["last"] else f"{row['first']}–{row['last']}",
            significant(row["vehicles"]),
        ]
        for row in summed.iter_rows(named=True)
    ]
    return {"head": [t[k] for k in ("stream_head", "mix_standard", "measure", "mix_when", "vehicles")], "rows": rows}


def _front(table: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        [
            significant(row["avoided_per_year"]),
            significant(row["cost_usd2024"] / MILLION),
            f"{100.0 * row['gap']:.2g} %",
        ]
        for row in (table.iter_rows(named=True) if table is not None else [])
    ]
    return {"head": [t[k] for k in ("mix_avoided", "mix_present", "mix_gap")], "rows": rows}


def _regret(table: pl.DataFrame | None, found: Portfolio, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    if table is None:
        return {"head": [], "rows": []}
    names = _future_names(found, t, language)
    rows = []
    for (mix,), part in table.group_by(["mix"], maintain_order=True):
        cells = [significant(v / MILLION) for v in part["regret_usd2024"].to_list()]
        rows.append([names[str(mix)], *cells, significant(part["worst_regret_usd2024"][0] / MILLION)])
    return {"head": [t["mix_of"], *names.values(), t["mix_worst"]], "rows": rows}


def _future_names(found: Portfolio, t: Mapping[str, str], language: Language) -> dict[str, str]:
    names = {"plan": t["mix_plan"]}
    for future in found.futures:
        if future is not None:
            own = future.title_zh if language == "zh" else future.title
            names[future.name] = own or future.title or future.name
    return names


def _switching(
    table: pl.DataFrame | None, found: Portfolio, t: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return from which price on another mix is the better one, and what the plan's mix misses in each future."""
    if table is None:
        return {"head": [], "rows": []}
    names = _future_names(found, t, language)
    rows = [
        [
            names[row["future"]],
            t[f"mix_key_{row['parameter']}"] if row["parameter"] else "–",
            "–" if row["value_in_future"] is None else significant(row["value_in_future"]),
            t["mix_never"] if row["switching_value"] is None else significant(row["switching_value"]),
            f"{100.0 * row['plan_misses_then']:.1f} %",
        ]
        for row in table.iter_rows(named=True)
    ]
    keys = ("mix_future", "mix_key", "mix_value_then", "mix_switching", "mix_misses_then")
    return {"head": [t[k] for k in keys], "rows": rows}


def _check(table: pl.DataFrame, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    names = wording.pollutant_names(language)
    rows = [
        [
            f"{names[row['pollutant']]} ({t.get('unit_' + row['unit'], row['unit'])})",
            significant(row["optimiser_per_year"], 5),
            significant(row["inventory_per_year"], 5),
            percent(row["difference_pct"]),
        ]
        for row in table.filter(pl.col("pollutant").is_in(CHECKED)).iter_rows(named=True)
    ]
    return {"head": [t[k] for k in ("mix_what", "mix_optimiser", "mix_inventory", "mix_difference")], "rows": rows}
