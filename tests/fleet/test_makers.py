"""Certifications, makers' aftertreatment and standards before their time."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.fleet import Fleet, check_file, coverage_table
from fleet_planner.fleet.check import EARLY_YEARS
from fleet_planner.fleet.dates import earliest_years
from fleet_planner.fleet.vocabulary import hot_keys
from fleet_planner.reference import reference_table

HEADER = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,standard,certification,aftertreatment,make,stream,km_per_year"
)


def checked(folder: Path, *rows: str, country: str = "EU") -> Fleet:
    path = folder / "registry.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return check_file(path, country=country, year=2024)


@pytest.mark.parametrize(
    ("standard", "made", "make", "expected", "rule"),
    [
        ("euro_IV", "", "SCANIA", "EGR", "make Scania"),
        ("euro_IV", "", "scania", "EGR", "make Scania"),
        ("euro_IV", "SCR", "SCANIA", "SCR", "given"),
        ("euro_V", "", "Scania", "SCR", "default"),  # both were usual
        ("euro_V", "", "MAN", "EGR", "make MAN"),
        ("euro_V", "", "Mercedes-Benz", "SCR", "make Mercedes-Benz"),
        ("euro_VI_abc", "", "MAN", "DPF+SCR", "only"),
        ("euro_IV", "", "Nobody", "SCR", "default"),
    ],
)
def test_aftertreatment_by_maker(tmp_path: Path, standard: str, made: str, make: str, expected: str, rule: str) -> None:
    year = 2007 if standard == "euro_IV" else 2015
    fleet = checked(tmp_path, f"a,heavy_truck,diesel,16000,{year},{standard},,{made},{make},rigid_truck,1000")
    row = fleet.vehicles.row(0, named=True)
    assert row["aftertreatment"] == expected
    assert row["rule"].endswith(f"aftertreatment:{rule}")


def test_makers_name_technologies_of_the_factor_table() -> None:
    table = reference_table("aftertreatment_makes.csv")
    on = ["category", "fuel", "standard", "aftertreatment"]
    assert table.join(hot_keys().select(on).unique(), on=on, how="anti").is_empty()
    assert not table.select("region", "make", "category", "fuel", "standard").is_duplicated().any()


def test_american_engines_of_the_same_maker_had_another_concept(tmp_path: Path) -> None:
    row = "a,heavy_truck,diesel,16000,2005,euro_IV,,,VOLVO,rigid_truck,1000"
    assert checked(tmp_path, row).vehicles["aftertreatment"].to_list() == ["SCR"]
    assert checked(tmp_path, row, country="US-CA").vehicles["aftertreatment"].to_list() == ["EGR"]


@pytest.mark.parametrize(
    ("standard", "certification", "expected", "rule"),
    [
        ("", "euro_V", "euro_V", "certification"),
        ("", "国四", "euro_IV", "certification CN China IV, same"),
        ("euro_III", "euro_V", "euro_III", "given"),
        ("", "", "euro_IV", "CN 2013"),
    ],
)
def test_a_certification_goes_before_the_model_year(
    tmp_path: Path, standard: str, certification: str, expected: str, rule: str
) -> None:
    row = f"a,bus,diesel,17500,2014,{standard},{certification},,,urban_bus,1000"
    fleet = checked(tmp_path, row, country="CN")
    found = fleet.vehicles.row(0, named=True)
    assert found["standard"] == expected
    assert f"standard:{rule};" in found["rule"]
    assert any(f.code == "fleet.standard_certified" for f in fleet.findings) == rule.startswith("certification")
    assert any(f.code == "fleet.standard_by_year" for f in fleet.findings) == (rule == "CN 2013")


def test_coverage_counts_makers_as_rule_and_certificates_as_exact(tmp_path: Path) -> None:
    rows = [
        "a,heavy_truck,diesel,16000,2007,euro_IV,,,MAN,rigid_truck,1000",
        "b,bus,cng,,2014,,euro_V,,,urban_bus,1000",
    ]
    table = coverage_table(checked(tmp_path, *rows))
    assert dict(table.select("how", "rows").iter_rows()) == {
        "1 exactly as given": 0,
        "2 by rule": 2,
        "3 by a default": 0,
        "4 rejected": 0,
    }


def test_no_standard_comes_long_before_any_region_has_it(tmp_path: Path) -> None:
    first = dict(earliest_years().filter(pl.col("category") == "bus").select("standard", "first_year").iter_rows())
    assert first["euro_VI_abc"] == 2010  # the United States
    edge = first["euro_VI_abc"] - EARLY_YEARS
    rows = [f"{y},bus,diesel,17500,{y},euro_VI_abc,,,,urban_bus,1000" for y in (edge, edge - 1)]
    fleet = checked(tmp_path, *rows)
    assert fleet.vehicles["model_year"].to_list() == [edge]
    assert fleet.rejected.select("column", "value").rows() == [("standard", f"euro_VI_abc in {edge - 1}")]
