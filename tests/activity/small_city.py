"""A small road network, fleets and a timetable for the tests of activity."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.network import Network

CLASSES = ["motorway", "primary", "residential", "tertiary"]


def network(n: int, seed: int = 0) -> Network:
    """A row of links going east, 1 km each."""
    rng = np.random.default_rng(seed)
    lon = np.arange(n + 1) * 0.009
    coordinates = np.column_stack([np.repeat(lon, 2)[1:-1], np.zeros(2 * n)])
    links = pl.DataFrame(
        {
            "link_id": range(n),
            "u": range(n),
            "v": range(1, n + 1),
            "osm_id": range(100, 100 + n),
            "name": [f"street {i // 4}" for i in range(n)],
            "road_class": [CLASSES[i] for i in rng.integers(0, 4, n)],
            "length_km": rng.uniform(0.1, 2.0, n),
            "lanes": rng.integers(1, 4, n).astype(float),
            "free_flow_kmh": rng.choice([30.0, 50.0, 80.0, 100.0], n),
            "capacity_veh_h": rng.choice([800.0, 2000.0, 6000.0], n),
            "in_main": [True] * n,
            "hgv_allowed": [True] * n,
            "bus_only": [False] * n,
            "low_emission_zone": [False] * n,
        }
    )
    return Network(links, coordinates, np.arange(0, 2 * n + 1, 2), "test")


def fleet(seed: int, streams: list[str]) -> pl.DataFrame:
    """A registry row per stream."""
    rng = np.random.default_rng(seed)
    n = len(streams)
    return pl.DataFrame(
        {
            "stream": streams,
            "category": ["passenger_car"] * n,
            "segment": [""] * n,
            "gross_mass_kg": pl.Series([None] * n, dtype=pl.Float64),
            "km_per_year": rng.uniform(0, 50_000, n),
            "share_inside": rng.uniform(0, 1, n),
            "count": rng.integers(1, 100, n).astype(float),
        }
    )


def feed_zip(folder: Path, **tables: str) -> Path:
    """A feed along the network's row of links, with what is given in place of the defaults."""
    default = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\n1,a,b,UTC\n",
        "routes": "route_id,agency_id,route_type\nr,1,3\nrail,1,2\n",
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nwk,1,1,1,1,1,0,0,20240101,20241231\n",
        "trips": "route_id,service_id,trip_id,shape_id\nr,wk,t1,s\nr,wk,t2,s\nrail,wk,t3,s\n",
        "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,0.0001,1\ns,0,0.0449,2\n",
        "stops": "stop_id,stop_lat,stop_lon\na,0,0.0001\nb,0,0.0449\n",
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,08:30:00,08:30:00,a,1\nt1,09:30:00,09:30:00,b,2\nt2,25:10:00,25:10:00,a,1\nt2,25:20:00,25:20:00,b,2\nt3,08:00:00,08:00:00,a,1\nt3,08:10:00,08:10:00,b,2\n",
    }
    path = folder / "feed.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (default | tables).items():
            if text:
                archive.writestr(f"{name}.txt", text)
    path.write_bytes(buffer.getvalue())
    return path
