"""Write the packaged tables of cold start, degradation, evaporation, electric wear, lubricant, urea and lead.

Usage: python scripts/build_process_tables.py --from FOLDER [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from build_reference_tables import LIGHT_STANDARDS, read, write_or_check

CHAPTER = "EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv"
EVAPORATION = "EMEP/EEA guidebook 2009, chapter 1.A.3.b.v, Tier 2"
POLLUTANTS = {"CO": "CO", "NOx": "NOx", "HC": "VOC", "PM": "PM_exhaust", "FC": "energy_MJ"}
COLD_STANDARDS = {"euro_6": "euro_6abc", "euro_6c": "euro_6d"}
DIESEL_SLOPES = {"PM": -0.1, "FC": -0.008}
"""Circulating copies of the table have these two the wrong way round: at 0 degrees nothing shows, at 20 degrees fuel
would be negative and particles unchanged."""

RANGES = {"-5_10": (-5.0, 10.0), "0_15": (0.0, 15.0), "10_25": (10.0, 25.0), "20_35": (20.0, 35.0)}
ROAD_CO_LARGE = 0.868
"""Intercept of CO on roads, cars above 2 l, Euro 1 and 2: circulating copies repeat that of NOx (0.424), which does
not meet the row's own end value's neighbours; with 0.868 the factor is 1 near the mean mileage, as in all other rows."""


def cold_start(folder: Path) -> pl.DataFrame:
    """Ratio of cold to hot exhaust of cars and vans: form, coefficients, reduction of the cold fraction."""
    rows = []
    diesel = {}
    table = read(folder, "emep_eea_cold_ratio.csv")
    for row in table.iter_rows(named=True):
        if row["fuel"] == "diesel" and row["form"] == "T2" and row["standard"] == "conventional":
            diesel[row["pollutant"]] = row
    for row in table.iter_rows(named=True):
        standard = COLD_STANDARDS.get(row["standard"], row["standard"])
        source, checked = f"{CHAPTER}, cold-start ratios", "yes"
        used = row
        if row["fuel"] == "diesel":
            used = diesel[row["pollutant"]]  # one form for all diesel steps; later steps reduce the cold fraction
            if row["pollutant"] in DIESEL_SLOPES:
                used = used | {"b": str(DIESEL_SLOPES[row["pollutant"]])}
                source += "; slope after the guidebook, recalled: circulating copies swap those of PM and fuel"
                checked = "no"
        coefficients = [float(used[c]) if used[c] else None for c in "abcdefghi"]
        span = (float(row["v_min"]), float(row["v_max"]))
        key = (row["capacity_cc"], row["fuel"], standard, POLLUTANTS[row["pollutant"]])
        rows.append((*key, used["form"], float(row["scale"]), *coefficients, *span, source, 2016, "ratio", checked))
    schema = ["capacity_cc", "fuel", "standard", "pollutant", "form", "cold_fraction_scale", *"abcdefghi"]
    schema += ["v_min_kmh", "v_max_kmh", "source", "year", "unit", "checked"]
    frame = pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
    return frame.unique(["capacity_cc", "fuel", "standard", "pollutant"], keep="first", maintain_order=True)


def degradation(folder: Path) -> pl.DataFrame:
    """Mileage factors of petrol cars, in town (up to 19 km/h) and on roads (from 63 km/h)."""
    rows = []
    for row in read(folder, "emep_eea_degradation.csv").iter_rows(named=True):
        if row["standard"] not in LIGHT_STANDARDS:
            continue
        standard = LIGHT_STANDARDS[row["standard"]]
        if standard == "conventional":
            continue
        for place in ("urban", "road"):
            km, slope, intercept, end = (float(row[f"{place}_{c}"]) for c in ("km_max", "slope", "intercept", "at_max"))
            source, checked = f"{CHAPTER}, mileage degradation of petrol cars", "yes"
            if abs(slope * km + intercept - end) > 0.05 * end:
                intercept, end = ROAD_CO_LARGE, round(slope * km + ROAD_CO_LARGE, 3)
                source += "; intercept recalled from the guidebook: circulating copies repeat that of NOx"
                checked = "no"
            key = (row["capacity_cc"], standard, POLLUTANTS[row["pollutant"]], place)
            rows.append((*key, km, slope, intercept, end, source, 2016, "factor", checked))
    schema = ["capacity_cc", "standard", "pollutant", "place", "km_max", "slope_per_km", "intercept", "at_max"]
    return pl.DataFrame(rows, schema=[*schema, "source", "year", "unit", "checked"], orient="row")


def evaporation(folder: Path) -> pl.DataFrame:
    """Evaporated NMVOC by process, temperature range and canister."""
    rows = []
    for row in read(folder, "emep_eea_evaporative.csv").iter_rows(named=True):
        low, high = RANGES[row["temperature_range_c"]]
        unit = {"g/day": "g/day", "g/proced": "g/trip", "g/trip": "g/trip"}[row["unit"]]
        key = (row["vehicle"], row["capacity_cc"], row["process"], row["canister"], low, high)
        rows.append((*key, float(row["ef"]), EVAPORATION, 2009, unit, "yes"))
    schema = ["vehicle", "capacity_cc", "process", "canister", "temperature_from_c", "temperature_to_c", "ef"]
    frame = pl.DataFrame(rows, schema=[*schema, "source", "year", "unit", "checked"], orient="row")
    return frame.unique(schema[:6], keep="first", maintain_order=True)


def electric_wear(folder: Path) -> pl.DataFrame:
    """Wear of battery-electric vehicles over that of combustion ones, by process."""
    newer = {(r["parameter"], r["item"]): float(r["value"]) for r in read(
        folder, "emep_eea_2025_parameters.csv").iter_rows(named=True)}  # fmt: skip
    source = "EMEP/EEA guidebook 2023, update 2025, chapter 1.A.3.b.vi-vii: medium electric over medium combustion car"
    rows = []
    for process in ("tyre", "brake", "road"):
        car = [newer[f"{process}_tsp_g_km", f"passenger_car medium {kind}"] for kind in ("electric", "combustion")]
        ratio = round(car[0] / car[1], 4)
        rows.append(("passenger_car", process, ratio, source, 2025, "yes"))
        rows += [
            (category, process, ratio, f"{source}; taken over for this category", 2025, "no")
            for category in ("light_commercial", "l_category")
        ]
    buses = read(folder, "bus_non_exhaust_diesel_vs_electric.csv").filter(
        (pl.col("road") == "urban") & (pl.col("pollutant") == "PM2_5")
    )
    value = {(r["process"], r["vehicle"]): float(r["ef_mg_km"]) for r in buses.iter_rows(named=True)}
    names = {"tyre": "tyre", "brake": "brake", "road": next(p for p in buses["process"] if p.startswith("road"))}
    source = "Tivey and others 2022 (under development), urban PM2.5, battery-electric over Euro VI diesel bus"
    for process, name in names.items():
        ratio = round(value[name, "battery_electric_bus"] / value[name, "euro_VI_diesel_bus"], 4)
        if process == "brake":
            text = f"regenerative braking -60 % (-90 to -30), recalled, to be checked; {source}: {ratio}, without it"
            rows += [(category, process, 0.4, text, 2022, "no") for category in ("bus", "heavy_truck")]
            continue
        rows.append(("bus", process, ratio, source, 2022, "yes"))
        rows.append(("heavy_truck", process, ratio, f"{source}; taken over for trucks", 2022, "no"))
    schema = ["category", "process", "ratio", "source", "year", "checked"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(unit=pl.lit("fraction of combustion"))


def lubricant() -> pl.DataFrame:
    """Lubricant burnt, kg per 10,000 km, by category and age of the technology."""
    source = f"{CHAPTER}, table of lubricant oil consumption; recalled, to be checked"
    rows = [
        ("passenger_car", "conventional", 1.45), ("passenger_car", "", 1.28),
        ("light_commercial", "conventional", 1.45), ("light_commercial", "", 1.28),
        ("bus", "", 8.5), ("heavy_truck", "", 1.56), ("l_category", "", 0.43),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["category", "standard", "oil_kg_per_10000km"], orient="row")
    return frame.with_columns(
        co2_kg_per_kg_oil=pl.lit(3.12), source=pl.lit(source + "; carbon of oil from H:C 2.08"), year=pl.lit(2016),
        unit=pl.lit("kg per 10,000 km; kg CO2 per kg oil"), checked=pl.lit("no"),
    )  # fmt: skip


def urea() -> pl.DataFrame:
    """Urea solution used by SCR vehicles, per fuel, and its CO2."""
    source = f"{CHAPTER}: 5 to 7 % of the fuel at Euro V, 3 to 4 % at Euro VI; middle; recalled, to be checked"
    rows = [("euro_IV", 0.06), ("euro_V", 0.06), ("eev", 0.06), ("euro_VI_abc", 0.035), ("euro_VI_de", 0.035)]
    rows += [("euro_6abc", 0.02), ("euro_6d_temp", 0.02), ("euro_6d", 0.02)]
    frame = pl.DataFrame(rows, schema=["standard", "solution_kg_per_kg_fuel"], orient="row")
    own = "own estimate for cars and vans, to be checked"
    return frame.with_columns(
        co2_kg_per_kg_solution=pl.lit(0.2383),
        source=pl.when(pl.col("standard").str.starts_with("euro_6")).then(pl.lit(own)).otherwise(pl.lit(source))
        + "; CO2 from 32.5 % urea: 0.325 x 44 / 60",
        year=pl.lit(2016), unit=pl.lit("kg/kg"), checked=pl.lit("no"),
    )  # fmt: skip


def metals() -> pl.DataFrame:
    """Lead of fuels."""
    source = f"{CHAPTER}, Tier 1 lead of unleaded fuels; recalled, to be checked"
    frame = pl.DataFrame({"fuel": ["petrol", "diesel"], "pb_g_per_kg": [3.3e-5, 5.2e-5]})
    return frame.with_columns(source=pl.lit(source), year=pl.lit(2016), unit=pl.lit("g/kg"), checked=pl.lit("no"))


def particle_number(folder: Path) -> pl.DataFrame:
    """Solid particles above 23 nm of buses: constants by fuel, standard, aftertreatment.

    Gas buses are left out: their rows repeat those of diesel engines without filter, a hundred times what gas engines
    emit.
    """
    table = read(folder, "emep_eea_bus_fuel_and_spn.csv").filter(
        (pl.col("pollutant") == "SPN23") & (pl.col("fuel") != "cng")
    )
    standard = (
        pl.when(pl.col("standard") == "Conventional").then(pl.lit("conventional"))
        .when(pl.col("standard") == "VI").then(pl.lit("euro_VI_abc"))
        .otherwise(pl.format("euro_{}", "standard"))
    )  # fmt: skip
    one = table.select(
        pl.lit("bus").alias("category"), "fuel", standard.alias("standard"), pl.col("technology").alias("aftertreatment"),
        (pl.col("g").cast(pl.Float64) / pl.col("h").cast(pl.Float64) / 1e12).alias("spn23_1e12_per_km"),
    ).unique(maintain_order=True)  # fmt: skip
    if one.select("fuel", "standard", "aftertreatment").is_duplicated().any():
        raise ValueError("particle number differs within a technology")
    buses = one.with_columns(
        source=pl.lit("EMEP/EEA guidebook 2019, chapter 1.A.3.b.i-iv, Appendix 4, as transcribed in gtfs2emis"),
        year=pl.lit(2019), unit=pl.lit("1e12 particles per km"), checked=pl.lit("yes"),
    )  # fmt: skip
    return pl.concat([buses, _particles_of_vans(folder)])


def _particles_of_vans(folder: Path) -> pl.DataFrame:
    """Euro 7 vans of the update of 2025: one number for all segments."""
    table = read(folder, "emep_eea_2025_van_hot.csv").filter(pl.col("pollutant") == "SPN23")
    number = pl.col("g").cast(pl.Float64) / pl.col("h").cast(pl.Float64) / 1e12
    return table.select(
        "category", "fuel", "standard", pl.col("technology").alias("aftertreatment"),
        number.alias("spn23_1e12_per_km"),
        pl.lit("EMEP/EEA guidebook 2023, update 2025, chapter 1.A.3.b.i-iv, Appendix 4 (October 2025), as quoted in HAGRID (TUBS-IVS)").alias("source"),
        pl.lit(2025).alias("year"), pl.lit("1e12 particles per km").alias("unit"), pl.lit("yes").alias("checked"),
    ).unique(maintain_order=True)  # fmt: skip


EPEFE = "EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, fuel effects (EPEFE)"


def diesel_quality(folder: Path) -> pl.DataFrame:
    """Terms of the effect of diesel quality on emissions; the T95 term of heavy vehicles' CO is recalled."""
    recalled = (pl.col("vehicle") == "heavy_duty") & (pl.col("pollutant") == "CO") & (pl.col("term") == "t95")
    return read(folder, "emep_eea_diesel_fuel_effect.csv").select(
        "vehicle", "pollutant", "term", "coefficient", pl.lit(EPEFE).alias("source"), pl.lit(2016).alias("year"),
        pl.lit("term of the sum; sulphur: fraction per 100 ppm, and ppm").alias("unit"),
        pl.when(recalled).then(pl.lit("no")).otherwise(pl.lit("yes")).alias("checked"),
    )  # fmt: skip


def diesel_base_fuels(folder: Path) -> pl.DataFrame:
    """Diesel that the factors of a standard hold for."""
    return read(folder, "emep_eea_diesel_base_fuels.csv").with_columns(
        source=pl.lit(EPEFE), year=pl.lit(2016), unit=pl.lit("as the columns say"), checked=pl.lit("yes")
    )


def diesel_quality_range() -> pl.DataFrame:
    """Range of the tested fuels, widened to hold the base fuels; sulphur is not bounded by the tests."""
    rows = [
        ("density_kg_m3", 820.0, 860.0), ("pah_percent", 1.0, 9.0), ("cetane", 49.0, 58.0), ("t95_c", 320.0, 370.0),
        ("sulphur_ppm", 0.0, 2000.0),
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["property", "low", "high"], orient="row").with_columns(
        source=pl.lit("EPEFE test fuels; recalled, to be checked"), year=pl.lit(1995), unit=pl.lit("as named"),
        checked=pl.lit("no"),
    )  # fmt: skip


def tier1() -> pl.DataFrame:
    """Ranges of Europe's fleet means, g per kg of fuel: what a plausible fleet of its years lies in."""
    source = (
        f"{CHAPTER}, Tier 1 tables (fleet means of European countries, lowest and highest); recalled, to be checked"
    )
    rows = [
        ("passenger_car", "petrol", "CO", 49.0, 269.5), ("passenger_car", "diesel", "CO", 2.05, 8.19),
        ("light_commercial", "petrol", "CO", 68.7, 238.3), ("light_commercial", "diesel", "CO", 6.37, 11.71),
        ("heavy_truck", "diesel", "CO", 5.73, 10.57), ("bus", "diesel", "CO", 5.73, 10.57),
        ("passenger_car", "petrol", "NMVOC", 5.55, 34.42), ("passenger_car", "diesel", "NMVOC", 0.41, 1.88),
        ("light_commercial", "petrol", "NMVOC", 3.91, 26.08), ("light_commercial", "diesel", "NMVOC", 1.29, 1.96),
        ("heavy_truck", "diesel", "NMVOC", 1.33, 3.77), ("bus", "diesel", "NMVOC", 1.33, 3.77),
        ("passenger_car", "petrol", "NOx", 4.48, 29.89), ("passenger_car", "diesel", "NOx", 11.20, 13.88),
        ("light_commercial", "petrol", "NOx", 3.24, 25.46), ("light_commercial", "diesel", "NOx", 13.36, 18.43),
        ("heavy_truck", "diesel", "NOx", 28.34, 38.29), ("bus", "diesel", "NOx", 28.34, 38.29),
        ("passenger_car", "petrol", "PM_exhaust", 0.02, 0.04), ("passenger_car", "diesel", "PM_exhaust", 0.80, 2.64),
        ("light_commercial", "petrol", "PM_exhaust", 0.02, 0.03),
        ("light_commercial", "diesel", "PM_exhaust", 1.10, 2.99),
        ("heavy_truck", "diesel", "PM_exhaust", 0.61, 1.57), ("bus", "diesel", "PM_exhaust", 0.61, 1.57),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["category", "fuel", "pollutant", "low", "high"], orient="row")
    return frame.with_columns(source=pl.lit(source), year=pl.lit(2016), unit=pl.lit("g/kg fuel"), checked=pl.lit("no"))


def resuspension(folder: Path) -> pl.DataFrame:
    """Parameters of dust raised from paved roads."""
    table = read(folder, "emep_eea_non_exhaust.csv").filter(pl.col("process") == "resuspension")
    unit = pl.when(pl.col("parameter").str.starts_with("silt_g")).then(pl.lit("g/m2")).otherwise(pl.lit("factor"))
    return table.select(
        pl.col("vehicle").alias("traffic"), "parameter", pl.col("value").cast(pl.Float64),
        pl.lit("US EPA AP-42, section 13.2.1 (2011), equation 1 and table of silt loadings").alias("source"),
        pl.lit(2011).alias("year"), unit.alias("unit"), pl.lit("yes").alias("checked"),
    )  # fmt: skip


def share_stand_ins() -> pl.DataFrame:
    """Whose shares of NO2, black and organic carbon stand in for fuels without published ones; all own choices."""
    lubricant = "particles of spark-ignition gas engines are lubricant for the most part: those of a petrol van"
    lean = "lean-burn gas engine with an oxidation catalyst: like the diesel engine of its age"
    curves = "its curves are those of diesel"
    spark = "spark ignition with a three-way catalyst, like petrol"
    gas = ("cng", "lng", "lpg")
    rows = [
        *[("bus", f, "BC|OC", "light_commercial", "petrol", lubricant) for f in gas],
        *[("bus", f, "NO2", "bus", "diesel", lean) for f in gas],
        *[
            ("heavy_truck", f, "NO2|BC|OC", "heavy_truck", "diesel", curves)
            for f in (*gas, "dme", "petrol", "biodiesel")
        ],
        ("bus", "petrol", "NO2|BC|OC", "bus", "diesel", curves),
        ("bus", "biodiesel", "NO2|BC|OC", "bus", "diesel", "a diesel engine; the fuel's effect is in its curves"),
        ("passenger_car", "biodiesel", "NO2|BC|OC", "passenger_car", "diesel", curves),
        ("light_commercial", "biodiesel", "NO2|BC|OC", "light_commercial", "diesel", curves),
        *[("passenger_car", f, "BC|OC", "passenger_car", "petrol", spark) for f in ("cng", "lpg")],
        *[("light_commercial", f, "NO2|BC|OC", "light_commercial", "petrol", spark) for f in ("cng", "lpg")],
        ("l_category", "diesel", "NO2|BC|OC", "passenger_car", "diesel", "a small diesel engine like a car's"),
        ("l_category", "cng", "NO2|BC|OC", "l_category", "petrol", spark),
    ]
    names = ["category", "fuel", "quantities", "stand_in_category", "stand_in_fuel", "reason"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        source=pl.lit("own choice"), year=pl.lit(2026), unit=pl.lit("-"), checked=pl.lit("no")
    )


def neat_fuels() -> pl.DataFrame:
    """Fuels that take the place of all diesel, and the sulphur that their standard allows."""
    paraffin = "EN 15940, paraffinic diesel: sulphur at most 5.0 mg/kg; recalled, to be checked"
    ester = "EN 14214, fatty acid methyl esters: sulphur at most 10.0 mg/kg; recalled, to be checked"
    rows = [
        ("rd99", "hvo", 5.0, paraffin), ("gtl", "gtl", 5.0, paraffin),
        *((name, "biodiesel", 10.0, ester) for name in ("b100", "b100_emep", "b100_icct", "b100_palm")),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["measure_id", "fuel", "sulphur_ppm", "source"], orient="row")
    return frame.with_columns(year=pl.lit(2016), unit=pl.lit("ppm by mass"), checked=pl.lit("no"))


def main() -> int:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    tables = {
        "cold_start.csv": cold_start(folder), "degradation.csv": degradation(folder),
        "evaporation.csv": evaporation(folder), "electric_wear.csv": electric_wear(folder),
        "lubricant.csv": lubricant(), "urea.csv": urea(), "metals.csv": metals(),
        "particle_number.csv": particle_number(folder), "diesel_quality.csv": diesel_quality(folder),
        "diesel_base_fuels.csv": diesel_base_fuels(folder), "diesel_quality_range.csv": diesel_quality_range(),
        "resuspension.csv": resuspension(folder), "tier1_per_fuel.csv": tier1(), "neat_fuels.csv": neat_fuels(),
        "share_stand_ins.csv": share_stand_ins(),
    }  # fmt: skip
    return write_or_check(tables, check=arguments.check)


if __name__ == "__main__":
    sys.exit(main())
