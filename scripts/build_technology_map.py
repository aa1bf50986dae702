"""Write the map between the emission standards of regions, the map of vehicle types and the range of stage VI.

Usage: python scripts/build_technology_map.py --from FOLDER [--check]

Dates come from the packaged tables of standards; what these do not hold stands below, marked as recalled. With
``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from build_reference_tables import write_or_check

TARGET = Path(__file__).resolve().parent.parent / "fleet_planner" / "reference"
DATED = ("standards.csv", "standards_europe.csv", "standards_china.csv", "standards_us.csv", "standards_more.csv")
GROUPS = {"heavy_truck": "heavy_duty", "passenger_car": "light_duty", "l_category": "motorcycle"}
REGIONS = ("EU", "CN", "CN-BJ", "US", "JP", "KR", "IN", "*")
EXACT = {"exact": "same", "close": "near", "exact from 2003": "same"}
RECALLED = "recalled, to be checked"
COLUMNS = (
    "region", "group", "fuel", "standard", "euro_equivalent", "exactness", "guide_stage", "from_year", "dates_in", "standard_id",
    "note", "source", "year", "unit", "checked",
)  # fmt: skip
STAGES = ("I", "II", "III", "IV", "V", "VI")
# region, group, fuel, standard, Euro, exactness, guide's stage, from year, note
MORE = (
    ("US-CA", "heavy_duty", "any", "Urban bus 1991 (CA)", "euro_II", "stand-in", "", 1991, "particle limit of 0.10 g/bhp-hr came first to buses"),
    ("US-CA", "heavy_duty", "any", "Urban bus 2004-06 (CA diesel path)", "euro_V", "stand-in", "", 2004, "NOx 0.5 g/bhp-hr"),
    ("US-CA", "heavy_duty", "any", "Optional low NOx", "euro_VI_de", "stand-in", "", 2015, "0.02 g/bhp-hr is a tenth of US 2010: scale NOx"),
    ("US-CA", "heavy_duty", "any", "Omnibus 2024", "euro_VI_de", "stand-in", "", 2024, "0.05 g/bhp-hr: scale NOx"),
    ("US-CA", "heavy_duty", "any", "Omnibus 2027", "euro_VI_de", "stand-in", "", 2027, "0.02 g/bhp-hr: scale NOx"),
    ("US-CA", "light_duty", "any", "LEV", "euro_3", "near", "", 1994, "phased in to 2003"),
    ("US-CA", "light_duty", "any", "LEV II", "euro_4", "near", "", 2004, "stricter than Euro 4 for NOx of diesel"),
    ("US-CA", "light_duty", "any", "LEV III", "euro_6abc", "near", "", 2015, "NMOG and NOx as one limit"),
    ("KR", "light_duty", "diesel", "Korea 2006 (Euro 4)", "euro_4", "same", "", 2006, "European limits for diesel"),
    ("KR", "light_duty", "diesel", "Korea 2011 (Euro 5)", "euro_5", "same", "", 2011, "European limits for diesel"),
    ("KR", "light_duty", "diesel", "Korea 2015 (Euro 6)", "euro_6abc", "same", "", 2015, "European limits for diesel"),
    ("KR", "light_duty", "petrol", "K-LEV", "euro_3", "near", "", 2003, "California's LEV"),
    ("KR", "light_duty", "petrol", "K-ULEV", "euro_4", "near", "", 2009, "California's fleet average"),
    ("IN", "light_duty", "any", "India 2000", "euro_1", "same", "", 2000, ""),
    ("IN", "light_duty", "any", "BS II", "euro_2", "same", "", 2005, "large cities from 2000 and 2001"),
    ("IN", "light_duty", "any", "BS III", "euro_3", "same", "", 2010, "large cities from 2005"),
    ("IN", "light_duty", "any", "BS IV", "euro_4", "same", "", 2017, "large cities from 2010"),
    ("IN", "light_duty", "any", "BS VI", "euro_6abc", "same", "", 2020, "from 2023 with on-road tests"),
    ("IN", "motorcycle", "any", "BS III", "euro_2", "near", "", 2010, "own test cycle"),
    ("IN", "motorcycle", "any", "BS IV", "euro_3", "near", "", 2017, ""),
    ("IN", "motorcycle", "any", "BS VI", "euro_5", "near", "", 2020, ""),
    ("CN", "motorcycle", "any", "before China 1", "conventional", "near", "PRE", 0, ""),
    ("CN", "motorcycle", "any", "China 1", "euro_1", "same", "I", 2003, ""),
    ("CN", "motorcycle", "any", "China 2", "euro_2", "same", "II", 2005, ""),
    ("CN", "motorcycle", "any", "China 3", "euro_3", "same", "III", 2010, "guide ends here for motorcycles"),
    ("CN", "motorcycle", "any", "China 4", "euro_4", "near", "IV", 2019, "not in the guide of 2014"),
    ("JP", "light_duty", "petrol", "Japan 1978", "euro_1", "near", "", 1978, "0.25 g/km NOx on 10 mode"),
    ("JP", "light_duty", "petrol", "Japan 2000 new short-term", "euro_3", "near", "", 2000, ""),
    ("JP", "light_duty", "petrol", "Japan 2005 new long-term", "euro_4", "near", "", 2005, ""),
    ("JP", "light_duty", "petrol", "Japan 2018 (WLTC)", "euro_6abc", "near", "", 2018, ""),
    ("JP", "light_duty", "diesel", "Japan 2018 (WLTC)", "euro_6abc", "near", "", 2018, ""),
)  # fmt: skip
NOTES = {
    ("CN", "China VI-a"): "limits of Euro VI with own particle number and on-board rules",
    ("CN", "China VI-b"): "limits of Euro VI with on-road tests and remote on-board reporting",
    ("CN", "China 6a"): "stricter than Euro 6 in fuel-neutral limits",
    ("CN", "China 6b"): "stricter than Euro 6: NOx 35 mg/km for every fuel, recalled",
}
# category, fuels, segments ("" any), stream, vehicle, type, guide's fuel, exactness, note
TYPES = (
    ("passenger_car", "petrol|lpg_bifuel_on_petrol|cng_bifuel_on_petrol", "", "", "passenger", "mini", "petrol", "covers", "guide's row of mini and small cars (up to 9 seats)"),
    ("passenger_car", "petrol|lpg_bifuel_on_petrol|cng_bifuel_on_petrol", "", "taxi", "passenger", "taxi", "petrol", "covers", ""),
    ("passenger_car", "diesel", "", "", "passenger", "mini", "diesel", "covers", "guide's row of mini and small cars (up to 9 seats)"),
    ("passenger_car", "lpg|lpg_bifuel_on_lpg|cng|cng_bifuel_on_cng", "", "", "passenger", "small", "other", "covers", "guide's other fuels"),
    ("passenger_car", "lpg|lpg_bifuel_on_lpg|cng|cng_bifuel_on_cng", "", "taxi", "passenger", "taxi", "other", "covers", "guide's other fuels"),
    ("light_commercial", "petrol", "N1-I", "", "truck", "mini", "petrol", "covers", "up to 1.8 t and 3.5 m"),
    ("light_commercial", "petrol", "N1-II|N1-III", "", "truck", "light", "petrol", "covers", "under 4.5 t and 6 m"),
    ("light_commercial", "diesel", "N1-I", "", "truck", "light", "diesel", "near", "mini diesel trucks have no row of their own"),
    ("light_commercial", "diesel", "N1-II|N1-III", "", "truck", "light", "diesel", "covers", "under 4.5 t and 6 m"),
    ("heavy_truck", "diesel", "Rigid <=7.5 t", "", "truck", "medium", "diesel", "near", "3.5 to 4.5 t would be light in the guide"),
    ("heavy_truck", "diesel", "Rigid 7.5 - 12 t", "", "truck", "medium", "diesel", "covers", "4.5 t to under 12 t"),
    ("heavy_truck", "diesel", "Rigid 12 - 14 t|Rigid 14 - 20 t|Rigid 20 - 26 t|Rigid 26 - 28 t|Rigid 28 - 32 t|Rigid >32 t", "", "truck", "heavy", "diesel", "covers", "12 t and more"),
    ("heavy_truck", "diesel", "Articulated 14 - 20 t|Articulated 20 - 28 t|Articulated 28 - 34 t|Articulated 34 - 40 t|Articulated 40 - 50 t|Articulated 50 - 60 t", "", "truck", "heavy", "diesel", "covers", "12 t and more; the guide has no row for tractors"),
    ("heavy_truck", "petrol", "", "", "truck", "medium", "petrol", "near", "the guidebook has one petrol truck segment over 3.5 t"),
    ("bus", "diesel", "Urban Buses Midi <=15 t|Urban Buses Standard 15 - 18 t|Urban Buses Articulated >18 t", "", "passenger", "bus", "diesel", "covers", "public buses of any size"),
    ("bus", "diesel", "Coaches Standard <=18 t|Coaches Articulated >18 t", "", "passenger", "large_bus", "diesel", "covers", "from 6 m or 20 seats"),
    ("bus", "petrol", "", "", "passenger", "bus", "petrol", "covers", "public buses"),
    ("bus", "cng|lng|lpg", "", "", "passenger", "bus", "other", "covers", "guide's other fuels"),
    ("l_category", "petrol", "Motorcycles 2-stroke >50 cc|Motorcycles 4-stroke <250 cc|Motorcycles 4-stroke 250 - 750 cc|Motorcycles 4-stroke >750 cc", "", "passenger", "motorcycle", "petrol", "covers", ""),
    ("l_category", "petrol", "Mopeds 2-stroke <50 cc|Mopeds 4-stroke <50 cc", "", "passenger", "moped", "petrol", "covers", ""),
    ("l_category", "petrol", "Quad & ATVs", "", "passenger", "motorcycle", "petrol", "near", "not in the guide"),
)  # fmt: skip
# group, pollutant, low, high: times the EMEP/EEA Euro 6 or VI curve
STAGE_VI = (
    ("heavy_duty", "NOx", 0.5, 4.0, "on-road conformity below, tampered or cold SCR above"),
    ("heavy_duty", "CO", 0.5, 2.0, ""),
    ("heavy_duty", "VOC", 0.5, 2.0, ""),
    ("heavy_duty", "PM_exhaust", 0.5, 3.0, "a cracked or removed filter above"),
    ("light_duty", "NOx", 0.3, 1.5, "stage 6b halves the petrol limit of Euro 6"),
    ("light_duty", "CO", 0.5, 1.5, "stage 6b halves the limit of Euro 6"),
    ("light_duty", "VOC", 0.5, 1.5, ""),
    ("light_duty", "PM_exhaust", 0.5, 2.0, ""),
    ("motorcycle", "NOx", 0.5, 2.0, ""),
    ("motorcycle", "CO", 0.5, 2.0, ""),
    ("motorcycle", "VOC", 0.5, 2.0, ""),
    ("motorcycle", "PM_exhaust", 0.5, 2.0, ""),
)


def dated(folder: Path) -> pl.DataFrame:
    """Rows of the packaged tables of standards with what the collected table says of the match."""
    collected = pl.read_csv(folder / "standards.csv", infer_schema=False).with_columns(
        region=pl.col("jurisdiction").replace({"China": "CN", "Beijing": "CN-BJ", "US EPA": "US", "Japan": "JP", "Korea": "KR", "India": "IN"}),
        heavy=pl.col("vehicle_group").str.starts_with("HD"),
    ).select("region", "heavy", pl.col("stage").alias("legal_text"), pl.col("copert_name").alias("standard"), "standard_id", "match_quality", "china_guide_name")  # fmt: skip
    collected = collected.unique(["region", "heavy", "legal_text", "standard"], keep="first", maintain_order=True)
    frames = []
    for name in DATED:
        table = pl.read_csv(TARGET / name, infer_schema=False).with_columns(dates_in=pl.lit(name))
        frames.append(table.filter(pl.col("region").is_in(REGIONS) & pl.col("vehicle_group").is_in(list(GROUPS))))
    rows = pl.concat(frames).unique(
        ["region", "vehicle_group", "fuel", "legal_text", "standard"], keep="last", maintain_order=True
    )
    return rows.with_columns(heavy=pl.col("vehicle_group") == "heavy_truck").join(
        collected, on=["region", "heavy", "legal_text", "standard"], how="left", maintain_order="left"
    )  # fmt: skip


def exactness(row: dict[str, str | None]) -> str:
    """Return how well the Euro standard matches: same limits, near, or a stand-in."""
    quality = row["match_quality"] or ""
    if row["region"] == "EU" or quality.startswith(("limits equal", "as national")):
        return "near" if "VI" in (row["legal_text"] or "") and row["region"] != "EU" else "same"
    return EXACT.get(quality, "stand-in" if quality else "near")


def stage(row: dict[str, str | None]) -> str:
    """Return the stage in the Chinese guide, for China only."""
    if row["region"] not in {"CN", "CN-BJ"}:
        return ""
    if row["standard"] == "conventional":
        return "PRE"
    digits = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI"}
    word = (row["standard"] or "").split("_")[1]
    return word if word in STAGES else digits[word[0]]


def technology_map(folder: Path) -> pl.DataFrame:
    """Euro equivalents of every region's standards."""
    rows = [
            {
                "region": row["region"], "group": GROUPS[row["vehicle_group"]], "fuel": row["fuel"],
                "standard": row["legal_text"], "euro_equivalent": row["standard"], "exactness": exactness(row),
                "guide_stage": stage(row), "from_year": row["first_model_year"], "dates_in": row["dates_in"],
                "standard_id": row["standard_id"] or "", "note": NOTES.get((row["region"], row["legal_text"]), ""),
                "source": row["source"], "year": row["year"], "unit": "model year", "checked": row["checked"],
            }
        for row in dated(folder).iter_rows(named=True)
    ]  # fmt: skip
    rows += [
            {
                "region": region, "group": group, "fuel": fuel, "standard": standard, "euro_equivalent": euro,
                "exactness": exact, "guide_stage": guide, "from_year": str(year), "dates_in": "", "standard_id": "",
                "note": note, "source": RECALLED, "year": str(year or 2000), "unit": "model year", "checked": "no",
            }
        for region, group, fuel, standard, euro, exact, guide, year, note in MORE
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))


def type_map() -> pl.DataFrame:
    """Vehicle types of the Chinese guide for the categories and segments of the guidebook."""
    rows = [
        (category, fuel, segment, stream, vehicle, kind, china_fuel, exact, note)
        for category, fuels, segments, stream, vehicle, kind, china_fuel, exact, note in TYPES
        for fuel in fuels.split("|")
        for segment in segments.split("|")
    ]
    names = ["category", "fuel", "segment", "stream", "china_vehicle", "china_type", "china_fuel", "exactness", "note"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        source=pl.lit("own assignment by the guide's definitions of length and total mass"), year=pl.lit("2014"),
        unit=pl.lit("-"), checked=pl.lit("no"),
    )  # fmt: skip


def stage_vi() -> pl.DataFrame:
    """Range of stage VI as a multiple of the EMEP/EEA factor that stands in."""
    rows = [(g, p, "emep_eea_2019", f"{low:g}", f"{high:g}", note) for g, p, low, high, note in STAGE_VI]
    names = ["group", "pollutant", "stand_in_set", "low", "high", "note"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        source=pl.lit("own estimate, to be checked"), year=pl.lit("2026"),
        unit=pl.lit("multiple of the stand-in's factor"), checked=pl.lit("no"),
    )  # fmt: skip


def main() -> int:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    made = {
        "technology_map.csv": technology_map(arguments.folder),
        "china_type_map.csv": type_map(),
        "china_guide_2014_stage_vi.csv": stage_vi(),
    }
    return write_or_check(made, check=arguments.check)


if __name__ == "__main__":
    sys.exit(main())
