"""Bridges and tunnels stay where they are when roads are cut, merged, reversed and kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from shapely.geometry import box

from fleet_planner.network import cache
from fleet_planner.network.assemble import assemble
from fleet_planner.network.clip import clip
from fleet_planner.network.consolidate import consolidate
from fleet_planner.network.segments import Segments


def roads() -> Segments:
    """Return a road of five points whose third piece is a bridge, and a short one behind it; drawn eastwards."""
    frame = pl.DataFrame(
        {
            "u": [1, 2],
            "v": [2, 3],
            "osm_id": [10, 11],
            "name": ["Long", "Short"],
            "road_class": ["primary", "primary"],
            "hgv_allowed": [True, True],
            "direction": [0, 0],
            "maxspeed_kmh": [50.0, 50.0],
            "lanes_forward": [1.0, 1.0],
            "lanes_backward": [1.0, 1.0],
        }
    )
    east = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.05]) * 1e-3
    structure = np.array([False, False, False, True, False, False, False])
    return Segments(frame, np.column_stack([east, np.zeros(7)]), np.array([0, 5, 7]), structure=structure)


def bridges(segments: Segments) -> list[tuple[float, float]]:
    """Return from where to where each piece off the ground leads, in thousandths of a degree."""
    assert segments.structure is not None
    at = np.flatnonzero(segments.structure)
    assert not segments.structure[segments.offsets[:-1]].any()
    return [
        (round(float(segments.coordinates[i - 1, 0]) * 1e3, 6), round(float(segments.coordinates[i, 0]) * 1e3, 6))
        for i in at
    ]


def test_an_outline_across_a_bridge_keeps_its_part() -> None:
    kept, _ = clip(roads(), box(0.5e-3, -1.0, 2.5e-3, 1.0), Path("city.geojson"))
    assert bridges(kept) == [(2.0, 2.5)]
    kept, _ = clip(roads(), box(2.25e-3, -1.0, 2.75e-3, 1.0), Path("city.geojson"))
    assert bridges(kept) == [(2.25, 2.75)]
    kept, _ = clip(roads(), box(3.0e-3, -1.0, 5e-3, 1.0), Path("city.geojson"))
    assert bridges(kept) == []


def test_merged_junctions_are_reached_on_the_ground() -> None:
    merged, found = consolidate(roads(), 20.0)
    assert found[0].count == 1
    assert bridges(merged) == [(2.0, 3.0)]
    assert merged.structure is not None
    assert merged.structure.size == merged.offsets[-1] == len(merged.coordinates)


def test_both_directions_have_the_bridge_and_a_kept_table_too(tmp_path: Path) -> None:
    net = assemble(roads(), "*", "", "test", ())
    both = Segments(net.links, net.coordinates, net.offsets, structure=net.structure)
    assert sorted(bridges(both)) == [(2.0, 3.0), (3.0, 2.0)]
    with (tmp_path / "kept.links").open("wb") as handle:
        cache._write(net, handle)
    again = cache.load(tmp_path / "kept.links")
    assert again is not None
    assert again.structure is not None
    assert net.structure is not None
    assert again.structure.tolist() == net.structure.tolist()


def test_a_kept_table_of_many_pieces_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LINKS_AT_ONCE", "RAW_AT_ONCE"):
        monkeypatch.setattr(cache, name, 3)
    net = assemble(roads(), "*", "somebody", "test", ())
    forbidden = pl.DataFrame(
        {"from_link": [0], "to_link": [1], "osm_id": [7], "light": [True], "truck": [True], "bus": [False]}
    )
    for turns in (None, forbidden[:0], forbidden):
        with (tmp_path / "kept.links").open("wb") as handle:
            cache._write(replace(net, turns=turns), handle)
        again = cache.load(tmp_path / "kept.links")
        assert again is not None
        assert again.links.equals(net.links)
        assert again.coordinates.tobytes() == net.coordinates.tobytes()
        assert again.offsets.tolist() == net.offsets.tolist()
        assert again.structure is not None
        assert again.structure.tobytes() == np.asarray(net.structure).tobytes()
        assert (again.attribution, again.findings) == (net.attribution, net.findings)
        assert again.turns is None if turns is None else turns.equals(again.turns)
    data = bytearray((tmp_path / "kept.links").read_bytes())
    for at in (3, len(cache.MAGIC) + 1, len(data) // 2, len(data) - 1):
        (tmp_path / "hurt.links").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert cache.load(tmp_path / "hurt.links") is None
        (tmp_path / "cut.links").write_bytes(data[:at])
        assert cache.load(tmp_path / "cut.links") is None
