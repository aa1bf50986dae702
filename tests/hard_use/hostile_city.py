"""A little city every name of which is an attack on pages, spreadsheets and shells."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from tests.cli.small_run import NODES, REFS, RING

ATTACK = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script></script><!--\'&{{7*7}}${7*7}'
OSM = (
    f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/>"
    f"<tag k='name' v='{escape(ATTACK)}'/></way></osm>"
)
QUOTED = ATTACK.replace('"', '""')
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count,zone,depot\n"
    f'"{QUOTED}",heavy_truck,diesel,12000,2008,rigid_truck,40000,30,"{QUOTED}",\n'
    f'"v2",bus,diesel,17500,2012,urban_bus,60000,10,,"{QUOTED}"\n'
    f'"v3","{QUOTED}",diesel,17500,2012,urban_bus,1,0.001,,\n'
)
PLAN = f"""
[city]
name = '''{ATTACK}'''
name_zh = '''{ATTACK}'''
country = "EU"
year = 2024
[network]
file = "n.osm"
cache = false
licence = '''{ATTACK}'''
[fleet]
registry = "r.csv"
max_rejected_vkt_share = 0.5
[places]
zones = "z.geojson"
depots = "d.csv"
[climate]
source = '''{ATTACK}'''
[turnover]
to_year = 2026
[[target]]
name = "t"
title = '''{ATTACK}'''
title_zh = '''{ATTACK}'''
pollutant = "NOx"
year = 2026
cut_pct = 30.0
base_year = 2024
[[scenario]]
name = "electric_buses"
title = '''{ATTACK}'''
title_zh = '''{ATTACK}'''
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
[chargers]
demand = "demand.csv"
candidates = "sites.csv"
cut_off_km = 3.0
sites = 2
years = [2025]
seconds = 1.0
curve_points = 1
[market]
curves = "curves.csv"
from_year = 2026
to_year = 2027
[[market.city]]
name = '''{ATTACK}'''
name_zh = '''{ATTACK}'''
lon = 116.40
lat = 39.91
baseline_t = {{ 2026 = 100000.0 }}
cap_t = {{ 2026 = 90000.0 }}
[[market.city]]
name = "b"
baseline_t = {{ 2026 = 100000.0 }}
cap_t = {{ 2026 = 99000.0 }}
"""


def write_hostile_city(folder: Path) -> Path:
    """Write the plan and all its files into a folder; return the plan."""
    zone = {"type": "Feature", "properties": {"name": ATTACK}, "geometry": {"type": "Polygon", "coordinates": [RING]}}
    files = {
        "plan.toml": PLAN,
        "r.csv": REGISTRY,
        "n.osm": OSM,
        "z.geojson": json.dumps({"type": "FeatureCollection", "features": [zone]}),
        "d.csv": f'name,lon,lat\n"{QUOTED}",0.015,0.002\n',
        "sites.csv": "site_id,lon,lat,kind\n"
        + "".join(f'"{k}{QUOTED}",{0.004 * k},{0.004 * (k % 2)},parking\n' for k in range(4)),
        "demand.csv": "demand_id,lon,lat,kwh_per_day,stream,connector\n"
        + "".join(f'"{k}{QUOTED}",{0.004 * k + 0.001},0.002,{100 + k},rigid_truck,ccs\n' for k in range(4)),
        "curves.csv": f'city,year,avoided_t,usd_per_t\n"{QUOTED}",,30000,20\nb,,30000,60\n',
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "plan.toml"
