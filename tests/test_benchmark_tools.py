"""The runner of the benchmarks and their comparison."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from fleet_planner.buses.charging.schedule import LEAST_COST
from fleet_planner.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "benchmarks"
sys.path[:0] = [str(FOLDER), str(ROOT / "scripts")]

import commands  # noqa: E402  # beside the tests and the scripts
import compare_benchmarks  # noqa: E402
import run_all  # noqa: E402
from cases import CASES, NO_CASES, Case  # noqa: E402

FROM_THE_PROGRAM = {LEAST_COST}
"""Parts of figures that a script takes from the program: strategies of charging."""


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


def claims() -> list[tuple[str, str, str]]:
    """Return what README's table claims: words, case and figure; and what the sentence below it does."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("| what | seconds | memory | case | figure |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in table]
    return [(c[0], c[3], c[4].strip("`")) for c in cells] + [("the plain loop", "factored against a loop", "ratio")]


def test_every_figure_that_the_readme_claims_is_measured_by_a_case() -> None:
    cases = {c.name: c for c in CASES}
    assert len(claims()) > 20
    for what, case, figure in claims():
        assert case in cases, what
        assert compare_benchmarks.unit_of(figure) or figure == "ratio", f"{figure} would never be compared"
        code = (FOLDER / f"{cases[case].script}.py").read_text(encoding="utf-8")
        for word in figure.split("."):
            assert f'"{word}"' in code or f"{word}=" in code or word in FROM_THE_PROGRAM, f"{what}: no {word} in {case}"


def test_the_readme_claims_the_loop_that_a_case_measures() -> None:
    words = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "(case “factored against a loop”, `ratio`" in words


def test_scripts_that_the_page_on_speed_names_are_cases() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").split("## Start of")[0]
    rows = [line.split("|")[2].strip() for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    named = {word.strip(" `").split()[0] for row in rows for word in row.split(",") if word.strip().startswith("`")}
    assert named - {"report", "map"} <= {c.script for c in CASES}  # figures of `big_city`
    assert len(named) > 10


NOT_MEASURED = {"dictionary", "evaluate", "factors", "measures", "network"}
"""Commands that print tables; `evaluate` needs monitors, the roads of `network` are those of a run."""


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_the_commands_that_are_measured_are_those_of_the_program(name: str, tmp_path: Path) -> None:
    made = {"plan": commands.CITY / "plan.toml", "new": tmp_path, "kept": tmp_path, "city": commands.CITY}
    made |= {"inputs": commands.INPUTS, "districts": commands.districts(tmp_path / "districts.geojson")}
    words = commands.COMMANDS[name].format(**made).split()
    if words == ["--help"]:
        return
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context(name, words)  # reads the options and runs nothing
    inputs = [Path(w) for w in words if w.startswith(str(commands.INPUTS))]
    assert all(path.is_file() for path in inputs)


def test_every_command_is_measured_or_said_not_to_be() -> None:
    measured = {words.split()[0] for words in commands.COMMANDS.values()} - {"--help"}
    assert measured | NOT_MEASURED == set(main.commands)
    buses = {words.split()[1] for words in commands.COMMANDS.values() if words.startswith("buses")}
    assert buses == set(main.commands["buses"].commands)


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
    rows = {r.figure: r for r in compare_benchmarks.rows_of([made(2.0)], [made(3.0)], 0.1)}
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


def test_repeated_runs_are_told_by_their_medians_and_noise_is_no_verdict() -> None:
    quiet = compare_benchmarks.Row("c", "x_s", (1.0, 1.1, 0.9), (1.5, 1.4, 1.6), 0.1)
    assert quiet.ratio == pytest.approx(1.5)
    assert quiet.larger(1.25)
    assert not quiet.larger(1.6)
    noisy = compare_benchmarks.Row("c", "x_s", (1.0, 1.45, 0.9), (1.5, 1.4, 1.6), 0.1)  # one of A took as long as B
    assert noisy.ratio == pytest.approx(1.5)
    assert not noisy.larger(1.25)
    assert compare_benchmarks.mark(noisy, 1.25) == "within noise"
    assert compare_benchmarks.mark(quiet, 1.25) == "LARGER"


@pytest.mark.parametrize(
    ("figure", "unit"),
    [
        ("seconds.evaluate", "_s_or_seconds"),
        ("first.steps_s.network", "_s_or_seconds"),
        ("seconds_per_scenario", "_s_or_seconds"),
        ("imports_ms.help.click", "_ms"),
        ("read.peak_gib", "_gib"),
        ("mb_peak", "_mb"),
        ("loop.evaluations_per_s", ""),
        ("rows_per_second", ""),
        ("links", ""),
    ],
)
def test_costs_are_known_by_their_names_and_rates_are_none(figure: str, unit: str) -> None:
    assert compare_benchmarks.unit_of(figure) in ({"_s", "seconds"} if unit == "_s_or_seconds" else {unit})


def test_files_of_several_runs(tmp_path: Path) -> None:
    for k, (a, b) in enumerate([(2.0, 3.0), (2.2, 3.1), (9.0, 9.9)]):
        (tmp_path / f"a{k}.json").write_text(json.dumps(made(a)), encoding="utf-8")
        (tmp_path / f"b{k}.json").write_text(json.dumps(made(b)), encoding="utf-8")
    sides = [",".join(str(tmp_path / f"{side}{k}.json") for k in range(3)) for side in "ab"]
    script = [sys.executable, str(ROOT / "scripts" / "compare_benchmarks.py"), *sides]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "| one | wall_s | 2.2 | 3.1 | 1.41 | within noise |" in done.stdout
    assert "median of 3" in done.stdout


def test_commands_become_a_table_of_their_own() -> None:
    figures = {
        f"{c}.{part}": v
        for c in ("run", "fleet check")
        for part, v in zip(run_all.PARTS, (2.5, 2.0, 1234.0), strict=True)
    }
    figures |= {"seconds": 1.0, "load": 0.5}
    assert run_all.parts_of(figures) == ["run", "fleet check"]
    assert "| fleet check | 2.5 | 2 | 1,234 |" in run_all.parts_table("commands", figures)
    assert run_all.parts_table("commands", {"x_s": 1.0}) == ""
    told = {"wall_s": 1.0, "processor_s": 1.0, "peak_mb": 10, "figures": figures}
    assert run_all.row("commands", told) == "| commands | 1 | 1 | 10 | 2 below, seconds 1 |"
