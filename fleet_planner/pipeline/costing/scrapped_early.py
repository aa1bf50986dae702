"""What early scrappage in the years of a turnover costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.money import usd2024
from fleet_planner.findings import Finding
from fleet_planner.fleet.vocabulary import HEAVY
from fleet_planner.scenarios.operation.figures import figure

if TYPE_CHECKING:
    from fleet_planner.fleet.turnover import Projection
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.plan.economics import EconomicsSection

SCRAPPED = {
    "scenario": pl.String,
    "year": pl.Int64,
    "stream": pl.String,
    "vehicles": pl.Float64,
    "subsidy_usd2024": pl.Float64,
    "subsidy_low_usd2024": pl.Float64,
    "subsidy_high_usd2024": pl.Float64,
    "advance_usd2024": pl.Float64,
    "checked": pl.String,
}
MILLION = 1e6
LEAST = 5e-4
"""Stocks are counted to a thousandth of a vehicle."""


def advance_usd(price_usd: float, years_early: float, discount_rate: float) -> float:
    """Return what it costs to buy a vehicle so many years before its time: ``price (1 - (1 + r)^-years)``."""
    return float(price_usd * (1.0 - (1.0 + discount_rate) ** -years_early))


def scrapped_early_table(later: ByYear | None, section: EconomicsSection) -> pl.DataFrame:
    """Return vehicles scrapped early by scenario, year and stream, with subsidy and cost of buying the next one early.

    The subsidy is a transfer; the cost to all is that new vehicles come before their time.

    Parameters
    ----------
    later
        The projected fleets; nothing without a turnover.
    section
        Discount rate.
    """
    if later is None:
        return pl.DataFrame(schema=SCRAPPED)
    projections = {"baseline": later.projection, **later.own}
    rows = [row for name, projection in projections.items() for row in _rows(name, projection, section)]
    return pl.DataFrame(rows, schema=SCRAPPED, orient="row")


def _rows(name: str, projection: Projection, section: EconomicsSection) -> list[tuple[object, ...]]:
    subsidy, years = figure("scrappage", "subsidy_cny_per_vehicle"), figure("scrappage", "years_early")
    paid = [usd2024(amount, "CNY", subsidy.year) for amount in (subsidy.value, subsidy.low, subsidy.high)]
    prices = {kind: figure("zone", f"capex_usd_per_{kind}_vehicle") for kind in ("heavy", "light")}
    advance = {
        kind: advance_usd(usd2024(p.value, "USD", p.year), years.value, section.discount_rate)
        for kind, p in prices.items()
    }
    early = (
        projection.flow_table()
        .filter(pl.col("scrapped_early") > LEAST)
        .group_by("year", "stream", "category")
        .agg(pl.col("scrapped_early").sum())
        .sort("year", "stream", "category")
    )
    checked = "yes" if subsidy.checked and years.checked and all(p.checked for p in prices.values()) else "no"
    out: list[tuple[object, ...]] = []
    for year, stream, category, count in early.iter_rows():
        kind = "heavy" if category in HEAVY else "light"
        out.append((name, year, stream, count, *(count * p for p in paid), count * advance[kind], checked))
    return out


def scrapped_early_findings(table: pl.DataFrame) -> list[Finding]:
    """Say how many vehicles go early, and what it costs."""
    out = []
    for (scenario,), rows in table.group_by("scenario", maintain_order=True):
        vehicles, subsidy, advance = (
            float(rows[name].to_numpy().sum()) for name in ("vehicles", "subsidy_usd2024", "advance_usd2024")
        )
        values = {"name": str(scenario), "subsidy": f"{subsidy / MILLION:.3g}", "advance": f"{advance / MILLION:.3g}"}
        out.append(Finding("operation.scrapped_early", "assumption", values, round(vehicles)))
    return out
