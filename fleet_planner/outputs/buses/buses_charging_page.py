"""The page on charging: load plots of every site by strategy and tables, the same figures in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.charging.slots import KINDS, SLOT_H
from fleet_planner.outputs.buses.bus_part import Chart, Part, Table
from fleet_planner.outputs.buses.bus_sheet import bus_sheet
from fleet_planner.outputs.buses.load_plot import load_plot
from fleet_planner.outputs.numbers import significant
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.buses.charging.tables import SiteYear
    from fleet_planner.pipeline.buses.charging import ChargingYear
    from fleet_planner.pipeline.buses.simulate import Simulated
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

THOUSAND = 1e3
DRAWN_SITES = 60
"""More sites than this are told in the tables only; those with the highest peaks are drawn."""


def charging_page(plan: Plan, found: ChargingYear, language: Language) -> str:
    """Return the page in ``en`` or ``zh``."""
    t = report_words(language)
    city = plan.city.name_zh or plan.city.name if language == "zh" else plan.city.name
    sub = t["charging_sub"].format(city=city, sites=len(found.sites), year=plan.city.year)
    return bus_sheet(city, t["charging"], sub, [charging_part(found, t)], found.findings, language)


def charging_part(found: ChargingYear, t: Mapping[str, str]) -> Part:
    """Return the section on charging, for this page and the one on buses."""
    tables = [_sites(found, t), _costs(found, t), _needs(found, t)]
    return Part("charging", t["charging_load"], t["charging_load_note"], tables, _charts(found, t))


def simulated_part(done: Simulated, t: Mapping[str, str]) -> Part | None:
    """Return the section for the page on buses; none where nothing is charged."""
    return None if done.charging is None else charging_part(done.charging, t)


def _charts(found: ChargingYear, t: Mapping[str, str]) -> list[Chart]:
    """Return a day's load of each site: the day of the year on which charging without a plan would peak."""
    peaks = [max(p.peak_kw(y.seasons) for p in y.schedules) for y in found.sites]
    drawn = sorted(np.argsort(peaks)[::-1][:DRAWN_SITES].tolist())
    return [_chart(found.sites[k], t) for k in drawn]


def _chart(year: SiteYear, t: Mapping[str, str]) -> Chart:
    first = year.schedules[0]
    tops = [
        (float(d.grid[b, k].max()), s, b, k)
        for s, (season, d) in enumerate(zip(year.seasons, first.dispatch, strict=True))
        for b, k in zip(*season.pairs, strict=True)
    ]
    _, s, before, kind = max(tops, key=lambda top: (round(top[0], 6), -top[3], -top[1]))
    season = year.seasons[s]
    names = [t[f"charging_{p.strategy}"] for p in year.schedules]
    values = [(p.dispatch[s].grid[before, kind] / SLOT_H).tolist() for p in year.schedules]
    price = season.price[kind]
    dear = (price >= price.max() - 1e-12) & (price.max() - price.min() > 1e-12)
    cap = (t["charging_cap"], year.site.cap_kw) if np.isfinite(year.site.cap_kw) else None
    title = t["charging_chart"].format(
        site=year.site.site_id, kind=t[f"charging_{KINDS[kind]}"], months=season.label.replace(";", ", ")
    )
    tariff = year.tariff.title_zh if t["charging_titles"] == "zh" else year.tariff.title_en
    return Chart(f"{title} · {tariff}", load_plot(title, names, values, cap, dear.tolist()))


def _sites(found: ChargingYear, t: Mapping[str, str]) -> Table:
    keys = (
        *(
            "charging_site",
            "charging_strategy",
            "charging_energy",
            "charging_peak",
            "charging_cost",
            "charging_per_kwh",
        ),
        *("charging_co2", "charging_damage", "charging_both", "charging_missed", "charging_plugs", "charging_gap"),
    )
    rows = [
        [
            row["site_id"],
            t[f"charging_{row['strategy']}"],
            significant(row["energy_kwh_per_year"] / THOUSAND, 4),
            significant(row["peak_kw"], 4),
            significant(row["cost_usd2024_per_year"] / THOUSAND, 4),
            significant(row["usd2024_per_kwh"], 4),
            significant(row["co2_t_per_year"], 4),
            significant(row["damage_usd2024_per_year"] / THOUSAND, 4),
            significant(row["cost_and_damage_usd2024_per_year"] / THOUSAND, 4),
            significant(row["missed_kwh"]),
            f"{row['chargers']:,}",
            t["charging_by_rule"] if row["status"] == "rule" else f"{100.0 * max(row['gap'], 0.0):.4f} %",
        ]
        for row in found.summary.iter_rows(named=True)
    ]
    head = [t[k] for k in keys]
    return Table("charging-sites-table", head, rows, 2, t["charging_by_site"], t["charging_by_site_note"])


def _needs(found: ChargingYear, t: Mapping[str, str]) -> Table:
    keys = (
        *("charging_site", "charging_power", "charging_one_each", "charging_in_turn", "charging_least_cap"),
        *("charging_capital", "charging_year_cost", "charging_served"),
    )
    rows = [
        [
            row["site_id"],
            significant(row["charger_kw"]),
            f"{row['one_each']:,}",
            f"{row['in_turn']:,}",
            significant(row["least_cap_kw"], 4),
            significant(row["capital_usd2024"] / THOUSAND, 4),
            significant(row["cost_usd2024_per_year"] / THOUSAND, 4),
            t["charging_yes"] if row["all_served"] == "yes" else t["charging_no"],
        ]
        for row in found.chargers.iter_rows(named=True)
    ]
    head = [t[k] for k in keys]
    return Table("charging-needs-table", head, rows, 1, t["charging_needs"], t["charging_needs_note"])


def _costs(found: ChargingYear, t: Mapping[str, str]) -> Table:
    """Return thousand US$ a year by kind of line and strategy, all sites."""
    summed = found.costs.group_by("element", "strategy", maintain_order=True).agg(pl.col("cost_usd2024_per_year").sum())
    strategies = found.summary["strategy"].unique(maintain_order=True).to_list()
    elements = found.costs["element"].unique(maintain_order=True).to_list()
    by = {(e, s): v for e, s, v in summed.iter_rows()}
    rows = [
        [t[f"charging_line_{e}"], *(significant(by.get((e, s), 0.0) / THOUSAND, 4) for s in strategies)]
        for e in elements
    ]
    head = [t["charging_line"], *(t[f"charging_{s}"] for s in strategies)]
    return Table("charging-costs-table", head, rows, title=t["charging_lines"])
