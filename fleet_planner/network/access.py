"""Which OpenStreetMap ways belong to the drive network, and where trucks may go.

The rules follow osmnx's network type ``drive``: motor roads without service roads, tracks and paths; no areas;
nothing that is private or closed to motor vehicles. They differ in three points. The classes are a list of what is
read, so an unknown value of ``highway`` stays out. And where several keys speak of access, the most special one
decides (``access=no`` with ``motor_vehicle=yes`` is open; osmnx looks at each key alone and at ``private`` only).
And service roads and pedestrian streets that are open to buses but closed to cars (terminals, transit malls), and
guided busways, are read as roads for buses only.
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
"""Values of ``highway`` that are read."""

BUSWAY = "busway"
BUS_ROADS = frozenset({"service", "pedestrian", "bus_guideway"})
"""Values of ``highway`` that are read as `BUSWAY` where buses may drive and cars may not."""
SERVICE = frozenset({"alley", "driveway", "emergency_access", "parking", "parking_aisle", "private"})
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "emergency"})
FOR_BUSES = frozenset({"psv", "bus"})
"""As a value of a key of access: nobody but buses."""

BUS_KEYS = ("bus", "psv")
OPEN_TO_BUSES = frozenset({"yes", "designated", "official", "permissive"})
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most special to the most general."""

WEIGHT_KEYS = ("maxweight", "maxweightrating")
GOODS_WEIGHT_KEYS = ("maxweight:hgv", "maxweightrating:hgv")
SIDES = ("", ":forward", ":backward")
ACCESS_TAGS = (
    *ACCESS_KEYS,
    *BUS_KEYS,
    "area",
    "service",
    "hgv",
    *WEIGHT_KEYS,
    *GOODS_WEIGHT_KEYS,
    *(f"lanes:{key}{side}" for key in BUS_KEYS for side in SIDES),
    *(f"{key}:lanes{side}" for key in BUS_KEYS for side in SIDES),
    "busway",
    "busway:left",
    "busway:right",
    "busway:both",
)
"""All keys that the functions of this module look at, besides ``highway``."""

TRUCKS_BARRED = frozenset({"no", "private", "delivery", "destination"})
HEAVY_FROM_KG = 3500.0
"""OpenStreetMap's ``hgv``: goods vehicles of more than 3.5 t."""

KG = {"": KG_PER_T, "t": KG_PER_T, "kg": 1.0, "lbs": 0.45359237, "lb": 0.45359237, "st": 907.18474}
"""Units of ``maxweight`` (default: tonnes); pound and short ton after NIST Handbook 44, appendix C."""

WEIGHT = re.compile(r"^(\d+(?:\.\d+)?)\s*([a-z]*)$")


def is_drivable(tags: Tags) -> bool:
    """Return whether a way belongs to the drive network, be it for buses only."""
    highway = tags.get("highway")
    if tags.get("area") == "yes" or tags.get("service") in SERVICE:
        return False
    if highway in BUS_ROADS:
        return _open_to_buses(tags) and _closed_to_cars(tags)
    return highway in DRIVABLE and (not _closed(tags) or _open_to_buses(tags))


def road_class(tags: Tags) -> str:
    """Return the class of a way of the drive network."""
    highway = str(tags.get("highway"))
    return BUSWAY if highway in BUS_ROADS else highway


def buses_only(tags: Tags) -> bool:
    """Return whether none but buses may drive on a way of the drive network."""
    return tags.get("highway") == BUSWAY or tags.get("highway") in BUS_ROADS or _closed(tags)


def _closed_to_cars(tags: Tags) -> bool:
    """Return whether cars may not drive: on guided busways and pedestrian streets unless a key opens them."""
    unknown = all(tags.get(key) is None for key in ACCESS_KEYS)
    return _closed(tags) or (unknown and tags.get("highway") != "service")


def _closed(tags: Tags) -> bool:
    """Return whether cars may not drive; the most special key decides."""
    for key in ACCESS_KEYS:
        value = tags.get(key)
        if value is not None:
            return value in CLOSED or value in FOR_BUSES
    return False


def _open_to_buses(tags: Tags) -> bool:
    if tags.get("highway") == "bus_guideway":
        return tags.get("bus") not in CLOSED
    for key in BUS_KEYS:
        value = tags.get(key)
        if value is not None:
            return value in OPEN_TO_BUSES
    return any(tags.get(key) in FOR_BUSES for key in ACCESS_KEYS)


def max_weight_t(tags: Tags) -> float | None:
    """Return the greatest mass of a vehicle in tonnes, where a limit is known: of actual or of permitted mass."""
    return _least(tags, WEIGHT_KEYS)


def max_weight_hgv_t(tags: Tags) -> float | None:
    """Return the greatest mass of a goods vehicle in tonnes, where a limit for them alone is known."""
    return _least(tags, GOODS_WEIGHT_KEYS)


def _least(tags: Tags, keys: tuple[str, ...]) -> float | None:
    """Return the least of several limits in tonnes, nothing where none is a number with a unit that is known."""
    matches = [WEIGHT.match((tags.get(key) or "").strip().lower().replace(",", ".")) for key in keys]
    found = [float(match[1]) * KG[match[2]] / KG_PER_T for match in matches if match and match[2] in KG]
    return min(found, default=None)


def trucks_allowed(tags: Tags) -> bool:
    """Return whether trucks may drive through: neither barred by ``hgv`` nor by a limit of 3.5 t or less."""
    if tags.get("hgv") in TRUCKS_BARRED:
        return False
    limit = _least(tags, (*WEIGHT_KEYS, *GOODS_WEIGHT_KEYS))
    return limit is None or limit * KG_PER_T > HEAVY_FROM_KG


def bus_lanes(tags: Tags, direction: int) -> tuple[float, float]:
    """Return the lanes that are the buses' along and against the drawing of a way.

    From ``lanes:psv`` or ``lanes:bus`` (``:forward``, ``:backward``), else lane by lane from ``bus:lanes`` or
    ``psv:lanes`` (``designated``), else one for ``busway=lane`` on that side (right-hand traffic: the right is
    forward). A number for both directions of a two-way road is halved.
    """
    forward, backward = _counted(tags, ":forward"), _counted(tags, ":backward")
    both = _counted(tags, "")
    if both is not None and forward is None and backward is None:
        return (both, both) if direction else (both / 2.0, both / 2.0)
    right, left = (
        float("lane" in (tags.get(f"busway:{side}"), tags.get("busway:both"), tags.get("busway")))
        for side in ("right", "left")
    )
    if direction:
        right = left = max(right, left)
    return right if forward is None else forward, left if backward is None else backward


def _counted(tags: Tags, side: str) -> float | None:
    for key in BUS_KEYS:
        text = tags.get(f"lanes:{key}{side}")
        if text is not None and text.isdigit():
            return float(text)
        lanes = tags.get(f"{key}:lanes{side}")
        if lanes is not None:
            return float(lanes.split("|").count("designated"))
    return None
