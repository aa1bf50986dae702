"""Networks that osmnx made or fetches: .graphml files and place names."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.network.access import trucks_allowed
from fleet_planner.network.assemble import Segments, assemble
from fleet_planner.network.attributes import lanes_by_direction, speeds_kmh
from fleet_planner.network.builtin import cache_base
from fleet_planner.network.osm import ATTRIBUTION

if TYPE_CHECKING:
    from fleet_planner.network.model import Network
    from fleet_planner.progress import Progress

BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, SyntaxError, zlib.error)
SCHEMA = {
    "u": pl.Int64,
    "v": pl.Int64,
    "osm_id": pl.Int64,
    "name": pl.String,
    "road_class": pl.String,
    "direction": pl.Int64,
    "maxspeed_kmh": pl.Float64,
    "lanes_forward": pl.Float64,
    "hgv_allowed": pl.Boolean,
}


def load_graphml(path: Path, region: str, progress: Progress) -> Network:
    """Read a graph that osmnx wrote (``.graphml``, ``.graphml.gz``).

    Raises
    ------
    InputError
        The file is not such a graph.
    """
    import networkx as nx
    import osmnx

    progress(f"reading {path.name}", 0.05)
    try:
        if path.suffix != ".gz":
            return _network(osmnx.load_graphml(path), region, str(path))
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "graph.graphml"
            with gzip.open(path) as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            return _network(osmnx.load_graphml(plain), region, str(path))
    except (*BROKEN, nx.NetworkXError) as error:
        raise InputError(
            f"this is not a graph that osmnx wrote, or it is truncated: {type(error).__name__}: {error}",
            "Write it with osmnx.save_graphml.",
            file=path,
        ) from error


def load_place(place: str, region: str, hint: str, progress: Progress) -> Network:
    """Fetch the drive network of a place from OpenStreetMap; answers are kept in the user's cache folder.

    Raises
    ------
    InputError
        The place is unknown or the internet cannot be reached.
    """
    import osmnx

    progress(f"fetching {place} from OpenStreetMap", 0.05)
    osmnx.settings.cache_folder = str(cache_base() / "osmnx")
    try:
        graph = osmnx.graph_from_place(place, network_type="drive")
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"OpenStreetMap could not be asked for this place: {type(error).__name__}",
            hint
            or "Download an extract (.osm.pbf) from Geofabrik (download.geofabrik.de) or BBBike "
            "(extract.bbbike.org), put it beside the plan and set network.file.",
            column="network.place",
            value=place,
        ) from error
    return _network(graph, region, place)


def _network(graph: Any, region: str, where: str) -> Network:
    """Turn an osmnx graph into a network; its edges are directed links already."""
    rows, lines = [], []
    for u, v, data in graph.edges(data=True):
        begin, finish = graph.nodes[u], graph.nodes[v]
        line = data.get("geometry")
        points = line.coords if line is not None else [(begin["x"], begin["y"]), (finish["x"], finish["y"])]
        lines.append(np.asarray(points, dtype=np.float64)[:, :2])
        rows.append((u, v, *_attributes(data)))
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in lines])]).astype(np.int64)
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(lanes_backward="lanes_forward")
    coordinates = np.concatenate(lines) if lines else np.zeros((0, 2))
    return assemble(Segments(frame, coordinates, offsets, directed=True), region, ATTRIBUTION, where)


def _attributes(data: dict[str, Any]) -> tuple[Any, ...]:
    """Return the rest of `SCHEMA` for one edge; an edge against the drawing takes the tags of that direction."""
    tags = {k: text for k, value in data.items() if (text := _text(value)) is not None}
    against = _first(data.get("reversed")) == "True"
    speed = speeds_kmh(tags)[against]
    lanes = lanes_by_direction(tags, int(_first(data.get("oneway")) == "True"))[against]
    osm_id = _first(data.get("osmid"))
    highway = _first(data.get("highway")) or "unclassified"
    return (int(osm_id) if osm_id else None, _first(data.get("name")), highway, 1, speed, lanes, trucks_allowed(tags))


def _first(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(str(v) for v in value)
    return None if value is None else str(value)
