"""Sites that may get chargers: user tables, with room, grid headroom and what is there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import InputError
from fleet_planner.foreign import read_layer
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

TABLE = "charging_sites"
LAYERS = (".gpkg", ".geojson", ".json", ".shp")
CONNECTORS = ("ccs", "gb_t", "chademo", "mcs")


@dataclass(frozen=True)
class Sites:
    """Candidate sites.

    Parameters
    ----------
    table
        Columns of ``tables/columns/charging_sites.csv``; null where the plan's default or a grid node has to say.
    feeder_kw
        Headroom of feeders by scenario and name.
    flooded
        Names of sites in a flood area.
    """

    table: pl.DataFrame
    feeder_kw: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    flooded: frozenset[str] = frozenset()

    @property
    def ids(self) -> list[str]:
        """Names."""
        return self.table["site_id"].to_list()

    @property
    def size(self) -> int:
        """How many."""
        return self.table.height

    @property
    def lonlat(self) -> Float:
        """EPSG:4326, shape (sites, 2)."""
        return np.ascontiguousarray(self.table.select("lon", "lat").to_numpy().astype(np.float64))

    @property
    def flood(self) -> list[bool]:
        """Whether a site lies in a flood area."""
        return [name in self.flooded for name in self.ids]

    @property
    def locked(self) -> Bool:
        """Whether a site is open from the first year."""
        return np.asarray((self.table["locked"] == "yes").to_numpy(), dtype=np.bool_)


def read_sites(path: Path) -> Sites:
    """Read a table of candidates.

    Raises
    ------
    InputError
        A cell is wrong, a name stands twice or a connector is unknown.
    """
    cells = _layer(path) if path.suffix.lower() in LAYERS else read_cells(path, "chargers.candidates")
    table = typed(cells, TABLE, path)
    refuse(table, pl.col("site_id").is_duplicated(), "site_id", path, "two sites have the same name", "Rename one.")
    known = pl.col("connectors").fill_null("").str.split("|").list.eval(pl.element().str.strip_chars())
    wrong = known.list.eval(~pl.element().is_in([*CONNECTORS, ""])).list.any()
    refuse(table, wrong, "connectors", path, "this connector is not known", f"Join by |: {', '.join(CONNECTORS)}.")
    return Sites(completed(table.drop("row")))


def completed(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table with all columns of the dictionary, what may not be empty filled."""
    kinds = {"text": pl.String(), "number": pl.Float64(), "integer": pl.Int64()}
    specs = columns(TABLE)
    missing = [pl.lit(None, dtype=kinds[s.type]).alias(s.column) for s in specs if s.column not in table.columns]
    return table.with_columns(missing).select(
        pl.col(s.column).fill_null(FILLED[s.column]) if s.column in FILLED else pl.col(s.column) for s in specs
    )


FILLED: dict[str, str | float] = {"kind": "other", "locked": "no", "existing_kw": 0.0, "existing_chargers": 0}


def _layer(path: Path) -> pl.DataFrame:
    """Return a layer's attributes as text cells, with longitude and latitude of a point inside each shape."""
    import shapely

    if not path.is_file():
        raise InputError("there is no such file of candidates", "Check chargers.candidates in the plan.", file=path)
    shapes = read_layer(path, "candidates")
    inside = shapely.point_on_surface(shapes.geometry.to_numpy())
    own = {
        name: [None if value is None or value != value else str(value) for value in shapes[name]]  # noqa: PLR0124  # NaN
        for name in shapes.columns
        if name not in {"geometry", "lon", "lat"}
    }
    place = {
        "lon": [repr(float(x)) for x in shapely.get_x(inside)],
        "lat": [repr(float(y)) for y in shapely.get_y(inside)],
    }
    return pl.DataFrame(own | place, schema=dict.fromkeys([*own, *place], pl.String))
