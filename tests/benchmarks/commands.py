"""Seconds and peak memory of the commands on the embedded city, each a process of its own; JSON on stdout.

Usage: python tests/benchmarks/commands.py [--only run,report] [--plan inputs/coquimbo/plan.toml]

Everything but the first run finds its kernels compiled and its links kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START = "from fleet_planner.cli.main import main; main()"
INPUTS = Path(__file__).resolve().parents[2] / "inputs" / "coquimbo"
COMMANDS = {
    "first_run": "run {plan} --out {work}/first",
    "run": "run {plan} --out {work}/run",
    "report": "report {work}/run --language zh",
    "verify": "verify {work}/run",
    "rerun": "rerun {work}/run/manifest.json --out {work}/again",
    "compare": "compare {work}/run --out {work}/compared",
    "export": "export {work}/run --format xlsx --out {work}/tables",
    "fleet check": "fleet check {inputs}/registry.csv --country CL --year 2024",
    "fleet project": "fleet project {plan} --to-year 2040 --out {work}/stock",
    "chargers site": "chargers site {inputs}/chargers.toml --out {work}/sites",
    "buses simulate": "buses simulate {inputs}/buses.toml --out {work}/buses",
    "portfolio": "portfolio {inputs}/mix.toml --out {work}/mix",
}
ALWAYS = "first_run"


def measured(words: str) -> dict[str, float]:
    """Return seconds, processor seconds and peak memory of a command."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
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


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--plan", type=Path, default=INPUTS / "plan.toml")
    given = parser.parse_args()
    wanted = {ALWAYS, *given.only.split(",")} if given.only else set(COMMANDS)
    with tempfile.TemporaryDirectory() as work:
        paths = {"plan": given.plan, "work": work, "inputs": INPUTS}
        out = {name: measured(words.format(**paths)) for name, words in COMMANDS.items() if name in wanted}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
