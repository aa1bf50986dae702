"""A registry added up to groups as it is read is the registry read whole and added up afterwards."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.fleet import Fleet, check_registry_file, text_blocks, write_fixed
from fleet_planner.fleet import grouped as module
from fleet_planner.fleet.read import Setting
from tests.fleet.test_totals import HEADER, line, rows

WORDS = ("category", "fuel", "segment", "standard", "aftertreatment", "stream", "model_year", "share_inside")
PLACES = ("load_fraction", "zone", "depot", "rule")
OURS = {"fleet.grouped", "fleet.identifiers_dropped"}


def twin(fleet: Fleet) -> dict[tuple[object, ...], tuple[float, float, float, float | None]]:
    """Vehicles, km, odometer and mass of each group, row by row in Python."""
    members = defaultdict(list)
    for row in fleet.vehicles.iter_rows(named=True):
        mass, odometer = row["gross_mass_kg"], row["odometer_km"]
        classes = (None if mass is None else math.ceil(mass / 500.0), math.floor(odometer / 25_000.0))
        members[(*(row[c] for c in (*WORDS, *PLACES)), *classes)].append(row)
    out = {}
    for key, vehicles in members.items():
        count = sum(v["count"] for v in vehicles)
        km = sum(v["count"] * v["km_per_year"] for v in vehicles)
        weights = [v["count"] * (v["km_per_year"] if km > 0.0 else 1.0) for v in vehicles]
        whole = sum(weights)
        odometer = sum(w * v["odometer_km"] for w, v in zip(weights, vehicles, strict=True)) / whole if whole else 0.0
        mass = None
        if key[-2] is not None and count > 0.0:
            mass = sum(v["count"] * v["gross_mass_kg"] for v in vehicles) / count
        out[key] = (count, km, odometer, mass)
    return out


def told(fleet: Fleet) -> list[tuple[object, ...]]:
    return sorted(
        (f.code, f.kind, str(sorted(f.values.items())), f.count, None if f.share is None else round(f.share, 9))
        for f in fleet.findings
        if f.code not in OURS
    )


def refusal(path: Path, setting: Setting) -> str:
    """The error that a registry is refused with; "" where it is read."""
    try:
        check_registry_file(path, setting)
    except InputError as error:
        return str(error)
    return ""


def assert_same(path: Path, setting: Setting) -> None:
    """Hold the registry in groups against the one that is read whole."""
    in_groups = Setting(setting.country, setting.year, grouped=True)
    refused = refusal(path, setting)
    assert refusal(path, in_groups) == refused
    if refused:
        return
    whole, groups = check_registry_file(path, setting), check_registry_file(path, in_groups)
    assert groups.rejected.equals(whole.rejected)
    assert groups.totals.rows_kept == whole.totals.rows_kept
    assert groups.totals.vehicles_kept == pytest.approx(whole.totals.vehicles_kept, rel=1e-12)
    assert groups.rejected_vkt_share == pytest.approx(whole.rejected_vkt_share, rel=1e-9)
    assert groups.coverage.drop(pl.selectors.float()).equals(whole.coverage.drop(pl.selectors.float()))
    assert told(groups) == told(whole)
    assert groups.vehicles.schema == whole.vehicles.schema
    assert groups.vehicles["vehicle_id"].to_list() == [f"group-{k + 1}" for k in range(groups.vehicles.height)]
    expected, found = twin(whole), twin(groups)
    assert found.keys() == expected.keys()
    assert groups.vehicles.height == len(expected)
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-12), key


@settings(max_examples=12, deadline=None)
@given(
    lines=rows, same=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=3), size=st.integers(40, 400)
)
def test_groups_are_the_whole_added_up(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[list[tuple[int, str]], int, str, bool]],
    same: list[tuple[int, int]],
    size: int,
) -> None:
    path = tmp_path_factory.mktemp("grouped") / "r.csv"
    written = [line(k, c, e, n, blank=b) for k, (c, e, n, b) in enumerate(lines)]
    written += [line(k, [(8, "2"), (4, str(2010 + n))], 0, "utf-8", blank=False) for k, n in same]  # ids again
    path.write_bytes(b"\n".join([",".join(HEADER).encode(), *written]) + b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK_BYTES", size)
        patch.setattr(module, "ADDED_UP", 3)
        assert_same(path, Setting("EU", 2024))


def test_masses_and_odometers_are_means_of_their_class(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "vehicle_id,category,fuel,gross_mass_kg,model_year,standard,stream,km_per_year,odometer_km,count\n"
        "a,heavy_truck,diesel,12000,2010,euro_V,rigid_truck,30000,310000,1\n"
        "b,heavy_truck,diesel,11600,2010,euro_V,rigid_truck,60000,301000,3\n"
        "c,heavy_truck,diesel,12001,2010,euro_V,rigid_truck,30000,310000,1\n"
        "d,heavy_truck,diesel,12000,2010,euro_V,rigid_truck,30000,290000,1\n",
        encoding="utf-8",
    )
    vehicles = check_registry_file(path, Setting("EU", 2024, grouped=True)).vehicles
    assert vehicles["count"].sort().to_list() == [1.0, 1.0, 4.0]
    both = vehicles.filter(pl.col("count") == 4.0).row(0, named=True)
    assert both["gross_mass_kg"] == pytest.approx((12000 + 3 * 11600) / 4)
    assert both["km_per_year"] == pytest.approx((30000 + 3 * 60000) / 4)
    assert both["odometer_km"] == pytest.approx((30000 * 310000 + 180000 * 301000) / 210000)
    assert_same(path, Setting("EU", 2024))


def test_rows_of_groups_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\n".join([",".join(HEADER).encode(), line(1, [], 0, "utf-8", blank=False)]))
    setting = Setting("EU", 2024, grouped=True)
    with pytest.raises(InputError, match=r"fleet\.grouped"):
        write_fixed(path, check_registry_file(path, setting), tmp_path / "out.csv", setting)
    assert not (tmp_path / "out.csv").exists()
