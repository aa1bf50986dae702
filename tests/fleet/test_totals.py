"""Whatever stands in a registry: every row and vehicle is kept, rejected or left out, and none gets lost."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.fleet import Fleet, check_registry_file, coverage_table
from fleet_planner.fleet.forms import Choice
from fleet_planner.fleet.model import Totals
from fleet_planner.fleet.read import Setting

HEADER = ["vehicle_id", "category", "fuel", "gross_mass_kg", "model_year", "standard", "stream", "km_per_year", "count"]
GOOD = ["a", "bus", "diesel", "17500", "2014", "", "urban_bus", "60000", "3"]
JUNK = st.sampled_from(
    [
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "nan",
        "1,5",
        "12,500",
        "x",
        '"q"',
        'a"b',
        '"a,b"',
        "国五",
        "euro_V",
        "bus",
        "京A12345",
        "é",
    ]
)
cells = st.lists(st.tuples(st.integers(0, len(HEADER) - 1), JUNK), max_size=3)
rows = st.lists(
    st.tuples(cells, st.integers(-1, 2), st.sampled_from(["utf-8", "gbk", "latin-1"]), st.booleans()),
    min_size=1,
    max_size=12,
)


def line(number: int, change: list[tuple[int, str]], extra: int, encoding: str, *, blank: bool) -> bytes:
    if blank:
        return b""
    row = [*GOOD]
    row[0] = f"v{number}"
    for place, text in change:
        row[place] = text
    row = row[:extra] if extra < 0 else row + ["z"] * extra
    return ",".join(row).encode(encoding, errors="replace")


def closes(fleet: Fleet) -> Totals:
    t = fleet.totals
    assert t.rows_read == t.rows_kept + t.rows_rejected + t.rows_left_out
    assert t.vehicles_read == pytest.approx(t.vehicles_kept + t.vehicles_rejected + t.vehicles_outside)
    assert t.rows_rejected == fleet.rejected["row"].n_unique()
    assert t.vehicles_kept == pytest.approx(fleet.vehicles["count"].sum())
    table = coverage_table(fleet)
    assert table["vehicles"].sum() == pytest.approx(t.vehicles_read)
    assert table["vkt_share"].sum() == pytest.approx(1.0)
    return t


@settings(max_examples=30, deadline=None)
@given(rows)
def test_rows_and_vehicles_of_any_registry_add_up(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[list[tuple[int, str]], int, str, bool]]
) -> None:
    lines = [line(n, change, extra, code, blank=blank) for n, (change, extra, code, blank) in enumerate(made)]
    path = tmp_path_factory.mktemp("r") / "registry.csv"
    path.write_bytes(b"\n".join([",".join(HEADER).encode(), ",".join(GOOD).encode(), *lines]) + b"\n")
    try:
        fleet = check_registry_file(path, Setting("CN", 2024))
    except InputError as error:
        assert "a quotation mark is not closed" in str(error)  # noqa: PT017  # the one thing that ends the reading
        return
    read = closes(fleet)
    assert read.rows_read == 1 + sum(bool(text.strip()) for text in lines)
    assert "京A12345" not in fleet.rejected.write_csv() + fleet.vehicles.select(pl.col(pl.String)).write_csv()


FORMS = {
    "california_zip": ("Zip Code,Model Year,Fuel,Make,Duty,Vehicles", "90001,2015,Gasoline,FORD,Light,5"),
    "emfac": ("Vehicle Category,Fuel Type,Model Year,Region,GVWR Class,Vehicle Population", "T6,Diesel,2015,LA,5,5"),
    "ntd": (
        "Agency,Vehicle Type,Fuel Type,Manufacture Year,Make,Total Fleet Vehicles",
        "A,Bus,Diesel Fuel,2015,Gillig,5",
    ),
    "china_stock": ("地区,车型,燃料,单位,国四,国五", "海淀,重型货车,柴油,辆,2,3"),
    "age_distribution": ("vehicle_id,category,fuel,stream,age_0,age_1", "c,passenger_car,petrol,car,0.5,0.5"),
}
WORDS = [
    "",
    "0",
    "-1",
    "many",
    "1.5",
    "2050",
    "Unk",
    "<2007",
    "Heavy",
    "Light",
    "T7",
    "Other",
    "Hydrogen",
    "Streetcar Rail",
    "国六",
    "摩托车",
]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(FORMS)),
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(WORDS)), max_size=2), min_size=1, max_size=8),
)
def test_rows_and_vehicles_of_any_form_add_up(
    tmp_path_factory: pytest.TempPathFactory, form: str, changes: list[list[tuple[int, str]]]
) -> None:
    header, good = FORMS[form]
    lines = [header, good]
    for change in changes:
        row = good.split(",")
        row[0] += "" if form != "age_distribution" else str(len(lines))
        for place, text in change:
            row[place] = text
        lines.append(",".join(row))
    path = tmp_path_factory.mktemp("r") / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fleet = check_registry_file(path, Setting("CN", 2024, None, Choice(form)))
    assert closes(fleet).rows_read == len(lines) - 1
