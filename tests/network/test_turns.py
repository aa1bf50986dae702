"""Turn restrictions become pairs of links, for the vehicles they bind; assigned traffic and buses heed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from shapely.geometry import box

from fleet_planner.activity.assignment.assigned import assign_traffic
from fleet_planner.activity.assignment.equilibrium import RoadGraph, UserClass, assign, skim
from fleet_planner.activity.assignment.turning import Bans, with_turns
from fleet_planner.activity.build import traffic_setting
from fleet_planner.activity.timetables.paths import Roads
from fleet_planner.cli.main import main
from fleet_planner.network import Network, load_network, read_network, write_network
from fleet_planner.network.turns import SCHEMA, turns_of
from fleet_planner.network.zones import Zones
from fleet_planner.plan.models import ActivitySection, NetworkSection
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.tables import columns

PLACES = {1: (0.0, 0.0), 2: (0.01, 0.0), 3: (0.02, 0.0), 4: (0.01, 0.01), 5: (0.01, -0.01), 6: (0.02, -0.01)}
PLACES |= {7: (0.03, 0.0), 8: (0.01, -0.02), 9: (0.02, -0.02)}
NODES = "".join(f"<node id='{n}' lon='{x}' lat='{y}'/>" for n, (x, y) in PLACES.items())
WAYS = {10: (1, 2), 11: (2, 3), 12: (2, 4), 13: (5, 2), 14: (5, 6), 15: (6, 3)}
"""A crossing of four arms at node 2; a way round from its southern arm to the eastern one."""

STUBS = {17: (3, 7), 18: (5, 8), 19: (6, 9)}
"""One-way out of town, from the corners of the way round: they make junctions of them."""


def way(number: int, nodes: tuple[int, ...], **tags: str) -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes)
    body = "".join(f"<tag k='{k}' v='{v}'/>" for k, v in {"highway": "residential", **tags}.items())
    return f"<way id='{number}'>{refs}{body}</way>"


def restriction(kind: str, *members: tuple[str, int, str], number: int = 90, **tags: str) -> str:
    inside = "".join(f"<member type='{t}' ref='{n}' role='{r}'/>" for t, n, r in members)
    pairs = {"type": "restriction", "restriction": kind} | {k.replace("__", ":"): v for k, v in tags.items()}
    body = "".join(f"<tag k='{k}' v='{v}'/>" for k, v in pairs.items() if v)
    return f"<relation id='{number}'>{inside}{body}</relation>"


LEFT = (("way", 10, "from"), ("node", 2, "via"), ("way", 12, "to"))


def load(folder: Path, relations: str, ways: dict[int, tuple[int, ...]] | None = None, **keys: Any) -> Network:
    drawn = "".join(way(n, nodes, oneway="yes" if n in STUBS else "no") for n, nodes in (ways or WAYS | STUBS).items())
    (folder / "n.osm").write_text(f"<osm version='0.6'>{NODES}{drawn}{relations}</osm>", encoding="utf-8")
    return load_network(NetworkSection(file="n.osm", **keys), folder, "*")


def pairs(network: Network, kind: str = "light") -> set[tuple[tuple[int, int], tuple[int, int]]]:
    """Forbidden turns as the nodes of both links."""
    ends = list(zip(network.links["u"], network.links["v"], strict=True))
    return {(ends[a], ends[b]) for a, b in zip(*(x.tolist() for x in turns_of(network.turns, kind)), strict=True)}


def counted(network: Network) -> dict[str, int]:
    found = {f.code: f for f in network.findings}
    left = found.get("network.turns_left_out")
    told = {k: int(str(v)) for k, v in left.values.items()} if left else {}
    return {"turns": found["network.turns"].count if "network.turns" in found else 0} | told


def test_no_turn_is_one_pair(tmp_path: Path) -> None:
    network = load(tmp_path, restriction("no_left_turn", *LEFT))
    assert pairs(network) == pairs(network, "truck") == pairs(network, "bus") == {((1, 2), (2, 4))}
    assert counted(network) == {"turns": 1}
    assert network.turns is not None
    assert network.turns.columns == [c.column for c in columns("turns")]
    assert network.turns["osm_id"].to_list() == [90]


def test_only_turn_forbids_all_others(tmp_path: Path) -> None:
    network = load(
        tmp_path, restriction("only_straight_on", ("way", 10, "from"), ("node", 2, "via"), ("way", 11, "to"))
    )
    assert pairs(network) == {((1, 2), (2, 4)), ((1, 2), (2, 5)), ((1, 2), (2, 1))}


def test_no_u_turn(tmp_path: Path) -> None:
    members = (("way", 10, "from"), ("node", 2, "via"), ("way", 10, "to"))
    assert pairs(load(tmp_path, restriction("no_u_turn", *members))) == {((1, 2), (2, 1))}


@pytest.mark.parametrize(
    ("tags", "bound"),
    [
        ({}, {"light", "truck", "bus"}),
        ({"except": "bus"}, {"light", "truck"}),
        ({"except": "psv;hgv"}, {"light"}),
        ({"restriction": "", "restriction__hgv": "no_left_turn"}, {"truck"}),
        ({"restriction": "", "restriction__bus": "no_left_turn"}, {"bus"}),
        ({"restriction": "", "restriction__bicycle": "no_left_turn"}, set()),
        ({"restriction": "", "restriction__conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, set()),
        ({"hour_on": "07:00", "hour_off": "09:00"}, set()),
    ],
)
def test_whom_a_restriction_binds(tmp_path: Path, tags: dict[str, str], bound: set[str]) -> None:
    text = restriction(tags.pop("restriction", "no_left_turn"), *LEFT, **tags)
    network = load(tmp_path, text)
    assert {kind for kind in ("light", "truck", "bus") if pairs(network, kind)} == bound
    if not bound:
        timed = int("bicycle" not in text)
        assert counted(network) == {"turns": 0, "timed": timed, "ways": 0, "off": 0, "broken": 1 - timed}


def test_what_cannot_be_placed_is_counted(tmp_path: Path) -> None:
    """A way that is not in the file, no via, a way that runs through the node."""
    missing = restriction("no_left_turn", ("way", 99, "from"), ("node", 2, "via"), ("way", 12, "to"))
    no_via = restriction("no_left_turn", ("way", 10, "from"), ("way", 12, "to"), number=91)
    through = restriction("no_left_turn", ("way", 20, "from"), ("node", 2, "via"), ("way", 12, "to"), number=92)
    ways = {20: (1, 2, 3), 12: (2, 4), 13: (5, 2), 14: (5, 6), 15: (6, 3)} | STUBS
    network = load(tmp_path, missing + no_via + through, ways)
    assert counted(network) == {"turns": 0, "timed": 0, "ways": 0, "off": 2, "broken": 1}


def test_chains_through_ways(tmp_path: Path) -> None:
    """From 14 over 15 to 11: all who drive on 15 to node 3 come by 14, so the last turn is barred."""
    members = (("way", 14, "from"), ("way", 15, "via"), ("way", 11, "to"))
    network = load(tmp_path, restriction("no_left_turn", *members))
    assert pairs(network) == {((6, 3), (3, 2))}
    # a road that leads into node 6 brings others, who may turn: no pair of links says the same
    more = {**WAYS, **STUBS, 21: (9, 6)}
    assert counted(load(tmp_path, restriction("no_left_turn", *members), more))["ways"] == 1
    # 13 leads from the crossing to node 5, where all but those who go out of town turn into 14
    back = (("way", 10, "from"), ("way", 13, "via"), ("way", 14, "to"))
    assert counted(load(tmp_path, restriction("no_left_turn", *back)))["ways"] == 1
    off = (("way", 10, "from"), ("way", 15, "via"), ("way", 14, "to"))
    assert counted(load(tmp_path, restriction("no_left_turn", *off)))["off"] == 1


def test_a_chain_whose_way_leads_nowhere_else_bars_its_entry(tmp_path: Path) -> None:
    """Without the stub at node 5, nobody on 13 can go elsewhere than into 14: no way in from 10."""
    ways = {n: nodes for n, nodes in (WAYS | STUBS).items() if n != 18} | {22: (5, 8)}
    drawn = "".join(way(n, x, oneway="yes" if n in STUBS else "-1" if n == 22 else "no") for n, x in ways.items())
    back = (("way", 10, "from"), ("way", 13, "via"), ("way", 14, "to"))
    text = f"<osm version='0.6'>{NODES}{drawn}{restriction('no_left_turn', *back)}</osm>"
    (tmp_path / "m.osm").write_text(text, encoding="utf-8")
    assert pairs(load_network(NetworkSection(file="m.osm"), tmp_path, "*")) == {((1, 2), (2, 5))}


def test_kept_and_clipped_networks_have_their_turns(tmp_path: Path) -> None:
    network = load(tmp_path, restriction("no_left_turn", *LEFT) + "<!-- " + "x" * 100_000 + " -->")
    again = load_network(NetworkSection(file="n.osm"), tmp_path, "*")
    assert list((tmp_path / ".fleet_planner_cache").glob("*.links"))
    assert network.turns is not None
    assert again.turns is not None
    assert again.turns.equals(network.turns)
    kept = load(tmp_path, restriction("no_left_turn", *LEFT), keep_classes=["residential"])
    assert pairs(kept) == {((1, 2), (2, 4))}


def test_a_written_network_keeps_its_turns(tmp_path: Path) -> None:
    network = load(tmp_path, restriction("no_left_turn", *LEFT))
    write_network(network, tmp_path / "links.gpkg")
    again = read_network(tmp_path / "links.gpkg")
    assert again.turns is not None
    assert network.turns is not None
    assert again.turns.equals(network.turns)
    assert again.links.height == network.links.height
    # a link that somebody deletes takes its turns along, and those of later links follow them to their new rows
    frame = gpd.read_file(tmp_path / "links.gpkg", layer="links")
    for gone, left in ((1, 1), (int(network.turns["to_link"].item()), 0)):
        frame[frame["link_id"] != gone].to_file(tmp_path / "links.gpkg", layer="links", driver="GPKG")
        edited = read_network(tmp_path / "links.gpkg")
        assert edited.turns is not None
        assert edited.turns.height == left
        if left:
            assert pairs(edited) == {((1, 2), (2, 4))}


def chain(bans: list[tuple[int, int]], groups: int = 1) -> tuple[RoadGraph, np.ndarray[Any, Any]]:
    """Zones 0 and 1, a triangle of roads 2-3-4: short way 0-2-3-1, long way 0-2-4-3-1."""
    tail, head = np.array([2, 2, 4, 0, 3]), np.array([3, 4, 3, 2, 1])
    time = np.array([1.0, 2.0, 2.0, 0.1, 0.1])
    n = tail.size
    graph = RoadGraph(2, tail, head, time.copy(), time, np.full(n, 1e6), np.full(n, 0.15), np.full(n, 4.0))
    first, second = (np.array([b[k] for b in bans], dtype=np.int64) for k in (0, 1))
    bound = np.zeros((groups, len(bans)), dtype=np.bool_)
    bound[0] = True
    return with_turns(graph, np.ones((groups, n), dtype=np.bool_), Bans(first, second, bound))


def test_a_graph_with_forbidden_turns_leads_around() -> None:
    free, allowed = chain([])
    assert skim(free, allowed[0]).time_h[0, 1] == pytest.approx(1.2)
    barred, allowed = chain([(3, 0)], groups=2)  # from the zone's tie into the short road
    assert skim(barred, allowed[0]).time_h[0, 1] == pytest.approx(4.2, abs=1e-5)
    assert skim(barred, allowed[1]).time_h[0, 1] == pytest.approx(1.2, abs=1e-5)
    assert np.array_equal(barred.length_km[:5], free.length_km)
    both, allowed = chain([(3, 0), (1, 2)])
    assert np.isinf(skim(both, allowed[0]).time_h[0, 1])


def test_equilibrium_of_two_classes_with_a_turn_for_one() -> None:
    graph, allowed = chain([(3, 0)], groups=2)
    trips = np.array([[0.0, 10.0], [0.0, 0.0]])
    classes = [UserClass("trucks", 2.0, allowed[0], trips), UserClass("cars", 1.0, allowed[1], trips)]
    found = assign(graph, classes, target_gap=1e-6)
    assert found.flow[:, 0] == pytest.approx([0.0, 10.0])
    assert found.flow[:, 1] == pytest.approx([10.0, 0.0])
    assert found.relative_gap < 1e-6


def test_every_route_obeys() -> None:
    """All pairs of random bans on a grid: the expanded graph's times are those of a search over links."""
    rng = np.random.default_rng(3)
    side = 4
    ends = [(r * side + c, r * side + c + 1) for r in range(side) for c in range(side - 1)]
    ends += [(r * side + c, (r + 1) * side + c) for r in range(side - 1) for c in range(side)]
    ends += [(b, a) for a, b in ends]
    zones = 2
    tail, head = (np.array([e[k] for e in ends]) + zones for k in (0, 1))
    tail, head = np.append(tail, [0, head.max()]), np.append(head, [zones, 1])
    n = tail.size
    time = rng.uniform(0.1, 1.0, n)
    graph = RoadGraph(zones, tail, head, time, time, np.ones(n), np.zeros(n), np.ones(n))
    follow = [(a, b) for a in range(n) for b in range(n) if head[a] == tail[b] and a != b]
    for _ in range(10):
        picked = [follow[k] for k in rng.choice(len(follow), 15, replace=False)]
        bans = Bans(*(np.array([p[k] for p in picked]) for k in (0, 1)), np.ones((1, len(picked)), dtype=np.bool_))
        grown, allowed = with_turns(graph, np.ones((1, n), dtype=np.bool_), bans)
        left = [pair for pair in follow if pair not in set(picked)]
        best = np.full(n, np.inf)
        best[n - 2] = time[n - 2]
        for _ in range(n):
            for a, b in left:
                best[b] = min(best[b], best[a] + time[b])
        got = skim(grown, allowed[0]).time_h[0, 1]
        assert got == pytest.approx(best[n - 1], abs=1e-4) or (np.isinf(got) and np.isinf(best[n - 1]))


def test_assigned_cars_go_around_and_buses_may_turn(tmp_path: Path) -> None:
    """From the west to the north: left at the crossing is for buses alone; cars go on and come back."""
    network = load(tmp_path, restriction("no_left_turn", *LEFT, **{"except": "bus"}))
    spots = [PLACES[1], PLACES[4]]
    squares = np.array([box(x - 1e-4, y - 1e-4, x + 1e-4, y + 1e-4) for x, y in spots], dtype=object)
    zones = Zones(("west", "north"), squares, np.array([100.0, 100.0]), None, None)
    vehicles = pl.DataFrame(
        {
            "stream": ["car", "minibus"],
            "category": ["passenger_car", "bus"],
            "segment": ["Medium", "Urban Buses Midi <=15 t"],
            "gross_mass_kg": [None, 9000.0],
            "km_per_year": [3.0e5, 3.0e5],
            "share_inside": [1.0, 1.0],
            "count": [1.0, 1.0],
        }
    )
    traffic = TrafficSection.model_validate({"method": "assigned"})
    setting = traffic_setting(network, vehicles, ActivitySection(), traffic, tmp_path, {})
    trips = np.array([[0.0, 50.0], [0.0, 0.0]])
    assigned = assign_traffic(setting, zones, {"light": trips, "bus": trips})
    assert next(f for f in assigned.findings if f.code == "activity.turns").count == 1
    ends = list(zip(network.links["u"], network.links["v"], strict=True))
    direct = [ends.index((1, 2)), ends.index((2, 4))]
    car, bus = (assigned.pattern[assigned.group_of[s]][0] for s in ("car", "minibus"))
    assert bus[direct].sum() > 0.9
    assert car[direct].sum() < 0.6  # on to the next junction, and back to the crossing from another side


def test_paths_of_buses_lack_forbidden_turns(tmp_path: Path) -> None:
    network = load(tmp_path, restriction("no_left_turn", *LEFT))
    free = load(tmp_path, "")
    ends = list(zip(network.links["u"], network.links["v"], strict=True))

    def leaving(own: Network, link: int) -> set[tuple[int, int]]:
        head, first, out = Roads.of(own).graph[:3]
        return {ends[k] for k in out[first[head[link]] : first[head[link] + 1]].tolist()}

    assert leaving(free, ends.index((1, 2))) - leaving(network, ends.index((1, 2))) == {(2, 4)}
    for link in range(len(ends)):
        if ends[link] != (1, 2):
            assert leaving(free, link) == leaving(network, link)


def test_the_command_line_writes_and_tells_them(tmp_path: Path) -> None:
    load(tmp_path, restriction("no_left_turn", *LEFT))
    out = tmp_path / "links.gpkg"
    command = ["network", "build", "--osm", str(tmp_path / "n.osm"), "--out", str(out)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "1 turn restrictions of the source forbid 1 turns" in result.output
    written = pl.DataFrame(pl.from_pandas(gpd.read_file(out, layer="turns")))
    assert written.select("osm_id", "light", "truck", "bus").rows() == [(90, True, True, True)]


def test_schema_is_that_of_the_dictionary() -> None:
    assert list(SCHEMA) == [c.column for c in columns("turns")]
