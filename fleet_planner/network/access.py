"""Which OpenStreetMap ways belong to the drive network, and where trucks may go.

The rules follow osmnx's network type ``drive``: motor roads without service roads, tracks and paths; no areas;
nothing that is private or closed to motor vehicles. They differ in two points. The classes are a list of what is
read, so an unknown value of ``highway`` stays out. And where several keys speak of access, the most special one
decides (``access=no`` with ``motor_vehicle=yes`` is open; osmnx looks at each key alone and at ``private`` only).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_planner.units import KG_PER_T

if TYPE_CHECKING:
    from fleet_planner.network.attributes import Tags

DRIVABLE = frozenset(
    [
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "road",
        "busway",
    ]
)
"""Values of ``highway`` that are read; a busway carries the streams whose class intensity there is not zero."""

SERVICE = frozenset({"alley", "driveway", "emergency_access", "parking", "parking_aisle", "private"})
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "emergency"})
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most special to the most general."""

TRUCKS_BARRED = frozenset({"no", "private", "delivery", "destination"})
HEAVY_FROM_KG = 3500.0
"""OpenStreetMap's ``hgv``: goods vehicles of more than 3.5 t."""

KG = {"": KG_PER_T, "t": KG_PER_T, "kg": 1.0, "lbs": 0.45359237, "lb": 0.45359237, "st": 907.18474}
"""Units of ``maxweight`` (default: tonnes); pound and short ton after NIST Handbook 44, appendix C."""

WEIGHT = re.compile(r"^(\d+(?:\.\d+)?)\s*([a-z]*)$")


def is_drivable(tags: Tags) -> bool:
    """Return whether a way belongs to the drive network."""
    if tags.get("highway") not in DRIVABLE or tags.get("area") == "yes" or tags.get("service") in SERVICE:
        return False
    for key in ACCESS_KEYS:
        value = tags.get(key)
        if value is not None:
            return value not in CLOSED
    return True


def trucks_allowed(tags: Tags) -> bool:
    """Return whether trucks may drive through: neither barred by ``hgv`` nor by a limit of 3.5 t or less."""
    if tags.get("hgv") in TRUCKS_BARRED:
        return False
    match = WEIGHT.match(tags.get("maxweight") or "")
    return not match or match[2] not in KG or float(match[1]) * KG[match[2]] > HEAVY_FROM_KG
