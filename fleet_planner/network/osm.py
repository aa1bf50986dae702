"""OpenStreetMap files: one pass into flat arrays, split at junctions, joined where nothing meets."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import topology
from fleet_planner.network.access import is_drivable, trucks_allowed
from fleet_planner.network.assemble import Segments, assemble, line_points
from fleet_planner.network.attributes import lanes_by_direction, parse_oneway, speeds_kmh

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.progress import Progress

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
TAGS = {
    "osm_id": pl.Int64,
    "name": pl.String,
    "road_class": pl.String,
    "hgv_allowed": pl.Boolean,
    "direction": pl.Int64,
    "maxspeed_kmh": pl.Float64,
    "maxspeed_backward_kmh": pl.Float64,
    "lanes_forward": pl.Float64,
    "lanes_backward": pl.Float64,
}
ALIKE = tuple(TAGS)[1:]
"""What must agree for two ways to be one link."""


@dataclass
class _Ways:
    """What the pass over the file collects: points of all ways in a row, tags of each."""

    nodes: array[int] = field(default_factory=lambda: array("q"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    lat: array[float] = field(default_factory=lambda: array("d"))
    offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    cut: int = 0
    left_out: int = 0


def load_osm(path: Path, region: str, progress: Progress) -> Network:
    """Read a ``.osm.pbf``, ``.osm`` or ``.osm.bz2`` file.

    Raises
    ------
    InputError
        The file is truncated or not an OpenStreetMap file, or has no drivable way.
    """
    progress(f"reading {path.name}", 0.05)
    ways = _read(path)
    counted = (("network.dangling", "warning", ways.cut), ("network.left_out", "info", ways.left_out))
    findings = tuple(Finding(code, kind, {}, n) for code, kind, n in counted if n)  # type: ignore[arg-type]  # Kind
    segments = _segments(ways) if ways.rows else Segments(pl.DataFrame(), np.zeros((0, 2)), np.zeros(1, np.int64))
    return assemble(segments, region, ATTRIBUTION, str(path), findings)


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
            if not item.is_way():
                continue
            if is_drivable(item.tags):
                _add(ways, item)
            else:
                ways.left_out += 1
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"this OpenStreetMap file cannot be read: {error}",
            "It may be truncated: download it again and compare its size.",
            file=path,
        ) from error
    return ways


def _add(ways: _Ways, way: Any) -> None:
    row = _row(way)
    first = len(ways.nodes)
    cut = False
    for node in way.nodes:
        if not node.location.valid():
            cut = True
            _close(ways, first, row)
            first = len(ways.nodes)
        elif len(ways.nodes) == first or node.ref != ways.nodes[-1]:
            ways.nodes.append(node.ref)
            ways.lon.append(node.lon)
            ways.lat.append(node.lat)
    _close(ways, first, row)
    ways.cut += cut


def _row(way: Any) -> tuple[Any, ...]:
    """Return the values of `TAGS`; those of a direction that is closed are null."""
    tags = way.tags
    highway = tags["highway"]
    direction = parse_oneway(tags.get("oneway"), tags.get("junction"), highway)
    speed, speed_back = speeds_kmh(tags)
    lanes, lanes_back = lanes_by_direction(tags, direction)
    if direction > 0:
        speed_back = lanes_back = None
    elif direction < 0:
        speed = lanes = None
    text = tags.get("name")
    return (way.id, text, highway, trucks_allowed(tags), direction, speed, speed_back, lanes, lanes_back)


def _close(ways: _Ways, first: int, row: tuple[Any, ...]) -> None:
    """End the piece of way that began at ``first``; pieces of one node are dropped."""
    if len(ways.nodes) - first >= 2:
        ways.offsets.append(len(ways.nodes))
        ways.rows.append(row)
    else:
        del ways.nodes[first:], ways.lon[first:], ways.lat[first:]


def _segments(ways: _Ways) -> Segments:
    """Split the ways at junctions and join the pieces between them."""
    ids, refs = np.unique(np.array(ways.nodes), return_inverse=True)
    offsets = np.array(ways.offsets)
    points = np.column_stack([ways.lon, ways.lat])
    tags = pl.DataFrame(ways.rows, schema=TAGS, orient="row")
    degree = topology.node_degrees(refs, offsets, ids.size)
    first, last, way = topology.split_ways(refs, offsets, degree != 2)
    start, end = refs[first], refs[last]
    ends = np.bincount(np.concatenate([start, end]), minlength=ids.size)
    as_drawn, from_behind = _alike(tags)
    order, flipped, chains = topology.chain_segments(
        start, end, as_drawn[way], from_behind[way], (degree == 2) & (ends == 2)
    )
    index, piece_offsets = line_points(first[order], last[order], flipped)
    # a chain takes all points of its first piece and, of the later ones, all but the shared first point
    keep = np.ones(index.size, dtype=bool)
    keep[piece_offsets[:-1]] = False
    keep[piece_offsets[chains[:-1]]] = True
    counts = np.add.reduceat(keep.astype(np.int64), piece_offsets[chains[:-1]])
    index = index[keep]
    line_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    head, turned = order[chains[:-1]], flipped[chains[:-1]]
    rows = pl.concat([tags, _turned(tags)])[way[head] + turned * tags.height]
    frame = rows.with_columns(
        u=pl.Series(ids[refs[index[line_offsets[:-1]]]]), v=pl.Series(ids[refs[index[line_offsets[1:] - 1]]])
    )
    return Segments(frame, np.ascontiguousarray(points[index]), line_offsets)


def _alike(tags: pl.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the number of each way's attributes as drawn, and as seen from its other end."""
    both = pl.concat([tags, _turned(tags)]).select(pl.struct(ALIKE).rank("dense").cast(pl.Int64).alias("n"))["n"]
    numbers = both.to_numpy()
    return numbers[: tags.height], numbers[tags.height :]


def _turned(tags: pl.DataFrame) -> pl.DataFrame:
    """Return the tags of each way as if it had been drawn from its other end."""
    return tags.with_columns(
        direction=-pl.col("direction"),
        maxspeed_kmh="maxspeed_backward_kmh",
        maxspeed_backward_kmh="maxspeed_kmh",
        lanes_forward="lanes_backward",
        lanes_backward="lanes_forward",
    )
