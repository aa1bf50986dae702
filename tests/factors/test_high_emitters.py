"""Faulty vehicles, skewed emissions, inspection and compliance."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from fleet_planner.errors import InputError
from fleet_planner.factors.in_use.high_emitters import (
    FaultPlan,
    Inspection,
    age_factor,
    load_faults,
    mean_multipliers,
    mean_of_shares,
    vehicle_multipliers,
)
from fleet_planner.factors.in_use.skew import (
    EVEN,
    Skew,
    fit_skew,
    fleet_share_of_worst,
    measured_skew,
    uniform,
    vehicle_seeds,
)

POLLUTANTS = ["NOx", "PM_exhaust", "NH3"]
FLEET = pl.DataFrame(
    {
        "category": ["bus", "heavy_truck", "passenger_car", "bus", "bus"],
        "fuel": ["diesel", "diesel", "diesel", "electricity", "diesel"],
        "standard": ["euro_VI_abc", "euro_III", "euro_5", "euro_VI_abc", "euro_V"],
        "aftertreatment": ["DPF+SCR", "none", "DPF", "none", "SCR"],
    }
)


def test_ten_percent_failed_filters_raise_fleet_pm_by_hand():
    # S1-17: a tenth of the filters of Euro VI buses lets 20 times as much through: 0.9 + 0.1 x 20 = 2.9
    plan = FaultPlan(shares={"filter_failed_heavy": 0.1}, nominal_shares={"filter_failed_heavy": 0.0})
    found = mean_multipliers(FLEET, ["PM_exhaust"], plan)[:, 0]
    assert found[0] == pytest.approx(2.9)
    # relative to a fleet mean that holds 5 % already: 2.9 / (0.95 + 0.05 x 20)
    in_use = mean_multipliers(FLEET, ["PM_exhaust"], FaultPlan(shares={"filter_failed_heavy": 0.1}))[:, 0]
    assert in_use[0] == pytest.approx(2.9 / 1.95)
    # fleet PM: two buses of 2 and 100 mg/km without and with the plan
    assert (found[:2] @ [2.0, 100.0]) == pytest.approx(2.0 * 2.9 + 100.0)


def test_nothing_is_multiplied_by_default():
    # the factor set's mean is of vehicles in use
    assert (mean_multipliers(FLEET, POLLUTANTS) == 1.0).all()
    assert (mean_multipliers(FLEET, POLLUTANTS, FaultPlan()) == 1.0).all()
    assert (
        mean_multipliers(FLEET, POLLUTANTS, FaultPlan(), age_years=np.array([1.0, 20.0, 7.0, 3.0, 12.0])) == 1.0
    ).all()


def test_perfect_inspection_leaves_sound_vehicles():
    found = mean_multipliers(FLEET, POLLUTANTS, FaultPlan(inspection=Inspection()))
    # Euro VI bus: NOx / (1 + 0.068 x 9), PM / (1 + 0.05 x 19); Euro III truck: PM / (1 + 0.1 x 2)
    assert found[0, 0] == pytest.approx(1.0 / 1.612)
    assert found[0, 1] == pytest.approx(1.0 / 1.95)
    assert found[1].tolist() == pytest.approx([1.0, 1.0 / 1.2, 1.0])
    # electric buses have no faults
    assert (found[3] == 1.0).all()


def test_mended_filters_save_what_was_measured():
    # TNO 2019: mending the 9 % lowers the PM of filter vehicles by 40-50 %
    found = mean_multipliers(FLEET, ["PM_exhaust"], FaultPlan(inspection=Inspection()))
    assert 0.5 <= found[2, 0] <= 0.6


def test_old_vehicles_fail_more():
    ages = np.array([2.0, 6.0, 15.0])
    assert age_factor(ages).tolist() == [0.3, 1.0, 1.6]
    buses = FLEET[[0, 0, 0]]
    plan = FaultPlan(nominal_shares={"filter_failed_heavy": 0.0})
    found = mean_multipliers(buses, ["PM_exhaust"], plan, age_years=ages)[:, 0]
    assert np.allclose(found, 1.0 + 0.05 * np.array([0.3, 1.0, 1.6]) * 19.0)


def test_inspection_acts_by_its_three_rates():
    inspection = Inspection(compliance=0.8, identification=0.5, repair=0.9, repaired_excess=0.1)
    assert inspection.mended == pytest.approx(0.36)
    assert inspection.remaining == pytest.approx(1.0 - 0.36 * 0.9)
    assert mean_of_shares(0.1, 20.0, inspection.remaining) == pytest.approx(1.0 + 1.9 * 0.676)
    with pytest.raises(InputError, match="identification"):
        Inspection(identification=1.5)


def test_wrong_faults_are_named():
    with pytest.raises(InputError, match="scr_off_new"):
        FaultPlan(shares={"scr_of_new": 0.1})
    with pytest.raises(InputError, match="fraction"):
        FaultPlan(nominal_shares={"egr_fault": -0.1})


def test_retrofits_fail_as_original_devices_do():
    fault = next(f for f in load_faults() if f.name == "filter_failed_heavy")
    bus = {"category": "bus", "fuel": "diesel", "standard": "euro_III", "aftertreatment": "DPF_retrofit"}
    assert fault.concerns(bus)
    assert not fault.concerns({**bus, "aftertreatment": "SCR"})


@given(
    st.dictionaries(st.sampled_from([f.name for f in load_faults()]), st.floats(0.0, 1.0)),
    st.floats(0.0, 1.0),
    st.sampled_from(["low", "value", "high"]),
)
@settings(deadline=None, max_examples=50)
def test_multipliers_are_finite_and_positive(shares: dict[str, float], compliance: float, bound: str):
    plan = FaultPlan(shares=shares, inspection=Inspection(compliance=compliance))
    found = mean_multipliers(FLEET, POLLUTANTS, plan, age_years=np.array([0.0, 5.0, 9.9, 10.0, 80.0]), bound=bound)
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    assert (found[:, :2] > 0.0).all()


def test_draws_have_the_mean_multiplier():
    n = 40_000
    vehicles = (
        FLEET[[0]]
        .select(pl.all().repeat_by(n).explode())
        .with_columns(vehicle_id=pl.concat_str(pl.lit("bus "), pl.int_range(n)))
    )
    plan = FaultPlan(shares={"scr_off_new": 0.2}, inspection=Inspection(identification=0.5, repaired_excess=0.2))
    drawn = vehicle_multipliers(vehicles, ["NOx", "PM_exhaust"], plan, skew={"NOx": fit_skew(0.1, 0.3)})
    mean = mean_multipliers(FLEET[[0]], ["NOx", "PM_exhaust"], plan)[0]
    assert np.allclose(drawn.mean(axis=0), mean, rtol=0.03)
    assert drawn.min() > 0.0


def test_a_vehicle_draws_the_same_in_any_order():
    vehicles = FLEET.with_columns(vehicle_id=pl.Series(["a", "b", "c", "d", "é"]))
    skew = {"NOx": measured_skew("NOx")}
    drawn = vehicle_multipliers(vehicles, POLLUTANTS, skew=skew)
    assert (vehicle_multipliers(vehicles.reverse(), POLLUTANTS, skew=skew)[::-1] == drawn).all()


def test_draws_are_those_of_whole_number_arithmetic():
    # splitmix64's finaliser with Python's integers: maps of the worst vehicles must not change between versions
    seed, salt = (
        int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little") for word in ("bus 7", "skew")
    )
    mixed, mask = seed ^ salt, 2**64 - 1
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & mask
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & mask
    mixed ^= mixed >> 31
    assert uniform(vehicle_seeds(["bus 7"]), "skew")[0] == ((mixed >> 11) + 0.5) / 2**53


def test_draws_are_uniform_and_independent():
    seeds = vehicle_seeds(str(i) for i in range(20_000))
    one, other = uniform(seeds, "one"), uniform(seeds, "other")
    assert stats.kstest(one, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert 0.0 < one.min() < one.max() < 1.0


@pytest.mark.parametrize("kind", ["lognormal", "gamma"])
@pytest.mark.parametrize(("fraction", "share"), [(0.1, 0.65), (0.1, 0.44), (0.032, 0.5), (0.142, 0.5)])
def test_fitted_distributions_return_the_measured_shares(kind: str, fraction: float, share: float):
    assert fleet_share_of_worst(fraction, fit_skew(fraction, share, kind)) == pytest.approx(share, abs=1e-9)


def test_worst_tenth_by_integration():
    sigma, shape = 1.1, 0.7
    density = stats.lognorm(s=sigma, scale=np.exp(-0.5 * sigma**2))
    by_hand = integrate.quad(lambda x: x * density.pdf(x), density.ppf(0.9), np.inf)[0]
    assert fleet_share_of_worst(0.1, Skew("lognormal", sigma)) == pytest.approx(by_hand, rel=1e-6)
    gamma = stats.gamma(a=shape, scale=1.0 / shape)
    by_hand = integrate.quad(lambda x: x * gamma.pdf(x), gamma.ppf(0.9), np.inf)[0]
    assert fleet_share_of_worst(0.1, Skew("gamma", shape)) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("skew", [Skew("lognormal", 1.3), Skew("gamma", 0.5), EVEN])
def test_skewed_multipliers_have_mean_one(skew: Skew):
    quantiles = (np.arange(200_000) + 0.5) / 200_000
    drawn = skew.multipliers(quantiles)
    assert drawn.mean() == pytest.approx(1.0, rel=5e-3)
    assert np.sort(drawn)[-20_000:].sum() / drawn.sum() == pytest.approx(fleet_share_of_worst(0.1, skew), rel=1e-2)


def test_even_fleets_and_wrong_shares():
    assert fleet_share_of_worst(0.1, EVEN) == 0.1
    assert fit_skew(0.2, 0.2) == EVEN
    assert measured_skew("CO") == EVEN
    with pytest.raises(InputError, match="less than the mean"):
        fit_skew(0.2, 0.1)
    with pytest.raises(InputError, match="between 0 and 1"):
        fleet_share_of_worst(0.0, EVEN)


def test_worst_trucks_emit_most():
    # the worst tenth emits about half of NOx (44 % in Sweden) and most of the black carbon
    assert 0.4 < fleet_share_of_worst(0.1, measured_skew("NOx")) < 0.5
    assert fleet_share_of_worst(0.1, measured_skew("BC")) > 0.65
