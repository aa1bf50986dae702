"""Net present value and benefit-cost ratio by hand."""

from __future__ import annotations

import pytest

from fleet_planner.economics.benefit import Band, Stream, benefit_table, present
from fleet_planner.tables import columns


def test_two_years_by_hand() -> None:
    assert present({2025: 110.0, 2026: 121.0}, 0.1, 2024) == pytest.approx(200.0)
    stream = Stream(
        "s",
        "USD 2024",
        {2025: 110.0, 2026: 121.0},
        {2025: Band(220.0, 110.0, 330.0), 2026: Band(242.0, 121.0, 363.0)},
        {2025: Band(11.0, 5.5, 22.0)},
        checked=True,
    )
    table = benefit_table([stream], 0.1, 2024, 0.25)
    assert table.columns == [c.column for c in columns("benefits")]
    row = table.row(0, named=True)
    assert (row["costs"], row["health"], row["climate"]) == (
        pytest.approx(200.0),
        pytest.approx(400.0),
        pytest.approx(10.0),
    )
    assert row["net_present_value"] == pytest.approx(210.0)
    assert (row["net_low"], row["net_high"]) == (pytest.approx(205.0 - 250.0), pytest.approx(620.0 - 150.0))
    assert row["benefit_cost_ratio"] == pytest.approx(410.0 / 200.0)
    assert (row["ratio_low"], row["ratio_high"]) == (pytest.approx(205.0 / 250.0), pytest.approx(620.0 / 150.0))
    assert row["verdict"] == "open"


@pytest.mark.parametrize(("cost", "gain", "verdict"), [(-10.0, 1.0, "worth_it"), (10.0, 0.0, "not_worth_it")])
def test_verdicts_are_of_the_whole_band(cost: float, gain: float, verdict: str) -> None:
    stream = Stream("s", "USD 2024", {2024: cost}, {2024: Band(gain, gain, gain)}, {}, checked=False)
    row = benefit_table([stream], 0.03, 2024, 0.25).row(0, named=True)
    assert row["verdict"] == verdict
    assert (row["benefit_cost_ratio"] is None) == (cost < 0.0)
    assert row["checked"] == "no"
