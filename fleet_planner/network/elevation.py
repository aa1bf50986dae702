"""The grade of links: heights sampled along the roads, smoothed, bridged over bridges and tunnels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import terrain
from fleet_planner.network.rasters import Raster, find_rasters, heights_m
from fleet_planner.progress import Progress, silent
from fleet_planner.units import EARTH_RADIUS_M, M_PER_KM

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import NetworkSection

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
STEP_M = (5.0, 30.0)
"""Roads are sampled once a cell of the raster, within these bounds."""
REACH_CELLS, REACH_M = 8.0, (60.0, 500.0)
"""Heights are smoothed over so many cells of the raster each way, within these bounds in metres."""
SLOPE_SD = 0.05
"""Slopes of the ground that are taken as usual (standard deviation, rise over run)."""
STEEPEST_PCT = 35.0
"""The steepest streets of the world; what is above is an error of the raster and is held there."""
CM_PER_KM = 1e5


@dataclass(frozen=True)
class Graded:
    """A network with grades.

    Parameters
    ----------
    network
        With ``grade_pct`` and findings.
    files
        The rasters that gave a height to a road.
    """

    network: Network
    files: tuple[Path, ...] = ()


def with_grade(network: Network, section: NetworkSection, base: Path, progress: Progress = silent) -> Graded:
    """Give the links of a network the grade of the terrain, where the plan names rasters.

    Heights are read at even steps along the true geometry, but for bridges and tunnels. Each intersection (and
    point that parts a long link) takes its height from a plane fitted to the heights of the roads around it
    (`kernels.terrain.node_heights`); intersections on bridges and in tunnels lie on straight lines between those
    on the ground. The grade of a link is the difference of its ends over its length, so that a link and its way
    back have opposite grades and every round trip ends at the height where it began. A link of which an end has
    no height is flat, and counted.

    Raises
    ------
    InputError
        No raster covers a road of the city, or one cannot be used.
    """
    if not section.elevation:
        return Graded(network)
    progress("reading elevation", 0.15)
    rasters = find_rasters(section.elevation, base)
    cell_m = rasters[-1].cell_m  # the coarsest: noise spreads over its cells
    step_m = section.elevation_step_m or float(np.clip(cell_m, *STEP_M))
    reach_m = section.elevation_window_m or float(np.clip(REACH_CELLS * cell_m, *REACH_M))
    roads = _roads(network, step_m, reach_m)
    z, origin = heights_m(rasters, roads.plane.unproject(roads.sample_xy))
    if np.isnan(z).all():
        raise _not_covered(rasters, network)
    ground = np.where(roads.held, np.nan, z)
    height = _node_heights(roads, ground, reach_m)
    rise_m = height[roads.v] - height[roads.u]
    length_km = network.links["length_km"].to_numpy()
    known = ~np.isnan(rise_m)
    exact = np.divide(rise_m, length_km, out=np.zeros(len(rise_m)), where=known & (length_km > 0.0)) / M_PER_KM * 100.0
    grade = np.clip(exact, -STEEPEST_PCT, STEEPEST_PCT)
    links = network.links.with_columns(grade_pct=pl.Series(grade))
    settings = {"step": f"{step_m:.3g}", "window": f"{2.0 * reach_m:.3g}", "cell": f"{cell_m:.3g}"}
    found = _findings(network, roads, z, height, exact, known, settings)
    kept = tuple(f for f in network.findings if f.code != "network.flat")
    used = tuple(rasters[i].path for i in np.unique(origin[origin >= 0]))
    return Graded(replace(network, links=links, findings=(*kept, *found)), used)


@dataclass(frozen=True)
class _Plane:
    """A plane in metres at the middle latitude of a city (equirectangular)."""

    corner: Float
    scale: Float

    @classmethod
    def around(cls, lonlat: Float) -> _Plane:
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        middle = np.radians((low[1] + high[1]) / 2.0)
        return cls(low, np.array([np.cos(middle), 1.0]) * np.pi / 180.0 * EARTH_RADIUS_M)

    def project(self, lonlat: Float) -> Float:
        return np.ascontiguousarray((lonlat - self.corner) * self.scale)

    def unproject(self, xy: Float) -> Float:
        return xy / self.scale + self.corner


@dataclass(frozen=True)
class _Roads:
    """The roads as a graph without directions, long ones parted, with points to sample.

    Parameters
    ----------
    plane
        Where metres are.
    u, v
        Nodes of the links' ends, shape (links,).
    xy
        Nodes, those that part long roads last, shape (nodes, 2).
    start, end, length_m
        Pieces of road, shape (pieces,).
    pieces
        Those of road ``i``, in order, are ``pieces[i]:pieces[i + 1]``.
    on_start, on_end
        Whether a piece begins or ends on a bridge or in a tunnel, shape (pieces,).
    samples
        Points of piece ``i`` are ``samples[i]:samples[i + 1]`` of the next two.
    sample_xy, held
        Points, and whether they are on a bridge or in a tunnel.
    """

    plane: _Plane
    u: Int
    v: Int
    xy: Float
    start: Int
    end: Int
    length_m: Float
    pieces: Int
    on_start: Bool
    on_end: Bool
    samples: Int
    sample_xy: Float
    held: Bool


def _roads(network: Network, step_m: float, reach_m: float) -> _Roads:
    plane = _Plane.around(network.coordinates)
    xy = plane.project(network.coordinates)
    links = network.links
    nodes, index = np.unique(np.concatenate([links["u"].to_numpy(), links["v"].to_numpy()]), return_inverse=True)
    u, v = index[: links.height].astype(np.int64), index[links.height :].astype(np.int64)
    first, last = network.offsets[:-1], network.offsets[1:] - 1
    node_xy = np.empty((nodes.size, 2))
    node_xy[v], node_xy[u] = xy[last], xy[first]
    structure = network.structure if network.structure is not None else np.zeros(len(xy), dtype=np.bool_)
    one = _one_of_both(u, v, links["length_km"].to_numpy())
    own_xy, offsets, flags = _picked(xy, network.offsets, structure, one)
    metres = terrain.line_metres(own_xy, offsets)
    parts = np.maximum(np.ceil(metres / reach_m), 1).astype(np.int64)
    each = np.maximum(np.round(metres / parts / step_m), 1).astype(np.int64)
    sample_xy, held = terrain.points_along(own_xy, offsets, flags, parts * each, parts * each, 0.5)
    between, between_held = terrain.points_along(own_xy, offsets, flags, parts - 1, parts, 1.0)
    # pieces of road i run from its start over its own nodes between to its end
    piece_first = np.concatenate([[0], np.cumsum(parts)]).astype(np.int64)
    start, end = np.empty(piece_first[-1], dtype=np.int64), np.empty(piece_first[-1], dtype=np.int64)
    on_start, on_end = np.zeros(start.size, dtype=np.bool_), np.zeros(start.size, dtype=np.bool_)
    inner = np.ones(start.size, dtype=np.bool_)
    inner[piece_first[:-1]] = False
    new = nodes.size + np.arange(len(between))
    start[inner], on_start[inner] = new, between_held
    start[piece_first[:-1]], on_start[piece_first[:-1]] = u[one], flags[offsets[:-1] + 1]
    inner = np.ones(start.size, dtype=np.bool_)
    inner[piece_first[1:] - 1] = False
    end[inner], on_end[inner] = new, between_held
    end[piece_first[1:] - 1], on_end[piece_first[1:] - 1] = v[one], flags[offsets[1:] - 1]
    return _Roads(
        plane,
        u,
        v,
        np.concatenate([node_xy, between]),
        start,
        end,
        np.repeat(metres / parts, parts),
        piece_first,
        on_start,
        on_end,
        np.concatenate([[0], np.cumsum(np.repeat(each, parts))]).astype(np.int64),
        sample_xy,
        held,
    )


def _one_of_both(u: Int, v: Int, length_km: Float) -> Int:
    """Return the links without those that are the way back on the road of another."""
    frame = pl.DataFrame(
        {"a": np.minimum(u, v), "b": np.maximum(u, v), "cm": np.round(length_km * CM_PER_KM).astype(np.int64)}
    ).with_row_index("link")
    return frame.unique(["a", "b", "cm"], keep="first", maintain_order=True)["link"].to_numpy().astype(np.int64)


def _picked(xy: Float, offsets: Int, structure: Bool, which: Int) -> tuple[Float, Int, Bool]:
    """Return some of the lines."""
    counts = np.diff(offsets)[which]
    own = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    index = np.arange(own[-1]) + np.repeat(offsets[which] - own[:-1], counts)
    return np.ascontiguousarray(xy[index]), own, np.ascontiguousarray(structure[index])


def _node_heights(roads: _Roads, ground: Float, reach_m: float) -> Float:
    """Return the height of each node, NaN where there is none."""
    pieces, nodes = roads.start.size, len(roads.xy)
    at = np.concatenate([roads.start, roads.end])
    order = np.argsort(at, kind="stable")
    first = np.searchsorted(at[order], np.arange(nodes + 1)).astype(np.int64)
    other = np.concatenate([roads.end, roads.start])[order]
    segment, at_end = order % pieces, order >= pieces
    on_ground = np.zeros(nodes, dtype=np.bool_)
    on_ground[at[~np.concatenate([roads.on_start, roads.on_end])]] = True
    height = np.asarray(
        terrain.node_heights(
            roads.xy,
            first,
            other,
            segment,
            at_end,
            roads.length_m,
            np.ascontiguousarray(roads.sample_xy),
            ground,
            roads.samples,
            on_ground,
            reach_m,
            SLOPE_SD,
        )
    )
    return _across(roads, height, ~on_ground)


def _across(roads: _Roads, height: Float, hanging: Bool) -> Float:
    """Fill in the nodes on bridges and in tunnels: on straight lines between their neighbours.

    Where several bridges meet, the height is the mean of the neighbours, each weighted by one over its distance
    (the discrete Laplace equation): on a bridge without forks that is the straight line.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import spsolve

    if not hanging.any():
        return height
    a, b = roads.start, roads.end
    known = ~np.isnan(height)
    use = (hanging[a] | hanging[b]) & (hanging[a] | known[a]) & (hanging[b] | known[b]) & (a != b)
    a, b, weight = a[use], b[use], 1.0 / np.maximum(roads.length_m[use], 1e-3)
    _, part = connected_components(coo_matrix((weight, (a, b)), shape=(len(height),) * 2), directed=False)
    anchored = np.zeros(part.max() + 1, dtype=np.bool_)
    touched = np.concatenate([a, b])
    anchored[part[touched[known[touched]]]] = True
    free = np.flatnonzero(hanging & anchored[part])
    if not free.size:
        return height
    number = np.full(len(height), -1, dtype=np.int64)
    number[free] = np.arange(free.size)
    ends, others, weights = np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([weight, weight])
    mine = number[ends] >= 0
    ends, others, weights = number[ends[mine]], others[mine], weights[mine]
    inside = number[others] >= 0
    shape = (free.size, free.size)
    matrix = coo_matrix((weights, (ends, ends)), shape=shape) - coo_matrix(
        (weights[inside], (ends[inside], number[others[inside]])), shape=shape
    )
    right = np.bincount(ends[~inside], weights=weights[~inside] * height[others[~inside]], minlength=free.size)
    out = height.copy()
    out[free] = spsolve(matrix.tocsc(), right)
    return out


def _mean_climb_pct(rise_m: Float, length_m: Float) -> float:
    """Return the mean grade up or down, percent, of what has heights."""
    known = ~np.isnan(rise_m)
    return float(np.abs(rise_m[known]).sum() / max(length_m[known].sum(), 1e-9)) * 100.0


def _not_covered(rasters: list[Raster], network: Network) -> InputError:
    def box(west: float, south: float, east: float, north: float) -> str:
        return f"{west:.3f}..{east:.3f} E, {south:.3f}..{north:.3f} N"

    bounds = np.array([r.bounds for r in rasters])
    city = box(*network.coordinates.min(axis=0), *network.coordinates.max(axis=0))
    have = box(*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0))
    return InputError(
        "the elevation rasters have no height for any road of the city",
        f"Use rasters that cover the network ({city}).",
        file=rasters[0].path if len(rasters) == 1 else rasters[0].path.parent,
        column="network.elevation",
        value=have,
    )


def _findings(
    network: Network, roads: _Roads, z: Float, height: Float, exact: Float, known: Bool, settings: dict[str, str]
) -> list[Finding]:
    """Count what is covered, held, bridged, and how much the smoothing moved."""
    km = network.links["length_km"].to_numpy()
    total = float(km.sum()) or 1.0
    covered = float(km[known].sum()) / total
    first, last = roads.pieces[:-1], roads.pieces[1:] - 1
    mean = _mean_climb_pct(height[roads.end[last]] - height[roads.start[first]], np.add.reduceat(roads.length_m, first))
    within = _mean_climb_pct(height[roads.end] - height[roads.start], roads.length_m)
    along = np.repeat(roads.length_m / np.diff(roads.samples), np.diff(roads.samples))
    values = settings | {
        "mean": f"{mean:.2f}",
        "within": f"{within:.2f}",
        "highest": f"{np.nanmax(height):,.0f}",
        "lowest": f"{np.nanmin(height):,.0f}",
    }
    out = [Finding("network.grade", "assumption", values, share=covered)]
    if covered < 1.0:
        links = int((~known).sum())
        out.append(
            Finding("network.grade_missing", "warning", {"km": f"{km[~known].sum():,.1f}"}, links, 1.0 - covered)
        )
    voids = np.isnan(z) & ~roads.held
    if voids.any():
        out.append(Finding("network.grade_voids", "info", {}, share=float(along[voids].sum() / along.sum())))
    if network.structure is None:
        out.append(Finding("network.grade_structures_unknown", "assumption"))
    elif roads.held.any():
        out.append(Finding("network.grade_structures", "info", {}, share=float(along[roads.held].sum() / along.sum())))
    steep = np.abs(exact) > STEEPEST_PCT
    if steep.any():
        share = float(km[steep].sum()) / total
        out.append(
            Finding("network.grade_steepest", "warning", {"limit": f"{STEEPEST_PCT:g}"}, int(steep.sum()), share)
        )
    return out
