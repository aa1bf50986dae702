"""Read speed limits and lanes from OpenStreetMap tags."""

from __future__ import annotations

import re

from fleet_planner.units import KM_PER_MILE

ZONE_SPEEDS_KMH = {
    "urban": 50.0,
    "rural": 90.0,
    "motorway": 120.0,
    "trunk": 90.0,
    "living_street": 15.0,
    "walk": 5.0,
}
"""Implicit limits such as ``DE:urban``; OpenStreetMap wiki, Key:maxspeed, implicit values, rounded."""

COUNTRY_ZONE_SPEEDS_KMH = {
    ("US", "urban"): 25 * KM_PER_MILE,
    ("US", "rural"): 55 * KM_PER_MILE,
    ("US", "motorway"): 65 * KM_PER_MILE,
    ("GB", "urban"): 30 * KM_PER_MILE,
    ("GB", "rural"): 60 * KM_PER_MILE,
    ("GB", "motorway"): 70 * KM_PER_MILE,
    ("CN", "motorway"): 120.0,
    ("CN", "rural"): 70.0,
}
NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?$")
ZONE = re.compile(r"^([A-Z]{2}(?:-[A-Z]{2})?):(?:zone:?)?(\w+)$")


def parse_maxspeed_kmh(text: str | None) -> float | None:
    """Return a speed limit in km/h, or nothing where the tag does not say one.

    Lists (``50;30``, ``['50', '30']``) give their mean; ``none`` (no limit) counts as unknown.
    """
    if not text:
        return None
    parts = [p.strip(" '\"") for p in re.split(r"[;|,]", text.strip("[]"))]
    speeds = [s for p in parts if (s := _one_speed(p)) is not None]
    return sum(speeds) / len(speeds) if speeds else None


def _one_speed(text: str) -> float | None:
    if match := NUMBER.match(text):
        value = float(match[1])
        if match[2] == "mph":
            value *= KM_PER_MILE
        return value if 0.0 < value <= 200.0 else None
    if match := ZONE.match(text):
        zone = match[2]
        if zone.isdigit():
            return float(zone)
        return COUNTRY_ZONE_SPEEDS_KMH.get((match[1][:2], zone), ZONE_SPEEDS_KMH.get(zone))
    return ZONE_SPEEDS_KMH["walk"] if text == "walk" else None


def parse_lanes(text: str | None) -> float | None:
    """Return a lane count, or nothing; lists give their mean."""
    if not text:
        return None
    values = []
    for part in re.split(r"[;|,]", text.strip("[]")):
        try:
            value = float(part.strip(" '\""))
        except ValueError:
            continue
        if 0.0 < value <= 20.0:
            values.append(value)
    return sum(values) / len(values) if values else None


def parse_oneway(oneway: str | None, junction: str | None, highway: str) -> int:
    """Return 1 (one-way along the geometry), -1 (against it) or 0 (both ways).

    Roundabouts and motorways are one-way unless tagged otherwise.
    """
    if oneway in {"-1", "reverse"}:
        return -1
    if oneway in {"yes", "true", "1", "True"}:
        return 1
    if oneway in {"no", "false", "0", "False", "alternating", "reversible"}:
        return 0
    return 1 if junction in {"roundabout", "circular"} or highway == "motorway" else 0
