"""Links taken tile by tile, in memory or in a file, give what they give in one piece."""

from __future__ import annotations

import errno
import gc
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fleet_planner import tiles as module
from fleet_planner.errors import OutputError
from fleet_planner.factors.compiling.table import FactorTable
from fleet_planner.inventory import Inventory, by_hour, compute_inventory
from fleet_planner.inventory.carried import link_hours
from fleet_planner.inventory.weights import FleetContext
from fleet_planner.pipeline.telling.hours_rebuilt import Rebuilt, rebuilt_errors
from fleet_planner.tiles import Scratch, Tiles
from tests.kernels.test_inventory import case, factors, hot

__all__ = ["factors", "hot"]
LINKS = 11


@pytest.mark.parametrize("at_once", [1, 4, 10])
@pytest.mark.parametrize("on_disk", [False, True])
def test_tiles_equal_the_whole(factors: FactorTable, tmp_path: Path, at_once: int, on_disk: bool) -> None:
    vehicles, multipliers, links, activity = case(3, LINKS, 7, 3.0)
    slow = np.full(activity.speed_kmh.shape, np.nan)
    slow[[1, 9]] = 17.0
    activity = replace(activity, own_kmh={activity.streams[0]: slow})
    tiled = replace(activity, tiles=Tiles(at_once, Scratch(tmp_path) if on_disk else None))
    whole, parts = (compute_inventory(vehicles, multipliers, links, a, factors) for a in (activity, tiled))
    for name in ("link", "stream_hour", "class_hour", "vehicle", "histogram"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-12, abs=1e-12), name
    assert whole.link.sum() > 0.0
    assert max(parts.closure.values()) < 1e-9
    given = (vehicles, multipliers, links)
    hours = [link_hours(*given, a, factors, FleetContext(), ["NOx", "CO2"]) for a in (activity, tiled)]
    assert hours[1] == pytest.approx(hours[0], rel=1e-12)
    added = sum(by_hour(*given, tiled, factors))
    assert added == pytest.approx(whole.link, rel=1e-12, abs=1e-12)
    assert tiled.mean_speed_kmh() == pytest.approx(activity.mean_speed_kmh(), rel=1e-15)
    assert not list(tmp_path.iterdir())


def test_one_tile_is_the_whole_to_the_last_bit(factors: FactorTable) -> None:
    vehicles, multipliers, links, activity = case(5, LINKS, 7, 3.0)
    found: list[Inventory] = []
    for at_once in (LINKS, 1000):
        tiled = replace(activity, tiles=Tiles(at_once))
        assert tiled.of_links(slice(0, LINKS)) is tiled
        found.append(compute_inventory(vehicles, multipliers, links, tiled, factors))
    assert np.array_equal(found[0].link, found[1].link)
    assert np.array_equal(found[0].histogram, found[1].histogram)


def test_errors_of_hours_are_added_up_over_tiles() -> None:
    rng = np.random.default_rng(2)
    exact, share = rng.uniform(0.0, 5.0, (9, 24)), rng.uniform(0.0, 0.1, (9, 24))
    exact[4] = 0.0
    day = exact.sum(axis=1)
    sums = Rebuilt()
    for part in Tiles(4).slices(9):
        sums = sums.with_links(exact[part], day[part], share[part])
    assert sums.errors_pct == pytest.approx(rebuilt_errors(exact, day, share), rel=1e-12)
    assert sums.some == 8


def test_an_array_in_a_file_keeps_what_it_holds_and_leaves_nothing(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    array = scratch.empty((3, 1000))
    array[:] = np.arange(3000.0).reshape(3, 1000)
    scratch.release()
    assert array.sum() == 3000 * 2999 / 2
    assert not list(tmp_path.iterdir())
    tiles = Tiles(2, scratch)
    columns = tiles.columns(5, 3)
    assert columns.shape == (5, 3)
    assert columns[:, 1].flags.c_contiguous
    columns[:] = np.arange(15.0).reshape(5, 3)
    assert tiles.sums(columns).tolist() == [30.0, 35.0, 40.0]
    there = pickle.loads(pickle.dumps((tiles, columns)))  # noqa: S301  # as a worker in another process gets it
    assert there[0] == tiles
    assert np.array_equal(there[1], columns)
    assert there[0].empty((2,)).size == 2
    del array, columns
    gc.collect()
    scratch.release()
    assert scratch._kept == []


def test_a_full_disk_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "posix_fallocate", full)
    with pytest.raises(OutputError, match=r"no room for 0\.8 GB .* No space left on device"):
        Scratch(tmp_path).empty((10_000, 10_000))


def test_temporary_files_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(module.tempfile, "tempdir", None)
    assert module.disk_folder() == tmp_path
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(module, "DISK_FOLDER", tmp_path / "none")
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    assert module.disk_folder() == tmp_path
