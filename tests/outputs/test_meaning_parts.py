"""Ranges in words on the page."""

from __future__ import annotations

from fleet_planner.outputs.report.meaning_parts import meaning_parts
from fleet_planner.tables.load import report_words


def test_a_range_with_a_sign_is_not_joined_by_a_dash() -> None:
    row = {
        "scenario": "a",
        "pollutant": "all",
        "receptor": "o3",
        "unit": "ppb",
        "value": 1.0,
        "low": 0.5,
        "high": 2.0,
        "change": 0.1,
        "change_low": -0.2,
        "change_high": 0.3,
    }
    (part,) = meaning_parts({"meaning": {"receptors": [row]}}, report_words("en"), {"a": "A"})
    assert part["rows"] == [["A", "o3", "ppb", "1.00 (0.500–2.00)", "0.100 (−0.200 … 0.300)"]]
