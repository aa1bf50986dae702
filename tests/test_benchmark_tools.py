"""The runner of the benchmarks and their comparison."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "benchmarks"
sys.path[:0] = [str(FOLDER), str(ROOT / "scripts")]

import compare_benchmarks  # noqa: E402  # beside the tests and the scripts
import run_all  # noqa: E402
from cases import CASES, NO_CASES, Case  # noqa: E402


def test_every_script_of_the_folder_is_a_case_or_said_to_be_none() -> None:
    scripts = {p.stem for p in FOLDER.glob("*.py")}
    assert scripts - NO_CASES <= {c.script for c in CASES}
    assert len({c.name for c in CASES}) == len(CASES)


def test_every_benchmark_that_the_documentation_names_is_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    words = [
        w for p in pages for w in p.read_text(encoding="utf-8").replace("`", " ").split() if "tests/benchmarks/" in w
    ]
    named = {w.split("tests/benchmarks/")[1].split(".py")[0] for w in words if ".py" in w}
    assert named
    assert named <= {p.stem for p in FOLDER.glob("*.py")}


def test_numbers_of_a_script_by_dotted_name() -> None:
    text = json.dumps({"a_s": 1, "name": "x", "on": True, "in": {"b_s": 2.5, "none": None}, "many": [3, 4]})
    assert run_all.figures(text) == {"a_s": 1.0, "in.b_s": 2.5, "many.0": 3.0, "many.1": 4.0}
    assert run_all.figures('told\n{"c_s": 1}\n{"d_s": 2}\n') == {"c_s": 1.0, "d_s": 2.0}
    assert run_all.figures("no figures") == {}


def run(script: str, code: str, folder: Path, **more: Any) -> dict[str, Any]:
    scripts = folder / "tests" / "benchmarks"
    scripts.mkdir(parents=True)
    (scripts / f"{script}.py").write_text(code, encoding="utf-8")
    case = Case("made", script, "5", "2", more.get("needs", ""))
    paths = {"work": str(folder), "shared": str(folder)}
    return run_all.measured(case, scripts, paths, quick=True, seconds=more.get("seconds", 60.0))


def test_a_case_is_run_with_its_words_and_its_memory_is_told(tmp_path: Path) -> None:
    code = "import sys, json\nkept = bytearray(60_000_000)\nprint(json.dumps({'n': int(sys.argv[1]), 'x_s': 0.5}))"
    told = run("one", code, tmp_path)
    assert told["figures"] == {"n": 2.0, "x_s": 0.5}
    # Linux counts a new process from the peak of the one that starts it: here the tests', for run_all.py its own small one
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert 60 < told["peak_mb"] < max(200.0, 1.1 * own_mb + 10.0)
    assert told["wall_s"] > 0.0


def test_what_fails_hangs_or_is_lacking_is_told(tmp_path: Path) -> None:
    assert run("bad", "raise ValueError('no such thing')", tmp_path / "a")["failed"] == "ValueError: no such thing"
    assert run("slow", "import time\ntime.sleep(60)", tmp_path / "b", seconds=0.2)["failed"] == "status -9"
    assert "left_out" in run("one", "print(1)", tmp_path / "c", needs="{work}/absent.pbf")


def made(seconds: float, peak: float = 100.0, **more: Any) -> dict[str, Any]:
    case = {"wall_s": seconds, "processor_s": seconds, "peak_mb": peak, "figures": {"in.short_s": 0.01, "rows": 5.0}}
    here = {"commit": "abc", "cpu": "x", "cores": 2, "load": [0.1], "python": "3.11"}
    return {"machine": here, "quick": False, "cases": {"one": case | more}}


def compared(folder: Path, a: dict[str, Any], b: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    for name, one in (("a", a), ("b", b)):
        (folder / f"{name}.json").write_text(json.dumps(one), encoding="utf-8")
    script = [
        sys.executable,
        str(ROOT / "scripts" / "compare_benchmarks.py"),
        str(folder / "a.json"),
        str(folder / "b.json"),
    ]
    return subprocess.run([*script, *words], capture_output=True, text=True, check=False)


def test_ratios_and_what_is_too_short_to_tell() -> None:
    rows = {r.figure: r for r in compare_benchmarks.rows_of(made(2.0), made(3.0), 0.1)}
    assert set(rows) == {"wall_s", "processor_s", "peak_mb", "in.short_s"}  # rows are no figure of speed
    assert rows["wall_s"].ratio == pytest.approx(1.5)
    assert rows["wall_s"].told
    assert not rows["in.short_s"].told


@pytest.mark.parametrize(
    ("b", "words", "status", "mark"),
    [
        (made(2.1), (), 0, "0 larger"),
        (made(3.0), (), 1, "2 larger"),
        (made(3.0), ("--threshold", "1.6"), 0, "0 larger"),
        (made(3.0), ("--figures", "memory"), 0, "0 larger"),
        (made(2.0, 200.0), (), 1, "1 larger"),
        (made(2.0, failed="it broke"), (), 1, "it broke"),
    ],
)
def test_the_comparison_says_what_became_larger(
    tmp_path: Path, b: dict[str, Any], words: tuple[str, ...], status: int, mark: str
) -> None:
    done = compared(tmp_path, made(2.0), b, *words)
    assert done.returncode == status, done.stdout + done.stderr
    assert mark in done.stdout


def test_quick_and_full_are_not_compared(tmp_path: Path) -> None:
    done = compared(tmp_path, made(2.0), made(2.0) | {"quick": True})
    assert done.returncode == 2
    assert "sizes differ" in done.stderr
