"""Compiling a factor set: stand-ins named, ranges, shares, wear."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.extras import axles, grid_factor, load_extras
from fleet_planner.factors.hot_table import HotTable, load_hot_table
from fleet_planner.factors.stand_ins import base_aftertreatment
from fleet_planner.factors.table import CHANNELS, POLLUTANTS, FactorTable, compile_factors
from fleet_planner.kernels import curves
from fleet_planner.kernels.inventory import speed_cell
from fleet_planner.tables import pollutants

BUS = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_III", "none")


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


def compiled(hot: HotTable, *keys: tuple[str, ...], below_range: str = "clamp") -> FactorTable:
    frame = pl.DataFrame(list(keys), schema=list(TECHNOLOGY), orient="row")
    return compile_factors(frame, hot, load_extras(0.5), below_range)


def test_pollutants_are_those_of_the_dictionary() -> None:
    assert tuple(p.pollutant for p in pollutants()) == POLLUTANTS


def curve(table: FactorTable, pollutant: str, load: int = 1, grade: int = 3) -> np.ndarray:
    return table.curves[table.index[0, POLLUTANTS.index(pollutant), 0, load, grade]]


def test_below_range_holds_grams_per_km_or_per_hour(hot: HotTable) -> None:
    """Euro III begins at 11 km/h; at 5.5 km/h the same grams an hour are twice the grams per km."""
    held = curve(compiled(hot, BUS), "NOx")
    hourly = curve(compiled(hot, BUS, below_range="constant_g_per_h"), "NOx")
    at = {v: int(np.searchsorted(hot.grid_kmh, v)) for v in (5.5, 11.0, 20.0)}
    assert held[at[5.5]] == held[at[11.0]]
    assert hourly[at[5.5]] == pytest.approx(2.0 * held[at[11.0]])
    assert hourly[at[20.0]] == held[at[20.0]]


def test_interpolated_constant_g_per_h_stays_close(hot: HotTable) -> None:
    table = compiled(hot, BUS, below_range="constant_g_per_h")
    row = int(table.curve_rows[table.index[0, POLLUTANTS.index("NOx"), 0, 1, 3]])
    speeds = np.arange(3.0, 11.0, 0.05)
    exact = curves.evaluate_mended(
        hot.coefficients, hot.bridges, hot.bridge_offsets, np.full(speeds.size, row), speeds, curves.CONSTANT_G_PER_H
    )
    sampled = np.interp(speeds, hot.grid_kmh, curve(table, "NOx"))
    np.testing.assert_allclose(sampled, exact, rtol=4e-3)


@pytest.mark.parametrize(
    ("key", "replaced"),
    [
        (("bus", "cng", "Urban CNG Buses", "euro_VI_abc", "none"), "standard eev for euro_VI_abc"),
        (
            ("heavy_truck", "cng", "Rigid 14 - 20 t", "euro_V", "none"),
            "fuel diesel for cng; aftertreatment EGR for none",
        ),
        (("heavy_truck", "petrol", ">3.5 t", "euro_III", "none"), "standard conventional for euro_III"),
        (
            ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "eev", "none"),
            "standard euro_V for eev; aftertreatment EGR for none",
        ),
        (("passenger_car", "petrol", "Medium", "euro_4", "none"), "aftertreatment GDI for none"),
    ],
)
def test_what_stands_in_is_named(hot: HotTable, key: tuple[str, ...], replaced: str) -> None:
    assert compiled(hot, key).technologies["replaced"].to_list() == [replaced]


def test_a_retrofit_uses_the_curve_of_the_engine_as_built(hot: HotTable) -> None:
    table = compiled(hot, BUS, (*BUS[:4], "none+DPF_retrofit+SCR_retrofit"))
    assert table.technologies["replaced"].to_list() == ["", ""]
    assert np.array_equal(table.index[0], table.index[1])
    assert base_aftertreatment("DPF+SCR+DPF_retrofit") == "DPF+SCR"


def test_unknown_category_or_standard_is_refused(hot: HotTable) -> None:
    with pytest.raises(InputError, match="no emission factors for tram on diesel"):
        compiled(hot, ("tram", "diesel", "x", "euro_III", "none"))
    with pytest.raises(InputError, match="no emission factors for this standard"):
        compiled(hot, ("bus", "diesel", "x", "tier_9", "none"))


def test_every_technology_is_finite_and_not_negative_everywhere(hot: HotTable) -> None:
    sampled = curves.sample(hot.coefficients, hot.bridges, hot.bridge_offsets, hot.grid_kmh, curves.CLAMP)
    assert np.all(np.isfinite(sampled))
    assert sampled.min() >= 0.0


def test_what_is_not_published_is_listed(hot: HotTable) -> None:
    missing = compiled(hot, ("passenger_car", "cng_bifuel_on_cng", "Medium", "euro_4", "none")).missing
    assert set(missing["pollutant"]) == {"N2O", "NH3"}


def test_n2o_of_a_petrol_car_by_hand(hot: HotTable) -> None:
    """EMEP/EEA 2016, Euro 4, 1.4 to 2.0 l, hot, urban: up to 30 ppm sulphur 0.0019 x (6.61e-7 km + 0.931) g/km."""
    table = compiled(hot, ("passenger_car", "petrol", "Medium", "euro_4", "PFI"))
    at = [CHANNELS.index(c) for c in ("N2O", "N2O_odometer")]
    urban = [table.curves[table.index[0, c, 0, 0, 3], 0] for c in at]
    assert urban == pytest.approx([0.0019 * 0.931, 0.0019 * 6.61e-7 * 1e5])
    highway = [table.curves[table.index[0, c, 3, 0, 3], 0] for c in at]
    assert highway == pytest.approx([0.00017 * 0.918, 0.00017 * 3.3e-6 * 1e5])
    frame = pl.DataFrame(
        [("passenger_car", "petrol", "Medium", "euro_4", "PFI")], schema=list(TECHNOLOGY), orient="row"
    )
    dirty = compile_factors(frame, hot, load_extras(0.5, petrol_sulphur_ppm=60.0), "clamp")
    assert dirty.curves[dirty.index[0, at[0], 0, 0, 3], 0] == pytest.approx(0.0024 * 0.738)


def test_co2_follows_the_carbon_of_the_fuel(hot: HotTable) -> None:
    """Diesel: 3.1695 kg CO2 per kg at 42.695 MJ/kg (EMEP/EEA 2019, Tier 1)."""
    table = compiled(hot, BUS)
    assert table.scale[0, POLLUTANTS.index("CO2")] == pytest.approx(1000 * 3.1695 / 42.695)
    assert table.index[0, POLLUTANTS.index("CO2"), 0, 1, 3] == table.index[0, POLLUTANTS.index("energy_MJ"), 0, 1, 3]


def test_so2_is_all_the_sulphur_of_the_fuel(hot: HotTable) -> None:
    """EMEP/EEA 2019: 2 x sulphur x fuel; diesel of 350 ppm at 42.695 MJ/kg gives 0.0164 g per MJ."""
    frame = pl.DataFrame([BUS], schema=list(TECHNOLOGY), orient="row")
    table = compile_factors(frame, hot, load_extras(0.5, diesel_sulphur_ppm=350.0), "clamp")
    assert table.scale[0, POLLUTANTS.index("SO2")] == pytest.approx(2 * 350e-6 * 1000 / 42.695)


def test_wear_of_a_heavy_vehicle_by_hand() -> None:
    """EMEP/EEA 2019: brake 3.13 x (1 + 0.79 x 0.5) x 0.0075 = 0.0327 g TSP per km before the speed correction."""
    extras = load_extras(0.5)
    speed = np.array([30.0, 65.0, 100.0])
    got = extras.wear_pm2_5("heavy_truck", "Rigid 14 - 20 t", speed)
    brake = 3.13 * (1 + 0.79 * 0.5) * 0.0075
    assert brake == pytest.approx(0.0327, abs=5e-5)
    tyre = 2 / 2 * (1.41 + 1.38 * 0.5) * 0.0107
    road = 0.076 * 0.27
    want = [
        tyre * 0.42 * 1.39 + brake * 0.39 * 1.67 + road,
        tyre * 0.42 * (1.78 - 0.00974 * 65) + brake * 0.39 * (2.75 - 0.027 * 65) + road,
        tyre * 0.42 * 0.902 + brake * 0.39 * 0.185 + road,
    ]
    np.testing.assert_allclose(got, want, rtol=1e-9)
    assert extras.wear_pm2_5("passenger_car", "Medium", speed)[0] < got[0] / 2


@pytest.mark.parametrize(
    ("segment", "number"),
    [("Rigid <=7.5 t", 2), ("Rigid 20 - 26 t", 3), ("Articulated 34 - 40 t", 5), ("Rigid >32 t", 4), ("", 2)],
)
def test_axles_follow_the_mass(segment: str, number: float) -> None:
    assert axles(segment) == number


def test_grid_factor_takes_the_nearest_year_and_names_its_source() -> None:
    assert grid_factor("CN-BJ", 2030)[0] == pytest.approx(0.558)
    with pytest.raises(InputError, match=r"city\.grid_region"):
        grid_factor("XX", 2024)


def test_speed_lookup_finds_the_cell_of_every_speed(hot: HotTable) -> None:
    table = compiled(hot, BUS)
    for v in np.concatenate([np.linspace(0.0, 160.0, 3001), hot.grid_kmh]):
        cell, w = speed_cell(table.grid_kmh, table.lookup, table.lookup_per_kmh, float(v))
        held = min(max(v, table.grid_kmh[0]), table.grid_kmh[-1])
        assert 0.0 <= w <= 1.0
        assert table.grid_kmh[cell] * (1 - w) + table.grid_kmh[cell + 1] * w == pytest.approx(held, abs=1e-9)
