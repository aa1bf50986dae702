"""One made-up run, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import builders
import pytest

from fleet_planner.outputs import render_report, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results


@pytest.fixture(scope="session")
def run() -> Results:
    return builders.results()


@pytest.fixture(scope="session")
def folder(run: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory with the report in both languages."""
    out = tmp_path_factory.mktemp("outputs") / "run"
    write_run(run, out, overwrite=False, language="en")
    render_report(out, "zh")
    return out
