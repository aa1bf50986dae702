"""Roads of OpenStreetMap files: split at junctions, joined where nothing meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import osm_blocks, topology
from fleet_planner.network.access import (
    ACCESS_TAGS,
    BUS_ROADS,
    DRIVABLE,
    bus_lanes,
    buses_only,
    is_drivable,
    max_weight_hgv_t,
    max_weight_t,
    road_class,
    trucks_allowed,
)
from fleet_planner.network.attributes import LANE_TAGS, lanes_by_direction, off_the_ground, parse_oneway, speeds_kmh
from fleet_planner.network.built_up import land_use_kinds
from fleet_planner.network.osm_areas import LOW_EMISSION, is_area, read_land_use
from fleet_planner.network.osm_file import HIGHWAY, BrokenFileError, OsmFile, Wanted, read_osm_file
from fleet_planner.network.segments import Bool, Int, Segments, Source, line_points
from fleet_planner.network.turns import is_restriction, restrictions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.progress import Progress

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
ATTRIBUTES = {
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
    "max_weight_hgv_t": pl.Float64,
}
KEYS = (
    "highway",
    "landuse",
    "boundary",
    "name",
    "oneway",
    "junction",
    "bridge",
    "tunnel",
    *ACCESS_TAGS,
    *LANE_TAGS,
)
"""Keys of ways that are read; the first three as `Wanted` wants them, the fourth is no attribute but a label."""

NAME = 3


@dataclass(frozen=True)
class _Attributes:
    """What the ways' tags say, each distinct set of tags once.

    Parameters
    ----------
    frame
        Columns of `ATTRIBUTES`: as drawn, then as if drawn from the other end; shape
        (2 x sets, ...).
    drivable, structure
        Of each set: belongs to the drive network; is off the ground. Shape (sets,).
    set_of
        Set of each way, shape (ways,).
    """

    frame: pl.DataFrame
    drivable: Bool
    structure: Bool
    set_of: Int


def read_osm(path: Path, keep_classes: Sequence[str], progress: Progress) -> Source:
    """Read a ``.osm.pbf``, ``.osm`` or ``.osm.bz2`` file; of other classes than ``keep_classes`` only their density.

    Raises
    ------
    InputError
        The file is truncated or not an OpenStreetMap file, or has no drivable way.
    """
    progress(f"reading {path.name}", 0.05)
    known = land_use_kinds()
    areas = frozenset({*known, LOW_EMISSION})

    def area(tags: Mapping[str, str]) -> bool:
        return is_area(tags, known)

    def asked(tags: Mapping[str, str]) -> bool:
        return area(tags) or is_restriction(tags)

    try:
        file = read_osm_file(path, Wanted(KEYS, DRIVABLE | BUS_ROADS, areas, relation=asked, members=area))
    except BrokenFileError as error:
        raise InputError(
            f"this OpenStreetMap file cannot be read: {error}",
            "It may be truncated: download it again and compare its size.",
            file=path,
        ) from error
    tags = _attributes(file)
    drivable = tags.drivable[tags.set_of]
    closed = int((~drivable & (file.tags[:, HIGHWAY] >= 0)).sum())
    index, offsets, way, cut = osm_blocks.cut_lines(file.index, file.offsets, file.known)
    road = drivable[way]
    counted = (("network.dangling", "warning", cut & drivable), ("network.left_out", "info", file.left_out + closed))
    findings = [Finding(code, kind, {}, n) for code, kind, what in counted if (n := int(np.sum(what)))]  # type: ignore[arg-type]  # Kind
    if not road.any():
        empty = Segments(pl.DataFrame(), np.zeros((0, 2)), np.zeros(1, np.int64))
        return Source(empty, ATTRIBUTION, str(path), tuple(findings), "osm")
    land_use = read_land_use(file, known)
    index, offsets, way = _taken(index, offsets, way, road)
    all_roads = (file.lonlat[index], offsets)
    classes = tags.frame["road_class"][: tags.drivable.size].is_in(keep_classes).fill_null(value=False).to_numpy()
    kept = classes[tags.set_of[way]]
    if keep_classes and kept.any() and not kept.all():
        findings.append(Finding("network.classes_dropped", "info", {}, int((~kept).sum())))
        index, offsets, way = _taken(index, offsets, way, kept)
    segments = _segments(file, index, offsets, way, tags)
    restricted = restrictions_of(file.relations)
    return Source(segments, ATTRIBUTION, str(path), tuple(findings), "osm", all_roads, land_use, restricted=restricted)


def _attributes(file: OsmFile) -> _Attributes:
    """Return what the tags say: the rules are asked once for each distinct set of tags."""
    places = np.delete(file.tags, NAME, axis=1)
    keys = [*KEYS[:NAME], *KEYS[NAME + 1 :]]
    first, set_of = osm_blocks.unique_rows(np.ascontiguousarray(places))
    rows, drivable, structure = [], [], []
    for own in places[first].tolist():
        tags = {key: file.texts[place] for key, place in zip(keys, own, strict=True) if place >= 0}
        drivable.append(is_drivable(tags))
        structure.append(off_the_ground(tags))
        rows.append(_row(tags) if drivable[-1] else (None,) * len(ATTRIBUTES))
    frame = pl.DataFrame(rows, schema=ATTRIBUTES, orient="row")
    return _Attributes(
        pl.concat([frame, _turned(frame)]), np.array(drivable, dtype=bool), np.array(structure, dtype=bool), set_of
    )


def _row(tags: dict[str, str]) -> tuple[Any, ...]:
    """Return the values of `ATTRIBUTES`; those of a direction that is closed are null."""
    highway = tags["highway"]
    direction = parse_oneway(tags.get("oneway"), tags.get("junction"), highway)
    speed, speed_back = speeds_kmh(tags)
    lanes, lanes_back = lanes_by_direction(tags, direction)
    if direction > 0:
        speed_back = lanes_back = None
    elif direction < 0:
        speed = lanes = None
    per_direction = (speed, speed_back, lanes, lanes_back, *bus_lanes(tags, direction))
    masses = (max_weight_t(tags), max_weight_hgv_t(tags))
    return (road_class(tags), trucks_allowed(tags), direction, *per_direction, buses_only(tags), *masses)


def _taken(index: Int, offsets: Int, way: Int, kept: Bool) -> tuple[Int, Int, Int]:
    """Return some of the lines."""
    first, last = offsets[:-1][kept], offsets[1:][kept] - 1
    points, offsets = line_points(first, last, np.zeros(first.size, dtype=np.bool_))
    return index[points], offsets, way[kept]


def _segments(file: OsmFile, nodes: Int, offsets: Int, line_way: Int, tags: _Attributes) -> Segments:
    """Split the ways at junctions and join the pieces between them."""
    degree = topology.node_degrees(nodes, offsets, file.node.size)
    first, last, line = topology.split_ways(nodes, offsets, degree != 2)
    way = line_way[line]
    start, end = nodes[first], nodes[last]
    ends = np.bincount(np.concatenate([start, end]), minlength=file.node.size)
    as_drawn, from_behind = _alike(file, tags)
    order, flipped, chains = topology.chain_segments(
        start, end, as_drawn[way], from_behind[way], (degree == 2) & (ends == 2)
    )
    index, piece_offsets = line_points(first[order], last[order], flipped)
    # a chain takes all points of its first piece and, of the later ones, all but the shared first point
    keep = np.ones(index.size, dtype=bool)
    keep[piece_offsets[:-1]] = False
    keep[piece_offsets[chains[:-1]]] = True
    # a point kept has the piece that leads to it on the way of its own piece of chain
    hung = np.repeat(tags.structure[tags.set_of[way[order]]], np.diff(piece_offsets))[keep]
    counts = np.add.reduceat(keep.astype(np.int64), piece_offsets[chains[:-1]])
    points = nodes[index[keep]]
    line_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    head, turned = way[order[chains[:-1]]], flipped[chains[:-1]]
    foot = way[order[chains[1:] - 1]]
    names = pl.Series([*file.texts, None], dtype=pl.String)
    frame = tags.frame[tags.set_of[head] + turned * tags.drivable.size].with_columns(
        osm_id=pl.Series(file.way[head]),
        name=names.gather(pl.Series(np.where(file.tags[head, NAME] < 0, len(file.texts), file.tags[head, NAME]))),
        first_way=pl.Series(file.way[head]),
        last_way=pl.Series(file.way[foot]),
        u=pl.Series(file.node[points[line_offsets[:-1]]]),
        v=pl.Series(file.node[points[line_offsets[1:] - 1]]),
    )
    hung[line_offsets[:-1]] = False
    return Segments(frame, np.ascontiguousarray(file.lonlat[points]), line_offsets, structure=hung)


def _alike(file: OsmFile, tags: _Attributes) -> tuple[Int, Int]:
    """Return the number of each way's attributes and name as drawn, and as seen from its other end."""
    numbers = tags.frame.select(pl.struct(pl.all()).rank("dense").cast(pl.Int64).alias("n"))["n"].to_numpy()
    of_way = file.tags[:, NAME].astype(np.int64) * (2 * numbers.size + 2)
    return of_way + numbers[tags.set_of], of_way + numbers[tags.set_of + tags.drivable.size]


def _turned(tags: pl.DataFrame) -> pl.DataFrame:
    """Return attributes as if the way had been drawn from its other end."""
    return tags.with_columns(
        direction=-pl.col("direction"),
        maxspeed_kmh="maxspeed_backward_kmh",
        maxspeed_backward_kmh="maxspeed_kmh",
        lanes_forward="lanes_backward",
        lanes_backward="lanes_forward",
        bus_lanes_forward="bus_lanes_backward",
        bus_lanes_backward="bus_lanes_forward",
    )
