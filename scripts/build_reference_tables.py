"""Turn a folder of collected reference figures into the packaged tables.

Usage: python scripts/build_reference_tables.py --from FOLDER [--check]

Each packaged row keeps its source, year, unit and whether the source was read (``checked``).
With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).resolve().parent.parent / "fleet_planner" / "reference"
GUIDEBOOK = "EMEP/EEA air pollutant emission inventory guidebook 2019, chapter 1.A.3.b"
HEAVY_ORDER = ("conventional", "euro_I", "euro_II", "euro_III", "euro_IV", "euro_V")
HEAVY_STANDARDS = {"PRE": "conventional", "I": "euro_I", "II": "euro_II", "III": "euro_III", "IV": "euro_IV"}
HEAVY_STANDARDS |= {"V": "euro_V", "VI": "euro_VI_abc"}
LIGHT_STANDARDS = {"PRE": "conventional", "I": "euro_1", "II": "euro_2", "III": "euro_3", "IV": "euro_4"}
LIGHT_STANDARDS |= {"V": "euro_5", "VI": "euro_6abc", "VIc": "euro_6d"}
FUELS = {"G": "petrol", "D": "diesel", "LPG": "lpg", "CNG": "cng"}
CATEGORIES = {
    "PC": ("passenger_car",),
    "LCV": ("light_commercial",),
    "HDV": ("heavy_truck", "bus"),
    "Motorcycle": ("l_category",),
}
ORGANIC_MATTER_PER_CARBON = 1.3
FUEL_CELL_EFFICIENCY = 0.5
FUEL_UNITS = "MJ/kg; kg/m3; kg/kg; atoms per atom of carbon"
ETHANOL_MJ_PER_KG = 26.8
ETHANOL_SOURCE = (
    "heating value: standard enthalpies of formation of ethanol, CO2 and steam (-277.6, -393.5, -241.8 kJ/mol); the "
    "28.8 in circulation is wrong; density recalled; carbon from its atoms"
)
DME_SOURCE = (
    "heating value: standard enthalpies of formation of liquid dimethyl ether, CO2 and steam (-203.4, -393.5, -241.8 "
    "kJ/mol, recalled); density recalled; carbon from its atoms"
)
HVO_MJ_PER_KG = 44.0
"""Regulation (EU) 2023/1805, annex II, as quoted by an open calculator's documentation."""

HEAVY_TRUCK = "heavy_truck"


def read(folder: Path, name: str) -> pl.DataFrame:
    """Read a table with every cell as the text that stands there."""
    return pl.read_csv(folder / name, infer_schema=False)


def hot(folder: Path) -> pl.DataFrame:
    """Hot exhaust coefficients, digits unchanged."""
    return read(folder, "emep_eea_hot_factors.csv.gz").select(
        "category", "fuel", "segment", "standard", "technology", "pollutant", "mode", "load", "slope",
        pl.col("v_min").alias("v_min_kmh"), pl.col("v_max").alias("v_max_kmh"),
        "a", "b", "g", "d", "e", "z", "h", "reduction", pl.col("v_check").alias("v_check_kmh"), "ef_check",
        pl.when(pl.col("pollutant") == "energy_MJ").then(pl.lit("MJ/km")).otherwise(pl.lit("g/km")).alias("unit"),
        pl.lit(f"{GUIDEBOOK}.i-iv, Appendix 4").alias("source"), pl.lit("2019").alias("year"), pl.lit("yes").alias("checked"),
    )  # fmt: skip


def poles(folder: Path) -> pl.DataFrame:
    """Known zeros of denominators inside the range."""
    return read(folder, "emep_eea_hot_poles.csv").with_columns(
        source=pl.lit("roots of the denominators of emep_eea_2019_hot.csv.gz"),
        year=pl.lit("2019"), unit=pl.lit("km/h"), checked=pl.lit("yes"),
    )  # fmt: skip


def fuels(folder: Path) -> pl.DataFrame:
    """Heating value, density, carbon, atoms of hydrogen and oxygen per atom of carbon."""
    table = read(folder, "fuel_properties.csv")
    confirmed = pl.col("status").str.contains("confirmed")
    published = table.select(
        "fuel", "lower_heating_mj_kg", "density_kg_m3", "co2_kg_per_kg", "h_to_c", "o_to_c",
        pl.lit(GUIDEBOOK + " (Tier 1 CO2; heating values)").alias("source"), pl.lit("2019").alias("year"),
        pl.lit(FUEL_UNITS).alias("unit"),
        pl.when(confirmed).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("checked"),
    )  # fmt: skip
    more = pl.DataFrame(_more_fuels(folder), schema=published.columns, orient="row")
    ethanol = pl.col("fuel") == "ethanol"
    heat = (
        pl.when(ethanol).then(pl.lit(f"{ETHANOL_MJ_PER_KG}")).otherwise(pl.col("lower_heating_mj_kg").cast(pl.String))
    )
    source = pl.when(ethanol).then(pl.lit(ETHANOL_SOURCE)).otherwise(pl.col("source"))
    return pl.concat([published.with_columns(heat.alias("lower_heating_mj_kg"), source.alias("source")), more])


def _more_fuels(folder: Path) -> list[tuple[str, ...]]:
    """Fuels that the guidebook's table has not; paraffins are C16H34 (H:C 2.125)."""
    given = {r["record_id"]: r for r in read(folder, "grid_and_fuels.csv").iter_rows(named=True)}
    hvo_co2 = f"{float(given['ttw_hvo']['value']) * HVO_MJ_PER_KG / 1000.0:.4f}"
    gtl_co2 = f"{44.011 / (12.011 + 1.00794 * 34.0 / 16.0):.4f}"
    lng = f"heating value: {given['lhv_lng_kg']['source']}; density recalled; carbon as of methane"
    heat = "heating value: Regulation (EU) 2023/1805, annex II, as quoted"
    hvo = f"{heat}; CO2: IPCC 2006 per MJ, recalled; H:C of C16H34"
    gtl = "heating value and density taken as of hydrotreated oil, to be checked; CO2 and H:C of C16H34"

    def density(record: str) -> str:
        return f"{1000.0 * float(given[record]['value']):.1f}"

    return [
        (
            "lng",
            given["lhv_lng_kg"]["value"],
            density("rho_lng"),
            "2.7433",
            "4.0",
            "0.0",
            lng,
            "1993",
            FUEL_UNITS,
            "no",
        ),
        ("hydrogen", given["lhv_h2"]["value"], "", "0.0", "", "", "recalled, to be checked", "2020", FUEL_UNITS, "no"),
        ("dme", "28.4", "667.0", "1.9106", "3.0", "0.5", DME_SOURCE, "2026", FUEL_UNITS, "no"),
        ("hvo", f"{HVO_MJ_PER_KG}", density("rho_hvo"), hvo_co2, "2.125", "0.0", hvo, "2023", FUEL_UNITS, "no"),
        ("gtl", f"{HVO_MJ_PER_KG}", density("rho_hvo"), gtl_co2, "2.125", "0.0", gtl, "2023", FUEL_UNITS, "no"),
    ]


def shares(folder: Path, name: str, value: str, scale: float, out: str) -> pl.DataFrame:
    """Shares of NO2 in NOx or of black carbon in exhaust particles, by category, fuel, standard."""
    rows = []
    for row in read(folder, name).iter_rows(named=True):
        light = row["vehicle"] != "HDV"
        standards = LIGHT_STANDARDS if light else HEAVY_STANDARDS
        if row["standard"] not in standards or row["fuel"] not in FUELS:
            continue
        share = float(row[value]) * scale
        key = (FUELS[row["fuel"]], standards[row["standard"]])
        rows += [(category, *key, share) for category in CATEGORIES[row["vehicle"]]]
    frame = pl.DataFrame(rows, schema=["category", "fuel", "standard", out], orient="row").unique(
        ["category", "fuel", "standard"], keep="first", maintain_order=True
    )
    return frame.with_columns(
        source=pl.lit("EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, tables of shares"),
        year=pl.lit(2016), unit=pl.lit("fraction"), checked=pl.lit("yes"),
    )  # fmt: skip


def organic_carbon(folder: Path) -> pl.DataFrame:
    """Shares of organic carbon in exhaust particles: organic matter over black carbon, less what is not carbon."""
    black = shares(folder, "emep_eea_bc_om_share.csv", "bc_percent_of_pm", 0.01, "bc_share")
    ratio = shares(folder, "emep_eea_bc_om_share.csv", "om_percent_of_bc", 0.01, "ratio")
    return black.with_columns(
        oc_share=(pl.col("bc_share") * ratio["ratio"] / ORGANIC_MATTER_PER_CARBON).round(6),
        source=pl.col("source") + "; organic carbon = organic matter / 1.3, recalled, to be checked",
        checked=pl.lit("no"),
    ).select("category", "fuel", "standard", "oc_share", "source", "year", "unit", "checked")


def non_exhaust(folder: Path) -> pl.DataFrame:
    """Parameters of tyre, brake and road wear."""
    table = read(folder, "emep_eea_non_exhaust.csv").filter(pl.col("process").is_in(["tyre", "brake", "road"]))
    return table.select(
        "process", "vehicle", "parameter", "value",
        pl.lit("EMEP/EEA guidebook 2019, chapter 1.A.3.b.vi-vii").alias("source"), pl.lit("2019").alias("year"),
        pl.lit("g/km or factor").alias("unit"), pl.lit("yes").alias("checked"),
    )  # fmt: skip


OTHER_SCOPE = "jp_official_2022"
"""Stack only and recalled, in the midst of years of the whole life cycle that were read: one scope for a region."""


def grids(folder: Path) -> pl.DataFrame:
    """Average CO2 of electricity by region."""
    table = read(folder, "grid_and_fuels.csv").filter(
        (pl.col("kind") == "grid_average") & (pl.col("carrier") == "electricity")
    )
    regions = {
        "Beijing": "CN-BJ", "China": "CN", "North China grid": "CN-NORTH", "South China grid": "CN-SOUTH",
        "East China grid": "CN-EAST", "CAMX (WECC California)": "US-CA", "US": "US", "South Korea": "KR",
        "Japan": "JP", "Tokyo (TEPCO area)": "JP-TK", "Los Angeles (LADWP area)": "US-CA-LA",
    }  # fmt: skip
    table = table.filter(pl.col("region").is_in(list(regions)) & (pl.col("record_id") != OTHER_SCOPE))
    direct = (pl.col("parameter") == "co2").cast(pl.Int8)
    picked = table.with_columns(rank=direct).sort("rank", descending=True, maintain_order=True)
    return picked.unique(["region", "year"], keep="first", maintain_order=True).select(
        pl.col("region").replace_strict(regions), pl.col("year").cast(pl.Int64),
        pl.col("value").cast(pl.Float64).alias("co2_kg_per_kwh"), pl.col("parameter").alias("scope"),
        pl.col("source").str.replace_all(r" \(find_string id \d+, opened\)", ""), "unit", "checked",
    ).sort("region", "year")  # fmt: skip


def electricity(folder: Path) -> pl.DataFrame:
    """Electricity use at the plug of battery-electric vehicles."""
    costs = {r["parameter"]: r for r in read(folder, "electrification_costs.csv").iter_rows(named=True)}

    def published(parameter: str) -> tuple[float, str, int, str]:
        row = costs[parameter]
        source = row["source"].removeprefix("OPENED: ")
        return float(row["value"]), source, int(row["year"]), "no" if "RECALLED" in row["source"] else "yes"

    plug = 1.0 / 0.9
    own = "own estimate from common catalogue values, charging loss 10 %: to be checked"
    e18, source18, year18, checked18 = published("beb_energy_18m_speed18kmh_T15C_load0.3_flat")
    rows = [
        ("bus", "Urban Buses Midi <=15 t", *published("beb_energy_8m_minload_incl_charging_loss")),
        ("bus", "Urban Buses Standard 15 - 18 t", *published("beb_energy_12m_minload_incl_charging_loss")),
        (
            "bus",
            "Urban Buses Articulated >18 t",
            round(e18 * plug, 3),
            source18 + "; charging loss 10 % added",
            year18,
            checked18,
        ),
        ("bus", "", *published("beb_energy_12m_minload_incl_charging_loss")),
        ("heavy_truck", "", 1.35, own, 2024, "no"),
        ("light_commercial", "", 0.33, own, 2024, "no"),
        ("passenger_car", "", 0.20, own, 2024, "no"),
        ("l_category", "", 0.06, own, 2024, "no"),
    ]
    schema = ["category", "segment", "kwh_per_km", "source", "year", "checked"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(unit=pl.lit("kWh/km at the plug"))


def hydrogen(folder: Path) -> pl.DataFrame:
    """Hydrogen use of fuel-cell vehicles: that of batteries, without the charging loss, over the fuel cell's efficiency."""
    mj_per_kg = next(float(kg) for fuel, kg, *_ in _more_fuels(folder) if fuel == "hydrogen")
    kg_per_plug_kwh = 0.9 / FUEL_CELL_EFFICIENCY * 3.6 / mj_per_kg
    heavy = electricity(folder).filter(pl.col("category").is_in(["bus", HEAVY_TRUCK]))
    return heavy.select(
        "category",
        "segment",
        (pl.col("kwh_per_km") * kg_per_plug_kwh).round(4).alias("kg_per_km"),
        pl.lit(
            "own estimate: electricity_use.csv without 10 % charging loss over 50 % efficiency of the fuel cell; "
            "fuel-cell buses of 12 m are said to use 0.08 to 0.09 (recalled, to be checked)"
        ).alias("source"),
        pl.lit(2026).alias("year"),
        pl.lit("no").alias("checked"),
        pl.lit("kg/km").alias("unit"),
    )


def nitrogen(folder: Path) -> pl.DataFrame:
    """N2O and NH3 of cars and vans: base x (a x odometer + b), by thermal state, road and band of fuel sulphur."""
    rows = []
    for row in read(folder, "emep_eea_n2o_nh3.csv").iter_rows(named=True):
        if row["vehicle"] not in {"PC", "LCV"} or row["standard"] not in LIGHT_STANDARDS:
            continue
        if row["state"] == "cold" and row["road"] != "urban":
            continue
        limits = [float(x) for x in re.findall(r"S <= ?(\d+)", row["form"])]
        bands = [*limits, 1e6] if limits else [1e6]
        for n, limit in enumerate(bands, start=1):
            base, a, b = (float(row[f"{k}{n}"]) for k in ("base", "a", "b"))
            if row["form"] == "ab":
                a, b = 0.0, 1.0
            capacity = "" if row["vehicle"] == "LCV" else row["class"]
            key = (CATEGORIES[row["vehicle"]][0], row["fuel"], LIGHT_STANDARDS[row["standard"]], capacity)
            road = "urban_cold" if row["state"] == "cold" else row["road"]
            rows.append((*key, row["pollutant"], road, limit, base, a, b))
    schema = ["category", "fuel", "standard", "capacity_cc", "pollutant", "road", "max_sulphur_ppm"]
    schema += ["base_g_per_km", "a_per_km", "b"]
    frame = pl.DataFrame(rows, schema=schema, orient="row").unique(schema[:7], keep="first", maintain_order=True)
    return frame.with_columns(
        source=pl.lit("EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, N2O and NH3 by cumulative mileage and sulphur"),
        year=pl.lit(2016), unit=pl.lit("g/km = base x (a x odometer km + b)"), checked=pl.lit("yes"),
    )  # fmt: skip


def standards(folder: Path) -> pl.DataFrame:
    """First model year of each emission standard by region, vehicle group and fuel."""
    # China and the United States have tables of their own
    regions = {"EU": "EU", "Japan": "JP", "Korea": "KR", "India": "IN"}
    rows = []
    for row in read(folder, "standards.csv").iter_rows(named=True):
        date = row["date_all_sales"] or row["date_new_types"]
        stage = row["stage"]
        if (
            row["jurisdiction"] not in regions
            or not row["copert_name"]
            or not date
            or "voluntary" in stage
            or "DPF" in stage
        ):
            continue
        if "7" in stage and row["jurisdiction"] == "EU":
            continue
        year, _, month = date.partition("-")
        first = int(year) + (1 if month and int(month[:2]) > 7 else 0)
        heavy = row["vehicle_group"].startswith("HD")
        fuel = "any" if heavy or row["fuel"] not in {"petrol", "diesel"} else row["fuel"]
        for group in ("heavy_truck", "bus") if heavy else ("passenger_car", "light_commercial"):
            checked = (
                "yes"
                if (row["checked"] == "yes" and "date" in (row["checked_what"] or ""))
                or "year" in (row["checked_what"] or "")
                else "no"
            )
            rows.append(
                (
                    row["jurisdiction"],
                    regions[row["jurisdiction"]],
                    group,
                    fuel,
                    row["copert_name"],
                    first,
                    date,
                    stage,
                    row["source"],
                    int(year),
                    "date",
                    checked,
                )
            )
    schema = [
        "jurisdiction",
        "region",
        "vehicle_group",
        "fuel",
        "standard",
        "first_model_year",
        "date",
        "legal_text",
        "source",
        "year",
        "unit",
        "checked",
    ]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.sort("region", "vehicle_group", "fuel", "first_model_year", maintain_order=True)


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return all packaged tables by file name."""
    return {
        "emep_eea_2019_hot.csv.gz": hot(folder),
        "emep_eea_2019_hot_poles.csv": poles(folder),
        "fuels.csv": fuels(folder),
        "no2_share.csv": shares(folder, "emep_eea_no2_share.csv", "no2_share", 1.0, "no2_share"),
        "bc_share.csv": shares(folder, "emep_eea_bc_om_share.csv", "bc_percent_of_pm", 0.01, "bc_share"),
        "oc_share.csv": organic_carbon(folder),
        "non_exhaust.csv": non_exhaust(folder),
        "n2o_nh3.csv": nitrogen(folder),
        "grid_factors.csv": grids(folder),
        "electricity_use.csv": electricity(folder),
        "hydrogen_use.csv": hydrogen(folder),
        "standards.csv": standards(folder),
    }


def packed(name: str, frame: pl.DataFrame) -> bytes:
    """Return the bytes of a packaged table; compressed ones without a time stamp."""
    empty = pl.col(pl.String)
    text = frame.with_columns(pl.when(empty == "").then(None).otherwise(empty).name.keep()).write_csv().encode()
    return gzip.compress(text, compresslevel=9, mtime=0) if name.endswith(".gz") else text


def write_or_check(made: dict[str, pl.DataFrame], *, check: bool) -> int:
    """Write the tables beside the packaged ones, or say which differ; return the exit status."""
    status = 0
    for name, frame in made.items():
        data, path = packed(name, frame), TARGET / name
        if check:
            same = path.is_file() and path.read_bytes() == data
            print(f"{name}: {'as packaged' if same else 'DIFFERS'}")
            status |= not same
        else:
            path.write_bytes(data)
            print(f"{name}: {frame.height} rows, {len(data):,} bytes")
    return status


def command(description: str | None, tables_from: Callable[[Path], dict[str, pl.DataFrame]]) -> int:
    """Write or check the tables that are made from a folder, as the command line says."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    return write_or_check(tables_from(arguments.folder), check=arguments.check)


def typed_command(description: str | None, tables_of: Callable[[], dict[str, pl.DataFrame]]) -> int:
    """Write or check tables whose figures are typed in their script, as the command line says."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true")
    return write_or_check(tables_of(), check=parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
