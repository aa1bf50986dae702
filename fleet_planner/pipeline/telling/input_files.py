"""Every file that a run read, with its hash."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from fleet_planner.network.builtin import archive_path
from fleet_planner.pipeline.telling.results import InputFile

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.models import Plan


def input_files(plan: Plan, path: Path, rasters: tuple[Path, ...]) -> tuple[InputFile, ...]:
    """Return every file that was read, with its SHA-256; of the elevation rasters those that a road lies on."""
    base = path.parent
    files: list[tuple[str, Path, str, str]] = [("plan", path, path.name, "")]
    files.append(("registry", base / plan.fleet.registry, plan.fleet.registry, ""))
    homes = (("home zones", plan.places.zones), ("depots", plan.places.depots))
    files += [(role, base / name, name, "") for role, name in homes if name]
    if plan.nonroad.file:
        files.append(("machines", base / plan.nonroad.file, plan.nonroad.file, ""))
    if plan.fleet.assumptions:
        files.append(("assumptions", base / plan.fleet.assumptions, plan.fleet.assumptions, ""))
    if plan.network.builtin:
        files.append(("network", archive_path(), f"aequilibrae/{archive_path().name}", "ODbL 1.0"))
    elif plan.network.file:
        files.append(("network", base / plan.network.file, plan.network.file, plan.network.licence or "ODbL 1.0"))
    net = plan.network
    others = (("outline", net.clip), ("low-emission zones", net.low_emission_zones), ("datum", net.datum_reference))
    files += [(role, base / name, name, "") for role, name in others if name]
    files += [("elevation", file, os.path.relpath(file, base), "") for file in rasters]
    around = (
        ("weather", plan.impacts.meteorology),
        ("monitors", plan.impacts.monitors),
        ("species", plan.gridded.species),
        ("electricity by hour", plan.electricity.hourly),
    )
    files += [(role, base / name, name, "") for role, name in around if name]
    if plan.activity.gtfs and plan.activity.gtfs != "builtin":
        files.append(("timetable", base / plan.activity.gtfs, plan.activity.gtfs, ""))
    if plan.network.zones and plan.network.zones != "builtin":
        files.append(("zones", base / plan.network.zones, plan.network.zones, ""))
    if plan.factors.user:
        files.append(("own factors", base / plan.factors.user, plan.factors.user, ""))
    if plan.turnover.survival:
        files.append(("survival curves", base / plan.turnover.survival, plan.turnover.survival, ""))
    if plan.measured.file:
        files.append(("emission tests", base / plan.measured.file, plan.measured.file, ""))
    speeds = plan.traffic.speeds
    traffic = (
        ("counts", plan.traffic.counts.file),
        ("flows", plan.traffic.flows.file),
        ("measured speeds", speeds.file),
        ("speed sites", speeds.sites),
    )
    files += [(role, base / name, name, "") for role, name in traffic if name]
    if plan.traffic.assigns and plan.traffic.assignment.trips:
        trips = plan.traffic.assignment.trips
        files.append(("trips", base / trips, trips, ""))
    files += [("access area", base / rule.area, rule.area, "") for rule in plan.activity.access if rule.area]
    areas = {getattr(m, "area", "") for s in plan.scenario for _, m in s.operation.measures}
    files += [("access area", base / area, area, "") for area in sorted(areas - {""})]
    return tuple(_described(*entry) for entry in files if entry[1].is_file())


def _described(role: str, file: Path, shown: str, licence: str) -> InputFile:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return InputFile(role, shown, digest.hexdigest(), file.stat().st_size, licence)
