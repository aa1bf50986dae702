"""Graphs that osmnx made: .graphml files, and what it fetched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.access import bus_lanes, buses_only, max_weight_hgv_t, max_weight_t, trucks_allowed
from fleet_planner.network.attributes import lanes_by_direction, off_the_ground, speeds_kmh
from fleet_planner.network.osm import ATTRIBUTION
from fleet_planner.network.segments import Segments, Source
from fleet_planner.network.table_files import to_wgs84
from fleet_planner.unpacking import refuse_definitions, unpack

if TYPE_CHECKING:
    from fleet_planner.progress import Progress

BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    SyntaxError,
    RecursionError,
    MemoryError,
    pl.exceptions.PolarsError,
)
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
    "max_weight_t": pl.Float64,
    "max_weight_hgv_t": pl.Float64,
    "bus_only": pl.Boolean,
    "bus_lanes_forward": pl.Float64,
    "structure": pl.Boolean,
}


def read_graphml(path: Path, progress: Progress) -> Source:
    """Read a graph that osmnx wrote (``.graphml``, ``.graphml.gz``).

    Raises
    ------
    InputError
        The file is not such a graph.
    """
    import networkx as nx
    import osmnx
    from shapely.errors import ShapelyError

    progress(f"reading {path.name}", 0.05)
    try:
        if path.suffix != ".gz":
            refuse_definitions(path)
            return graph_source(osmnx.load_graphml(path), path)
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "graph.graphml"
            unpack(path, plain)
            refuse_definitions(plain)
            return graph_source(osmnx.load_graphml(plain), path)
    except (*BROKEN, nx.NetworkXError, ShapelyError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"this is not a graph that osmnx wrote, or it is truncated: {type(error).__name__}: {error}",
            "Write it with osmnx.save_graphml.",
            file=path,
        ) from error


def graph_source(graph: Any, where: str | Path) -> Source:
    """Return an osmnx graph as segments; its edges are directed already.

    Edges whose nodes have no place (cut at the border) and no geometry of their own are dropped and counted.

    Raises
    ------
    InputError
        The graph's coordinate system cannot be used.
    """
    rows, lines, dropped = [], [], 0
    for u, v, data in graph.edges(data=True):
        line = data.get("geometry")
        ends = [(graph.nodes[n].get("x"), graph.nodes[n].get("y")) for n in (u, v)]
        if line is None and None in {xy for end in ends for xy in end}:
            dropped += 1
            continue
        points = line.coords if line is not None else ends
        lines.append(np.asarray(points, dtype=np.float64)[:, :2])
        rows.append((u, v, *_attributes(data)))
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in lines])]).astype(np.int64)
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(
        lanes_backward="lanes_forward", bus_lanes_backward="bus_lanes_forward"
    )
    coordinates = np.concatenate(lines) if lines else np.zeros((0, 2))
    coordinates = to_wgs84(coordinates, str(graph.graph.get("crs") or "") or None, Path(where))
    # osmnx joins ways and lists their tags: a link with a bridge is one as a whole
    structure = np.repeat(frame["structure"].to_numpy(), np.diff(offsets))
    findings = (Finding("network.missing_nodes", "warning", {}, dropped),) if dropped else ()
    segments = Segments(frame.drop("structure"), coordinates, offsets, directed=True, structure=structure)
    return Source(segments, ATTRIBUTION, str(where), findings, "osm")


def _attributes(data: dict[str, Any]) -> tuple[Any, ...]:
    """Return the rest of `SCHEMA` for one edge; an edge against the drawing takes the tags of that direction."""
    tags = {k: text for k, value in data.items() if (text := _text(value)) is not None}
    against = _first(data.get("reversed")) == "True"
    speed = speeds_kmh(tags)[against]
    direction = int(_first(data.get("oneway")) == "True")
    lanes, buses = lanes_by_direction(tags, direction)[against], bus_lanes(tags, direction)[against]
    osm_id = _first(data.get("osmid"))
    highway = _first(data.get("highway")) or "unclassified"
    limits = (
        trucks_allowed(tags),
        max_weight_t(tags),
        max_weight_hgv_t(tags),
        buses_only(tags | {"highway": highway}),
        buses,
    )
    number = int(osm_id) if osm_id else None
    return (number, _first(data.get("name")), highway, 1, speed, lanes, *limits, off_the_ground(tags))


def _first(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(str(v) for v in value)
    return None if value is None else str(value)
