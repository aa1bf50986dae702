"""Tables of a run that were damaged are named by the export, in one message."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.cli.small_run import small_run

pytestmark = pytest.mark.hard


@pytest.mark.parametrize("form", ["csv", "geojson", "parquet", "xlsx"])
def test_cut_off_files_are_named(form: str, tmp_path: Path) -> None:
    run = small_run(tmp_path)
    for file in ("links.parquet", "city.gpkg"):
        copy, out = tmp_path / f"copy {file}", tmp_path / f"out {file}"
        shutil.copytree(run, copy)
        (copy / file).write_bytes((run / file).read_bytes()[:3000])
        done = CliRunner().invoke(main, ["export", str(copy), "--format", form, "--out", str(out)])
        assert isinstance(done.exception, SystemExit | None), done.exception
        unread = file == "links.parquet" and form == "geojson"
        assert done.exit_code == int(not unread), done.output
        assert out.exists() == unread
        assert unread or file in done.output
