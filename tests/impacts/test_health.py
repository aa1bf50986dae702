"""Deaths and their value by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.impacts.health.assess import (
    Breathed,
    People,
    breathed_lines,
    cancer_line,
    deaths_of,
    health_table,
    ozone_line,
    totals,
)
from fleet_planner.impacts.health.intake import exposure, intake_fraction
from fleet_planner.impacts.health.response import LogLinear, Ranged
from fleet_planner.plan.impacts_health import ImpactsHealth
from fleet_planner.tables import columns


def flat(value: float) -> Ranged:
    return Ranged(value, value, value)


PEOPLE = People(1_000_000.0, flat(0.6), flat(10.0), flat(0.2), flat(2e6))


def test_deaths_by_hand() -> None:
    # 365.25 t of PM2.5 at 35 ppm in a city of a million: 12.784 kg breathed a year, 14.5 m3 a day each:
    # 12.784e9 ug / (14.5 x 365.25 x 1e6 m3) = 2.41379 ug/m3; beta = ln 1.08 / 10; 6000 deaths of adults a year
    assert exposure(365.25, 35.0, 14.5) == pytest.approx(35e-6 * 1e12 / 14.5, rel=1e-12)
    assert intake_fraction("PM2.5", 1e6)[1].value == 35.0
    breathed = Breathed.by_intake(1e6, 365.25, flat(35.0), 14.5)
    assert breathed.ug_m3["value"][0] == pytest.approx(2.4137931, rel=1e-7)
    rows = breathed_lines(
        "intake_fraction", "PM2.5", "primary", breathed, PEOPLE, deaths_of("PM2.5", "chen_hoek", None)
    )
    amounts = {effect: amount for _, _, _, effect, amount in rows}
    by_hand = 6000.0 * (1.0 - 1.08 ** (-0.2413793103448276))
    assert amounts["deaths"].value == pytest.approx(by_hand, rel=1e-9)
    assert by_hand == pytest.approx(110.42, abs=0.05)
    assert amounts["deaths"].low == pytest.approx(6000.0 * (1.0 - 1.06 ** (-0.2413793103448276)), rel=1e-9)
    assert amounts["value"].value == pytest.approx(by_hand * 2e6)
    assert amounts["life_years"].value == pytest.approx(by_hand * 340.0 / 29.0)
    children = 200_000 * 0.01 * (1.0 - 1.03 ** (-2.413793103448276))
    assert amounts["asthma_children"].value == pytest.approx(children, rel=1e-7)


def test_cancer_and_ozone_stand_apart() -> None:
    breathed = Breathed(np.array([1e6]), dict.fromkeys(("value", "low", "high"), np.array([2.0])), checked=True)
    _, pollutant, part, _, amount = cancer_line("intake_fraction", breathed, 0.5)
    assert (pollutant, part) == ("PM_diesel", "apart")
    assert amount.value == pytest.approx(3e-4 * 1.0 * 1e6 / 70.0)  # California: 300 in a million at 1 ug/m3 for life
    assert (amount.low, amount.high) == (pytest.approx(1.3e-4 * 1e6 / 70.0), pytest.approx(1.5e-3 * 1e6 / 70.0))
    ozone = ozone_line(1000.0, PEOPLE, 14.5)[-1]
    assert ozone.low < 0.0 < ozone.high
    assert totals([cancer_line("intake_fraction", breathed, 0.5), ozone_line(1000.0, PEOPLE, 14.5)]) == []


def test_gemm_takes_the_last_part_of_the_level() -> None:
    gemm = deaths_of("PM2.5", "gemm", 58.0)
    # typed from the published form: exp(0.143 ln((58 - 2.4) / 1.6 + 1) / (1 + exp(-(55.6 - 15.5) / 36.8)))
    assert gemm.hazard(np.array([58.0]))[0] == pytest.approx(
        math.exp(0.143 * math.log(55.6 / 1.6 + 1.0) / (1.0 + math.exp(-(55.6 - 15.5) / 36.8)))
    )
    low, high = deaths_of("PM2.5", "gemm", 10.0), deaths_of("PM2.5", "gemm", 90.0)
    assert low.share(np.array([1.0]))[0] > high.share(np.array([1.0]))[0]  # cleaner air: a microgram weighs more
    assert gemm.hazard(np.array([2.0]))[0] == 1.0


@given(st.floats(0.0, 50.0), st.floats(0.0, 50.0), st.floats(1.001, 1.5))
def test_more_is_worse_and_shares_stay_below_one(a: float, b: float, risk: float) -> None:
    function = LogLinear(flat(risk), 10.0)
    at = function.share(np.array([a, b, a + b]))
    assert (at >= 0.0).all()
    assert at[2] < 1.0
    assert at[2] >= max(at[0], at[1]) - 1e-12
    assert at[2] == pytest.approx(1.0 - (1.0 - at[0]) * (1.0 - at[1]), abs=1e-9)


def test_what_is_avoided_is_against_the_first_scenario() -> None:
    before = [("a", "PM2.5", "primary", "deaths", Ranged(10.0, 5.0, 20.0))]
    after = [("a", "PM2.5", "primary", "deaths", Ranged(4.0, 2.0, 8.0))]
    table = health_table({"base": before + totals(before), "new": after + totals(after)})
    assert table.columns == [c.column for c in columns("health")]
    row = table.filter(scenario="new", part="total").row(0, named=True)
    assert (row["avoided"], row["avoided_low"], row["avoided_high"]) == (6.0, 3.0, 12.0)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"routes": {"PM2.5": "intake_fraction", "BC": "intake_fraction"}}, "twice"),
        ({"routes": {"NOx": "damage_per_t", "NO2": "concentration"}}, "holds that of NO2"),
        ({"routes": {"NOx": "concentration"}}, "cannot be valued by concentration"),
        ({"response": "gemm"}, "pm25_ug_m3"),
    ],
)
def test_mixed_routes_are_refused(keys: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ImpactsHealth(**keys)
