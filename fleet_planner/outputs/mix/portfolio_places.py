"""The mix by home zone and depot, as layers of a GeoPackage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import polars as pl
import pyogrio

from fleet_planner.pipeline.computing.places import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.home_places import Places
    from fleet_planner.pipeline.prepare import Prepared

LAYER = {"zone": "mix_by_zone", "depot": "mix_by_depot"}


def by_home(mix: pl.DataFrame, places: Places) -> gpd.GeoDataFrame:
    """Return the vehicles treated by place and option: name, a column per option, ``all_options``, geometry.

    Parameters
    ----------
    mix
        ``tables``' mix: a row per group, option and year, with the column of the places' kind.
    places
        Zones or depots; those without treated vehicles have noughts.
    """
    options = mix["option"].unique().sort().to_list()
    summed = mix.group_by(places.kind, "option").agg(pl.col("vehicles").sum())
    known = {(place, option): v for place, option, v in summed.iter_rows()}
    columns = {o.replace(" + ", "_and_"): [known.get((n, o), 0.0) for n in places.names] for o in options}
    whole = [sum(known.get((n, o), 0.0) for o in options) for n in places.names]
    data = {"name": list(places.names), **columns, "all_options": whole}
    return gpd.GeoDataFrame(data, geometry=list(places.geometry), crs="EPSG:4326")


def write_mix_places(ready: Prepared, mix: pl.DataFrame, path: Path) -> None:
    """Write the layers that the plan has geometries for; no file where it has none."""
    for kind in KINDS:
        places = ready.places.of(kind)
        if places is not None and kind in mix.columns:
            pyogrio.write_dataframe(by_home(mix, places), path, layer=LAYER[kind], driver="GPKG")
