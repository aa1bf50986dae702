"""Hand-made days of service for tests of electric buses."""

from typing import Any

import numpy as np
import polars as pl

from fleet_planner.buses.model import DayEnergy, ServiceDay, Ways


def small_day(blocks: Any, depots: tuple[str, ...] = ("depot",), kind: str = "weekday") -> ServiceDay:
    """Return a day from ``{block_id: [(kind, start_h, end_h, km, from_place, to_place), ...]}``.

    The depot of a block is where its first movement begins when that is a depot, else the first of ``depots``; a
    block id may be a pair (id, bus type).
    """
    moves, rows, first = [], [], 0
    for key in sorted(blocks, key=lambda k: k if isinstance(k, str) else k[0]):
        name, bus_type = (key, "standard") if isinstance(key, str) else key
        legs = blocks[key]
        for n, (what, a, b, km, start, end) in enumerate(legs):
            trip = what == "trip"
            moves.append(
                {
                    "block_id": name, "sequence": n, "kind": what, "trip_id": f"{name}-{n}" if trip else "",
                    "route_id": "r" if trip else "", "route": "1" if trip else "",
                    "start_s": round(a * 3600.0), "end_s": round(b * 3600.0), "km": float(km), "stops": 10 if trip else 0,
                    "from_place": start, "to_place": end, "from_lon": 0.0, "from_lat": 0.0, "to_lon": 0.0, "to_lat": 0.0,
                    "way": -1,
                }
            )  # fmt: skip
        rows.append(
            {
                "block_id": name, "depot_id": legs[0][4] if legs[0][4] in depots else depots[0], "bus_type": bus_type,
                "start_s": round(legs[0][1] * 3600.0), "end_s": round(legs[-1][2] * 3600.0),
                "km": float(sum(leg[3] for leg in legs)), "movements": len(legs), "first": first,
            }
        )  # fmt: skip
        first += len(legs)
    frame = pl.DataFrame(moves)
    names = sorted({*frame["from_place"], *frame["to_place"], *depots})
    places = pl.DataFrame(
        {
            "place": names,
            "name": names,
            "lon": [0.01 * k for k in range(len(names))],
            "lat": [0.0] * len(names),
            "is_depot": [n in depots for n in names],
        }
    )
    at = {n: (x, y) for n, x, y in places.select("place", "lon", "lat").iter_rows()}
    frame = frame.with_columns(
        pl.Series(f"{end}_{axis}", [at[p][k] for p in frame[f"{end}_place"]], dtype=pl.Float64)
        for end in ("from", "to")
        for k, axis in enumerate(("lon", "lat"))
    )
    none = np.zeros(0, dtype=np.int64)
    return ServiceDay(
        kind, None, frame, pl.DataFrame(rows), places, Ways(np.zeros(1, dtype=np.int64), none, np.zeros(0))
    )


def shuttle(
    trips: int = 6,
    start: float = 6.0,
    km: float = 20.0,
    hours: float = 0.75,
    rest: float = 0.25,
    depot: str = "depot",
    ends: tuple[str, str] = ("A", "B"),
) -> list[tuple[Any, ...]]:
    """Return the legs of a block that runs to and fro between two ends."""
    legs, t = [("pull_out", start - 0.25, start, 4.0, depot, ends[0])], start
    for n in range(trips):
        legs.append(("trip", t, t + hours, km, ends[n % 2], ends[1 - n % 2]))
        t += hours + rest
    legs.append(("pull_in", t, t + 0.25, 4.0, ends[trips % 2], depot))
    return legs


def constant_energy(
    day: ServiceDay,
    kwh_per_km: float = 1.5,
    standing_kw: float = 3.0,
    auxiliary_kw: float = 0.0,
    temperature_c: float = 10.0,
) -> DayEnergy:
    """Return the energy of a day at one figure per km."""
    moves = day.movements
    hours = (moves["end_s"] - moves["start_s"]).to_numpy() / 3600.0
    many = moves.height
    return DayEnergy(
        temperature_c,
        kwh_per_km * moves["km"].to_numpy(),
        auxiliary_kw * hours,
        np.full(many, standing_kw),
        np.zeros(many),
    )
