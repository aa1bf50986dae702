"""Altered keys land where they are called; parts of a sweep are held against the inputs that lie here."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import PlanError
from fleet_planner.outputs.sweeping.folder import Part, begin_anew
from fleet_planner.outputs.sweeping.sweep import FAILED, as_here
from fleet_planner.pipeline.sweeping.tasks import set_key

FILE = Path("sweep.toml")
WORDS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
PLAN = {
    "city": {"year": 2024},
    "scenario": [{"name": "a"}, {"name": "b", "measure": [{"measure": "m"}, {"measure": "n"}]}],
}


@given(
    way=st.lists(WORDS, min_size=1, max_size=4), value=st.one_of(st.integers(), st.text(), st.lists(st.floats(0, 1)))
)
def test_a_key_is_set_and_nothing_else_changes(way: list[str], value: object) -> None:
    data = {"zz0": {"kept": 1}}
    set_key(data, ".".join(way), value, FILE)
    here: object = data
    for word in way:
        here = here[word]  # type: ignore[index]
    assert here == value
    assert data["zz0"] == {"kept": 1}


@pytest.mark.parametrize(
    "key", ["scenario.b.measure.n.uptake", "scenario.2.measure.2.uptake", "scenario.b.measure.2.uptake"]
)
def test_entries_go_by_name_measure_or_number(key: str) -> None:
    data = copy.deepcopy(PLAN)
    set_key(data, key, 0.5, FILE)
    expected = copy.deepcopy(PLAN)
    expected["scenario"][1]["measure"][1]["uptake"] = 0.5
    assert data == expected


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("scenario.c.title", "no entry 'c'"),
        ("scenario.3.title", "no entry '3'"),
        ("city.year.month", "city.year is no table"),
        ("city..year", "no key"),
        ("", "no key"),
    ],
)
def test_places_that_are_not_there_are_told(key: str, told: str) -> None:
    with pytest.raises(PlanError, match=told):
        set_key(copy.deepcopy(PLAN), key, 1, FILE)


def test_a_worker_that_read_another_file_has_failed(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("here", encoding="utf-8")
    here = "99"  # no SHA-256 of anything
    part = Part(
        "k", "done", 1, "far:1", "cpu", 1.0, "", "code", {str(file): here, str(tmp_path / "far.csv"): "00"}, [[1]]
    )
    told = as_here(part, {})
    assert told.state == FAILED
    assert "r.csv" in told.error
    assert "far:1" in told.error
    assert told.rows == []
    assert as_here(part, {str(file): here}) is part  # a file that only the worker's machine has is not held against us


def test_a_sweep_at_work_has_no_mark_of_its_end_and_no_left_over(tmp_path: Path) -> None:
    for name in ("manifest.json", "sweep.json", "sweep_results.csv", ".sweep.html.partial-99999999"):
        (tmp_path / name).touch()  # no process has such a number
    begin_anew(tmp_path)
    begin_anew(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"sweep.json", "sweep_results.csv"}
