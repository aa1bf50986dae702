"""Which columns a layer can be coloured by: a style for each pollutant and scenario, the first one opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.outputs.layers import styles
from fleet_planner.outputs.layers.classes import change_bounds, log_breaks
from fleet_planner.outputs.layers.geopackage_tables import Style, aliases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.tables import PollutantSpec

LONGEST_NAME = 30
"""Of a style: the table of styles that QGIS makes holds no more characters."""
FLOW_QUANTILE = 0.995


@dataclass(frozen=True)
class Colouring:
    """A column to colour by, the column whose values make the classes, and the style's name in two languages."""

    column: str
    classes_of: str
    name: str
    name_zh: str


def by_scenario(
    specs: Iterable[PollutantSpec], names: Iterable[str], column: Callable[[PollutantSpec, str], str]
) -> list[Colouring]:
    """Return a colouring for each pollutant and scenario; all scenarios of a pollutant share its classes.

    Parameters
    ----------
    specs
        Pollutants of the map; the first one opens.
    names
        Scenarios, the baseline first: the classes are those of its values.
    column
        Name of the column of a pollutant and scenario.
    """
    scenarios = list(names)
    return [
        Colouring(
            column(spec, scenario),
            column(spec, scenarios[0]),
            f"{short_name(spec)}, {scenario}",
            f"{short_name(spec, chinese=True)}，{scenario}",
        )
        for spec in specs
        for scenario in scenarios
    ]


def short_name(spec: PollutantSpec, *, chinese: bool = False) -> str:
    """Return a pollutant's name for lists, such as ``PM2.5 non-exhaust``."""
    wear = spec.pollutant.endswith("_non_exhaust")
    stem = spec.pollutant.removesuffix("_non_exhaust").removesuffix("_exhaust").replace("_", " ")
    if wear:
        return f"磨损{stem}" if chinese else f"{stem} non-exhaust"
    if spec.pollutant.endswith("_exhaust"):
        return f"尾气{stem}" if chinese else f"{stem} exhaust"
    return stem


def coloured(
    layer: str, frame: pl.DataFrame, colourings: Sequence[Colouring], scenarios: Mapping[str, str], *, polygons: bool
) -> tuple[Style, ...]:
    """Return a style for each colouring whose columns the layer has, lines as wide as their flow.

    Parameters
    ----------
    layer
        Name in the dictionary of columns.
    frame
        The layer's attributes.
    colourings
        In the order of the styles.
    scenarios
        Titles of the scenarios by name.
    polygons
        Fill areas instead of drawing lines.
    """
    titles = aliases(layer, frame.columns, scenarios)
    width = "" if polygons else width_by_flow(frame)
    taken: dict[str, int] = {}
    out = []
    for one in colourings:
        if one.column not in frame.columns or one.classes_of not in frame.columns:
            continue
        breaks = log_breaks(_values(frame, one.classes_of))
        top = float(np.nanmax(_values(frame, one.column), initial=0.0))
        out.append(
            Style(
                _unlike(one.name, taken),
                styles.graduated_qml(one.column, breaks, top, titles, polygons=polygons, width=width),
                styles.graduated_sld(layer, one.column, breaks, top, polygons=polygons),
                one.name_zh,
            )
        )
    return tuple(out)


def changed(
    layer: str, frame: pl.DataFrame, colourings: Sequence[Colouring], scenarios: Mapping[str, str], *, polygons: bool
) -> tuple[Style, ...]:
    """Return a style of less and more for each colouring, with classes that are symmetric about zero."""
    titles = aliases(layer, frame.columns, scenarios)
    width = "" if polygons else width_by_flow(frame)
    out = []
    for one in colourings:
        bounds = change_bounds([_values(frame, one.column)])
        out.append(
            Style(
                one.name[:LONGEST_NAME],
                styles.change_qml(one.column, bounds, titles, polygons=polygons, width=width),
                styles.change_sld(layer, one.column, bounds, polygons=polygons),
                one.name_zh,
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


def _unlike(name: str, taken: dict[str, int]) -> str:
    """Return a name that is short enough and not taken yet."""
    short = name[:LONGEST_NAME]
    taken[short] = taken.get(short, 0) + 1
    mark = f"~{taken[short]}"
    return short if taken[short] == 1 else short[: LONGEST_NAME - len(mark)] + mark
