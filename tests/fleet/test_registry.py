"""Registries good and bad: each message names file, row, column, value and remedy."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.factors.compiling.hot_curves import fuel_stand_ins, published_keys
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.factors.stand_ins import resolve
from fleet_planner.fleet import check_file, coverage_table, load_fleet, registry_template, write_fixed
from fleet_planner.plan.models import City, FleetSection

HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,standard,stream,km_per_year,share_inside,count"
GOOD = "b1,bus,diesel,17500,2014,,urban_bus,60000,1,1"


def registry(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "registry.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


def rejected(folder: Path, *rows: str) -> dict[str, object]:
    fleet = check_file(registry(folder, GOOD, *rows), country="CL", year=2024)
    assert fleet.vehicles.height >= 1
    return fleet.rejected.row(0, named=True)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("x,bus,diesel,17500,2014,,urban_bus,-5,1,1", "km_per_year", "-5", "outside 0 to 400000"),
        ("x,bus,diesel,17500,2031,,urban_bus,5,1,1", "model_year", "2031", "later than the base year 2024"),
        ("x,bus,diesel,17500,2014,,urban_bus,5,1.5,1", "share_inside", "1.5", "outside 0 to 1"),
        ("x,tram,diesel,17500,2014,,urban_bus,5,1,1", "category", "tram", "not an allowed word"),
        ("x,bus,diesel,17500,2014,euro_9,urban_bus,5,1,1", "standard", "euro_9", "unknown for the category"),
        ("x,bus,diesel,17500,2014,euro_5,urban_bus,5,1,1", "standard", "euro_5", "unknown for the category"),
        ("x,bus,diesel,heavy,2014,,urban_bus,5,1,1", "gross_mass_kg", "heavy", "not a number"),
        ("x,bus,diesel,17500,20.5,,urban_bus,5,1,1", "model_year", "20.5", "not a whole number"),
        ("x,bus,diesel,,2014,,urban_bus,5,1,1", "gross_mass_kg", "", "needed where the segment is empty"),
        ("x,heavy_truck,diesel,900,2014,,rigid_truck,5,1,1", "gross_mass_kg", "900", "too light"),
        (",bus,diesel,17500,2014,,urban_bus,5,1,1", "vehicle_id", "", "a value is needed"),
        ("b1,bus,diesel,17500,2014,,urban_bus,5,1,1", "vehicle_id", "***", "more than once"),
        ("x,bus,diesel,60000,2014,,urban_bus,5,1,1", "gross_mass_kg", "60000", "too heavy"),
        ("x,l_category,petrol,5000,2014,,motorcycle,5,1,1", "gross_mass_kg", "5000", "too heavy"),
        ("x,l_category,petrol,,2014,euro_6d,motorcycle,5,1,1", "standard", "euro_6d", "unknown for the category"),
        ("x,bus,electricity,17500,2014,euro_V,urban_bus,5,1,1", "standard", "euro_V", "unknown for the category"),
        ("x,bus,petrol_phev_on_fuel,17500,2014,,urban_bus,5,1,1", "fuel", "petrol_phev_on_fuel", "have no bus on"),
        ("x,l_category,lng,,2014,,motorcycle,5,1,1", "fuel", "lng", "have no l_category on"),
        ("x,heavy_truck,cng,,2014,,rigid_truck,5,1,1", "gross_mass_kg", "", "needed where the segment is empty"),
        ("x,bus,diesel,17500,2014,,visiting_urban_bus,5,1,1", "stream", "visiting_urban_bus", "come from the plan"),
        ('x,bus,diesel,17500,2014,,urban_bus,"12,500",1,1', "km_per_year", "12,500", "thousands or decimals"),
        ("x,bus,diesel,17500,2014,,urban_bus,nan,1,1", "km_per_year", "nan", "not a number"),
    ],
)
def test_wrong_cells_are_named(tmp_path: Path, row: str, column: str, value: str, reason: str) -> None:
    good = GOOD.replace("b1", "good")
    fleet = check_file(registry(tmp_path, good, GOOD, row), country="CL", year=2024)
    first = fleet.rejected.filter(pl.col("row") == 4).row(0, named=True)
    assert first["file"].endswith("registry.csv")
    assert (first["column"], first["value"]) == (column, value)
    assert reason in first["reason"]
    assert first["remedy"]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "empty"),
        (b"vehicle_id,category\n", "column fuel: a needed column is missing"),
        ((HEADER + "\n").encode(), "has no rows"),
        ((HEADER + ",count\n" + GOOD + ",1\n").encode(), "stands twice"),
        ((HEADER + ",colour\n" + GOOD + ",red\n").encode(), "unknown column"),
        ((HEADER + "\n").encode() + b"\xff\xfe\x81\x00\xff", "neither UTF-8 nor GBK"),
    ],
)
def test_broken_files_have_one_clear_message(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "registry.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        check_file(path, country="CL", year=2024)
    assert part in str(error.value)
    assert "registry.csv" in str(error.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such registry"):
        check_file(tmp_path / "none.csv", country="CL", year=2024)


def test_gbk_semicolons_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    header = HEADER + ",depot"
    for encoding, separator in (("gb18030", ","), ("utf-8-sig", ";"), ("utf-8", "\t")):
        path = registry(
            tmp_path,
            (GOOD + ",北京一场").replace(",", separator),
            header=header.replace(",", separator),
            encoding=encoding,
        )
        fleet = check_file(path, country="CN-BJ", year=2024)
        assert fleet.vehicles["depot"].to_list() == ["北京一场"]


def test_beijing_bus_of_2013_is_china_v(tmp_path: Path) -> None:
    path = registry(tmp_path, "b1,bus,diesel,17500,2013,,urban_bus,60000,1,1")
    assert check_file(path, country="CN-BJ", year=2024).vehicles["standard"].to_list() == ["euro_V"]
    assert check_file(path, country="CN", year=2024).vehicles["standard"].to_list() == ["euro_IV"]


def test_unknown_country_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"city.country.*CN-BJ"):
        check_file(registry(tmp_path, GOOD), country="XX", year=2024)


def test_too_many_rejected_rows_stop_the_run(tmp_path: Path) -> None:
    registry(tmp_path, GOOD, "x,bus,diesel,17500,2014,,urban_bus,-5,1,1")
    city = City(name="c", country="CL", year=2024)
    with pytest.raises(InputError, match=r"row 3, column km_per_year: 50.0 % of the vehicle-km") as error:
        load_fleet(FleetSection(registry="registry.csv"), tmp_path, city, 0.5)
    assert "fleet check" in str(error.value)
    tolerant = FleetSection(registry="registry.csv", max_rejected_vkt_share=0.6)
    assert load_fleet(tolerant, tmp_path, city, 0.5).vehicles.height == 1


def test_rejected_share_is_of_the_vehicle_km(tmp_path: Path) -> None:
    """A rejected row that drives little weighs little; one whose distance cannot be read weighs as a mean one."""
    small = "x,bus,diesel,17500,2014,euro_9,urban_bus,600,1,1"
    fleet = check_file(registry(tmp_path, GOOD, small), country="CL", year=2024)
    assert fleet.rejected_vkt_share == pytest.approx(600 / 60_600)
    unread = "x,bus,diesel,17500,2014,,urban_bus,many,1,1"
    fleet = check_file(registry(tmp_path, GOOD, unread), country="CL", year=2024)
    assert fleet.rejected_vkt_share == pytest.approx(0.5)


def test_visiting_vehicle_km_are_the_share_of_the_local_ones(tmp_path: Path) -> None:
    registry(tmp_path, GOOD, "b2,bus,diesel,17500,2009,,urban_bus,30000,0.5,4")
    section = FleetSection(registry="registry.csv", visiting_share={"urban_bus": 0.25})
    fleet = load_fleet(section, tmp_path, City(name="c", country="CL", year=2024), 0.5)
    km = fleet.vehicles["km_per_year"] * fleet.vehicles["share_inside"] * fleet.vehicles["count"]
    visiting = fleet.vehicles["visiting"]
    assert km.filter(visiting).sum() == pytest.approx(0.25 * km.filter(~visiting).sum(), rel=1e-12)
    assert set(fleet.vehicles.filter(visiting)["stream"]) == {"visiting_urban_bus"}
    assert fleet.findings[-1].code == "fleet.visiting"


def test_visiting_share_of_an_unknown_stream_is_refused(tmp_path: Path) -> None:
    registry(tmp_path, GOOD)
    section = FleetSection(registry="registry.csv", visiting_share={"tram": 0.25})
    with pytest.raises(InputError, match="stream that the registry does not have"):
        load_fleet(section, tmp_path, City(name="c", country="CL", year=2024), 0.5)


def test_template_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    path.write_text(registry_template(), encoding="utf-8")
    fleet = check_file(path, country="EU", year=2024)
    assert fleet.rejected.is_empty()
    table = coverage_table(fleet)
    assert table["vkt_share"].sum() == pytest.approx(1.0)


def test_fix_keeps_the_usable_rows(tmp_path: Path) -> None:
    path = registry(tmp_path, GOOD, "x,bus,diesel,17500,2014,,urban_bus,-5,1,1")
    fleet = check_file(path, country="CL", year=2024)
    write_fixed(path, fleet, tmp_path / "good.csv")
    again = check_file(tmp_path / "good.csv", country="CL", year=2024)
    assert again.rejected.is_empty()
    assert again.vehicles["vehicle_id"].to_list() == ["b1"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [("bus", "diesel", "urban_bus"), ("bus", "cng", "urban_bus"), ("bus", "diesel", "coach")]
        + [("heavy_truck", f, s) for f in ("diesel", "cng", "petrol") for s in ("rigid_truck", "articulated_truck")]
        + [("passenger_car", f, "car") for f in ("petrol", "diesel", "petrol_hybrid", "lpg", "cng")]
        + [("light_commercial", f, "light_commercial") for f in ("petrol", "diesel", "cng")]
        + [("l_category", "petrol", "motorcycle"), ("bus", "electricity", "urban_bus")]
    ),
    st.integers(1960, 2024),
    st.integers(3600, 45_000),
    st.sampled_from(["CL", "CN", "CN-BJ", "US-CA", "EU", "BR", "IN", "JP", "KR"]),
)
def test_every_accepted_vehicle_finds_a_factor(
    tmp_path_factory: pytest.TempPathFactory, kind: tuple[str, str, str], year: int, mass: int, country: str
) -> None:
    category, fuel, stream = kind
    weight = "" if category in {"passenger_car", "light_commercial", "l_category"} else mass
    row = f"v,{category},{fuel},{weight},{year},,{stream},1000,1,1"
    path = registry(tmp_path_factory.mktemp("r"), row)
    if country in {"IN", "BR"} and category in {"passenger_car", "light_commercial"} and fuel != "electricity":
        with pytest.raises(InputError, match="no dates of standards are known"):
            check_file(path, country=country, year=2024)
        country = "EU"
    fleet = check_file(path, country=country, year=2024)
    assert fleet.rejected.is_empty()
    vehicle = fleet.vehicles.row(0, named=True)
    if fuel == "electricity":
        assert vehicle["standard"] == "zero_emission"
        return
    key = tuple(vehicle[c] for c in ("category", "fuel", "segment", "standard", "aftertreatment"))
    found = resolve(key, PUBLISHED, STAND_INS)
    assert found.key in PUBLISHED
    if found.key != key:
        assert found.replaced


PUBLISHED = published_keys(load_hot_table().keys)
STAND_INS = fuel_stand_ins()
