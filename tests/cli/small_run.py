"""A small run with links, home zones and depots, made by the command, for the tests of what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from fleet_planner.cli.main import main

NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = (
    f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/>"
    "<tag k='name' v='=1+1 &quot;天府&quot;, Ost'/></way></osm>"
)
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count,zone,depot\n"
    "007,heavy_truck,diesel,12000,2008,rigid_truck,40000,30,North,\n"
    "1e5,bus,diesel,17500,2012,urban_bus,60000,10,,Quay\n"
)
PLAN = (
    '[city]\nname = "x"\ncountry = "EU"\nyear = 2024\n[network]\nfile = "n.osm"\ncache = false\n'
    '[fleet]\nregistry = "r.csv"\n[places]\nzones = "z.geojson"\ndepots = "d.csv"\n'
    '[[scenario]]\nname = "electric_buses"\ntitle = "Electric buses"\ntitle_zh = "电动公交"\n'
    '[[scenario.measure]]\nmeasure = "bev_bus"\nstreams = ["urban_bus"]\n'
)
RING = [[-0.01, -0.01], [0.02, -0.01], [0.02, 0.01], [-0.01, 0.01], [-0.01, -0.01]]
ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "North"},
            "geometry": {"type": "Polygon", "coordinates": [RING]},
        }
    ],
}


def write_inputs(folder: Path) -> Path:
    """Write the plan and its files into a folder; return the plan."""
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "z.geojson").write_text(json.dumps(ZONES), encoding="utf-8")
    (folder / "d.csv").write_text("name,lon,lat\nQuay,0.015,0.002\n", encoding="utf-8")
    return folder / "plan.toml"


def small_run(folder: Path, out: Path | None = None) -> Path:
    """Run the small city; return its folder of results."""
    target = out or folder / "run"
    done = CliRunner().invoke(main, ["run", str(write_inputs(folder)), "--out", str(target)])
    assert done.exit_code == 0, done.output
    return target
