"""Choose the reader of a network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.errors import InputError, OutputError
from fleet_planner.network.builtin import read_coquimbo
from fleet_planner.network.cache import kept
from fleet_planner.network.gmns import is_gmns, read_gmns
from fleet_planner.network.graphs import read_graphml
from fleet_planner.network.osm import read_osm
from fleet_planner.network.place import read_place
from fleet_planner.network.prepare import prepare, read_areas
from fleet_planner.network.table import read_table
from fleet_planner.network.table_files import LAYER, TURNS
from fleet_planner.plan.models import NetworkSection
from fleet_planner.progress import Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.network.segments import Source

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
    areas = read_areas(section, base)

    def reference() -> Network:
        other = NetworkSection(file=section.datum_reference, cache=section.cache)
        return load_network(other, base, country, progress)

    def read() -> Network:
        asked = reference if section.datum_reference else None
        return prepare(_source(section, base, progress), section, base, region, areas, asked)

    if not section.file:
        return read()
    path = base / section.file
    if not path.exists():
        raise InputError("there is no such network file", section.download_hint or HINT, file=path)
    return kept(network_files(section, base), section, region, read)


def network_files(section: NetworkSection, base: Path) -> list[Path]:
    """Return the files that the links of a plan follow from, the network's own first.

    Raises
    ------
    InputError
        ``datum_reference`` names no file.
    """
    if not section.file:
        return []
    path = base / section.file
    own = sorted(p for p in path.iterdir() if p.suffix == ".csv") if path.is_dir() else [path]
    own += [
        p
        for end in (".dbf", ".shx", ".prj", ".cpg")
        if path.suffix == ".shp" and (p := path.with_suffix(end)).is_file()
    ]
    if section.datum_reference and not (base / section.datum_reference).is_file():
        raise InputError(
            "there is no such network file", "Check network.datum_reference.", file=base / section.datum_reference
        )
    return own + [base / x for x in (section.clip, section.low_emission_zones, section.datum_reference) if x]


def _source(section: NetworkSection, base: Path, progress: Progress) -> Source:
    """Return what the reader finds that the section asks for."""
    if section.builtin:
        progress("reading the embedded network", 0.05)
        return read_coquimbo()
    if section.place:
        return read_place(section.place, section.download_hint, progress)
    path = base / section.file
    name = path.name.lower()
    if path.is_file() and name.endswith(OSM_SUFFIXES):
        return read_osm(path, section.keep_classes, progress)
    if path.is_file() and name.endswith(GRAPH_SUFFIXES):
        return read_graphml(path, progress)
    progress(f"reading {path.name}", 0.05)
    if path.is_file() and name.endswith(TABLE_SUFFIXES):
        return read_table(path, section)
    if is_gmns(path):
        return read_gmns(path, section)
    raise InputError(
        "this is no GMNS network: it has neither link.csv nor node.csv"
        if path.is_dir()
        else "unknown kind of network file",
        f"Use one of {', '.join((*OSM_SUFFIXES, *GRAPH_SUFFIXES, *TABLE_SUFFIXES))}, or GMNS tables (a folder, .zip).",
        file=path,
    )


def links_geometry(network: Network) -> Any:
    """Return the links as shapely LineStrings, shape (links,)."""
    import shapely

    counts = np.diff(network.offsets)
    return shapely.linestrings(network.coordinates, indices=np.repeat(np.arange(counts.size), counts))


def write_network(network: Network, path: Path) -> None:
    """Write the links as layer ``links`` of a GeoPackage, forbidden turns as table ``turns``; whole or not at all.

    Raises
    ------
    OutputError
        The folder is missing or may not be written.
    """
    import geopandas as gpd
    import pyogrio

    frame = gpd.GeoDataFrame(network.links.to_pandas(), geometry=links_geometry(network), crs=4326)
    beside = path.with_name(f".{path.stem}.partial-{os.getpid()}.gpkg")
    try:
        beside.unlink(missing_ok=True)
        about = {"attribution": network.attribution}
        frame.to_file(beside, layer=LAYER, driver="GPKG", engine="pyogrio", layer_metadata=about)
        if network.turns is not None and network.turns.height:
            pyogrio.write_dataframe(network.turns.to_pandas(), beside, layer=TURNS, driver="GPKG", append=True)
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
