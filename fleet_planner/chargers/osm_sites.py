"""Candidates of an OpenStreetMap file: fuel and bus stations, parking, depots, logistics, rest areas, chargers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SOCKETS = {
    "socket:type2_combo": "ccs",
    "socket:type1_combo": "ccs",
    "socket:chademo": "chademo",
    "socket:gb_dc": "gb_t",
    "socket:mcs": "mcs",
}
UNITS_KW = {"kw": 1.0, "w": 1e-3, "mw": 1e3, "": 1.0}
SPACES_PER_CHARGER = 2
"""Of a parking's capacity: so many spaces for one charger."""


def read_osm_sites(path: Path, kinds: Sequence[str], least_m2: float) -> tuple[pl.DataFrame, list[Finding]]:
    """Read candidates of an OpenStreetMap file: columns of ``charging_sites``.

    Parameters
    ----------
    path
        ``.osm.pbf``, ``.osm`` or ``.osm.bz2``.
    kinds
        Which kinds of ``osm_site_kinds.csv`` are wanted.
    least_m2
        Parking and land use of less area are left out.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    import osmium
    import shapely

    if not path.is_file():
        raise InputError("there is no such OpenStreetMap file", "Check chargers.osm in the plan.", file=path)
    table = reference_table("osm_site_kinds.csv").filter(pl.col("kind").is_in(list(kinds)))
    known = {(row["key"], row["value"]): (row["kind"], row["sized"] == "yes") for row in table.iter_rows(named=True)}
    rows: list[dict[str, object]] = []
    try:
        for entity in osmium.FileProcessor(str(path)).with_locations().with_areas():
            tags = entity.tags
            found = next((known[k, tags[k]] for k in KEYS if k in tags and (k, tags[k]) in known), None)
            if found is None or not (entity.is_node() or entity.is_area()):
                continue
            if tags.get("access") in {"private", "no"} and found[0] == "parking":
                continue
            row = _row(entity, found, {t.k: t.v for t in tags}, least_m2)
            if row is not None:
                rows.append(row)
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError, shapely.errors.ShapelyError) as error:
        raise InputError(
            f"the OpenStreetMap file cannot be read ({first_line(error)})", "Download it again.", file=path
        ) from error
    frame = pl.DataFrame(rows, schema=SCHEMA)
    return frame, [Finding("chargers.osm_sites", "info", {"file": path.name}, frame.height)]


SCHEMA = {
    "site_id": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "kind": pl.String,
    "max_chargers": pl.Int64,
    "existing_kw": pl.Float64,
    "existing_chargers": pl.Int64,
    "connectors": pl.String,
}
KEYS = ("amenity", "highway", "landuse", "industrial", "building", "public_transport")
M2_PER_DEGREE2 = 111_195.0**2
"""At the equator; times the cosine of the latitude."""


def _row(entity: Any, found: tuple[str, bool], tags: Mapping[str, str], least_m2: float) -> dict[str, object] | None:
    import math

    import osmium
    import shapely

    kind, sized = found
    if entity.is_node():
        lon, lat, name = entity.location.lon, entity.location.lat, f"osm n{entity.id}"
        if sized:
            return None  # a point has no area: too small
    else:
        shape = shapely.from_wkb(bytes.fromhex(osmium.geom.WKBFactory().create_multipolygon(entity)))
        point = shape.representative_point()
        lon, lat = float(point.x), float(point.y)
        if sized and shape.area * M2_PER_DEGREE2 * math.cos(math.radians(lat)) < least_m2:
            return None
        name = f"osm {'w' if entity.from_way() else 'r'}{entity.orig_id()}"
    present = _chargers(tags) if kind == "charging_station" else (0.0, 0, None)
    spaces = tags.get("capacity", "")
    room = int(spaces) // SPACES_PER_CHARGER if kind == "parking" and spaces.isdigit() else None
    return {
        "site_id": name,
        "lon": lon,
        "lat": lat,
        "kind": kind,
        "max_chargers": room,
        "existing_kw": present[0],
        "existing_chargers": present[1],
        "connectors": present[2],
    }


def _chargers(tags: Mapping[str, str]) -> tuple[float, int, str | None]:
    """Return power, number and connectors of the sockets whose power is told; nothing else counts as there."""
    best, count, connectors = 0.0, 0, set()
    for key, connector in SOCKETS.items():
        if key not in tags:
            continue
        power = _kw(tags.get(f"{key}:output", ""))
        number = int(tags[key]) if tags[key].isdigit() else 1
        if power > 0.0 and number > 0:
            best, count = max(best, power), max(count, number)
            connectors.add(connector)
    return (best, count, "|".join(sorted(connectors))) if connectors else (0.0, 0, None)


def _kw(text: str) -> float:
    """Return such as ``150 kW`` as kW; 0 where it is no power."""
    digits = text.strip().lower().replace(",", ".")
    number = digits.rstrip("abcdefghijklmnopqrstuvwxyz ")
    try:
        return float(number) * UNITS_KW.get(digits[len(number) :].strip(), 0.0)
    except ValueError:
        return 0.0
