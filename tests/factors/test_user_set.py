"""Factors of the user's own: read, mended, refused; EMFAC's export and the EEA's workbook in their form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import channel
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.published.appendix4 import SHEET, read_appendix4
from fleet_planner.factors.published.emfac_export import read_emfac_export
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.published.user_read import read_user_factors, user_template
from fleet_planner.factors.published.user_set import evaluate_user, user_curves
from fleet_planner.factors.sets import user_overlay

HEAD = "category,fuel,segment,standard,pollutant,speed_from_kmh,speed_to_kmh,speed_kmh,ef_g_per_km,source,year"
BUS = ("bus", "diesel", "Urban Buses Standard 15 - 18 t", "euro_V", "SCR")


def written(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def frame(*keys: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(keys), schema=list(TECHNOLOGY), orient="row")


def test_the_template_is_a_table_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(user_template(), encoding="utf-8")
    table = read_user_factors(tmp_path / "t.csv")
    assert set(table.keys["form"]) == {"bins", "points", "rational"}


def test_bins_step_and_points_are_joined_by_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path / "f.csv",
        "bus,diesel,,euro_V,NOx,0,20,,10,own test,2024",
        "bus,diesel,,euro_V,NOx,20,60,,4,own test,2024",
        "bus,diesel,,euro_V,CO,,,10,3,own test,2024",
        "bus,diesel,,euro_V,CO,,,30,1,own test,2024",
    )
    table = read_user_factors(path)
    asked = pl.DataFrame(
        {
            "query": pl.Series(range(6), dtype=pl.UInt32),
            **{c: [v] * 6 for c, v in zip(("category", "fuel", "segment", "standard", "technology"), BUS, strict=True)},
            "pollutant": ["NOx", "NOx", "NOx", "CO", "CO", "VOC"],
            "mode": ["any"] * 6,
            "speed_kmh_value": [19.9, 20.0, 100.0, 20.0, 90.0, 20.0],
            "load_value": [0.5] * 6,
            "slope_value": [0.0] * 6,
        }
    )
    answer = evaluate_user(table, asked)
    assert answer["ef"].to_list()[:5] == pytest.approx([10.0, 4.0, 4.0, 2.0, 1.0])
    assert "VOC" in answer["error"][5]


def test_own_factors_go_before_the_guidebooks(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "bus,diesel,,euro_V,NOx,0,150,,7.5,own test,2024")
    sources = load_sources(grid_kg_per_kwh=0.5, overlays=user_overlay(path))
    table = compile_factors(
        frame(BUS, (*BUS[:3], "euro_III", "none")), sources, mild_conditions(), FactorOptions(scr=None)
    )
    c = channel("NOx", "hot", "urban:NOx")
    own = table.curves[table.blocks[table.block_of[0, c], 0, 1, 3]]
    np.testing.assert_allclose(own, 7.5, rtol=1e-12)
    other = table.curves[table.blocks[table.block_of[1, c], 0, 1, 3]]
    assert not np.isclose(other, 7.5).all()
    origins = table.origins.filter(pl.col("pollutant") == "NOx")["factor_set"].to_list()
    assert origins == ["user", "emep_eea_2019"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("tram,diesel,,,NOx,0,20,,1,s,2024", "column category"),
        ("bus,diesel,,euro_IX,NOx,0,20,,1,s,2024", "euro_IV"),
        ("bus,diesel,,,NOX,0,20,,1,s,2024", "NOx"),
        ("bus,diesel,,,NOx,0,20,,-1,s,2024", "must be in"),
        ("bus,diesel,,,NOx,0,20,,many,s,2024", "not a number"),
        ("bus,diesel,,,NOx,20,10,,1,s,2024", "must be above"),
        ("bus,diesel,,,NOx,0,20,15,1,s,2024", "either"),
        ("bus,diesel,,,NOx,0,20,,1,,2024", "is empty"),
    ],
)
def test_wrong_cells_are_named(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_user_factors(written(tmp_path / "f.csv", row))
    assert words in str(caught.value)
    assert "row 2" in str(caught.value)


def test_overlapping_bins_and_doubles_are_refused(tmp_path: Path) -> None:
    good = "bus,diesel,,,NOx,0,20,,1,s,2024"
    with pytest.raises(InputError, match="given twice"):
        read_user_factors(written(tmp_path / "f.csv", good, good))
    with pytest.raises(InputError, match="overlaps"):
        read_user_factors(written(tmp_path / "f.csv", good, "bus,diesel,,,NOx,15,30,,1,s,2024"))


EXPORT = """EMFAC2017 (v1.0.2) Emission Rates
Region Type: Air Basin
Region: South Coast
Calendar Year: 2020
Season: Annual
Units: miles/day for VMT; g/mile for RUNEX

Region,Calendar Year,Vehicle Category,Model Year,Speed,Fuel,Population,VMT,NOx_RUNEX,PM2.5_RUNEX,CO2_RUNEX
South Coast,2020,T7 Tractor,2014,30,Diesel,10,100,3.0,0.02,1500
South Coast,2020,T7 POLA,2014,30,Diesel,10,300,5.0,0.04,1700
South Coast,2020,T7 Tractor,Aggregate,60,Diesel,10,100,2.0,0.01,1400
South Coast,2020,LDA,2014,30,Gasoline,1000,9000,0.1,0.001,300
South Coast,2020,T7 Tractor,2014,Aggregate,Diesel,10,100,2.5,0.015,1450
"""


def test_emfacs_export_becomes_user_factors(tmp_path: Path) -> None:
    """Two categories of tractors, 100 and 300 miles: (3 x 100 + 5 x 300) / 400 = 4.5 g/mile = 2.796 g/km."""
    path = tmp_path / "rates.csv"
    path.write_text(EXPORT, encoding="utf-8")
    found = read_emfac_export(path)
    one = found.factors.filter(
        (pl.col("segment") == "Articulated 34 - 40 t")
        & (pl.col("pollutant") == "NOx")
        & pl.col("standard").is_not_null()
    ).row(0, named=True)
    assert one["ef_g_per_km"] == pytest.approx(4.5 / 1.609344)
    assert (one["speed_from_kmh"], one["speed_to_kmh"]) == pytest.approx((25 * 1.609344, 30 * 1.609344))
    energy = found.factors.filter((pl.col("pollutant") == "energy_MJ") & pl.col("standard").is_not_null())[
        "ef_g_per_km"
    ][0]
    assert energy == pytest.approx(1650 / 1.609344 / (1000 * 3.1695 / 42.695))
    assert found.skipped.rows() == [("no speed", 1)]
    out = tmp_path / "user.csv"
    out.write_text(found.factors.write_csv(), encoding="utf-8")
    truck = ("heavy_truck", "diesel", "Articulated 34 - 40 t", one["standard"], "DPF+SCR")
    curves = user_curves(read_user_factors(out), frame(truck), load_hot_table().grid_kmh, mild_conditions())
    assert {"NOx", "PM_exhaust", "energy_MJ"} <= set(curves.technologies[0].index)


def test_emfacs_cars_and_light_trucks_take_the_registry_s_standards(tmp_path: Path) -> None:
    """0.1 g/mile of a car of 2014 (Tier 2, read as Euro 4) and 0.04 of one of 2018 (Tier 3, Euro 6)."""
    rows = ["South Coast,2020,LDA,2018,30,Gasoline,1000,9000,0.04,0.001,280"]
    rows += [
        "South Coast,2020,LDT2,2003,30,Gasoline,1000,9000,0.5,0.002,400",
        "South Coast,2020,MCY,2014,30,Gasoline,1,1,1,0,1",
    ]
    rows += ["South Coast,2020,LDA,2018,30,Electricity,1000,9000,0,0,0"]
    path = tmp_path / "rates.csv"
    path.write_text(EXPORT + "\n".join(rows) + "\n", encoding="utf-8")
    found = read_emfac_export(path)
    nox = found.factors.filter(pl.col("pollutant") == "NOx").filter(pl.col("fuel") == "petrol")
    rates = {(s, t): ef for s, t, ef in nox.select("segment", "standard", "ef_g_per_km").iter_rows()}
    assert rates["Medium", "euro_4"] == rates["Small", "euro_4"] == pytest.approx(0.1 / 1.609344)
    assert rates["Medium", "euro_6abc"] == pytest.approx(0.04 / 1.609344)
    assert rates["N1-III", "euro_2"] == pytest.approx(0.5 / 1.609344)
    assert found.skipped.rows() == [("category MCY", 1), ("fuel Electricity", 1), ("no speed", 1)]
    out = tmp_path / "user.csv"
    out.write_text(found.factors.write_csv(), encoding="utf-8")
    read_user_factors(out)


def test_the_newer_exports_miles_weigh_the_rates(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(EXPORT.replace("Population,VMT,", "Population,Total VMT,"), encoding="utf-8")
    read = read_emfac_export(path).factors.filter(pl.col("category") == "heavy_truck")
    nox = read.filter((pl.col("pollutant") == "NOx") & pl.col("standard").is_not_null())
    assert nox["ef_g_per_km"].to_list() == pytest.approx([4.5 / 1.609344] * nox.height)
    assert nox.height


def test_an_export_of_several_years_is_refused_and_2020_may_be_written_2020_0(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(EXPORT.replace("South Coast,2020,T7 POLA", "South Coast,2020.0,T7 POLA"), encoding="utf-8")
    assert read_emfac_export(path).factors.height
    path.write_text(EXPORT.replace("South Coast,2020,T7 POLA", "South Coast,2030,T7 POLA"), encoding="utf-8")
    with pytest.raises(InputError, match="several calendar years: 2020, 2030"):
        read_emfac_export(path)


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no export"):
        read_emfac_export(written(tmp_path / "x.csv", "1,2"))


HEADER = (
    "Category", "Fuel", "Segment", "Euro Standard", "Technology", "Pollutant", "Mode", "Road Slope", "Load",
    "Min Speed [km/h]", "Max Speed [km/h]", "Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zita", "Hta",
    "Reduction Factor [%]", "EF [g/km] or ECF [MJ/km]", "Speed",
)  # fmt: skip


BOOK_BUS = ("Diesel", "Urban Buses Standard 15 - 18 t", "Euro VI A/B/C", "DPF+SCR")
BOOK_CURVE = (0.0025, -0.1, 10.0, 0.0, 0.0, 0.0, 2.0)


def workbook(path: Path, *rows: tuple[object, ...], header: tuple[str, ...] = HEADER) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    for row in (header, *rows):
        sheet.append(row)
    book.save(path)
    return path


def test_the_eeas_workbook_becomes_user_factors(tmp_path: Path) -> None:
    """EF = (a v2 + b v + g) / h x (1 - r): at 50 km/h (0.0025 x 2,500 - 0.1 x 50 + 10) / 2 x 0.8 = 4.5 g/km."""
    path = workbook(
        tmp_path / "Appendix 4 Emission Factors 2023.xlsx",
        ("Buses", *BOOK_BUS, "NOx", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, 20.0, 4.5, 50),
        ("Buses", *BOOK_BUS, "CO", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, 0.0, 9.9, 50),
        ("Buses", *BOOK_BUS, "FC", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, 0.0, 5.6, 50),
        (
            "Heavy Duty Trucks",
            "Diesel",
            "Rigid <=7,5 t",
            "Euro V",
            "SCR",
            "NOx",
            "",
            0,
            1,
            5,
            86,
            *BOOK_CURVE,
            20,
            4.5,
            50,
        ),
        (
            "Passenger Cars",
            "Petrol",
            "Mini",
            "Euro 6 d-temp",
            "GDI",
            "CH4",
            "Urban Peak",
            "",
            "",
            5,
            130,
            *BOOK_CURVE,
            0,
            5.6,
            50,
        ),
    )
    found = read_appendix4(path)
    assert found.reduction == "percent"
    assert found.skipped.rows() == [("pollutant FC", 1)]
    assert found.unlike["row"].to_list() == [3]
    assert found.factors["standard"].to_list() == ["euro_VI_abc", "euro_VI_abc", "euro_V", "euro_6d_temp"]
    assert found.factors["segment"][2] == "Rigid <=7.5 t"
    assert found.factors["mode"][3] == "urban_peak"
    out = tmp_path / "user.csv"
    out.write_text(found.factors.filter(pl.col("mode") == "").write_csv(), encoding="utf-8")
    curves = user_curves(
        read_user_factors(out),
        frame(("bus", "diesel", BOOK_BUS[1], "euro_VI_abc", "DPF+SCR")),
        np.array([3.0, 50.0, 140.0]),
        mild_conditions(),
    )
    nox = curves.curves[curves.technologies[0].index["NOx"][0, 1, 3]]
    assert nox[1] == pytest.approx(4.5)
    assert nox[2] == pytest.approx((0.0025 * 86**2 - 0.1 * 86 + 10.0) / 2.0 * 0.8)


def test_check_speed_in_the_header_tells_that_reductions_are_fractions(tmp_path: Path) -> None:
    """At 80 km/h (0.0025 x 6,400 - 0.1 x 80 + 10) / 2 = 9: 7.2 less a fifth, 45 with five times as much."""
    path = workbook(
        tmp_path / "a.xlsx",
        ("Buses", *BOOK_BUS, "NOx", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, 0.2, 7.2, 80),
        ("Buses", *BOOK_BUS, "CO", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, -4.0, 45.0, 80),
        header=(*HEADER[:-1], "80"),
    )
    found = read_appendix4(path)
    assert found.reduction == "fraction"
    assert found.unlike.is_empty()
    assert found.factors["reduction"].to_list() == pytest.approx([0.2, -4.0])


def test_an_increase_alone_is_no_percentage(tmp_path: Path) -> None:
    row = ("Buses", *BOOK_BUS, "CO", "", 0.0, 0.5, 5, 86, *BOOK_CURVE, -4.0)
    found = read_appendix4(workbook(tmp_path / "a.xlsx", row, header=HEADER[:-2]))
    assert found.reduction == "fraction"


def test_fuels_and_standards_without_a_place_are_skipped_by_name(tmp_path: Path) -> None:
    rest = ("", 0.0, 0.5, 5, 86, *BOOK_CURVE, 0.0, 5.6, 50)
    segment = BOOK_BUS[1]
    found = read_appendix4(
        workbook(
            tmp_path / "a.xlsx",
            ("Buses", "Diesel", segment, "Euro VI A/B/C", "DPF+SCR", "NOx", *rest),
            ("Buses", "Plutonium", segment, "Euro VI A/B/C", "DPF+SCR", "NOx", *rest),
            ("Buses", "Diesel", segment, "Euro XI", "DPF+SCR", "NOx", *rest),
        )
    )
    assert found.factors.height == 1
    assert [what.split()[0] for what in found.skipped["what"].sort()] == ["fuel", "standard"]


def test_what_is_no_workbook_or_lacks_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workbook cannot be read"):
        read_appendix4(written(tmp_path / "x.xlsx", "1,2"))
    book = openpyxl.Workbook()
    book.active.title = SHEET
    book.active.append(HEADER[:5])
    book.save(tmp_path / "y.xlsx")
    with pytest.raises(InputError, match="column is missing"):
        read_appendix4(tmp_path / "y.xlsx")
