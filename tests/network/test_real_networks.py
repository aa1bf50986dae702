"""The real networks beside the repository: against osmnx's own graph, and against their published lengths."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest

from fleet_planner.network import load_network
from fleet_planner.network.model import Network
from fleet_planner.plan.models import ColumnMap, NetworkSection

pytestmark = pytest.mark.city
GIVEN = ("road_class", "free_flow_kmh", "name")
BEIJING = NetworkSection(
    file="beijing/beijing_nw_core_links.parquet",
    columns=ColumnMap(u="from_node", v="to_node", length_m="length_m"),
    road_classes={"1": "trunk", "2": "secondary", "3": "residential"},
    cache=False,
)


def load(folder: Path, name: str, region: str) -> Network:
    return load_network(NetworkSection(file=name, cache=False), folder, region)


def km_by_class(links: pl.DataFrame, *, directed: bool) -> dict[str, float]:
    """Length by class; of roads, both directions counted once, or of directed links."""
    share = 1.0 if directed else pl.when("oneway").then(1.0).otherwise(0.5)
    return dict(links.group_by("road_class").agg((pl.col("length_km") * share).sum()).iter_rows())


def test_santa_monica_agrees_with_osmnx(shared_data: Path) -> None:
    """Each of osmnx's edges is one of our links, or several in a row where tags change along it.

    osmnx joins ways of unequal lanes, limits or names and takes lists or means; links here end where a tag changes.
    osmnx's graph is clipped to the city, so the file has more links than it.
    """
    folder = shared_data / "santa_monica"
    ours = load(folder, "santa_monica_drive.osm.pbf", "US-CA").links
    oracle = load(folder, "santa_monica_drive_osmnx.graphml.gz", "US-CA").links
    assert oracle.height == 3_570
    pairs = oracle.with_row_index("edge").join(ours, on=["u", "v"], suffix="_ours")
    nearest = (pl.col("length_km") - pl.col("length_km_ours")).abs()
    same = pairs.sort(nearest).unique("edge", keep="first")
    others = oracle.with_row_index("edge").join(same, on="edge", how="anti")
    assert (same.height, others.height) == (3_034, 536)
    # length: to a metre, but for two
    assert (same.select(nearest).to_series() < 1e-3).sum() >= same.height - 2
    # edges of several links: the way between their ends is as long
    graph = nx.DiGraph()
    for u, v, km in ours.sort("length_km", descending=True).select("u", "v", "length_km").iter_rows():
        graph.add_edge(u, v, km=km)
    along = [nx.shortest_path_length(graph, u, v, "km") for u, v in others.select("u", "v").iter_rows()]
    ratio = np.array(along) / others["length_km"].to_numpy()
    # but for nine wrong-way edges of two circles (junction=circular: one-way here, not in osmnx) and three edges
    # beside which there is a shorter way
    assert (np.abs(ratio - 1.0) < 1e-3).sum() == others.height - 12
    assert set(others.filter(pl.Series(ratio > 1.001))["osm_id"]) == {1113207615, 1136328489}
    # attributes that the tags give; where they lack, defaults differ by what is built up, as the graph has no land use
    for name in GIVEN:
        part = same
        if name == "free_flow_kmh":
            part = same.filter((pl.col("speed_source") == "given") & (pl.col("speed_source_ours") == "given"))
        agree = part[name].eq_missing(part[f"{name}_ours"]).mean()
        assert part.height > 1_000
        assert agree > 0.995, (name, agree)
    # the graph keeps the lanes of both directions together, the file says how many each has: their sum agrees
    road = pl.concat_list(pl.min_horizontal("u", "v"), pl.max_horizontal("u", "v")), pl.col("osm_id")
    lanes = same.filter((pl.col("lanes_source") == "given") & (pl.col("lanes_source_ours") == "given"))
    lanes = lanes.group_by(*road).agg(pl.col("lanes", "lanes_ours").sum())
    assert lanes.height > 500

    assert (lanes["lanes"] == lanes["lanes_ours"]).mean() > 0.98
    # a graph's edge is one-way where no edge leads back, a way where it is tagged so: differs between carriageways
    assert (same["oneway"] == same["oneway_ours"]).mean() > 0.985
    assert not same.filter(pl.col("oneway") & ~pl.col("oneway_ours")).height


@pytest.mark.parametrize(
    ("name", "region", "published"),
    [
        (
            "santa_monica/santa_monica_drive.osm.pbf",
            "US-CA",
            {"residential": 243, "tertiary": 71, "secondary": 38, "primary": 21},
        ),
        (
            "los_angeles/socal_major_roads.osm.pbf",
            "US-CA",
            {"motorway": 2_163, "motorway_link": 1_238, "primary": 1_731, "primary_link": 40},
        ),
        (
            "sao_paulo/sao_paulo_centre.osm.pbf",
            "BR",
            {"residential": 285, "tertiary": 110, "secondary": 84, "trunk": 63, "primary": 63},
        ),
        ("beijing", "CN-BJ", {"trunk": 295, "secondary": 926, "residential": 2_446}),
    ],
)
def test_length_by_class(shared_data: Path, name: str, region: str, published: dict[str, float]) -> None:
    """Within 1 km or 0.4 %: ramps that are closed or private (17 ways of Southern California) are left out here."""
    table = name == "beijing"
    network = load_network(BEIJING, shared_data, region) if table else load(shared_data, name, region)
    found = km_by_class(network.links, directed=table)
    for road_class, km in published.items():
        assert found[road_class] == pytest.approx(km, abs=1.0, rel=4e-3), road_class
    assert network.links["length_km"].min() >= 0.0
    assert network.links.select("lanes", "free_flow_kmh", "capacity_veh_h").null_count().row(0) == (0, 0, 0)
