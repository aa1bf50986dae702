"""From what a reader found to the finished network: datum, built-up areas, zones, outline, junctions, directions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.areas import read_area
from fleet_planner.network.assemble import assemble, finish
from fleet_planner.network.built_up import built_up, middles, within
from fleet_planner.network.clip import clip
from fleet_planner.network.consolidate import consolidate
from fleet_planner.network.datum import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.network.segments import Source
    from fleet_planner.plan.models import NetworkSection


@dataclass(frozen=True)
class Areas:
    """Polygons of the plan, EPSG:4326, or nothing."""

    outline: Any
    low_emission: Any


def read_areas(section: NetworkSection, base: Path) -> Areas:
    """Read the polygon files of the section; early, so that a broken one is told before the network is read."""
    names = {"clip": section.clip, "low_emission_zones": section.low_emission_zones}
    read = [read_area(base / name, f"network.{key}") if name else None for key, name in names.items()]
    return Areas(*read)


def prepare(
    source: Source,
    section: NetworkSection,
    base: Path,
    region: str,
    areas: Areas,
    reference: Callable[[], Network] | None = None,
) -> Network:
    """Return the network of what a reader found, as the plan's section wants it.

    Parameters
    ----------
    source
        The reader's segments.
    section
        The plan's section; ``keep_classes`` has been heeded by the reader where ways are joined, else here.
    base
        Folder that paths of the section are relative to.
    region
        Whose default speeds and lanes apply.
    areas
        What `read_areas` read.
    reference
        Reads the network of ``datum_reference``.

    Raises
    ------
    InputError
        No road is left, or the datum cannot be told.
    """
    findings = list(source.findings)
    rows = source.segments.frame.height
    source, found = to_wgs84(source, section.datum, reference)
    findings += found
    if not source.segments.frame.is_empty():
        source, found = _with_areas(source, areas)
        findings += found
        source, others = _kept(source, section, base, areas)
        findings += others
    source = replace(source, all_roads=None, land_use=None)
    segments = source.segments
    if source.kind == "links":
        given = (source.attribution, tuple(findings))
        network = finish(segments.frame, segments.coordinates, segments.offsets, *given)
        return replace(network, turns=source.turns if segments.frame.height == rows else None)
    return assemble(segments, region, source.attribution, source.where, tuple(findings), source.restricted)


def _with_areas(source: Source, areas: Areas) -> tuple[Source, tuple[Finding, ...]]:
    """Return the source with ``urban`` and ``low_emission_zone``; a link table keeps what it says of both."""
    frame, middle = source.segments.frame, middles(source)
    findings: tuple[Finding, ...] = ()
    if source.kind != "links":
        urban, findings = built_up(source, middle)
        frame = frame.with_columns(urban=pl.Series(urban))
    inside = np.zeros(frame.height, dtype=np.bool_)
    if source.land_use is not None:
        inside |= within(source.land_use.low_emission, middle)
    if areas.low_emission is not None:
        inside |= within([areas.low_emission], middle)
    if inside.any() or "low_emission_zone" not in frame.columns:
        before = frame["low_emission_zone"] if "low_emission_zone" in frame.columns else False
        frame = frame.with_columns(low_emission_zone=pl.Series(inside) | before)
    return replace(source, segments=replace(source.segments, frame=frame)), findings


def _kept(source: Source, section: NetworkSection, base: Path, areas: Areas) -> tuple[Source, list[Finding]]:
    """Return the source of the wanted classes, inside the outline, with its close junctions made one."""
    segments, findings = source.segments, []
    if section.keep_classes:
        classes = segments.frame["road_class"]
        keep = classes.is_in(section.keep_classes).to_numpy()
        if not keep.any():
            raise InputError(
                "the network has no road of the classes to keep",
                f"Set network.keep_classes to some of: {', '.join(classes.unique().sort())}.",
                file=source.where,
                column="network.keep_classes",
                value=", ".join(section.keep_classes),
            )
        if not keep.all():
            segments = segments.take(keep)
            findings.append(Finding("network.classes_dropped", "info", {}, int((~keep).sum())))
    if areas.outline is not None:
        segments, found = clip(segments, areas.outline, base / section.clip)
        findings.append(found)
    if section.consolidate_m:
        segments, some = consolidate(segments, section.consolidate_m)
        findings += some
    return replace(source, segments=segments), findings
