"""Compare two runs of the benchmarks, or two commits.

Usage:
  python scripts/compare_benchmarks.py A.json B.json [--threshold 1.25] [--least 0.1]
  python scripts/compare_benchmarks.py --commits A B [--quick] [--only WORDS] [--threshold 1.25] [--keep FOLDER]

The files are those of ``tests/benchmarks/run_all.py --json``. With ``--commits`` both are checked out into temporary
worktrees of this repository and their benchmarks are run, one commit after the other, by this checkout's ``run_all.py``.
Every figure in seconds or megabytes that both have is put side by side with its ratio B / A. The status is 1 where one is
larger by more than the threshold (seconds under ``--least`` in both are too short to tell), 0 otherwise; a case that
fails in B and not in A counts as larger. Processor seconds tell more than wall-clock seconds on a machine with other
work: ``--figures processor`` looks at them alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
ENDS = ("_s", "seconds", "_mb", "_ms")
KINDS = {"all": ENDS, "processor": ("processor_s",), "memory": ("_mb",)}
LEAST_MB = 50.0


@dataclass(frozen=True)
class Row:
    """A figure of both; ``ratio`` is B over A, ``None`` where A is 0; ``told`` whether it is long enough to tell."""

    case: str
    figure: str
    a: float
    b: float
    told: bool

    @property
    def ratio(self) -> float | None:
        """B over A."""
        return self.b / self.a if self.a > 0.0 else None


def figures_of(case: dict[str, Any], ends: tuple[str, ...]) -> dict[str, float]:
    """Return the figures of a case that end in one of the words."""
    whole = {k: case[k] for k in ("wall_s", "processor_s", "peak_mb") if k in case}
    return {k: float(v) for k, v in (whole | case.get("figures", {})).items() if k.endswith(ends)}


def rows_of(a: dict[str, Any], b: dict[str, Any], least_s: float, ends: tuple[str, ...] = ENDS) -> list[Row]:
    """Return the figures that both have."""
    rows = []
    for name, one in a["cases"].items():
        other = figures_of(b["cases"].get(name, {}), ends)
        for figure, value in figures_of(one, ends).items():
            if figure in other:
                floor = LEAST_MB if figure.endswith("_mb") else least_s * (1000.0 if figure.endswith("_ms") else 1.0)
                rows.append(Row(name, figure, value, other[figure], max(value, other[figure]) >= floor))
    return rows


def newly_failed(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """Return the cases that fail in B and not in A."""
    return [n for n, c in b["cases"].items() if "failed" in c and "failed" not in a["cases"].get(n, {})]


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


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--commits", nargs=2, metavar=("A", "B"))
    parser.add_argument("--threshold", type=float, default=1.25)
    parser.add_argument("--least", type=float, default=0.1, help="seconds under which nothing is told")
    parser.add_argument("--figures", choices=sorted(KINDS), default="all")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path, help="folder for the results of both commits")
    given = parser.parse_args()
    if given.commits:
        words = [*(["--quick"] if given.quick else []), *(["--only", given.only] if given.only else [])]
        both = []
        for name in given.commits:
            with tempfile.TemporaryDirectory() as folder:
                both.append(at_commit(name, words, Path(folder)))
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                (given.keep / f"{name.replace('/', '_')}.json").write_text(json.dumps(both[-1], indent=1), "utf-8")
        a, b = both
    elif len(given.files) == 2:
        a, b = (json.loads(path.read_text(encoding="utf-8")) for path in given.files)
    else:
        parser.error("two files, or --commits A B")
    for name, one in (("A", a), ("B", b)):
        m = one["machine"]
        print(f"{name}: {m['commit']}, {m['cpu']}, {m['cores']} cores, load {m['load']}, Python {m['python']}")
    if a["quick"] != b["quick"]:
        parser.error("one is quick and the other is not: their sizes differ")
    print("\n| case | figure | A | B | B / A | |\n| --- | --- | ---: | ---: | ---: | --- |")
    larger = 0
    for r in rows_of(a, b, given.least, KINDS[given.figures]):
        over = r.told and r.ratio is not None and r.ratio > given.threshold
        larger += over
        mark = "LARGER" if over else "" if r.told else "too short to tell"
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        print(f"| {r.case} | {r.figure} | {r.a:g} | {r.b:g} | {ratio} | {mark} |")
    failed = newly_failed(a, b)
    for name in failed:
        print(f"| {name} | fails in B: {b['cases'][name]['failed']} | | | | LARGER |")
    print(f"\n{larger + len(failed)} larger by more than {given.threshold:g}")
    sys.exit(1 if larger or failed else 0)


if __name__ == "__main__":
    main()
