"""Small days of service, made by hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from fleet_planner.buses.model import ServiceDay, Ways


def small_day(
    blocks: int = 2,
    trips: int = 3,
    *,
    km: float = 10.0,
    minutes: float = 35.0,
    stops: int = 25,
    layover_min: float = 8.0,
    bus_type: str = "standard",
    kind: str = "weekday",
    way: int = -1,
    ways: Ways | None = None,
) -> ServiceDay:
    """Return blocks that pull out of one depot, drive so many equal trips to and fro, and pull in."""
    rows = []
    days = []
    for b in range(blocks):
        at = 6 * 3600 + b * 600
        first, begin = len(rows), at
        kinds = ["pull_out", *["trip"] * trips, "pull_in"]
        for n, what in enumerate(kinds):
            trip = what == "trip"
            length, lasts = (km, 60.0 * minutes) if trip else (3.0, 480.0)
            rows.append({
                "block_id": f"b{b:03d}", "sequence": n, "kind": what,
                "trip_id": f"t{b}_{n}" if trip else "", "route_id": "r1" if trip else "", "route": "1" if trip else "",
                "start_s": at, "end_s": int(at + lasts), "km": length, "stops": stops if trip else 0,
                "from_place": "depot" if n == 0 else ("A" if n % 2 else "B"),
                "to_place": "depot" if n == len(kinds) - 1 else ("B" if n % 2 else "A"),
                "from_lon": 0.0, "from_lat": 0.0, "to_lon": 0.1, "to_lat": 0.0,
                "way": way if trip else -1,
            })  # fmt: skip
            at = int(at + lasts + (60.0 * layover_min if n < len(kinds) - 1 else 0.0))
        days.append({
            "block_id": f"b{b:03d}", "depot_id": "depot", "bus_type": bus_type, "start_s": begin, "end_s": rows[-1]["end_s"],
            "km": sum(r["km"] for r in rows[first:]), "movements": len(kinds), "first": first,
        })  # fmt: skip
    places = pl.DataFrame({
        "place": ["depot", "A", "B"], "name": ["Depot", "A", "B"], "lon": [0.0, 0.0, 0.1], "lat": [0.0, 0.0, 0.0],
        "is_depot": [True, False, False],
    })  # fmt: skip
    none = Ways(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0))
    return ServiceDay(kind, None, pl.DataFrame(rows), pl.DataFrame(days), places, ways or none)
