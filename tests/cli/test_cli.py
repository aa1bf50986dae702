"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main

PLAN = '[city]\nname = "x"\ncountry = "CL"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'
OSM = """<osm version='0.6'><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.01"/>
<way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""
HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count"
ROW = "b1,bus,diesel,17500,2014,urban_bus,60000,3"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def city(folder: Path, plan: str = PLAN, rows: str = ROW, osm: str | bytes = OSM) -> Path:
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "r.csv").write_text(f"{HEADER}\n{rows}\n", encoding="utf-8")
    (folder / "n.osm").write_bytes(osm if isinstance(osm, bytes) else osm.encode())
    return folder / "plan.toml"


def assert_failed(result: Result, *parts: str) -> None:
    """The run ended with status 1 and one message that holds all parts."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("Error") == 1
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.stderr, result.stderr


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom fleet_planner.cli.main import main\n"
        "r = CliRunner().invoke(main, ['--help'])\nassert r.exit_code == 0, r.output\n"
        "heavy = {'numba', 'numpy', 'polars', 'geopandas', 'osmnx', 'scipy', 'pandas', 'pyogrio', 'rich', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["init"],
        ["run"],
        ["report"],
        ["network"],
        ["network", "build"],
        ["fleet"],
        ["fleet", "check"],
        ["factors"],
        ["factors", "list"],
        ["factors", "show"],
        ["factors", "evaluate"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    if command and command not in (["network"], ["fleet"], ["factors"]):
        assert "Example: fleet-planner" in result.output


def test_a_small_run_from_end_to_end(tmp_path: Path) -> None:
    result = call("run", city(tmp_path), "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert {r["pollutant"] for r in rows} >= {"NOx", "PM_exhaust", "CO2"}
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000
    again = call("run", tmp_path / "plan.toml", "--out", tmp_path / "out")
    assert_failed(again, "not empty", "--overwrite")
    assert call("run", tmp_path / "plan.toml", "--out", tmp_path / "out", "--overwrite").exit_code == 0
    written = call("report", tmp_path / "out", "--language", "zh")
    assert written.exit_code == 0
    assert Path(written.stdout.strip()).name == "report.zh.html"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"plan": PLAN + "[factor]\n"}, ["plan.toml", "unknown key factor", "did you mean 'factors'"]),
        ({"plan": PLAN.replace("2024", '"x"')}, ["city.year"]),
        ({"plan": PLAN.replace("r.csv", "none.csv")}, ["none.csv", "no such registry"]),
        ({"plan": PLAN.replace("n.osm", "none.osm.pbf")}, ["none.osm.pbf", "Geofabrik"]),
        ({"plan": PLAN.replace("CL", "ZZ")}, ["dates of emission standards", "ZZ"]),
        ({"rows": ",,,,,,,"}, ["r.csv", "row 2", "a value is needed"]),
        ({"rows": ROW.replace("60000", "-1")}, ["r.csv", "row 2", "km_per_year", "-1"]),
        ({"rows": ROW.replace("2014", "2060")}, ["row 2", "model_year", "2060"]),
        ({"rows": ROW + "\n" + ROW}, ["vehicle_id", "more than once"]),
        ({"osm": "<osm version='0.6'></osm>"}, ["n.osm", "no drivable way"]),
        ({"osm": b"\x00\x01\x02"}, ["n.osm", "cannot be read"]),
    ],
)
def test_bad_input_gives_one_clear_message_and_leaves_nothing(
    tmp_path: Path, change: dict[str, str], parts: list[str]
) -> None:
    plan = city(tmp_path, **change)
    out = tmp_path / "runs" / "first"
    assert_failed(call("run", plan, "--out", out), *parts)
    assert not out.exists()
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_wrong_encoding(tmp_path: Path) -> None:
    plan = city(tmp_path)
    (tmp_path / "r.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe\xff" + ROW.encode())
    assert_failed(call("run", plan, "--out", tmp_path / "o"), "r.csv", "neither UTF-8 nor GBK")


def test_truncated_pbf(tmp_path: Path, repository: Path) -> None:
    source = repository.parent / "shared" / "data" / "santa_monica" / "santa_monica_drive.osm.pbf"
    if not source.is_file():
        pytest.skip("the folder of city test data beside the repository is absent")
    plan = city(tmp_path, plan=PLAN.replace("n.osm", "n.osm.pbf"))
    (tmp_path / "n.osm.pbf").write_bytes(source.read_bytes()[:90_000])
    assert_failed(call("run", plan, "--out", tmp_path / "o"), "n.osm.pbf", "truncated")


def test_unwritable_folder_is_named_before_the_work(tmp_path: Path) -> None:
    plan = city(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert_failed(call("run", plan, "--out", tmp_path / "file" / "run"), "a part of this path is a file")


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = city(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("fleet_planner.outputs.write.write_geopackage", full)
    assert_failed(
        call("run", plan, "--out", tmp_path / "out"), "No space left on device", "earlier outputs are unchanged"
    )
    assert not (tmp_path / "out").exists()


def test_unknown_scenario(tmp_path: Path) -> None:
    assert_failed(call("run", city(tmp_path), "--scenario", "none", "--out", tmp_path / "o"), "no such scenario")


def test_usage_errors_end_with_status_2() -> None:
    assert call("run").exit_code == 2
    assert call("network", "build", "--out", "x.gpkg").exit_code == 2


def test_init_writes_a_plan_that_loads(tmp_path: Path) -> None:
    result = call("init", tmp_path / "new")
    assert result.exit_code == 0, result.output
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"plan.toml", "registry.csv"}
    assert_failed(call("init", tmp_path / "new"), "not empty")
    assert_failed(call("run", tmp_path / "new" / "plan.toml", "--out", tmp_path / "o"), "network.osm.pbf", "Geofabrik")


@pytest.mark.parametrize("name", ["coquimbo", "beijing", "los-angeles", "seoul", "tokyo"])
def test_init_copies_an_example_city(tmp_path: Path, name: str) -> None:
    assert call("init", tmp_path / "c", "--city", name).exit_code == 0
    assert {"plan.toml", "registry.csv", "assumptions.csv", "README.md"} <= {p.name for p in (tmp_path / "c").iterdir()}


def test_network_build_writes_links(tmp_path: Path) -> None:
    city(tmp_path)
    result = call("network", "build", "--osm", tmp_path / "n.osm", "--country", "CL", "--out", tmp_path / "links.gpkg")
    assert result.exit_code == 0, result.output
    assert "2 links" in result.output
    assert "OpenStreetMap" in result.output
    assert_failed(
        call("network", "build", "--osm", tmp_path / "n.osm", "--out", tmp_path / "none" / "l.gpkg"),
        "cannot be written",
    )


def test_network_build_names_a_locked_geopackage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city(tmp_path)
    out = tmp_path / "links.gpkg"
    build = ("network", "build", "--osm", tmp_path / "n.osm", "--country", "CL", "--out", out)
    assert call(*build).exit_code == 0
    monkeypatch.setattr("fleet_planner.outputs.target.check_unlocked.__defaults__", (0.2,))
    before = out.read_bytes()
    other = sqlite3.connect(out, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        assert_failed(call(*build), "links.gpkg", "another program")
    finally:
        other.close()
    assert out.read_bytes() == before


def test_fleet_check_shows_rows_and_coverage(tmp_path: Path) -> None:
    city(tmp_path, rows=ROW + "\nx,bus,diesel,17500,2014,urban_bus,-5,1")
    result = call(
        "fleet", "check", tmp_path / "r.csv", "--country", "CL", "--year", "2024", "--fix", tmp_path / "good.csv"
    )
    assert result.exit_code == 1, result.output
    assert "more than the tolerated 1 %" in result.stderr
    assert "km_per_year" in result.output
    assert "4 rejected" in result.output
    assert pl.read_csv(tmp_path / "good.csv").height == 1


def test_factors_list_and_show() -> None:
    listed = call("factors", "list", "--category", "bus", "--fuel", "cng", "--json")
    assert {r["standard"] for r in json.loads(listed.stdout)} == {"euro_I", "euro_II", "euro_III", "eev"}
    shown = call(
        "factors",
        "show",
        "--category",
        "bus",
        "--fuel",
        "diesel",
        "--segment",
        "Urban Buses Standard 15 - 18 t",
        "--standard",
        "euro_VI_abc",
        "--pollutant",
        "NOx",
        "--load",
        "0.5",
        "--slope",
        "-0.04",
    )
    assert "bridged from 13 to 18 km/h (spike)" in shown.output
    assert "EMEP/EEA" in shown.output
    assert_failed(call("factors", "show", "--category", "tram"), "no row fits")


def test_factors_evaluate_keeps_order_and_columns(tmp_path: Path) -> None:
    head = "mine,factor_set,category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope"
    rows = [
        "a,,bus,diesel,Urban Buses Standard 15 - 18 t,euro_VI_abc,DPF+SCR,NOx,any,14.2,0.5,-0.04",
        "b,emep_eea_2019,bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,3,,",
        "c,,bus,cng,Urban CNG Buses,euro_VI_abc,none,NOx,any,30,,",
        "d,,tram,diesel,x,euro_III,none,NOx,any,30,,",
        "e,,bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,fast,,",
        "f,,bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,CH4,urban_peak,30,,",
        "g,other,bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,CH4,urban_peak,30,,",
        "h,,bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,30,0.25,0.01",
    ]
    (tmp_path / "q.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    result = call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv")
    assert result.exit_code == 0, result.output
    got = pl.read_csv(tmp_path / "a.csv")
    assert got["mine"].to_list() == list("abcdefgh")
    by = {r["mine"]: r for r in got.iter_rows(named=True)}
    assert "bridged" in by["a"]["note"]
    assert 2.0 < by["a"]["ef"] < 2.3
    assert "clamped to 11..86" in by["b"]["note"]
    assert "standard eev for euro_VI_abc" in by["c"]["note"]
    assert "no emission factors for tram" in by["d"]["error"]
    assert by["d"]["ef"] is None
    assert "not a number" in by["e"]["error"]
    assert by["f"]["ef"] == pytest.approx(0.10325)
    assert "unknown factor set" in by["g"]["error"]
    assert not by["h"]["error"]
    raw = call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "r.csv", "--raw")
    assert raw.exit_code == 0
    assert pl.read_csv(tmp_path / "r.csv")["ef"][0] == pytest.approx(10.0, abs=0.1)
    assert_failed(call("factors", "evaluate", tmp_path / "none.csv", "--out", tmp_path / "x.csv"), "no such file")


def test_unknown_words_bring_the_nearest_ones(tmp_path: Path) -> None:
    head = "category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope"
    rows = [
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_33,none,NOx,any,30,,",
        "buss,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,30,,",
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOX,any,30,,",
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,city,30,,",
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,CH4,night,30,,",
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,30,1.5,0.1",
        "bus,diesel,Urban Buses Standard 15 - 18 t,euro_III,none,NOx,any,,,",
    ]
    (tmp_path / "q.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    assert call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv").exit_code == 0
    got = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert "Did you mean standard euro_3 or euro_III" in got["error"][0] or "euro_3" in got["error"][0]
    assert "Did you mean category bus" in got["error"][1]
    assert "this technology has CH4, CO, N2O, NH3, NOx" in got["error"][2]
    assert "Did you mean NOx?" in got["error"][2]
    for row, word in ((3, "city"), (4, "night")):
        assert f"unknown mode '{word}'; known: any, urban_peak" in got["error"][row]
        assert got["ef"][row] is None
    assert "load held at 1.0; slope held at 0.06" in got["note"][5]
    assert "speed_kmh must be 0 or more" in got["error"][6]


HOSTILE = {
    "temperature_c": ("abc", "NaN", "inf", "-300", "25,5"),
    "humidity_pct": ("-20", "101"),
    "altitude_m": ("-99999",),
    "sulphur_ppm": ("-5", "much"),
    "inventory_year": ("2014.5", "14"),
    "model_year": ("2012.5", "1850", "new"),
    "reference_year": ("NaN",),
}


@pytest.mark.parametrize("factor_set", ["", "china_guide_2014", "emfac2017"])
def test_conditions_that_are_none_are_refused(tmp_path: Path, factor_set: str) -> None:
    """A wrong cell must not pass for an empty one: that would be the base condition."""
    cases = [(column, word) for column, words in HOSTILE.items() for word in words]
    head = "factor_set,category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope," + ",".join(
        HOSTILE
    )
    row = f"{factor_set},bus,diesel,Urban Buses Standard 15 - 18 t,euro_V,SCR,NOx,,25,0.5,0,"
    lines = [row + ",".join(f'"{word}"' if c == column else "" for c in HOSTILE) for column, word in cases]
    (tmp_path / "q.csv").write_text("\n".join([head, *lines, row + ",,,,,,"]) + "\n", encoding="utf-8")
    assert call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv").exit_code == 0
    got = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    for i, (column, word) in enumerate(cases):
        assert got["ef"][i] is None, (column, word)
        assert got["error"][i].startswith(f"{column} must be"), got["error"][i]
        assert got["error"][i].endswith(f"(found: {word})")
    assert float(got["ef"][-1]) > 0.0


def test_a_misspelt_segment_is_not_any_other_vehicle(tmp_path: Path) -> None:
    head = "category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope\n"
    (tmp_path / "q.csv").write_text(
        head + "bus,diesel,Urban Buses Standard,euro_V,SCR,NOx,,25,0.5,0\n", encoding="utf-8"
    )
    assert call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv").exit_code == 0
    error = pl.read_csv(tmp_path / "a.csv")["error"][0]
    assert "no such segment of this category" in error
    assert "Urban Buses Standard 15 - 18 t" in error


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("list", "--category", "buss"), ("category", "bus")),
        (("list", "--fuel", "dieesel"), ("fuel", "diesel")),
        (("show", "--category", "bus", "--standard", "euro_VV"), ("standard", "euro_V")),
        (("show", "--category", "bus", "--pollutant", "NOX"), ("pollutant", "NOx")),
        (("show", "--category", "bus", "--load", "0.3"), ("load", "0.5")),
        (("plot", "--category", "bus", "--standard", "euro_5", "--out", "x.svg"), ("standard", "euro_V")),
        (("compare", "emep_eea_2019", "moves3", "--category", "buss", "--standard", "euro_V"), ("category bus",)),
    ],
)
def test_commands_name_the_nearest_words(words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    assert_failed(call("factors", *words), *parts)


def test_a_folder_is_no_file_to_write_and_long_rows_are_told_in_one_line(tmp_path: Path) -> None:
    assert_failed(call("factors", "template", "--out", tmp_path), "this is a folder")
    (tmp_path / "q.csv").write_text("a,b\n1,2,3,4\n", encoding="utf-8")
    failed = call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv")
    assert_failed(failed, "not a CSV table")
    assert failed.stderr.count("\n") == 1


def test_factors_plot_draws_one_curve(tmp_path: Path) -> None:
    key = [
        "--category",
        "bus",
        "--fuel",
        "diesel",
        "--segment",
        "Urban Buses Standard 15 - 18 t",
        "--standard",
        "euro_VI_abc",
    ]
    result = call("factors", "plot", *key, "--load", "0.5", "--slope", "-0.04", "--out", tmp_path / "c.svg")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "c.svg").read_text(encoding="utf-8")
    assert text.count("<polyline") == 2
    assert "euro_VI_abc" in text
    assert_failed(call("factors", "plot", *key, "--out", tmp_path / "d.svg"), "rows fit, one is needed")


def test_bridges_are_listed(tmp_path: Path) -> None:
    result = call("factors", "bridges", "--out", tmp_path / "b.csv")
    assert result.exit_code == 0
    assert pl.read_csv(tmp_path / "b.csv").height == 252


BUS = (
    "--category",
    "bus",
    "--standard",
    "euro_V",
    "--segment",
    "Urban Buses Standard 15 - 18 t",
    "--technology",
    "SCR",
)


def test_factor_sets_are_listed_shown_compared_and_drawn(tmp_path: Path) -> None:
    listed = call("factors", "list", "--sets")
    assert all(name in listed.output for name in ("emep_eea_2019", "china_guide_2014", "emfac2017", "moves3"))
    shown = call("factors", "show", "--set", "china_guide_2014", "--fuel", "diesel", *BUS)
    assert shown.exit_code == 0, shown.output
    assert "NOx" in shown.output
    out = tmp_path / "both.csv"
    compared = call("factors", "compare", "emep_eea_2019", "china_guide_2014", *BUS, "--pollutant", "NOx", "--out", out)
    assert compared.exit_code == 0, compared.output
    table = pl.read_csv(out)
    assert (table["ratio"] * table["emep_eea_2019"] - table["china_guide_2014"]).abs().max() < 1e-9
    picture = tmp_path / "curve.svg"
    drawn = call("factors", "plot", "--set", "emfac2017", "--fuel", "diesel", *BUS, "--out", picture)
    assert drawn.exit_code == 0, drawn.output
    assert "emfac2017" in picture.read_text(encoding="utf-8")
    wrong = call("factors", "compare", "emep_eea_2019", "china_guide", *BUS)
    assert wrong.exit_code == 1
    assert "china_guide_2014" in wrong.output


def test_strict_refuses_what_lies_beyond_the_range(tmp_path: Path) -> None:
    head = "factor_set,category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope\n"
    row = "{},bus,diesel,Urban Buses Standard 15 - 18 t,euro_V,SCR,NOx,,{},0.5,0\n"
    (tmp_path / "q.csv").write_text(
        head + row.format("", 300) + row.format("", 30) + row.format("china_guide_2014", 30), encoding="utf-8"
    )
    for flags, refused in (((), 0), (("--strict",), 1)):
        result = call("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv", *flags)
        assert result.exit_code == 0, result.output
        table = pl.read_csv(tmp_path / "a.csv")
        assert table["error"].fill_null("").str.len_chars().gt(0).sum() == refused
        assert table["ef"].is_null().sum() == refused
    assert table["ef"][1] != table["ef"][2]


def test_strict_refuses_what_other_sets_hold(tmp_path: Path) -> None:
    """Sulphur and year of the Chinese guide, speed of the American bins and of a user's curve."""
    from fleet_planner.factors.published.user_read import user_template

    (tmp_path / "mine.csv").write_text(user_template(), encoding="utf-8")
    bus = "bus,diesel,Urban Buses Standard 15 - 18 t"
    head = "factor_set,category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope,sulphur_ppm,inventory_year\n"
    rows = [
        f"china_guide_2014,{bus},euro_V,SCR,NOx,,30,0.5,0,5,2014",
        f"china_guide_2014,{bus},euro_V,SCR,NOx,,30,0.5,0,350,2025",
        f"moves3,{bus},euro_V,SCR,NOx,,300,,,,",
        f"user,{bus},euro_VI_abc,DPF+SCR,NOx,,300,,,,",
        "user,passenger_car,petrol,Mini,euro_4,,NOx,,300,,,,",
        f"china_guide_2014,{bus},euro_V,SCR,NOx,,30,0.5,0,350,2014",
        f"user,{bus},euro_VI_abc,DPF+SCR,NOx,,5,,,,",
    ]
    (tmp_path / "q.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    asked = ("factors", "evaluate", tmp_path / "q.csv", "--user", tmp_path / "mine.csv", "--out", tmp_path / "a.csv")
    assert call(*asked).exit_code == 0
    held = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert held["error"].fill_null("").to_list() == [""] * 7
    assert held["note"].fill_null("").str.contains("held at").to_list() == [True] * 5 + [False] * 2
    assert call(*asked, "--strict").exit_code == 0
    strict = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert strict["ef"].is_null().to_list() == [True] * 5 + [False] * 2


def test_what_a_set_does_not_cover_is_answered_by_the_european_one_named_and_counted(tmp_path: Path) -> None:
    bus = "bus,diesel,Urban Buses Standard 15 - 18 t"
    head = "factor_set,category,fuel,segment,standard,technology,pollutant,mode,speed_kmh,load,slope\n"
    rows = [
        f"china_guide_2014,{bus},euro_VI_abc,DPF+SCR,NOx,any,30,0.5,0",
        f",{bus},euro_VI_abc,DPF+SCR,NOx,any,30,0.5,0",
        "emfac2017,passenger_car,petrol,Medium,euro_4,PFI,CO,any,50,,",
        "emfac2017,tram,petrol,Medium,euro_4,PFI,CO,any,50,,",
        f"china_guide_2014,{bus},euro_V,SCR,NOx,any,30,0.5,0",
        f"china_guide_2014,{bus},euro_V,SCR,NOx,any,fast,0.5,0",
    ]
    (tmp_path / "q.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    asked = ("factors", "evaluate", tmp_path / "q.csv", "--out", tmp_path / "a.csv")
    result = call(*asked)
    assert "2 answered by emep_eea_2019 in place of their own set" in result.output
    got = pl.read_csv(tmp_path / "a.csv", infer_schema=False).fill_null("")
    assert got["ef"][0] == got["ef"][1] != ""
    assert got["note"][0].startswith("stand-in: emep_eea_2019 for china_guide_2014 (")
    assert "stage VI" in got["note"][0]
    assert got["note"][2].startswith("stand-in: emep_eea_2019 for emfac2017 (")
    assert [bool(e) for e in got["error"]] == [False, False, False, True, False, True]
    assert not got["note"][4].startswith("stand-in: emep")
    for option in ("--no-stand-ins", "--strict"):
        assert call(*asked, option).exit_code == 0
        alone = pl.read_csv(tmp_path / "a.csv", infer_schema=False).fill_null("")
        assert [bool(e) for e in alone["error"]] == [True, False, True, True, False, True]


def test_the_map_of_standards_is_shown_edited_and_read_again(tmp_path: Path) -> None:
    shown = call("factors", "map", "--region", "CN", "--group", "heavy_duty", "--standard", "China IV")
    assert shown.exit_code == 0, shown.output
    assert "euro_IV" in shown.output
    other_way = call("factors", "map", "--region", "US", "--group", "heavy_duty", "--euro", "euro_V")
    assert other_way.exit_code == 0, other_way.output
    assert "2007" in other_way.output
    table = tmp_path / "map.csv"
    assert call("factors", "map", "--out", table).exit_code == 0
    text = table.read_text(encoding="utf-8").replace("China IV", "Guo IV")
    table.write_text(text, encoding="utf-8")
    again = call("factors", "map", "--table", table, "--region", "CN", "--group", "heavy_duty", "--standard", "Guo IV")
    assert "euro_IV" in again.output
    wrong = call("factors", "map", "--region", "CN", "--group", "heavy_duty", "--standard", "China IX")
    assert wrong.exit_code == 1
    assert "China IV" in wrong.output


def test_run_counts_buses_with_a_filter_that_their_standard_has_no_figure_for(tmp_path: Path) -> None:
    plan = city(tmp_path)
    (tmp_path / "r.csv").write_text(
        f"{HEADER},standard,aftertreatment\n{ROW},euro_V,DPF+SCR\n{ROW.replace('b1', 'b2')},euro_V,SCR\n",
        encoding="utf-8",
    )
    result = call("run", plan, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    findings = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["findings"]
    (found,) = [f for f in findings if f["code"] == "inventory.borrowed_filter"]
    assert found["text"].startswith("3 buses (50.0")


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (
            '[[scenario]]\nname="s"\ntitle="S"\n[[scenario.measure]]\nmeasure="rd99"\nstreams=["urban_buss"]\n',
            "streams",
        ),
        ('[[activity.access]]\nstreams=["urban_buss"]\n', "activity.access.streams"),
    ],
)
def test_a_misspelt_word_names_the_plan_its_key_and_the_nearest_word(tmp_path: Path, more: str, key: str) -> None:
    plan = city(tmp_path, PLAN + more)
    assert_failed(
        call("run", plan, "--out", tmp_path / "out"), "plan.toml", key, "'urban_buss'", "Use one of urban_bus"
    )
    assert not (tmp_path / "out").exists()
