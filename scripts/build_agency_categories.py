"""Write the classes of vehicles that agencies report by.

Usage: python scripts/build_agency_categories.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

EMFAC = (
    "California Air Resources Board, EMFAC2021 vehicle classes with their limits of gross vehicle weight rating, as listed in "
    "the emission scripts of BEAM (Lawrence Berkeley National Laboratory; read): LDT to 6000 lb, MDV to 8500, LHD1 to 10000, "
    "LHD2 to 14000, T6 to 33000, T7 from 33001"
)
GUIDE = (
    "Ministry of Environmental Protection of China, technical guide of road vehicle emission inventories (2014), vehicle types by "
    "total mass, as kept in vein 1.5.0 on CRAN (read); their limits of length and seats are not looked at"
)
OWN = "own: machines beside the roads stand apart"
NON_ROAD = "non_road"
KG_PER_LB = 0.45359237


def _kg(pounds: float) -> float:
    return round(pounds * KG_PER_LB, 1)


# agency, code, category, streams, mass above kg, mass up to kg, English, Chinese; of the rows that fit the first counts
ROWS = [
    ("CARB", "LDA", "passenger_car", "", 0.0, None, "Passenger cars", "小客车"),
    ("CARB", "MCY", "l_category", "", 0.0, None, "Motorcycles", "摩托车"),
    ("CARB", "LDT1-2", "light_commercial", "", 0.0, _kg(6000), "Light-duty trucks, up to 6,000 lb", "轻型卡车（6000磅及以下）"),
    ("CARB", "MDV", "light_commercial", "", _kg(6000), _kg(8500), "Medium-duty trucks, up to 8,500 lb", "中型卡车（8500磅及以下）"),
    ("CARB", "LHD1", "light_commercial|heavy_truck", "", 0.0, _kg(10000), "Light heavy-duty trucks, up to 10,000 lb", "轻重型货车（10000磅及以下）"),
    ("CARB", "LHD2", "light_commercial|heavy_truck", "", _kg(10000), _kg(14000), "Light heavy-duty trucks, up to 14,000 lb", "轻重型货车（14000磅及以下）"),
    ("CARB", "MHD", "heavy_truck", "", _kg(14000), _kg(33000), "Medium heavy-duty trucks, up to 33,000 lb", "中重型货车（33000磅及以下）"),
    ("CARB", "HHD", "heavy_truck", "", _kg(33000), None, "Heavy heavy-duty trucks, above 33,000 lb", "重型货车（33000磅以上）"),
    ("CARB", "UBUS", "bus", "urban_bus|minibus", 0.0, None, "Urban buses", "城市公交车"),
    ("CARB", "SBUS", "bus", "school_bus", 0.0, None, "School buses", "校车"),
    ("CARB", "MCOACH", "bus", "coach", 0.0, None, "Motor coaches", "长途客车"),
    ("CARB", "OBUS", "bus", "", 0.0, None, "Other buses", "其他客车"),
    ("CARB", "OFFROAD", "non_road", "", 0.0, None, "Off-road machines", "非道路机械"),
    ("MEE", "taxi", "passenger_car", "taxi", 0.0, None, "Taxis", "出租客车"),
    ("MEE", "small_passenger", "passenger_car", "", 0.0, None, "Small passenger vehicles", "小型、微型载客汽车"),
    ("MEE", "motorcycle", "l_category", "", 0.0, None, "Motorcycles", "摩托车"),
    ("MEE", "transit_bus", "bus", "urban_bus", 0.0, None, "Transit buses", "公交客车"),
    ("MEE", "medium_passenger", "bus", "minibus", 0.0, None, "Medium passenger vehicles", "中型载客汽车"),
    ("MEE", "large_passenger", "bus", "", 0.0, None, "Large passenger vehicles", "大型载客汽车"),
    ("MEE", "mini_truck", "light_commercial", "", 0.0, 1800.0, "Mini trucks, up to 1.8 t", "微型载货汽车"),
    ("MEE", "light_truck", "light_commercial|heavy_truck", "", 0.0, 4499.9, "Light trucks, below 4.5 t", "轻型载货汽车"),
    ("MEE", "medium_truck", "light_commercial|heavy_truck", "", 4499.9, 11999.9, "Medium trucks, 4.5 to 12 t", "中型载货汽车"),
    ("MEE", "heavy_truck", "heavy_truck", "", 11999.9, None, "Heavy trucks, from 12 t", "重型载货汽车"),
    ("MEE", "non_road", "non_road", "", 0.0, None, "Off-road machines", "非道路移动机械"),
]  # fmt: skip
COLUMNS = ("agency", "code", "category", "streams", "mass_above_kg", "mass_up_to_kg", "title_en", "title_zh")


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    frame = pl.DataFrame(ROWS, schema=COLUMNS, orient="row")
    carb, beside = pl.col("agency") == "CARB", pl.col("category") == NON_ROAD
    source = pl.when(beside).then(pl.lit(OWN)).when(carb).then(pl.lit(EMFAC)).otherwise(pl.lit(GUIDE))
    year = pl.when(beside).then(2026).when(carb).then(2021).otherwise(2014)
    checked = pl.when(beside).then(pl.lit("no")).otherwise(pl.lit("yes"))
    return {"agency_categories.csv": frame.with_columns(source=source, year=year, unit=pl.lit("kg"), checked=checked)}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
