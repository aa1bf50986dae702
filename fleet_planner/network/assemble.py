"""The last step of every reader: directions, defaults, connection, findings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import geometry
from fleet_planner.network.components import Components, components, has_reverse
from fleet_planner.network.impute import impute, without_defaults
from fleet_planner.network.model import Network
from fleet_planner.tables import columns
from fleet_planner.units import M_PER_KM, WGS84_ECCENTRICITY2, WGS84_SEMI_MAJOR_M

Float = NDArray[np.float64]
Int = NDArray[np.int64]
TYPES = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}
LINK_SCHEMA = {spec.column: TYPES[spec.type] for spec in columns("links")}


@dataclass(frozen=True)
class Segments:
    """Road segments as a reader finds them, before they become directed links.

    Parameters
    ----------
    frame
        One row per segment: ``u, v, osm_id, name, road_class, hgv_allowed``; ``direction``: 0 (both ways),
        1 (as drawn) or -1 (against); null where unknown ``maxspeed_kmh``, ``lanes_forward, lanes_backward``;
        optional ``maxspeed_backward_kmh`` (else as forward) and ``length_km`` (else from the geometry).
    coordinates, offsets
        Geometry as in `Network`.
    directed
        The rows are directions of roads already, so a road is one-way where no other row leads back.
    """

    frame: pl.DataFrame
    coordinates: Float
    offsets: Int
    directed: bool = False


def assemble(
    segments: Segments, region: str, attribution: str, where: str, findings: tuple[Finding, ...] = ()
) -> Network:
    """Turn segments into a network of directed links.

    Raises
    ------
    InputError
        No drivable segment is left.
    """
    if segments.frame.is_empty():
        raise InputError(
            "the network has no drivable way",
            "Check that the extract covers the city and holds roads, not only paths.",
            file=where,
        )
    frame, coordinates, offsets = _directed(segments)
    lengths = pl.Series(lengths_km(coordinates, offsets))
    given = pl.coalesce("length_km", lengths) if "length_km" in frame.columns else lengths
    links = impute(frame.with_columns(length_km=given), region).with_columns(
        grade_pct=pl.lit(0.0), oneway=pl.col("direction") != 0
    )
    if segments.directed:
        links = links.with_columns(oneway=~pl.Series(has_reverse(links["u"].to_numpy(), links["v"].to_numpy())))
    return finish(links, coordinates, offsets, attribution, findings)


def finish(
    links: pl.DataFrame, coordinates: Float, offsets: Int, attribution: str, findings: tuple[Finding, ...]
) -> Network:
    """Return the network: links numbered, the main part flagged, counted what was imputed or is cut off."""
    found = components(links["u"].to_numpy(), links["v"].to_numpy(), links["length_km"].to_numpy())
    table = links.with_columns(link_id=pl.int_range(links.height, dtype=pl.Int64), in_main=pl.Series(found.in_main))
    table = table.select(pl.col(name).cast(kind) for name, kind in LINK_SCHEMA.items())
    return Network(table, coordinates, offsets, attribution, (*_findings(table, found), *findings))


def lengths_km(coordinates: Float, offsets: Int) -> Float:
    """Return the length of each line on the WGS84 ellipsoid."""
    return np.asarray(geometry.line_lengths_m(coordinates, offsets, WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2) / M_PER_KM)


def _directed(segments: Segments) -> tuple[pl.DataFrame, Float, Int]:
    """Return one row per direction, with the geometry in driving order."""
    f = segments.frame.with_row_index("segment")
    backward_speed = "maxspeed_backward_kmh" if "maxspeed_backward_kmh" in f.columns else "maxspeed_kmh"
    forward = f.filter(pl.col("direction") >= 0).with_columns(
        pl.col("lanes_forward").alias("tagged_lanes"), reverse=pl.lit(value=False)
    )
    backward = f.filter(pl.col("direction") <= 0).with_columns(
        pl.col("lanes_backward").alias("tagged_lanes"),
        pl.col(backward_speed).alias("maxspeed_kmh"),
        pl.col("v").alias("u"),
        pl.col("u").alias("v"),
        reverse=pl.lit(value=True),
    )
    links = pl.concat([forward, backward]).sort("segment", "reverse", maintain_order=True)
    which = links["segment"].to_numpy().astype(np.int64)
    index, offsets = line_points(segments.offsets[which], segments.offsets[which + 1] - 1, links["reverse"].to_numpy())
    return links, np.ascontiguousarray(segments.coordinates[index]), offsets


def line_points(first: Int, last: Int, turned: NDArray[np.bool_]) -> tuple[Int, Int]:
    """Return the points ``first[i]..last[i]`` of each line, backwards where ``turned``, and the lines' offsets."""
    counts = last - first + 1
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    begin, sign = np.where(turned, last, first), np.where(turned, -1, 1)
    return np.repeat(begin, counts) + np.repeat(sign, counts) * step, offsets


def _findings(links: pl.DataFrame, found: Components) -> tuple[Finding, ...]:
    total = float(links["length_km"].sum())
    nodes = pl.concat([links["u"], links["v"]]).n_unique()
    out = [Finding("network.size", "info", {"nodes": f"{nodes:,}", "km": f"{total:,.0f}"}, links.height)]

    def count(code: str, kind: str, which: pl.Expr | pl.Series, **values: str) -> None:
        picked = links.filter(which)
        if picked.height:
            km = float(picked["length_km"].sum())
            values["km"] = f"{km:,.1f}"
            share = km / total if total else 0.0
            out.append(Finding(code, kind, values, picked.height, share))  # type: ignore[arg-type]  # one of Kind

    count("network.speed_imputed", "assumption", pl.col("speed_source") == "class_default")
    count("network.lanes_imputed", "assumption", pl.col("lanes_source") == "class_default")
    count("network.limit_is_free_flow", "assumption", pl.col("speed_source") == "tag")
    count("network.islands", "warning", ~pl.col("in_main"), parts=f"{found.parts - 1:,}")
    count("network.dead_ends", "info", pl.Series(found.in_main & ~found.both_ways))
    unknown = without_defaults(links)
    if unknown.height:
        classes = ", ".join(unknown["road_class"].unique().sort().to_list())
        out.append(Finding("network.unknown_class", "warning", {"classes": classes}, unknown.height))
    if (links["grade_pct"] == 0.0).all():
        out.append(Finding("network.flat", "assumption"))
    return tuple(out)
