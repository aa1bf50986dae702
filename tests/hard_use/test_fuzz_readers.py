"""Readers say what is wrong with a broken file, in one message, and never anything else."""

from __future__ import annotations

import faulthandler
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fleet_planner.errors import UserError
from fleet_planner.network.trips import read_trips
from tests.hard_use.layer_targets import LAYERS, matrix
from tests.hard_use.mutation import broken
from tests.hard_use.table_targets import TABLES
from tests.hard_use.target import Target
from tests.hard_use.targets import TARGETS

FEW, MANY = 12, 250
FEWER = 100
"""For tables and layers, of which there are many: their readers share most of what they do."""
HANG_S = 60


def read_or_refuse(target: Target, data: bytes) -> bool:
    """Return whether the reader takes the file; raises what no reader may raise."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / target.name
        path.write_bytes(data)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            target.read(path)
        except UserError as error:
            told = str(error)
        else:
            return True
        finally:
            faulthandler.cancel_dump_traceback_later()
    assert 5 < len(told) < 20_000
    return False


@pytest.mark.parametrize("name", TARGETS)
def test_whole_files_are_read(name: str) -> None:
    """Else the fuzzing would begin from something that is refused at once."""
    assert read_or_refuse(TARGETS[name], TARGETS[name].whole())


@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=FEW, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(seed=st.integers(0, 2**32))
def test_broken_files_are_read_or_refused(name: str, seed: int) -> None:
    """Reading itself, in the time allowed, and a message of some length are held by the helper; damage to nothing is none."""
    whole = TARGETS[name].whole()
    data = broken(whole, seed)
    assert read_or_refuse(TARGETS[name], data) or data != whole


@pytest.mark.hard
@pytest.mark.parametrize("name", TARGETS)
def test_many_broken_files_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    many = FEWER if name in LAYERS or name in TABLES else MANY
    taken = sum(read_or_refuse(target, broken(target.whole(), seed)) for seed in range(many))
    assert 0 < taken < many  # some changes do no harm, some do


@pytest.mark.hard
def test_damaged_matrices_never_take_the_process_with_them() -> None:
    """HDF5 crashes on some of these: it reads in a process of its own, hence few."""
    whole = matrix()
    outcomes = set()
    for place in range(0, len(whole), len(whole) // 8):
        broken_ = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        outcomes.add(read_or_refuse(Target("t.omx", matrix, lambda path: read_trips(path, ("10", "20"))), broken_))
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    ("name", "seed", "taken"),
    [
        ("osm", 36, False),
        ("osm", 10, False),
        ("osm", 53, False),
        ("osm", 19, False),
        ("emfac_export", 3251, True),  # a year that is none: the row is passed over and told
    ],
)
def test_files_that_once_broke_a_reader(name: str, seed: int, taken: bool) -> None:
    assert read_or_refuse(TARGETS[name], broken(TARGETS[name].whole(), seed)) == taken


@pytest.mark.parametrize(
    ("name", "before", "after", "taken"),
    [
        ("geojson", b"primary", b"pr\x82mary", False),  # no UTF-8
        ("registry_parquet", b"heavy_truck", b"heavy\x82truck", False),
        ("registry_parquet", b"vehicle_id", b"vehicle\x82id", False),
        ("geoparquet", b"primary", b"pr\x82mary", False),
        ("geoparquet", b'axis": [{"name": "Geodetic', b'axis": [{"name": "Geo\xe9etic', True),  # a note beside a column
        ("registry", b"category,", b"categ\rory,", False),
        ("geojson", b"[[0.01, 0], [0.02, 0.001]]", b"[[0.01, 0]]", True),  # no line, but the other rows have lines
        ("network_csv", b"LINESTRING(0 0, 0.01 0)", b"LINESTRING(0 0, nan 0)", True),
    ],
)
def test_damage_that_coverage_found(name: str, before: bytes, after: bytes, *, taken: bool) -> None:
    whole = TARGETS[name].whole()
    assert before in whole
    assert read_or_refuse(TARGETS[name], whole.replace(before, after)) == taken
