"""Every file that a run read, with its hash."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from fleet_planner.network.builtin import archive_path
from fleet_planner.pipeline.telling.results import InputFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fleet_planner.plan.models import Plan

FOLDERS = ("gtfs", "feeds", "file")
"""Last words of the keys whose value may be a folder of tables."""

SECRET = ("fleet.identifier_key",)
"""Keys that name files of which nothing may be told, not even a hash: the manifest has the key's own public name."""

ARCHIVE = "aequilibrae/"
"""Stands before the name of the embedded network: it lies in that package."""


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
        files.append(("network", archive_path(), f"{ARCHIVE}{archive_path().name}", "ODbL 1.0"))
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
    told = tuple(_described(*entry) for entry in files if entry[1].is_file())
    return (*told, *_beside(plan, base, {f.path for f in told}))


def plan_files(plan: Plan, path: Path, told: Iterable[tuple[str, str]] = ()) -> tuple[InputFile, ...]:
    """Return the plan file and every file that the plan names, each once, with its SHA-256.

    Parameters
    ----------
    plan, path
        The plan and its file; names are relative to its folder.
    told
        Role and name of files whose role is known better than by the plan's key.
    """
    base = path.parent
    known = [("plan", path, path.name, ""), *((role, base / name, name, "") for role, name in told)]
    if "builtin" in (plan.network.builtin and "builtin", plan.activity.gtfs, plan.buses.gtfs, plan.network.zones):
        known.append(("network", archive_path(), f"{ARCHIVE}{archive_path().name}", "ODbL 1.0"))
    first = tuple(_described(*entry) for entry in known if entry[1].is_file())
    return (*first, *_beside(plan, base, {f.path for f in first}))


def _beside(plan: Plan, base: Path, told: set[str]) -> Iterator[InputFile]:
    """Yield the files that the plan names and that are not told yet; the role is the key in the plan."""
    for key, name in _texts(plan.model_dump()):
        if key in SECRET or not name or name in told or "\n" in name:
            continue
        file = base / name
        if is_file(file):
            told.add(name)
            yield _described(key, file, name, "")
        elif key.rpartition(".")[2] in FOLDERS and file.is_dir() and file != base:
            told.add(name)
            inside = sorted(p for p in file.iterdir() if p.is_file())
            yield from (_described(key, p, f"{name.rstrip('/')}/{p.name}", "") for p in inside)


def is_file(path: Path) -> bool:
    """Return whether there is such a file; a text that can be no path is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a plan with its dotted key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner, key)


def input_path(name: str, base: Path) -> Path:
    """Return where an input of a manifest lies: beside the plan, or in the package that ships it."""
    return archive_path() if name == f"{ARCHIVE}{archive_path().name}" else base / name


def _described(role: str, file: Path, shown: str, licence: str) -> InputFile:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return InputFile(role, shown, digest.hexdigest(), file.stat().st_size, licence)
