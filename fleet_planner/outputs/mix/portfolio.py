"""The least-cost mix as tables, a GeoPackage of home zones and a page in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.mix.portfolio_page import page
from fleet_planner.outputs.mix.portfolio_places import write_mix_places
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.mixing.limit_tables import limits_table, sites_table
from fleet_planner.pipeline.mixing.needs import cash_table, curve_table, market_table, workforce_table
from fleet_planner.pipeline.mixing.portfolio_tables import (
    check_of,
    front_table,
    mix_table,
    regret_table,
    switching_table,
    targets_table,
    years_table,
)
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language


def portfolio_tables(ready: Prepared, found: Portfolio) -> dict[str, pl.DataFrame]:
    """Return every table of a mix by file name; those that were not asked for are absent."""
    made = {
        "portfolio": mix_table(found),
        "portfolio_years": years_table(found),
        "portfolio_targets": targets_table(found),
        "portfolio_check": check_of(ready, found),
        "portfolio_cash": cash_table(ready, found),
        "portfolio_market": market_table(found),
        "portfolio_workforce": workforce_table(found),
    }
    if found.aims:
        made["portfolio_curve"] = curve_table(found)
    limits = limits_table(found)
    if limits.height:
        made["portfolio_limits"] = limits
    if found.sites is not None:
        made["portfolio_sites"] = sites_table(found)
    if found.bands is not None:
        made["portfolio_bands"] = found.bands
    if found.front:
        made["portfolio_front"] = front_table(found)
    if found.regret is not None:
        made["portfolio_regret"] = regret_table(found)
        made["portfolio_switching"] = switching_table(found)
    return made


def portfolio_summary(ready: Prepared, found: Portfolio) -> dict[str, Any]:
    """Return what was solved and how well, as plain data."""
    mix = found.mix
    return {
        "city": ready.plan.city.name,
        "status": mix.status,
        "objective": ready.plan.portfolio.objective,
        "cost_usd2024": mix.cost,
        "bound_usd2024": mix.bound,
        "gap": mix.gap,
        "seconds": round(mix.seconds, 3),
        "groups": found.ground.groups.height,
        "options": len(found.ground.options),
        "years": list(found.ground.years),
        "columns_of": int(found.problem.able.sum()),
        "columns_used": mix.columns,
        "probability_asked": ready.plan.portfolio.probability or None,
        "probability": None if found.chance is None else found.chance.probability,
        "cost_with_probability_usd2024": None if found.chance is None else found.chance.mix.cost,
    }


def write_portfolio(
    ready: Prepared, found: Portfolio, path: Path, out: Path, *, overwrite: bool, language: Language
) -> Path:
    """Write a mix into ``out``, whole or not at all.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    tables, summary = portfolio_tables(ready, found), portfolio_summary(ready, found)
    with whole_directory(out, overwrite=overwrite) as folder:
        for name, table in tables.items():
            table.write_csv(folder / f"{name}.csv")
        write_mix_places(ready, tables["portfolio"], folder / "portfolio.gpkg")
        write_columns(folder, "portfolio")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "portfolio.html" if each == language else f"portfolio.{each}.html"
            (folder / name).write_text(page(ready, found, tables, summary, each), encoding="utf-8")
        inputs = plan_files(ready.plan, path)
        told = summary | record("portfolio", ready.plan, path, out, language=language, inputs=inputs)
        told["findings"] = [
            {"code": f.code, "kind": f.kind, "text": finding_text(f), "text_zh": finding_text(f, "zh")}
            for f in (*ready.findings, *found.findings)
        ]
        told["files"] = file_hashes(folder)
        (folder / MANIFEST).write_text(manifest_text(told), encoding="utf-8")
    return out
