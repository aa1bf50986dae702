"""Tables with the geometry of roads, as geopandas has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fleet_planner.network import links_geometry

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from fleet_planner.network import Network

WGS84 = 4326


def on_roads(frame: pl.DataFrame, network: Network) -> gpd.GeoDataFrame:
    """Return a table with a row per link, in the network's order, with the links' geometry."""
    return gpd.GeoDataFrame(frame.to_pandas(), geometry=links_geometry(network), crs=WGS84)


def on_map(frame: pl.DataFrame, wkb: Iterable[bytes]) -> gpd.GeoDataFrame:
    """Return a table with geometries that are given as WKB."""
    return gpd.GeoDataFrame(frame.to_pandas(), geometry=shapely.from_wkb(np.array(list(wkb), dtype=object)), crs=WGS84)
