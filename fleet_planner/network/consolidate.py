"""Make one junction of several that lie close together, such as those of a crossing of dual carriageways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.kernels import topology
from fleet_planner.network.segments import Float, Int, Segments, lengths_km
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM


def consolidate(segments: Segments, distance_m: float) -> tuple[Segments, tuple[Finding, ...]]:
    """Merge junctions that a road of at most ``distance_m`` joins, and drop the roads between them.

    Only roads join, so a bridge and the street below stay apart. The merged junction lies in the mean of its nodes
    and has the least of their numbers; roads that end there keep their geometry and reach on to it.
    """
    length_km = lengths_km(segments.coordinates, segments.offsets)
    frame = segments.frame
    ids, index = np.unique(np.concatenate([frame["u"].to_numpy(), frame["v"].to_numpy()]), return_inverse=True)
    start, end = index[: frame.height], index[frame.height :]
    place = np.zeros((ids.size, 2))
    place[start] = segments.coordinates[segments.offsets[:-1]]
    place[end] = segments.coordinates[segments.offsets[1:] - 1]
    metre = np.radians(1.0) * EARTH_RADIUS_M
    plane = place * metre * np.array([np.cos(np.radians(place[:, 1].mean())), 1.0])
    length_m = length_km * M_PER_KM
    root = topology.merge_close(
        start,
        end,
        length_m,
        np.argsort(length_m, kind="stable"),
        np.ascontiguousarray(plane[:, 0]),
        np.ascontiguousarray(plane[:, 1]),
        distance_m,
    )
    size = np.bincount(root, minlength=ids.size)
    gone = (root[start] == root[end]) & (length_m <= distance_m) & (start != end)
    merged = int(ids.size - np.count_nonzero(size))
    if not merged:
        return segments, ()
    centre = np.column_stack([np.bincount(root, place[:, k], ids.size) for k in (0, 1)]) / np.maximum(size, 1)[:, None]
    kept = ~gone
    a, b = root[start[kept]], root[end[kept]]
    moved = _reaching_on(segments.take(kept), a, b, size, centre)
    moved = replace(moved, frame=moved.frame.with_columns(u=pl.Series(ids[a]), v=pl.Series(ids[b])))
    share = float(length_km[gone].sum() / length_km.sum())
    found = Finding("network.consolidated", "info", {"links": f"{int(gone.sum()):,}"}, merged, share)
    return moved, (found,)


def _reaching_on(segments: Segments, a: Int, b: Int, size: Int, centre: Float) -> Segments:
    """Return the segments with the centre of a merged junction as their new first or last point."""
    before, after = (size[a] > 1).astype(np.int64), (size[b] > 1).astype(np.int64)
    counts = np.diff(segments.offsets)
    offsets = np.concatenate([[0], np.cumsum(counts + before + after)]).astype(np.int64)
    out = np.empty((offsets[-1], 2))
    within = np.arange(segments.offsets[-1]) - np.repeat(segments.offsets[:-1], counts)
    out[np.repeat(offsets[:-1] + before, counts) + within] = segments.coordinates
    structure = None
    if segments.structure is not None:
        # what is added leads along the ground
        structure = np.zeros(offsets[-1], dtype=np.bool_)
        structure[np.repeat(offsets[:-1] + before, counts) + within] = segments.structure
    out[offsets[:-1][before == 1]] = centre[a[before == 1]]
    out[offsets[1:][after == 1] - 1] = centre[b[after == 1]]
    frame = segments.frame
    if "length_km" in frame.columns:
        longer = lengths_km(out, offsets) - lengths_km(segments.coordinates, segments.offsets)
        frame = frame.with_columns(length_km=pl.col("length_km") + pl.Series(longer))
    return replace(segments, frame=frame, coordinates=out, offsets=offsets, structure=structure)
