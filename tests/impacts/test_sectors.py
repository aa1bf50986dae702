"""Emissions under the codes of reporting schemes."""

from __future__ import annotations

import polars as pl
import pytest

from fleet_planner.impacts.sectors import by_sector, sector_codes

ROWS = pl.DataFrame(
    [
        ("car", "passenger_car", "NOx", "hot", 5.0),
        ("car", "passenger_car", "NOx", "cold", 1.0),
        ("car", "passenger_car", "NMVOC", "evaporation", 2.0),
        ("van", "light_commercial", "NOx", "idling", 0.5),
        ("urban_bus", "bus", "NOx", "hot", 7.0),
        ("rigid_truck", "heavy_truck", "NOx", "hot", 3.0),
        ("rigid_truck", "heavy_truck", "CO2", "urea", 0.2),
        ("rigid_truck", "heavy_truck", "CO2", "lubricant", 0.05),
        ("motorcycle", "l_category", "CO2", "lubricant", 0.02),
        ("rigid_truck", "heavy_truck", "PM2.5_non_exhaust", "brake", 0.3),
        ("rigid_truck", "heavy_truck", "PM2.5_non_exhaust", "road", 0.1),
        ("motorcycle", "l_category", "CO", "hot", 9.0),
        ("urban_bus", "bus", "CO2_grid", "electricity", 4.0),
        ("port_machinery", "non_road", "NOx", "hot", 6.0),
        ("farm_machinery", "non_road", "NOx", "hot", 1.5),
    ],
    schema=["stream", "category", "pollutant", "process", "value"],
    orient="row",
)


def value(table: pl.DataFrame, scheme: str, code: str, pollutant: str) -> float:
    return float(table.filter(scheme=scheme, code=code, pollutant=pollutant)["value"].sum())


def test_each_scheme_adds_up_to_all_that_is_emitted() -> None:
    table = by_sector(ROWS, sector_codes())
    for scheme in ("NFR", "GNFR", "IPCC"):
        sums = dict(table.filter(scheme=scheme).group_by("pollutant").agg(pl.col("value").sum()).iter_rows())
        want = dict(ROWS.group_by("pollutant").agg(pl.col("value").sum()).iter_rows())
        assert sums == pytest.approx(want)


def test_rows_fall_under_their_codes() -> None:
    table = by_sector(ROWS, sector_codes())
    assert value(table, "NFR", "1A3bi", "NOx") == 6.0
    assert value(table, "NFR", "1A3biii", "NOx") == 10.0
    assert value(table, "NFR", "1A3bv", "NMVOC") == 2.0
    assert value(table, "NFR", "1A3bvi", "PM2.5_non_exhaust") == 0.3
    assert value(table, "NFR", "1A3bvii", "PM2.5_non_exhaust") == 0.1
    assert value(table, "NFR", "1A3biii", "CO2") == 0.25  # urea and lubricant
    assert value(table, "IPCC", "1A3bvi", "CO2") == 0.2
    assert value(table, "NFR", "1A4cii", "NOx") == 1.5
    assert value(table, "GNFR", "I_Offroad", "NOx") == 7.5
    assert value(table, "GNFR", "A_PublicPower", "CO2_grid") == 4.0


def test_what_has_no_code_is_a_fault() -> None:
    codes = sector_codes().filter(pl.col("category") != "bus")
    with pytest.raises(LookupError, match="bus"):
        by_sector(ROWS, codes)


def test_lubricant_is_industrial_use_but_of_two_strokes_fuel() -> None:
    # 2006 IPCC Guidelines, volume 3, chapter 5.2: lubricants of engines are 2D1, those mixed into two-stroke fuel 1A
    table = by_sector(ROWS, sector_codes())
    assert value(table, "IPCC", "2D1", "CO2") == pytest.approx(0.05)
    assert value(table, "IPCC", "1A3biv", "CO2") == pytest.approx(0.02)
    assert value(table, "NFR", "1A3biii", "CO2") == pytest.approx(0.25)
