"""City packs of Seoul and Tokyo: they load with one command and run on any network file of theirs."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.chargers.building.options import largest_kw, usual_connector
from fleet_planner.cli.main import main
from fleet_planner.plan.load import load_plan

OSM = """<osm version='0.6'><node id="1" lat="{lat}" lon="{lon}"/><node id="2" lat="{lat}" lon="{east}"/>
<node id="3" lat="{north}" lon="{lon}"/>
<way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="secondary"/></way>
<way id="12"><nd ref="3"/><nd ref="1"/><tag k="highway" v="residential"/></way></osm>"""
PLACE = {"seoul": (37.55, 126.98), "tokyo": (35.69, 139.70)}


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.mark.parametrize("city", ["seoul", "tokyo"])
def test_a_pack_loads_and_runs_on_a_network_file(tmp_path: Path, city: str) -> None:
    folder = tmp_path / city
    assert call("init", folder, "--city", city).exit_code == 0
    plan = folder / "plan.toml"
    absent = call("run", plan, "--out", tmp_path / "none")
    assert absent.exit_code == 1
    assert "BBBike" in absent.stderr
    lat, lon = PLACE[city]
    (folder / f"{city}.osm").write_text(
        OSM.format(lat=lat, lon=lon, east=lon + 0.02, north=lat + 0.02), encoding="utf-8"
    )
    plan.write_text(plan.read_text(encoding="utf-8").replace(f"{city}.osm.pbf", f"{city}.osm"), encoding="utf-8")
    checked = call("fleet", "check", folder / "registry.csv", "--country", load_plan(plan).city.country,
                   "--year", str(load_plan(plan).city.year))  # fmt: skip
    assert checked.exit_code == 0, checked.output
    assert "+ 0 rejected" in checked.output
    # all classes, some model years: quick
    whole = pl.read_csv(folder / "registry.csv", infer_schema_length=None)
    young = whole.group_by("stream", "fuel", maintain_order=True).head(2)
    young.write_csv(folder / "registry.csv")
    done = call("run", plan, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    told = pl.read_csv(tmp_path / "out" / "summary.csv", infer_schema_length=None)
    assert set(told["scenario"]) == {"baseline", *(s.name for s in load_plan(plan).scenario)}
    nox = told.filter(pl.col("pollutant") == "NOx").select("scenario", "value_per_year")
    values = dict(nox.iter_rows())
    assert values["electric_buses"] < values["baseline"]


@pytest.mark.parametrize(("city", "connector"), [("seoul", "ccs"), ("tokyo", "chademo")])
def test_a_pack_names_the_connector_of_its_country(repository: Path, city: str, connector: str) -> None:
    plan = load_plan(repository / "inputs" / city / "plan.toml")
    assert usual_connector(plan.chargers, plan.city.country) == connector
    # the connector of the country, were the plan silent
    assert usual_connector(plan.chargers.model_copy(update={"connector": None}), plan.city.country) == connector
    assert largest_kw(plan.chargers, connector) >= 50.0
    assert plan.economics.currency == {"seoul": "KRW", "tokyo": "JPY"}[city]
