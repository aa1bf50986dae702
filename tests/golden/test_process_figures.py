"""Every process against figures typed from the publication and worked out here, apart from the package."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, FactorSources, load_sources
from fleet_planner.factors.conditions import Conditions, mild_conditions
from fleet_planner.factors.processes.degradation import degradation_of
from fleet_planner.factors.processes.evaporation import evaporation_of
from fleet_planner.factors.processes.resuspension import Resuspension
from fleet_planner.factors.processes.shares import load_shares, share_of


@pytest.fixture(scope="module")
def sources() -> FactorSources:
    return load_sources(grid_kg_per_kwh=0.5)


def as_words(category: str, fuel: str, segment: str, standard: str) -> dict[str, str]:
    return {"category": category, "fuel": fuel, "segment": segment, "standard": standard}


def channel_at(
    sources: FactorSources,
    technology: tuple[str, ...],
    pollutant: str,
    process: str,
    speed_kmh: float,
    conditions: Conditions | None = None,
    *,
    options: FactorOptions | None = None,
    condition: int = 0,
    load: int = 1,
    grade: int = 3,
) -> float:
    """Sum of a process's channels of a pollutant whose drivers are all 1, at a grid speed; town and road add up."""
    frame = pl.DataFrame([technology], schema=list(TECHNOLOGY), orient="row")
    table = compile_factors(frame, sources, conditions or mild_conditions(20.0), options or FactorOptions())
    s = int(np.flatnonzero(table.grid_kmh == speed_kmh)[0])
    total = 0.0
    for c, of in enumerate(CHANNELS):
        plain = of.driver == "" or of.driver.startswith(("urban:", "road:"))
        block = table.block_of[0, c]
        if (of.pollutant, of.process) == (pollutant, process) and plain and block >= 0 and not of.part:
            row = table.blocks[block, condition, load, grade]
            total += table.scale[0, c] * table.curves[row, s] if row >= 0 else 0.0
    return float(total)


@pytest.mark.parametrize("standard", ["euro_5", "euro_6abc", "euro_6d_temp", "euro_6d", "euro_7"])
@pytest.mark.parametrize("category", ["passenger_car", "light_commercial"])
def test_soot_of_a_diesel_with_filter_is_a_fifth_of_its_particles(category: str, standard: str) -> None:
    """EMEP/EEA 2016, 1.A.3.b.i-iv: diesel Euro 5 BC 20 % of PM, OM 200 % of BC; Euro 6 has a filter too, not no filter.

    Organic carbon is organic matter over 1.3.
    """
    technology = {"category": category, "fuel": "diesel", "standard": standard}
    assert share_of(load_shares("bc_share.csv", "bc_share"), technology) == pytest.approx(0.20)
    assert share_of(load_shares("oc_share.csv", "oc_share"), technology) == pytest.approx(0.20 * 2.00 / 1.3, rel=1e-5)


@pytest.mark.parametrize(
    ("pollutant", "scale", "ratio"),
    [("CO", 0.18, 0.156 * 20.0 - 0.155 * 5.0 + 3.519), ("VOC", 0.18, 0.154 * 20.0 - 0.134 * 5.0 + 4.937)],
)
@pytest.mark.parametrize(
    ("fuel", "segment", "device"), [("petrol", "Mini", "PFI"), ("cng_bifuel_on_cng", "Mini", "none")]
)
def test_cold_start_of_cars_that_began_with_euro_4(
    sources: FactorSources, fuel: str, segment: str, device: str, pollutant: str, scale: float, ratio: float
) -> None:
    """A mini or gas car's excess is beta x scale x (ratio - 1) x warm small petrol Euro 1, at 20 km/h and 5 degrees.

    EMEP/EEA 2016, 1.A.3.b.i-iv, section 3.4: ratio of up to 1.4 l below 25 km/h, Euro 4 leaves 18 % of the cold
    distance; beta = 0.6474 - 0.02545 x 12.4 - (0.00974 - 0.000385 x 12.4) x 5.
    """
    beta = 0.6474 - 0.02545 * 12.4 - (0.00974 - 0.000385 * 12.4) * 5.0
    cold = mild_conditions(5.0)
    warm = channel_at(sources, ("passenger_car", "petrol", "Small", "euro_1", "none"), pollutant, "hot", 20.0, cold)
    got = channel_at(sources, ("passenger_car", fuel, segment, "euro_5", device), pollutant, "cold", 20.0, cold)
    assert got == pytest.approx(beta * scale * (ratio - 1.0) * warm, rel=1e-9)


TRIP_KM = 12.4
CAR = ("passenger_car", "petrol", "Medium", "euro_4", "PFI")
BUS_V = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_V", "SCR")
BUS_VI = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_VI_abc", "DPF+SCR")


def cold_share_by_hand(temperature_c: float) -> float:
    return 0.6474 - 0.02545 * TRIP_KM - (0.00974 - 0.000385 * TRIP_KM) * temperature_c


@pytest.mark.parametrize(
    ("technology", "speed_kmh", "g_per_km"),
    [
        (BUS_V, 25.0, 6.94),
        ((*BUS_V[:4], "EGR"), 25.0, 4.98),
        ((*BUS_V[:3], "euro_II", "none"), 25.0, 11.0),
        ((*BUS_V[:3], "euro_I", "none"), 25.0, 10.1),
    ],
)
def test_hot_nox_of_a_city_bus(
    sources: FactorSources, technology: tuple[str, ...], speed_kmh: float, g_per_km: float
) -> None:
    """EMEP/EEA 2019, Appendix 4, half load, level: Euro V with SCR is worse than with EGR, Euro II worse than Euro I."""
    assert channel_at(sources, technology, "NOx", "hot", speed_kmh) == pytest.approx(g_per_km, rel=6e-3)


def between(temperature_c: float, low: float, high: float) -> float:
    """A figure at a temperature between the middles 17.5 and 27.5 of the published ranges 10-25 and 20-35 degrees."""
    return low + (temperature_c - 17.5) / 10.0 * (high - low)


def test_vapours_of_an_injected_car(sources: FactorSources) -> None:
    """EMEP/EEA 2009, 1.A.3.b.v, Tier 2, up to 1.4 l, medium canister, at 20 degrees: g per day, and per trip / 12.4 km."""
    got = evaporation_of(
        sources.evaporation, as_words("passenger_car", "petrol", "Small", "euro_4"), mild_conditions(20.0)
    )
    assert got is not None
    assert got.g_per_day == pytest.approx(between(20.0, 1.17, 2.25))
    assert got.g_per_km == pytest.approx((between(20.0, 0.06, 0.09) + between(20.0, 0.02, 0.03)) / TRIP_KM)


def test_vapours_of_a_carburettor(sources: FactorSources) -> None:
    """Before Euro 1, 1.4 to 2.0 l: hot soak and running loss by the share of trips that end cold."""
    old = as_words("passenger_car", "petrol", "Medium", "conventional")
    got = evaporation_of(sources.evaporation, old, mild_conditions(20.0))
    assert got is not None
    cold = cold_share_by_hand(20.0)
    hot = between(20.0, 4.06, 6.76) + between(20.0, 3.9, 6.5)
    warm = between(20.0, 3.19, 5.31) + between(20.0, 1.31, 2.2)
    assert got.g_per_km == pytest.approx(((1.0 - cold) * hot + cold * warm) / TRIP_KM)
    assert got.g_per_day == pytest.approx(between(20.0, 14.9, 24.8))


@pytest.mark.parametrize(
    ("odometer_km", "town", "road"),
    [(0.0, 0.932, 1.0), (100_000.0, 3.99e-6 * 1e5 + 0.932, 1.0), (200_000.0, 1.57, 1.0)],
)
def test_degradation_of_a_euro_3_car(sources: FactorSources, odometer_km: float, town: float, road: float) -> None:
    """EMEP/EEA 2016, NOx of 1.4 to 2.0 l: in town 3.99e-6 km + 0.932 up to 160,000 km, then 1.57; on roads 1."""
    found = degradation_of(sources.degradation, as_words("passenger_car", "petrol", "Medium", "euro_3"), "NOx")
    assert found is not None
    assert [float(f.at(np.array([odometer_km]))[0]) for f in found] == pytest.approx([town, road])


@pytest.mark.parametrize(
    ("technology", "process", "pollutant", "speed_kmh", "g_per_km"),
    [
        (CAR, "tyre", "PM10_non_exhaust", 30.0, 0.0107 * 0.6 * 1.39),
        (CAR, "tyre", "PM2.5_non_exhaust", 60.0, 0.0107 * 0.42 * (1.78 - 0.00974 * 60.0)),
        (CAR, "brake", "PM10_non_exhaust", 30.0, 0.0075 * 0.98 * 1.67),
        (CAR, "brake", "PM2.5_non_exhaust", 110.0, 0.0075 * 0.39 * 0.185),
        (CAR, "road", "PM10_non_exhaust", 30.0, 0.0150 * 0.5),
        (("light_commercial", *CAR[1:2], "N1-III", "euro_4", "none"), "tyre", "PM10_non_exhaust", 30.0, 0.0169 * 0.6 * 1.39),
        (("light_commercial", *CAR[1:2], "N1-III", "euro_4", "none"), "brake", "PM10_non_exhaust", 30.0, 0.0117 * 0.98 * 1.67),
        (
            ("l_category", "petrol", "Motorcycles 4-stroke <250 cc", "euro_3", "none"),
            "brake", "PM10_non_exhaust", 30.0, 0.0037 * 0.98 * 1.67,
        ),
        (BUS_V, "tyre", "PM10_non_exhaust", 30.0, (1.41 + 1.38 * 0.5) * 0.0107 * 0.6 * 1.39),
        (BUS_V, "brake", "PM10_non_exhaust", 30.0, 3.13 * (1.0 + 0.79 * 0.5) * 0.0075 * 0.98 * 1.67),
        (BUS_V, "road", "PM2.5_non_exhaust", 30.0, 0.076 * 0.27),
        (
            ("passenger_car", "electricity", "Medium", "zero_emission", "none"),
            "brake", "PM10_non_exhaust", 30.0, 0.0075 * 0.98 * 1.67 * 3.0 / 14.2,
        ),
        (
            ("bus", "electricity", BUS_V[2], "zero_emission", "none"),
            "brake", "PM10_non_exhaust", 30.0, 0.4 * 3.13 * (1.0 + 0.79 * 0.5) * 0.0075 * 0.98 * 1.67,
        ),
    ],
)  # fmt: skip
def test_wear(
    sources: FactorSources, technology: tuple[str, ...], process: str, pollutant: str, speed_kmh: float, g_per_km: float
) -> None:
    """EMEP/EEA 2019, 1.A.3.b.vi-vii: base of the class x size share x correction of speed; heavy ones by load."""
    assert channel_at(sources, technology, pollutant, process, speed_kmh) == pytest.approx(g_per_km, rel=1e-3)


def test_dust_raised_from_the_road(sources: FactorSources) -> None:
    """US EPA AP-42, 13.2.1: PM10, silt 0.6 g/m2 in town, 3 t, 73 days of rain in a year of 365."""
    options = FactorOptions(resuspension=Resuspension(0.6, 0.03, 3.0, 73.0))
    want = 0.62 * 0.6**0.91 * (3.0 * 1.10231) ** 1.02 * (1.0 - 73.0 / (4 * 365))
    assert channel_at(sources, CAR, "PM10_non_exhaust", "resuspension", 30.0, options=options) == pytest.approx(want)
    assert channel_at(sources, CAR, "PM10_non_exhaust", "resuspension", 30.0) == 0.0


@pytest.mark.parametrize(
    ("pollutant", "process", "g_per_mj"),
    [
        ("CO2", "hot", 3169.5 / 42.695),
        ("SO2", "hot", 2.0 * 10e-6 * 1000.0 / 42.695),
        ("Pb", "hot", 5.2e-5 / 42.695),
        ("CO2", "urea", 0.06 * 0.325 * 44.0 / 60.0 * 1000.0 / 42.695),
    ],
)
def test_what_follows_from_diesel(sources: FactorSources, pollutant: str, process: str, g_per_mj: float) -> None:
    """3.1695 kg CO2 and 42.695 MJ per kg; 10 ppm sulphur leaves as SO2; urea solution 6 % of a Euro V bus's fuel."""
    energy = channel_at(sources, BUS_V, "energy_MJ", "hot", 30.0)
    assert channel_at(sources, BUS_V, pollutant, process, 30.0) == pytest.approx(g_per_mj * energy, rel=1e-3)


@pytest.mark.parametrize(
    ("technology", "g_per_km"),
    [(BUS_V, 8.5 * 3.12 / 10.0), (CAR, 1.28 * 3.12 / 10.0)],
)
def test_carbon_of_burnt_oil(sources: FactorSources, technology: tuple[str, ...], g_per_km: float) -> None:
    """EMEP/EEA 2016: 8.5 kg of oil per 10,000 km of a bus, 1.28 kg of a car; 3.12 kg CO2 per kg (H:C 2.08)."""
    assert channel_at(sources, technology, "CO2", "lubricant", 30.0) == pytest.approx(g_per_km)
    assert pytest.approx(3.12, rel=1e-3) == 44.0095 / (12.011 + 2.08 * 1.008)


@pytest.mark.parametrize(
    ("technology", "pollutant", "base", "share"),
    [
        (BUS_VI, "NO2", "NOx", 0.08),
        (BUS_V, "NO2", "NOx", 0.12),
        (CAR, "NO2", "NOx", 0.03),
        (("passenger_car", "diesel", "Medium", "euro_4", "none"), "NO2", "NOx", 0.46),
        (BUS_VI, "BC", "PM_exhaust", 0.15),
        (BUS_V, "OC", "PM_exhaust", 0.15 * 3.0 / 1.3),
        (("passenger_car", "diesel", "Medium", "euro_3", "none"), "BC", "PM_exhaust", 0.85),
        (("heavy_truck", "diesel", "Rigid 14 - 20 t", "euro_III", "none"), "OC", "PM_exhaust", 0.70 * 0.30 / 1.3),
    ],
)
def test_shares(sources: FactorSources, technology: tuple[str, ...], pollutant: str, base: str, share: float) -> None:
    """EMEP/EEA 2016, 1.A.3.b.i-iv, tables of NO2 in NOx and of black carbon and organic matter in exhaust particles."""
    whole = channel_at(sources, technology, base, "hot", 50.0)
    assert channel_at(sources, technology, pollutant, "hot", 50.0) == pytest.approx(share * whole, rel=1e-4)


@pytest.mark.parametrize(("technology", "number"), [(BUS_VI, 0.178610770928621), (BUS_V, 108.194421755743)])
def test_particle_number(sources: FactorSources, technology: tuple[str, ...], number: float) -> None:
    """EMEP/EEA 2019, Appendix 4: solid particles above 23 nm of buses, 1e12 per km."""
    assert channel_at(sources, technology, "SPN23", "hot", 30.0) == pytest.approx(number)


def test_ammonia_of_a_petrol_car(sources: FactorSources) -> None:
    """EMEP/EEA 2016, Euro 4, up to 30 ppm sulphur, new: the warm factor on the warm share, the cold one on the rest."""
    cold = cold_share_by_hand(20.0)
    warm = channel_at(sources, CAR, "NH3", "hot", 30.0) / (1.0 - cold)
    start = channel_at(sources, CAR, "NH3", "cold", 30.0) / cold
    assert (warm, start) == pytest.approx((0.0019 * 0.862, 0.0054 * 0.819))
