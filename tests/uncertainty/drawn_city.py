"""A small city with main and local roads, retrofits, renewable diesel and electric buses, for tests of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.pipeline.prepare import Prepared, prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("motorway", "primary", "secondary", "residential")
NODES = "".join(f"<node id='{i + 1}' lat='{0.01 * (i // 3)}' lon='{0.01 * (i % 3)}'/>" for i in range(12))


def way(number: int, road: str, nodes: list[int]) -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes)
    return f"<way id='{number}'>{refs}<tag k='highway' v='{road}'/></way>"


WAYS = "".join(way(k + 1, road, [3 * k + 1, 3 * k + 2, 3 * k + 3]) for k, road in enumerate(CLASSES))
WAYS += way(9, "tertiary", [1, 4, 7, 10]) + way(10, "residential", [3, 6, 9, 12])
OSM = f"<osm version='0.6'>{NODES}{WAYS}</osm>"
REGISTRY = (
    "vehicle_id,category,fuel,standard,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "1,heavy_truck,diesel,euro_III,12000,2005,rigid_truck,40000,30\n"
    "2,heavy_truck,diesel,,12000,2016,rigid_truck,40000,50\n"
    "3,bus,diesel,,17500,2012,urban_bus,60000,10\n"
    "4,passenger_car,petrol,,,2015,car,12000,4000\n"
    "5,passenger_car,diesel,euro_4,,2008,car,15000,1000\n"
)
PLAN = (
    '[city]\nname = "x"\ncountry = "EU"\nyear = 2024\n[network]\nfile = "n.osm"\ncache = false\n'
    '[fleet]\nregistry = "r.csv"\nvisiting_share = { rigid_truck = 0.3 }\n'
    '[[scenario]]\nname = "treated"\ntitle = "Filters and renewable diesel"\n'
    '[[scenario.measure]]\nmeasure = "dpf_scr"\nstreams = ["rigid_truck"]\nuptake = 0.5\n'
    '[[scenario.measure]]\nmeasure = "rd99"\nstreams = ["rigid_truck"]\n'
    '[[scenario]]\nname = "electric_buses"\ntitle = "Electric buses"\n'
    '[[scenario.measure]]\nmeasure = "bev_bus"\nstreams = ["urban_bus"]\n'
)


def write_city(folder: Path, more: str = "") -> Path:
    """Write the inputs into a folder; return the plan."""
    (folder / "plan.toml").write_text(PLAN + more, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return folder / "plan.toml"


def prepared_city(folder: Path, more: str = "") -> Prepared:
    """Return the city, its inventories computed."""
    path = write_city(folder, more)
    return prepare(load_plan(path), folder, silent)
