"""The buses of today: tied to depots and sizes, their minimum life, funding, and what an early end loses."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.buses.transition.today import PER_KM, cohorts_of, one_row_each, tied_to_pools, with_life
from fleet_planner.plan.buses_transition import TransitionSection

YEARS = np.arange(2025, 2041)


def buses(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return rows of today's buses with what is left out filled in."""
    plain = {
        "fuel": "diesel",
        "standard": "euro_V",
        "tank": "diesel",
        "powertrain": "existing",
        "bus_type": "standard",
        "depot_id": "",
        "odometer_km": 300_000.0,
        "km_per_year": 60_000.0,
        "count": 1.0,
        **dict.fromkeys(PER_KM, 1.0),
    }
    return pl.DataFrame([{**plain, **row} for row in rows], infer_schema_length=None)


def test_groups_become_single_buses_with_names_of_their_own() -> None:
    each = one_row_each(
        buses([{"vehicle_id": "a", "model_year": 2015, "count": 3.0}, {"vehicle_id": "b", "model_year": 2016}])
    )
    assert each["vehicle_id"].to_list() == ["a#1", "a#2", "a#3", "b"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "x", "y", "z"]), st.sampled_from(["standard", "midi"]), st.integers(2005, 2024)),
        min_size=1,
        max_size=30,
    ),
    st.dictionaries(
        st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(["standard", "articulated"])),
        st.integers(1, 9),
        min_size=1,
    ),
)
def test_every_bus_finds_a_pool_that_has_blocks_and_none_is_lost(
    fleet: list[tuple[str, str, int]], blocks: dict[tuple[str, str], int]
) -> None:
    rows = [{"vehicle_id": f"v{k}", "depot_id": d, "bus_type": b, "model_year": y} for k, (d, b, y) in enumerate(fleet)]
    tied, pools, findings = tied_to_pools(one_row_each(buses(rows)), blocks)  # type: ignore[arg-type]
    listed = tied.filter(~pl.col("vehicle_id").str.starts_with("unlisted"))
    assert sorted(listed["vehicle_id"]) == sorted(f"v{k}" for k in range(len(fleet)))
    assert set(tied.select("depot_id", "bus_type").iter_rows()) <= set(blocks)
    by_pool = {(d, b): n for d, b, n in tied.group_by("depot_id", "bus_type").len().iter_rows()}
    for key, needed in blocks.items():
        assert by_pool.get(key, 0) >= needed
    kept = {f"v{k}": d for k, (d, _, _) in enumerate(fleet) if d in {depot for depot, _ in blocks}}
    assert all(d == kept[v] for v, d in listed.select("vehicle_id", "depot_id").iter_rows() if v in kept)
    short = sum(1 for v in tied["vehicle_id"] if v.startswith("unlisted"))
    assert sum(f.count or 0 for f in findings if f.code == "buses.transition_unlisted") == short
    assert len(pools.bus_type) == len(blocks)


def test_minimum_life_comes_by_years_or_km_and_funding_goes_before_it() -> None:
    rows = [
        {"vehicle_id": "old", "model_year": 2008, "odometer_km": 900_000.0},
        {"vehicle_id": "years", "model_year": 2018, "odometer_km": 100_000.0},
        {"vehicle_id": "km", "model_year": 2020, "odometer_km": 700_000.0},
        {"vehicle_id": "funded", "model_year": 2008, "odometer_km": 900_000.0},
        {"vehicle_id": "ancient", "model_year": 1995, "odometer_km": 900_000.0},
    ]
    vehicles = one_row_each(buses(rows))
    done = with_life(vehicles, TransitionSection(), 2024, YEARS, {"funded": 2033})
    free = dict(done.select("vehicle_id", "free_year").iter_rows())
    assert free == {"old": 2025, "years": 2030, "km": 2026, "funded": 2033, "ancient": 2025}
    due = dict(done.select("vehicle_id", "due_year").iter_rows())
    assert due == {"old": 2027, "years": 2036, "km": 2038, "funded": 2033, "ancient": 2027}
    allowed = with_life(vehicles, TransitionSection(early_retirement="allowed"), 2024, YEARS, {"funded": 2033})
    assert dict(allowed.select("vehicle_id", "free_year").iter_rows())["years"] == 2025
    assert dict(allowed.select("vehicle_id", "free_year").iter_rows())["funded"] == 2033


def test_funding_of_a_group_keeps_all_its_buses() -> None:
    vehicles = one_row_each(buses([{"vehicle_id": "g", "model_year": 2005, "count": 2.0}]))
    assert with_life(vehicles, TransitionSection(), 2024, YEARS, {"g": 2031})["free_year"].to_list() == [2031, 2031]


def test_what_is_lost_with_an_early_end_falls_to_nought_over_the_minimum_life() -> None:
    rows = [{"vehicle_id": "new", "model_year": 2022, "odometer_km": 0.0, "km_per_year": 1.0}]
    section = TransitionSection(early_retirement="allowed")
    life = with_life(one_row_each(buses(rows)), section, 2024, YEARS, {}).with_columns(pool=pl.lit(0, dtype=pl.Int64))
    numbered, cohorts = cohorts_of(life, np.array([480_000.0]), YEARS, section.minimum_life_years)
    assert numbered["cohort"].to_list() == [0]
    assert cohorts.loss[0, 0] == pytest.approx(480_000.0 * 9 / 12)
    assert cohorts.loss[0, 9:].max() == 0.0
    assert (np.diff(cohorts.loss[0]) <= 0.0).all()
