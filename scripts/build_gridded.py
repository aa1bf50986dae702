"""Write the packaged species of gridded emissions and the codes of reporting schemes.

Usage: python scripts/build_gridded.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

CF = "CF standard name table, NERC, as packaged with compliance-checker 5"
OWN = "sum of reported pollutants"
MOLAR = "molar masses of NO and NO2, 30.006 and 46.006 g/mol (IUPAC atomic weights)"
NO_PER_NOX = 30.006 / 46.006

PREFIX, SUFFIX = "tendency_of_atmosphere_mass_content_of_", "_due_to_emission"
SPECIES = [
    ("CO", "carbon_monoxide", "CO", 1.0, OWN),
    ("NO", "nitrogen_monoxide", "NOx", NO_PER_NOX, MOLAR),
    ("NO", "nitrogen_monoxide", "NO2", -NO_PER_NOX, MOLAR),
    ("NO2", "nitrogen_dioxide", "NO2", 1.0, OWN),
    ("NMVOC", "nmvoc", "NMVOC", 1.0, OWN),
    ("SO2", "sulfur_dioxide", "SO2", 1.0, OWN),
    ("NH3", "ammonia", "NH3", 1.0, OWN),
    ("CH4", "methane", "CH4", 1.0, OWN),
    ("N2O", "nitrous_oxide", "N2O", 1.0, OWN),
    ("CO2", "carbon_dioxide", "CO2", 1.0, OWN),
    ("CO2", "carbon_dioxide", "CO2_biogenic", 1.0, OWN),
    ("PM2_5", "pm2p5_dry_aerosol_particles", "PM_exhaust", 1.0, OWN),
    ("PM2_5", "pm2p5_dry_aerosol_particles", "PM2.5_non_exhaust", 1.0, OWN),
    ("PM10", "pm10_dry_aerosol_particles", "PM_exhaust", 1.0, OWN),
    ("PM10", "pm10_dry_aerosol_particles", "PM10_non_exhaust", 1.0, OWN),
    ("BC", "elemental_carbon_dry_aerosol_particles", "BC", 1.0, OWN),
    ("OC", "particulate_organic_matter_dry_aerosol_particles_expressed_as_carbon", "OC", 1.0, OWN),
]

NFR = "NFR 2019-1 of the EMEP Reporting Guidelines; EMEP/EEA guidebook 2019, 1.A.3.b.i-iv, v, vi-vii"
IPCC = "2006 IPCC Guidelines for National Greenhouse Gas Inventories, volume 2, table 3.1.1"
GNFR = "EMEP Reporting Guidelines, aggregated sectors (GNFR)"
RECALLED = ", recalled"
EXHAUST = "exhaust"
WEAR = ("tyre", "brake")
NFR_ROAD = [
    ("passenger_car", EXHAUST, "1A3bi", "Road transport: passenger cars"),
    ("light_commercial", EXHAUST, "1A3bii", "Road transport: light duty vehicles"),
    ("heavy_truck", EXHAUST, "1A3biii", "Road transport: heavy duty vehicles and buses"),
    ("bus", EXHAUST, "1A3biii", "Road transport: heavy duty vehicles and buses"),
    ("l_category", EXHAUST, "1A3biv", "Road transport: mopeds and motorcycles"),
    ("", "evaporation", "1A3bv", "Road transport: gasoline evaporation"),
    ("", "tyre", "1A3bvi", "Road transport: automobile tyre and brake wear"),
    ("", "brake", "1A3bvi", "Road transport: automobile tyre and brake wear"),
    ("", "road", "1A3bvii", "Road transport: automobile road abrasion"),
    ("", "resuspension", "memo_resuspension", "Dust raised from the road, not reported"),
    ("", "electricity", "memo_1A1a", "Electricity used by vehicles, reported by power stations"),
]
IPCC_ROAD = [
    ("passenger_car", EXHAUST, "1A3bi", "Cars"),
    ("light_commercial", EXHAUST, "1A3bii", "Light-duty trucks"),
    ("heavy_truck", EXHAUST, "1A3biii", "Heavy-duty trucks and buses"),
    ("bus", EXHAUST, "1A3biii", "Heavy-duty trucks and buses"),
    ("l_category", EXHAUST, "1A3biv", "Motorcycles"),
    ("", "evaporation", "1A3bv", "Evaporative emissions from vehicles"),
    ("", "urea", "1A3bvi", "Urea-based catalysts"),
    ("", "lubricant", "2D1", "Lubricant use: burnt in four-stroke engines (industrial processes)"),
    ("l_category", "lubricant", "1A3biv", "Motorcycles"),
    ("", "tyre", "memo_wear", "Wear, no greenhouse gas"),
    ("", "brake", "memo_wear", "Wear, no greenhouse gas"),
    ("", "road", "memo_wear", "Wear, no greenhouse gas"),
    ("", "resuspension", "memo_wear", "Wear, no greenhouse gas"),
    ("", "electricity", "memo_1A1a", "Electricity used by vehicles, reported by power stations"),
]
MACHINES = [
    ("construction_machinery", "1A2gvii", "1A2k", "Mobile combustion in construction"),
    ("industrial_machinery", "1A2gvii", "1A2m", "Mobile combustion in industry"),
    ("port_machinery", "1A4aii", "1A3eii", "Mobile machinery of ports and terminals"),
    ("airport_machinery", "1A4aii", "1A3eii", "Ground support of airports"),
    ("farm_machinery", "1A4cii", "1A4cii", "Off-road machinery of agriculture"),
]


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    species = pl.DataFrame(
        [(s, f"{PREFIX}{name}{SUFFIX}", p, f, CF, source, 2026, "yes") for s, name, p, f, source in SPECIES],
        schema=[
            *("species", "standard_name", "pollutant", "kg_per_kg"),
            "standard_name_source",
            "source",
            "year",
            "checked",
        ],
        orient="row",
    )
    rows = [("NFR", c, "", p, code, title, NFR + RECALLED, 2019) for c, p, code, title in NFR_ROAD]
    rows += [("NFR", "non_road", s, "", code, title, NFR + RECALLED, 2019) for s, code, _, title in MACHINES]
    rows += [("IPCC", c, "", p, code, title, IPCC + RECALLED, 2006) for c, p, code, title in IPCC_ROAD]
    rows += [("IPCC", "non_road", s, "", code, title, IPCC + RECALLED, 2006) for s, _, code, title in MACHINES]
    rows += [
        ("GNFR", "", "", "electricity", "A_PublicPower", "Electricity used by vehicles", GNFR + RECALLED, 2014),
        ("GNFR", "non_road", "", "", "I_Offroad", "Off-road machinery", GNFR + RECALLED, 2014),
        ("GNFR", "", "", "", "F_RoadTransport", "Road transport", GNFR + RECALLED, 2014),
    ]
    sectors = pl.DataFrame(
        rows, schema=["scheme", "category", "stream", "process", "code", "title", "source", "year"], orient="row"
    )
    return {
        "gridded_species.csv": species.with_columns(unit=pl.lit("kg of the species per kg of the pollutant")),
        "sector_codes.csv": sectors.with_columns(unit=pl.lit("code"), checked=pl.lit("no")),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
