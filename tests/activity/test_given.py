"""Given flows: pattern, hours, speeds, classes, closure, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from small_city import network

from fleet_planner.activity import Activity, build_activity, vkt_by_stream
from fleet_planner.errors import InputError
from fleet_planner.plan.models import ActivitySection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.units import DAYS_PER_YEAR

NET = network(4, 1)
KM = NET.links["length_km"].to_numpy()
CITY = pl.DataFrame(
    {
        "stream": ["car", "rigid_truck"],
        "km_per_year": [1000.0 * DAYS_PER_YEAR, 100.0 * DAYS_PER_YEAR],
        "share_inside": [1.0, 1.0],
        "count": [1.0, 1.0],
    }
)


def built(folder: Path, text: str, **keys: Any) -> Activity:
    (folder / "flows.csv").write_text(text, encoding="utf-8")
    keys = {"speeds": {"corridor_km": 0.0}} | keys
    section = TrafficSection.model_validate({"method": "given", "flows": {"file": "flows.csv"}} | keys)
    return build_activity(NET, CITY, ActivitySection(), folder, traffic=section)


def found(activity: Activity) -> dict[str, Any]:
    return {f.code: f for f in activity.findings}


def test_whole_days_give_the_pattern_and_the_registry_the_total(tmp_path: Path) -> None:
    activity = built(tmp_path, "link_id,flow\n0,300\n2,100\n")
    want = np.array([300.0 * KM[0], 0.0, 100.0 * KM[2], 0.0])
    for s, (_, total) in enumerate(vkt_by_stream(CITY).items()):
        np.testing.assert_allclose(activity.vkt[s].sum(axis=1), total * want / want.sum(), rtol=1e-12)
    codes = found(activity)
    assert codes["activity.flows_given"].count == 2
    assert codes["activity.flows_given"].share == pytest.approx(1.0)
    assert codes["activity.flows_scaled"].values["ratio"] == f"{1100.0 / want.sum():.2f}"
    assert "activity.flows_filled" not in codes


def test_classes_and_hours(tmp_path: Path) -> None:
    """Cars by the total, trucks by their own; trucks are told at 8 and 9 h, three to one; speeds where given."""
    rows = "0,,,1000,\n1,rigid_truck,8,30,33\n1,rigid_truck,9,10,22\n"
    activity = built(tmp_path, "link_id,vehicle_class,hour,flow,speed_kmh\n" + rows)
    car, truck = (activity.vkt[activity.streams.index(s)] for s in ("car", "rigid_truck"))
    assert car[0].sum() == pytest.approx(1000.0)
    assert truck[1].sum() == pytest.approx(100.0)
    assert truck[1, 8] == pytest.approx(3.0 * truck[1, 9])
    assert truck[1, 8] + truck[1, 9] < 100.0
    assert found(activity)["activity.flows_filled"].share == pytest.approx((100.0 - truck[1, 8:10].sum()) / 1100.0)
    assert activity.speed_kmh[1, [8, 9]].tolist() == pytest.approx([33.0, 22.0])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1.0, 1e4), min_size=4, max_size=4), st.floats(0.1, 10.0))
def test_types_of_day_keep_their_ratio_and_totals_close(
    tmp_path_factory: pytest.TempPathFactory, flows: list[float], ratio: float
) -> None:
    rows = "".join(f"{i},weekday,{f!r}\n{i},weekend,{f * ratio!r}\n" for i, f in enumerate(flows))
    folder = tmp_path_factory.mktemp("flows")
    activity = built(folder, "link_id,day_type,flow\n" + rows, day_types="weekday_weekend")
    for s, (_, total) in enumerate(vkt_by_stream(CITY).items()):
        km = activity.vkt[s]
        assert km.sum() == pytest.approx(total, rel=1e-12)
        week, end = km[:, :24].sum(axis=1) / activity.days[0].share, km[:, 24:].sum(axis=1) / activity.days[1].share
        np.testing.assert_allclose(end, ratio * week, rtol=1e-9)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("link_id,flow\n9,1\n", ("row 2", "no such link", "9")),
        ("link_id,flow\n0,1\n,2\n", ("row 3", "no link")),
        ("link_id,flow\n0,\n", ("no row has a flow",)),
        ("link_id,flow\n0,-1\n", ("row 2", "-1")),
        ("link_id,hour,flow\n0,,5\n0,8,1\n", ("twice",)),
        ("link_id,vehicle_class,flow\n0,lorry,5\n", ("lorry", "no such vehicles")),
        ("link_id,day_type,flow\n0,weekday,5\n", ("does not tell this type of day apart",)),
    ],
)
def test_wrong_flows_are_named(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        built(tmp_path, text)
    for part in parts:
        assert part in str(caught.value)


def test_method_and_file_belong_together() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        TrafficSection(method="given")
