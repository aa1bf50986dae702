"""Public forms of registries: every vehicle of a table is in the fleet or among what was rejected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.fleet import Fleet, check_registry_file, write_fixed
from fleet_planner.fleet.forms import Choice, choose_reading
from fleet_planner.fleet.forms.keep import Match, kept_rows
from fleet_planner.fleet.forms.meaning import stage_years
from fleet_planner.fleet.read import Setting
from fleet_planner.fleet.source import open_source
from fleet_planner.fleet.use import usual
from fleet_planner.fleet.vocabulary import words as own_words
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns, finding_text

KM = 1.609344


def checked(
    folder: Path, text: str, country: str = "US-CA", year: int = 2020, encoding: str = "utf-8", **choice: object
) -> Fleet:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return check_registry_file(path, Setting(country, year, None, Choice(**choice)))  # type: ignore[arg-type]


def counts(fleet: Fleet, *by: str) -> dict[object, float]:
    sums = fleet.vehicles.group_by(by).agg(pl.col("count").sum())
    return {row[:-1] if len(by) > 1 else row[0]: round(row[-1], 6) for row in sums.iter_rows()}


def usual_km(stream: str, category: str) -> float:
    found = usual("km_per_year", stream, category, "US-CA")
    assert found is not None
    return found[0]


def form_of(folder: Path, header: str) -> str:
    path = folder / "h.csv"
    path.write_text(header + "\n", encoding="utf-8")
    return choose_reading(open_source(path), Choice()).form


CALIFORNIA = (
    "Date,Zip Code,Model Year,Fuel,Make,Duty,Vehicles\n"
    '1/1/2020,90001,2015,Diesel and Diesel Hybrid,FREIGHTLINER,Heavy,"1,200"\n'
    "1/1/2020,90001,<2007,Gasoline,OTHER/UNK,Light,100\n"
    "1/1/2020,90901,2015,Diesel and Diesel Hybrid,GILLIG,Heavy,7\n"
    "1/1/2020,91001,2018,Hydrogen Fuel Cell,TOYOTA,Light,3\n"
    "1/1/2020,91001,Unk,Plug-in Hybrid,OTHER/UNK,Light,2\n"
    "1/1/2020,91001,2018,Steam,OTHER/UNK,Light,4\n"
    "1/1/2020,91001,2018,Gasoline,OTHER/UNK,Light,many\n"
)


def test_california_counts_by_hand(tmp_path: Path) -> None:
    fleet = checked(tmp_path, CALIFORNIA)
    assert counts(fleet, "category", "fuel") == {
        ("heavy_truck", "diesel"): 1200.0,
        ("bus", "diesel"): 7.0,
        ("passenger_car", "petrol"): 88.0,
        ("light_commercial", "petrol"): 12.0,
        ("passenger_car", "petrol_phev_on_fuel"): 2.0,
    }
    old = fleet.vehicles.filter(pl.col("fuel") == "petrol")
    assert counts(Fleet(old, old), "model_year") == {1995: 25.0, 2000: 35.0, 2005: 40.0}
    assert counts(fleet, "stream")["urban_bus"] == 7.0  # the maker builds transit buses alone
    assert fleet.vehicles.filter(pl.col("fuel") == "petrol_phev_on_fuel")["model_year"].unique().to_list() == [2011]
    assert set(fleet.vehicles["zone"]) == {"90001", "90901", "91001"}
    found = fleet.rejected.select("row", "column", "value", "reason").rows()
    assert found == [
        (5, "fuel", "Hydrogen Fuel Cell", "fuel cells have no factors in the tables"),
        (7, "fuel", "Steam", "this word is unknown in the form california_zip"),
        (8, "Vehicles", "many", "not a number of vehicles"),
    ]
    t = fleet.totals
    assert (t.rows_read, t.rows_kept, t.rows_rejected) == (7, 4, 3)
    assert (t.vehicles_read, t.vehicles_rejected) == (1317.0, 8.0)  # a count that cannot be read is one vehicle
    assert t.vehicles_kept == pytest.approx(1309.0)
    rule = fleet.vehicles.filter(pl.col("stream") == "drayage")["rule"][0]
    assert rule.endswith("; import:california_zip truck/drayage:default")
    told = next(f for f in fleet.findings if f.code == "fleet.form_default")
    assert (told.values, told.count) == ({"form": "california_zip"}, 1302)  # all but the buses of their maker


def test_keep_takes_rows_by_words_and_ranges(tmp_path: Path) -> None:
    fleet = checked(tmp_path, CALIFORNIA, keep={"Zip Code": ["90[0-8]*", "91[0-8]*"], "year": ["2010..2020"]})
    assert fleet.totals.rows_left_out == 3  # 90901, the open class and the unknown year
    assert counts(fleet, "category") == {"heavy_truck": 1200.0}
    with pytest.raises(InputError, match=r"column fleet\.keep\.zip: the registry has no such column.*Zip Code"):
        checked(tmp_path, CALIFORNIA, keep={"zip": ["9*"]})
    with pytest.raises(InputError, match="keep leaves no row"):
        checked(tmp_path, CALIFORNIA, keep={"Zip Code": ["1*"]})


def test_words_of_keep_are_no_regular_expressions() -> None:
    cells = pl.DataFrame({"x": ["a.b", "acb", "ab", None, "12", "12.5"], "row": range(6)})
    for values, rows in (
        (["a.b"], [0]),
        (["a?b"], [0, 1]),
        (["a*"], [0, 1, 2]),
        (["12..12.4"], [4]),
        (["..13", "ab"], [2, 4, 5]),
    ):
        assert kept_rows(cells, [Match("x", tuple(values))])["row"].to_list() == rows


@pytest.mark.slow
@pytest.mark.city
def test_the_real_table_of_california_imports_whole(shared_data: Path) -> None:
    path = shared_data / "los_angeles" / "ca_dmv_vehicle_counts_2020-01-01.parquet"
    whole = check_registry_file(path, Setting("US-CA", 2020)).totals
    assert (whole.rows_read, whole.vehicles_read) == (602_394, 31_233_841)
    assert whole.rows_kept + whole.rows_rejected == 602_394
    assert whole.vehicles_kept + whole.vehicles_rejected == pytest.approx(31_233_841, abs=1e-3)
    assert whole.vehicles_rejected == 6_648 + 5_867  # fuel cells and fuels that are not told
    area = {"zip": ["90[0-8]*", "91[0-8]*", "935*"]}  # 909 is no prefix of the county: one heavy diesel in 90901
    cut = check_registry_file(path, Setting("US-CA", 2020, None, Choice(keep=area))).vehicles
    heavy = cut.filter((pl.col("fuel") == "diesel") & pl.col("category").is_in(["heavy_truck", "bus"]))
    assert heavy["count"].sum() == pytest.approx(147_579, abs=1e-6)
    light = cut.filter((pl.col("fuel") == "diesel") & ~pl.col("category").is_in(["heavy_truck", "bus"]))
    assert light["count"].sum() == pytest.approx(85_565, abs=1e-6)


def test_emfac_fleet_database_by_hand(tmp_path: Path) -> None:
    fleet = checked(
        tmp_path,
        "Date,Vehicle Category,GVWR Class,Fuel Type,Model Year,Fuel Technology,Electric Mile Range,"
        "Number of Vehicles Registered at the Same Address,Region,Vehicle Population\n"
        "2019,P,Not Applicable,Gasoline,2015,ICE,Not Applicable,≥4,Statewide,300\n"
        "2019,P,Not Applicable,Gasoline,2016,PHEV,0 to 50 miles,1,Statewide,20\n"
        "2019,P,Not Applicable,Electric,2018,BEV,>150 miles,1,Statewide,5\n"
        "2019,T6,7,Diesel,2012,ICE,Not Applicable,≥4,Statewide,40\n"
        "2019,T6,Unknown,Diesel,2012,ICE,Not Applicable,≥4,Statewide,10\n"
        "2019,T7,8,Natural Gas,2014,ICE,Not Applicable,≥4,Statewide,6\n"
        "2019,BT,8,Diesel,2008,ICE,Not Applicable,≥4,Statewide,9\n"
        "2019,P,Not Applicable,Unknown,2015,ICE,Not Applicable,1,Statewide,2\n",
    )
    assert counts(fleet, "stream", "fuel") == {
        ("car", "petrol"): 300.0,
        ("car", "petrol_phev_on_fuel"): 20.0,
        ("car", "electricity"): 5.0,
        ("rigid_truck", "diesel"): 50.0,
        ("articulated_truck", "cng"): 6.0,
        ("urban_bus", "diesel"): 9.0,
    }
    by_mass = fleet.vehicles.filter(pl.col("stream") == "rigid_truck").sort("gross_mass_kg")
    assert by_mass["gross_mass_kg"].to_list() == [10660.0, 13381.0]
    assert by_mass["segment"].to_list() == ["Rigid 7.5 - 12 t", "Rigid 12 - 14 t"]
    assert fleet.rejected["reason"].to_list() == ["the fuel is not told"]


def test_emfac_export_of_population_and_distance(tmp_path: Path) -> None:
    fleet = checked(
        tmp_path,
        "calendar_year,sub_area,vehicle_class,fuel,model_year,population,total_vmt\n"
        "2018,Los Angeles (SC),T7 POLA Class 8,Dsl,2012,100,10000\n"
        "2018,Los Angeles (SC),T6 Instate Delivery Class 4,Dsl,2012,10,0\n"
        "2018,Los Angeles (SC),PTO,Dsl,2012,5,50\n",
    )
    drayage = fleet.vehicles.row(by_predicate=pl.col("stream") == "drayage", named=True)
    assert drayage["km_per_year"] == pytest.approx(10_000 / 100 * KM * 365.25)
    delivery = fleet.vehicles.row(by_predicate=pl.col("stream") == "rigid_truck", named=True)
    assert (delivery["gross_mass_kg"], delivery["km_per_year"]) == (6804.0, usual_km("rigid_truck", "heavy_truck"))
    assert [f.count for f in fleet.findings if f.code == "fleet.km_default"] == [10]
    assert fleet.rejected["reason"].to_list() == ["a part of a vehicle, counted with it"]
    assert (fleet.totals.vehicles_rejected, fleet.totals.vehicles_outside) == (0.0, 5.0)
    assert fleet.rejected_vkt_share == 0.0


def test_titles_above_the_header_are_passed_over_and_rows_are_the_files(tmp_path: Path) -> None:
    fleet = checked(
        tmp_path,
        "Source: EMFAC2021 (v1.0.2) Emissions Inventory\n"
        "Region Type: Air District\n"
        "Units: miles/day for VMT, trips/day for Trips, kWh/day for Energy Consumption\n"
        "\n"
        "Region,Calendar Year,Vehicle Category,Model Year,Speed,Fuel,Population,Total VMT\n"
        "South Coast AQMD,2019,UBUS,2015,Aggregate,Natural Gas,200,20000\n"
        "South Coast AQMD,2019,Rocket,2015,Aggregate,Diesel,2,20\n",
    )
    bus = fleet.vehicles.row(0, named=True)
    assert (bus["stream"], bus["fuel"], bus["count"]) == ("urban_bus", "cng", 200.0)
    assert bus["km_per_year"] == pytest.approx(100 * KM * 365.25)
    assert fleet.rejected.select("row", "value").rows() == [(7, "Rocket")]


NTD = (
    "Agency Name,NTD ID,Modes,Total Fleet Vehicles,Active Fleet Vehicles,Vehicle Type,Manufacture Year,Manufacturer,"
    "Fuel Type,Vehicle Length (ft),Total Miles on Active Vehicles During Period\n"
    'Metro,90154,MB/DO,100,80,Bus,2012,New Flyer,Compressed Natural Gas,40,"4,000,000"\n'
    "Metro,90154,MB/DO,10,10,Bus,2010,Gillig,Diesel Fuel,30,0\n"
    "Metro,90154,MB/DO,20,20,Articulated Bus,2011,New Flyer,Hybrid Diesel,60,800000\n"
    "Metro,90154,HR/DO,104,100,Heavy Rail Passenger Car,1993,Breda,Electric Propulsion Power,75,6000000\n"
    "Metro,90154,DR/PT,30,30,Cutaway,2016,Ford,Gasoline,24,900000\n"
    "Metro,90154,DR/PT,3,3,Minivn,2016,Dodge,Gasoline,16,90000\n"
)


def test_transit_inventory_by_hand(tmp_path: Path) -> None:
    fleet = checked(tmp_path, NTD)
    v = fleet.vehicles
    assert counts(fleet, "stream") == {"urban_bus": 130.0, "minibus": 30.0}
    cng = v.row(by_predicate=pl.col("fuel") == "cng", named=True)
    assert (cng["segment"], cng["count"], cng["depot"]) == ("Urban CNG Buses", 100.0, "Metro")
    assert cng["km_per_year"] == pytest.approx(4_000_000 * KM / 80)  # of the active ones
    small = v.row(by_predicate=(pl.col("fuel") == "diesel") & (pl.col("stream") == "urban_bus"), named=True)
    assert small["segment"] == "Urban Buses Midi <=15 t"
    assert [f.count for f in fleet.findings if f.code == "fleet.km_default"] == [10]  # no miles, so the usual ones
    found = fleet.rejected.select("row", "value", "reason").rows()
    assert found == [
        (5, "Heavy Rail Passenger Car", "runs on rails or water, or hangs"),
        (7, "Minivn", "this word is unknown in the form ntd"),
    ]
    assert "minivan" in fleet.rejected["remedy"][1]
    assert (fleet.totals.vehicles_outside, fleet.totals.vehicles_rejected) == (104.0, 3.0)
    assert 0 < fleet.rejected_vkt_share < 0.03  # trains weigh nothing there


STOCK = "车型,燃料,国三,国四,国五,国六\n重型货车,柴油,1.2,3.4,5.6,0.8\n公交车,天然气,,0.5,1,0.2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-8-sig"])
def test_chinese_stock_by_type_and_standard_in_ten_thousands(tmp_path: Path, encoding: str) -> None:
    fleet = checked(tmp_path, STOCK, "CN", 2023, encoding, vehicles_per_unit=10_000.0)
    assert counts(fleet, "category") == {"heavy_truck": 110_000.0, "bus": 17_000.0}
    assert counts(fleet, "category", "standard")["heavy_truck", "euro_III"] == 12_000.0
    assert counts(fleet, "category", "standard")["heavy_truck", "euro_V"] == 56_000.0
    assert fleet.totals.vehicles_read == pytest.approx(127_000.0)
    assert (fleet.totals.rows_read, fleet.totals.rows_kept) == (2, 2)
    third = fleet.vehicles.filter((pl.col("standard") == "euro_III") & (pl.col("category") == "heavy_truck"))
    assert third["model_year"].unique().to_list() == [2010]  # China III: 2008 to 2012
    assert "standard:map CN China III, same" in third["rule"][0]
    assert "year:middle of 国三:default" in third["rule"][0]


def test_the_unit_may_stand_in_the_header_or_the_row(tmp_path: Path) -> None:
    text = "车型,国五（万辆）,国六（万辆）\n小型客车,100,50\n"
    assert counts(checked(tmp_path, text, "CN", 2023), "category") == {"passenger_car": 1_500_000.0}
    text = "地区,车型,燃料类型,排放标准,保有量,单位\n海淀区,轻型货车,柴油,国Ⅳ,1.5,万辆\n海淀区,摩托车,,国三,200,辆\n"
    fleet = checked(tmp_path, text, "CN-BJ", 2023)
    assert counts(fleet, "category", "fuel") == {
        ("light_commercial", "diesel"): 15_000.0,
        ("l_category", "petrol"): 200.0,
    }
    assert set(fleet.vehicles["zone"]) == {"海淀区"}


def test_the_fuel_may_stand_in_the_type(tmp_path: Path) -> None:
    text = "车型,排放标准,保有量\n重型柴油货车,国五,10\n天然气公交车,国五,5\n中型客车,国一前,2\n飞船,国五,1\n"
    fleet = checked(tmp_path, text, "CN", 2023)
    assert counts(fleet, "stream", "fuel") == {
        ("rigid_truck", "diesel"): 5.0,
        ("articulated_truck", "diesel"): 5.0,
        ("urban_bus", "cng"): 5.0,
        ("coach", "diesel"): 2.0,
    }
    before = fleet.vehicles.row(by_predicate=pl.col("stream") == "coach", named=True)
    assert (before["standard"], before["model_year"]) == ("conventional", 1998)
    assert fleet.rejected.select("row", "column", "value").rows() == [(5, "type", "飞船")]


def test_stages_of_beijing_come_earlier() -> None:
    assert stage_years("CN", "heavy_truck")["V"] == 2017
    assert stage_years("CN-BJ", "heavy_truck")["V"] == 2013
    assert stage_years("EU", "heavy_truck") == stage_years("CN", "heavy_truck")


AGES_LONG = (
    "vehicle_id,category,fuel,gross_mass_kg,stream,km_per_year,count,age,share\n"
    "t,heavy_truck,diesel,16000,rigid_truck,30000,1000,0,0.25\n"
    "b,bus,cng,,urban_bus,50000,40,2,100%\n"
    "t,heavy_truck,diesel,16000,rigid_truck,30000,1000,10,0.75\n"
    "c,passenger_car,petrol,,car,10000,7,1,0.5\n"
    "c,passenger_car,petrol,,car,10000,7,2,0.2\n"
)


def test_age_distributions_expand_to_grouped_rows(tmp_path: Path) -> None:
    fleet = checked(tmp_path, AGES_LONG, "CN", 2024)
    assert counts(fleet, "category", "model_year") == {
        ("heavy_truck", 2024): 250.0,
        ("heavy_truck", 2014): 750.0,
        ("bus", 2022): 40.0,
    }
    assert fleet.vehicles["vehicle_id"].to_list() == ["t-age0", "b-age2", "t-age10"]
    assert fleet.rejected.select("row", "reason").rows() == [
        (5, "the shares of the group add up to neither 1 nor 100"),
        (6, "another row of the same group is wrong"),
    ]
    t = fleet.totals
    assert (t.rows_read, t.rows_kept, t.rows_rejected) == (5, 3, 2)
    assert (t.vehicles_read, t.vehicles_kept, t.vehicles_rejected) == (1047.0, 1040.0, 7.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=12).filter(lambda x: sum(x) > 0), st.integers(1, 10**6))
def test_ages_in_columns_keep_the_number(
    tmp_path_factory: pytest.TempPathFactory, parts: list[int], number: int
) -> None:
    folder = tmp_path_factory.mktemp("r")
    header = ",".join(f"age_{n}" for n in range(len(parts)))
    shares = ",".join(f"{p / sum(parts):.9f}" for p in parts)
    text = f"vehicle_id,category,fuel,stream,km_per_year,count,{header}\nc,passenger_car,petrol,car,9000,{number},{shares}\n"
    fleet = checked(folder, text, "EU", 2024)
    assert fleet.vehicles["count"].sum() == pytest.approx(number)
    by_year = counts(fleet, "model_year")
    for age, part in enumerate(parts):
        assert by_year[2024 - age] == pytest.approx(number * part / sum(parts), rel=1e-6, abs=1e-3 * number)


def test_native_registries_in_chinese_and_spanish(tmp_path: Path) -> None:
    text = "车辆编号,车辆类型,燃料种类,总质量,年份,用途,年行驶里程,车场\n京公1,公交车,柴油,17500,2014,公交,60000,北场\n"
    fleet = checked(tmp_path, text, "CN", 2024, "gbk")
    row = fleet.vehicles.row(0, named=True)
    assert [row[c] for c in ("vehicle_id", "category", "fuel", "stream", "depot")] == [
        "京公1",
        "bus",
        "diesel",
        "urban_bus",
        "北场",
    ]
    told = next(f for f in fleet.findings if f.code == "fleet.columns_recognised")
    assert "fuel = 燃料种类" in finding_text(told)
    text = "vehicle_id,categoria,combustible,peso_bruto_kg,año,uso,km_anuales,color\na,autobús,diésel,17500,2014,urban_bus,60000,rojo\n"
    fleet = checked(tmp_path, text, "CL", 2024)
    assert counts(fleet, "category", "fuel") == {("bus", "diesel"): 1.0}
    assert [f.values for f in fleet.findings if f.code == "fleet.columns_ignored"] == [{"columns": "color"}]


def test_columns_may_be_named_and_are_checked(tmp_path: Path) -> None:
    text = "id,kind,energy,w,y,s,driven\nb,bus,diesel,17500,2014,urban_bus,60000\n"
    names = {
        "category": "kind",
        "fuel": "energy",
        "gross_mass_kg": "w",
        "model_year": "y",
        "stream": "s",
        "km_per_year": "driven",
    }
    assert counts(checked(tmp_path, text, columns=names), "category") == {"bus": 1.0}
    with pytest.raises(InputError, match=r"row 1, column model_year: a needed column is missing.*fleet\.columns"):
        checked(tmp_path, text, columns={k: v for k, v in names.items() if k != "model_year"})
    with pytest.raises(
        InputError, match=r"column fleet\.columns\.fuel: the registry has no such column \(found: 'enrgy'\).*energy"
    ):
        checked(tmp_path, text, columns={**names, "fuel": "enrgy"})
    with pytest.raises(InputError, match=r"fleet\.columns\.fule: the form has no such column.*fuel"):
        checked(tmp_path, text, columns={**names, "fule": "energy"})
    with pytest.raises(InputError, match=r"fleet\.format: unknown form.*emfac"):
        checked(tmp_path, text, form="emfak")
    with pytest.raises(InputError, match="a column that the form ntd needs is missing"):
        checked(tmp_path, text, form="ntd")


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("vehicle_id,category,fuel,model_year,stream,km_per_year", "native"),
        (CALIFORNIA.splitlines()[0], "california_zip"),
        ("zip,model_year,fuel,make,duty,vehicles", "california_zip"),
        ("Vehicle Category,Fuel Type,Model Year,Vehicle Population", "emfac"),
        (NTD.splitlines()[0], "ntd"),
        (STOCK.splitlines()[0], "china_stock"),
        ("车辆类型,排放阶段,数量(万辆)", "china_stock"),
        (AGES_LONG.splitlines()[0], "age_distribution"),
    ],
)
def test_the_header_tells_the_form(tmp_path: Path, header: str, form: str) -> None:
    assert form_of(tmp_path, header) == form


@pytest.mark.parametrize("text", [CALIFORNIA, NTD, AGES_LONG, STOCK])
def test_what_is_usable_can_be_written_in_our_own_form(tmp_path: Path, text: str) -> None:
    fleet = checked(tmp_path, text, "CN", 2024)
    write_fixed(tmp_path / "table.csv", fleet, tmp_path / "own.csv", Setting("CN", 2024))
    again = check_registry_file(tmp_path / "own.csv", Setting("CN", 2024))
    assert again.rejected.is_empty()
    assert set(pl.read_csv(tmp_path / "own.csv").columns) <= {c.column for c in columns("registry")}
    assert again.vehicles.drop("rule").equals(fleet.vehicles.drop("rule"))


def test_parts_of_every_class_add_up_and_have_words_of_the_factor_table() -> None:
    parts = reference_table("registry_parts.csv")
    sums = parts.group_by("form", "class", "fuel").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * sums.height)
    for row in parts.iter_rows(named=True):
        known = own_words()[row["category"]]
        assert row["segment"] is None or row["segment"] in known.segments, row
        assert row["segment"] is not None or row["gross_mass_kg"] is not None or not known.needs_mass, row
        if row["gross_mass_kg"] is not None:
            assert known.mass_kg[0] <= row["gross_mass_kg"] <= known.mass_kg[1], row
    years = reference_table("registry_years.csv").group_by("form", "word").agg(pl.col("share").sum())
    assert years["share"].to_list() == pytest.approx([1.0] * years.height)


def test_a_first_row_that_is_no_header_tells_no_plate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a needed column is missing") as error:
        checked(tmp_path, "京A·12345,bus,diesel,2014\n京A·12346,bus,diesel,2014\n")
    assert "12345" not in str(error.value)
    assert "***, bus, diesel" in str(error.value)


def test_packaged_tables_are_those_of_the_script(repository: Path) -> None:
    script = [sys.executable, "scripts/build_registry_forms.py", "--check"]
    done = subprocess.run(script, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_word_of_a_form_means_something() -> None:
    words = reference_table("registry_words.csv")
    for row in words.iter_rows(named=True):
        assert bool(row["value"]) != bool(row["out"]), row
    classes = set(reference_table("registry_parts.csv").select("form", "class").unique().iter_rows())
    for form, name in (
        words.filter(pl.col("role").is_in(["type", "make"]) & pl.col("value").is_not_null())
        .select("form", "value")
        .iter_rows()
    ):
        assert (form, name) in classes
