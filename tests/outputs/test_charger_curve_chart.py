"""The curve of chargers is drawn without the points that have no plan."""

from __future__ import annotations

import polars as pl

from fleet_planner.outputs.siting.chargers_page import _curve_chart
from fleet_planner.tables.load import report_words


def curve(*costs: float | None) -> pl.DataFrame:
    count = len(costs)
    bounds = [0.9e6 * (k + 1) for k in range(count)]
    return pl.DataFrame(
        {"least_pct": [100.0 * (k + 1) / count for k in range(count)], "cost_usd": costs, "bound_usd": bounds}
    )


def test_points_without_a_plan_are_left_out() -> None:
    words = report_words("en")
    drawn = _curve_chart(curve(1e6, 2e6, float("inf"), None, 5e6), words)
    assert drawn is not None
    assert "inf" not in drawn["svg"]
    assert "nan" not in drawn["svg"]
    assert _curve_chart(curve(1e6, float("inf")), words) is None
    assert _curve_chart(None, words) is None
