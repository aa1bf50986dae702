"""Read speed limits, lanes and direction from OpenStreetMap tags."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

from fleet_planner.reference import reference_table
from fleet_planner.units import KM_PER_MILE

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?$")
ZONE = re.compile(r"^([A-Z]{2})(?:-[A-Z]{2})?:(?:zone:?)?(\w+)$")
LIST = re.compile(r"[;|,]")
ON_THE_GROUND = frozenset({"no", "low_water_crossing", "building_passage"})
LANE_TAGS = tuple(f"{key}{side}" for key in ("maxspeed", "lanes") for side in ("", ":forward", ":backward"))
"""Keys of speed limits and lanes."""

ROUND = frozenset({"roundabout", "circular"})


class Tags(Protocol):
    """Tags of a way: a dictionary, or pyosmium's list of tags."""

    def get(self, key: str, /) -> str | None:
        """Return the value of ``key``, if there is one."""


@lru_cache(maxsize=4096)
def parse_maxspeed_kmh(text: str | None) -> float | None:
    """Return a speed limit in km/h, or nothing where the tag does not say one.

    Lists (``50;30``, ``['50', '30']``) give their mean; ``none`` (no limit) and ``signals`` count as unknown.
    """
    if not text:
        return None
    speeds = [s for part in LIST.split(text.strip("[]")) if (s := _one_speed(part.strip(" '\""))) is not None]
    return sum(speeds) / len(speeds) if speeds else None


def _one_speed(text: str) -> float | None:
    if match := NUMBER.match(text):
        value = float(match[1]) * (KM_PER_MILE if match[2] == "mph" else 1.0)
        return value if 1.0 <= value <= 200.0 else None
    country, zone = (match[1], match[2]) if (match := ZONE.match(text)) else ("*", text)
    if zone.isdigit():
        return float(zone)
    limits = _implied_limits_kmh()
    return limits.get((country, zone), limits.get(("*", zone)))


@cache
def _implied_limits_kmh() -> Mapping[tuple[str, str], float]:
    """Return what ``urban``, ``DE:rural``, ``walk`` ... mean, by region (``*``: any other) and zone."""
    table = reference_table("road_class_defaults.csv")
    rows = table.filter(table["figure"] == "implied_limit_kmh").select("region", "road_class", "value")
    return {(region, zone): float(value) for region, zone, value in rows.iter_rows()}


@lru_cache(maxsize=4096)
def parse_lanes(text: str | None) -> float | None:
    """Return a lane count, or nothing; lists give their mean."""
    if not text:
        return None
    values = []
    for part in LIST.split(text.strip("[]")):
        try:
            value = float(part.strip(" '\""))
        except ValueError:
            continue
        if 0.0 < value <= 20.0:
            values.append(value)
    return sum(values) / len(values) if values else None


def speeds_kmh(tags: Tags) -> tuple[float | None, float | None]:
    """Return the limits along and against the drawing of a way; a tag of one direction wins."""
    both = parse_maxspeed_kmh(tags.get("maxspeed"))
    return (
        parse_maxspeed_kmh(tags.get("maxspeed:forward")) or both,
        parse_maxspeed_kmh(tags.get("maxspeed:backward")) or both,
    )


def lanes_by_direction(tags: Tags, direction: int) -> tuple[float | None, float | None]:
    """Return the lanes along and against the drawing of a way.

    ``lanes`` counts both directions: a one-way road has them all; on a two-way road the tag of one direction
    leaves the rest to the other, else each has half. A direction never has less than one lane.
    """
    total = parse_lanes(tags.get("lanes"))
    forward, backward = parse_lanes(tags.get("lanes:forward")), parse_lanes(tags.get("lanes:backward"))
    if direction:
        return forward or total, backward or total
    if total is None:
        return forward, backward
    if forward is None and backward is None:
        return max(total / 2.0, 1.0), max(total / 2.0, 1.0)
    if forward is None:
        return max(total - (backward or 0.0), 1.0), backward
    return forward, backward or max(total - forward, 1.0)


def off_the_ground(tags: Tags) -> bool:
    """Return whether a way, or a part of it where several are joined, is a bridge or in a tunnel."""
    for key in ("bridge", "tunnel"):
        for value in (tags.get(key) or "no").split(";"):
            if value.strip() not in ON_THE_GROUND:
                return True
    return False


def parse_oneway(oneway: str | None, junction: str | None, highway: str) -> int:
    """Return 1 (one-way along the drawing), -1 (against it) or 0 (both ways).

    Roundabouts and motorways are one-way unless tagged otherwise; roads whose direction alternates count as
    two-way.
    """
    if oneway in {"-1", "reverse"}:
        return -1
    if oneway in {"yes", "true", "1", "True"}:
        return 1
    if oneway in {"no", "false", "0", "False", "alternating", "reversible"}:
        return 0
    return 1 if junction in ROUND or highway == "motorway" else 0
