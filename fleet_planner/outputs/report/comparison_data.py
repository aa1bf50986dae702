"""Measures compared with each other, as plain data for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results

SHOWN = ("NOx", "PM2.5", "GHG")
CURVES = ("PM2.5", "NOx", "GHG")
MOST_STEPS = 60
GRANT_SUMS = ("vehicles", "weighted", "asked")


def comparison_data(results: Results) -> dict[str, Any] | None:
    """Return what the report shows of the comparison; nothing where there is none."""
    found = results.comparison
    if found is None:
        return None
    per_t = found.cost_effectiveness.filter(pl.col("pollutant").is_in(SHOWN))
    return {
        "options": found.head_to_head.drop("title_en", "title_zh").to_dicts(),
        "titles": {
            r["option"]: {"en": r["title_en"], "zh": r["title_zh"]}
            for r in (*_in_operation(), *found.head_to_head.iter_rows(named=True))
        },
        "per_tonne": per_t.drop("kind", "cost_usd2024_per_year").to_dicts(),
        "break_even": found.break_even.to_dicts(),
        "curves": {p: _steps(found.abatement.filter(pl.col("pollutant") == p)) for p in CURVES},
        "grants": _grants(found.grants),
        "guideline": results.plan.comparison.moyer_guideline,
    }


def _in_operation() -> list[dict[str, str]]:
    """Return the titles of measures in operation, one of which has a bar in the curves."""
    return reference_table("operation_measures.csv").rename({"measure_id": "option"}).to_dicts()


def _steps(curve: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the steps of a curve, neighbours with the same step taken together until few enough to draw."""
    rows: list[dict[str, Any]] = []
    for row in curve.iter_rows(named=True):
        step = (row["stream"], row["from_option"], row["option"])
        amount, cost = row["avoided_per_year"], row["cost_usd_per_year"]
        last = rows[-1] if rows else None
        if last and last["step"] == step:
            last["avoided"] += amount
            last["cost"] += cost
        else:
            rows.append({"step": step, "avoided": amount, "cost": cost})
    kept = sorted(rows, key=lambda r: -r["avoided"])[:MOST_STEPS]
    return [
        {
            "stream": r["step"][0],
            "from": r["step"][1],
            "option": r["step"][2],
            "avoided": r["avoided"],
            "usd_per_unit": r["cost"] / r["avoided"],
        }
        for r in rows
        if any(r is k for k in kept)
    ]


def _grants(grants: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the grants by stream and option: vehicles within and over the limit, mean figures of a vehicle."""
    count = pl.col("vehicles")
    within = pl.col("verdict") == "within"
    tons = pl.col("weighted_short_tons_per_vehicle_year") * count
    return (
        grants.group_by("stream", "option", maintain_order=True)
        .agg(
            vehicles=count.sum(),
            within=count.filter(within).sum(),
            tons_per_vehicle=tons.sum() / count.sum(),
            cost_per_vehicle=(pl.col("cost_usd_per_vehicle") * count).sum() / count.sum(),
            grant_per_vehicle=(pl.col("largest_grant_usd_per_vehicle") * count).sum() / count.sum(),
            low=pl.col("cost_effectiveness_usd_per_short_ton").min(),
            high=pl.col("cost_effectiveness_usd_per_short_ton").max(),
            limit=pl.col("limit_usd_per_short_ton").max(),
        )
        .sort("stream", "option")
        .to_dicts()
    )
