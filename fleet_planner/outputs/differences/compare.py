"""Compare finished runs and scenarios: every side after the first with the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.outputs.differences.sides import ident
from fleet_planner.pipeline.differences.tables import causes_table, classes_table, closed_to, differences_table
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.outputs.differences.sides import RunSide
    from fleet_planner.pipeline.differences.attribution import Method

PAIR = "comparison"
LAYER = "links"
ROADS = ("link_id", "name", "road_class", "length_km", "vkt_per_day")


@dataclass(frozen=True)
class Roads:
    """Links of the first run: attributes, and geometry as WKB in their order."""

    frame: pl.DataFrame
    wkb: Any


@dataclass(frozen=True)
class Pair:
    """One side compared with the first.

    Parameters
    ----------
    name
        In columns and tables.
    first, second
        Both sides.
    pollutants
        That both have.
    differences, causes, classes
        Tables of `pipeline.differences.tables`.
    changes
        ``link_id`` and the change of every pollutant, a day; nothing where the networks differ.
    """

    name: str
    first: RunSide
    second: RunSide
    pollutants: list[str]
    differences: pl.DataFrame
    causes: pl.DataFrame
    classes: pl.DataFrame
    changes: pl.DataFrame | None


@dataclass(frozen=True)
class Compared:
    """All pairs, the roads that they are drawn on, what is to be told, in English and Chinese."""

    pairs: tuple[Pair, ...]
    roads: Roads | None
    unit: str
    method: Method
    notes: tuple[tuple[str, str], ...]


def compared(sides: Sequence[RunSide], method: Method) -> Compared:
    """Compare every side with the first.

    Raises
    ------
    InputError
        Two sides share no pollutant, or the map of the first is damaged.
    """
    first = sides[0]
    unit = str(first.kept.content["plan"]["outputs"]["mass_unit"])
    taken: set[str] = set()
    networks: dict[str, Roads] = {}
    notes: list[tuple[str, str]] = []
    pairs = []
    for side in sides[1:]:
        name = ident(side, taken)
        shared, told = _shared(first, side)
        notes += told
        same, told = _same_roads(first, side, networks)
        notes += told
        differences = differences_table(first.in_unit(unit), side.in_unit(unit), shared)
        machines = _machines(first, unit), _machines(side, unit)
        causes = causes_table((first.fleet, side.fleet), machines, shared, unit, method)
        pairs.append(
            Pair(
                name,
                first,
                side,
                shared,
                differences,
                closed_to(causes, differences),
                classes_table((first.fleet, side.fleet), shared, unit),
                _changes(first, side, shared) if same else None,
            )
        )
    drawn = any(p.changes is not None for p in pairs)
    roads = _roads(first, networks) if drawn else None
    return Compared(tuple(pairs), roads, unit, method, tuple(dict.fromkeys(notes)))


def _shared(first: RunSide, second: RunSide) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the pollutants of both, and a note on those that only one has."""
    a, b = first.pollutants, second.pollutants
    both = [p for p in a if p in b]
    if not both:
        told = f"{first.titles[0]} and {second.titles[0]} share no pollutant"
        raise InputError(told, "Compare runs of the same pollutants.", file=second.kept.folder)
    only = [p.pollutant for p in pollutants() if (p.pollutant in a) != (p.pollutant in b)]
    if not only:
        return both, []
    listed = ", ".join(only)
    english = f"{listed}: only one of {first.titles[0]} and {second.titles[0]} has it, so it is left out."
    return both, [(english, f"{listed}：“{first.titles[1]}”与“{second.titles[1]}”中仅一方有该项，故未比较。")]


def _same_roads(first: RunSide, second: RunSide, known: dict[str, Roads]) -> tuple[bool, list[tuple[str, str]]]:
    """Return whether both runs lie on the same links, and a note where they do not."""
    if first.kept.folder.resolve() == second.kept.folder.resolve():
        return True, []
    a, b = _roads(first, known), _roads(second, known)
    alike = a.frame["link_id"].equals(b.frame["link_id"]) and bool(np.array_equal(a.wkb, b.wkb))
    if alike:
        return True, []
    counts = f"{a.frame.height:,}", f"{b.frame.height:,}"
    english = (
        f"{first.titles[0]} and {second.titles[0]} lie on different road networks ({counts[0]} and {counts[1]} links), "
        "so there is no map of changes; totals and causes stand."
    )
    chinese = (
        f"“{first.titles[1]}”与“{second.titles[1]}”的路网不同（{counts[0]}与{counts[1]}条路段），"
        "无法绘制变化图；总量与成因仍可比较。"
    )
    return False, [(english, chinese)]


def _roads(side: RunSide, known: dict[str, Roads]) -> Roads:
    """Return the links of a run's map, sorted."""
    key = str(side.kept.folder.resolve())
    if key not in known:
        from pyogrio.errors import DataLayerError, DataSourceError
        from pyogrio.raw import read

        path = side.kept.folder / "city.gpkg"
        try:
            meta, _, wkb, fields = read(path, layer=LAYER, columns=list(ROADS))
        except (DataSourceError, DataLayerError) as error:
            told = f"the map of the run is missing or damaged: {first_line(error)}"
            raise InputError(told, "Run the plan again.", file=path) from error
        named = {n: list(v) for n, v in zip(meta["fields"], fields, strict=True)}
        frame = pl.DataFrame(named, schema_overrides={"name": pl.String}, strict=False)
        order = frame["link_id"].arg_sort().to_numpy()
        known[key] = Roads(frame.select(ROADS)[order.tolist()], wkb[order])
    return known[key]


def _machines(side: RunSide, unit: str) -> dict[str, float]:
    return dict(side.in_unit(unit).select("pollutant", "non_road_per_year").iter_rows())


def _changes(first: RunSide, second: RunSide, names: Sequence[str]) -> pl.DataFrame:
    """Return what changes on every link, a day, in the inventory's units."""
    a, b = (side.links.sort("link_id") for side in (first, second))
    return a.select("link_id", *((pl.col(n) * -1.0 + b[n]).alias(n) for n in names))
