"""Seconds and peak memory of the commands on the embedded city, each a process of its own; JSON or a table on stdout.

Usage: python tests/benchmarks/commands.py [--only run,report] [--markdown] [--plan inputs/coquimbo/plan.toml]

The first run finds nothing kept: it compiles the kernels into a cache folder of its own and reads the links from their
source. All others find the kernels compiled and the links kept, except that the first use of a command compiles what only
it needs. ``--warm`` runs every command twice and tells the second time. Peak memory is that of the largest process, which
for a sweep on workers is one of them. A command may end with status 1 where that is its answer (`fleet check`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START = "from fleet_planner.cli.main import main; main()"
INPUTS = Path(__file__).resolve().parents[2] / "inputs"
CITY = INPUTS / "coquimbo"
COMMANDS = {
    "help": "--help",
    "init": "init {new}/city --city coquimbo",
    "first_run": "run {plan} --out {new}/first",
    "run": "run {plan} --out {new}/run",
    "report": "report {kept} --language zh",
    "verify": "verify {kept}",
    "rerun": "rerun {kept}/manifest.json --out {new}/again",
    "compare": "compare {kept} --out {new}/compared",
    "clip": "clip {kept} --polygon {districts} --name label --out {new}/districts",
    "export": "export {kept} --format xlsx --out {new}/tables",
    "export layers": "export {kept} --format geojson --out {new}/layers",
    "fleet check": "fleet check {city}/registry.csv --country CL --year 2024",
    "fleet project": "fleet project {plan} --to-year 2040 --out {new}/stock",
    "sweep": "sweep {plan} --levels 0,1 --out {new}/sweep.csv",
    "sweep of tasks": "sweep {city}/sweep.toml --workers 2 --out {new}/swept",
    "draws": "run {plan} --draws 1000 --out {new}/drawn",
    "portfolio": "portfolio {city}/mix.toml --out {new}/mix",
    "market": "market {inputs}/four_cities/plan.toml --out {new}/market",
    "chargers site": "chargers site {city}/chargers.toml --out {new}/sites",
    "buses simulate": "buses simulate {city}/buses.toml --out {new}/buses",
    "buses schedule": "buses schedule {city}/buses.toml --out {new}/charging",
    "buses replace": "buses replace {city}/buses.toml --out {new}/replacement",
}
"""Words of each command. ``new``: an empty folder; ``kept``: the results of ``first_run``; the rest are inputs."""
DISTRICTS = {"La Serena": (-71.30, -29.94, -71.15, -29.80), "Coquimbo": (-71.40, -30.05, -71.15, -29.94)}
ALWAYS = "first_run"
"""Gives the results that others read."""


def districts(path: Path) -> Path:
    """Write the polygons that `clip` takes."""
    features = []
    for name, (west, south, east, north) in DISTRICTS.items():
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"label": name}, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def measured(words: str, cache: Path) -> dict[str, float]:
    """Return seconds, processor seconds and peak memory of a command."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words.split()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"FLEET_PLANNER_CACHE": str(cache)},
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1} or b"Traceback" in complaint:
        raise SystemExit(f"{words}: status {process.returncode}\n{complaint.decode(errors='replace')[-2000:]}")
    worked = usage.ru_utime + usage.ru_stime
    return {
        "seconds": round(time.perf_counter() - begin, 2),
        "processor_s": round(worked, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "status": process.returncode,
    }


def all_measured(names: list[str], plan: Path, work: Path, *, warm: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield what each command took; with ``warm`` the second of two times, but for the first run."""
    cache, kept = work / "cache", work / "kept" / "first"
    for name in names:
        for _ in range(1 if name == ALWAYS or not warm else 2):
            new = work / ("kept" if name == ALWAYS else "new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            words = {"plan": plan, "new": new, "kept": kept, "city": CITY, "inputs": INPUTS}
            words["districts"] = districts(work / "districts.geojson")
            told = measured(COMMANDS[name].format(**words), cache)
        yield name, told


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--plan", type=Path, default=CITY / "plan.toml")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="a table in place of JSON")
    given = parser.parse_args()
    wanted = {ALWAYS, *given.only.split(",")} if given.only else set(COMMANDS)
    if unknown := wanted - {*COMMANDS, ""}:
        parser.error(f"no command {', '.join(sorted(unknown))}; there are: {', '.join(COMMANDS)}")
    if given.markdown:
        print("| command | wall s | processor s | peak MB |\n| --- | ---: | ---: | ---: |", flush=True)
    out = {}
    with tempfile.TemporaryDirectory() as work:
        names = [name for name in COMMANDS if name in wanted]
        for name, told in all_measured(names, given.plan.resolve(), Path(work), warm=given.warm):
            out[name] = told
            if given.markdown:
                row = f"{told['seconds']:g} | {told['processor_s']:g} | {told['peak_mb']:,}"
                print(f"| {name.replace('_', ' ')} | {row} |", flush=True)
    if not given.markdown:
        print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
