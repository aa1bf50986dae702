"""Networks that osmnx made or fetches: .graphml files and place names."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.network.assemble import Segments, assemble
from fleet_planner.network.attributes import parse_lanes, parse_maxspeed_kmh
from fleet_planner.network.osm import ATTRIBUTION

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.progress import Progress


def load_graphml(path: Path, region: str, progress: Progress) -> Network:
    """Read a graph that osmnx wrote (``.graphml``, ``.graphml.gz``).

    Raises
    ------
    InputError
        The file is not such a graph.
    """
    import osmnx

    progress(f"reading {path.name}", 0.05)
    try:
        if path.suffix == ".gz":
            with tempfile.TemporaryDirectory() as folder:
                plain = Path(folder) / "graph.graphml"
                with gzip.open(path) as packed, plain.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
                graph = osmnx.load_graphml(plain)
        else:
            graph = osmnx.load_graphml(path)
    except (OSError, ValueError, KeyError, SyntaxError) as error:
        raise InputError(
            f"this is not a graph that osmnx wrote: {error}", "Write it with osmnx.save_graphml.", file=path
        ) from error
    return _network(graph, region, str(path))


def load_place(place: str, region: str, hint: str, progress: Progress) -> Network:
    """Fetch the drive network of a place from OpenStreetMap.

    Raises
    ------
    InputError
        The place is unknown or the internet cannot be reached.
    """
    import osmnx

    progress(f"fetching {place} from OpenStreetMap", 0.05)
    try:
        graph = osmnx.graph_from_place(place, network_type="drive")
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"OpenStreetMap could not be asked for this place: {type(error).__name__}",
            hint
            or "Download an extract (.osm.pbf) from Geofabrik or BBBike, put it beside the plan and set network.file.",
            column="network.place",
            value=place,
        ) from error
    return _network(graph, region, place)


def _network(graph: Any, region: str, where: str) -> Network:
    """Turn an osmnx graph into a network; its edges are directed links already."""
    edges = list(graph.edges(data=True))
    rows, lines = [], []
    for u, v, data in edges:
        begin, finish = graph.nodes[u], graph.nodes[v]
        line = data.get("geometry")
        points = line.coords if line is not None else [(begin["x"], begin["y"]), (finish["x"], finish["y"])]
        lines.append(np.asarray(points, dtype=np.float64)[:, :2])
        oneway = bool(data.get("oneway"))
        lanes = parse_lanes(_text(data.get("lanes")))
        if lanes is not None and not oneway:
            lanes = max(lanes / 2.0, 1.0)
        name, highway, osm_id = (_first(data.get(k)) for k in ("name", "highway", "osmid"))
        speed = parse_maxspeed_kmh(_text(data.get("maxspeed")))
        rows.append(
            (
                u,
                v,
                int(osm_id) if osm_id else None,
                name,
                highway or "unclassified",
                1,
                speed,
                lanes,
                lanes,
                True,
            )
        )
    schema = {
        "u": pl.Int64,
        "v": pl.Int64,
        "osm_id": pl.Int64,
        "name": pl.String,
        "road_class": pl.String,
        "direction": pl.Int64,
        "maxspeed_kmh": pl.Float64,
        "lanes_forward": pl.Float64,
        "lanes_backward": pl.Float64,
        "hgv_allowed": pl.Boolean,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in lines])]).astype(np.int64)
    coordinates = np.concatenate(lines) if lines else np.zeros((0, 2))
    return assemble(Segments(frame, coordinates, offsets), region, ATTRIBUTION, where)


def _first(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(str(v) for v in value)
    return None if value is None else str(value)
