"""The page on a carbon market: the same figures in English and Chinese."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.markets.prices import TABLE
from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.charts.flow_chart import flow_charts
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.reference import reference_table
from fleet_planner.tables import finding_text
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.findings import Finding
    from fleet_planner.pipeline.market.market import Market
    from fleet_planner.pipeline.market.market_orders import Exchange
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

MILLION, THOUSAND = 1e6, 1e3
DRAWN_CITIES = 8
"""More lines than this cannot be told apart."""

LEDGER = {
    "allocated_t": "market_allocated",
    "bought_t": "market_bought",
    "offsets_t": "market_offsets",
    "ceiling_t": "market_at_ceiling",
    "sold_units": "market_sold",
    "retired_t": "market_retired",
    "verified_t": "market_verified",
    "unused_t": "market_unused",
}


def market_page(plan: Plan, found: Market, totals: pl.DataFrame, language: Language) -> str:
    """Return the page.

    Parameters
    ----------
    plan, found
        What was cleared.
    totals
        By form, as in the manifest.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    names = {c.name: c.name_zh for c in plan.market.city if c.name_zh and language == "zh"}
    markets = dict(reference_table(TABLE).unique("market").select("market", f"title_{language}").iter_rows())
    shown = _named(found, names)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "market.html.j2").read_text(encoding="utf-8"))
    years = found.market["year"]
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        t=t,
        city=plan.city.name_zh or plan.city.name if language == "zh" else plan.city.name,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        first=years.min(),
        last=years.max(),
        lead=lead(shown, totals, t),
        forms=_forms(totals, t),
        published=_published(shown.published, t, language),
        charts=_charts(shown.market, t),
        flows=flow_charts(shown.trades, shown.market["city"].unique(maintain_order=True).to_list(), t),
        leakage=_leakage(shown.leakage, t),
        cities=_cities(shown.market, t),
        ledger=_ledger(shown.ledger, t),
        rest=significant(float(shown.ledger.select(pl.col("balance_t").abs().max()).item())),
        owners=_owners(shown.owners, t),
        exchange=_exchange(shown.exchange, t),
        sure=_sure(shown.bands, t),
        swing=_swing(shown.volatility, t),
        draws="" if found.volatility is None else f"{found.volatility['draws'][0]:,}",
        shocked="" if found.volatility is None else found.volatility["year"][0],
        findings=[_renamed(finding_text(_titled(f, markets), language), names) for f in found.findings],
    )


def lead(found: Market, totals: pl.DataFrame, t: Mapping[str, str]) -> list[str]:
    """Return the result in sentences: the form that costs least, who sells and buys most in it, who loses benefit."""
    best = totals.filter(pl.col("form") != "none").sort("cost_usd").row(0, named=True)
    years, alone = found.market["year"], best["cost_unlinked_usd"]
    out = [
        t["market_lead"].format(
            form=t[f"market_form_{best['form']}"],
            first=years.min(),
            last=years.max(),
            cost=significant(best["cost_usd"] / MILLION),
            alone=significant(alone / MILLION),
            saved=significant((alone - best["cost_usd"]) / MILLION),
        )
    ]
    own = found.trades.filter(form=best["form"])
    if own.height:
        top = {
            side: own.group_by(side, maintain_order=True)
            .agg(pl.col("units").sum())
            .sort("units", descending=True)
            .row(0)
            for side in ("seller", "buyer")
        }
        out.append(
            t["market_lead_trade"].format(
                seller=top["seller"][0],
                sold=significant(top["seller"][1]),
                buyer=top["buyer"][0],
                bought=significant(top["buyer"][1]),
            )
        )
    moved = found.market.filter(form=best["form"]).group_by("city", maintain_order=True)
    least = moved.agg(pl.col("benefit_moved_usd").sum()).sort("benefit_moved_usd").row(0)
    if least[1] < 0.0:
        out.append(t["market_lead_lost"].format(city=least[0], lost=significant(-least[1] / THOUSAND)))
    return out


def once(rows: list[list[str]]) -> list[list[str]]:
    """Return rows that name a form in its first row only."""
    return [["" if k and rows[k - 1][0] == row[0] else row[0], *row[1:]] for k, row in enumerate(rows)]


def _named(found: Market, names: Mapping[str, str]) -> Market:
    """Return a market whose cities have the names of the page's language."""

    def of(table: pl.DataFrame) -> pl.DataFrame:
        held = [c for c in ("city", "seller", "buyer") if c in table.columns]
        return table.with_columns(pl.col(c).replace(dict(names)) for c in held)

    return replace(
        found,
        market=of(found.market),
        ledger=of(found.ledger),
        trades=of(found.trades),
        leakage=None if found.leakage is None else of(found.leakage),
        volatility=None if found.volatility is None else of(found.volatility),
        bands=None if found.bands is None else of(found.bands),
        published=None if found.published is None else of(found.published),
    )


def _titled(finding: Finding, markets: Mapping[str, str]) -> Finding:
    """Return a finding that names a market by its title."""
    title = markets.get(str(finding.values.get("market")))
    return finding if title is None else replace(finding, values={**finding.values, "market": title})


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for name, other in names.items():
        text = text.replace(name, other)
    return text


def _forms(totals: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    keys = ("market_form", "market_abated", "market_units", "market_cost", "market_saved", "market_moved")
    rows = [
        [
            t[f"market_form_{row['form']}"],
            significant(row["abated_t"], 4),
            significant(row["units_traded"]),
            significant(row["cost_usd"] / MILLION, 4),
            significant((row["cost_unlinked_usd"] - row["cost_usd"]) / MILLION),
            significant(row["benefit_moved_usd"] / THOUSAND),
        ]
        for row in totals.iter_rows(named=True)
    ]
    return {"head": [t[k] for k in keys], "rows": rows}


def _published(published: pl.DataFrame | None, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the last published price of each city's own market; no row where the plan names none."""
    keys = ("market_city", "market_own", "market_year", "market_own_price", "market_price", "market_read")
    named = {r["market"]: r for r in reference_table(TABLE).unique("market").iter_rows(named=True)}
    rows = []
    if published is not None:
        last = published.filter(pl.col("year") == pl.col("year").max().over("city"))
        rows = [
            [
                row["city"],
                named[row["market"]][f"title_{language}"],
                str(row["year"]),
                f"{significant(row['price'], 4)} {row['currency']}",
                significant(row["price_usd2024_per_t"]),
                t[row["checked"]],
            ]
            for row in last.iter_rows(named=True)
        ]
    return {"head": [t[k] for k in keys], "rows": rows}


def _charts(market: pl.DataFrame, t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return prices by year and city, a chart for each form; none for one year or for more cities than can be told."""
    cities, years = market["city"].unique(maintain_order=True).to_list(), sorted(market["year"].unique())
    if len(cities) > DRAWN_CITIES or len(years) < 2:
        return []
    out = []
    for (form,), part in market.group_by("form", maintain_order=True):
        title = t["market_prices"].format(form=t[f"market_form_{form}"])
        lines = [part.filter(city=city).sort("year")["price_usd_per_t"].to_list() for city in cities]
        svg = draw.signed_lines(title, years, cities, lines)
        out.append({"title": title, "svg": Markup(svg)})  # noqa: S704  # labels are escaped where they are drawn
    return out


def _cities(market: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    summed = (
        market.filter(pl.col("form") != "none")
        .group_by("form", "city", maintain_order=True)
        .agg(
            pl.col("price_usd_per_t", "price_unlinked_usd_per_t").mean(),
            pl.col("traded_units", "cost_usd", "cost_unlinked_usd", "benefit_moved_usd").sum(),
            more=(pl.col("abated_t") - pl.col("abated_unlinked_t")).sum(),
            held=pl.struct("held_by", "year").filter(pl.col("held_by") != ""),
        )
    )
    keys = (
        *("market_form", "market_city", "market_price", "market_price_alone", "market_abated_more", "market_units"),
        *("market_saved", "market_moved", "market_held"),
    )
    rows = [
        [
            t[f"market_form_{row['form']}"],
            row["city"],
            significant(row["price_usd_per_t"]),
            significant(row["price_unlinked_usd_per_t"]),
            significant(row["more"]),
            significant(row["traded_units"]),
            significant((row["cost_unlinked_usd"] - row["cost_usd"]) / MILLION),
            significant(row["benefit_moved_usd"] / THOUSAND),
            _held(row["held"], t),
        ]
        for row in summed.iter_rows(named=True)
    ]
    return {"head": [t[k] for k in keys], "rows": once(rows)}


def _held(held: list[dict[str, Any]], t: Mapping[str, str]) -> str:
    """Return such as ``quota 2026–2030``."""
    told = []
    for what in ("quota", "ceiling", "floor"):
        if years := [h["year"] for h in held if what in h["held_by"].split("+")]:
            span = str(years[0]) if len(years) == 1 else f"{min(years)}–{max(years)}"
            told.append(f"{t[f'market_held_{what}']} {span}")
    return ", ".join(told)


def _ledger(ledger: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    summed = ledger.group_by("form", "city", maintain_order=True).agg(pl.col(*LEDGER).sum())
    rows = [
        [t[f"market_form_{row['form']}"], row["city"], *(significant(row[k], 4) for k in LEDGER)]
        for row in summed.iter_rows(named=True)
    ]
    return {"head": [t["market_form"], t["market_city"], *(t[k] for k in LEDGER.values())], "rows": once(rows)}


def _leakage(leakage: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return leakage by form and city, sums over the years; no row where it is not reckoned."""
    keys = ("abated_t", "leakage_t", "net_cut_t", "between_t")
    head = ("market_form", "market_city", "market_abated", "market_leakage_t", "market_net_cut", "market_between")
    rows: list[list[str]] = []
    if leakage is not None:
        summed = leakage.group_by("form", "city", maintain_order=True).agg(pl.col(*keys).sum())
        rows = [
            [t[f"market_form_{row['form']}"], row["city"], *(significant(row[k]) for k in keys)]
            for row in summed.iter_rows(named=True)
        ]
    return {"head": [t[k] for k in head], "rows": once(rows)}


def _owners(owners: pl.DataFrame | None, t: Mapping[str, str]) -> str:
    if owners is None:
        return ""
    paid = owners.filter(pl.col("credit_t") > 0.0)
    cut = (paid["baseline_t"] - paid["actual_t"]).sum()
    return t["market_owners_told"].format(
        owners=f"{paid['owner'].n_unique():,}",
        credit=significant(float(paid["credit_t"].sum())),
        revenue=significant(float(paid["revenue_usd"].sum())),
        cut=significant(float(cut)),
    )


def _exchange(exchange: Exchange | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return what orders gave beside the model, a row per year and unit; no row without orders."""
    keys = (
        *("market_year_unit", "market_trades", "market_volume", "market_mean_price", "market_call_price"),
        *("market_model_price", "market_model_units", "market_unmatched", "market_gain_share"),
    )
    told = [] if exchange is None else exchange.summary.rows(named=True)
    return {
        "head": [t[k] for k in keys],
        "form": t[f"market_form_{told[0]['form']}"] if told else "",
        "rows": [
            [
                f"{row['year']} {row['unit']}".strip(),
                f"{row['trades']:,}",
                significant(row["volume_units"], 4),
                significant(row["mean_price_usd_per_unit"], 4),
                significant(row["call_price_usd_per_unit"], 4),
                significant(row["model_price_usd_per_unit"], 4),
                significant(row["model_units"], 4),
                f"{significant(row['unmatched_buy_units'])} / {significant(row['unmatched_sell_units'])}",
                share(row["gain_usd"] / row["gain_possible_usd"] if row["gain_possible_usd"] else None),
            ]
            for row in told
        ],
    }


def _sure(bands: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return prices and gains of the last year with their bands; no row without draws."""
    if bands is None:
        return {"head": [], "rows": [], "note": ""}
    last = bands.filter(pl.col("year") == pl.col("year").max())
    keys = ("market_form", "market_city", "market_price", "market_sure_gain", "market_sure_chance")

    def banded(row: Mapping[str, Any], value: str, low: str, high: str, scale: float = 1.0) -> str:
        told = (significant(row[k] / scale) for k in (value, low, high))
        return "{} ({}…{})".format(*told)

    rows = [
        [
            t[f"market_form_{row['form']}"],
            row["city"],
            banded(row, "price_usd_per_t", "price_low_usd_per_t", "price_high_usd_per_t"),
            "–" if row["form"] == "none" else banded(row, "gain_usd", "gain_low_usd", "gain_high_usd", MILLION),
            "–" if row["form"] == "none" else share(row["gain_share"]),
            share(row["ceiling_share"]),
        ]
        for row in last.rows(named=True)
    ]
    first = last.row(0, named=True)
    told = {"draws": f"{first['draws']:,}", "level": f"{first['level_pct']:g}", "year": first["year"]}
    head = [*(t[k] for k in keys), t["market_sure_ceiling"]]
    return {"head": head, "rows": once(rows), "note": t["market_sure_note"].format(**told)}


def _swing(volatility: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return mean and spread of prices; no row without shocks."""
    keys = ("market_form", "market_city", "market_price_mean", "market_sd", "market_hhi")
    rows = [] if volatility is None else volatility.rows(named=True)
    return {
        "head": [t[k] for k in keys],
        "rows": once(
            [
                [
                    t[f"market_form_{row['form']}"],
                    row["city"],
                    significant(row["price_mean_usd_per_t"]),
                    significant(row["price_sd_usd_per_t"]),
                    significant(row["sellers_hhi"]),
                ]
                for row in rows
            ]
        ),
    }
