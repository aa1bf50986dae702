"""Inputs are never run as code, and nothing is fetched that was not asked for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fleet_planner.errors import PlanError
from fleet_planner.plan.load import load_plan
from tests.cli.small_run import write_inputs

FORBIDDEN_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "joblib",
    "yaml",
    "code",
    "pty",
    "ctypes.util",
}
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "pd.read_pickle",
    "pandas.read_pickle",
}
NETWORK_MODULES = {"socket", "urllib", "http", "requests", "ssl", "ftplib", "smtplib"}
MAY_FETCH = {"network/place.py", "pipeline/spread/attempt.py"}
"""`network.place` asks the internet by name; a worker of a cluster tells its name. The database of `export --postgis` goes
through psycopg, the cluster through distributed."""

OFFLINE = """
import sys
def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        raise RuntimeError(f"the network was touched: {event} {args}")
sys.addaudithook(forbid)
from fleet_planner.cli.main import main
main(sys.argv[1:])
"""


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def sources(repository: Path) -> list[tuple[str, ast.Module]]:
    package = repository / "fleet_planner"
    found = [(p.relative_to(package).as_posix(), p) for p in sorted(package.rglob("*.py"))]
    return [(name, ast.parse(path.read_text(encoding="utf-8"))) for name, path in found]


@pytest.mark.slow
def test_no_input_is_run_as_code(repository: Path) -> None:
    bad, fetching = [], set()
    for name, tree in sources(repository):
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                bad += [f"{name}:{node.lineno} imports {n}" for n in names if n in FORBIDDEN_MODULES]
                if any(n.partition(".")[0] in NETWORK_MODULES for n in names):
                    fetching.add(name)
            elif isinstance(node, ast.Call):
                if dotted(node.func) in FORBIDDEN_CALLS:
                    bad.append(f"{name}:{node.lineno} calls {dotted(node.func)}")
                for word in node.keywords:
                    true = isinstance(word.value, ast.Constant) and word.value.value is True
                    if word.arg in {"shell", "allow_pickle"} and true:
                        bad.append(f"{name}:{node.lineno} {word.arg}=True")
    assert bad == []
    assert fetching <= MAY_FETCH


def test_the_scan_sees_what_it_looks_for() -> None:
    tree = ast.parse("import os\nos.system('x')\n__import__('y')")
    assert {dotted(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)} <= FORBIDDEN_CALLS


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("diesel_sulphur_ppm = inf", "city.diesel_sulphur_ppm"),
        ("diesel_sulphur_ppm = nan", "city.diesel_sulphur_ppm"),
        ('name_zh = "a\\u001b[31mred"', "control character U+001B"),
        ('name_zh = "a\\u0000b"', "control character U+0000"),
    ],
)
def test_plans_hold_no_endless_numbers_and_no_words_for_the_terminal(tmp_path: Path, line: str, part: str) -> None:
    plan = write_inputs(tmp_path)
    plan.write_text(plan.read_text(encoding="utf-8").replace("year = 2024", f"year = 2024\n{line}"), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_plan(plan)
    assert part in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.hard
def test_a_run_touches_no_network(tmp_path: Path) -> None:
    """Sockets raise; the file of a plan is read, computed and written without one."""
    plan = write_inputs(tmp_path)
    for words in (
        ["run", str(plan), "--out", str(tmp_path / "run")],
        ["report", str(tmp_path / "run"), "--language", "zh"],
        ["compare", str(tmp_path / "run"), "--out", str(tmp_path / "compared")],
        [
            "export",
            str(tmp_path / "run"),
            "--format",
            "csv",
            "--format",
            "geojson",
            "--out",
            str(tmp_path / "exported"),
        ],
        ["verify", str(tmp_path / "run")],
    ):
        done = subprocess.run(
            [sys.executable, "-c", OFFLINE, *words], capture_output=True, text=True, check=False, env=os.environ
        )
        assert done.returncode == 0, done.stderr
    place = plan.read_text(encoding="utf-8").replace('file = "n.osm"', 'place = "Nowhere-on-Sea"')
    plan.write_text(place, encoding="utf-8")
    asked = subprocess.run(
        [sys.executable, "-c", OFFLINE, "run", str(plan), "--out", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the network was touched" in asked.stderr  # the guard works: a place is fetched by name
