"""Which columns a layer can be coloured by: a style for each pollutant and scenario, the first one opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from fleet_planner.outputs.layers import frames, styles
from fleet_planner.outputs.layers.classes import change_bounds, log_breaks
from fleet_planner.outputs.layers.layer import LONGEST_STYLE, Style, described
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.outputs.layers.layer import Layer
    from fleet_planner.tables import PollutantSpec

FLOW_QUANTILE = 0.995


@dataclass(frozen=True)
class Colouring:
    """A column to colour by, the column whose values make the classes, and the style's name in two languages."""

    column: str
    classes_of: str
    name: str
    name_zh: str


def by_scenario(
    specs: Iterable[PollutantSpec], titles_zh: Mapping[str, str], column: Callable[[PollutantSpec, str], str]
) -> list[Colouring]:
    """Return a colouring for each pollutant and scenario; all scenarios of a pollutant share its classes.

    Parameters
    ----------
    specs
        Pollutants of the map; the first one opens.
    titles_zh
        Chinese titles of the scenarios by name, the baseline first: the classes are those of its values.
    column
        Name of the column of a pollutant and scenario.
    """
    base = next(iter(titles_zh))
    return [
        Colouring(
            column(spec, scenario),
            column(spec, base),
            f"{short_name(spec)}, {scenario}",
            f"{short_name(spec, chinese=True)}，{title}",
        )
        for spec in specs
        for scenario, title in titles_zh.items()
    ]


def change_ways(layer: str, specs: Iterable[PollutantSpec]) -> list[Colouring]:
    """Return the ways to colour a map of changes: by what is more or less on a km (km²), and by its share."""
    english, chinese = report_words("en"), report_words("zh")
    per: Literal["per_km", "per_km2"] = "per_km" if layer == "links" else "per_km2"
    kinds: list[tuple[Literal["per_km", "per_km2", "pct"], str]] = [
        (per, "gis_change_style" if per == "per_km" else "gis_change_area"),
        ("pct", "gis_change_pct"),
    ]
    out = []
    for kind, key in kinds:
        for spec in specs:
            column = frames.change_column(spec, kind)
            name = english[key].format(pollutant=short_name(spec))
            out.append(Colouring(column, column, name, chinese[key].format(pollutant=short_name(spec, chinese=True))))
    return out


def short_name(spec: PollutantSpec, *, chinese: bool = False) -> str:
    """Return a pollutant's name for lists, such as ``PM2.5 non-exhaust``."""
    wear = spec.pollutant.endswith("_non_exhaust")
    stem = spec.pollutant.removesuffix("_non_exhaust").removesuffix("_exhaust").replace("_", " ")
    if wear:
        return f"磨损{stem}" if chinese else f"{stem} non-exhaust"
    if spec.pollutant.endswith("_exhaust"):
        return f"尾气{stem}" if chinese else f"{stem} exhaust"
    return stem


def coloured(layer: Layer, colourings: Sequence[Colouring]) -> tuple[Style, ...]:
    """Return a style for each colouring whose columns the layer has, lines as wide as their flow.

    Parameters
    ----------
    layer
        Lines or areas, without styles yet.
    colourings
        In the order of the styles.
    """
    name, frame, polygons = layer.name, layer.frame, "Polygon" in layer.geometry_type
    told = described(layer.kind or name, frame.columns, layer.scenarios)
    titles = {column: text.title for column, text in told.items()}
    width = "" if polygons else width_by_flow(frame)
    taken: dict[str, int] = {}
    chinese: dict[str, int] = {}
    limits: dict[str, list[float]] = {}
    out = []
    for one in colourings:
        if one.column not in frame.columns or one.classes_of not in frame.columns:
            continue
        unit = told[one.column].unit if one.column in told else ""
        if one.classes_of not in limits:
            limits[one.classes_of] = log_breaks(_values(frame, one.classes_of))
        breaks = limits[one.classes_of]
        top = float(np.nanmax(_values(frame, one.column), initial=0.0))
        out.append(
            Style(
                _unlike(one.name, taken),
                styles.graduated_qml(one.column, breaks, top, titles, polygons=polygons, width=width, unit=unit),
                styles.graduated_sld(name, one.column, breaks, top, polygons=polygons, unit=unit),
                _unlike(one.name_zh, chinese, most=None),
            )
        )
    return tuple(out)


def changed(layer: Layer, colourings: Sequence[Colouring]) -> tuple[Style, ...]:
    """Return a style of less and more for each colouring, with classes that are symmetric about zero."""
    name, frame, polygons = layer.name, layer.frame, "Polygon" in layer.geometry_type
    told = described(layer.kind or name, frame.columns, layer.scenarios)
    titles = {column: text.title for column, text in told.items()}
    width = "" if polygons else width_by_flow(frame)
    taken: dict[str, int] = {}
    chinese: dict[str, int] = {}
    out = []
    for one in colourings:
        unit = told[one.column].unit if one.column in told else ""
        bounds = change_bounds([_values(frame, one.column)])
        out.append(
            Style(
                _unlike(one.name, taken),
                styles.change_qml(one.column, bounds, titles, polygons=polygons, width=width, unit=unit),
                styles.change_sld(name, one.column, bounds, polygons=polygons, unit=unit),
                _unlike(one.name_zh, chinese, most=None),
            )
        )
    return tuple(out)


def width_by_flow(frame: pl.DataFrame) -> str:
    """Return the expression of lines' width by vehicles a day; "" where the layer has none."""
    if not {"vkt_per_day", "length_km"} <= set(frame.columns):
        return ""
    flow = _values(frame, "vkt_per_day") / np.maximum(_values(frame, "length_km"), 1e-9)
    top = float(f"{np.quantile(flow, FLOW_QUANTILE):.1e}") if flow.size else 0.0
    return styles.flow_width(top) if top > 0.0 else ""


def _values(frame: pl.DataFrame, column: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = frame[column].cast(float).fill_null(float("nan")).to_numpy()
    return values


def _unlike(name: str, taken: dict[str, int], most: int | None = LONGEST_STYLE) -> str:
    """Return a name that is short enough and not taken yet."""
    short = name[:most]
    taken[short] = taken.get(short, 0) + 1
    mark = f"~{taken[short]}"
    if taken[short] == 1:
        return short
    return (short if most is None else short[: most - len(mark)]) + mark
