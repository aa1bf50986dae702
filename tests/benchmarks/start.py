"""Cold start of the command line: seconds until `--help` is printed, and what is imported; JSON on stdout.

Usage: python tests/benchmarks/start.py [--repeat 3]

Each start is a process of its own; told is the median. ``python_s`` is the start of Python alone. ``imports_ms`` are the
milliseconds of the slowest of our modules with all that each imports, by ``-X importtime``, for `--help` and for the
modules that `run` needs before it reads anything.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

MAIN = "from fleet_planner.cli.main import main"
STARTS = {
    "python": "pass",
    "help": f"{MAIN}; main(['--help'], standalone_mode=False)",
    "run_help": f"{MAIN}; main(['run', '--help'], standalone_mode=False)",
    "modules_of_run": "import fleet_planner.pipeline.run, fleet_planner.outputs",
}
SLOWEST = 6


def seconds(code: str, repeat: int) -> tuple[float, float]:
    """Return the median wall-clock and processor seconds of a process."""
    walls, worked = [], []
    for _ in range(repeat + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - begin)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(walls[1:]), statistics.median(worked[1:])  # the first fills the disk's cache


def imports_ms(code: str) -> dict[str, float]:
    """Return the milliseconds of the slowest modules of the package, with what each imports."""
    words = [sys.executable, "-X", "importtime", "-c", code]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if line.startswith("import time:")]
    times = {row[2].strip(): int(row[1]) / 1000.0 for row in rows if row[1].strip().isdigit()}
    ours = {name: ms for name, ms in times.items() if not name.startswith(("_", "encodings", "site"))}
    best = sorted(ours.items(), key=lambda item: -item[1])[:SLOWEST]
    return {name.replace(".", "/"): round(ms, 1) for name, ms in best}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    out: dict[str, object] = {}
    for name, code in STARTS.items():
        wall, worked = seconds(code, given.repeat)
        out[f"{name}_s"], out[f"{name}_processor_s"] = round(wall, 3), round(worked, 3)
    out["imports_ms"] = {name: imports_ms(STARTS[name]) for name in ("help", "modules_of_run")}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
