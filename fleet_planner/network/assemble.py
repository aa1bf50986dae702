"""The last step of every reader: directions, defaults, connection, findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.components import Components, components, has_reverse
from fleet_planner.network.impute import impute, without_defaults
from fleet_planner.network.model import Network
from fleet_planner.network.segments import Bool, Float, Int, Segments, lengths_km, line_points
from fleet_planner.network.turns import forbidden_turns
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from collections import Counter

    from fleet_planner.network.turns import Restriction

TYPES = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}
LINK_SCHEMA = {spec.column: TYPES[spec.type] for spec in columns("links")}
OPTIONAL: dict[str, float | bool | None] = {
    "max_weight_t": None,
    "max_weight_hgv_t": None,
    "first_way": None,
    "last_way": None,
    "bus_only": False,
    "bus_lanes_forward": 0.0,
    "bus_lanes_backward": 0.0,
    "urban": True,
    "low_emission_zone": False,
    "capacity_veh_h": None,
    "capacity_veh_h_lane": None,
}
"""Columns that a reader may leave out, and what they are then."""


def assemble(
    segments: Segments,
    region: str,
    attribution: str,
    where: str,
    findings: tuple[Finding, ...] = (),
    restricted: tuple[tuple[Restriction, ...], Counter[str]] | None = None,
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
    frame, coordinates, offsets, structure = _directed(segments)
    lengths = pl.Series(lengths_km(coordinates, offsets))
    given = pl.coalesce("length_km", lengths) if "length_km" in frame.columns else lengths
    links = impute(frame.with_columns(length_km=given), region).with_columns(
        grade_pct=pl.lit(0.0), oneway=pl.col("direction") != 0
    )
    if segments.directed:
        links = links.with_columns(oneway=~pl.Series(has_reverse(links["u"].to_numpy(), links["v"].to_numpy())))
    network = finish(links, coordinates, offsets, attribution, findings, structure)
    if restricted is None:
        return network
    turns, found = forbidden_turns(frame, *restricted)
    return replace(network, turns=turns, findings=(*network.findings, *found))


def finish(
    links: pl.DataFrame,
    coordinates: Float,
    offsets: Int,
    attribution: str,
    findings: tuple[Finding, ...],
    structure: Bool | None = None,
) -> Network:
    """Return the network: links numbered, the main part flagged, counted what was imputed or is cut off."""
    found = components(links["u"].to_numpy(), links["v"].to_numpy(), links["length_km"].to_numpy())
    table = links.with_columns(link_id=pl.int_range(links.height, dtype=pl.Int64), in_main=pl.Series(found.in_main))
    table = table.select(pl.col(name).cast(kind) for name, kind in LINK_SCHEMA.items())
    return Network(table, coordinates, offsets, attribution, (*_findings(table, found), *findings), structure)


def _directed(segments: Segments) -> tuple[pl.DataFrame, Float, Int, Bool | None]:
    """Return one row per direction, with the geometry in driving order and its bridges and tunnels."""
    f = segments.frame.with_row_index("segment")
    missing = {name: value for name, value in OPTIONAL.items() if name not in f.columns}
    f = f.with_columns(**{name: pl.lit(value) for name, value in missing.items()})
    backward_speed = "maxspeed_backward_kmh" if "maxspeed_backward_kmh" in f.columns else "maxspeed_kmh"
    forward = f.filter(pl.col("direction") >= 0).with_columns(
        tagged_lanes="lanes_forward", bus_lanes="bus_lanes_forward", reverse=pl.lit(value=False)
    )
    backward = f.filter(pl.col("direction") <= 0).with_columns(
        pl.col(backward_speed).alias("maxspeed_kmh"),
        tagged_lanes="lanes_backward",
        bus_lanes="bus_lanes_backward",
        first_way="last_way",
        last_way="first_way",
        u="v",
        v="u",
        reverse=pl.lit(value=True),
    )
    links = pl.concat([forward, backward]).sort("segment", "reverse", maintain_order=True)
    which = links["segment"].to_numpy().astype(np.int64)
    index, offsets = line_points(segments.offsets[which], segments.offsets[which + 1] - 1, links["reverse"].to_numpy())
    structure = None
    if segments.structure is not None:
        # of two neighbours, the later as drawn has the flag of the piece between them
        later = np.maximum(index, np.concatenate([index[:1], index[:-1]]))
        structure = segments.structure[later]
        structure[offsets[:-1]] = False
    return links, np.ascontiguousarray(segments.coordinates[index]), offsets, structure


def _findings(links: pl.DataFrame, found: Components) -> tuple[Finding, ...]:
    total = float(links["length_km"].sum())
    nodes = pl.concat([links["u"], links["v"]]).n_unique()
    out = [Finding("network.size", "info", {"nodes": f"{nodes:,}", "km": f"{total:,.0f}"}, links.height)]

    def count(code: str, kind: str, which: pl.Expr | pl.Series, **values: str) -> None:
        picked = links.select(pl.col("length_km").filter(which))["length_km"]
        if picked.len():
            km = float(picked.sum())
            values["km"] = f"{km:,.1f}"
            share = km / total if total else 0.0
            out.append(Finding(code, kind, values, picked.len(), share))  # type: ignore[arg-type]  # one of Kind

    for code, column in (("network.speed_imputed", "speed_source"), ("network.lanes_imputed", "lanes_source")):
        part = links.filter(pl.col(column) == "class_rural").height
        count(code, "assumption", pl.col(column) != "given", rural=f"{part:,}")
    count("network.capacity_imputed", "assumption", pl.col("capacity_source") != "given")
    count("network.limit_is_free_flow", "assumption", pl.col("speed_source") == "given")
    count("network.bus_only", "info", pl.col("bus_only"))
    count("network.low_emission_zone", "info", pl.col("low_emission_zone"))
    count(
        "network.weight_limit", "info", pl.col("max_weight_t").is_not_null() | pl.col("max_weight_hgv_t").is_not_null()
    )
    count("network.islands", "warning", ~pl.col("in_main"), parts=f"{found.parts - 1:,}")
    count("network.dead_ends", "info", pl.Series(found.in_main & ~found.both_ways))
    unknown = without_defaults(links)
    if unknown.height:
        classes = ", ".join(unknown["road_class"].unique().sort().to_list())
        out.append(Finding("network.unknown_class", "warning", {"classes": classes}, unknown.height))
    if (links["grade_pct"] == 0.0).all():
        out.append(Finding("network.flat", "assumption"))
    return tuple(out)
