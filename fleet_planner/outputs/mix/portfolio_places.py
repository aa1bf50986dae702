"""The mix by home zone and depot, as layers of a GeoPackage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.outputs.layers import styles
from fleet_planner.outputs.layers.colourings import Colouring, coloured
from fleet_planner.outputs.layers.geopackage import areas, write_layer
from fleet_planner.outputs.layers.geopackage_tables import finish
from fleet_planner.outputs.layers.layer import Layer, Style, aliases
from fleet_planner.outputs.layers.roads import round_breaks
from fleet_planner.pipeline.computing.places import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network.home_places import Places
    from fleet_planner.pipeline.prepare import Prepared

LAYER = {"zone": "mix_by_zone", "depot": "mix_by_depot"}
ALL = "all_options"
DEPOT_COLOUR = "#cc79a7"


def by_home(mix: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Return the vehicles treated by place and option: name, a column per option, ``all_options``.

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
    columns = {column(o): [known.get((n, o), 0.0) for n in places.names] for o in options}
    whole = [sum(known.get((n, o), 0.0) for o in options) for n in places.names]
    return pl.DataFrame({"name": list(places.names), **columns, ALL: whole}, strict=False)


def column(option: str) -> str:
    """Return the column of an option, such as ``dpf_passive_and_rd99``."""
    return option.replace(" + ", "_and_")


def write_mix_places(ready: Prepared, mix: pl.DataFrame, path: Path) -> None:
    """Write the layers that the plan has geometries for, drawn by vehicles treated; no file where it has none.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses; the caller turns it into a message.
    """
    layers = [
        _layer(mix, places) for kind in KINDS if (places := ready.places.of(kind)) is not None and kind in mix.columns
    ]
    if not layers:
        return
    for layer in layers:
        write_layer(path, layer)
    city = ready.plan.city
    about = {
        "TITLE": f"{city.name}: the least-cost mix by home zone and depot",
        "TITLE_ZH": f"{city.name_zh or city.name}：各分区与车场的最低成本组合",
        "ABSTRACT": "Vehicles that the least-cost mix treats by home zone and depot, by option, all years.",
        "ATTRIBUTION": "Zones and depots: the plan's own files.",
        "LICENSE": "As the plan's own files.",
        "SCENARIOS": "",
    }
    finish(path, layers, {}, about)


def _layer(mix: pl.DataFrame, places: Places) -> Layer:
    """Return zones coloured, or depots sized, by the vehicles treated; each option is a style."""
    import shapely

    name, frame = LAYER[places.kind], by_home(mix, places)
    if places.kind == "depot":
        plain = Layer(name, frame, shapely.to_wkb(shapely.force_2d(places.geometry)), "Point", None, {})
        values = frame[ALL].to_numpy()
        breaks, top = round_breaks(values, 3), float(values.max(initial=1.0))
        qml = styles.sized_qml(ALL, breaks, top, DEPOT_COLOUR, aliases(name, frame.columns, {}))
        return plain.with_styles([Style("All options", qml, styles.point_sld(name, DEPOT_COLOUR, 4.0), "全部措施")])
    wkb, kind = areas(places.geometry)
    plain = Layer(name, frame, wkb, kind, None, {})
    own = [c for c in frame.columns if c not in {"name", ALL}]
    ways = [Colouring(ALL, ALL, "All options", "全部措施"), *(Colouring(c, ALL, c, c) for c in own)]
    return plain.with_styles(coloured(plain, ways))
