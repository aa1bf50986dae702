"""Write the example of charger siting of the embedded city: demand, candidates and grid nodes. They are GENERATED.

Usage: python scripts/generate_coquimbo_charging.py [--check]

Energy: km of the registry's vans and rigid trucks in the city times kWh per km, times an assumed electric share by year,
spread over the zones of the shipped network by population. Candidates: junctions of main streets near zones, assumed.
Grid nodes and their headroom: assumed. With ``--check`` nothing is written; the exit status is 1 when a file differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.network import load_network
from fleet_planner.network.builtin import builtin_zones
from fleet_planner.plan.models import NetworkSection
from fleet_planner.units import DAYS_PER_YEAR

FOLDER = Path(__file__).parent.parent / "inputs" / "coquimbo"
ELECTRIC_SHARE = {2028: 0.015, 2034: 0.06}
"""Of the km of vans and rigid trucks: assumed."""
STREAMS = {"light_commercial": 40.0, "rigid_truck": 90.0}
"""And the energy of one stop, kWh: assumed."""
APART_KM, MOST_SITES = 1.1, 45
STREETS = ("primary", "secondary", "tertiary")
NODES, HEADROOM_KW = 6, (600.0, 2000.0, 5000.0)
KM_PER_DEGREE = 111.195


def _spots() -> pl.DataFrame:
    """Return a point and the inhabitants of each zone."""
    zones = builtin_zones().to_crs(4326)
    inside = zones.geometry.representative_point()
    frame = pl.DataFrame({"zone": np.arange(1, len(zones) + 1), "lon": inside.x.to_numpy(), "lat": inside.y.to_numpy()})
    return frame.with_columns(people=pl.Series(zones["population"].to_numpy().astype(float))).filter(
        pl.col("people") > 0
    )


def _energy() -> dict[str, float]:
    """Return kWh a day by stream were all of it electric."""
    registry = pl.read_csv(FOLDER / "registry.csv", infer_schema_length=None)
    use = load_electricity_use()
    out = {}
    for stream in STREAMS:
        own = registry.filter(pl.col("stream") == stream)
        kwh = np.array([use[c, ""] for c in own["category"]])
        km = (own["count"].fill_null(1) * own["km_per_year"] * own["share_inside"]).to_numpy()
        out[stream] = float((km * kwh).sum()) / DAYS_PER_YEAR
    return out


def demand(spots: pl.DataFrame) -> pl.DataFrame:
    """Return the table of demand."""
    share = (spots["people"] / spots["people"].sum()).to_numpy()
    rows = []
    for stream, whole in _energy().items():
        for year, electric in ELECTRIC_SHARE.items():
            for k, (zone, lon, lat, _) in enumerate(spots.iter_rows()):
                kwh = round(whole * electric * float(share[k]), 1)
                rows.append(
                    (f"zone {zone} {stream}", round(lon, 5), round(lat, 5), year, kwh, "destination", stream, "ccs",
                     STREAMS[stream], f"zone {zone}")
                )  # fmt: skip
    names = ["demand_id", "lon", "lat", "year", "kwh_per_day", "kind", "stream", "connector", "session_kwh", "zone"]
    return pl.DataFrame(rows, schema=names, orient="row").sort("demand_id", "year")


def candidates(spots: pl.DataFrame) -> pl.DataFrame:
    """Return junctions of main streets near the zones with most inhabitants, some way apart."""
    network = load_network(NetworkSection(builtin="coquimbo"), Path(), "CL")
    street = network.links["road_class"].is_in(STREETS).to_numpy() & network.links["in_main"].to_numpy()
    ends = np.unique(network.coordinates[network.offsets[:-1]][street], axis=0)
    squeeze = np.array([np.cos(np.radians(ends[:, 1].mean())), 1.0]) * KM_PER_DEGREE
    chosen: list[np.ndarray] = []
    for row in spots.sort("people", descending=True).iter_rows(named=True):
        near = ends[np.argmin((((ends - [row["lon"], row["lat"]]) * squeeze) ** 2).sum(axis=1))]
        if all(np.hypot(*((near - other) * squeeze)) >= APART_KM for other in chosen):
            chosen.append(near)
    rows = [(f"site {k + 1}", round(float(x), 5), round(float(y), 5), "parking") for k, (x, y) in enumerate(chosen)]
    return pl.DataFrame(rows[:MOST_SITES], schema=["site_id", "lon", "lat", "kind"], orient="row")


def nodes(sites: pl.DataFrame) -> pl.DataFrame:
    """Return assumed grid nodes: every so many candidates from south to north."""
    picked = sites.sort("lat")[:: max(sites.height // NODES, 1)].head(NODES)
    rows = [
        (f"node {k + 1}", lon, lat, *HEADROOM_KW)
        for k, (lon, lat) in enumerate(picked.select("lon", "lat").iter_rows())
    ]
    names = ["node_id", "lon", "lat", "headroom_low_kw", "headroom_central_kw", "headroom_high_kw"]
    return pl.DataFrame(rows, schema=names, orient="row")


def main() -> int:
    """Write or check the tables."""
    spots = _spots()
    sites = candidates(spots)
    tables = {
        "charging_demand.csv": demand(spots),
        "charging_sites.csv": sites,
        "grid_nodes.csv": nodes(sites),
    }
    differs = 0
    for name, table in tables.items():
        path, text = FOLDER / name, table.write_csv()
        if "--check" in sys.argv[1:]:
            same = path.is_file() and path.read_text(encoding="utf-8") == text
            differs += not same
            print(f"{name}: {'same' if same else 'differs'}")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{name}: {table.height} rows")
    return int(differs > 0)


if __name__ == "__main__":
    sys.exit(main())
