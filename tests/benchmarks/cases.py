"""What `run_all.py` runs: a script, how to run it in full and quickly, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass

WORK, SHARED = "{work}", "{shared}"
"""Stand in the words for a temporary folder of the whole run, and for the folder ``shared`` beside the repository."""

FEED = f"{SHARED}/data/los_angeles/gtfs/montebello.zip"
ROADS = f"{SHARED}/data/los_angeles/socal_major_roads.osm.pbf"


@dataclass(frozen=True)
class Case:
    """A benchmark.

    Parameters
    ----------
    name
        In the table and the file.
    script
        In this folder, without ``.py``.
    full, quick
        Words of its command line: as the documentation claims it, and small.
    needs
        A path that must exist (`SHARED`, `WORK`, or a program such as ``chromium``); empty: nothing.
    """

    name: str
    script: str
    full: str = ""
    quick: str = ""
    needs: str = ""


CASES = (
    Case("start of the command line", "start", "", "--repeat 2"),
    Case("commands on the embedded city", "commands", "", "--only run,report,verify"),
    Case("factored against a loop", "brute_force", "", "--vehicles 6 --links 6 --repeat 2"),
    Case("inventory", "hot_inventory", "", "--links 2000 --vehicles 50000 --technologies 12 --repeat 2"),
    Case("factors", "factors", "", "--rows 20000 --repeat 2"),
    Case("whole run of a large city", "big_city", f"--folder {WORK}/big", f"--copies 1 --folder {WORK}/big"),
    Case("province in tiles", "province", "", "--links 70000"),
    Case("report and map", "report_map", f"{WORK}/big/out1", f"{WORK}/big/out1", "chromium"),
    Case("GeoPackage", "geopackage", "", "--links 10000 --scenarios 2"),
    Case("registry", "registry", "", "--rows 100000 --vehicles 100000"),
    Case("draws of a city", "uncertainty", "", "--copies 1 --draws 64"),
    Case("sweep", "sweep", "", "--copies 1 --levels 0,1"),
    Case("sweep on workers", "cluster", "", "--workers 1,2 --tasks 4 --empty 50"),
    Case(
        "OpenStreetMap to links",
        "read_network",
        f"{SHARED}/data/santa_monica/santa_monica_drive.osm.pbf",
        f"{SHARED}/data/santa_monica/santa_monica_drive.osm.pbf --copies 4 --osmnx-copies 0",
        f"{SHARED}/data/santa_monica/santa_monica_drive.osm.pbf",
    ),
    Case("timetable on the roads", "transit", "--lines 1000", "--lines 20"),
    Case("blocks from the table", "buses", "", "--blocks 40"),
    Case(
        "feed to buses",
        "buses",
        f"--feed {FEED} --network {ROADS}",
        f"--feed {FEED} --network {ROADS} --trips 500 --blocks 40",
        ROADS,
    ),
    Case("energy of buses", "bus_energy", "", "--trips 1000 --links 40"),
    Case("days of buses", "bus_feasibility", "", "--blocks 40 --repeat 1"),
    Case("replacing buses", "bus_replacement"),
    Case("charging of depots", "charging", "", "--depots 2 --buses 10"),
    Case("chargers", "chargers", "covering", "covering"),
    Case("least-cost mix", "portfolio", "", "--groups 50 --years 8"),
    Case("carbon market", "market", "", "--cities 4 --years 5 --steps 8"),
    Case("turnover", "turnover", "", "--repeat 1"),
    Case("air near roads", "dispersion", "", "--links 1000 --points 1000"),
    Case("air, wind from all sides", "dispersion", "--even", "--links 1000 --points 1000 --even"),
    Case("health", "health", "", "--points 5000 --scenarios 2"),
    Case("grid", "gridded", "", "--links 10000 --species 3"),
)
NO_CASES = {"cases", "run_all"}
"""Scripts of this folder that are no benchmark."""
