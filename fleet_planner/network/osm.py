"""OpenStreetMap files: one pass into flat arrays, split at junctions, joined where nothing meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import topology
from fleet_planner.network.assemble import Segments, assemble
from fleet_planner.network.attributes import parse_lanes, parse_maxspeed_kmh, parse_oneway

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.progress import Progress

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
DRIVABLE = frozenset(
    [
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "road",
        "busway",
    ]
)
"""Road classes that are read; service roads, tracks and paths are not."""

CLOSED = frozenset({"no", "private"})
TRUCKS_BARRED = frozenset({"no", "private", "delivery", "destination"})


@dataclass
class _Ways:
    """What the pass over the file collects."""

    nodes: list[int] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    offsets: list[int] = field(default_factory=lambda: [0])
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    cut: int = 0


def load_osm(path: Path, region: str, progress: Progress) -> Network:
    """Read a ``.osm.pbf``, ``.osm`` or ``.osm.bz2`` file.

    Raises
    ------
    InputError
        The file is truncated or not an OpenStreetMap file, or has no drivable way.
    """
    progress(f"reading {path.name}", 0.05)
    ways = _read(path)
    found = (Finding("network.dangling", "warning", {}, ways.cut),) if ways.cut else ()
    segments = _segments(ways) if ways.rows else Segments(pl.DataFrame(), np.zeros((0, 2)), np.zeros(1, np.int64))
    return assemble(segments, region, ATTRIBUTION, str(path), found)


def _read(path: Path) -> _Ways:
    import osmium

    ways = _Ways()
    try:
        ways_in_file: Iterable[Any] = (
            osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
            .with_locations("flex_mem")
            .with_filter(osmium.filter.KeyFilter("highway").enable_for(osmium.osm.WAY))
        )
        for item in ways_in_file:
            if item.is_way() and _is_drivable(item.tags):
                _add(ways, item)
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"this OpenStreetMap file cannot be read: {error}",
            "It may be truncated: download it again and compare its size.",
            file=path,
        ) from error
    return ways


def _is_drivable(tags: Any) -> bool:
    if tags.get("highway") not in DRIVABLE or tags.get("area") == "yes":
        return False
    for key in ("motor_vehicle", "motorcar", "vehicle", "access"):
        value = tags.get(key)
        if value is not None:
            # the most special key decides: buses and permit holders do not make a road open
            return value not in CLOSED
    return True


def _add(ways: _Ways, way: Any) -> None:
    tags = way.tags
    highway = tags["highway"]
    direction = parse_oneway(tags.get("oneway"), tags.get("junction"), highway)
    total = parse_lanes(tags.get("lanes"))
    half = total if direction else (max(total / 2.0, 1.0) if total else None)
    row = (
        way.id,
        tags.get("name"),
        highway,
        direction,
        parse_maxspeed_kmh(tags.get("maxspeed")),
        parse_lanes(tags.get("lanes:forward")) or half,
        parse_lanes(tags.get("lanes:backward")) or half,
        tags.get("hgv") not in TRUCKS_BARRED,
    )
    first = len(ways.nodes)
    cut = False
    for node in way.nodes:
        if node.location.valid():
            ways.nodes.append(node.ref)
            ways.lon.append(node.lon)
            ways.lat.append(node.lat)
        else:
            cut = True
            _close(ways, first, row)
            first = len(ways.nodes)
    _close(ways, first, row)
    ways.cut += cut


def _close(ways: _Ways, first: int, row: tuple[Any, ...]) -> None:
    """End the piece of way that began at ``first``; pieces of one node are dropped."""
    if len(ways.nodes) - first >= 2:
        ways.offsets.append(len(ways.nodes))
        ways.rows.append(row)
    else:
        del ways.nodes[first:], ways.lon[first:], ways.lat[first:]


def _segments(ways: _Ways) -> Segments:
    """Split the ways at junctions and join the pieces between them."""
    ids, refs = np.unique(np.array(ways.nodes, dtype=np.int64), return_inverse=True)
    offsets = np.array(ways.offsets, dtype=np.int64)
    points = np.column_stack([ways.lon, ways.lat])
    schema = ["osm_id", "name", "road_class", "direction", "maxspeed_kmh", "lanes_forward", "lanes_backward"]
    tags = pl.DataFrame(ways.rows, schema=[*schema, "hgv_allowed"], orient="row", infer_schema_length=None)
    degree = topology.node_degrees(refs, offsets, ids.size)
    first, last, way = topology.split_ways(refs, offsets, degree != 2)
    start, end = refs[first], refs[last]
    ends = np.bincount(np.concatenate([start, end]), minlength=ids.size)
    alike = tags.select(pl.struct([*schema[1:], "hgv_allowed"]).rank("dense").alias("g"))["g"].to_numpy()
    group = alike[way].astype(np.int64)
    order, chains = topology.chain_segments(start, end, group, (degree == 2) & (ends == 2))
    chain_of = np.repeat(np.arange(chains.size - 1), np.diff(chains))
    head = np.zeros(order.size, dtype=bool)
    head[chains[:-1]] = True
    # a chain takes all points of its first piece and, of the later ones, all but the shared first point
    begin = first[order] + np.where(head, 0, 1)
    counts = last[order] - begin + 1
    piece = np.repeat(np.arange(order.size), counts)
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    coordinates = np.ascontiguousarray(points[begin[piece] + step])
    per_chain = np.bincount(chain_of, weights=counts, minlength=chains.size - 1).astype(np.int64)
    rows = tags[way[order[chains[:-1]]].tolist()]
    frame = rows.with_columns(u=pl.Series(ids[start[order[chains[:-1]]]]), v=pl.Series(ids[end[order[chains[1:] - 1]]]))
    return Segments(
        frame.with_columns(
            pl.col("maxspeed_kmh", "lanes_forward", "lanes_backward").cast(pl.Float64),
            pl.col("direction").cast(pl.Int64),
        ),
        coordinates,
        np.concatenate([[0], np.cumsum(per_chain)]).astype(np.int64),
    )
