"""Time a timetable as days of electric buses; JSON on stdout.

Usage: python tests/benchmarks/buses.py [--feed FILE --network FILE --country CC] [--trips 33352] [--blocks 400]

Two jobs. A table of ``--blocks`` blocks of 12 trips between two places, straight, from the table to movements. With
``--feed``, a feed of ``--trips`` trips made of copies of the one given, each copy under names of its own and 7 min later
than the one before (SYNTHETIC: shifted copies, not a real operator), read, chained and put on the roads of ``--network``.
The second of two runs is told, the first compiles the kernels.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.buses.model import ServiceDay
from fleet_planner.buses.service.day import service_day
from fleet_planner.buses.service.from_feed import of_feed
from fleet_planner.buses.service.table_of_trips import read_trips
from fleet_planner.network import load_network
from fleet_planner.network.model import Network
from fleet_planner.plan.buses import BusesPlan
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feeds

SHIFT_S = 420
TRIPS_OF_BLOCK = 12
KINDS = {"weekday": range(5), "saturday": [5], "sunday": [6]}
OF_TRIP = ("trip_id", "service_id", "shape_id", "route_id", "block_id")


def shifted(feed: Path, out: Path, trips: int) -> None:
    """Write copies of a feed as one feed of so many trips."""
    with zipfile.ZipFile(feed) as archive:
        tables = {n: pl.read_csv(io.BytesIO(archive.read(n)), infer_schema=False) for n in archive.namelist()}
    copies = -(-trips // tables["trips.txt"].height)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, table in tables.items():
            keys = [c for c in OF_TRIP if c in table.columns and c != "service_id"]
            many = keys and name in {"trips.txt", "stop_times.txt", "shapes.txt", "routes.txt"}
            parts = [_copy(table, k, keys) for k in range(copies)] if many else [table]
            whole = pl.concat(parts)
            new.writestr(name, (whole.head(trips) if name == "trips.txt" else whole).write_csv())


def _copy(table: pl.DataFrame, number: int, keys: list[str]) -> pl.DataFrame:
    named = [(pl.lit(f"{number}-") + pl.col(c)).alias(c) for c in keys]
    times = [_later(c, number * SHIFT_S).alias(c) for c in ("arrival_time", "departure_time") if c in table.columns]
    return table.with_columns(*named, *times)


def _later(column: str, seconds: int) -> pl.Expr:
    parts = pl.col(column).str.split(":").cast(pl.List(pl.Int64))
    total = parts.list.get(0) * 3600 + parts.list.get(1) * 60 + parts.list.get(2) + seconds
    cells = (total // 3600, total // 60 % 60, total % 60)
    return pl.concat_str([c.cast(pl.String).str.zfill(2) for c in cells], separator=":")


def second(job: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a job gives and the seconds of its second run."""
    job()
    begin = time.perf_counter()
    out = job()
    return out, time.perf_counter() - begin


def table_job(blocks: int, folder: Path) -> dict[str, float]:
    """Time a table of trips."""
    rows = [
        f"{b},{6 * 60 + b % 60 + 60 * t},{6 * 60 + b % 60 + 60 * t + 50},{'AB'[t % 2]}{b % 20},{'BA'[t % 2]}{b % 20},15\n"
        for b in range(blocks)
        for t in range(TRIPS_OF_BLOCK)
    ]
    cells = [row.split(",") for row in rows]
    clock = [[f"{int(m) // 60:02d}:{int(m) % 60:02d}" for m in (c[1], c[2])] for c in cells]
    path = folder / "trips.csv"
    lines = [",".join([c[0], *k, *c[3:]]) for c, k in zip(cells, clock, strict=True)]
    path.write_text("block_id,start,end,from_place,to_place,distance\n" + "".join(lines), encoding="utf-8")
    section = BusesPlan(on_roads=False)
    day, seconds = second(lambda: service_day(read_trips(path, section)["weekday"], section))
    return {"blocks": day.blocks.height, "movements": day.movements.height, "seconds": round(seconds, 4)}


def feed_job(path: Path, network: Network) -> dict[str, object]:
    """Time a feed from its file to movements on the roads."""
    section = BusesPlan()
    begin = time.perf_counter()
    roads = Roads.of(network)
    roads_s = time.perf_counter() - begin
    feeds, read_s = second(lambda: read_feeds(path, KINDS))
    tables, follow_s = second(lambda: {k: of_feed(k, f, section, roads) for k, f in feeds.items()})

    def days() -> dict[str, ServiceDay]:
        return {k: service_day(t, section, network=network, roads=roads) for k, t in tables.items()}

    made, chain_s = second(days)
    return {
        "trips": {k: f.trips.height for k, f in feeds.items()},
        "buses": {k: d.blocks.height for k, d in made.items()},
        "bound": {k: next(f.values["bound"] for f in d.findings if "bound" in f.values) for k, d in made.items()},
        "links": network.links.height,
        "index_roads_s": round(roads_s, 2),
        "read_s": round(read_s, 2),
        "follow_roads_s": round(follow_s, 2),
        "chain_and_empty_ways_s": round(chain_s, 2),
        "all_s": round(roads_s + read_s + follow_s + chain_s, 2),
    }


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feed", type=Path)
    parser.add_argument("--network", type=Path)
    parser.add_argument("--country", default="US-CA")
    parser.add_argument("--trips", type=int, default=33_352)
    parser.add_argument("--blocks", type=int, default=400)
    asked = parser.parse_args()
    out: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out["table"] = table_job(asked.blocks, folder)
        if asked.feed and asked.network:
            shifted(asked.feed, folder / "feed.zip", asked.trips)
            section = NetworkSection(file=str(asked.network.resolve()), cache=False)
            network = load_network(section, Path(), asked.country, lambda *_: None)
            out["feed_of_shifted_copies"] = feed_job(folder / "feed.zip", network)
    out["peak_gib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
