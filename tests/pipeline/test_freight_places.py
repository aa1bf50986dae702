"""Places at which vans and trucks stand: shares that add up, whatever is gathered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.pipeline.siting.freight_places import Spread, read_stops


@given(st.integers(0, 100_000), st.integers(1, 30), st.integers(1, 40))
def test_gathered_places_keep_all_shares(seed: int, count: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"z{k}" for k in range(count)]
    weight = rng.integers(0, 5, count).astype(float)
    weight[0] += 1.0
    whole = Spread.of(names, rng.random((count, 2)), weight)
    assert whole.share.sum() == pytest.approx(1.0)
    left = whole.gathered(most)
    assert len(left.names) == min(most, len(whole.names))
    assert left.share.sum() == pytest.approx(1.0)
    assert set(left.names) <= set(whole.names)
    # nobody that stays loses
    had = dict(zip(whole.names, whole.share.tolist(), strict=True))
    assert all(s >= had[n] - 1e-12 for n, s in zip(left.names, left.share.tolist(), strict=True))


def test_small_zones_count_to_the_nearest_large_one() -> None:
    lonlat = np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0]])
    left = Spread.of(["a", "b", "c"], lonlat, np.array([5.0, 1.0, 4.0])).gathered(2)
    assert dict(zip(left.names, left.share.tolist(), strict=True)) == pytest.approx({"a": 0.6, "c": 0.4})


def test_a_table_of_stops_without_weights_counts_them_alike(tmp_path: Path) -> None:
    path = tmp_path / "stops.csv"
    path.write_text("stop_id,lon,lat\nport,1,2\nmarket,3,4\n", encoding="utf-8")
    found = read_stops(path)
    assert found.share.tolist() == [0.5, 0.5]
    assert found.zones == ("port", "market")
    path.write_text("stop_id,lon,lat,weight\nport,1,2,0\n", encoding="utf-8")
    with pytest.raises(InputError, match="no stop has a weight"):
        read_stops(path)
