"""Networks in the General Modeling Network Specification: node.csv, link.csv, and where given geometry, config.

The columns are those of the specification (github.com/zephyr-data-specs/GMNS, folder spec). Units come from
``config.csv``; without it lengths are metres and speeds km/h, and lengths that do not fit the geometry are refused,
because a wrong unit would scale every result. ``capacity`` is by lane, as there.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.network.segments import Float, Int, Segments, Source, lengths_km
from fleet_planner.network.table_files import to_wgs84
from fleet_planner.units import KM_PER_MILE, M_PER_KM
from fleet_planner.unpacking import read_zip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.plan.models import NetworkSection

NODES, LINKS, GEOMETRY, CONFIG = "node.csv", "link.csv", "geometry.csv", "config.csv"
KM = {
    "m": 1.0 / M_PER_KM,
    "meter": 1.0 / M_PER_KM,
    "km": 1.0,
    "kilometer": 1.0,
    "mi": KM_PER_MILE,
    "mile": KM_PER_MILE,
    "ft": 0.3048 / M_PER_KM,
    "foot": 0.3048 / M_PER_KM,
    "feet": 0.3048 / M_PER_KM,
}
"""Units of length in km (foot: international, exact)."""

KMH = {"kmh": 1.0, "kph": 1.0, "km/h": 1.0, "mph": KM_PER_MILE, "m/s": 3.6}
CLASSES = {
    "freeway": "motorway",
    "expressway": "trunk",
    "highway": "trunk",
    "arterial": "primary",
    "principal arterial": "primary",
    "major arterial": "primary",
    "minor arterial": "secondary",
    "collector": "tertiary",
    "major collector": "tertiary",
    "minor collector": "unclassified",
    "local": "residential",
    "ramp": "motorway_link",
}
"""OpenStreetMap's class of usual words for ``facility_type``, our choice; the plan's ``road_classes`` go before."""

MOTOR = ("auto", "car", "all", "truck", "hov", "sov", "bus", "vehicle", "motor", "drive")
TRUE = ("1", "true", "t", "yes", "y")
LENGTHS_FIT = 1.5
"""Median ratio of stated to drawn length beyond which a unit must be wrong."""


def is_gmns(path: Path) -> bool:
    """Return whether a folder or archive holds a GMNS link table."""
    if path.is_dir():
        return (path / LINKS).is_file() or (path / NODES).is_file()
    return path.suffix.lower() == ".zip"


def read_gmns(path: Path, section: NetworkSection) -> Source:
    """Read a GMNS network from a folder or a zip archive.

    Links whose nodes are missing and that have no geometry are dropped and counted; so are links whose
    ``allowed_uses`` name no motor vehicle.

    Raises
    ------
    InputError
        A table is missing or broken, a node or link holds something impossible, or lengths do not fit the geometry.
    """
    tables = _tables(path)
    links = _required(tables, LINKS, ("from_node_id", "to_node_id"), path).with_row_index("row", offset=2)
    nodes = _required(tables, NODES, ("node_id", "x_coord", "y_coord"), path).with_row_index("row", offset=2)
    config = tables.get(CONFIG, pl.DataFrame())
    where = _file(path, LINKS)
    findings = []
    if "allowed_uses" in links.columns:
        motor = links["allowed_uses"].is_null() | links["allowed_uses"].str.to_lowercase().str.contains_any(list(MOTOR))
        if not motor.all():
            findings.append(Finding("network.left_out", "info", {}, int((~motor).sum())))
        links = links.filter(motor)
    links, coordinates, offsets, dropped = _lines(links, _places(nodes, path), tables.get(GEOMETRY), path)
    if dropped:
        findings.append(Finding("network.missing_nodes", "warning", {}, dropped))
    coordinates = to_wgs84(coordinates, _text(config, "crs"), path)
    frame, stated = _attributes(links, config, section, where)
    if stated:
        _check_lengths(frame, lengths_km(coordinates, offsets), config, where)
    else:
        findings.append(Finding("network.gmns_lengths", "assumption"))
    if config.is_empty():
        findings.append(Finding("network.gmns_units", "assumption"))
    licence = section.licence or "licence of the network not stated in the plan (network.licence)"
    words = " ".join([path.name, *(str(x) for x in config.row(0))] if config.height else [path.name])
    return Source(
        Segments(frame, coordinates, offsets, directed=True), licence, str(path), tuple(findings), words=words
    )


def _tables(path: Path) -> dict[str, pl.DataFrame]:
    """Return the tables that are there, all columns as text."""
    wanted = (NODES, LINKS, GEOMETRY, CONFIG)
    try:
        if path.is_dir():
            found = {name: (path / name).read_bytes() for name in wanted if (path / name).is_file()}
        else:
            found = read_zip(path, wanted)
        return {n: pl.read_csv(io.BytesIO(data), infer_schema=False) for n, data in found.items() if data.strip()}
    except TABLE_FAULTS as error:
        raise InputError(
            f"this GMNS network cannot be read: {error}", "Check that it is whole and UTF-8 text.", file=path
        ) from error


def _required(tables: Mapping[str, pl.DataFrame], name: str, columns: tuple[str, ...], path: Path) -> pl.DataFrame:
    if name not in tables:
        raise InputError(
            f"the GMNS network has no {name}",
            f"Put {NODES} and {LINKS} into one folder or zip archive.",
            file=path,
        )
    table = tables[name]
    for column in columns:
        if column not in table.columns:
            have = ", ".join(table.columns)
            raise InputError(
                "a column of the GMNS specification is missing",
                f"The table has: {have}.",
                file=_file(path, name),
                column=column,
            )
    return table


def _file(path: Path, name: str) -> str:
    return f"{path}/{name}"


def _places(nodes: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return ``node, number, x, y``; nodes are numbered as they stand, by their own ids where these are numbers."""
    where = _file(path, NODES)
    xy = nodes.select("row", "node_id", *(pl.col(c).cast(pl.Float64, strict=False) for c in ("x_coord", "y_coord")))
    for column in ("x_coord", "y_coord"):
        bad = xy[column].is_null() | ~xy[column].is_finite().fill_null(value=False)
        if bad.any():
            row = nodes.filter(bad).row(0, named=True)
            raise InputError(
                "a node has no place", "Give x_coord and y_coord.", file=where, row=row["row"], column=column,
                value=row[column],
            )  # fmt: skip
    twice = xy.filter(xy["node_id"].is_duplicated() | xy["node_id"].is_null())
    if twice.height:
        row = twice.row(-1, named=True)
        raise InputError(
            "a node_id is missing or given twice", "Give each node its own.", file=where, row=row["row"],
            column="node_id", value=row["node_id"],
        )  # fmt: skip
    numbers = xy["node_id"].cast(pl.Int64, strict=False)
    if numbers.null_count():
        numbers = pl.Series(range(xy.height), dtype=pl.Int64)
    return xy.select(node="node_id", number=numbers, x="x_coord", y="y_coord")


def _lines(
    links: pl.DataFrame, places: pl.DataFrame, geometry: pl.DataFrame | None, path: Path
) -> tuple[pl.DataFrame, Float, Int, int]:
    """Return the links with ``u, v``, their lines in the direction of travel, and how many had to be dropped."""
    import shapely

    table = links.with_columns(wkt=pl.col("geometry") if "geometry" in links.columns else pl.lit(None, dtype=pl.String))
    if geometry is not None and {"geometry_id", "geometry"} <= set(geometry.columns) and "geometry_id" in links.columns:
        drawn = geometry.select("geometry_id", drawn="geometry").unique("geometry_id", keep="first")
        table = table.join(drawn, on="geometry_id", how="left", maintain_order="left")
        table = table.with_columns(wkt=pl.coalesce("wkt", "drawn"))
    for end, key in (("from_node_id", "a"), ("to_node_id", "b")):
        named = places.rename({"node": end, "number": key, "x": f"x_{key}", "y": f"y_{key}"})
        table = table.join(named, on=end, how="left", maintain_order="left")
    known = table["a"].is_not_null() & table["b"].is_not_null()
    dropped = int((~known).sum())
    table = table.filter(known)
    if table.is_empty():
        raise InputError(
            "no link of the GMNS network has both its nodes in node.csv",
            "Check that node_id and from_node_id, to_node_id are the same numbers.",
            file=_file(path, LINKS),
        )
    shapes = shapely.from_wkt(table["wkt"].to_list(), on_invalid="ignore")
    lost = shapely.is_missing(shapes) & table["wkt"].is_not_null().to_numpy()
    if lost.any():
        row = table.row(int(np.argmax(lost)), named=True)
        raise InputError(
            "this is no line in well-known text", "Write LINESTRING (x y, x y).", file=_file(path, LINKS),
            row=row["row"], column="geometry", value=str(row["wkt"])[:60],
        )  # fmt: skip
    straight = shapely.linestrings(table.select("x_a", "y_a", "x_b", "y_b").to_numpy().reshape(-1, 2, 2))
    shapes = np.where(shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING, shapes, straight)
    if "dir_flag" in table.columns:
        against = (table["dir_flag"].cast(pl.Float64, strict=False) == -1.0).fill_null(value=False).to_numpy()
        shapes = np.where(against, shapely.reverse(shapes), shapes)
    coordinates, index = shapely.get_coordinates(shapes, return_index=True)
    offsets = np.searchsorted(index, np.arange(table.height + 1)).astype(np.int64)
    return table, coordinates, offsets, dropped


def _attributes(
    links: pl.DataFrame, config: pl.DataFrame, section: NetworkSection, where: str
) -> tuple[pl.DataFrame, bool]:
    """Return the segments, and whether they have lengths of their own."""
    kinds = _column(links, "facility_type").str.to_lowercase().str.strip_chars()
    classes = kinds.replace(CLASSES | {k.lower(): v for k, v in section.road_classes.items()})
    directed = _column(links, "directed").str.to_lowercase()
    numbers = {name: _number(links, name, where) for name in ("length", "free_speed", "lanes", "capacity")}
    lanes = numbers["lanes"].set(numbers["lanes"] == 0.0, None)
    speed = numbers["free_speed"].set(numbers["free_speed"] == 0.0, None)
    uses = _column(links, "allowed_uses").str.to_lowercase()
    buses = uses.str.contains("bus").fill_null(value=False) & ~uses.str.contains_any(
        [m for m in MOTOR if m != "bus"]
    ).fill_null(value=False)
    frame = pl.DataFrame(
        {
            "u": links["a"],
            "v": links["b"],
            "osm_id": _column(links, "osm_way_id").cast(pl.Int64, strict=False),
            "name": _column(links, "name"),
            "road_class": classes.fill_null("unclassified"),
            "direction": directed.is_null().cast(pl.Int64) | directed.is_in(TRUE).fill_null(value=True).cast(pl.Int64),
            "maxspeed_kmh": speed * _unit(config, "speed", KMH, "km/h", where),
            "lanes_forward": lanes,
            "lanes_backward": lanes,
            "hgv_allowed": pl.repeat(value=True, n=links.height, eager=True),
            "bus_only": buses,
            "capacity_veh_h_lane": numbers["capacity"],
        }
    )
    length = numbers["length"].set(numbers["length"] == 0.0, None)
    if length.null_count() == length.len():
        return frame, False
    return frame.with_columns(length_km=length * _unit(config, "long_length", KM, "m", where)), True


def _column(table: pl.DataFrame, name: str) -> pl.Series:
    return table[name] if name in table.columns else pl.Series([None] * table.height, dtype=pl.String)


def _number(links: pl.DataFrame, name: str, where: str) -> pl.Series:
    """Return a column of numbers that may be missing but not negative."""
    texts = _column(links, name)
    numbers = texts.cast(pl.Float64, strict=False).fill_nan(None)
    empty = texts.is_null() | texts.str.to_lowercase().is_in(["", "nan"]).fill_null(value=True)
    bad = (numbers.is_null() & ~empty) | (numbers < 0.0).fill_null(value=False)
    if bad.any():
        row = links.filter(bad).row(0, named=True)
        raise InputError(
            f"this is no {name} of a link", "Give a number that is not negative, or nothing.", file=where,
            row=row["row"], column=name, value=row[name],
        )  # fmt: skip
    return numbers


def _text(config: pl.DataFrame, name: str) -> str | None:
    value = config[name][0] if name in config.columns and config.height else None
    return str(value).strip() or None if value is not None else None


def _unit(config: pl.DataFrame, name: str, known: Mapping[str, float], default: str, where: str) -> float:
    text = (_text(config, name) or default).lower()
    if name == "speed":
        text = text.replace("per hour", "/h").replace(" ", "").replace("miles/h", "mph").replace("kilometers/h", "km/h")
    found = known.get(text, known.get(text.removesuffix("s").replace("metre", "meter")))
    if found is None:
        raise InputError(
            f"the unit of {name} is not known",
            f"Use one of {', '.join(known)}.",
            file=where.replace(LINKS, CONFIG),
            column=name,
            value=text,
        )
    return found


def _check_lengths(frame: pl.DataFrame, drawn_km: Float, config: pl.DataFrame, where: str) -> None:
    """Refuse lengths that are shorter or longer than the geometry by half: their unit must be another."""
    both = frame["length_km"].is_not_null().to_numpy() & (drawn_km > 0.0)
    ratio = float(np.median(frame["length_km"].to_numpy()[both] / drawn_km[both])) if both.any() else 1.0
    if not 1.0 / LENGTHS_FIT <= ratio <= LENGTHS_FIT:
        unit = _text(config, "long_length") or "none stated: taken as m"
        raise InputError(
            f"the lengths of the links are {ratio:.3g} times those of their geometry: the unit must be wrong ({unit})",
            "State long_length in config.csv (m, km, mi, ft).",
            file=where,
            column="length",
        )
