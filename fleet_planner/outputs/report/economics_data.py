"""Ownership, costs by year and cash flow, as plain data for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results

SIDES = ("private_without", "private_with", "public_without", "public_with")
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
        "worth": paid.costs.worth.to_dicts(),
        "cash": _cash(paid.costs.cash),
        "debts": len(plan.finance),
    }


def _cash(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return what the cash flow of each scenario comes to, and its course."""
    out = []
    drawn = "cumulative_low" in table.columns
    for (scenario,), rows in table.group_by("scenario", maintain_order=True):
        cover = rows.filter(pl.col("cover").is_not_null()).sort("cover")
        out.append(
            {
                "scenario": scenario,
                "unit": rows["unit"][0],
                "years": rows["year"].to_list(),
                "cumulative": rows["cumulative"].to_list(),
                **{name: float(rows[name].sum()) for name in ("capital", "incentives", "savings", "drawn", "interest")},
                "least": float(rows["net"].min() or 0.0),  # type: ignore[arg-type]  # a column of numbers
                "least_cover": cover["cover"][0] if cover.height else None,
                "least_cover_year": cover["year"][0] if cover.height else None,
                "outstanding": rows["outstanding"][-1],
                "public_purse": float(rows["public_purse"].sum()),
                **({"sum_low": rows["cumulative_low"][-1], "sum_high": rows["cumulative_high"][-1]} if drawn else {}),
            }
        )
    return out


def _ownership(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a row per group with the lines as they are: ``lines[line] = [without, with] x [private, public]``."""
    out = []
    for key, rows in table.group_by(KEY, maintain_order=True):
        lines = {
            r["line"]: [r["private_without"], r["private_with"], r["public_without"], r["public_with"]]
            for r in rows.iter_rows(named=True)
        }
        if "private_with_low" in rows.columns:
            total = rows.filter(pl.col("line") == "total").row(0, named=True)
            lines |= {f"total_{end}": [total[f"{side}_{end}"] for side in SIDES] for end in ("low", "high")}
        unchecked = rows.filter((pl.col("checked") == "no") & (pl.col("line") != "total"))["line"].to_list()
        out.append(dict(zip(KEY, key, strict=True)) | {"lines": lines, "unchecked": unchecked})
    return out
