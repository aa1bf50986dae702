"""Write the packaged tables of non-road machines: factors, deterioration, loads, stages, categories.

Usage: python scripts/build_nonroad.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

GUIDEBOOK = (
    "EMEP/EEA air pollutant emission inventory guidebook 2019, chapter 1.A.4 non-road mobile machinery, "
    "Tier 3 baseline factors of diesel engines; recalled, to be checked"
)
DENMARK = (
    "Winther and Nielsen 2006, Fuel use and emissions from non-road machinery in Denmark, Environmental Project 1092, "
    "table 4 (row read), the guidebook's Tier 3 source"
)
LARGEST = "own choice: engines above 560 kW had no limit before Stage V; taken as of 130 to 560 kW, to be checked"
NONROAD = "US EPA, NONROAD 2008a as shipped with MOVES, {file} (read)"
EPA_LIFE = "US EPA, NONROAD, median life of diesel engines at full load by power; recalled, to be checked"
EPA_TAF = "US EPA, NONROAD NR-009d, transient adjustment factors of diesel engines; recalled, to be checked"
EPA_USE = "US EPA, NONROAD NR-005d, load factor and hours a year of diesel machines; recalled, to be checked"
OWN = "own estimate"

CLASSES = (0, 8, 19, 37, 56, 75, 130, 560, 100_000)
POLLUTANTS = ("NOx", "VOC", "CH4", "CO", "N2O", "NH3", "PM_exhaust", "BC", "fuel")
N2O, NH3 = 0.035, 0.002
READ = ("NOx", "VOC", "CO", "N2O", "NH3", "PM_exhaust", "fuel")
"""What the row that was read holds."""

SMALL = {
    "before_1981": (12.0, 5.0, 0.120, 7.0, 2.8, 1.540, 300),
    "1981_1990": (11.5, 3.8, 0.091, 6.0, 2.3, 1.265, 285),
    "1991_stage_I": (11.2, 2.5, 0.060, 5.0, 1.6, 0.880, 270),
    "stage_V": (6.08, 0.68, 0.016, 4.8, 0.4, 0.320, 270),
}
"""NOx, VOC, CH4, CO, PM, BC, fuel in g/kWh by stage; N2O and NH3 are the same for all."""

BASELINE = {
    (0, 8): SMALL,
    (8, 19): SMALL,
    (19, 37): {
        "before_1981": (18.0, 2.5, 0.060, 6.5, 2.0, 1.100, 300),
        "1981_1990": (18.0, 2.2, 0.053, 5.5, 1.4, 0.770, 281),
        "1991_stage_I": (9.8, 1.8, 0.043, 4.5, 1.4, 0.770, 262),
        "stage_II": (6.5, 0.6, 0.014, 2.2, 0.4, 0.320, 262),
        "stage_IIIA": (6.08, 0.6, 0.014, 2.2, 0.4, 0.320, 262),
        "stage_V": (3.81, 0.42, 0.010, 2.2, 0.015, 0.002, 262),
    },
    (37, 56): {
        "before_1981": (7.7, 2.4, 0.058, 6.0, 1.8, 0.990, 290),
        "1981_1990": (8.6, 2.0, 0.048, 5.3, 1.2, 0.660, 275),
        "1991_stage_I": (11.5, 1.5, 0.036, 4.5, 0.8, 0.440, 260),
        "stage_I": (7.7, 0.6, 0.014, 2.2, 0.4, 0.320, 260),
        "stage_II": (5.5, 0.4, 0.010, 2.2, 0.2, 0.160, 260),
        "stage_IIIA": (3.81, 0.4, 0.010, 2.2, 0.2, 0.160, 260),
        "stage_IIIB": (3.81, 0.28, 0.007, 2.2, 0.025, 0.020, 260),
        "stage_V": (3.81, 0.28, 0.007, 2.2, 0.015, 0.002, 260),
    },
    (56, 75): {
        "before_1981": (7.7, 2.4, 0.058, 6.0, 1.8, 0.990, 290),
        "1981_1990": (8.6, 2.0, 0.048, 5.3, 1.2, 0.660, 275),
        "1991_stage_I": (11.5, 1.5, 0.036, 4.5, 0.8, 0.440, 260),
        "stage_I": (7.7, 0.6, 0.014, 2.2, 0.4, 0.320, 260),
        "stage_II": (5.5, 0.4, 0.010, 2.2, 0.2, 0.160, 260),
        "stage_IIIA": (3.81, 0.4, 0.010, 2.2, 0.2, 0.160, 260),
        "stage_IIIB": (2.97, 0.28, 0.007, 2.2, 0.025, 0.020, 260),
        "stage_IV": (0.4, 0.28, 0.007, 2.2, 0.025, 0.020, 260),
        "stage_V": (0.4, 0.13, 0.003, 2.2, 0.015, 0.002, 260),
    },
    (75, 130): {
        "before_1981": (10.5, 2.0, 0.048, 5.0, 1.4, 0.770, 280),
        "1981_1990": (11.8, 1.6, 0.038, 4.3, 1.0, 0.550, 268),
        "1991_stage_I": (13.3, 1.2, 0.029, 3.5, 0.4, 0.220, 255),
        "stage_I": (8.1, 0.4, 0.010, 1.5, 0.2, 0.160, 255),
        "stage_II": (5.2, 0.3, 0.007, 1.5, 0.2, 0.160, 255),
        "stage_IIIA": (3.24, 0.3, 0.007, 1.5, 0.2, 0.160, 255),
        "stage_IIIB": (2.97, 0.13, 0.003, 1.5, 0.025, 0.020, 255),
        "stage_IV": (0.4, 0.13, 0.003, 1.5, 0.025, 0.020, 255),
        "stage_V": (0.4, 0.13, 0.003, 1.5, 0.015, 0.002, 255),
    },
    (130, 560): {
        "before_1981": (17.8, 1.5, 0.036, 2.5, 0.9, 0.450, 270),
        "1981_1990": (12.4, 1.0, 0.024, 2.5, 0.8, 0.400, 260),
        "1991_stage_I": (11.2, 0.5, 0.012, 2.5, 0.4, 0.200, 250),
        "stage_I": (7.6, 0.3, 0.007, 1.5, 0.2, 0.140, 250),
        "stage_II": (5.2, 0.3, 0.007, 1.5, 0.1, 0.070, 250),
        "stage_IIIA": (3.24, 0.3, 0.007, 1.5, 0.1, 0.070, 250),
        "stage_IIIB": (1.8, 0.13, 0.003, 1.5, 0.025, 0.018, 250),
        "stage_IV": (0.4, 0.13, 0.003, 1.5, 0.025, 0.018, 250),
        "stage_V": (0.4, 0.13, 0.003, 1.5, 0.015, 0.002, 250),
    },
    (560, 100_000): {
        "before_1981": (17.8, 1.5, 0.036, 2.5, 0.9, 0.450, 270),
        "1981_1990": (12.4, 1.0, 0.024, 2.5, 0.8, 0.400, 260),
        "1991_stage_I": (11.2, 0.5, 0.012, 2.5, 0.4, 0.200, 250),
        "stage_V": (3.5, 0.13, 0.003, 1.5, 0.045, 0.032, 250),
    },
}

STAGES = [
    ("before_1981", 0, 0, "Base", "conventional"),
    ("1981_1990", 1, 0, "T0", "conventional"),
    ("1991_stage_I", 2, 0, "T0", "conventional"),
    ("stage_I", 3, 1996, "T1", "euro_I"),
    ("stage_II", 4, 1999, "T2", "euro_II"),
    ("stage_IIIA", 5, 2005, "T3", "euro_III"),
    ("stage_IIIB", 6, 2008, "T4A", "euro_VI_abc"),
    ("stage_IV", 7, 2011, "T4", "euro_VI_abc"),
    ("stage_V", 8, 2017, "T4", "euro_VI_abc"),
]
"""Stage, its place in the order, first year it can be of, NONROAD technology of its ageing, road standard for shares."""

AGEING = {
    "Base": {"NOx": 0.024, "VOC": 0.047, "CO": 0.185, "PM_exhaust": 0.473},
    "T0": {"NOx": 0.024, "VOC": 0.047, "CO": 0.185, "PM_exhaust": 0.473},
    "T1": {"NOx": 0.024, "VOC": 0.036, "CO": 0.101, "PM_exhaust": 0.473},
    "T2": {"NOx": 0.009, "VOC": 0.034, "CO": 0.101, "PM_exhaust": 0.473},
    "T3": {"NOx": 0.008, "VOC": 0.027, "CO": 0.151, "PM_exhaust": 0.473},
    "T4A": {"NOx": 0.008, "VOC": 0.027, "CO": 0.151, "PM_exhaust": 0.473},
    "T4": {"NOx": 0.008, "VOC": 0.027, "CO": 0.151, "PM_exhaust": 0.473},
}
AGEING_FILES = {"NOx": "EXHNOX.DET", "VOC": "EXHTHC.DET", "CO": "EXHCO.DET", "PM_exhaust": "EXHPM.DET"}
LIFE_H = [(0, 37.3, 2500), (37.3, 223.7, 4667), (223.7, 100_000, 7000)]
"""Power from, to (kW: 50 and 300 horsepower), hours at full load that half of the engines reach."""

OLD, THIRD, NEW = "stage_II", "stage_IIIA", "stage_V"
LOADS = [
    (0.45, 1.0, OLD, {"NOx": 0.95, "VOC": 1.05, "CO": 1.53, "PM_exhaust": 1.23, "fuel": 1.01}),
    (0.45, 1.0, THIRD, {"NOx": 1.04, "VOC": 1.05, "CO": 1.53, "PM_exhaust": 1.47, "fuel": 1.01}),
    (0.0, 0.25, OLD, {"NOx": 1.10, "VOC": 2.29, "CO": 2.57, "PM_exhaust": 1.97, "fuel": 1.18}),
    (0.0, 0.25, THIRD, {"NOx": 1.21, "VOC": 2.29, "CO": 2.57, "PM_exhaust": 2.37, "fuel": 1.18}),
]
"""Load factor above, up to, last stage of the group, factor by pollutant; 1 for loads between and newer stages."""

STREAMS = [
    ("construction_machinery", "Construction machinery", "工程机械"),
    ("port_machinery", "Port and terminal machinery", "港口机械"),
    ("airport_machinery", "Airport ground support", "机场地面设备"),
    ("industrial_machinery", "Industrial machinery", "工业机械"),
    ("farm_machinery", "Farm machinery", "农业机械"),
]
CATEGORIES = [
    ("excavator", "construction_machinery", "Excavator", "挖掘机", 0.59, 1092),
    ("wheel_loader", "construction_machinery", "Wheel loader", "装载机", 0.59, 761),
    ("backhoe_loader", "construction_machinery", "Backhoe loader", "挖掘装载机", 0.21, 1135),
    ("bulldozer", "construction_machinery", "Bulldozer", "推土机", 0.59, 936),
    ("grader", "construction_machinery", "Grader", "平地机", 0.59, 962),
    ("roller", "construction_machinery", "Roller", "压路机", 0.59, 760),
    ("paver", "construction_machinery", "Paver", "摊铺机", 0.59, 821),
    ("skid_steer_loader", "construction_machinery", "Skid steer loader", "滑移装载机", 0.21, 818),
    ("mobile_crane", "construction_machinery", "Mobile crane", "起重机", 0.43, 990),
    ("off_highway_truck", "construction_machinery", "Off-highway truck", "非公路自卸车", 0.59, 1641),
    ("drill_rig", "construction_machinery", "Drill rig or piling rig", "打桩机", 0.43, 466),
    ("generator", "construction_machinery", "Generator set", "柴油发电机组", 0.43, 338),
    ("air_compressor", "construction_machinery", "Air compressor", "空气压缩机", 0.43, 815),
    ("other_construction", "construction_machinery", "Other construction machine", "其他工程机械", 0.59, 606),
    ("yard_tractor", "port_machinery", "Yard tractor", "集装箱牵引车", 0.39, 2000),
    ("reach_stacker", "port_machinery", "Reach stacker or top handler", "正面吊", 0.59, 2000),
    ("rubber_tyred_gantry", "port_machinery", "Rubber-tyred gantry crane", "轮胎吊", 0.20, 2500),
    ("harbour_crane", "port_machinery", "Mobile harbour crane", "港口移动式起重机", 0.43, 1500),
    ("other_port", "port_machinery", "Other port machine", "其他港口机械", 0.51, 1500),
    ("aircraft_tractor", "airport_machinery", "Aircraft tractor", "飞机牵引车", 0.54, 800),
    ("baggage_tractor", "airport_machinery", "Baggage tractor", "行李牵引车", 0.37, 1500),
    ("belt_loader", "airport_machinery", "Belt loader", "行李传送车", 0.34, 1300),
    ("cargo_loader", "airport_machinery", "Cargo loader", "升降平台车", 0.34, 1100),
    ("ground_power_unit", "airport_machinery", "Ground power unit", "地面电源车", 0.59, 1600),
    ("other_airport", "airport_machinery", "Other airport machine", "其他机场设备", 0.59, 732),
    ("forklift", "industrial_machinery", "Forklift", "叉车", 0.59, 1700),
    ("aerial_lift", "industrial_machinery", "Aerial lift", "高空作业平台", 0.21, 384),
    ("sweeper", "industrial_machinery", "Sweeper", "清扫机", 0.43, 1220),
    ("other_industrial", "industrial_machinery", "Other industrial machine", "其他工业机械", 0.43, 878),
    ("farm_tractor", "farm_machinery", "Farm tractor", "拖拉机", 0.59, 475),
    ("combine", "farm_machinery", "Combine harvester", "联合收割机", 0.59, 150),
]
OWN_USE = ("port_machinery", "airport_machinery")
"""Streams whose loads and hours are own estimates, but for the machines of NONROAD among them."""

WORDS = {
    "before_1981": (),
    "1981_1990": (),
    "1991_stage_I": ("none", "unregulated", "tier 0", "tier0", "国零", "无标准"),
    "stage_I": ("stage I", "stage 1", "I", "tier 1", "china I", "china 1", "国一", "国Ⅰ", "国I"),
    "stage_II": ("stage II", "stage 2", "II", "tier 2", "china II", "china 2", "国二", "国Ⅱ", "国II"),
    "stage_IIIA": ("stage IIIA", "stage 3A", "IIIA", "tier 3", "china III", "china 3", "国三", "国Ⅲ", "国III"),
    "stage_IIIB": ("stage IIIB", "stage 3B", "IIIB", "tier 4 interim", "tier 4i", "china IV", "china 4", "国四", "国Ⅳ", "国IV"),
    "stage_IV": ("stage IV", "stage 4", "IV", "tier 4 final", "tier 4f", "tier 4"),
    "stage_V": ("stage V", "stage 5", "V", "tier 5"),
}  # fmt: skip
REGIONS_OF_WORDS = (("tier", "US"), ("china", "CN"), ("国", "CN"), ("无", "CN"))

EU = "Directive 97/68/EC and its amendments, Regulation (EU) 2016/1628: placing on the market; recalled, to be checked"
EPA = "40 CFR 89.112 and 1039.101: first model year; recalled, to be checked"
CHINA = "GB 20891-2007 and GB 20891-2014 with its amendment of 2020 (HJ 1014-2020); recalled, to be checked"
DATES = {
    ("EU", EU): {
        (0, 8): {"stage_V": 2019},
        (8, 19): {"stage_V": 2019},
        (19, 37): {"stage_II": 2001, "stage_IIIA": 2007, "stage_V": 2019},
        (37, 56): {"stage_I": 1999, "stage_II": 2004, "stage_IIIA": 2008, "stage_IIIB": 2013, "stage_V": 2019},
        (56, 75): {"stage_I": 1999, "stage_II": 2004, "stage_IIIA": 2008, "stage_IIIB": 2012, "stage_IV": 2015, "stage_V": 2020},
        (75, 130): {"stage_I": 1999, "stage_II": 2003, "stage_IIIA": 2007, "stage_IIIB": 2012, "stage_IV": 2015, "stage_V": 2020},
        (130, 560): {"stage_I": 1999, "stage_II": 2002, "stage_IIIA": 2006, "stage_IIIB": 2011, "stage_IV": 2014, "stage_V": 2019},
        (560, 100_000): {"stage_V": 2019},
    },
    ("US", EPA): {
        (19, 37): {"stage_II": 2004, "stage_IIIA": 2008},
        (37, 56): {"stage_I": 1998, "stage_II": 2004, "stage_IIIA": 2008, "stage_IIIB": 2013},
        (56, 75): {"stage_I": 1998, "stage_II": 2004, "stage_IIIA": 2008, "stage_IIIB": 2012, "stage_IV": 2015},
        (75, 130): {"stage_I": 1997, "stage_II": 2003, "stage_IIIA": 2007, "stage_IIIB": 2012, "stage_IV": 2015},
        (130, 560): {"stage_I": 1996, "stage_II": 2003, "stage_IIIA": 2006, "stage_IIIB": 2011, "stage_IV": 2014},
    },
    ("CN", CHINA): {
        limits: {"stage_I": 2008, "stage_II": 2010, "stage_IIIA": 2017, "stage_IIIB": 2023}
        for limits in ((19, 37), (37, 56), (56, 75), (75, 130), (130, 560))
    },
}  # fmt: skip


def factor_rows() -> list[tuple[object, ...]]:
    """Return ``power_from_kw, power_to_kw, stage, pollutant, g_per_kwh, source, checked``."""
    rows: list[tuple[object, ...]] = []
    for (low, high), stages in BASELINE.items():
        for stage, (nox, voc, ch4, co, pm, bc, fuel) in stages.items():
            values = (nox, voc, ch4, co, N2O, NH3, pm, bc, float(fuel))
            read = high <= 19 and stage in {"before_1981", "1981_1990"}
            for pollutant, value in zip(POLLUTANTS, values, strict=True):
                sure = read and pollutant in READ
                guess = low >= 560 and stage != "stage_V"
                source = DENMARK if sure else LARGEST if guess else GUIDEBOOK
                rows.append((low, high, stage, pollutant, value, source, "yes" if sure else "no"))
    return rows


def word_rows() -> list[tuple[str, str, str]]:
    """Return ``word, region, stage``; the region is empty for the words of Europe."""
    out = []
    for stage, words in WORDS.items():
        for word in (stage, *words):
            region = next((r for start, r in REGIONS_OF_WORDS if word.startswith(start)), "")
            out.append((word, region, stage))
    return out


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    span = ["power_from_kw", "power_to_kw"]
    factors = pl.DataFrame(
        factor_rows(), schema=[*span, "stage", "pollutant", "g_per_kwh", "source", "checked"], orient="row"
    )
    stages = pl.DataFrame(
        STAGES, schema=["stage", "place", "first_year", "ageing_like", "shares_like"], orient="row"
    ).with_columns(
        source=pl.lit("own assignment of NONROAD's technologies and of road standards for NO2 and organic carbon"),
        year=2026,
        unit=pl.lit("-"),
        checked=pl.lit("no"),
    )
    ageing = pl.DataFrame(
        [
            (stage, pollutant, AGEING[like][pollutant], NONROAD.format(file=file))
            for stage, _, _, like, _ in STAGES
            for pollutant, file in AGEING_FILES.items()
        ],
        schema=["stage", "pollutant", "rise_per_life", "source"],
        orient="row",
    )
    loads = pl.DataFrame(
        [(low, high, stage, p, f) for low, high, stage, by in LOADS for p, f in by.items()],
        schema=["load_above", "load_to", "stage_to", "pollutant", "factor"],
        orient="row",
    )
    categories = pl.DataFrame(
        [(*row, OWN if row[1] in OWN_USE and row[0] != "other_airport" else EPA_USE) for row in CATEGORIES],
        schema=["category", "stream", "title_en", "title_zh", "load_factor", "hours_per_year", "source"],
        orient="row",
    )
    dates = pl.DataFrame(
        [
            (region, *limits, stage, year, source)
            for (region, source), classes in DATES.items()
            for limits, by in classes.items()
            for stage, year in by.items()
        ],
        schema=["region", *span, "stage", "first_model_year", "source"],
        orient="row",
    )
    return {
        "nonroad_factors.csv": factors.with_columns(year=2019, unit=pl.lit("g/kWh")),
        "nonroad_stages.csv": stages,
        "nonroad_stage_words.csv": _rest(
            pl.DataFrame(word_rows(), schema=["word", "region", "stage"], orient="row"),
            "own assignment by limit values: US tiers and China's stages to the nearest stage of the EU",
            2026,
            "-",
            "no",
        ),
        "nonroad_ageing.csv": ageing.with_columns(
            year=2008, unit=pl.lit("fraction per median life"), checked=pl.lit("yes")
        ),
        "nonroad_life.csv": _rest(
            pl.DataFrame(LIFE_H, schema=[*span, "median_life_h"], orient="row"), EPA_LIFE, 2010, "h at full load", "no"
        ),
        "nonroad_loads.csv": _rest(loads, EPA_TAF, 2010, "factor", "no"),
        "nonroad_categories.csv": categories.with_columns(
            year=2010, unit=pl.lit("fraction; h/year"), checked=pl.lit("no")
        ),
        "nonroad_streams.csv": _rest(
            pl.DataFrame(STREAMS, schema=["stream", "title_en", "title_zh"], orient="row"),
            "own grouping",
            2026,
            "-",
            "no",
        ),
        "nonroad_dates.csv": dates.with_columns(year=2020, unit=pl.lit("model year"), checked=pl.lit("no")),
        "nonroad_electric.csv": _rest(
            pl.DataFrame([("electricity", 0.82)], schema=["fuel", "shaft_per_plug"], orient="row"),
            "own estimate: charger 0.92, battery 0.97, motor and inverter 0.92",
            2026,
            "fraction",
            "no",
        ),
    }


def _rest(table: pl.DataFrame, source: str, year: int, unit: str, checked: str) -> pl.DataFrame:
    return table.with_columns(source=pl.lit(source), year=year, unit=pl.lit(unit), checked=pl.lit(checked))


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
