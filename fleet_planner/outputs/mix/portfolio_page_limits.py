"""Sites and limits on the page of the least-cost mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping

MILLION = 1e6
SHOWN = 30


def sites_shown(table: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return a row per site: what stands there in the last year, what is built until then, and when it is connected."""
    if table is None or table.is_empty():
        return {"head": [], "rows": []}
    last = table.filter(pl.col("year") == table["year"].max())
    built = table.group_by("site_id").agg(
        pl.col("chargers_built").sum().alias("new"),
        pl.col("capital_usd2024").sum(),
        pl.col("year").filter(pl.col("connection") > 0).min().alias("connected"),
    )
    rows = [
        [
            row["site_id"],
            significant(row["vehicles"]) if row["bays"] is None else _of(row["vehicles"], row["bays"]),
            _of(row["chargers_used"], row["chargers"]),
            significant(row["new"]),
            _of(row["kw_drawn"], row["kw_available"]),
            str(row["connected"] or "–"),
            significant(row["capital_usd2024"] / MILLION),
        ]
        for row in last.drop("capital_usd2024").join(built, on="site_id", maintain_order="left").iter_rows(named=True)
    ]
    keys = ("site", "vehicles", "chargers", "new_chargers", "power", "connected", "capital")
    return {"head": [t[f"mix_site_{k}"] for k in keys], "rows": rows}


def _of(used: float, there: float) -> str:
    return f"{significant(used)} / {significant(there)}"


def limits_missed(table: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    """Return the limits that are exceeded, or stand in the way of a target that is missed."""
    if table is None:
        return {"head": [], "rows": []}
    missed = table.filter((pl.col("excess") > 0.0) | (pl.col("conflict") == "yes")).head(SHOWN)
    rows = [
        [
            t[f"mix_limit_{row['limit']}"],
            row["of"] or "",
            str(row["year"]),
            f"{significant(row['most'] + row['built'])} {t['mix_unit_' + _unit(row['unit'])]}",
            significant(row["excess"]),
        ]
        for row in missed.iter_rows(named=True)
    ]
    return {"head": [t[f"mix_limit_{k}"] for k in ("what", "of", "year", "most", "excess")], "rows": rows}


def _unit(unit: str) -> str:
    return "usd" if unit.startswith("US$") else unit.lower()
