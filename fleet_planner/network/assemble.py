"""The last step of every reader: impute, connect, count, number the links."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels import geometry
from fleet_planner.network.model import Network
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns
from fleet_planner.units import M_PER_KM, WGS84_ECCENTRICITY2, WGS84_SEMI_MAJOR_M

Float = NDArray[np.float64]
Int = NDArray[np.int64]
LINK_COLUMNS = tuple(spec.column for spec in columns("links"))


@dataclass(frozen=True)
class Segments:
    """Road segments as a reader finds them, before they become directed links.

    ``frame`` has one row per segment: ``u, v, osm_id, name, road_class`` and, null where unknown,
    ``maxspeed_kmh`` (both directions), ``lanes_forward, lanes_backward``; ``direction`` is 0 (both ways),
    1 (as drawn) or -1 (against); ``hgv_allowed``; optional ``maxspeed_backward_kmh, length_km``.
    """

    frame: pl.DataFrame
    coordinates: Float
    offsets: Int


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
    lengths = geometry.line_lengths_m(coordinates, offsets, WGS84_SEMI_MAJOR_M, WGS84_ECCENTRICITY2) / M_PER_KM
    if "length_km" in frame.columns:
        lengths = frame["length_km"].fill_null(pl.Series(lengths)).to_numpy().astype(np.float64)
    links = _impute(frame.with_columns(length_km=pl.Series(lengths)), region)
    links, parts = _connect(links)
    links = links.with_columns(
        link_id=pl.int_range(links.height, dtype=pl.Int64),
        capacity_veh_h=pl.col("lanes") * pl.col("capacity_veh_h_lane"),
        grade_pct=pl.lit(0.0),
        oneway=pl.col("direction") != 0,
    )
    found = (*findings, *_findings(links, parts))
    links = links.with_columns(pl.col("name").cast(pl.String), pl.col("osm_id").cast(pl.Int64))
    return Network(links.select(LINK_COLUMNS), coordinates, offsets, attribution, found)


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
    reverse = links["reverse"].to_numpy()
    first, last = segments.offsets[which], segments.offsets[which + 1]
    counts = last - first
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    index = np.where(np.repeat(reverse, counts), np.repeat(last - 1, counts) - step, np.repeat(first, counts) + step)
    return links, np.ascontiguousarray(segments.coordinates[index]), offsets


def _impute(links: pl.DataFrame, region: str) -> pl.DataFrame:
    """Fill speeds and lanes from the defaults of the class in the region."""
    table = reference_table("road_class_defaults.csv")
    names = [region, region.split("-", maxsplit=1)[0], "*"]
    rank = pl.col("region").replace_strict({n: i for i, n in reversed(list(enumerate(names)))}, default=99)
    defaults = (
        table.with_columns(rank=rank)
        .filter(pl.col("rank") < 99)
        .sort("rank", maintain_order=True)
        .unique("road_class", keep="first", maintain_order=True)
        .select(
            "road_class",
            "lanes_per_direction",
            "capacity_veh_h_lane",
            pl.col("free_flow_kmh").alias("class_kmh"),
        )
    )
    known = defaults["road_class"].to_list()
    looked_up = pl.when(pl.col("road_class").is_in(known)).then(pl.col("road_class")).otherwise(pl.lit("unclassified"))
    return (
        links.with_columns(as_class=looked_up)
        .join(defaults.rename({"road_class": "as_class"}), on="as_class", how="left", maintain_order="left")
        .with_columns(
            free_flow_kmh=pl.coalesce("maxspeed_kmh", "class_kmh").cast(pl.Float64),
            speed_source=_source("maxspeed_kmh"),
            lanes=pl.coalesce("tagged_lanes", "lanes_per_direction").cast(pl.Float64),
            lanes_source=_source("tagged_lanes"),
            unknown_class=pl.col("as_class") != pl.col("road_class"),
        )
    )


def _source(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(pl.lit("tag")).otherwise(pl.lit("class_default"))


def _connect(links: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Flag the links of the largest weakly connected part by length; return the number of parts too."""
    ends = np.concatenate([links["u"].to_numpy(), links["v"].to_numpy()])
    nodes, index = np.unique(ends, return_inverse=True)
    u, v = index[: links.height], index[links.height :]
    graph = coo_matrix((np.ones(u.size), (u, v)), shape=(nodes.size, nodes.size))
    parts, label = connected_components(graph, directed=False)
    km = np.bincount(label[u], weights=links["length_km"].to_numpy(), minlength=parts)
    return links.with_columns(in_main=pl.Series(label[u] == int(np.argmax(km)))), int(parts)


def _findings(links: pl.DataFrame, parts: int) -> tuple[Finding, ...]:
    total = float(links["length_km"].sum())

    def share(which: pl.Expr) -> tuple[int, float]:
        picked = links.filter(which)
        return picked.height, float(picked["length_km"].sum()) / total

    nodes = pl.concat([links["u"], links["v"]]).n_unique()
    size = {"nodes": f"{nodes:,}", "km": f"{total:,.0f}"}
    out = [Finding("network.size", "info", size, links.height)]
    for column, code in (
        ("speed_source", "network.speed_imputed"),
        ("lanes_source", "network.lanes_imputed"),
    ):
        n, part = share(pl.col(column) == "class_default")
        if n:
            out.append(Finding(code, "assumption", {}, n, part))
    n, part = share(~pl.col("in_main"))
    if n:
        out.append(Finding("network.islands", "warning", {"parts": parts - 1}, n, part))
    unknown = links.filter(pl.col("unknown_class"))
    if unknown.height:
        classes = ", ".join(unknown["road_class"].unique().sort().to_list())
        out.append(Finding("network.unknown_class", "warning", {"classes": classes}, unknown.height))
    out.append(Finding("network.flat", "assumption"))
    return tuple(out)
