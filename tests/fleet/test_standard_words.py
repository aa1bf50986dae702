"""Standards in the words of other regions: what each word means, and that a registry keeps the rule that read it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.cli.main import main
from fleet_planner.fleet import Fleet, check_file, coverage_table
from fleet_planner.fleet.vocabulary import words
from fleet_planner.reference.standard_words import EUROPE, GROUP_OF, find_standard, parts_of
from fleet_planner.reference.technology_map import load_technology_map
from fleet_planner.tables import finding_text

MAP = load_technology_map()
HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,standard,stream,km_per_year,share_inside,count"


def meaning(word: str, category: str, fuel: str = "diesel", year: int = 2022, regions: tuple[str, ...] = ()) -> str:
    found = find_standard(MAP, word, regions=regions, category=category, fuel=fuel, year=year)
    return found.euro if found else ""


@pytest.mark.parametrize(
    ("word", "bus", "car"),
    [
        ("china_5", "euro_V", "euro_5"),
        ("China V", "euro_V", "euro_5"),
        ("国五", "euro_V", "euro_5"),
        ("國Ⅴ", "euro_V", "euro_5"),  # the Roman numeral as one character is what is tested
        ("国五排放标准", "euro_V", "euro_5"),
        ("国六a", "euro_VI_abc", "euro_6abc"),
        ("国VIb", "euro_VI_de", "euro_6d"),
        ("cn6b", "euro_VI_de", "euro_6d"),
        ("bs6", "euro_VI_abc", "euro_6abc"),
        ("BS-IV", "euro_IV", "euro_4"),
        ("Bharat Stage III", "euro_III", "euro_3"),
        ("tier2", "", "euro_4"),
        ("Tier 3", "", "euro_6abc"),
        ("lev3", "", "euro_6abc"),
        ("LEVII", "", "euro_4"),
        ("jp_2009", "euro_V", "euro_5"),
        ("us_epa_2010", "euro_VI_abc", ""),
        ("epa 2007", "euro_V", ""),
        ("korea_2014", "euro_VI_abc", ""),
        ("china_9", "", ""),
        ("china", "", ""),
        ("tier", "", ""),
        ("5", "", ""),
        ("euro_9", "", ""),
        ("Euro V", "", ""),
        ("", "", ""),
    ],
)
def test_what_a_word_means(word: str, bus: str, car: str) -> None:
    assert (meaning(word, "bus"), meaning(word, "passenger_car")) == (bus, car)


def test_fuel_year_and_region_decide_between_steps() -> None:
    assert meaning("japan_2005", "passenger_car", "petrol") == "euro_4"
    assert meaning("k-ulev", "passenger_car", "petrol") == "euro_4"
    assert meaning("k-ulev", "passenger_car", "diesel") == ""
    assert [meaning("国六", "bus", year=year, regions=("CN",)) for year in (2019, 2022, 2023)] == [
        "euro_VI_abc",
        "euro_VI_abc",
        "euro_VI_de",
    ]
    # Beijing went to VI-b at once
    assert meaning("国六", "bus", year=2020, regions=("CN-BJ", "CN")) == "euro_VI_de"
    # without a region China's two answers differ, so there is none
    assert meaning("国六", "bus", year=2020) == ""
    assert meaning("bs4", "l_category", "petrol") == "euro_3"


def test_every_step_of_another_region_is_read_by_its_own_name_and_fits_the_categories() -> None:
    """The year makes names clear that several steps have; every Euro standard of the map is a word of its category."""
    known = words()
    seen = 0
    for e in MAP:
        if e.region == EUROPE:
            continue
        for category in (c for c, group in GROUP_OF.items() if group == e.group):
            fuel = "diesel" if e.fuel == "any" else e.fuel
            year = e.from_year
            found = find_standard(MAP, e.standard, regions=(e.region,), category=category, fuel=fuel, year=year)
            assert found == e
            assert e.euro in known[category].standards
            seen += 1
    assert seen > 150


@given(st.text(max_size=12), st.sampled_from(sorted(GROUP_OF)), st.integers(1950, 2100))
def test_any_text_is_read_or_left(word: str, category: str, year: int) -> None:
    found = find_standard(MAP, word, regions=("CN",), category=category, fuel="diesel", year=year)
    assert found is None or (found.group == GROUP_OF[category] and set(parts_of(word)))


def checked(folder: Path, *rows: str, country: str = "CN") -> Fleet:
    path = folder / "registry.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return check_file(path, country=country, year=2024)


ROWS = (
    "b1,bus,diesel,17500,2018,国五,urban_bus,60000,1,3",
    "b2,bus,diesel,17500,2018,euro_V,urban_bus,60000,1,1",
    "b3,bus,diesel,17500,2022,国六,urban_bus,60000,1,2",
    "b4,bus,diesel,17500,2018,,urban_bus,60000,1,1",
    "c1,passenger_car,petrol,,2012,Tier 2,car,10000,1,6",
    "c2,passenger_car,petrol_hybrid,,2012,jp_2005,car,10000,1,6",
)


def test_a_registry_keeps_the_rule_that_read_its_words(tmp_path: Path) -> None:
    fleet = checked(tmp_path, *ROWS)
    assert fleet.rejected.is_empty()
    assert fleet.vehicles["standard"].to_list() == [
        *("euro_V", "euro_V", "euro_VI_abc", "euro_V", "euro_4", "euro_4"),
    ]
    rules = [rule.split("standard:")[1].split(";")[0] for rule in fleet.vehicles["rule"]]
    assert rules == [
        "map CN China V, same",
        "given",
        "map CN China VI-a, near",
        "CN 2017",
        "map US Tier 2, near",
        "map JP Japan 2005 new long-term, near",
    ]
    found = {f.code: f for f in fleet.findings}
    mapped = found["fleet.standard_mapped"]
    assert (mapped.count, mapped.share) == (3 + 2 + 12, pytest.approx((300 + 120) / (300 + 120 + 120), rel=1e-9))
    text = finding_text(mapped)
    assert "CN China V, same: euro_V; CN China VI-a, near: euro_VI_abc" in text
    assert found["fleet.standard_by_year"].count == 1


def test_translated_standards_are_counted_as_mapped_by_rule(tmp_path: Path) -> None:
    header = HEADER.replace("gross_mass_kg", "segment,aftertreatment,gross_mass_kg")
    row = "s,bus,diesel,Urban Buses Standard 15 - 18 t,none,17500,2009,{},urban_bus,60000,1,1"
    path = tmp_path / "registry.csv"
    hows = []
    for word in ("euro_III", "国三"):
        path.write_text("\n".join([header, row.format(word), ""]), encoding="utf-8")
        table = coverage_table(check_file(path, country="CN", year=2024))
        hows.append(table.filter(pl.col("rows") > 0)["how"].item())
    assert hows == ["1 exactly as given", "2 by rule"]


@pytest.mark.parametrize("word", ["china_9", "国七", "tier2", "euro_5", "euro 5"])
def test_words_that_mean_nothing_for_a_bus_are_refused_by_row(tmp_path: Path, word: str) -> None:
    fleet = checked(tmp_path, *ROWS, f"b9,bus,diesel,17500,2018,{word},urban_bus,60000,1,1")
    row = fleet.rejected.row(0, named=True)
    assert (fleet.rejected.height, row["row"], row["column"], row["value"]) == (1, 8, "standard", word)
    assert "factors map" in row["remedy"]


def test_an_electric_vehicle_has_no_step(tmp_path: Path) -> None:
    fleet = checked(tmp_path, *ROWS, "e,bus,electricity,17500,2022,国六,urban_bus,60000,1,1")
    assert fleet.rejected["value"].to_list() == ["国六"]


def test_fleet_check_shows_what_was_translated(tmp_path: Path) -> None:
    checked(tmp_path, *ROWS)
    result = CliRunner().invoke(
        main, ["fleet", "check", str(tmp_path / "registry.csv"), "--country", "CN-BJ", "--year", "2024"]
    )
    assert result.exit_code == 0, result.output
    assert "CN-BJ Beijing V (China V), same: euro_V" in result.output
    assert "CN-BJ China VI-b, near: euro_VI_de" in result.output
