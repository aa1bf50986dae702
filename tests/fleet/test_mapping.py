"""Mapping to technologies: each rule by hand, and what must hold for any registry."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError, OutputError
from fleet_planner.fleet import (
    Fleet,
    check_file,
    coverage_table,
    load_fleet,
    write_fixed,
)
from fleet_planner.fleet.dates import known_regions, standards_table
from fleet_planner.fleet.vocabulary import TECHNOLOGY, hot_keys, words
from fleet_planner.inventory.weights import technologies_of
from fleet_planner.plan.models import City, FleetSection
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns, finding_text

HEADER = "vehicle_id,category,fuel,segment,gross_mass_kg,model_year,standard,aftertreatment,stream,km_per_year,share_inside,load_fraction,count"


def checked(folder: Path, *rows: str, country: str = "CL", year: int = 2024) -> Fleet:
    path = folder / "registry.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return check_file(path, country=country, year=year)


def vkt(vehicles: pl.DataFrame) -> pl.Series:
    return vehicles["km_per_year"] * vehicles["share_inside"] * vehicles["count"]


def test_three_vehicles_by_hand(tmp_path: Path) -> None:
    fleet = checked(
        tmp_path,
        "a,bus,diesel,,17500,2014,,,urban_bus,60000,0.9,,1",
        "b,heavy_truck,diesel,Rigid 14 - 20 t,,2008,euro_III,none,rigid_truck,30000,0.5,0.7,10",
        "c,passenger_car,petrol,,,2020,,,car,12000,,,1000",
    )
    names = ["segment", "standard", "aftertreatment", "load_fraction", "rule"]
    assert fleet.vehicles.select(names).rows() == [
        (
            "Urban Buses Standard 15 - 18 t",
            "euro_IV",
            "SCR",
            0.5,
            "segment:mass; standard:CL 2013; aftertreatment:default",
        ),
        ("Rigid 14 - 20 t", "euro_III", "none", 0.7, "segment:given; standard:given; aftertreatment:given"),
        ("Medium", "euro_4", "PFI", 0.0, "segment:default; standard:CL 2011; aftertreatment:default"),
    ]
    assert vkt(fleet.vehicles).to_list() == [54_000.0, 150_000.0, 12_000_000.0]
    assert fleet.vehicles.columns == [spec.column for spec in columns("vehicles")]
    table = {how: (rows, n, km) for how, rows, n, km, _ in coverage_table(fleet).iter_rows()}
    assert table["1 exactly as given"] == (1, 10.0, 150_000.0)
    assert table["3 by a default"] == (2, 1001.0, 12_054_000.0)
    assert table["4 rejected"] == (0, 0.0, 0.0)
    told = next(f for f in fleet.findings if f.code == "fleet.segment_default")
    assert (told.count, told.share) == (1000, pytest.approx(12_000_000 / 12_204_000))


@pytest.mark.parametrize(
    ("row", "segment"),
    [
        ("x,heavy_truck,diesel,,7500,2014,,,rigid_truck,1,1,,1", "Rigid <=7.5 t"),
        ("x,heavy_truck,diesel,,7501,2014,,,rigid_truck,1,1,,1", "Rigid 7.5 - 12 t"),
        ("x,heavy_truck,diesel,,40000,2014,,,drayage,1,1,,1", "Articulated 34 - 40 t"),
        ("x,heavy_truck,cng,,33000,2014,,,sanitation,1,1,,1", "Rigid >32 t"),
        ("x,bus,diesel,,18000,2014,,,coach,1,1,,1", "Coaches Standard <=18 t"),
        ("x,bus,diesel,,18000,2014,,,urban_bus,1,1,,1", "Urban Buses Standard 15 - 18 t"),
        ("x,bus,electricity,,18001,2014,,,urban_bus,1,1,,1", "Urban Buses Articulated >18 t"),
        ("x,bus,cng,,,2014,,,urban_bus,1,1,,1", "Urban CNG Buses"),
        ("x,l_category,diesel,,,2014,,,car,1,1,,1", "Micro-car"),
        ("x,l_category,petrol,,,2014,,,motorcycle,1,1,,1", "Motorcycles 4-stroke <250 cc"),
        ("x,passenger_car,diesel,Mini,,2014,,,car,1,1,,1", "Mini"),
    ],
)
def test_segments(tmp_path: Path, row: str, segment: str) -> None:
    assert checked(tmp_path, row).vehicles["segment"].to_list() == [segment]


@pytest.mark.parametrize(
    ("country", "year", "standard", "rule"),
    [
        ("CN-BJ", 2013, "euro_V", "CN-BJ"),
        ("CN", 2013, "euro_IV", "CN 2013"),
        ("US-CA", 2010, "euro_VI_abc", "US 2010"),
        ("EU", 2014, "euro_VI_abc", "EU 2014"),
        ("EU", 1980, "conventional", "EU before 1994"),
    ],
)
def test_standard_of_a_bus_by_region(tmp_path: Path, country: str, year: int, standard: str, rule: str) -> None:
    fleet = checked(tmp_path, f"x,bus,diesel,,17500,{year},,,urban_bus,1,1,,1", country=country)
    assert fleet.vehicles["standard"].to_list() == [standard]
    assert f"standard:{rule}" in fleet.vehicles["rule"][0]


def test_cars_of_a_country_without_dates_of_cars_are_refused_not_guessed(tmp_path: Path) -> None:
    rows = ["a,passenger_car,diesel,,,2020,euro_5,,car,9000,1,,1", "b,passenger_car,petrol,,,2020,,,car,9000,1,,3"]
    fleet = checked(tmp_path, *rows, country="BR")
    assert fleet.vehicles["vehicle_id"].to_list() == ["a"]
    assert fleet.rejected.select("row", "column", "reason", "remedy").rows() == [
        (
            3,
            "standard",
            "no dates of standards are known for passenger_car on petrol in BR",
            "Give the standard of the vehicle.",
        )
    ]
    assert fleet.rejected_vkt_share == pytest.approx(0.75)


def test_unknown_country_matters_only_where_a_standard_is_needed(tmp_path: Path) -> None:
    given_one = "a,bus,diesel,,17500,2020,euro_V,,urban_bus,9000,1,,1"
    assert checked(tmp_path, given_one, country="XX").vehicles["standard"].to_list() == ["euro_V"]
    with pytest.raises(InputError, match=", ".join(known_regions()[:3])):
        checked(tmp_path, given_one.replace("euro_V", ""), country="XX")


def test_electric_vehicles_keep_their_segment(tmp_path: Path) -> None:
    fleet = checked(tmp_path, "a,bus,electricity,,17500,2020,,,urban_bus,9000,1,,1")
    row = fleet.vehicles.row(0, named=True)
    assert [row[c] for c in TECHNOLOGY[2:]] == ["Urban Buses Standard 15 - 18 t", "zero_emission", "none"]


def test_retrofits_are_words_of_their_own(tmp_path: Path) -> None:
    row = "a,heavy_truck,diesel,,16000,2008,euro_III,{},rigid_truck,9000,1,,1"
    for name in ("none+DPF_retrofit", "none+SCR_retrofit", "none+DPF_retrofit+SCR_retrofit"):
        assert checked(tmp_path, row.format(name)).vehicles["aftertreatment"].to_list() == [name]
    fleet = checked(tmp_path, row.format("none"), row.replace("a,", "b,", 1).format("dpf"))
    assert fleet.rejected.select("column", "value").rows() == [("aftertreatment", "dpf")]
    assert "DPF+SCR, EGR, SCR, none" in fleet.rejected["remedy"][0]


def test_an_unknown_segment_brings_the_nearest_one(tmp_path: Path) -> None:
    good = "a,heavy_truck,diesel,,16000,2008,,,rigid_truck,9000,1,,1"
    fleet = checked(tmp_path, good, "b,heavy_truck,diesel,Rigid 14-20 t,,2008,,,rigid_truck,9000,1,,1")
    assert "Did you mean Rigid 14 - 20 t?" in fleet.rejected["remedy"][0]


def test_defaults_exist_in_the_factor_table() -> None:
    keys = hot_keys().select("category", "fuel", "standard", "aftertreatment").unique()
    defaults = reference_table("aftertreatment_defaults.csv")
    assert defaults.join(keys, on=keys.columns, how="anti").is_empty()
    on = ["category", "fuel", "standard"]
    fuels = next(s.allowed for s in columns("registry") if s.column == "fuel").split("|")
    several = keys.filter(pl.col("fuel").is_in(fuels)).group_by(on).len().filter(pl.col("len") > 1)
    assert several.join(defaults, on=on, how="anti").is_empty()
    bands = reference_table("segments.csv")
    for category, segment in bands.filter(pl.col("segment").is_not_null()).select("category", "segment").iter_rows():
        assert segment in words()[category].segments


def test_dates_of_europe_agree_with_the_common_table() -> None:
    on = ["vehicle_group", "fuel", "standard", "first_model_year"]
    common = reference_table("standards.csv").filter(
        (pl.col("region") == "EU") & (pl.col("standard") != "conventional")
    )
    own = reference_table("standards_europe.csv").filter(pl.col("standard") != "conventional")
    assert own.select(on).sort(on).rows() == common.select(on).sort(on).rows()
    assert standards_table().filter(pl.col("standard").is_null()).is_empty()


ROWS = [
    "bus,diesel,,17500,{year},,,urban_bus,60000,0.9,,2",
    "bus,cng,,,{year},,,urban_bus,50000,0.8,,3",
    "heavy_truck,diesel,,26000,{year},,,articulated_truck,80000,0.2,0.6,4",
    "heavy_truck,electricity,,16000,{year},,,rigid_truck,20000,1,,1",
    "passenger_car,petrol,,,{year},,,car,12000,,,100",
    "light_commercial,diesel,,2000,{year},,,light_commercial,20000,1,,7",
    "l_category,petrol,,,{year},,,motorcycle,5000,1,,9",
    "bus,diesel,,17500,2050,,,urban_bus,60000,0.9,,2",
    "passenger_car,petrol,,,{year},,,car,-1,,,1",
]
picks = st.lists(st.tuples(st.sampled_from(ROWS), st.integers(1985, 2024)), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None)
@given(picks, st.randoms(use_true_random=False))
def test_whatever_is_accepted_is_whole_and_does_not_depend_on_order(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[tuple[str, int]], shuffle: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("r")
    rows = ["v0,bus,diesel,,17500,2014,,,urban_bus,1000,1,,1"]
    rows += [f"v{n + 1}," + text.format(year=year) for n, (text, year) in enumerate(chosen)]
    fleet = checked(folder, *rows)
    assert fleet.vehicles.height + fleet.rejected["row"].n_unique() == len(rows)
    for name in (*TECHNOLOGY, "stream", "km_per_year", "share_inside", "load_fraction", "count", "rule", "visiting"):
        assert fleet.vehicles[name].null_count() == 0, name
    assert (fleet.vehicles["standard"] != "").all()
    shuffle.shuffle(rows)
    again = checked(folder, *rows)
    assert again.vehicles.sort("vehicle_id").equals(fleet.vehicles.sort("vehicle_id"))
    assert again.rejected_vkt_share == pytest.approx(fleet.rejected_vkt_share)
    assert technologies_of(again.vehicles).equals(technologies_of(fleet.vehicles))
    table = coverage_table(fleet)
    assert table["vkt_share"].sum() == pytest.approx(1.0)
    assert table["rows"].sum() == len(rows)
    assert table["vkt_km_per_year"][:3].sum() == pytest.approx(vkt(fleet.vehicles).sum())
    for finding in fleet.findings:
        assert finding_text(finding)
        assert finding_text(finding, "zh")


def test_the_refusal_shows_the_most_frequent_reason_with_an_example(tmp_path: Path) -> None:
    good = "a{},bus,diesel,,17500,2014,,,urban_bus,60000,1,,1"
    rows = [good.format(n) for n in range(3)]
    rows += ["x,bus,diesel,,17500,2050,,,urban_bus,60000,1,,1", "y,tram,diesel,,17500,2014,,,urban_bus,60000,1,,1"]
    rows += ["z,tram,diesel,,17500,2014,,,urban_bus,60000,1,,1"]
    checked(tmp_path, *rows)
    section = FleetSection(registry="registry.csv", max_rejected_vkt_share=0.02)
    with pytest.raises(InputError) as error:
        load_fleet(section, tmp_path, City(name="c", country="CL", year=2024), 0.5)
    text = str(error.value)
    for part in ("registry.csv, row 6, column category", "50.0 %", "tolerated 2 %", "2 times", "'tram'", "fleet check"):
        assert part in text


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 3.0), st.integers(1, 50))
def test_visiting_vehicle_km_are_exact(tmp_path_factory: pytest.TempPathFactory, share: float, count: int) -> None:
    folder = tmp_path_factory.mktemp("r")
    checked(
        folder,
        f"a,bus,diesel,,17500,2014,,,urban_bus,60000,0.9,,{count}",
        "b,bus,diesel,,17500,2014,,,urban_bus,20000,0.3,0.2,5",
        "c,passenger_car,petrol,,,2020,,,car,12000,,,1000",
    )
    section = FleetSection(registry="registry.csv", visiting_share={"urban_bus": share})
    fleet = load_fleet(section, folder, City(name="c", country="CL", year=2024), 0.5)
    local = fleet.vehicles.filter(pl.col("stream") == "urban_bus")
    guests = fleet.vehicles.filter("visiting")
    assert vkt(guests).sum() == pytest.approx(share * vkt(local).sum(), rel=1e-12)
    assert guests["count"].sum() == pytest.approx(share * local["count"].sum(), rel=1e-12)
    assert set(guests["stream"]) == {"visiting_urban_bus"}
    assert guests["vehicle_id"].str.starts_with("visiting-urban_bus-").all()


def test_usable_rows_that_cannot_be_written_are_an_error_of_the_users(tmp_path: Path) -> None:
    fleet = checked(tmp_path, "a,bus,diesel,,17500,2014,,,urban_bus,60000,1,,1")
    with pytest.raises(OutputError, match=r"nowhere/good.csv: the usable rows cannot be written"):
        write_fixed(tmp_path / "registry.csv", fleet, tmp_path / "nowhere" / "good.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["registry.csv"]
