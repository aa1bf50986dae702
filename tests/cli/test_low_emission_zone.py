"""A low-emission zone and weight limits of OpenStreetMap from the plan file to the run directory."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.network import load_network
from fleet_planner.plan.models import NetworkSection

SIDE = 5
NODES = "".join(
    f"<node id='{SIDE * r + c + 1}' lat='{0.004 * r}' lon='{0.004 * c}'/>" for r in range(SIDE) for c in range(SIDE)
)
CORNERS = ((0.007, 0.007), (0.007, 0.017), (0.017, 0.017), (0.017, 0.007))
ZONE_NODES = "".join(f"<node id='{100 + i}' lat='{lat}' lon='{lon}'/>" for i, (lat, lon) in enumerate(CORNERS))
ZONE = (
    "<way id='90'><nd ref='100'/><nd ref='101'/><nd ref='102'/><nd ref='103'/><nd ref='100'/>"
    "<tag k='boundary' v='low_emission_zone'/></way>"
)


def way(number: int, nodes: list[int], **tags: str) -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes)
    body = "".join(f"<tag k='{k}' v='{v}'/>" for k, v in {"highway": "secondary", **tags}.items())
    return f"<way id='{number}'>{refs}{body}</way>"


ROWS = [way(10 + r, [SIDE * r + c + 1 for c in range(SIDE)]) for r in range(1, SIDE)]
COLUMNS = [way(20 + c, [SIDE * r + c + 1 for r in range(SIDE)]) for c in range(SIDE)]
BRIDGE = way(10, list(range(1, SIDE + 1)), maxweight="18")
OSM = f"<osm version='0.6'>{NODES}{ZONE_NODES}{BRIDGE}{''.join(ROWS + COLUMNS)}{ZONE}</osm>"
REGISTRY = """vehicle_id,category,fuel,segment,gross_mass_kg,model_year,standard,stream,km_per_year,count
old,heavy_truck,diesel,,12000,2004,euro_III,rigid_truck,40000,100
new,heavy_truck,diesel,,26000,2016,euro_VI_abc,rigid_truck,40000,100
van,light_commercial,diesel,,3500,2016,,light_commercial,15000,100
"""
PLAN = """[city]
name = "x"
country = "CL"
year = 2024
[network]
file = "n.osm"
[fleet]
registry = "r.csv"
[[activity.access]]
streams = ["rigid_truck"]
standards = ["euro_III"]
low_emission_zones = true
[[scenario]]
name = "electric"
title = "Electric trucks"
[[scenario.measure]]
measure = "bev_shorthaul"
streams = ["rigid_truck"]
standards = ["euro_III"]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zone")
    for name, text in (("plan.toml", PLAN), ("r.csv", REGISTRY), ("n.osm", OSM)):
        (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_parts_of_streams_are_named_and_close(done: Path) -> None:
    told = json.loads((done / "manifest.json").read_text(encoding="utf-8"))
    assert told["groups"]["streams"] == ["light_commercial", "rigid_truck:over_t_18", "rigid_truck:rule_1"]
    assert max(max(c.values()) for c in told["closure"].values()) < 1e-9
    texts = {f["code"]: f["text"] for f in told["findings"]}
    assert "rigid_truck of euro_III" in texts["activity.access_vehicles"]
    assert "heavier (limits up to 18 t count)" in texts["activity.weight_limits"]


def test_streams_are_whole_in_the_tables(done: Path) -> None:
    for table in (pl.read_parquet(done / "vehicles.parquet"), pl.read_csv(done / "by_process.csv")):
        assert set(table["stream"]) == {"light_commercial", "rigid_truck"}


def test_each_part_has_its_roads(done: Path) -> None:
    """Old trucks are kept out of the zone and may cross the bridge; once electric they drive in both."""
    roads = load_network(NetworkSection(file="n.osm"), done.parent, "CL").links
    zone, bridge = (roads.filter(x)["link_id"] for x in ("low_emission_zone", pl.col("max_weight_t") == 18.0))
    assert (zone.len(), bridge.len()) == (22, 8)
    links = pl.read_parquet(done / "links.parquet")

    def on(which: pl.Series, scenario: str, column: str) -> float:
        own = links.filter(pl.col("link_id").is_in(which.implode()) & (pl.col("scenario") == scenario))
        return float(own[column].sum())

    nox, power = "nox_kg_per_day", "electricity_kwh_per_day"
    assert on(zone, "electric", nox) == pytest.approx(on(zone, "baseline", nox), rel=1e-9)  # none of it was theirs
    assert on(bridge, "electric", nox) < 0.2 * on(bridge, "baseline", nox)  # all but the vans'
    assert on(zone, "electric", power) > 0.0
    assert on(bridge, "electric", power) > 0.0
