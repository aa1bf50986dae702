"""A registry with deliberately wrong rows, one for each rule: its messages, and totals that close."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main

HEADER = (
    "vehicle_id,category,fuel,segment,gross_mass_kg,model_year,standard,certification,aftertreatment,make,stream,"
    "km_per_year,share_inside,odometer_km,depot,load_fraction,count"
)
GOOD = {
    "category": "heavy_truck",
    "fuel": "diesel",
    "gross_mass_kg": "16000",
    "model_year": "2012",
    "stream": "rigid_truck",
    "km_per_year": "30000",
    "depot": "北场",
    "count": "2",
}
BUS = {"category": "bus", "gross_mass_kg": "17500", "stream": "urban_bus"}

# what is written into the row, the column that is named, the value that is told, a part of the reason
WRONG: list[tuple[dict[str, str], str, str, str]] = [
    ({"vehicle_id": ""}, "vehicle_id", "", "a value is needed"),
    ({"category": "tram"}, "category", "tram", "not an allowed word"),
    ({"fuel": "steam"}, "fuel", "steam", "not an allowed word"),
    ({"fuel": "petrol_phev_on_fuel"}, "fuel", "petrol_phev_on_fuel", "no heavy_truck on this fuel"),
    ({"segment": "Rigid 14-20 t"}, "segment", "Rigid 14-20 t", "segment is unknown"),
    ({"gross_mass_kg": "heavy"}, "gross_mass_kg", "heavy", "not a number"),
    ({"gross_mass_kg": "0"}, "gross_mass_kg", "0", "outside 20 to 100000 kg"),
    ({"gross_mass_kg": "900"}, "gross_mass_kg", "900", "too light for the category"),
    ({**BUS, "gross_mass_kg": "60000"}, "gross_mass_kg", "60000", "too heavy for the category"),
    ({"gross_mass_kg": ""}, "gross_mass_kg", "", "needed where the segment is empty"),
    ({"model_year": ""}, "model_year", "", "a value is needed"),
    ({"model_year": "20.5"}, "model_year", "20.5", "not a whole number"),
    ({"model_year": "1900"}, "model_year", "1900", "outside 1950 to 2100"),
    ({"model_year": "2031"}, "model_year", "2031", "later than the base year 2024"),
    ({"standard": "euro_9"}, "standard", "euro_9", "unknown for the category"),
    ({"standard": "euro_VI_abc", "model_year": "1995"}, "standard", "euro_VI_abc in 1995", "no region had this standard before 2010"),
    ({**BUS, "fuel": "electricity", "standard": "euro_V"}, "standard", "euro_V", "unknown for the category bus on electricity"),
    ({"certification": "ISO 9001"}, "certification", "ISO 9001", "unknown for the category"),
    ({"aftertreatment": "magic"}, "aftertreatment", "magic", "aftertreatment is unknown"),
    ({"stream": ""}, "stream", "", "a value is needed"),
    ({"stream": "visiting_coach"}, "stream", "visiting_coach", "come from the plan"),
    ({"km_per_year": '"9,999,999"'}, "km_per_year", "9,999,999", "outside 0 to 400000"),
    ({"km_per_year": "-1"}, "km_per_year", "-1", "outside 0 to 400000"),
    ({"km_per_year": '"12,500"'}, "km_per_year", "12,500", "thousands or decimals"),
    ({"share_inside": "1.5"}, "share_inside", "1.5", "outside 0 to 1"),
    ({"odometer_km": "9999999"}, "odometer_km", "9999999", "outside 0 to 3000000"),
    ({"load_fraction": "2"}, "load_fraction", "2", "outside 0 to 1"),
    ({"count": "-1"}, "count", "-1", "outside 0 to 10000000"),
    ({"vehicle_id": "京A·12345"}, "vehicle_id", "***", "more than once, first in row"),
    ({"vehicle_id": "京A·12345"}, "vehicle_id", "***", "more than once, first in row"),
]  # fmt: skip


def line(name: str, **change: str) -> str:
    cells = {"vehicle_id": name, **GOOD, **change}
    return ",".join(cells.get(column, "") for column in HEADER.split(","))


def registry(folder: Path) -> tuple[Path, list[tuple[int, str, str, str]], int]:
    """Write the registry; return it, the cells that must be told (row, column, value, reason) and the good rows."""
    lines = [HEADER.encode(), line("utf-8 row").encode(), line("gbk row").encode("gbk")]
    expected = []
    for n, (change, column, value, reason) in enumerate(WRONG):
        lines.append(line(f"wrong {n}", **change).encode())
        expected.append((len(lines), column, value, reason))
    ragged = [(line("long") + ",more", "18 cells"), ("short,bus,diesel", "3 cells")]
    for text, cells in ragged:
        lines.append(text.encode())
        expected.append((len(lines), "(whole row)", cells, f"this row has {cells}, the header 17"))
    lines.append(line("no encoding", depot="").encode() + b"\xff\xfe")
    expected.append((len(lines), "(whole row)", "", "neither UTF-8 nor GBK text"))
    good = [
        line("empty cells behind the last") + ",,",
        line("stray mark", depot='5" pipe'),
        line("certified", certification="国四"),
        line("maker", standard="euro_IV", make="SCANIA"),
        "",  # a blank line is no row
        line("last"),
    ]
    lines += [text.encode() for text in good]
    path = folder / "registry.csv"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path, expected, 2 + len(good) - 1


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_each_rule_has_its_message_and_totals_close(tmp_path: Path) -> None:
    path, expected, good = registry(tmp_path)
    options = ("--country", "CN", "--year", 2024, "--rejected", tmp_path / "rejected.csv")
    strict = call("fleet", "check", path, *options)
    assert strict.exit_code == 1
    assert re.search(
        r"registry\.csv, row \d+, column \w+: \d+\.\d % of the vehicle-km are in rejected rows", strict.stderr
    )
    result = call("fleet", "check", path, *options, "--max-rejected", 1)
    assert result.exit_code == 0, result.output
    told = pl.read_csv(tmp_path / "rejected.csv", infer_schema=False).with_columns(pl.col("row").cast(pl.Int64))
    assert told.columns == ["file", "row", "column", "value", "reason", "remedy"]
    assert set(told["file"]) == {str(path)}
    for row, column, value, reason in expected:
        found = told.filter((pl.col("row") == row) & (pl.col("column") == column)).row(0, named=True)
        assert (found["value"] or "") == value
        assert reason in found["reason"]
        assert found["remedy"]
        assert reason.split(",")[0] in result.stdout  # the same on the screen
    assert set(told["row"]) == {row for row, *_ in expected}
    lost = len(expected)
    assert f"Rows: {good + lost} read = {good} kept + {lost} rejected" in result.stdout
    # a count that cannot be read, and a row that cannot, is one vehicle; the others are two each
    one_each = 1 + 2 + 1
    vehicles = 2 * (lost - one_each) + one_each
    assert f"Vehicles: {2 * good + vehicles} read = {2 * good} kept + {vehicles} rejected" in result.stdout
    assert "12345" not in result.output
    for part in (
        "1 rows of the registry are in another encoding",
        "The standard of 2 vehicles",
        "the one that their maker used for the standard: Scania",
    ):
        assert part in result.stdout, part


def test_a_run_lists_the_same_cells(tmp_path: Path) -> None:
    path, expected, good = registry(tmp_path)
    nodes = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
    refs = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
    way = f"<way id='1'>{refs}<tag k='highway' v='primary'/></way>"
    (tmp_path / "n.osm").write_text(f"<osm version='0.6'>{nodes}{way}</osm>", encoding="utf-8")
    plan = '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "{}"\n{}'
    (tmp_path / "plan.toml").write_text(plan.format(path.name, "max_rejected_vkt_share = 1.0\n"), encoding="utf-8")
    result = call("run", tmp_path / "plan.toml", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    told = pl.read_csv(tmp_path / "out" / "rejected.csv", infer_schema=False)
    assert told["row"].cast(pl.Int64).unique().sort().to_list() == [row for row, *_ in expected]
    vehicles = pl.read_parquet(tmp_path / "out" / "vehicles.parquet")
    assert vehicles.height == good
    rules = dict(vehicles.select("vehicle_id", "rule").iter_rows())
    assert "standard:certification CN China IV, same" in rules["certified"]
    assert rules["maker"].endswith("aftertreatment:make Scania")
    made = vehicles.row(by_predicate=pl.col("vehicle_id") == "maker", named=True)
    assert made["aftertreatment"] == "EGR"
    (tmp_path / "plan.toml").write_text(plan.format(path.name, ""), encoding="utf-8")
    again = call("run", tmp_path / "plan.toml", "--out", tmp_path / "out2")
    assert again.exit_code == 1
    assert not (tmp_path / "out2").exists()


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ('format = "emfak"', ["fleet.format", "emfac"]),
        ('columns = { fuel = "nothing" }', ["fleet.columns.fuel", "no such column"]),
        ('keep = { nothing = ["x"] }', ["fleet.keep.nothing", "no such column"]),
        ('keep = { fuel = ["steam"] }', ["fleet.keep leaves no row", "fuel = steam"]),
        ('format = "ntd"', ["column type", "the form ntd needs"]),
        ('encoding = "klingon"', ["unknown encoding", "klingon"]),
        ('identifier_key = "none"', ["none", "identifiers cannot be read"]),
    ],
)
def test_wrong_entries_of_the_plan_are_named(tmp_path: Path, keys: str, parts: list[str]) -> None:
    (tmp_path / "r.csv").write_text(f"{HEADER}\n{line('a')}\n", encoding="utf-8")
    plan = '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'
    (tmp_path / "plan.toml").write_text(plan + keys + "\n", encoding="utf-8")
    result = call("fleet", "check", tmp_path / "plan.toml")
    assert result.exit_code == 1
    assert result.stderr.count("Error") == 1
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.stderr, result.stderr
