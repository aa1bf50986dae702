"""Cut roads at the outline of the city."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.segments import Bool, Float, Int, Segments, lengths_km

if TYPE_CHECKING:
    from pathlib import Path

NODE_DIGITS = 7
"""Cut ends nearer than 1e-7 degrees (a centimetre) are one node, so that both directions of a road meet there."""


def clip(segments: Segments, area: Any, path: Path) -> tuple[Segments, Finding]:
    """Keep what lies inside ``area``; a road across the outline ends there, at a node of its own.

    Lengths that the source gives shrink in proportion to the geometry.

    Raises
    ------
    InputError
        No road lies inside.
    """
    import shapely

    counts = np.diff(segments.offsets)
    lines = shapely.linestrings(segments.coordinates, indices=np.repeat(np.arange(counts.size), counts))
    inside = shapely.covers(area, lines)
    crossing = np.flatnonzero(~inside & shapely.intersects(area, lines))
    parts, owner = shapely.get_parts(shapely.intersection(lines[crossing], area), return_index=True)
    lengthy = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & (shapely.length(parts) > 0.0)
    parts, owner = parts[lengthy], crossing[owner[lengthy]]
    if not inside.any() and not parts.size:
        raise InputError(
            "no road of the network lies inside the polygon",
            "Check that both are of the same city, and that longitude comes before latitude.",
            file=path,
        )
    whole = segments.take(inside)
    pieces = _pieces(segments, lines, _as_drawn(parts, lines[owner]), owner)
    order = np.argsort(np.concatenate([np.flatnonzero(inside), owner]), kind="stable")
    joined = replace(
        segments,
        frame=pl.concat([whole.frame, pieces.frame]),
        coordinates=np.concatenate([whole.coordinates, pieces.coordinates]),
        offsets=np.concatenate([whole.offsets, pieces.offsets[1:] + whole.offsets[-1]]),
        structure=_joined(whole.structure, pieces.structure),
    ).take(order)
    before, after = (float(lengths_km(s.coordinates, s.offsets).sum()) for s in (segments, joined))
    cut = int(np.unique(owner).size)
    left = int(counts.size - inside.sum() - cut)
    return joined, Finding("network.clipped", "info", {"cut": f"{cut:,}"}, left, 1.0 - after / before)


def _as_drawn(parts: Any, whole: Any) -> Any:
    """Return the parts in the direction of the lines that they are of."""
    import shapely

    if not parts.size:
        return parts
    early, late = (
        shapely.line_locate_point(whole, shapely.line_interpolate_point(parts, share, normalized=True))
        for share in (1.0 / 3.0, 2.0 / 3.0)
    )
    return np.where(early > late, shapely.reverse(parts), parts)


def _pieces(segments: Segments, lines: Any, parts: Any, owner: Int) -> Segments:
    """Return the parts as segments with the attributes of their owners."""
    import shapely

    coordinates, index = shapely.get_coordinates(parts, return_index=True)
    offsets = np.searchsorted(index, np.arange(parts.size + 1)).astype(np.int64)
    frame = segments.frame[owner]
    first, last = segments.offsets[owner], segments.offsets[owner + 1] - 1
    begin, end = coordinates[offsets[:-1]], coordinates[offsets[1:] - 1]
    new_begin = ~(begin == segments.coordinates[first]).all(axis=1)
    new_end = ~(end == segments.coordinates[last]).all(axis=1)
    top = int(segments.frame.select("u", "v").to_numpy().max())
    numbers = _numbers(np.concatenate([begin, end]), np.concatenate([new_begin, new_end])) + top + 1
    u = np.where(new_begin, numbers[: owner.size], frame["u"].to_numpy())
    v = np.where(new_end, numbers[owner.size :], frame["v"].to_numpy())
    frame = frame.with_columns(u=pl.Series(u, dtype=pl.Int64), v=pl.Series(v, dtype=pl.Int64))
    if "length_km" in frame.columns:
        share = shapely.length(parts) / np.maximum(shapely.length(lines[owner]), 1e-300)
        frame = frame.with_columns(length_km=pl.col("length_km") * pl.Series(share))
    structure = _structure(segments, lines, owner, coordinates, offsets)
    return replace(segments, frame=frame, coordinates=coordinates, offsets=offsets, structure=structure)


def _joined(first: Bool | None, second: Bool | None) -> Bool | None:
    return None if first is None or second is None else np.concatenate([first, second])


def _structure(segments: Segments, lines: Any, owner: Int, coordinates: Float, offsets: Int) -> Bool | None:
    """Return the bridges and tunnels of the parts: those of the piece that the middle of each of their pieces is on."""
    import shapely

    if segments.structure is None:
        return None
    out = np.zeros(len(coordinates), dtype=np.bool_)
    begins = np.zeros(len(coordinates), dtype=np.bool_)
    begins[offsets[:-1]] = True
    inner = np.flatnonzero(~begins)
    middle = shapely.points((coordinates[inner] + coordinates[inner - 1]) / 2.0)
    line = np.repeat(owner, np.diff(offsets))[inner]
    at = shapely.line_locate_point(lines[line], middle)
    step = np.hypot(*np.diff(segments.coordinates, axis=0).T)
    step[segments.offsets[1:-1] - 1] = 0.0  # from the end of one line to the start of the next is no road
    along = np.concatenate([[0.0], np.cumsum(step)])
    first, last = segments.offsets[line], segments.offsets[line + 1] - 1
    point = np.clip(np.searchsorted(along, along[first] + at, side="left"), first + 1, last)
    out[inner] = segments.structure[point]
    return out


def _numbers(points: Float, new: Bool) -> Int:
    """Return 0, 1, 2 ... for the distinct new points, 0 for the others."""
    out = np.zeros(len(points), dtype=np.int64)
    if new.any():
        _, out[new] = np.unique(np.round(points[new], NODE_DIGITS), axis=0, return_inverse=True)
    return out
