"""The tables on traffic: method and types of day, in the report's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.layers.buses import bus_note, bus_rows
from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.wording import class_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MILLION = 1e6
FIT = (
    *("counts", "vehicle_class", "road_class", "number", "observed_veh_h|veh_h"),
    *("geh", "geh_under_5", "r2", "bias_pct"),
)


def traffic(data: Mapping[str, Any], t: Mapping[str, str]) -> dict[str, Any]:
    """Return the sentence on the method and the rows of the types of day; no rows where there is one."""
    given = data["traffic"]
    several = len(given["days"]) > 1
    return {
        "method": t[_method(given)],
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
        "fit": fit_rows(given["counts"], t) if given["counts"] else [],
        "fit_head": heads(t, "count_fit", *FIT),
        "fit_note": t["fit_calibrated"] if given["counts"] and given["counts"]["calibrated"] else t["fit_compared"],
        "assigned_note": assigned_note(given["assignment"], t) if given["assignment"] else "",
        "groups": group_rows(given["assignment"], t) if given["assignment"] else [],
        "buses": bus_rows(given.get("buses")),
        "buses_note": bus_note(given.get("buses"), t),
        "congested": congested_rows(given["assignment"], t) if given["assignment"] else [],
    }


def _method(given: Mapping[str, Any]) -> str:
    """Return the word of the method; counts may scale an assignment."""
    scaled = given["method"] == "counts" and given["assignment"]
    return "traffic_counts_assigned" if scaled else f"traffic_{given['method']}"


def assigned_note(assignment: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """Return the sentence on zones, relative gap and iterations."""
    periods = assignment["periods"]
    return t["assigned_note"].format(
        zones=assignment["zones_tied"],
        all=assignment["zones"],
        gap=f"{max(p['relative_gap'] for p in periods):.1e}",
        target=f"{assignment['target_gap']:.1e}",
        periods=len(periods),
        iterations=", ".join(str(p["iterations"]) for p in periods),
    )


def group_rows(assignment: Mapping[str, Any], t: Mapping[str, str]) -> list[list[str]]:
    """Return a row per group of streams: trips, and assigned against registered vehicle-km."""
    return [
        [
            t[f"vehicles_{row['traffic_class']}"],
            significant(row["trips_per_day"]),
            share(row["inside_share"]),
            significant(row["mean_trip_km"]),
            significant(row["assigned_km_per_day"]),
            significant(row["registry_km_per_day"]),
            f"{row['ratio']:.2f}",
        ]
        for row in assignment["groups"]
    ]


def congested_rows(assignment: Mapping[str, Any], t: Mapping[str, str]) -> list[list[str]]:
    """Return the links that cost most time."""
    return [
        [
            row["name"] or f"{row['link_id']}",
            class_name(row["road_class"], t),
            f"{row['hour']}",
            f"{row['volume_capacity']:.2f}",
            f"{row['speed_kmh']:.0f} / {row['quiet_kmh']:.0f}",
            significant(row["delay_h_per_day"]),
        ]
        for row in assignment["congested"]
    ]


def fit_rows(counts: Mapping[str, Any], t: Mapping[str, str]) -> list[list[str]]:
    """Return the rows of the fit to counts, each figure after its value before the calibration."""
    out = []
    for row in counts["fit"]:
        kind = row["vehicle_class"]
        place = t["all_classes"] if row["road_class"] == "all" else class_name(row["road_class"], t)
        out.append(
            [
                t[f"counts_{row['counts']}"] if counts["calibrated"] else t["counts_all"],
                t.get(f"vehicles_{kind}", kind),
                place,
                f"{row['number']:,}",
                significant(row["observed_veh_h"]),
                _pair(row["geh_before"], row["geh"], lambda x: f"{x:.1f}"),
                _pair(row["geh_under_5_before"], row["geh_under_5"], share),
                _pair(row["r2_before"], row["r2"], lambda x: f"{x:.2f}"),
                _pair(row["bias_pct_before"], row["bias_pct"], percent),
            ]
        )
    return out


def _pair(before: float | None, now: float | None, form: Callable[[float], str]) -> str:
    if now is None:
        return ""
    return form(now) if before is None else f"{form(before)} → {form(now)}"


def day_name(day: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """Return the name of a type of day, its season before it."""
    name = t[f"day_{day['name']}"]
    season = day["season"]
    return t["day_in_season"].format(season=t.get(f"season_{season.lower()}", season), day=name) if season else name
