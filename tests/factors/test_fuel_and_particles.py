"""Diesel quality, particle number, the edition of 2025 and carbon, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.processes.fuel_quality import (
    DieselQuality,
    base_fuel,
    emission_sum,
    in_range,
    quality_factors,
)
from fleet_planner.factors.processes.particle_number import particles_1e12_per_km
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.sets import overlays
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table

TRUCK = {
    "category": "heavy_truck",
    "fuel": "diesel",
    "segment": "Rigid 14 - 20 t",
    "standard": "euro_III",
    "aftertreatment": "none",
}
SOLD = DieselQuality(850.0, 8.0, 50.0, 350.0, 500.0)


def test_nox_of_a_euro_iii_truck_by_hand() -> None:
    """-1.75444 + 0.00906 density - 0.0163 PAH + 0.00493 cetane + 0.00266 T95, over that of the fuel of 2000."""
    sold = -1.75444 + 0.00906 * 850 - 0.0163 * 8 + 0.00493 * 50 + 0.00266 * 350
    base = -1.75444 + 0.00906 * 840 - 0.0163 * 7 + 0.00493 * 53 + 0.00266 * 330
    assert base_fuel("euro_III") == DieselQuality(840.0, 7.0, 53.0, 330.0, 300.0)
    assert quality_factors(TRUCK, SOLD)["NOx"] == pytest.approx(sold / base)


def test_sulphur_acts_on_particles_alone_by_hand() -> None:
    """1 - 0.0086 x (450 - S) / 100 for heavy vehicles: 500 ppm 1.0043, 50 ppm 0.9656."""
    high, low = (
        emission_sum("heavy_duty", "PM_exhaust", SOLD),
        emission_sum("heavy_duty", "PM_exhaust", replace(SOLD, sulphur_ppm=50.0)),
    )
    assert high / low == pytest.approx(1.0043 / 0.9656)
    assert emission_sum("heavy_duty", "CO", SOLD) == emission_sum("heavy_duty", "CO", replace(SOLD, sulphur_ppm=50.0))


def test_the_base_fuel_changes_nothing_and_new_vehicles_never_gain() -> None:
    for standard in ("conventional", "euro_II", "euro_III", "euro_IV"):
        found = quality_factors(TRUCK | {"standard": standard}, base_fuel(standard))
        assert all(f == pytest.approx(1.0) for f in found.values())
    better = DieselQuality(820.0, 1.0, 58.0, 320.0, 5.0)
    assert min(quality_factors(TRUCK, better).values()) < 1.0
    for standard in ("euro_V", "euro_VI_abc"):
        assert min(quality_factors(TRUCK | {"standard": standard}, better).values()) >= 1.0


def test_the_recalled_term_alone_is_unchecked() -> None:
    """Circulating copies give the light-duty T95 term of CO for heavy vehicles; the packaged one is from memory."""
    unchecked = reference_table("diesel_quality.csv").filter(pl.col("checked") != "yes")
    assert unchecked.select("vehicle", "pollutant", "term").rows() == [("heavy_duty", "CO", "t95")]


@given(
    st.floats(700, 1000), st.floats(0, 60), st.floats(30, 80), st.floats(250, 450), st.floats(0, 10_000),
    st.sampled_from(["conventional", "euro_III", "euro_V"]), st.sampled_from(["heavy_truck", "passenger_car"]),
)  # fmt: skip
def test_any_fuel_gives_finite_positive_factors(
    density: float, pah: float, cetane: float, t95: float, sulphur: float, standard: str, category: str
) -> None:
    sold = DieselQuality(density, pah, cetane, t95, sulphur)
    technology = TRUCK | {
        "category": category,
        "standard": standard.replace("III", "3").replace("V", "5") if category != "heavy_truck" else standard,
    }
    found = quality_factors(technology, sold)
    assert all(0.0 < f < 10.0 for f in found.values())
    held, beyond = in_range(sold)
    assert (held == sold) == (not beyond)


def test_quality_reaches_the_compiled_factors() -> None:
    frame = pl.DataFrame([TRUCK]).select(TECHNOLOGY)
    sources = load_sources(grid_kg_per_kwh=0.5)
    plain, changed = (compile_factors(frame, sources, mild_conditions(), FactorOptions(diesel=d)) for d in (None, SOLD))
    c = channel("NOx", "hot", "urban:NOx")
    assert changed.scale[0, c] / plain.scale[0, c] == pytest.approx(quality_factors(TRUCK, SOLD)["NOx"])


def test_particle_number_of_buses() -> None:
    """EMEP/EEA 2019: 5.1e14 per km at Euro III, 1.8e11 behind the filter of Euro VI; gas buses and trucks unknown."""
    bus = TRUCK | {"category": "bus"}
    assert particles_1e12_per_km(bus) == pytest.approx(512.6, rel=1e-3)
    six = bus | {"standard": "euro_VI_de", "aftertreatment": "DPF+SCR"}
    assert particles_1e12_per_km(six) == pytest.approx(0.1786, rel=1e-3)
    for standard, device in (("euro_III", "DPF"), ("euro_V", "DPF+SCR")):
        filtered = bus | {"standard": standard, "aftertreatment": device}
        assert particles_1e12_per_km(filtered) == pytest.approx(0.1786, rel=1e-3)
    assert particles_1e12_per_km(bus | {"standard": "euro_V", "aftertreatment": "SCR"}) == pytest.approx(
        108.19, rel=1e-3
    )
    assert particles_1e12_per_km(bus | {"fuel": "cng"}) is None
    assert particles_1e12_per_km(TRUCK) is None


def test_rows_of_2025_reproduce_their_check_values() -> None:
    table = reference_table("emep_eea_2025_hot.csv")
    rows = (
        table.select("a", "b", "g", "d", "e", "z", "h", "reduction", "v_min_kmh", "v_max_kmh")
        .cast(pl.Float64)
        .to_numpy()
    )
    at = table["v_check_kmh"].cast(pl.Float64).to_numpy()
    got = curves.evaluate_raw(np.ascontiguousarray(rows), np.arange(table.height), at)
    np.testing.assert_allclose(got, table["ef_check"].cast(pl.Float64).to_numpy(), rtol=1e-6)


def test_the_edition_of_2025_covers_euro_7_vans_and_2019_the_rest() -> None:
    van = ("light_commercial", "diesel", "N1-II", "euro_7", "DPF+SCR")
    old = ("light_commercial", "diesel", "N1-II", "euro_5", "DPF")
    frame = pl.DataFrame([van, old], schema=list(TECHNOLOGY), orient="row")
    sources = load_sources(grid_kg_per_kwh=0.5, overlays=overlays(["emep_eea_2025"], year=2030))
    table = compile_factors(frame, sources, mild_conditions(), FactorOptions())
    sets = table.origins.filter(pl.col("pollutant") == "NOx")["factor_set"].to_list()
    assert sets == ["emep_eea_2025", "emep_eea_2019"]
    before = compile_factors(frame, load_sources(grid_kg_per_kwh=0.5), mild_conditions(), FactorOptions())
    assert "euro_6d for euro_7" in before.technologies["replaced"][0]


def test_carbon_of_fuels_follows_from_their_atoms() -> None:
    """CO2 per kg = 44.0095 / (12.011 + 1.00794 H:C + 15.9994 O:C)."""
    rows = {r["fuel"]: r for r in reference_table("fuels.csv").iter_rows(named=True)}
    assert {"lng", "hvo", "gtl", "hydrogen"} <= set(rows)
    hydrogen = rows.pop("hydrogen")
    assert (hydrogen["co2_kg_per_kg"], hydrogen["h_to_c"]) == (0.0, None)
    for fuel, row in rows.items():
        weight = 12.011 + 1.00794 * row["h_to_c"] + 15.9994 * row["o_to_c"]
        assert row["co2_kg_per_kg"] == pytest.approx(44.0095 / weight, rel=0.005), fuel


def test_heating_values_of_pure_fuels_follow_from_enthalpies_of_formation() -> None:
    """Products minus fuel, kJ/mol at 25 degrees: CO2 -393.51, steam -241.83, methane -74.6, liquid ethanol -277.6."""
    heat = {r["fuel"]: r["lower_heating_mj_kg"] for r in reference_table("fuels.csv").iter_rows(named=True)}
    ethanol = (2.0 * 393.51 + 3.0 * 241.83 - 277.6) / 46.068
    methane = (393.51 + 2.0 * 241.83 - 74.6) / 16.043
    assert heat["ethanol"] == pytest.approx(ethanol, rel=0.002)  # 26.8
    assert heat["hydrogen"] == pytest.approx(241.83 / 2.01588, rel=0.002)
    # natural gas holds some inert gas and heavier hydrocarbons
    assert 0.95 * methane < heat["cng"] < heat["lng"] < methane


def test_carbon_of_every_hot_row_leaves_as_co2() -> None:
    """Fuel carbon = CO2 + CO + VOC + PM: CO 12.011/28.010, VOC 12.011/13.85, particles all carbon (guidebook 2016).

    What leaves as CO2 is between 90 and 100 % of the ultimate CO2 at the check speed; old petrol engines and
    two-strokes, which lose up to two thirds of their carbon as CO and VOC, are the exceptions.
    """
    hot = load_hot_table()
    keys = hot.keys.with_row_index("row")
    row = np.arange(hot.keys.height)
    ef = curves.evaluate_mended(
        hot.coefficients, hot.bridges, hot.bridge_offsets, row, np.full(row.size, 40.0), curves.CLAMP
    )
    names = ["category", "fuel", "segment", "standard", "technology", "load", "slope"]
    wide = (
        keys.with_columns(ef=pl.Series(ef))
        .filter(pl.col("pollutant").is_in(["CO", "VOC", "PM_exhaust", "energy_MJ"]) & (pl.col("mode") == "any"))
        .pivot("pollutant", index=names, values="ef")
        .drop_nulls("energy_MJ")
    )
    fuels = {r["fuel"]: r for r in reference_table("fuels.csv").iter_rows(named=True)}
    kept = wide.filter(pl.col("fuel").is_in(["diesel", "petrol", "cng"]) & (pl.col("energy_MJ") > 0.0))
    heat = kept["fuel"].replace_strict({f: r["lower_heating_mj_kg"] for f, r in fuels.items()}, return_dtype=pl.Float64)
    carbon = kept["fuel"].replace_strict({f: r["co2_kg_per_kg"] for f, r in fuels.items()}, return_dtype=pl.Float64)
    grams = (kept["energy_MJ"] / heat * carbon * 1000.0 * 12.011 / 44.009).to_numpy()
    lost = (
        kept["CO"].fill_null(0.0).to_numpy() * 12.011 / 28.010
        + kept["VOC"].fill_null(0.0).to_numpy() * 12.011 / 13.85
        + kept["PM_exhaust"].fill_null(0.0).to_numpy()
    )
    share = 1.0 - lost / grams
    assert (share > 0.35).all()
    assert (share <= 1.0).all()
    early = kept["standard"].str.contains("conventional|ece_15|open_loop|euro_1$|euro_2$").to_numpy()
    two_wheeled = (kept["category"] == "l_category").to_numpy()
    two_stroke = kept["segment"].str.contains("2-Stroke").to_numpy()
    diesel = (kept["fuel"] == "diesel").to_numpy()
    assert (share[diesel] > 0.95).all()
    modern = ~(early | two_wheeled | two_stroke)
    assert (share[modern] > 0.9).all(), kept.filter(pl.Series(modern & (share <= 0.9)))
