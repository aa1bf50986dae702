"""The wheel and the source distribution: what they hold, and that the wheel alone runs a city on every Python here."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.small_run import OSM

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "fleet_planner", "inputs", "tests")
VERSIONS = ("3.11", "3.12", "3.13")
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "1,heavy_truck,diesel,12000,2008,rigid_truck,40000,30\n2,bus,diesel,17500,2012,urban_bus,60000,10\n"
)
USED = """
import sys, fleet_planner as fp
assert "site-packages" in fp.__file__, fp.__file__
run = fp.open_run(sys.argv[1])
city = fp.load(sys.argv[2])
found = city.evaluate(fp.scenario("buses", {"measure": "bev_bus", "streams": ["urban_bus"]}))
print(run.table("summary").height, len(run.links("filters")), round(found.change_pct("NOx"), 6))
"""


def interpreter(version: str) -> str | None:
    """A Python of a version: this one, one on the path, or one of pyenv's."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(kept.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


def call(*words: object, folder: Path) -> str:
    """Run a command away from the checkout; its output. A failure shows what it said."""
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}}
    done = subprocess.run([str(w) for w in words], cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def contents(wheel: Path) -> dict[str, str]:
    """SHA-256 by name; the record, which lists the others, is left out."""
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/RECORD")]
        return {n: hashlib.sha256(archive.read(n)).hexdigest() for n in names}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel made from it."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "source").mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / "source" / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / "source" / part)
    call(sys.executable, "-m", "build", "--outdir", folder / "dist", folder / "source", folder=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = (built / "dist").glob("*.whl")
    return found


def test_the_wheel_holds_every_module_and_table_and_no_test(built: Path, wheel: Path) -> None:
    source = built / "source"
    kinds = {".py", ".pyi", ".csv", ".gz", ".typed", ".js", ".css", ".j2", ".txt"}
    wanted = {
        p.relative_to(source).as_posix()
        for p in (source / "fleet_planner").rglob("*")
        if p.suffix in kinds or p.name == "py.typed"
    }
    wanted |= {f"fleet_planner/{p.relative_to(source).as_posix()}" for p in (source / "inputs").glob("*/*")}
    have = {n for n in contents(wheel) if ".dist-info/" not in n}
    assert have == wanted
    assert not [n for n in have if "/test_" in n or n.startswith("tests")]
    assert any(n.endswith("licenses/LICENSE") for n in contents(wheel))


def test_the_source_distribution_builds_the_wheel_that_the_checkout_builds(built: Path, wheel: Path) -> None:
    call(sys.executable, "-m", "build", "--wheel", "--outdir", built / "direct", built / "source", folder=built)
    (direct,) = (built / "direct").glob("*.whl")
    assert contents(direct) == contents(wheel)
    (sdist,) = (built / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "fleet_planner/py.typed"} <= names
    assert not [n for n in names if n.startswith("tests")]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_alone_plans_a_city(wheel: Path, tmp_path: Path, version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    call(python, "-m", "venv", tmp_path / "own", folder=tmp_path)
    programs = tmp_path / "own" / "bin"
    call(programs / "python", "-m", "pip", "install", "--quiet", wheel, folder=tmp_path)
    call(programs / "python", "-m", "pip", "check", folder=tmp_path)
    call(programs / "fleet-planner", "init", "town", folder=tmp_path)
    town = tmp_path / "town"
    (town / "roads.osm").write_text(OSM, encoding="utf-8")
    (town / "registry.csv").write_text(REGISTRY, encoding="utf-8")
    plan = (town / "plan.toml").read_text(encoding="utf-8")
    assert 'file = "network.osm.pbf"' in plan
    (town / "plan.toml").write_text(plan.replace("network.osm.pbf", "roads.osm"), encoding="utf-8")
    call(programs / "fleet-planner", "run", "town/plan.toml", "--out", "first", folder=tmp_path)
    call(programs / "fleet-planner", "verify", "first", folder=tmp_path)
    told = json.loads((tmp_path / "first" / "manifest.json").read_text(encoding="utf-8"))
    assert told["python"].startswith(f"{version}.")
    rows, links, change = call(programs / "python", "-c", USED, "first", "town/plan.toml", folder=tmp_path).split()
    assert int(rows) % 2 == 0
    assert int(links) == 2  # one road, both ways
    assert float(change) < 0.0
