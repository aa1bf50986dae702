"""The memory of what a plan asks for on all roads at once, estimated as soon as the roads are counted.

Inventories, layers and bands of links go tile by tile. The air near roads, assigned traffic and areas stand in memory
for all links; the estimates below count their largest arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.activity.days import day_types
from fleet_planner.memory import refuse_beyond
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from fleet_planner.plan.models import Plan

NUMBER = 8
"""Bytes of a number."""

WEIGHT_ROW = 48
"""Bytes of a row of the weights of links: link, day, hour, pollutant, weight."""

GROUPS_OF_HOURS = 4
"""Groups of months and hours of the weather, of one season; each has the emissions of a link three times."""

GROUPS_OF_STREAMS = 6
"""Streams that share routes: four classes of traffic, some with bans of their own."""

ROUTE_ARRAYS = 40
"""Numbers of a link that the search for routes holds: graph, costs, flows of every thread."""

SPEED_ARRAYS = 6
"""Flows, speeds and their steps by link and hour."""

LINE_BYTES = 500
"""Of a link as an object with its geometry, and of its place in the tree."""


def air_bytes(links: int, hours: int, scenarios: int, pollutants: int, seasons: int) -> float:
    """Return the memory of the air near roads: emissions by hour and by group of hours, and weights as a table."""
    followed = pollutants + 1  # primary NO2
    groups = GROUPS_OF_HOURS * seasons
    emitted = NUMBER * followed * scenarios * (hours + 3 * groups)
    return float(links) * (emitted + WEIGHT_ROW * hours * pollutants)


def assignment_bytes(links: int, hours: int, zones: int) -> float:
    """Return the memory of assigned traffic: routes, flows and speeds by link and hour, trips between zones."""
    periods = 2
    by_link = GROUPS_OF_STREAMS * periods + SPEED_ARRAYS * hours + ROUTE_ARRAYS
    trips = 4 * GROUPS_OF_STREAMS * periods * float(zones) ** 2
    return NUMBER * (float(links) * by_link + trips)


def area_bytes(links: int, areas: int) -> float:
    """Return the memory of the shares of links in areas, three times while they are formed, and of links as objects."""
    return float(links) * (3 * NUMBER * (areas + 1) + LINE_BYTES)


def refuse_large_air(plan: Plan, links: int) -> None:
    """Refuse the air near so many roads where memory would not do.

    Raises
    ------
    PlanError
        It would not.
    """
    section = plan.impacts
    if not section.pollutants:
        return
    hours = HOURS_PER_DAY * len(day_types(plan.traffic))
    seasons = max(len(plan.traffic.seasons), 1)
    refuse_beyond(
        air_bytes(links, hours, len(plan.scenario) + 1, len(section.pollutants), seasons),
        f"the air near {links:,} links",
        "Follow fewer pollutants or none, or cut the city out of the region (network.clip).",
        column="impacts.pollutants",
        limit_gb=plan.run.memory_gb,
    )


def refuse_large_run(plan: Plan, areas: int, links: int) -> None:
    """Refuse what a whole run tells of so many roads where memory would not do: the air and the areas of the plan.

    Raises
    ------
    PlanError
        It would not.
    """
    refuse_large_air(plan, links)
    refuse_large_areas(plan, links, areas)


def refuse_large_assignment(plan: Plan, links: int, zones: int) -> None:
    """Refuse to assign traffic to so many roads where memory would not do.

    Raises
    ------
    PlanError
        It would not.
    """
    if not plan.traffic.assigns:
        return
    refuse_beyond(
        assignment_bytes(links, HOURS_PER_DAY * len(day_types(plan.traffic)), zones),
        f"traffic assigned to {links:,} links between {zones:,} zones",
        'Keep the main roads (network.keep_classes), cut the city out (network.clip), or use method "allocated".',
        column="traffic.method",
        limit_gb=plan.run.memory_gb,
    )


def refuse_large_areas(plan: Plan, links: int, areas: int, asked_by: str = "report.areas") -> None:
    """Refuse so many areas of so many roads where memory would not do.

    Raises
    ------
    PlanError
        It would not.
    """
    if areas:
        refuse_beyond(
            area_bytes(links, areas),
            f"shares of {links:,} links in {areas:,} areas",
            "Name fewer areas, or cut the city out of the region (network.clip).",
            column=asked_by,
            limit_gb=plan.run.memory_gb,
        )
