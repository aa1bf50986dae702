"""The tables on traffic: method and types of day, in the report's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping

MILLION = 1e6


def traffic(data: Mapping[str, Any], t: Mapping[str, str]) -> dict[str, Any]:
    """Return the sentence on the method and the rows of the types of day; no rows where there is one."""
    given = data["traffic"]
    several = len(given["days"]) > 1
    return {
        "method": t[f"traffic_{given['method']}"],
        "days": [
            [
                day_name(day, t),
                f"{day['days_per_year']:.1f}",
                significant(day["vkt_per_day"] / MILLION),
                significant(day["nox_kg_per_day"]),
            ]
            for day in given["days"]
            if several
        ],
    }


def day_name(day: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """Return the name of a type of day, its season before it."""
    name = t[f"day_{day['name']}"]
    return t["day_in_season"].format(season=day["season"], day=name) if day["season"] else name
