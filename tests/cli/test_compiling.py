"""Kernels compiled in a second process beside a machine's first run."""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path

import numba
import pytest
from numba.core.sigutils import normalize_signature
from small_run import small_run

from fleet_planner.cli import compiling
from fleet_planner.kernels import beforehand, cache_folder


def test_a_run_calls_the_kernels_with_the_types_that_are_compiled_for_it(tmp_path: Path) -> None:
    small_run(tmp_path)
    asked = {k.function for k in beforehand.KERNELS} - {"mean_speeds"}  # only the map's hours of a city ask for it
    for kernel in beforehand.KERNELS:
        function = getattr(import_module(f"fleet_planner.kernels.{kernel.module}"), kernel.function)
        types = normalize_signature(f"void({kernel.types})")[0]
        assert len(types) == function.py_func.__code__.co_argcount, kernel.function
        if kernel.function in asked:
            assert types in function.signatures, kernel.function


def at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))


def test_nothing_is_started_where_a_kernel_is_kept_or_no_core_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(compiling.subprocess, "Popen", lambda *words, **_: started.append(words))
    at(tmp_path, monkeypatch)
    assert beforehand.lacking()
    with compiling.compiled_beside(1):
        pass
    (tmp_path / "kernels_x").mkdir()
    (tmp_path / "kernels_x" / "inventory.link_pass-125.py311.nbi").touch()
    assert not beforehand.lacking()
    with compiling.compiled_beside(None):
        pass
    assert not started


def test_the_other_process_compiles_and_ends_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PLANNER_CACHE", str(tmp_path))
    monkeypatch.setattr(compiling, "cores", lambda: 2)
    folder = cache_folder()
    at(folder, monkeypatch)
    real, started = compiling.subprocess.Popen, []
    monkeypatch.setattr(compiling.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
    with compiling.compiled_beside(2):
        until = time.monotonic() + 120.0
        while beforehand.lacking() and time.monotonic() < until:
            time.sleep(0.1)
    assert not beforehand.lacking()
    assert len(started) == 1
    assert started[0].returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)


def test_the_other_process_fills_the_same_folder_where_the_cache_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLEET_PLANNER_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(compiling, "cores", lambda: 2)
    folder = cache_folder()
    at(folder, monkeypatch)
    given: list[dict[str, str]] = []

    def started(*_: object, env: dict[str, str], **__: object) -> None:
        given.append(env)
        raise BlockingIOError("seen enough")

    monkeypatch.setattr(compiling.subprocess, "Popen", started)
    with compiling.compiled_beside(None):
        pass
    monkeypatch.setenv("FLEET_PLANNER_CACHE", given[0]["FLEET_PLANNER_CACHE"])
    assert cache_folder() == folder


def test_a_process_that_cannot_be_started_is_no_fault_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    at(tmp_path, monkeypatch)
    monkeypatch.setattr(compiling, "cores", lambda: 2)
    monkeypatch.setattr(compiling.subprocess, "Popen", refused)
    with compiling.compiled_beside(None):
        reached = True
    assert reached


def test_an_orphan_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(beforehand, "import_module", asked.append)
    beforehand.compile_all(os.getppid() + 1)
    assert asked == []
