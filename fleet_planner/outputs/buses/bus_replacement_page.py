"""The page on the replacement of buses: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.buses.transition.model import LINES, POWERTRAINS, ZERO_EMISSION
from fleet_planner.buses.transition.needs import SEPARATOR
from fleet_planner.outputs.buses.bus_duty_part import duty_chart, duty_rows
from fleet_planner.outputs.layers.year_columns import year_columns
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.tables import finding_text
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.buses.duty import DutyFound
    from fleet_planner.pipeline.buses.replace import Replacement
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language

MILLION = 1e6
CLEAN = [POWERTRAINS[p] for p in ZERO_EMISSION]


def replacement_page(
    ready: Prepared, found: Replacement, trucks: DutyFound | None, summary: Mapping[str, Any], language: Language
) -> str:
    """Return the page.

    Parameters
    ----------
    ready, found
        What was solved.
    trucks
        Trucks and vans by duty, where they were looked at.
    summary
        As in the manifest.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "bus_replacement.html.j2").read_text(encoding="utf-8"))
    city = ready.plan.city
    years = found.problem.figures.years
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        t=t,
        city=city.name_zh or city.name if language == "zh" else city.name,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        span=t["bus_plan_years"].format(
            first=years[0],
            last=years[-1],
            buses=found.vehicles.height,
            depots=len(found.problem.pools.depots),
            blocks=found.blocks.height,
        ),
        result=_result(summary, t, language),
        share=_share(found, t),
        bought=_columns(found.purchases, years.tolist(), t["bus_plan_purchases"], t),
        fleet=_columns(found.fleet, years.tolist(), t["bus_plan_fleet"], t),
        compliance=_compliance(found.compliance, t),
        rules=_rules(found.rules, t),
        costs=_costs(found.costs, t),
        strategies=_strategies(found.strategies, t),
        capital=_capital(found.costs, years.tolist(), t),
        depots=_depots(found, t),
        blocks=_blocks(found.blocks, t, language),
        emissions=_emissions(found.emissions, t),
        workforce=_workforce(found.workforce, t),
        forms=_forms(found.forms["crosswalk"], t),
        forms_note=t["bus_plan_forms_note"].format(cells=f"{found.blanks:,}"),
        duty=duty_rows(trucks, t, language),
        duty_chart=duty_chart(trucks, t),
        findings=[
            finding_text(f, language) for f in (*found.findings, *(trucks.findings if trucks is not None else ()))
        ],
    )


def _result(summary: Mapping[str, Any], t: Mapping[str, str], language: Language) -> str:
    status = summary["status"].replace(" ", "_")
    many = status == "conflict" and not summary["conflicts"]
    return t[f"bus_plan_status_{status}{'_many' if many else ''}"].format(
        cost=significant(summary["present_value_usd2024"] / MILLION, 4),
        gap=f"{100.0 * summary['gap']:.2f}",
        rules=("、" if language == "zh" else ", ").join(t[f"bus_rule_{name}"] for name in summary["conflicts"]),
    )


def _share(found: Replacement, t: Mapping[str, str]) -> str:
    last = found.compliance.sort("year").row(-1, named=True)
    nox = found.emissions.group_by("year").agg(pl.col("nox_t").sum()).sort("year")["nox_t"].to_list()
    return t["bus_plan_share"].format(
        year=last["year"],
        share=share(last["fleet_zero_emission_share"]),
        removed=share(1.0 - nox[-1] / nox[0]) if nox[0] > 0.0 else "–",
        first=found.compliance["year"].min(),
    )


def _columns(table: pl.DataFrame, years: list[int], title: str, t: Mapping[str, str]) -> Markup:
    """Return buses by year and powertrain as stacked columns."""
    used = [p for p in POWERTRAINS if (table["powertrain"] == p).any()]
    sums = {(y, p): float(v) for y, p, v in table.group_by("year", "powertrain").agg(pl.col("buses").sum()).iter_rows()}
    values = [[sums.get((y, p), 0.0) for p in used] for y in years]
    svg = year_columns(title, years, [t[f"bus_plan_{p}"] for p in used], values, t["bus_plan_buses"])
    return Markup(svg)  # noqa: S704  # labels are escaped where they are drawn


def _compliance(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    keys = ("year", "bought", "asked", "clean", "gap", "verdict", "fleet_share")
    rows = [
        [
            row["year"],
            row["bought"],
            f"{row['required']} ({share(row['required_share'])})" if row["required_share"] > 0.0 else "–",
            row["zero_emission"],
            row["gap"],
            t[f"bus_plan_{row['verdict']}"],
            share(row["fleet_zero_emission_share"]),
        ]
        for row in table.iter_rows(named=True)
    ]
    return {"head": [t[f"bus_plan_{k}"] for k in keys], "rows": rows}


def _rules(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        [
            t.get(f"bus_rule_{row['rule']}", row["rule"]),
            row["year"],
            t[f"bus_plan_{row['where']}"] if row["rule"] == "supply" else row["where"],
            significant(row["value"], 4),
            significant(row["limit"], 4),
            significant(row["gap"], 4),
        ]
        for row in table.filter(pl.col("verdict") == "missed").iter_rows(named=True)
    ]
    return {"head": [t[f"bus_plan_{k}"] for k in ("rule", "year", "where", "value", "limit", "gap")], "rows": rows}


def _costs(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    sums = table.group_by("line").agg(pl.col("usd2024", "present_usd2024").sum())
    of_line = {row[0]: row[1:] for row in sums.iter_rows()}
    rows = [
        [t[f"bus_line_{line}"], *(significant(v / MILLION, 4) for v in of_line[line])]
        for line in LINES
        if line in of_line
    ]
    total = [float(table[c].sum()) for c in ("usd2024", "present_usd2024")]
    rows.append([t["bus_plan_total"], *(significant(v / MILLION, 4) for v in total)])
    return {"head": [t[f"bus_plan_{k}"] for k in ("line", "million", "present")], "rows": rows}


def _strategies(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    """Return the lines of each way of charging, million US$ of present value; no row where none was compared."""
    if table.is_empty():
        return {"head": [], "rows": []}
    heads = [t[f"bus_strategy_{row['strategy']}"] for row in table.iter_rows(named=True)]
    names = [
        *((line, t[f"bus_line_{line}"]) for line in LINES if (table[line] != 0.0).any()),
        ("total_usd2024", t["bus_plan_total"]),
        ("more_usd2024", t["bus_strategy_more"]),
    ]
    rows = [[word, *(significant(v / MILLION, 4) for v in table[column])] for column, word in names]
    rows.append([t["bus_strategy_status"], *(t[f"bus_strategy_{s.replace(' ', '_')}"] for s in table["status"])])
    return {"head": [t["bus_plan_line"], *heads], "rows": rows}


def _capital(table: pl.DataFrame, years: list[int], t: Mapping[str, str]) -> Markup:
    own = table.filter(pl.col("capital"))
    used = [line for line in LINES if (own["line"] == line).any()]
    sums = {(y, k): v for y, k, v in own.group_by("year", "line").agg(pl.col("usd2024").sum()).iter_rows()}
    values = [[sums.get((y, k), 0.0) / MILLION for k in used] for y in years]
    svg = year_columns(t["bus_plan_capital"], years, [t[f"bus_line_{k}"] for k in used], values, t["bus_plan_million"])
    return Markup(svg)  # noqa: S704  # labels are escaped where they are drawn


def _depots(found: Replacement, t: Mapping[str, str]) -> dict[str, Any]:
    rows = []
    for (depot,), own in found.facilities.sort("year").group_by("depot_id", maintain_order=True):
        last = own.row(-1, named=True)
        first = own.row(0, named=True)
        opens, hydrogen = own.filter(pl.col("opens"))["year"].min(), own.filter(pl.col("hydrogen_opens"))["year"].min()
        blocks = found.blocks.filter(pl.col("depot_id") == depot)["zero_emission_from"]
        rows.append(
            [
                depot,
                opens or (t["bus_plan_today"] if first["powered"] else "–"),
                hydrogen or "–",
                last["battery_buses"] + last["hydrogen_buses"],
                last["chargers"],
                significant(float(own["peak_kw"].max() or 0.0)),  # type: ignore[arg-type]  # kW
                significant(last["electricity_mwh"]),
                blocks.min() or "–",
                (blocks.max() or "–") if blocks.null_count() == 0 else "–",
            ]
        )
    keys = ("depot", "power_from", "hydrogen_from", "clean", "chargers", "peak", "mwh", "first_clean", "last_clean")
    return {"head": [t[f"bus_plan_{k}"] for k in keys], "rows": rows}


def _blocks(table: pl.DataFrame, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the blocks by the ways that make them feasible for battery buses and by what runs them at the end."""
    comma = "、" if language == "zh" else ", "
    rows = [
        [
            comma.join(t[f"bus_plan_way_{way}"] for way in row["ways"].split(SEPARATOR)),
            t[f"bus_plan_{row['powertrain']}"] + (f" × {row['buses']}" if row["buses"] > 1 else ""),
            row["n"],
            significant(row["km"]),
            row["first"] or "–",
            row["last"] if row["last"] is not None and row["never"] == 0 else "–",
        ]
        for row in table.group_by("ways", "powertrain", "buses")
        .agg(
            pl.len().alias("n"),
            pl.col("km").sum(),
            pl.col("zero_emission_from").min().alias("first"),
            pl.col("zero_emission_from").max().alias("last"),
            pl.col("zero_emission_from").null_count().alias("never"),
        )
        .sort("n", "ways", "powertrain", descending=[True, False, False])
        .iter_rows(named=True)
    ]
    keys = ("way", "runs", "number", "km", "first_clean", "last_clean")
    return {"head": [t[f"bus_plan_{k}"] for k in keys], "rows": rows}


def _emissions(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    names = ("nox_t", "pm_exhaust_t", "co2_t", "co2_electricity_t")
    by_year = table.group_by("year").agg(pl.col("bus_km", "zero_emission_km", *names).sum()).sort("year")
    rows = [
        [row["year"], share(row["zero_emission_km"] / row["bus_km"]), *(significant(row[n]) for n in names)]
        for row in by_year.iter_rows(named=True)
    ]
    head = [t["bus_plan_year"], t["bus_plan_share_clean"], *(t[f"bus_plan_{n}"] for n in names)]
    return {"head": head, "rows": rows}


def _workforce(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    by_year = table.group_by("year").agg(
        *(pl.col("to_retrain").filter(pl.col("staff") == s).sum().alias(s) for s in ("mechanics", "operators")),
        pl.col("training_hours").sum(),
    )
    rows = [
        [row["year"], row["mechanics"], row["operators"], significant(row["training_hours"])]
        for row in by_year.sort("year").iter_rows(named=True)
        if row["mechanics"] or row["operators"]
    ]
    return {"head": [t[f"bus_plan_{k}"] for k in ("year", "mechanics", "operators", "hours")], "rows": rows}


def _forms(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        [row["ict_section"], row["fta_element"], row["table"], row["cells_filled"], row["cells_to_be_filled"]]
        for row in table.iter_rows(named=True)
    ]
    return {"head": [t[f"bus_plan_{k}"] for k in ("ict", "fta", "table", "filled", "to_fill")], "rows": rows}
