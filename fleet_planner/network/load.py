"""Choose the reader of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.errors import InputError, OutputError
from fleet_planner.network.builtin import load_coquimbo
from fleet_planner.network.graphs import load_graphml, load_place
from fleet_planner.network.osm import load_osm
from fleet_planner.network.table import load_table
from fleet_planner.network.table_files import LAYER
from fleet_planner.plan.models import NetworkSection
from fleet_planner.progress import Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")
GRAPH_SUFFIXES = (".graphml", ".graphml.gz")
TABLE_SUFFIXES = (".gpkg", ".parquet", ".pq", ".shp", ".geojson", ".fgb", ".csv")
HINT = (
    "Download an extract (.osm.pbf) of the city from Geofabrik (download.geofabrik.de) or BBBike "
    "(extract.bbbike.org) and put it there."
)


def load_network(section: NetworkSection, base: Path, country: str, progress: Progress = silent) -> Network:
    """Read the network of a plan; paths are relative to ``base``.

    Raises
    ------
    InputError
        The network is missing or cannot be read; the message says where to get it.
    """
    region = section.country_speeds or country
    if section.builtin:
        progress("reading the embedded network", 0.05)
        return load_coquimbo(region)
    if section.place:
        return load_place(section.place, region, section.download_hint, progress)
    path = base / section.file
    if not path.is_file():
        raise InputError("there is no such network file", section.download_hint or HINT, file=path)
    name = path.name.lower()
    if name.endswith(OSM_SUFFIXES):
        return load_osm(path, region, progress)
    if name.endswith(GRAPH_SUFFIXES):
        return load_graphml(path, region, progress)
    if name.endswith(TABLE_SUFFIXES):
        progress(f"reading {path.name}", 0.05)
        return load_table(path, section, region)
    raise InputError(
        "unknown kind of network file",
        f"Use one of {', '.join((*OSM_SUFFIXES, *GRAPH_SUFFIXES, *TABLE_SUFFIXES))}.",
        file=path,
    )


def links_geometry(network: Network) -> Any:
    """Return the links as shapely LineStrings, shape (links,)."""
    import shapely

    counts = np.diff(network.offsets)
    return shapely.linestrings(network.coordinates, indices=np.repeat(np.arange(counts.size), counts))


def write_network(network: Network, path: Path) -> None:
    """Write the links as layer ``links`` of a GeoPackage, whole or not at all.

    Raises
    ------
    OutputError
        The folder is missing or may not be written.
    """
    import geopandas as gpd

    frame = gpd.GeoDataFrame(network.links.to_pandas(), geometry=links_geometry(network), crs=4326)
    beside = path.with_name(f".{path.stem}.partial.gpkg")
    try:
        beside.unlink(missing_ok=True)
        about = {"attribution": network.attribution}
        frame.to_file(beside, layer=LAYER, driver="GPKG", engine="pyogrio", layer_metadata=about)
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        raise OutputError(
            f"the network cannot be written: {error}",
            "Name a folder that exists and may be written.",
            file=path,
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def read_network(path: Path) -> Network:
    """Read what `write_network` wrote; the same links, geometry and attribution.

    Raises
    ------
    InputError
        The file is missing, locked, or not a link table.
    """
    return load_network(NetworkSection(file=path.name), path.parent, "*")
