"""The carbon market as tables, a page in English and Chinese and a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.markets.market_map import write_market_map
from fleet_planner.outputs.markets.market_page import market_page
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.market.market import Market
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language


def totals(found: Market) -> pl.DataFrame:
    """Return cost, cut, trade and moved benefit by form over all cities and years."""
    return found.market.group_by("form", maintain_order=True).agg(
        pl.col("abated_t").sum(),
        units_traded=pl.col("traded_units").clip(lower_bound=0.0).sum(),
        cost_usd=pl.col("cost_usd").sum(),
        cost_unlinked_usd=pl.col("cost_unlinked_usd").sum(),
        benefit_moved_usd=pl.col("benefit_moved_usd").sum(),
    )


def benefit_by_city(found: Market) -> pl.DataFrame:
    """Return the local benefit that trade moves to (above 0) or from (below 0) each city, all years, US$ 2024."""
    linked = found.market.filter(pl.col("form") != "none")
    return linked.group_by("form", "city", maintain_order=True).agg(pl.col("benefit_moved_usd").sum())


def write_market(plan: Plan, path: Path, found: Market, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write a market into ``out``, whole or not at all; ``market.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        found.market.write_csv(folder / "market.csv")
        found.ledger.write_csv(folder / "ledger.csv")
        found.trades.write_csv(folder / "trades.csv")
        if found.prices is not None:
            found.prices.write_csv(folder / "prices.csv")
        if found.published is not None:
            found.published.write_csv(folder / "published_prices.csv")
        if found.leakage is not None:
            found.leakage.write_csv(folder / "leakage.csv")
        if found.owners is not None:
            found.owners.write_csv(folder / "owners.csv")
        if found.volatility is not None:
            found.volatility.write_csv(folder / "volatility.csv")
        if found.draws is not None:
            found.draws.write_csv(folder / "draws.csv")
        if found.bands is not None:
            found.bands.write_csv(folder / "bands.csv")
        if found.exchange is not None:
            found.exchange.orders.write_csv(folder / "orders.csv")
            found.exchange.log.write_csv(folder / "orders_log.csv")
            found.exchange.summary.write_csv(folder / "orders_summary.csv")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "market.html" if each == language else f"market.{each}.html"
            (folder / name).write_text(market_page(plan, found, totals(found), each), encoding="utf-8")
        write_market_map(found, plan.city.name, folder / "market.gpkg")
        write_columns(folder, "market")
        told: dict[str, Any] = record("market", plan, path, out, language=language, inputs=plan_files(plan, path)) | {
            "totals": totals(found).to_dicts(),
            "benefit_moved_by_city": benefit_by_city(found).to_dicts(),
            "largest_imbalance_t": float(found.ledger["balance_t"].abs().max() or 0.0),  # type: ignore[arg-type]  # a column of numbers
            "findings": [
                {
                    "code": f.code,
                    "kind": f.kind,
                    "text": finding_text(f),
                    "text_zh": finding_text(f, "zh"),
                    "count": f.count,
                }
                for f in found.findings
            ],
            "files": file_hashes(folder),
        }
        (folder / MANIFEST).write_text(manifest_text(told), encoding="utf-8")
    return out
