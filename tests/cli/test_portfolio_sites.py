"""Depots, chargers and the grid in `fleet-planner portfolio`, from the plan to the page."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.errors import InputError
from fleet_planner.pipeline.mixing.portfolio_sites import site_of_groups
from fleet_planner.tables import columns
from fleet_planner.tables.read import read_table
from tests.cli.test_homes import DEPOTS, PLACES, ZONES
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_traffic import OSM, PLAN

TARGETS = """
[turnover]
to_year = 2030
[[target]]
name = "pm"
pollutant = "PM_exhaust"
streams = ["urban_bus"]
cut_pct = 60.0
year = 2030
base_year = 2024
"""
SECTION = """
[portfolio]
measures = ["bev_bus"]
[portfolio.sites]
file = "sites.csv"
"""
HEADER = "site_id,kind,place,bays,charger_kw,chargers,chargers_per_year,headroom_central_kw,upgrade_kw,request_year,checked\n"
SITES = f"{HEADER}quay,depot,Quay,40,100,2,6,150,900,2025,yes\nrest,elsewhere,,,50,0,20,,0,,no\n"


def call(folder: Path, sites: str, more: str = "") -> Result:
    header, *rows = REGISTRY.strip().split("\n")
    homes = ["North,Quay", "South,", "North,Quay", "South,", ","]
    tied = "\n".join([f"{header},zone,depot", *(f"{r},{h}" for r, h in zip(rows, homes, strict=True))]) + "\n"
    for name, text in (("z.geojson", ZONES), ("d.csv", DEPOTS), ("r.csv", tied), ("n.osm", OSM), ("sites.csv", sites)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN + PLACES + TARGETS + SECTION + more, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mix_sites")
    done = call(folder, SITES)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.mark.parametrize("name", ["sites", "limits"])
def test_tables_are_as_the_dictionary_says(out: Path, name: str) -> None:
    table = pl.read_csv(out / f"portfolio_{name}.csv")
    assert table.height > 0
    assert table.columns == [c.column for c in columns(f"portfolio_{name}")]


def test_vehicles_stay_within_bays_chargers_and_power(out: Path) -> None:
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["status"] == "met"
    sites = pl.read_csv(out / "portfolio_sites.csv")
    quay = sites.filter(site_id="quay")
    assert quay["vehicles"].max() > 0.0
    assert (quay["vehicles"] <= 40.0 + 1e-6).all()
    assert (sites["chargers_used"] <= sites["chargers"] + 1e-6).all()
    assert (sites["kw_drawn"] <= sites["kw_available"] + 1e-6).all()
    assert (quay["chargers_built"] <= 6.0).all()
    # no connection before the lead time of two years is over
    early = quay.filter((pl.col("year") < 2027) & (pl.col("connection") > 0))
    assert early.is_empty()
    # the mix's electric buses of the depot are those of the table
    mix = pl.read_csv(out / "portfolio.csv").filter(option="bev_bus", depot="Quay")
    assert mix.filter(pl.col("year") == 2025)["vehicles"].sum() == pytest.approx(quay.filter(year=2025)["vehicles"][0])


def test_unknown_headroom_is_a_scenario_and_told(out: Path) -> None:
    rest = pl.read_csv(out / "portfolio_sites.csv").filter(site_id="rest")
    assert set(rest["kw_available"].to_list()) == {100.0}
    page = (out / "portfolio.html").read_text(encoding="utf-8")
    assert "Nothing is known of the grid at 1 of 2 sites" in page
    assert "Depots, chargers and the grid" in page
    chinese = (out / "portfolio.zh.html").read_text(encoding="utf-8")
    assert "车场、充电桩与电网" in chinese
    assert "电网余量未知" in chinese


def test_sites_that_can_give_nothing_are_named_with_what_is_missing(tmp_path: Path) -> None:
    nothing = f"{HEADER}quay,depot,Quay,40,100,2,6,0,0,,yes\nrest,elsewhere,,,50,0,20,0,0,,yes\n"
    done = call(tmp_path, nothing)
    assert done.exit_code == 0, done.output
    assert "infeasible" in done.output
    limits = pl.read_csv(tmp_path / "out" / "portfolio_limits.csv")
    targets = pl.read_csv(tmp_path / "out" / "portfolio_targets.csv")
    blocked = limits.filter(conflict="yes")
    assert set(blocked["of"]) == {"quay", "rest"}
    assert set(blocked["limit"]) == {"grid"}
    assert targets["conflict"].to_list() == ["yes"]
    assert "No mix keeps these together: target pm (2030); grid quay (" in done.output
    page = (tmp_path / "out" / "portfolio.html").read_text(encoding="utf-8")
    assert "Limits that stand in the way" in page


@pytest.mark.parametrize(
    ("sites", "parts"),
    [
        (f"{HEADER}q,depot,Quay,-4,100,2,6,150,900,,yes\n", ["sites.csv", "row 2", "bays", "-4", "from 0"]),
        (f"{HEADER}q,garage,Quay,4,100,2,6,150,900,,yes\n", ["row 2", "kind", "garage", "depot"]),
        (f"{HEADER}q,depot,Quay,4,100,2,,150,900,,yes\n", ["row 2", "chargers_per_year", "empty"]),
        (f"{HEADER}q,depot,Quay,4,100,two,1,150,900,,yes\n", ["row 2", "chargers", "two"]),
        (f"{HEADER}q,depot,Quay,4,100,2,1,150,900,2025.5,yes\n", ["row 2", "request_year", "whole"]),
        (HEADER.replace("bays", "bay"), ["unknown column", "bays"]),
        (HEADER.replace(",chargers_per_year", ""), ["chargers_per_year", "missing"]),
        (HEADER, ["no row"]),
        ("", ["empty"]),
    ],
)
def test_bad_cells_get_one_message(tmp_path: Path, sites: str, parts: list[str]) -> None:
    (tmp_path / "sites.csv").write_text(sites, encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_table(tmp_path / "sites.csv", "site_capacity")
    for part in parts:
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("q", "depot", "Key", None)], ["row 2", "place", "Key", "Quay"]),
        ([("q", "depot", "Quay", None), ("q", "zone", "North", None)], ["same name", "'q'"]),
        ([("q", "depot", "Quay", None), ("p", "depot", "Quay", None)], ["row 3", "same place"]),
        ([("q", "elsewhere", None, "car"), ("p", "elsewhere", None, "bus|car")], ["row 3", "same place"]),
        ([("q", "elsewhere", "Quay", None)], ["elsewhere", "place"]),
        ([("q", "zone", None, None)], ["zone", "needs the name"]),
        ([("q", "zone", "North", "tram")], ["streams", "tram"]),
        ([("q", "zone", "North", None)], [0, -1, 0]),
        ([("q", "zone", "North", None), ("d", "depot", "Quay", None), ("e", "elsewhere", None, "car")], [1, 2, 0]),
        ([("e", "elsewhere", None, None), ("c", "elsewhere", None, "car")], [0, 1, 0]),
    ],
)
def test_groups_find_their_sites(rows: list[tuple[str | None, ...]], told: list[str] | list[int]) -> None:
    table = pl.DataFrame(rows, schema=dict.fromkeys(("site_id", "kind", "place", "streams"), pl.String), orient="row")
    groups = pl.DataFrame(
        {"depot": ["Quay", "", ""], "zone": ["North", "South", "North"], "stream": ["bus", "car", "bus"]}
    )
    if isinstance(told[0], int):
        assert site_of_groups(groups, table, Path("sites.csv")).tolist() == told
        return
    with pytest.raises(InputError) as raised:
        site_of_groups(groups, table, Path("sites.csv"))
    for part in told:
        assert str(part) in str(raised.value)


def test_a_bad_table_leaves_nothing_behind(tmp_path: Path) -> None:
    done = call(tmp_path, f"{HEADER}q,depot,Quay,-4,100,2,6,150,900,,yes\n")
    assert done.exit_code == 1, done.output
    assert "column bays" in done.output
    assert not (tmp_path / "out").exists()
