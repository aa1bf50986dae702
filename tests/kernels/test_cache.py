"""Compiled kernels are cached by their sources, in a folder that can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from fleet_planner import kernels


def test_cache_folder_is_named_by_the_sources() -> None:
    assert "numba-" in Path(numba.config.CACHE_DIR).name


def test_cache_folder_follows_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PLANNER_CACHE", str(tmp_path))
    assert kernels.cache_folder().is_relative_to(tmp_path)


def test_without_a_writable_cache_a_temporary_folder_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("FLEET_PLANNER_CACHE", str(tmp_path / "file"))
    assert kernels.cache_folder().is_dir()


def test_the_temporary_folder_goes_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    there = {"FLEET_PLANNER_CACHE": str(tmp_path / "file"), "TMPDIR": str(tmp_path / "temporary")}
    code = "import numba, fleet_planner.kernels; print(numba.config.CACHE_DIR)"
    told = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | there, check=True, capture_output=True, text=True
    )
    assert Path(told.stdout.strip()).is_relative_to(tmp_path / "temporary")
    assert not any((tmp_path / "temporary").iterdir())
