"""Sites that may get chargers: user tables, with room, grid headroom and what is there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

TABLE = "charging_sites"
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
    table = typed(read_cells(path, "chargers.candidates"), TABLE, path)
    refuse(table, pl.col("site_id").is_duplicated(), "site_id", path, "two sites have the same name", "Rename one.")
    known = pl.col("connectors").fill_null("").str.split("|").list.eval(pl.element().str.strip_chars())
    wrong = known.list.eval(~pl.element().is_in([*CONNECTORS, ""])).list.any()
    refuse(table, wrong, "connectors", path, "this connector is not known", f"Join by |: {', '.join(CONNECTORS)}.")
    return Sites(
        table.with_columns(
            pl.col("kind").fill_null("other"),
            pl.col("existing_kw", "existing_chargers").fill_null(0),
            pl.col("locked").fill_null("no"),
        ).drop("row")
    )
