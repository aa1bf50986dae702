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
from fleet_planner.network.access import bus_lanes, buses_only, is_drivable, max_weight_t, trucks_allowed
from fleet_planner.network.attributes import lanes_by_direction, off_the_ground, parse_oneway, speeds_kmh
from fleet_planner.network.built_up import land_use_kinds
from fleet_planner.network.segments import Bool, Float, Int, LandUse, Segments, Source, line_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fleet_planner.progress import Progress

LOW_EMISSION = "low_emission_zone"
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
    "bus_lanes_forward": pl.Float64,
    "bus_lanes_backward": pl.Float64,
    "bus_only": pl.Boolean,
    "max_weight_t": pl.Float64,
}
ALIKE = tuple(TAGS)[1:]
"""What must agree for two ways to be one link."""


@dataclass
class _Ways:
    """What the pass over the file collects: points of all ways in a row, tags of each, and which are off the ground."""

    nodes: array[int] = field(default_factory=lambda: array("q"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    lat: array[float] = field(default_factory=lambda: array("d"))
    offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    structure: list[bool] = field(default_factory=list)
    areas: dict[str, list[bytes]] = field(default_factory=lambda: {"built_up": [], "open_land": [], "low_emission": []})
    broken: int = 0
    cut: int = 0
    left_out: int = 0


def read_osm(path: Path, keep_classes: Sequence[str], progress: Progress) -> Source:
    """Read a ``.osm.pbf``, ``.osm`` or ``.osm.bz2`` file; of other classes than ``keep_classes`` only their density.

    Raises
    ------
    InputError
        The file is truncated or not an OpenStreetMap file, or has no drivable way.
    """
    import shapely

    progress(f"reading {path.name}", 0.05)
    ways = _read(path)
    counted = (("network.dangling", "warning", ways.cut), ("network.left_out", "info", ways.left_out))
    findings = [Finding(code, kind, {}, n) for code, kind, n in counted if n]  # type: ignore[arg-type]  # Kind
    if not ways.rows:
        empty = Segments(pl.DataFrame(), np.zeros((0, 2)), np.zeros(1, np.int64))
        return Source(empty, ATTRIBUTION, str(path), tuple(findings), "osm")
    points, offsets = np.column_stack([ways.lon, ways.lat]), np.array(ways.offsets)
    nodes, tags = np.array(ways.nodes), pl.DataFrame(ways.rows, schema=TAGS, orient="row")
    structure = np.array(ways.structure)
    land_use = LandUse(**{kind: shapely.from_wkb(found) for kind, found in ways.areas.items()}, broken=ways.broken)
    del ways
    all_roads = (points, offsets)
    wanted = tags["road_class"].is_in(keep_classes).to_numpy()
    if keep_classes and wanted.any() and not wanted.all():
        findings.append(Finding("network.classes_dropped", "info", {}, int((~wanted).sum())))
        lines = Segments(tags, points, offsets).take(wanted)
        first, last = offsets[:-1][wanted], offsets[1:][wanted] - 1
        nodes = nodes[line_points(first, last, np.zeros(first.size, dtype=np.bool_))[0]]
        tags, points, offsets, structure = lines.frame, lines.coordinates, lines.offsets, structure[wanted]
    segments = _segments(nodes, points, offsets, tags, structure)
    return Source(segments, ATTRIBUTION, str(path), tuple(findings), "osm", all_roads, land_use)


def _read(path: Path) -> _Ways:
    import osmium

    ways = _Ways()
    known = land_use_kinds()
    areas = osmium.geom.WKBFactory()
    wanted = osmium.filter.KeyFilter("highway", "landuse", "boundary")
    try:
        things: Iterable[Any] = (
            osmium.FileProcessor(str(path))
            .with_locations("flex_mem")
            .with_areas(osmium.filter.KeyFilter("landuse", "boundary"))
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.AREA))
            .with_filter(wanted)
        )
        for item in things:
            if item.is_area():
                _add_area(ways, item, areas, known)
            elif "highway" not in item.tags:
                continue
            elif is_drivable(tags := dict(item.tags)):
                _add(ways, item, tags)
            else:
                ways.left_out += 1
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"this OpenStreetMap file cannot be read: {error}",
            "It may be truncated: download it again and compare its size.",
            file=path,
        ) from error
    return ways


def _add_area(ways: _Ways, area: Any, factory: Any, known: dict[str, bool]) -> None:
    """Keep the polygon of a known land use or of a low-emission zone."""
    use = known.get(area.tags.get("landuse", ""))
    if area.tags.get("boundary") == LOW_EMISSION:
        kind = "low_emission"
    elif use is not None:
        kind = "built_up" if use else "open_land"
    else:
        return
    try:
        ways.areas[kind].append(bytes.fromhex(factory.create_multipolygon(area)))
    except RuntimeError:
        ways.broken += 1


def _add(ways: _Ways, way: Any, tags: dict[str, str]) -> None:
    row, structure = _row(way.id, tags), off_the_ground(tags)
    first = len(ways.nodes)
    cut = False
    for node in way.nodes:
        if not node.location.valid():
            cut = True
            _close(ways, first, row, structure=structure)
            first = len(ways.nodes)
        elif len(ways.nodes) == first or node.ref != ways.nodes[-1]:
            ways.nodes.append(node.ref)
            ways.lon.append(node.lon)
            ways.lat.append(node.lat)
    _close(ways, first, row, structure=structure)
    ways.cut += cut


def _row(number: int, tags: dict[str, str]) -> tuple[Any, ...]:
    """Return the values of `TAGS`; those of a direction that is closed are null."""
    highway = tags["highway"]
    direction = parse_oneway(tags.get("oneway"), tags.get("junction"), highway)
    speed, speed_back = speeds_kmh(tags)
    lanes, lanes_back = lanes_by_direction(tags, direction)
    if direction > 0:
        speed_back = lanes_back = None
    elif direction < 0:
        speed = lanes = None
    limits = (speed, speed_back, lanes, lanes_back, *bus_lanes(tags, direction), buses_only(tags), max_weight_t(tags))
    return (number, tags.get("name"), highway, trucks_allowed(tags), direction, *limits)


def _close(ways: _Ways, first: int, row: tuple[Any, ...], *, structure: bool) -> None:
    """End the piece of way that began at ``first``; pieces of one node are dropped."""
    if len(ways.nodes) - first >= 2:
        ways.offsets.append(len(ways.nodes))
        ways.rows.append(row)
        ways.structure.append(structure)
    else:
        del ways.nodes[first:], ways.lon[first:], ways.lat[first:]


def _segments(nodes: Int, points: Float, offsets: Int, tags: pl.DataFrame, structure: Bool) -> Segments:
    """Split the ways at junctions and join the pieces between them; ``structure`` tells bridges and tunnels by way."""
    ids, refs = np.unique(nodes, return_inverse=True)
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
    # a point kept has the piece that leads to it on the way of its own piece of chain
    hung = np.repeat(structure[way[order]], np.diff(piece_offsets))[keep]
    counts = np.add.reduceat(keep.astype(np.int64), piece_offsets[chains[:-1]])
    index = index[keep]
    line_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    head, turned = order[chains[:-1]], flipped[chains[:-1]]
    rows = pl.concat([tags, _turned(tags)])[way[head] + turned * tags.height]
    frame = rows.with_columns(
        u=pl.Series(ids[refs[index[line_offsets[:-1]]]]), v=pl.Series(ids[refs[index[line_offsets[1:] - 1]]])
    )
    hung[line_offsets[:-1]] = False
    return Segments(frame, np.ascontiguousarray(points[index]), line_offsets, structure=hung)


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
        bus_lanes_forward="bus_lanes_backward",
        bus_lanes_backward="bus_lanes_forward",
    )
