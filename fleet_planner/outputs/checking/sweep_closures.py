"""Figures of a sweep's table beside those that were kept of every task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.checking.closure import Closure, Pair
from fleet_planner.pipeline.sweeping.figures import FIGURES, TARGETS
from fleet_planner.scenarios.targets import MET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

RESULTS, TASKS, JUDGED = "sweep_results.csv", "sweep_tasks.csv", "sweep_targets.csv"
KEY = ("task", "scenario", "year", "pollutant")
AIM = ("task", "scenario", "target", "kind", "year")
NAMES = ("task", "plan", "altered", "scenario", "pollutant", "unit")
TOLD = {
    "value_per_year": "total",
    "base_per_year": "total of the baseline",
    "cost_usd2024_per_year": "cost",
    "low_per_year": "lower end of the band",
    "high_per_year": "upper end of the band",
}
TOLD_OF_TARGETS = {
    "base_per_year": "base emission of the target",
    "allowed_per_year": "allowed emission",
    "value_per_year": "emission of the target",
    "gap_per_year": "emission above the target",
    "met_probability": "probability",
    "low_per_year": "lower end of the band of the target",
    "high_per_year": "upper end of the band of the target",
}
ROUNDING = 2e-12
"""Share of what a target allows that does not miss it."""
SLACK = 1e-9
"""Percent: what is left of changes that are nought."""


def sweep_closures(folder: Path, told: Mapping[str, Any]) -> Iterator[Closure]:
    """Yield the table's figures beside those kept of each task, changes beside totals, numbers of tasks.

    Parameters
    ----------
    folder
        Of a sweep.
    told
        Its manifest.
    """
    kinds = {**dict.fromkeys(NAMES, pl.String), **FIGURES}
    results = pl.read_csv(folder / RESULTS, schema_overrides=kinds)
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "tasks").glob("*.json"))]
    rows = [[part["key"], *row] for part in parts for row in part["rows"]]
    kept = pl.DataFrame(rows, schema={"task": pl.String, **FIGURES}, orient="row")
    yield from Pair(RESULTS, "tasks", KEY).tables(results, kept, TOLD)
    with_base = results.filter(pl.col("base_per_year") > 0.0)
    change = 100.0 * (pl.col("value_per_year") / pl.col("base_per_year") - 1.0)
    yield from Pair(RESULTS, RESULTS, KEY, SLACK).rows(with_base, "change in percent", pl.col("change_pct"), change)
    judged = pl.read_csv(folder / JUDGED, schema_overrides={**dict.fromkeys(NAMES, pl.String), **TARGETS})
    rows = [[part["key"], *row] for part in parts for row in part["targets"]]
    kept = pl.DataFrame(rows, schema={"task": pl.String, **TARGETS}, orient="row")
    if judged.height or kept.height:
        yield from Pair(JUDGED, "tasks", AIM).tables(judged, kept, TOLD_OF_TARGETS)
        over = pl.col("value_per_year") - pl.col("allowed_per_year")
        cuts = judged.filter(pl.col("allowed_per_year").is_not_null())
        yield from Pair(JUDGED, JUDGED, AIM).rows(cuts, "emission above the target", pl.col("gap_per_year"), over)
        met = pl.col("gap_per_year") <= ROUNDING * pl.col("allowed_per_year")
        yield from Pair(JUDGED, JUDGED, AIM).rows(cuts, "target met", pl.col("verdict") == MET, met)
    states = pl.read_csv(folder / TASKS)["state"].to_list()
    for state, number in told["tasks"].items():
        yield Closure(TASKS, "manifest.json", f"tasks {state}", float(states.count(state)), float(number))
        kept_so = sum(part["state"] == state for part in parts)
        yield Closure("tasks", TASKS, f"tasks {state}", float(kept_so), float(states.count(state)))
