"""The areas that a plan names: told in every run, and the classes of the agency for the whole city."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.network.areas import read_named_areas
from fleet_planner.pipeline.clipping.clipped import Clipped, agency_of, city_agency, clipped
from fleet_planner.pipeline.clipping.shares import AreaShares, area_shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress

    Named = tuple[tuple[str, ...], Any]

REST = "(rest)"
"""In tables: what lies in no area."""
SUMMER_OF = "CARB"
"""Whose reports ask for a summer day."""
CLASSES = {"CARB": "inventory.area_classes_carb", "MEE": "inventory.area_classes_mee"}
"""What has to be known of an agency's classes."""


@dataclass(frozen=True)
class Areas:
    """Areas cut out of a computed city.

    Parameters
    ----------
    shapes
        Shapely polygons of EPSG:4326, one for each area but the rest.
    shares, found
        Which links and machines lie there, and what they emit.
    findings
        What has to be known of them.
    """

    shapes: NDArray[np.object_]
    shares: AreaShares
    found: Clipped
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Districts:
    """What a run tells by area: ``areas`` of the plan, if it names any, and the agency's classes of the whole city.

    ``agency`` has the columns of ``tables/columns/by_agency.csv``; no rows where no agency's classes are packaged.
    """

    areas: Areas | None = None
    agency: pl.DataFrame = field(default_factory=pl.DataFrame)
    findings: tuple[Finding, ...] = ()


def named_areas(plan: Plan, base: Path) -> Named | None:
    """Return names and polygons of the areas that a plan names; None where it names none.

    Raises
    ------
    InputError
        The file of ``report.areas`` cannot be used.
    """
    wanted = plan.report
    return read_named_areas(base / wanted.areas, wanted.area_name, "report.areas") if wanted.areas else None


def districts(ready: Prepared, named: Named | None, progress: Progress) -> Districts:
    """Return what a plan's run tells by area."""
    cut = None if named is None else cut_by(ready, named, progress)
    told = [*(cut.findings if cut else ()), *_of_agency(ready, summer=_has_summer(ready))]
    return Districts(cut, city_agency(ready), tuple(told))


def cut_by(ready: Prepared, named: Named, progress: Progress) -> Areas:
    """Cut a computed city by polygons.

    Parameters
    ----------
    ready
        The city.
    named
        From `read_named_areas`.
    progress
        Is told how far it is.
    """
    names, shapes = named
    shares = area_shares(ready.network, names, shapes, REST, _sites(ready))
    found = clipped(ready, shares, progress)
    empty = _of_empty(shares)
    return Areas(np.array(shapes, dtype=object), shares, found, empty)


def findings_of(ready: Prepared, cut: Areas) -> tuple[Finding, ...]:
    """Return what has to be known of areas that are told apart from a run."""
    return (*cut.findings, *_of_agency(ready, summer=cut.found.summer))


def _sites(ready: Prepared) -> NDArray[np.float64]:
    if ready.nonroad is None:
        return np.zeros((0, 2))
    return ready.nonroad.machines.select("lon", "lat").to_numpy().astype(np.float64)


def _has_summer(ready: Prepared) -> bool:
    return any(d.season.lower() == "summer" for d in ready.computed.activity.days)


def _of_empty(shares: AreaShares) -> tuple[Finding, ...]:
    held = shares.share.sum(axis=1) + shares.machines.sum(axis=1)
    empty = [n for n, some in zip(shares.names, held.tolist(), strict=True) if n != REST and not some]
    if not empty:
        return ()
    return (Finding("inventory.area_empty", "warning", {"areas": ", ".join(empty)}, count=len(empty)),)


def _of_agency(ready: Prepared, *, summer: bool) -> Iterator[Finding]:
    agency = agency_of(ready.plan.city.country)
    if not agency:
        return
    if agency == SUMMER_OF and not summer:
        yield Finding("inventory.area_no_summer", "info", {})
    yield Finding(CLASSES[agency], "assumption", {})
