"""QGIS itself opens the GeoPackages of the commands: layers valid, titled, styled, drawn; projects with groups.

Debian's ``python3-qgis`` is bound to the system's Python, so a script runs in it (``look_with_qgis.py``) and says what it
saw.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import made_geopackages as made
import pyogrio
import pytest

pytestmark = pytest.mark.qgis
SCRIPT = Path(__file__).with_name("look_with_qgis.py")
PYTHON = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
VALIDATOR = "osgeo_utils.samples.validate_gpkg"
LEAST_SHARE = 2e-4
"""Of coloured pixels: a hundred of a picture of 800 by 640."""


def outside() -> dict[str, str]:
    """Return an environment without our own packages."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR", "/tmp")}  # noqa: S108


def look(path: Path, folder: Path) -> dict[str, Any]:
    assert shutil.which(PYTHON), f"{PYTHON} is missing; install qgis and python3-qgis or set QGIS_PYTHON"
    done = subprocess.run(
        [PYTHON, str(SCRIPT), str(path), str(folder)],
        env=outside(), capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Warning" not in done.stderr, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module", params=made.MADE)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A command's GeoPackage and what QGIS saw of it."""
    folder = tmp_path_factory.mktemp(request.param)
    path = made.MADE[request.param](folder)
    pictures = Path(os.environ["QGIS_PICTURES"]) / request.param if "QGIS_PICTURES" in os.environ else folder / "seen"
    return path, look(path, pictures)


def test_layers_are_valid_with_system_and_rows(case: tuple[Path, dict[str, Any]]) -> None:
    path, seen = case
    known = dict(pyogrio.list_layers(path))
    assert set(seen["layers"]) == set(known)
    for name, layer in seen["layers"].items():
        assert layer["valid"], name
        assert layer["spatial"] == (known[name] is not None)
        if layer["spatial"]:
            assert layer["crs"] == "EPSG:4326"
        rows = pyogrio.read_info(path, layer=name)["features"]
        assert layer["features"] == layer["rows_read"] == rows, name


def test_fields_have_titles(case: tuple[Path, dict[str, Any]]) -> None:
    for name, layer in case[1]["layers"].items():
        if name == "layer_styles":
            continue
        bare = {f for f, t in layer["titles"].items() if f == t}
        assert bare <= {"fid", "OGC_FID"}, name
        if layer["spatial"]:
            assert layer["abstract"], name


def test_styles_open_and_draw(case: tuple[Path, dict[str, Any]]) -> None:
    for name, layer in case[1]["layers"].items():
        if not layer["spatial"]:
            continue
        assert layer["styles"], name
        first = next(iter(layer["styles"].values()))
        assert layer["renderer"] == first["renderer"], f"{name} does not open in its first style"
        for style, drawn in layer["styles"].items():
            assert drawn["error"] == ""
            assert drawn["errors"] == []
            assert drawn["share"] > LEAST_SHARE, f"{name}, {style} is blank"
            if drawn["renderer"] == "graduatedSymbol":
                assert drawn["attribute"] in layer["fields"]
                assert len(drawn["legend"]) >= 4


def test_projects_open_with_groups(case: tuple[Path, dict[str, Any]]) -> None:
    _, seen = case
    assert set(seen["projects"]) == {"fleet_planner", "fleet_planner_zh"}
    for name, project in seen["projects"].items():
        assert project["read"], project["error"]
        assert project["error"] == ""
        assert project["title"]
        assert project["crs"].startswith("EPSG:")
        assert project["broken_themes"] == []
        layers = [layer for group in project["groups"].values() for layer in group.values()]
        assert len(layers) == len(seen["layers"]) - 1  # all but the table of styles
        assert all(layer["valid"] for layer in layers)
        assert any(layer["shown"] for layer in layers)
        assert project["drawn"]["share"] > LEAST_SHARE, f"{name} opens blank"
        assert project["drawn"]["errors"] == []


def test_the_citys_project(tmp_path: Path) -> None:
    path = made.streets(tmp_path)
    seen = look(path, tmp_path / "seen")["projects"]
    english, chinese = seen["fleet_planner"], seen["fleet_planner_zh"]
    assert list(english["groups"])[:3] == ["Roads", "Links that emit most", "What scenarios change"]
    assert list(chinese["groups"])[:3] == ["道路", "排放最高的路段", "情景带来的变化"]
    assert english["crs"] == "EPSG:32719"
    roads = english["groups"]["Roads"]["Roads: traffic and emissions"]
    assert "CO2, electric" in roads["styles"]
    assert "Change by Electric & quiet: NOx, per km" in english["themes"]
    assert any("氮氧化物" in t for t in chinese["groups"]["道路"]["道路：交通与排放"]["titles"])


def test_gdals_validator_finds_nothing(case: tuple[Path, dict[str, Any]]) -> None:
    done = subprocess.run(
        [PYTHON, "-m", VALIDATOR, "--warning-as-error", "--extra", str(case[0])],
        env=outside(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
