"""Statistics of modelled against observed concentrations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.impacts.exposure.monitors import fit, fit_table, read_monitors, trend_table
from fleet_planner.tables import columns


def test_statistics_by_hand() -> None:
    """Observed 10, 20, 30, 40 and modelled 12, 50, 30, 30: one of four beyond a factor of two."""
    told = fit(np.array([10.0, 20.0, 30.0, 40.0]), np.array([12.0, 50.0, 30.0, 30.0]))
    assert told["fac2"] == 0.75
    assert told["nmb_pct"] == pytest.approx(22.0)
    assert told["rmse_ug_m3"] == pytest.approx(np.sqrt((4 + 900 + 0 + 100) / 4))
    assert told["r"] == pytest.approx(np.corrcoef([10, 20, 30, 40], [12, 50, 30, 30])[0, 1])


def test_a_known_bias_is_recovered() -> None:
    observed = np.linspace(5.0, 60.0, 12)
    told = fit(observed, 1.3 * observed)
    assert told["nmb_pct"] == pytest.approx(30.0)
    assert told["fac2"] == 1.0
    assert told["r"] == pytest.approx(1.0)


def test_few_monitors_have_no_correlation() -> None:
    table = pl.DataFrame(
        {"pollutant": ["NOx", "NOx", "BC"], "observed_ug_m3": [10.0, 20.0, 2.0], "modelled_ug_m3": [11.0, 19.0, 1.0]}
    )
    told = fit_table(table)
    assert told["monitors"].to_list() == [2, 1]
    assert told["r"].to_list() == [None, None]


def test_the_plans_background_fills_the_monitors(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("monitor,lon,lat,pollutant,observed_ug_m3,background_ug_m3\na,3,0,NOx,40,\nb,3,0,NOx,50,7\n")
    assert read_monitors(path, ["NOx"], {"NOx": 5.0})["background_ug_m3"].to_list() == [5.0, 7.0]
    with pytest.raises(InputError, match="not followed"):
        read_monitors(path, ["BC"], {})


def course(bias: float) -> pl.DataFrame:
    """Two monitors over three years: background 10, traffic 20 and 40 falling by a tenth of the first year a year."""
    rows = [
        (m, year, "NOx", bias * (10.0 + traffic * (1.0 - 0.1 * (year - 2020))), 10.0, traffic)
        for m, traffic in (("a", 20.0), ("b", 40.0))
        for year in (2020, 2021, 2022, 2031)
    ]
    names = ["monitor", "year", "pollutant", "observed_ug_m3", "background_ug_m3", "traffic_ug_m3"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_the_trend_and_a_known_bias_are_recovered() -> None:
    emitted = {"NOx": {2020: 500.0, 2021: 450.0, 2022: 400.0}}
    for bias in (1.0, 0.8):
        table = trend_table(course(bias), emitted, 2020)
        assert table.columns == [c.column for c in columns("monitor_trend")]
        assert table["year"].to_list() == [2020, 2021, 2022]  # 2031 is not computed
        assert table["monitors"].to_list() == [2, 2, 2]
        assert table["modelled_ug_m3"].to_list() == pytest.approx([40.0, 37.0, 34.0])
        assert table["observed_pct_per_year"].to_list() == pytest.approx([100.0 * -3.0 / 37.0] * 3)
        assert table["modelled_pct_per_year"].to_list() == pytest.approx([100.0 * -3.0 / 37.0] * 3)
        assert table["nmb_pct"].to_list() == pytest.approx([100.0 * (1.0 / bias - 1.0)] * 3, abs=1e-9)
        assert table["r"].to_list() == pytest.approx([1.0] * 3)
    assert trend_table(course(1.0), {"NOx": {2020: 500.0}}, 2020).height == 0
    assert trend_table(course(1.0), {}, 2020).height == 0
