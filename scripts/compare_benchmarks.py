"""Compare two runs of the benchmarks, or two commits.

Usage:
  python scripts/compare_benchmarks.py A.json B.json [--threshold 1.25] [--least 0.1]
  python scripts/compare_benchmarks.py A1.json,A2.json,A3.json B1.json,B2.json,B3.json
  python scripts/compare_benchmarks.py --commits A B [--repeat 3] [--quick] [--only WORDS] [--keep FOLDER]

The files are those of ``tests/benchmarks/run_all.py --json``. With ``--commits`` both are checked out into temporary
worktrees of this repository and their benchmarks are run, the commits by turns, by this checkout's ``run_all.py``.
Every figure in seconds or memory that both have is put side by side with its ratio B / A; rates are left out. Of repeated
runs the medians are compared. The status is 1 where a figure is larger by more than the threshold and, of repeated runs,
the least of B lies above the most of A, so that noise is no verdict (seconds under ``--least`` in both are too short to
tell), 0 otherwise; a case that fails in every B and in no A counts as larger. Processor seconds tell more than wall-clock
seconds on a machine with other work: ``--figures processor`` looks at them alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LEAST_MB = 50.0
KINDS = {
    "all": ("",),
    "processor": ("processor_s", "processor_seconds", "cpu_s", "cpu_seconds"),
    "memory": ("mb", "gb", "gib"),
}
UNITS = {"_ms": 1e-3, "_s": 1.0, "seconds": 1.0, "_mb": 1.0, "_gb": 1e3, "_gib": 1e3}
"""Ends of a name, with what turns the figure into seconds or megabytes."""
RATES = ("_per_s", "_per_second")


@dataclass(frozen=True)
class Row:
    """A figure of both, each with one value per run; ``floor`` is what one of them must reach to tell anything."""

    case: str
    figure: str
    a_runs: tuple[float, ...]
    b_runs: tuple[float, ...]
    floor: float

    @property
    def a(self) -> float:
        """Median of A."""
        return median(self.a_runs)

    @property
    def b(self) -> float:
        """Median of B."""
        return median(self.b_runs)

    @property
    def told(self) -> bool:
        """Whether it is long enough to tell."""
        return max(self.a, self.b) >= self.floor

    @property
    def ratio(self) -> float | None:
        """B over A; ``None`` where A is 0."""
        return self.b / self.a if self.a > 0.0 else None

    def larger(self, threshold: float) -> bool:
        """Tell whether B is larger beyond the threshold and beyond the noise of repeated runs."""
        apart = min(self.b_runs) > max(self.a_runs)
        return self.told and self.ratio is not None and self.ratio > threshold and apart


def unit_of(figure: str) -> str:
    """Return the end of `UNITS` that a dotted name has in one of its parts, the last first; empty for what is no cost."""
    parts = figure.split(".")
    if parts[-1].endswith(RATES):
        return ""
    for part in reversed(parts):
        for end in UNITS:
            if part.endswith(end) or part.startswith(f"{end.lstrip('_')}_"):
                return end
    return ""


def figures_of(case: dict[str, Any], kind: str = "all") -> dict[str, float]:
    """Return the costs of a case: seconds and memory, as they were told."""
    whole = {k: case[k] for k in ("wall_s", "processor_s", "peak_mb") if k in case}
    told = whole | case.get("figures", {})
    return {k: float(v) for k, v in told.items() if unit_of(k) and k.endswith(KINDS[kind])}


def rows_of(a: list[dict[str, Any]], b: list[dict[str, Any]], least_s: float, kind: str = "all") -> list[Row]:
    """Return the figures that all runs of both have."""
    rows = []
    for name in a[0]["cases"]:
        runs = [[figures_of(one["cases"].get(name, {}), kind) for one in side] for side in (a, b)]
        for figure in runs[0][0]:
            if all(figure in one for side in runs for one in side):
                unit = unit_of(figure)
                floor = (LEAST_MB if unit in {"_mb", "_gb", "_gib"} else least_s) / UNITS[unit]
                mine, theirs = (tuple(one[figure] for one in side) for side in runs)
                rows.append(Row(name, figure, mine, theirs, floor))
    return rows


def newly_failed(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> list[str]:
    """Return the cases that fail in every run of B and in none of A."""

    def fails(one: dict[str, Any], name: str) -> bool:
        return "failed" in one["cases"].get(name, {})

    return [n for n in b[0]["cases"] if all(fails(x, n) for x in b) and not any(fails(x, n) for x in a)]


def at_commit(commit: str, words: list[str], folder: Path) -> dict[str, Any]:
    """Return the benchmarks of a commit, run in a worktree of its own that is taken away afterwards."""
    tree = folder / "tree"
    git = ["git", "-C", str(REPOSITORY), "worktree"]
    subprocess.run([*git, "add", "--detach", "--quiet", str(tree), commit], check=True)  # noqa: S603  # a commit of this repository
    try:
        result = folder / "result.json"
        run = [sys.executable, str(REPOSITORY / "tests" / "benchmarks" / "run_all.py"), "--json", str(result), *words]
        subprocess.run([*run, "--scripts", str(tree / "tests" / "benchmarks")], check=False)  # noqa: S603  # our own script
        read: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        read["machine"]["commit"] = commit
        return read
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], check=True)  # noqa: S603  # what was added above


def by_turns(commits: list[str], words: list[str], repeat: int, keep: Path | None) -> list[list[dict[str, Any]]]:
    """Return the runs of both commits, made by turns, so that a machine that slows down slows both."""
    both: list[list[dict[str, Any]]] = [[], []]
    for number in range(repeat):
        for side, commit in zip(both, commits, strict=True):
            with tempfile.TemporaryDirectory() as folder:
                side.append(at_commit(commit, words, Path(folder)))
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                path = keep / f"{commit.replace('/', '_')}_{number + 1}.json"
                path.write_text(json.dumps(side[-1], indent=1), "utf-8")
    return both


def mark(row: Row, threshold: float) -> str:
    """Return the verdict on a figure."""
    if not row.told:
        return "too short to tell"
    if row.larger(threshold):
        return "LARGER"
    return "within noise" if row.ratio is not None and row.ratio > threshold else ""


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="two, each one file or several by comma")
    parser.add_argument("--commits", nargs=2, metavar=("A", "B"))
    parser.add_argument("--threshold", type=float, default=1.25)
    parser.add_argument("--least", type=float, default=0.1, help="seconds under which nothing is told")
    parser.add_argument("--figures", choices=sorted(KINDS), default="all")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each commit")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path, help="folder for the results of both commits")
    given = parser.parse_args()
    if given.commits:
        words = [*(["--quick"] if given.quick else []), *(["--only", given.only] if given.only else [])]
        a, b = by_turns(given.commits, words, given.repeat, given.keep)
    elif len(given.files) == 2:
        a, b = ([json.loads(Path(name).read_text("utf-8")) for name in side.split(",")] for side in given.files)
    else:
        parser.error("two files, or --commits A B")
    for name, side in (("A", a), ("B", b)):
        m = side[0]["machine"]
        runs = f", median of {len(side)}" if len(side) > 1 else ""
        print(f"{name}: {m['commit']}, {m['cpu']}, {m['cores']} cores, load {m['load']}, Python {m['python']}{runs}")
    if len({one["quick"] for one in [*a, *b]}) > 1:
        parser.error("one is quick and the other is not: their sizes differ")
    print("\n| case | figure | A | B | B / A | |\n| --- | --- | ---: | ---: | ---: | --- |")
    larger = 0
    for r in rows_of(a, b, given.least, given.figures):
        over = r.larger(given.threshold)
        larger += over
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        print(f"| {r.case} | {r.figure} | {r.a:g} | {r.b:g} | {ratio} | {mark(r, given.threshold)} |")
    failed = newly_failed(a, b)
    for name in failed:
        print(f"| {name} | fails in B: {b[0]['cases'][name]['failed']} | | | | LARGER |")
    print(f"\n{larger + len(failed)} larger by more than {given.threshold:g}")
    sys.exit(1 if larger or failed else 0)


if __name__ == "__main__":
    main()
