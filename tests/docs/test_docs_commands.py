"""Every command of the documentation runs, page by page, in the order in which it stands there."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from docs_pages import REPOSITORY, Page, pages

from fleet_planner.cli.main import main

sys.path.insert(0, str(REPOSITORY / "tests" / "cli"))
from postgres_server import server
from small_run import OSM, small_run

if TYPE_CHECKING:
    from collections.abc import Callable

CITY_DATA = {
    "docs/tutorials/los_angeles.md": ("la/los-angeles.osm.pbf", "los_angeles/socal_major_roads.osm.pbf"),
    "docs/tutorials/beijing.md": ("beijing/beijing.osm.pbf", "beijing/beijing_nw_core_links.parquet"),
}
"""Where a page says to put the roads, and what stands in for them in the folder of city data."""
BEIJING_NETWORK = (
    'file = "{path}"\nlicence = "test input"\nroad_classes = {{ "1" = "trunk", "2" = "secondary", "3" = "residential" }}\n'
    'columns = {{ u = "from_node", v = "to_node", length_m = "length_m" }}'
)


def marked(page: Page) -> object:
    marks = [pytest.mark.docs]
    if page.name in CITY_DATA:
        marks.append(pytest.mark.city)
    return pytest.param(page, marks=marks, id=page.name)


def pbf(path: Path) -> None:
    """Write the small city's roads as a binary extract."""
    import osmium

    (path.parent / "n.osm").write_text(OSM, encoding="utf-8")
    with osmium.SimpleWriter(str(path)) as writer:
        for thing in osmium.FileProcessor(str(path.parent / "n.osm")):
            writer.add(thing)


def districts(path: Path) -> None:
    """Write a square about the small city's roads."""
    ring = [[-0.01, -0.01], [0.03, -0.01], [0.03, 0.01], [-0.01, 0.01], [-0.01, -0.01]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": "centre"}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")


PROVIDED: dict[str, Callable[[Path], None]] = {
    "my-city/network.osm.pbf": pbf,
    "my-city/districts.geojson": districts,
}
"""What a reader brings: made as soon as its folder is there."""


@pytest.mark.parametrize("page", [marked(p) for p in pages() if p.commands])
def test_every_command_of_the_page_runs(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / "inputs", tmp_path / "inputs")
    for name, text in page.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    lacking = runs_lacking(page)
    if lacking:
        (tmp_path / "small").mkdir()
        for name in lacking:
            small_run(tmp_path / "small", tmp_path / name)
    databases = [c for c in page.commands if "--postgis" in c]
    if databases:
        running = server()
        monkeypatch.setenv("FLEET_PLANNER_POSTGIS", running.__enter__().url())
        request.addfinalizer(lambda: running.__exit__(None, None, None))
    for command in page.commands:
        bring(page, tmp_path, request)
        done = CliRunner().invoke(main, list(command), catch_exceptions=False)
        assert done.exit_code == 0, f"{page.name}: fleet-planner {' '.join(command)}\n{done.output}"


def runs_lacking(page: Page) -> list[str]:
    """Return the folders of results that a page takes for granted: no command of it writes them."""
    named = {
        w.partition(":")[0].removesuffix("/manifest.json") for c in page.commands for w in c if w.startswith("outputs/")
    }
    written = {c[k + 1] for c in page.commands for k, w in enumerate(c[:-1]) if w == "--out"}
    return sorted(named - written)


def bring(page: Page, folder: Path, request: pytest.FixtureRequest) -> None:
    """Put the files beside the plan that the page asks for."""
    for name, make in PROVIDED.items():
        path = folder / name
        if path.parent.is_dir() and not path.exists():
            make(path)
    if page.name not in CITY_DATA:
        return
    shared_data: Path = request.getfixturevalue("shared_data")
    there, source = CITY_DATA[page.name]
    target = folder / there
    if not target.parent.is_dir() or target.exists():
        return
    if source.endswith(".pbf"):
        shutil.copy(shared_data / source, target)
        return
    target.touch()
    plan = target.parent / "plan.toml"
    old = f'file = "{target.name}"'
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, BEIJING_NETWORK.format(path=(shared_data / source).as_posix())), encoding="utf-8")
