"""Emissions by vehicle, link and hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_planner.activity.parts import AccessParts
from fleet_planner.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.findings import Finding


@dataclass(frozen=True)
class Inventory:
    """Emissions of one fleet on one activity, average day.

    ``P`` is ``len(pollutants)``. Everything is g per average day, except ``energy_MJ`` (MJ),
    ``electricity_kwh`` (kWh); ``CO2_grid`` is the CO2 of the electricity used.

    Parameters
    ----------
    pollutants
        Names in the order of the last axes.
    units
        Unit per pollutant: ``g``, ``MJ``, ``kWh`` or ``1e12`` (particles).
    streams
        Names in the order of the first axes.
    link
        Shape (links, P).
    stream_hour
        Shape (streams, 24, P).
    class_hour
        Emissions by road class and hour, shape (road classes, 24, P).
    road_classes
        Names in the order of ``class_hour``.
    vehicle
        Per registry row (the whole row, i.e. all ``count`` vehicles), shape (vehicles, P).
    closure
        Largest relative differences: ``vehicles_vs_links``, ``hours_vs_links``, ``vkt``.
    by_technology
        ``category, fuel, segment, standard, aftertreatment, stream, vehicles, vkt_km_per_day`` and a
        ``<pollutant>_per_day`` column per pollutant in its unit.
    by_process
        ``stream, category, pollutant, process, value_per_day`` in the pollutant's unit; only what is emitted.
    nmvoc
        NMVOC by technology and process, ``category, fuel, segment, standard, aftertreatment, process,
        value_per_day`` (g); only what is emitted.
    below_range
        ``technology, pollutant, v_min_kmh, vkt_share`` of vehicle-km driven below a curve's range.
    histogram
        Vehicle-km by part of a stream, condition, grade step and grid speed, shape (parts, M, G, S).
    grade_span
        First of the G grade steps of ``histogram``, and the one behind the last.
    parts, naming
        Names of the parts that streams fall into by their access, and how vehicles are told apart.
    tiles
        How many links are worked on at a time, and where ``link`` stands.
    """

    pollutants: tuple[str, ...]
    units: Mapping[str, str]
    streams: tuple[str, ...]
    link: NDArray[np.float64]
    stream_hour: NDArray[np.float64]
    class_hour: NDArray[np.float64]
    road_classes: tuple[str, ...]
    vehicle: NDArray[np.float64]
    closure: Mapping[str, float]
    by_technology: pl.DataFrame
    by_process: pl.DataFrame
    nmvoc: pl.DataFrame
    below_range: pl.DataFrame
    histogram: NDArray[np.float64]
    grade_span: tuple[int, int]
    findings: tuple[Finding, ...] = ()
    parts: tuple[str, ...] = ()
    tiles: Tiles = field(default_factory=Tiles)
    naming: AccessParts = field(default_factory=AccessParts)

    def totals(self) -> NDArray[np.float64]:
        """Return the sums over the links, shape (P,)."""
        return self.tiles.sums(self.link)
