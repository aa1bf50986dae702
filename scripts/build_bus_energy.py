"""Write the packaged figures of the energy of electric buses: types, figures, curves, measured rows, ranges.

Usage: python scripts/build_bus_energy.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs. The fitted figures come from
scripts/fit_bus_energy.py, which prints them with the error of every measured row.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

OWN = "own estimate, to be checked"
MAKERS = "own estimate between makers' data sheets (recalled, to be checked)"
URBINO = f"{MAKERS}; places of the Urbino 12 electric: 78, 160 kW motor (bustocoach.com, cluj-napoca.inhotels.net)"
ENVIRO = f"{MAKERS}; Enviro400EV: 382 kWh, 67 seats, 83 places, 2.55 m x 4.3 m (route-one.net, vezess.hu)"
YUTONG = f"{MAKERS}; Yutong TCe12: 51 seats, 350 kWh (transportengineer.org.uk, Coaches on a charge)"

TYPE_COLUMNS = (
    *("bus_type", "empty_kg", "places", "seats", "area_m2", "drag", "rolling", "accelerate_m_s2", "brake_m_s2"),
    *("top_kmh", "regen_kw", "ua_w_per_k", "glass_m2", "doors", "auxiliary_kw", "heat_pump_kw"),
    *("battery_kwh", "charge_kw", "source", "year", "checked"),
)
TYPES = [
    ("midi", 9500.0, 55, 22, 6.8, 0.65, 0.008, 0.9, 0.9, 80.0, 90.0, 380.0, 4.0, 2, 2.5, 12.0, 150.0, 80.0, MAKERS, 2025, "no"),
    ("standard", 13500.0, 78, 30, 8.1, 0.65, 0.008, 0.9, 0.9, 80.0, 140.0, 550.0, 6.0, 3, 3.5, 18.0, 350.0, 150.0, URBINO, 2025, "no"),
    ("articulated", 19500.0, 130, 45, 8.1, 0.70, 0.008, 0.8, 0.9, 80.0, 200.0, 830.0, 9.0, 4, 5.0, 28.0, 500.0, 200.0, MAKERS, 2025, "no"),
    ("double_decker", 12800.0, 83, 67, 10.7, 0.65, 0.008, 0.9, 0.9, 80.0, 140.0, 700.0, 9.0, 1, 3.5, 20.0, 382.0, 150.0, ENVIRO, 2025, "no"),
    ("coach", 15500.0, 53, 51, 8.7, 0.55, 0.007, 0.7, 0.8, 100.0, 160.0, 550.0, 8.0, 1, 3.0, 18.0, 350.0, 150.0, YUTONG, 2025, "no"),
]  # fmt: skip

EMEP_VAN = "own estimate that meets the electric van N1-III of EMEP/EEA 2025 (0.25 kWh/km at 28 km/h, 0.32 at 80)"
DUTY_TYPES = [
    ("van", 2500.0, 2, 2, 5.0, 0.42, 0.011, 1.2, 1.2, 120.0, 60.0, 60.0, 1.5, 1, 0.6, 4.0, 75.0, 100.0, EMEP_VAN, 2025, "no"),
    ("rigid_truck", 8500.0, 2, 2, 8.5, 0.65, 0.007, 0.7, 0.9, 90.0, 150.0, 60.0, 2.0, 1, 2.0, 4.0, 280.0, 150.0, OWN, 2025, "no"),
    ("articulated_truck", 17500.0, 2, 2, 10.0, 0.60, 0.0055, 0.4, 0.7, 90.0, 300.0, 60.0, 2.0, 1, 2.5, 4.0, 540.0, 350.0, OWN, 2025, "no"),
]  # fmt: skip

FIT = "fitted by scripts/fit_bus_energy.py on Zhou B. et al. 2016, Energy 96:603-613 (abstract)"
FIGURES = [
    ("drive_efficiency", 0.7614, 0.68, 0.88, "battery to wheel", FIT, 2026, "no"),
    ("cooling_scale", 1.2754, 0.6, 2.5, "ratio: need of cooling over the sensible heat balance (moist air, fans)", FIT, 2026, "no"),
    ("regen_share", 0.70, 0.5, 0.9, "share of braking that the driven axle takes", OWN, 2026, "no"),
    ("rotating_share", 0.08, 0.05, 0.12, "of the empty mass, motor and wheels", OWN, 2026, "no"),
    ("regen_least_kmh", 5.0, 3.0, 10.0, "km/h below which nothing is given back", OWN, 2026, "no"),
    ("rolling_per_k", 0.004, 0.0, 0.01, "rise of rolling resistance per K below 20 C", OWN, 2026, "no"),
    ("wait_s", 15.0, 8.0, 30.0, "s standing at a stop that traffic makes", OWN, 2026, "no"),
    ("most_extra_per_km", 3.0, 1.0, 6.0, "stops that traffic makes, per km, at most", OWN, 2026, "no"),
    ("slowest", 0.5, 0.3, 0.8, "cruising in traffic over that without, at least", OWN, 2026, "no"),
    ("most_passed", 0.5, 0.0, 0.8, "share of the stops within a trip that a bus short of time passes by, at most", OWN, 2026, "no"),
    ("most_faster", 1.25, 1.0, 1.5, "cruising of a bus short of time over the usual, at most", OWN, 2026, "no"),
    ("passenger_kg", 68.0, 65.0, 80.0, "kg", "mass of a passenger of Regulation (EU) 2021/535 (recalled)", 2021, "no"),
    ("driver_kg", 75.0, 65.0, 90.0, "kg", "mass of the driver of Regulation (EU) 2021/535 (recalled)", 2021, "no"),
    ("person_w", 90.0, 70.0, 120.0, "W of heat per person", OWN, 2026, "no"),
    ("door_w_per_k", 500.0, 250.0, 900.0, "W/K per open door: 0.4 m3/s of air", OWN, 2026, "no"),
    ("fresh_air_w_per_k", 4.0, 2.0, 8.0, "W/K per place: 12 m3/h of air", OWN, 2026, "no"),
    ("free_air_w_per_k", 15.0, 8.0, 25.0, "W/K per place with open hatches, below the set temperature of cooling", OWN, 2026, "no"),
    ("cabin_kj_per_k_kg", 0.12, 0.08, 0.25, "kJ/K per kg of empty mass that warm up with the cabin", OWN, 2026, "no"),
    ("battery_w_per_k_kwh", 0.15, 0.05, 0.3, "W/K per kWh that a battery held warm loses", OWN, 2026, "no"),
    ("burner_efficiency", 0.85, 0.8, 0.9, "heat into the cabin over heat of the fuel", OWN, 2026, "no"),
    ("battery_kg_per_kwh", 7.0, 5.5, 10.0, "kg per kWh of pack", OWN, 2026, "no"),
]  # fmt: skip

ICE = "own estimate from the behaviour of lithium iron phosphate cells, to be checked"
PUMP = "own estimate; Energies 2012, 5(3):658-669 (abstract) measured 3.0 at 0 C with the heat of motors"
CURVES = {
    "heat_pump_cop": (PUMP, "heat over electricity by outside temperature; 1: resistive", {-20: 1.0, -10: 1.6, -5: 1.9, 0: 2.2, 7: 2.8, 15: 3.3}),
    "cooling_cop": (OWN, "cold over electricity by outside temperature", {20: 3.2, 25: 2.9, 30: 2.5, 35: 2.2, 45: 1.6}),
    "usable_capacity": (ICE, "usable over rated capacity by temperature of the battery", {-20: 0.70, -10: 0.80, 0: 0.90, 10: 0.96, 20: 1.0}),
    "charge_power": (ICE, "charging power over rated by temperature of the battery", {-20: 0.0, -10: 0.10, 0: 0.30, 10: 0.70, 20: 1.0, 40: 1.0, 50: 0.5}),
    "regen_power": (ICE, "braking power over rated by temperature of the battery", {-20: 0.0, -10: 0.15, 0: 0.40, 10: 0.80, 20: 1.0, 45: 1.0, 55: 0.5}),
}  # fmt: skip

ZHOU = "Zhou B. et al. 2016, Energy 96:603-613, abstract (ideas.repec.org/a/eee/energy/v96y2016icp603-613.html)"
VIRICITI = "ViriCiti, 79 buses of 12 m and 27 of 18 m in the Netherlands (chargedevs.com, New report analyzes real-world performance of 100 e-buses)"
BEIJING = "order of magnitude of several studies of Beijing, low in spring and autumn, high in winter with resistive heating (recalled)"
MEASURED_COLUMNS = (
    *(
        "row",
        "title_en",
        "title_zh",
        "bus_type",
        "published",
        "published_unit",
        "kwh_per_km",
        "low",
        "high",
        "use",
        "heating",
        "cooling",
    ),
    *("temperature_c", "load", "speed_kmh", "cruise_kmh", "stops_per_km", "empty_kg"),
    *("source", "year", "checked"),
)
PLUG, BATTERY, MILE = "kWh/km at the plug", "kWh/km", "kWh/mile"
MEASURED = [
    ("beb_energy_12m_minload_incl_charging_loss", "12 m, least load, Macao (Zhou 2016)", "12米，最小载荷，澳门（Zhou等，2016）", "standard", 1.565, PLUG, 1.127, 0.994, 1.26, "fit", "heat_pump", "no", 25.0, 0.0, 16.0, 45.0, 2.5, None, ZHOU, 2016, "yes"),
    ("beb_energy_8m_minload_incl_charging_loss", "8 m, least load, Macao (Zhou 2016)", "8米，最小载荷，澳门（Zhou等，2016）", "midi", 0.79, PLUG, 0.569, 0.474, 0.664, "fit", "heat_pump", "no", 25.0, 0.0, 16.0, 45.0, 2.5, 7800.0, ZHOU, 2016, "yes"),
    ("beb_energy_increase_max_ac_and_load", "12 m, most cooling and load, Macao (Zhou 2016)", "12米，最大空调与载荷，澳门（Zhou等，2016）", "standard", 24.0, "% above the first row", 1.397, 1.364, 1.431, "fit", "heat_pump", "yes", 30.0, 0.3, 16.0, 45.0, 2.5, None, ZHOU, 2016, "yes"),
    ("beb_energy_12m_measured_average", "12 m, southern Finland, 2016 and 2017", "12米，芬兰南部，2016至2017年", "standard", 0.78, BATTERY, 0.78, None, None, "test", "diesel", "no", 6.0, 0.15, 24.0, 45.0, 1.7, 10500.0, "Energies 2018, 11(12):3267, abstract: six buses in southern Finland; empty mass is our reading", 2018, "yes"),
    ("beb_energy_40ft_foothill_fleet_average", "35 ft, Foothill Transit", "35英尺，Foothill Transit（洛杉矶东郊）", "standard", 2.15, MILE, 1.336, 1.181, 1.491, "test", "heat_pump", "yes", 22.0, 0.2, 17.0, 50.0, 2.0, 12500.0, "Eudy et al., NREL/TP-5400-65274 and -67698 (recalled)", 2016, "no"),
    ("beb_energy_40ft_altoona_range", "40 ft, Altoona tests", "40英尺，Altoona试验", "standard", 1.99, MILE, 1.237, 1.056, 1.553, "test", "heat_pump", "no", 18.0, 0.4, 20.0, 50.0, 2.5, None, "Altoona bus reports as tabulated in CARB ICT appendix D (recalled)", 2018, "no"),
    ("beb_energy_12m_beijing_annual_average, low", "12 m, Beijing, spring and autumn", "12米，北京，春秋季", "standard", 1.0, BATTERY, 1.0, None, None, "test", "resistive", "yes", 16.0, 0.3, 17.0, 45.0, 1.8, None, BEIJING, 2018, "no"),
    ("beb_energy_12m_beijing_annual_average, high", "12 m, Beijing, winter", "12米，北京，冬季", "standard", 1.6, BATTERY, 1.6, None, None, "test", "resistive", "yes", -2.0, 0.3, 17.0, 45.0, 1.8, None, BEIJING, 2018, "no"),
    ("viriciti_12m_average", "12 m, 79 buses, Netherlands (ViriCiti)", "12米，荷兰79辆（ViriCiti）", "standard", 1.15, BATTERY, 1.15, None, None, "test", "heat_pump", "yes", 11.0, 0.15, 22.0, 50.0, 1.8, None, VIRICITI, 2020, "yes"),
    ("viriciti_18m_average", "18 m, 27 buses, Netherlands (ViriCiti)", "18米，荷兰27辆（ViriCiti）", "articulated", 1.63, BATTERY, 1.63, None, None, "test", "heat_pump", "yes", 11.0, 0.15, 20.0, 50.0, 1.8, None, VIRICITI, 2020, "yes"),
    ("king_county_40ft_average", "40 ft, King County Metro, hilly", "40英尺，西雅图King County Metro，多坡", "standard", 2.36, MILE, 1.466, None, None, "test", "heat_pump", "yes", 12.0, 0.15, 20.0, 50.0, 2.0, 12500.0, "FTA report 118, Zero-Emission Bus Evaluation Results: King County Metro (cms.fta.dot.gov); hilly", 2018, "yes"),
    ("electroliner_uk_bus_cycle", "StreetDeck Electroliner, UK bus cycle", "StreetDeck Electroliner，英国公交循环", "double_decker", 0.69, BATTERY, 0.69, None, None, "test", "heat_pump", "no", 10.0, 0.15, 24.0, 40.0, 1.7, 12000.0, "Wrightbus StreetDeck Electroliner on the UK bus cycle, 10 C outside, 17 C inside (cbwmagazine.com)", 2022, "yes"),
    ("van_hool_newark_seattle", "Van Hool coach, Newark to Seattle", "Van Hool长途客车，纽瓦克至西雅图", "coach", 3400.0, "kWh over 1,700 miles", 1.243, None, None, "test", "heat_pump", "yes", 10.0, 0.05, 88.5, 95.0, 0.01, 19000.0, "Van Hool CX45E, Newark to Seattle and back at 55 mph (soylentnews.org); empty mass is our reading", 2022, "yes"),
]  # fmt: skip

ALL = "lowest and highest of bus_energy_measured.csv for the size"
FROST = "low: ViriCiti's winter mean; high: King County's mean over a range 37.8 % shorter at -6 to 0 C (Henning et al. 2019, recalled)"
SCALED = "12 m range times 1.63/1.15, the means of 18 m and 12 m buses of ViriCiti"
EIGHT = "Zhou et al. 2016: 8 m bus with least load to 27 % above it"
ENVIRO_RANGE = "Electroliner on the UK bus cycle; Enviro400EV 382 kWh over 160 miles (ngtnews.com)"
RANGES = [
    ("midi", -10.0, 0.0, 0.65, 1.33, f"12 m range in proportion to the mild one of the 8 m bus; {FROST}", 2019, "no"),
    ("midi", 0.0, 12.0, 0.474, 0.90, f"{EIGHT}; high in proportion to the 12 m range", 2016, "no"),
    ("midi", 12.0, 50.0, 0.474, 0.843, EIGHT, 2016, "yes"),
    ("standard", -10.0, 0.0, 1.31, 2.36, FROST, 2019, "no"),
    ("standard", 0.0, 12.0, 0.78, 1.60, f"{ALL}: Finland to Beijing in winter", 2018, "no"),
    ("standard", 12.0, 24.0, 0.78, 1.491, f"{ALL}: Finland to Foothill Transit's highest", 2018, "no"),
    ("standard", 24.0, 50.0, 0.994, 1.60, "Zhou et al. 2016: least load without cooling to 27 % above the highest of it", 2016, "yes"),
    ("articulated", -10.0, 0.0, 1.97, 3.34, f"low: ViriCiti's winter mean; high: {SCALED}", 2020, "no"),
    ("articulated", 0.0, 12.0, 1.11, 2.27, SCALED, 2020, "no"),
    ("articulated", 12.0, 24.0, 1.11, 2.16, f"low: {SCALED}; high: planning constant of Berlin (eflips-tco)", 2025, "no"),
    ("articulated", 24.0, 50.0, 1.41, 2.27, SCALED, 2020, "no"),
    ("double_decker", 0.0, 24.0, 0.69, 1.484, ENVIRO_RANGE, 2022, "yes"),
    ("coach", 0.0, 24.0, 1.087, 1.243, "Yutong TCe12 350 kWh over 200 miles (transportengineer.org.uk); Van Hool CX45E, Newark to Seattle", 2022, "yes"),
]  # fmt: skip


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    units = "kg; persons; m2; -; m/s2; km/h; kW; W/K; kWh"
    curves = [
        (name, float(at), float(value), source, 2026, unit, "no")
        for name, (source, unit, points) in CURVES.items()
        for at, value in points.items()
    ]
    return {
        "bus_types.csv": pl.DataFrame(TYPES, schema=list(TYPE_COLUMNS), orient="row").with_columns(unit=pl.lit(units)),
        "duty_types.csv": pl.DataFrame(DUTY_TYPES, schema=list(TYPE_COLUMNS), orient="row").with_columns(
            unit=pl.lit(units)
        ),
        "bus_energy_figures.csv": pl.DataFrame(
            FIGURES, schema=["quantity", "value", "low", "high", "unit", "source", "year", "checked"], orient="row"
        ),
        "bus_energy_measured.csv": pl.DataFrame(MEASURED, schema=list(MEASURED_COLUMNS), orient="row").with_columns(
            unit=pl.lit("kWh/km at the battery; conditions not told by the source are own readings")
        ),
        "bus_energy_ranges.csv": pl.DataFrame(
            RANGES, schema=["bus_type", "from_c", "to_c", "low", "high", "source", "year", "checked"], orient="row"
        ).with_columns(unit=pl.lit("kWh/km at the battery")),
        "bus_curves.csv": pl.DataFrame(
            curves, schema=["curve", "temperature_c", "value", "source", "year", "unit", "checked"], orient="row"
        ),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
