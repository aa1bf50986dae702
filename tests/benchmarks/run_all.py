"""Run the benchmarks one after another; a table on stdout, everything as JSON in a file.

Usage: python tests/benchmarks/run_all.py [--quick] [--only WORDS] [--json OUT] [--markdown OUT] [--scripts FOLDER]

Each script of `cases.py` runs in a process of its own, alone. Told are its wall-clock seconds, processor seconds and
peak memory, all with start and compilation, and the figures that it prints itself, which are what the documentation
claims; those of several commands or sizes become a second table. ``--markdown`` writes what is printed. ``--quick`` takes small sizes: it shows that all work, and is no measurement. ``--only`` takes the cases whose name
or script has one of the words, by comma. A case without what it needs is told as left out; one that fails is told with its
last line and makes the status 1. `scripts/compare_benchmarks.py` compares two files or two commits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from cases import CASES, Case

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TOLD = ("_s", "seconds", "faster", "ratio")
MOST_TOLD = 6
PARTS = ("seconds", "processor_s", "peak_mb")
HEAD = "| case | wall s | processor s | peak MB | of its own figures |\n| --- | ---: | ---: | ---: | --- |"
PACKAGES = ("numba", "numpy", "polars", "scipy", "highspy", "pyogrio")


def machine(checkout: Path = REPOSITORY) -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, load, versions, commit of the checkout measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(pages / 1e9, 1),
        "load": [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": commit,
    }


def figures(text: str) -> dict[str, float]:
    """Return the numbers that a script printed as JSON, one object or one a line, by dotted name; others are passed."""
    found: dict[str, float] = {}
    try:
        read = [json.loads(text)]
    except json.JSONDecodeError:
        read = []
        for line in text.splitlines():
            if line.startswith("{"):
                read.append(json.loads(line))
    for one in read:
        found |= dict(_leaves("", one))
    return found


def _leaves(name: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return []
    if isinstance(value, int | float):
        return [(name, float(value))]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, part in pairs for leaf in _leaves(f"{name}.{key}" if name else str(key), part)]


def lacking(case: Case, words: dict[str, str]) -> bool:
    """Tell whether something that a case needs is not there."""
    needs = case.needs.format(**words)
    return bool(needs) and shutil.which(needs) is None and not Path(needs).exists()


def measured(case: Case, scripts: Path, words: dict[str, str], *, quick: bool, seconds: float) -> dict[str, Any]:
    """Run a case in a process of its own."""
    script = scripts / f"{case.script}.py"
    if not script.is_file() or lacking(case, words):
        return {"left_out": f"needs {case.needs.format(**words) or script.name}"}
    arguments = (case.quick if quick else case.full).format(**words).split()
    root = scripts.parents[1]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as wrong:
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=out,
            stderr=wrong,
            cwd=root,
            env=os.environ | {"PYTHONPATH": path},
        )
        while True:
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            if time.perf_counter() - begin > seconds:
                process.kill()
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        wrong.seek(0)
        text, complaint = out.read(), wrong.read().strip().splitlines()
    told: dict[str, Any] = {
        "arguments": " ".join(case.quick.split() if quick else case.full.split()),
        "wall_s": round(time.perf_counter() - begin, 2),
        "processor_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }
    if process.returncode:
        return told | {"failed": complaint[-1] if complaint else f"status {process.returncode}"}
    return told | {"figures": figures(text)}


def parts_of(figures: dict[str, float]) -> list[str]:
    """Return the names under which a script tells seconds, processor seconds and peak memory, such as commands."""
    return [
        k.removesuffix(".seconds")
        for k in figures
        if k.endswith(".seconds") and all(f"{k[:-7]}{part}" in figures for part in PARTS)
    ]


def parts_table(case: str, figures: dict[str, float]) -> str:
    """Return the table of `parts_of`; empty where there are none."""
    lines = [
        f"| {name.replace('_', ' ')} | "
        + " | ".join(
            f"{figures[f'{name}.{part}']:,g}" if part != "peak_mb" else f"{figures[f'{name}.{part}']:,.0f}"
            for part in PARTS
        )
        + " |"
        for name in parts_of(figures)
    ]
    head = f"\n| {case} | wall s | processor s | peak MB |\n| --- | ---: | ---: | ---: |"
    return "\n".join([head, *lines]) if lines else ""


def described(here: dict[str, Any]) -> str:
    """Return the machine in two lines."""
    versions = ", ".join(f"{k} {v}" for k, v in here["packages"].items())
    return (
        f"{here['cpu']}, {here['cores']} cores, {here['memory_gb']:g} GB, load {here['load']}, {here['commit']}\n"
        f"Python {here['python']}, {versions}"
    )


def row(name: str, told: dict[str, Any]) -> str:
    """Return a line of the table."""
    if "left_out" in told:
        return f"| {name} | left out: {told['left_out']} | | | |"
    if "failed" in told:
        return f"| {name} | FAILED: {told['failed']} | | | |"
    parts = set(parts_of(told["figures"]))
    alone = {k: v for k, v in told["figures"].items() if k.rsplit(".", 1)[0] not in parts}
    times = {k: v for k, v in alone.items() if k.endswith(TOLD) or k.startswith("seconds.")}
    words = [f"{len(parts)} below"] if parts else []
    own = ", ".join(words + [f"{k} {v:g}" for k, v in list(times.items())[:MOST_TOLD]])
    return f"| {name} | {told['wall_s']:g} | {told['processor_s']:g} | {told['peak_mb']:,} | {own} |"


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--scripts", type=Path, default=HERE, help="the benchmarks of another checkout")
    parser.add_argument("--seconds", type=float, default=1800.0, help="a case that takes longer has failed")
    given = parser.parse_args()
    words = [w for w in given.only.split(",") if w]
    cases = [c for c in CASES if not words or any(w in c.name or w == c.script for w in words)]
    if not cases:
        parser.error(f"no case has one of {given.only}; scripts: {', '.join(sorted({c.script for c in CASES}))}")
    scripts = given.scripts.resolve()
    told: dict[str, Any] = {"machine": machine(scripts), "quick": given.quick, "cases": {}}
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        print(text, flush=True)

    say(f"{described(told['machine'])}\n{'Small sizes: no measurement.' if given.quick else ''}\n{HEAD}")
    with tempfile.TemporaryDirectory() as work:
        paths = {"work": work, "shared": str(REPOSITORY.parent / "shared")}
        for case in cases:
            result = measured(case, scripts, paths, quick=given.quick, seconds=given.seconds)
            told["cases"][case.name] = result
            say(row(case.name, result))
            if given.json:  # what is measured is kept where a later case is interrupted
                given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    for name, result in told["cases"].items():
        if table := parts_table(name, result.get("figures", {})):
            say(table)
    told["machine"]["load_at_end"] = [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else []
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    if given.markdown:
        given.markdown.write_text("\n".join(said) + "\n", encoding="utf-8")
    if any("failed" in result for result in told["cases"].values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
