"""The map between the standards of regions: lookups, agreement with the tables of standards, bad files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.factors.published.china_tables import load_china
from fleet_planner.factors.published.china_types import guide_row, stage_of
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.reference import reference_table
from fleet_planner.reference.technology_map import counterparts, equivalent, load_technology_map

if TYPE_CHECKING:
    from pathlib import Path

MAP = load_technology_map()
HEADER = "region,group,fuel,standard,euro_equivalent,exactness,guide_stage,from_year"
GROUP = {"heavy_duty": "heavy_truck", "light_duty": "passenger_car", "motorcycle": "l_category"}


@pytest.mark.parametrize(
    ("region", "group", "standard", "euro"),
    [
        ("CN", "heavy_duty", "China IV", "euro_IV"),
        ("CN", "heavy_duty", "china vi-b", "euro_VI_de"),
        ("CN", "light_duty", "China 6a", "euro_6abc"),
        ("US", "heavy_duty", "US 2010", "euro_VI_abc"),
        ("US-CA", "light_duty", "LEV II", "euro_4"),
        ("JP", "heavy_duty", "Japan 2005 new long-term", "euro_IV"),
        ("KR", "heavy_duty", "Korea 2014-01", "euro_VI_abc"),
        ("IN", "heavy_duty", "BS VI", "euro_VI_abc"),
        ("CN", "motorcycle", "China 3", "euro_3"),
    ],
)
def test_both_ways(region: str, group: str, standard: str, euro: str):
    found = equivalent(MAP, region, group, standard)
    assert found.euro == euro
    assert found in counterparts(MAP, euro, region, group)


def test_chinese_stages_map_one_to_one_up_to_five():
    for e in MAP:
        if e.region in {"CN", "CN-BJ"}:
            assert e.exactness != "stand-in"
            if not e.standard.startswith("China 4") or e.group != "motorcycle":
                assert stage_of(e.euro) == e.guide_stage


def test_one_name_for_two_steps_asks_for_the_year():
    with pytest.raises(InputError, match="several meanings"):
        equivalent(MAP, "CL", "motorcycle", "2002/51/EC")
    assert equivalent(MAP, "CL", "motorcycle", "2002/51/EC", year=2005).euro == "euro_2"
    assert equivalent(MAP, "CL", "motorcycle", "2002/51/EC", year=2012).euro == "euro_3"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("CN", "heavy_duty", "China IVV"), "China IV"),
        (("CNN", "heavy_duty", "China IV"), "CN"),
        (("CN", "heavy", "China IV"), "heavy_duty"),
    ],
)
def test_unknown_words_name_the_nearest(arguments: tuple[str, str, str], hint: str):
    with pytest.raises(InputError, match=hint):
        equivalent(MAP, *arguments)
    with pytest.raises(InputError, match="euro_IV"):
        counterparts(MAP, "euro_IVV", "CN", "heavy_duty")


def test_dates_agree_with_the_tables_of_standards():
    rows = reference_table("technology_map.csv").filter(pl.col("dates_in").is_not_null())
    assert rows.height > 80
    for r in rows.iter_rows(named=True):
        table = reference_table(r["dates_in"]).filter(
            (pl.col("region") == r["region"])
            & (pl.col("vehicle_group") == GROUP[r["group"]])
            & (pl.col("fuel") == r["fuel"])
            & (pl.col("legal_text") == r["standard"])
            & (pl.col("standard") == r["euro_equivalent"])
        )
        assert table["first_model_year"].to_list() == [r["from_year"]], r["standard"]


def test_recalled_rows_say_so():
    rows = reference_table("technology_map.csv").filter(pl.col("dates_in").is_null())
    assert set(rows["checked"]) == {"no"}
    assert rows["source"].str.contains("to be checked").all()


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("CN,heavy_duty,any,China IV,euro_44,near,IV,2013", "euro_equivalent"),
        ("CN,trucks,any,China IV,euro_IV,near,IV,2013", "group"),
        ("CN,heavy_duty,any,China IV,euro_IV,rather,IV,2013", "exactness"),
        ("CN,heavy_duty,any,China IV,euro_IV,near,4,2013", "guide_stage"),
        ("CN,heavy_duty,any,China IV,euro_IV,near,IV,soon", "from_year"),
        ("CN,heavy_duty,any,,euro_IV,near,IV,2013", "standard"),
        ("CN,heavy_duty,any,China III,euro_IV,near,IV,2008", "standard"),
    ],
)
def test_bad_rows_of_a_users_map_name_the_place(tmp_path: Path, line: str, column: str):
    path = tmp_path / "map.csv"
    path.write_text(f"{HEADER}\nCN,heavy_duty,any,China III,euro_III,same,III,2008\n{line}\n")
    with pytest.raises(InputError) as caught:
        load_technology_map(path)
    assert (caught.value.row, caught.value.column, caught.value.file) == (3, column, path)


def test_a_users_map_replaces_the_packaged_one(tmp_path: Path):
    path = tmp_path / "map.csv"
    path.write_text(f"{HEADER}\nBR,heavy_duty,any,PROCONVE P8,euro_VI_abc,near,,2022\n")
    assert equivalent(load_technology_map(path), "BR", "heavy_duty", "PROCONVE P8").euro == "euro_VI_abc"
    path.write_text("region,group\nBR,heavy_duty\n")
    with pytest.raises(InputError, match="column fuel"):
        load_technology_map(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_technology_map(tmp_path / "none.csv")


def test_every_segment_of_the_guidebook_that_china_has_is_in_the_type_map():
    keys = load_hot_table().keys.filter(pl.col("fuel").is_in(["petrol", "diesel", "cng", "lpg"]))
    segments = keys.select("category", "fuel", "segment").unique().rows()
    without = {s for s in segments if guide_row(load_china(), *s, "euro_3").row < 0}
    # none of these runs in numbers in China, or the guide has no row
    assert {(c, f) for c, f, _ in without} <= {("l_category", "diesel"), ("light_commercial", "lpg")}
