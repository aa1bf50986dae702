"""Compiling factors: stand-ins named, ranges, shares, every process by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS, PURE, channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, FactorSources, load_sources
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.factors.conditions import Conditions, mild_conditions
from fleet_planner.factors.processes.electricity import grid_factor
from fleet_planner.factors.processes.resuspension import Resuspension
from fleet_planner.factors.processes.wear import axles, load_wear
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.factors.stand_ins import base_aftertreatment
from fleet_planner.kernels import curves
from fleet_planner.kernels.inventory import speed_cell

BUS = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_III", "none")
CAR = ("passenger_car", "petrol", "Medium", "euro_4", "PFI")
REFERENCE_WEATHER = mild_conditions(20.0)


@pytest.fixture(scope="module")
def hot() -> HotTable:
    return load_hot_table()


@pytest.fixture(scope="module")
def sources(hot: HotTable) -> FactorSources:
    return load_sources(grid_kg_per_kwh=0.5, hot=hot)


def compiled(
    sources: FactorSources,
    *keys: tuple[str, ...],
    options: FactorOptions | None = None,
    conditions: Conditions = REFERENCE_WEATHER,
) -> FactorTable:
    frame = pl.DataFrame(list(keys), schema=list(TECHNOLOGY), orient="row")
    return compile_factors(frame, sources, conditions, options or FactorOptions())


def curve(
    table: FactorTable,
    pollutant: str,
    process: str = "hot",
    driver: str = "",
    part: str = "",
    t: int = 0,
    condition: int = 0,
    load: int = 1,
    grade: int = 3,
) -> np.ndarray:
    """One channel's curve with its scale; nothing published is zero."""
    c = channel(pollutant, process, driver, part)
    block = table.block_of[t, c]
    row = table.blocks[block, condition, load, grade] if block >= 0 else -1
    return table.scale[t, c] * table.curves[row] if row >= 0 else np.zeros(table.grid_kmh.size)


def nox(table: FactorTable, **at: int) -> np.ndarray:
    return curve(table, "NOx", "hot", "urban:NOx", **at)


def test_below_range_holds_grams_per_km_or_per_hour(hot: HotTable, sources: FactorSources) -> None:
    """Euro III begins at 11 km/h; at 5.5 km/h the same grams an hour are twice the grams per km."""
    held = nox(compiled(sources, BUS))
    hourly = nox(compiled(sources, BUS, options=FactorOptions(below_range="constant_g_per_h")))
    at = {v: int(np.searchsorted(hot.grid_kmh, v)) for v in (5.5, 11.0, 20.0)}
    assert held[at[5.5]] == held[at[11.0]]
    assert hourly[at[5.5]] == pytest.approx(2.0 * held[at[11.0]])
    assert hourly[at[20.0]] == held[at[20.0]]


def test_interpolated_constant_g_per_h_stays_close(hot: HotTable, sources: FactorSources) -> None:
    table = compiled(sources, BUS, options=FactorOptions(below_range="constant_g_per_h"))
    rows = hot.keys.with_row_index("row").filter(
        (pl.col("category") == "bus")
        & (pl.col("segment") == BUS[2])
        & (pl.col("standard") == "euro_III")
        & (pl.col("fuel") == "diesel")
        & (pl.col("pollutant") == "NOx")
        & (pl.col("load") == 0.5)
        & (pl.col("slope") == 0.0)
    )
    speeds = np.arange(3.0, 11.0, 0.05)
    exact = curves.evaluate_mended(
        hot.coefficients,
        hot.bridges,
        hot.bridge_offsets,
        np.full(speeds.size, int(rows["row"][0])),
        speeds,
        curves.CONSTANT_G_PER_H,
    )
    np.testing.assert_allclose(np.interp(speeds, hot.grid_kmh, nox(table)), exact, rtol=4e-3)


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
def test_what_stands_in_is_named(sources: FactorSources, key: tuple[str, ...], replaced: str) -> None:
    table = compiled(sources, key)
    assert table.technologies["replaced"].to_list() == [replaced]
    hot = table.origins.filter(pl.col("factor_set") == "emep_eea_2019")
    assert set(hot["replaced"]) == {replaced}


def test_a_retrofit_uses_the_curve_of_the_engine_as_built(sources: FactorSources) -> None:
    table = compiled(sources, BUS, (*BUS[:4], "none+DPF_retrofit+SCR_retrofit"), options=FactorOptions(scr=None))
    assert table.technologies["replaced"].to_list() == ["", ""]
    np.testing.assert_array_equal(nox(table, t=0), nox(table, t=1))
    assert base_aftertreatment("DPF+SCR+DPF_retrofit") == "DPF+SCR"


def test_a_retrofit_loses_in_slow_and_cold_traffic_and_slips(hot: HotTable, sources: FactorSources) -> None:
    """Nominal 70 % holds where it was certified: the multiplier of the measure times the curve is what is left."""
    key = (*BUS[:4], "none+DPF_retrofit+SCR_retrofit")
    table = compiled(sources, key, conditions=mild_conditions(-5.0))
    plain = compiled(sources, key, options=FactorOptions(scr=None))
    left = nox(table) / nox(plain) * (1.0 - 0.7)
    slow, fast = (int(np.searchsorted(hot.grid_kmh, v)) for v in (12.0, 60.0))
    assert 1.0 >= left[slow] > left[fast] > 0.0
    assert left[slow] > 0.35
    assert (curve(table, "NH3", "slip") > 0.0).all()
    assert (curve(compiled(sources, BUS), "NH3", "slip") == 0.0).all()


def test_original_scr_follows_the_cold_and_is_as_published_at_the_reference(sources: FactorSources) -> None:
    euro_v = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_V", "SCR")
    published = nox(compiled(sources, euro_v, options=FactorOptions(scr=None)))
    np.testing.assert_allclose(nox(compiled(sources, euro_v)), published, rtol=1e-12)
    cold = nox(compiled(sources, euro_v, conditions=mild_conditions(-10.0)))
    assert (cold >= published * (1.0 - 1e-12)).all()
    assert (cold > published * 1.02).any()


def test_unknown_category_or_standard_is_refused(sources: FactorSources) -> None:
    with pytest.raises(InputError, match="no emission factors for tram on diesel"):
        compiled(sources, ("tram", "diesel", "x", "euro_III", "none"))
    with pytest.raises(InputError, match="no emission factors for this standard"):
        compiled(sources, ("bus", "diesel", "x", "tier_9", "none"))


def test_every_technology_is_finite_and_not_negative_everywhere(hot: HotTable) -> None:
    sampled = curves.sample(hot.coefficients, hot.bridges, hot.bridge_offsets, hot.grid_kmh, curves.CLAMP)
    assert np.all(np.isfinite(sampled))
    assert sampled.min() >= 0.0


def test_every_channel_of_every_technology_is_finite_and_not_negative(hot: HotTable, sources: FactorSources) -> None:
    """All published technologies, all processes, options on, in a cold city."""
    frame = hot.keys.select(
        "category", "fuel", "segment", "standard", pl.col("technology").alias("aftertreatment")
    ).unique()
    options = FactorOptions(
        low_temperature_nox=True, speed_spread=True, fuel_heater_share=1.0, resuspension=Resuspension(0.2, 0.03, 2.5)
    )
    table = compile_factors(frame.sort(pl.all()), sources, mild_conditions(-12.0), options)
    assert np.isfinite(table.curves).all()
    assert table.curves.min() >= 0.0
    assert np.isfinite(table.scale).all()
    assert table.scale.min() >= 0.0
    assert table.blocks.max() < len(table.curves)


def test_what_is_not_published_is_listed(sources: FactorSources) -> None:
    missing = compiled(sources, ("passenger_car", "cng_bifuel_on_cng", "Medium", "euro_4", "none")).missing
    assert set(missing["pollutant"]) == {"N2O", "NH3"}


def test_n2o_of_a_petrol_car_by_hand(sources: FactorSources) -> None:
    """EMEP/EEA 2016, Euro 4, 1.4 to 2.0 l: warm in town, up to 30 ppm sulphur, 0.0019 x (6.61e-7 km + 0.931) g/km.

    Cold, 0.0054 x (3.79e-7 km + 0.96). At 20 degrees and 12.4 km a trip, 0.6474 - 0.02545 x 12.4 - (0.00974 -
    0.000385 x 12.4) x 20 of the distance is driven cold.
    """
    beta = 0.6474 - 0.02545 * 12.4 - (0.00974 - 0.000385 * 12.4) * 20.0
    assert beta == pytest.approx(0.2325, abs=1e-4)
    table = compiled(sources, CAR)
    warm = [curve(table, "N2O", "hot", d)[0] for d in ("", "odometer")]
    assert warm == pytest.approx([(1 - beta) * 0.0019 * 0.931, (1 - beta) * 0.0019 * 6.61e-7 * 1e5])
    highway = [curve(table, "N2O", "hot", d, condition=3)[0] for d in ("", "odometer")]
    assert highway == pytest.approx([(1 - beta) * 0.00017 * 0.918, (1 - beta) * 0.00017 * 3.3e-6 * 1e5])
    cold = [curve(table, "N2O", "cold", d)[0] for d in ("", "odometer")]
    assert cold == pytest.approx([beta * 0.0054 * 0.96, beta * 0.0054 * 3.79e-7 * 1e5])
    dirty = compiled(load_sources(grid_kg_per_kwh=0.5, petrol_sulphur_ppm=60.0), CAR)
    assert curve(dirty, "N2O")[0] == pytest.approx((1 - beta) * 0.0024 * 0.738)


def test_co2_follows_the_carbon_of_the_fuel(sources: FactorSources) -> None:
    """Diesel: 3.1695 kg CO2 per kg at 42.695 MJ/kg (EMEP/EEA 2019, Tier 1)."""
    table = compiled(sources, BUS)
    np.testing.assert_allclose(curve(table, "CO2"), curve(table, "energy_MJ") * 1000 * 3.1695 / 42.695, rtol=1e-12)
    assert (curve(table, "CO2_biogenic", part=PURE) == 0.0).all()


def test_carbon_of_biodiesel_is_not_fossil(sources: FactorSources) -> None:
    """EMEP/EEA 2019: 2.7967 kg CO2 per kg of biodiesel at 37.3 MJ/kg."""
    rows = sources.hot.keys.filter(pl.col("fuel") == "biodiesel")
    key = rows.select("category", "fuel", "segment", "standard", "technology").row(0)
    table = compiled(sources, key)
    assert (curve(table, "CO2") == 0.0).all()
    biogenic = curve(table, "CO2_biogenic", part=PURE)
    np.testing.assert_allclose(biogenic, curve(table, "energy_MJ") * 1000 * 2.7967 / 37.3, rtol=1e-12)


def test_so2_is_all_the_sulphur_of_the_fuel() -> None:
    """EMEP/EEA 2019: 2 x sulphur x fuel; diesel of 350 ppm at 42.695 MJ/kg gives 0.0164 g per MJ."""
    table = compiled(load_sources(grid_kg_per_kwh=0.5, diesel_sulphur_ppm=350.0), BUS)
    np.testing.assert_allclose(curve(table, "SO2"), curve(table, "energy_MJ") * 2 * 350e-6 * 1000 / 42.695, rtol=1e-12)


def test_nmvoc_is_voc_without_methane(sources: FactorSources) -> None:
    table = compiled(sources, BUS)
    voc, methane = curve(table, "VOC", "hot", "urban:VOC"), curve(table, "CH4")
    np.testing.assert_allclose(curve(table, "NMVOC", "hot", "urban:VOC"), np.maximum(voc - methane, 0.0), rtol=1e-12)


def test_degradation_is_split_between_town_and_road(hot: HotTable, sources: FactorSources) -> None:
    """A petrol car's curve is all town's at 19 km/h, all the road's at 63, half and half at 41."""
    table = compiled(sources, CAR)
    town, road = (curve(table, "NOx", "hot", f"{place}:NOx") for place in ("urban", "road"))
    at = [int(np.searchsorted(hot.grid_kmh, v)) for v in (19.0, 41.0, 63.0)]
    share = (road / (town + road))[at]
    exact = np.clip((hot.grid_kmh[at] - 19.0) / 44.0, 0.0, 1.0)
    np.testing.assert_allclose(share, exact, atol=1e-12)


def test_cold_co_of_a_petrol_car_by_hand(sources: FactorSources) -> None:
    """Euro 4, 1.4 to 2.0 l: excess = beta x scale x (ratio - 1) x warm Euro 1; scale 1 - 68 % for CO (guidebook 2016)."""
    table = compiled(sources, CAR, conditions=mild_conditions(0.0))
    row = next(r for k, r in sources.ratios.items() if k == ("1400_2000", "petrol", "euro_4", "CO"))
    beta = 0.6474 - 0.02545 * 12.4
    grid = table.grid_kmh
    euro_1 = curve(
        compiled(sources, (*CAR[:3], "euro_1", "none"), conditions=mild_conditions(0.0)), "CO", "hot", "urban:CO"
    )
    euro_1 = euro_1 + curve(
        compiled(sources, (*CAR[:3], "euro_1", "none"), conditions=mild_conditions(0.0)), "CO", "hot", "road:CO"
    )
    a, b, c = row.coefficients[:3]
    s = int(np.searchsorted(grid, 20.0))
    assert row.form in {"VT2", "VT3"}
    want = beta * row.scale * (a * grid[s] + b * 0.0 + c - 1.0) * euro_1[s]
    assert curve(table, "CO", "cold")[s] == pytest.approx(want)
    warmer = compiled(sources, CAR, conditions=mild_conditions(25.0))
    assert curve(warmer, "CO", "cold")[s] < curve(table, "CO", "cold")[s]


def test_fuel_heater_of_an_electric_bus_counts_in_the_cold(sources: FactorSources) -> None:
    bus = ("bus", "electricity", "Urban Buses Standard 15 - 18 t", "zero_emission", "none")
    half = FactorOptions(fuel_heater_share=0.5)
    cold = compiled(sources, bus, options=half, conditions=mild_conditions(-5.0))
    whole = compiled(sources, bus, options=replace(half, fuel_heater_share=1.0), conditions=mild_conditions(-5.0))
    assert (curve(cold, "NOx", "heater") > 0.0).all()
    np.testing.assert_allclose(curve(whole, "CO2", "heater"), 2.0 * curve(cold, "CO2", "heater"))
    assert (curve(compiled(sources, bus, options=half), "NOx", "heater") == 0.0).all()


def test_resuspension_by_hand(sources: FactorSources) -> None:
    """AP-42 13.2.1: 0.15 x 0.2^0.91 x (2.5 t in short tons)^1.02 x (1 - 100 / 1460) g/km in town."""
    options = FactorOptions(resuspension=Resuspension(0.2, 0.03, 2.5, 100.0))
    table = compiled(sources, CAR, options=options)
    want = 0.15 * 0.2**0.91 * (2.5 * 1.10231) ** 1.02 * (1.0 - 100.0 / 1460.0)
    assert curve(table, "PM2.5_non_exhaust", "resuspension")[0] == pytest.approx(want)
    assert curve(table, "PM2.5_non_exhaust", "resuspension", condition=3)[0] == pytest.approx(want * 0.15**0.91)
    assert (curve(compiled(sources, CAR), "PM2.5_non_exhaust", "resuspension") == 0.0).all()


def test_wear_of_a_heavy_vehicle_by_hand() -> None:
    """EMEP/EEA 2019: brake 3.13 x (1 + 0.79 x 0.5) x 0.0075 = 0.0327 g TSP per km before the speed correction."""
    wear = load_wear()
    truck = {"category": "heavy_truck", "segment": "Rigid 14 - 20 t", "fuel": "diesel"}
    speed = np.array([30.0, 65.0, 100.0])
    got = {p: wear.curve(p, "PM2.5_non_exhaust", truck, 0.5, speed) for p in ("tyre", "brake", "road")}
    brake = 3.13 * (1 + 0.79 * 0.5) * 0.0075
    assert brake == pytest.approx(0.0327, abs=5e-5)
    tyre = 2 / 2 * (1.41 + 1.38 * 0.5) * 0.0107
    np.testing.assert_allclose(got["brake"], brake * 0.39 * np.array([1.67, 2.75 - 0.027 * 65, 0.185]), rtol=1e-9)
    np.testing.assert_allclose(got["tyre"], tyre * 0.42 * np.array([1.39, 1.78 - 0.00974 * 65, 0.902]), rtol=1e-9)
    np.testing.assert_allclose(got["road"], np.full(3, 0.076 * 0.27), rtol=1e-9)
    assert (wear.curve("brake", "PM2.5_non_exhaust", truck, 1.0, speed) > got["brake"]).all()
    electric = wear.curve("brake", "PM2.5_non_exhaust", truck | {"fuel": "electricity"}, 0.5, speed)
    assert (electric < got["brake"]).all()


@pytest.mark.parametrize(
    ("segment", "number"),
    [("Rigid <=7.5 t", 2), ("Rigid 20 - 26 t", 3), ("Articulated 34 - 40 t", 5), ("Rigid >32 t", 4), ("", 2)]
    + [(s, 3) for s in ("Urban Buses Articulated >18 t", "Coaches Articulated >18 t", "Articulated 14 - 20 t")]
    + [(">3.5 t", 2), ("Urban Buses Standard 15 - 18 t", 2)],
)
def test_axles_follow_the_mass(segment: str, number: float) -> None:
    assert axles(segment) == number


def test_grid_factor_takes_the_nearest_year_and_names_its_source() -> None:
    assert grid_factor("CN-BJ", 2030)[0] == pytest.approx(0.558)
    with pytest.raises(InputError, match=r"city\.grid_region"):
        grid_factor("XX", 2024)


def test_speed_lookup_finds_the_cell_of_every_speed(hot: HotTable, sources: FactorSources) -> None:
    table = compiled(sources, BUS)
    for v in np.concatenate([np.linspace(0.0, 160.0, 3001), hot.grid_kmh]):
        cell, w = speed_cell(table.grid_kmh, table.lookup, table.lookup_per_kmh, float(v))
        held = min(max(v, table.grid_kmh[0]), table.grid_kmh[-1])
        assert 0.0 <= w <= 1.0
        assert table.grid_kmh[cell] * (1 - w) + table.grid_kmh[cell + 1] * w == pytest.approx(held, abs=1e-9)


def test_channels_are_all_different() -> None:
    assert len(set(CHANNELS)) == len(CHANNELS)
