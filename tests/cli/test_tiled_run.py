"""A run in tiles of three links with its tables on the disk writes what the run in one piece writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.small_run import small_run, write_inputs

TILED = "[run]\ntile_links = 3\ndisk_from_links = 0\n"
NOT_OF_THE_RESULTS = {"columns.csv"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the run in one piece and of the one in tiles."""
    folder = tmp_path_factory.mktemp("tiled")
    whole = small_run(folder)
    plan = write_inputs(folder)
    plan.write_text(plan.read_text(encoding="utf-8") + TILED, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(plan), "--out", str(folder / "tiled")])
    assert done.exit_code == 0, done.output
    return whole, folder / "tiled"


def same(a: Any, b: Any) -> bool:
    """Whether two cells agree: numbers to rounding."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-12, abs=1e-12)
    return bool(a == b)


def assert_same(a: pl.DataFrame, b: pl.DataFrame, name: str) -> None:
    """Hold two tables against each other, row by row in their order."""
    assert a.schema == b.schema, name
    assert a.height == b.height, name
    for row, (one, other) in enumerate(zip(a.iter_rows(), b.iter_rows(), strict=True)):
        wrong = [c for c, x, y in zip(a.columns, one, other, strict=True) if not same(x, y)]
        assert not wrong, f"{name} row {row}: {wrong}: {one} != {other}"


def test_files_are_the_same(both: tuple[Path, Path]) -> None:
    whole, tiled = both
    assert sorted(p.name for p in whole.iterdir()) == sorted(p.name for p in tiled.iterdir())
    for path in whole.glob("*.csv"):
        if path.name not in NOT_OF_THE_RESULTS:
            assert_same(pl.read_csv(path), pl.read_csv(tiled / path.name), path.name)
    for path in whole.glob("*.parquet"):
        assert_same(pl.read_parquet(path), pl.read_parquet(tiled / path.name), path.name)


def test_the_geopackage_is_the_same(both: tuple[Path, Path]) -> None:
    with closing(sqlite3.connect(both[0] / "city.gpkg")) as a, closing(sqlite3.connect(both[1] / "city.gpkg")) as b:
        contents = "SELECT table_name, data_type, min_x, min_y, max_x, max_y FROM gpkg_contents ORDER BY table_name"
        tables = a.execute(contents).fetchall()
        assert tables == b.execute(contents).fetchall()
        assert len(tables) > 5
        for name, *_ in tables:
            rows = [d.execute(f'SELECT * FROM "{name}"').fetchall() for d in (a, b)]  # noqa: S608
            for one, other in zip(*rows, strict=True):
                assert all(same(x, y) for x, y in zip(one, other, strict=True)), name
        styles = "SELECT f_table_name, styleName, styleQML FROM layer_styles ORDER BY id"
        assert a.execute(styles).fetchall() == b.execute(styles).fetchall()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    plan = write_inputs(tmp_path)
    plan.write_text(plan.read_text(encoding="utf-8") + '[run]\nscratch = "nowhere"\n', encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(plan), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "run.scratch" in done.output
    assert "nowhere" in done.output
    assert not (tmp_path / "out").exists()
