"""Ownership, costs by year and cash flow, as plain data for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.pipeline.results import Results

KEY = ("scenario", "stream", "measures", "vehicles", "km_per_year", "holding_years", "unit")


def economics_data(results: Results) -> dict[str, Any] | None:
    """Return the economics of a run; nothing where it has no scenario with costs."""
    paid = results.economy
    if not paid.ownership.height and not paid.grid.height:
        return None
    plan = results.plan.economics
    return {
        "rates": {"private": plan.discount_rate, "public": plan.social_discount_rate},
        "ownership": _ownership(paid.ownership),
        "grid": paid.grid.to_dicts(),
    }


def _ownership(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a row per group with the lines as they are: ``lines[line] = [without, with] x [private, public]``."""
    out = []
    for key, rows in table.group_by(KEY, maintain_order=True):
        lines = {
            r["line"]: [r["private_without"], r["private_with"], r["public_without"], r["public_with"]]
            for r in rows.iter_rows(named=True)
        }
        unchecked = rows.filter((pl.col("checked") == "no") & (pl.col("line") != "total"))["line"].to_list()
        out.append(dict(zip(KEY, key, strict=True)) | {"lines": lines, "unchecked": unchecked})
    return out
