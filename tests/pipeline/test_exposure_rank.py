"""Roads ranked by what people breathe of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.pipeline.telling.equity import by_exposure

LINKS = pl.DataFrame(
    {"link_id": [0, 1, 2], "name": ["a", "b", "stub"], "road_class": ["primary"] * 3, "length_km": [1.0, 2.0, 0.01]}
)


def test_a_tonne_among_many_people_ranks_first() -> None:
    kg = np.zeros((3, 24))
    kg[:, 8] = [5.0, 4.0, 9.0]
    weight = np.ones((3, 24))
    even = by_exposure(LINKS, "PM2.5", weight, kg)
    assert even["link_id"].to_list() == [0, 1]  # the stub of ten metres is left out
    assert even["rank"].to_list() == even["rank_by_tonnes"].to_list() == [1, 2]
    weight[1, 8] = 10.0  # the same tonnes, now among ten times as many people
    dense = by_exposure(LINKS, "PM2.5", weight, kg)
    assert dense["link_id"].to_list() == [1, 0]
    assert dense["rank_by_tonnes"].to_list() == [2, 1]
    assert dense["exposure_per_km"].to_list() == pytest.approx([20.0, 5.0])
    weight[1, 8], weight[1, 9] = 1.0, 10.0  # only at an hour in which nothing is emitted
    assert by_exposure(LINKS, "PM2.5", weight, kg).equals(even)
