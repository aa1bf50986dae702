"""Machines: rows read and rejected, factors as published, sums that agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError, PlanError
from fleet_planner.nonroad import NonRoad, load_nonroad
from fleet_planner.nonroad.emissions import emissions_per_day
from fleet_planner.nonroad.stages import (
    before_stages,
    dated_stage,
    nearest_with_factors,
    power_classes,
    stages_with_factors,
)
from fleet_planner.plan.models import City
from fleet_planner.plan.nonroad import NonRoadSection
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR

HEAD = "machine_id,category,power_kw,stage,model_year,hours_per_year,load_factor,hours_so_far,fuel,count,site,lon,lat\n"
GRID = 0.3


def load(
    folder: Path, rows: str, head: str = HEAD, *, country: str = "EU", encoding: str = "utf-8", **keys: object
) -> NonRoad:
    (folder / "m.csv").write_text(head + rows, encoding=encoding)
    city = City(name="x", country=country, year=2024, diesel_sulphur_ppm=10.0)
    found = load_nonroad(NonRoadSection.model_validate({"file": "m.csv", **keys}), folder, city, GRID)
    assert found is not None
    return found


def test_one_machine_by_hand(tmp_path: Path) -> None:
    """Stage IIIA, 120 kW: NOx 3.24, PM 0.2, fuel 255 g/kWh (guidebook); load 0.5 times 1.04 and 1.47; half a life old."""
    life_h = 4667.0
    run = load(tmp_path, f"a,excavator,120,IIIA,2010,1000,0.5,{life_h},diesel,3,S,1,2\n")
    kwh = 3 * 120 * 1000 * 0.5 / DAYS_PER_YEAR
    assert run.total("NOx") == pytest.approx(kwh * 3.24 * 1.04 * (1 + 0.008 * 0.5), rel=1e-12)
    assert run.total("PM_exhaust") == pytest.approx(kwh * 0.2 * 1.47 * (1 + 0.473 * 0.5), rel=1e-12)
    assert run.total("CO") == pytest.approx(kwh * 1.5 * 1.53 * (1 + 0.151 * 0.5), rel=1e-12)
    kg = kwh * 0.255 * 1.01
    assert run.total("energy_MJ") == pytest.approx(kg * 42.695, rel=1e-12)
    assert run.total("CO2") == pytest.approx(kg * 3169.5, rel=1e-12)
    assert run.total("SO2") == pytest.approx(kg * 2 * 10e-3, rel=1e-12)
    assert run.total("NO2") == pytest.approx(0.14 * run.total("NOx"), rel=1e-12)
    plain = load(
        tmp_path, f"a,excavator,120,IIIA,2010,1000,0.5,{life_h},diesel,3,S,1,2\n", load_adjustment=False, ageing=False
    )
    assert plain.total("NOx") == pytest.approx(kwh * 3.24, rel=1e-12)


@pytest.mark.parametrize(
    ("power", "stage", "expected"),
    [  # NOx, VOC, CO, N2O, NH3, PM, fuel: Environmental Project 1092, table 4, the rows that were read
        ("0-8 kW", "before_1981", (12.0, 5.0, 7.0, 0.035, 0.002, 2.8, 300.0)),
        ("8-19 kW", "1981_1990", (11.5, 3.8, 6.0, 0.035, 0.002, 2.3, 285.0)),
    ],
)
def test_rows_as_printed(power: str, stage: str, expected: tuple[float, ...]) -> None:
    table = reference_table("nonroad_factors.csv").join(power_classes(), on=["power_from_kw", "power_to_kw"])
    rows = table.filter(power_class=power, stage=stage)
    by = dict(rows.select("pollutant", "g_per_kwh").iter_rows())
    assert tuple(by[p] for p in ("NOx", "VOC", "CO", "N2O", "NH3", "PM_exhaust", "fuel")) == expected
    assert set(rows.filter(~pl.col("pollutant").is_in(["CH4", "BC"]))["checked"]) == {"yes"}


@pytest.mark.parametrize(
    ("power", "limit"), [("130-560 kW", 4.0), ("75-130 kW", 4.0), ("56-75 kW", 4.7), ("19-37 kW", 7.5)]
)
def test_stage_iiia_is_nine_tenths_of_its_limit(power: str, limit: float) -> None:
    """NOx of Stage IIIA is 90 % of the limit of NOx and HC, nine tenths of it NOx (rule of the source)."""
    table = reference_table("nonroad_factors.csv").join(power_classes(), on=["power_from_kw", "power_to_kw"])
    found = table.filter(power_class=power, stage="stage_IIIA", pollutant="NOx")["g_per_kwh"][0]
    assert found == pytest.approx(0.9 * 0.9 * limit, abs=0.006)


def test_newer_stages_of_a_class_emit_no_more_particles() -> None:
    table = reference_table("nonroad_factors.csv").join(power_classes(), on=["power_from_kw", "power_to_kw"])
    for power, stages in stages_with_factors().items():
        rows = table.filter(power_class=power, pollutant="PM_exhaust")
        by = dict(rows.select("stage", "g_per_kwh").iter_rows())
        values = [by[s] for s in stages]
        assert values == sorted(values, reverse=True), power


def test_stages_by_year_and_word(tmp_path: Path) -> None:
    assert dated_stage("130-560 kW", 2005, "EU") == "stage_II"
    assert dated_stage("130-560 kW", 1985, "EU") == "1981_1990"
    assert dated_stage("0-8 kW", 2018, "EU") == "1991_stage_I"
    assert dated_stage("75-130 kW", 2018, "CN-BJ") == "stage_IIIA"
    assert before_stages(1975) == "before_1981"
    assert nearest_with_factors("19-37 kW", "stage_IV") == "stage_IIIA"
    run = load(
        tmp_path,
        "a,excavator,200,,2012,,,,,1,S,1,2\nb,excavator,200,国三,2012,,,,,1,S,,\nc,excavator,200,Tier-4 final,2015,,,,,1,S,,\n"
        "d,excavator,40,stage_IV,2016,,,,,1,S,,\ne,挖掘机,200,none,1985,,,,,1,S,,\n",
    )
    assert run.machines["stage"].to_list() == ["stage_IIIB", "stage_IIIA", "stage_IV", "stage_IIIB", "1981_1990"]
    codes = {f.code: f for f in run.findings}
    steps = codes["fleet.machine_stage_mapped"].values["steps"]
    assert steps == "CN 国三: stage_IIIA; US Tier-4 final: stage_IV"
    assert codes["fleet.machine_stage_stand_in"].values["steps"] == "37-56 kW stage_IV -> stage_IIIB"
    assert codes["fleet.machine_hours_default"].count == 5


def test_other_fuels_and_electricity(tmp_path: Path) -> None:
    rows = "a,forklift,60,V,2021,1000,0.5,0,hvo,1,S,1,2\nb,forklift,60,,,1000,0.5,0,electricity,1,S,,\n"
    run = load(tmp_path, rows)
    kwh = 60 * 1000 * 0.5 / DAYS_PER_YEAR
    assert run.total("NOx") == pytest.approx(kwh * 0.4)
    assert run.total("CO2") == 0.0
    assert run.total("CO2_biogenic") > 0.0
    assert run.total("SO2") == 0.0
    assert run.total("electricity_kwh") == pytest.approx(kwh / 0.82)
    assert run.total("CO2_grid") == pytest.approx(kwh / 0.82 * GRID * 1000.0)
    assert set(run.by_process()["process"]) == {"hot", "electricity"}


def test_chinese_headers_in_gbk(tmp_path: Path) -> None:
    head = "设备编号,设备类别,额定功率,排放阶段,作业地点,经度,纬度,燃料\n"
    run = load(tmp_path, "一号,叉车,60,国四,港口,117.7,38.98,柴油\n", head, encoding="gb18030")
    assert run.machines["site"].to_list() == ["港口"]
    assert run.machines["stage"].to_list() == ["stage_IIIB"]


BAD = [
    ("a,excavater,120,V,2021,,,,,1,S,1,2\n", "category", "Did you mean excavator?"),
    ("a,excavator,0,V,2021,,,,,1,S,1,2\n", "power_kw", "outside 1 to 5000 kW"),
    ("a,excavator,many,V,2021,,,,,1,S,1,2\n", "power_kw", "not a number"),
    ("a,excavator,120,stage 9,2021,,,,,1,S,1,2\n", "stage", "unknown stage"),
    ("a,excavator,120,V,1995,,,,,1,S,1,2\n", "model_year", "the stage did not exist then"),
    ("a,excavator,120,V,2030,,,,,1,S,1,2\n", "model_year", "later than the base year 2024 allows"),
    ("a,excavator,120,,,,,,,1,S,1,2\n", "stage", "neither stage nor model year"),
    ("a,excavator,120,V,2021,9000,,,,1,S,1,2\n", "hours_per_year", "outside 0 to 8784 h/year"),
    ("a,excavator,120,V,2021,,1.2,,,1,S,1,2\n", "load_factor", "outside 0 to 1"),
    ("a,excavator,120,V,2021,,,,coal,1,S,1,2\n", "fuel", "unknown fuel"),
    ("a,excavator,120,V,2021,,,,electricity,1,S,1,2\n", "stage", "an electric machine has no stage"),
    ("a,excavator,120,V,2021,,,,,1,,1,2\n", "site", "a value is needed"),
    ("a,excavator,120,V,2021,,,,,1,T,,\n", "lon", "the site has no point"),
    ("a,excavator,120,V,2021,,,,,1,S,1.5,2\n", "lon", "the site lies elsewhere in an earlier row"),
    ("ok,excavator,120,V,2021,,,,,1,S,1,2\n", "machine_id", "the same id stands more than once"),
]


@pytest.mark.parametrize(("row", "column", "told"), BAD)
def test_wrong_rows_are_told_and_the_others_kept(tmp_path: Path, row: str, column: str, told: str) -> None:
    good = "ok,excavator,120,V,2021,,,,,1,S,1,2\nok2,roller,60,V,2021,,,,,1,S,,\n"
    run = load(tmp_path, good + row, max_rejected_share=0.9)
    wrong = run.rejected.filter(row=4)
    assert wrong["column"].to_list() == [column]
    assert told in f"{wrong['reason'][0]} {wrong['remedy'][0]}"
    assert run.machines.height + run.rejected["row"].n_unique() == 3
    assert run.findings[0].code == "fleet.machines_rejected"


def test_too_many_wrong_rows_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 2 rows of machines are wrong.*outside 1 to 5000 kW"):
        load(tmp_path, "a,excavator,0,V,2021,,,,,1,S,1,2\nb,excavator,9,V,2021,,,,,1,S,1,2\n")
    with pytest.raises(InputError, match="the dates of stages are not known for CL"):
        load(tmp_path, "a,excavator,120,,2020,,,,,1,S,1,2\n", country="CL")
    run = load(tmp_path, "a,excavator,120,,2020,,,,,1,S,1,2\n", country="EU")
    key = NonRoadSection(file="m.csv", country="EUU")
    with pytest.raises(PlanError, match=r"nonroad.country.*\(found: 'EUU'\). Use one of EU"):
        load_nonroad(key, tmp_path, City(name="x", country="EU", year=2024), GRID)
    assert run.machines["stage"].to_list() == ["stage_V"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no table .empty CSV"),
        (HEAD, "no row"),
        ("machine_id,power_kw\na,2\n", "a needed column is missing"),
        (HEAD.replace("stage", "stagge") + "a,excavator,9,V,2021,,,,,1,S,1,2\n", "Did you mean stage?"),
        (HEAD + "a,excavator,9,V,2021,,,,,1,S,1,2,3,4\n", "is no table"),
    ],
)
def test_files_that_are_no_registry(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        load(tmp_path, text, "")
    assert str(tmp_path / "m.csv") in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(1.0, 5000.0), st.sampled_from(["I", "II", "IIIA", "IIIB", "IV", "V", "none"]),
            st.floats(0.0, 1.0), st.floats(0.0, 50_000.0), st.integers(0, 50), st.sampled_from("ABC"),
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_all_tables_have_the_same_sums(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, str, float, float, int, str]]
) -> None:
    places = {"A": "1,2", "B": "3,4", "C": "5,6"}
    lines = [
        f"m{k},excavator,{p},{s},2023,500,{load},{h},diesel,{n},{site},{places[site]}"
        for k, (p, s, load, h, n, site) in enumerate(rows)
    ]
    run = load(tmp_path_factory.mktemp("m"), "\n".join(lines) + "\n")
    assert (run.per_day >= 0.0).all()
    for pollutant in ("NOx", "PM_exhaust", "CO2"):
        whole = run.total(pollutant)
        assert run.by_technology()[f"{pollutant}_per_day"].sum() == pytest.approx(whole)
        assert run.by_process().filter(pollutant=pollutant)["value_per_day"].sum() == pytest.approx(whole)
        assert run.by_scope()[pollutant].sum() == pytest.approx(whole)
        assert run.sites()[pollutant].sum() == pytest.approx(whole)
    assert run.total("NMVOC") + run.total("CH4") == pytest.approx(run.total("VOC"))
    assert run.total("BC") + run.total("OC") <= run.total("PM_exhaust") * (1.0 + 1e-12)


def test_age_counts_once_at_most() -> None:
    rows = pl.DataFrame(
        {
            "power_class": ["75-130 kW"] * 3, "stage": ["stage_II"] * 3, "fuel": ["diesel"] * 3, "power_kw": [100.0] * 3,
            "load_factor": [0.4] * 3, "hours_so_far": [0.0, 1e4, 1e6], "kwh_per_day": [1.0] * 3,
        }
    )  # fmt: skip
    found = emissions_per_day(rows, diesel_sulphur_ppm=10.0, grid_kg_per_kwh=0.0)["PM_exhaust"]
    assert np.allclose(found / 0.2, [1.0, 1.0 + 0.473 * min(4000.0 / 4667.0, 1.0), 1.473])
