"""Access rules: which streams may not use which links at which hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.places import middle_points
from fleet_planner.activity.profiles import whole_stream
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.network.areas import read_area
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import AccessRule

Bool = NDArray[np.bool_]
Bans = list[list[tuple[Bool, Bool]]]
"""By stream: links (links,) and hours (H,) that are closed to it together."""


def bans(
    network: Network,
    profiles: Sequence[StreamProfile],
    rules: Sequence[AccessRule],
    days: tuple[DayType, ...],
    base: Path,
) -> tuple[Bans, list[Finding]]:
    """Return what the rules close to each stream.

    Raises
    ------
    InputError
        A polygon of a rule cannot be read.
    PlanError
        A rule names a stream or road class that is not known.
    """
    links = network.links
    out: Bans = [[] for _ in profiles]
    findings = []
    values: dict[str, str | int | float]
    streams = {whole_stream(p.stream) for p in profiles} | {p.local_name for p in profiles}
    for number, rule in enumerate(rules):
        _check_words(rule, streams, set(links["road_class"].unique()))
        if idle := sorted(set(rule.streams) - streams):
            findings.append(Finding("activity.access_idle", "warning", {"streams": ", ".join(idle)}))
        if not (held := sorted(set(rule.streams) & streams)):
            continue
        where = np.ones(links.height, dtype=np.bool_)
        if rule.road_classes:
            where &= links["road_class"].is_in(rule.road_classes).to_numpy()
        if rule.low_emission_zones:
            where &= links["low_emission_zone"].to_numpy()
        if rule.area:
            where &= _inside(network, base / rule.area)
        special = bool(rule.standards or rule.fuels)
        hours, coarse = _hours(rule, days)
        if coarse:
            values = {"named": ", ".join(rule.days), "days": ", ".join(coarse)}
            findings.append(Finding("activity.access_days", "warning", values))
        for s, profile in enumerate(profiles):
            if number in profile.meets or (not special and _named(profile, rule)):
                out[s].append((where, hours))
        values = {"streams": ", ".join(held), "hours": len(set(rule.hours))}
        if special:
            values["vehicles"] = ", ".join([*rule.standards, *rule.fuels])
        code = "activity.access_vehicles" if special else "activity.access"
        if special and not any(number in profile.meets for profile in profiles):
            findings.append(Finding("activity.access_nobody", "warning", values))
            continue
        findings.append(Finding(code, "info", values, int(where.sum())))
    return out, findings


def _named(profile: StreamProfile, rule: AccessRule) -> bool:
    return profile.local_name in rule.streams or whole_stream(profile.stream) in rule.streams


def _hours(rule: AccessRule, days: tuple[DayType, ...]) -> tuple[Bool, list[str]]:
    """Return the hours that a rule closes, and the types of day that hold other days than it names."""
    out = np.zeros((len(days), HOURS_PER_DAY), dtype=np.bool_)
    coarse = []
    for d, day in enumerate(days):
        if day.kinds & set(rule.days):
            out[d, rule.hours] = True
            if day.kinds - set(rule.days):
                coarse.append(day.label)
    return out.ravel(), coarse


def _check_words(rule: AccessRule, streams: set[str], road_classes: set[str]) -> None:
    """Refuse a stream or road class that nothing is called: the rule would do less than it says."""
    known = {
        "streams": streams | set(reference_table("streams.csv")["stream"].to_list()),
        "road_classes": road_classes | set(reference_table("road_class_defaults.csv")["road_class"].to_list()),
    }
    for key, words in (("streams", rule.streams), ("road_classes", rule.road_classes)):
        for word in words:
            if word not in known[key]:
                raise PlanError(
                    f"an access rule has an unknown word under {key}",
                    use_one_of(word, known[key]),
                    column=f"activity.access.{key}",
                    value=word,
                )


def _inside(network: Network, path: Path) -> Bool:
    """Return which links have their middle point inside a polygon file."""
    area = read_area(path, "activity.access.area")
    import shapely

    middle = middle_points(network.coordinates, network.offsets)
    return np.asarray(shapely.contains_xy(area, middle[:, 0], middle[:, 1]))
