"""Energy that vehicles ask for: where, in which year and hour, through which connector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import InputError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

TABLE = "charging_demand"
ANY = "any"
USUAL_SESSION_KWH = 60.0
"""Stands in where a row has none; told as a finding."""
OF_PLACE = ("lon", "lat", "place", "profile", "kind", "stream", "connector", "min_kw", "session_kwh", "zone")
"""Columns in which all rows of one demand agree."""
KEY_YEAR, KEY_HOUR = "year", "hour"


@dataclass(frozen=True)
class Demand:
    """Places that ask for energy.

    Parameters
    ----------
    ids
        Names, J in all.
    lonlat
        EPSG:4326, shape (J, 2).
    kind, stream, connector, zone
        Words, J each.
    trucks
        Whether the vehicles are heavy goods vehicles, shape (J,).
    min_kw, session_kwh
        Least power of the charger; energy of one stop; shape (J,).
    years
        That are planned, T in all.
    kwh
        At the plug, of the average day by hour, shape (J, T, 24).
    findings
        What rests on defaults.
    place
        Depot or zone of the plan that it is of, "" where it has coordinates of its own; nothing: none has one.
    """

    ids: tuple[str, ...]
    lonlat: Float
    kind: tuple[str, ...]
    stream: tuple[str, ...]
    connector: tuple[str, ...]
    zone: tuple[str, ...]
    trucks: Bool
    min_kw: Float
    session_kwh: Float
    years: tuple[int, ...]
    kwh: Float
    findings: tuple[Finding, ...] = ()
    place: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.ids)

    @property
    def per_day(self) -> Float:
        """Energy of the average day by year, kWh, shape (J, T)."""
        return np.asarray(self.kwh.sum(axis=2))


def read_demand(path: Path, years: Sequence[int], base_year: int, places: Mapping[str, tuple[float, float]]) -> Demand:
    """Read a table of demand (``tables/columns/charging_demand.csv``).

    Parameters
    ----------
    path
        CSV or Parquet.
    years
        That are planned; none: those of the table, else ``base_year``.
    base_year
        Of the city.
    places
        Longitude and latitude of the zones and depots of the plan by name.

    Raises
    ------
    InputError
        A cell is wrong, a place is unknown, or rows of one demand differ in what it is.
    """
    table = typed(read_cells(path, "chargers.demand"), TABLE, path)
    return demand_of(table, path, years, base_year, places)


def demand_of(
    table: pl.DataFrame, path: Path, years: Sequence[int], base_year: int, places: Mapping[str, tuple[float, float]]
) -> Demand:
    """Return the demand of a typed table with ``row``; see `read_demand`."""
    table = placed(table, path, places)
    _agree(table, path)
    heads = table.unique("demand_id", keep="first", maintain_order=True)
    ids = heads["demand_id"].to_list()
    planned = tuple(years) or tuple(sorted(table["year"].drop_nulls().unique())) or (base_year,)
    kind = heads["kind"].fill_null("destination")
    shapes = profiles()
    chosen = pl.select(pl.coalesce(heads["profile"], kind)).to_series().to_list()
    kwh = np.zeros((len(ids), len(planned), HOURS_PER_DAY))
    place = {name: j for j, name in enumerate(ids)}
    for (name,), rows in table.group_by("demand_id", maintain_order=True):
        j = place[str(name)]
        kwh[j] = _by_year(rows, planned, shapes[str(chosen[j])])
    heavy = set(reference_table("streams.csv").filter(pl.col("heavy") == "yes")["stream"])
    known = set(reference_table("streams.csv")["stream"])
    stream = heads["stream"].fill_null("").to_list()
    refuse(
        heads,
        ~pl.Series(stream).is_in([*known, ""]),
        "stream",
        path,
        "this stream is not known",
        use_one_of(next((s for s in stream if s and s not in known), ""), known),
    )
    session = heads["session_kwh"]
    return Demand(
        ids=tuple(ids),
        lonlat=np.ascontiguousarray(heads.select("lon", "lat").to_numpy().astype(np.float64)),
        kind=tuple(kind.to_list()),
        stream=tuple(stream),
        connector=tuple(heads["connector"].fill_null("").to_list()),
        zone=tuple(pl.select(pl.coalesce(heads["zone"], heads["place"], pl.lit(""))).to_series().to_list()),
        trucks=np.array([s in heavy for s in stream], dtype=np.bool_),
        min_kw=heads["min_kw"].fill_null(0.0).to_numpy().astype(np.float64),
        session_kwh=session.fill_null(USUAL_SESSION_KWH).to_numpy().astype(np.float64),
        years=planned,
        kwh=kwh,
        findings=tuple(_findings(table, heads)),
        place=tuple(heads["place"].fill_null("").to_list()),
    )


def joined(one: Demand, other: Demand) -> Demand:
    """Return two demands of the same years as one.

    Raises
    ------
    InputError
        A name stands in both.
    """
    if both := sorted(set(one.ids) & set(other.ids)):
        raise InputError("a demand of the table has the name of one of the fleet", "Rename it.", value=both[0])
    return Demand(
        ids=(*one.ids, *other.ids),
        lonlat=np.concatenate([one.lonlat, other.lonlat]),
        kind=(*one.kind, *other.kind),
        stream=(*one.stream, *other.stream),
        connector=(*one.connector, *other.connector),
        zone=(*one.zone, *other.zone),
        trucks=np.concatenate([one.trucks, other.trucks]),
        min_kw=np.concatenate([one.min_kw, other.min_kw]),
        session_kwh=np.concatenate([one.session_kwh, other.session_kwh]),
        years=one.years,
        kwh=np.concatenate([one.kwh, other.kwh]),
        findings=(*one.findings, *other.findings),
        place=(*one.place, *other.place),
    )


def with_connector(demand: Demand, usual: str) -> Demand:
    """Return a demand in which vehicles whose connector nobody names have the usual one of the country."""
    unnamed = demand.connector.count("")
    if not unnamed:
        return demand
    told = Finding("chargers.connector_usual", "assumption", {"connector": usual}, unnamed)
    named = tuple(c or usual for c in demand.connector)
    return replace(demand, connector=named, findings=(*demand.findings, told))


@cache
def profiles() -> Mapping[str, Float]:
    """Return the packaged shares of the day's energy by hour, shape (24,), by name."""
    table = reference_table("charging_profiles.csv").sort("profile", "hour")
    out = {}
    for (name,), rows in table.group_by("profile", maintain_order=True):
        share = rows["share"].to_numpy().astype(np.float64)
        out[str(name)] = share / share.sum()
    return out


def placed(table: pl.DataFrame, path: Path, places: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    """Return a table with longitude and latitude in every row, those of ``place`` where a row has none.

    Parameters
    ----------
    table
        Typed, with ``row, lon, lat, place``.
    path
        For the messages.
    places
        Longitude and latitude of the zones and depots of the plan by name.

    Raises
    ------
    InputError
        A row has no place, or one that the plan does not know.
    """
    lonely = table["lon"].is_null() | table["lat"].is_null()
    refuse(
        table,
        lonely & table["place"].is_null(),
        "lon",
        path,
        "this row has no place",
        "Give lon and lat, or place: a zone or depot of [places].",
    )
    named = table.filter(lonely)["place"].to_list()
    for name in named:
        if name not in places:
            first = table.filter(lonely & (table["place"] == name))
            raise InputError(
                "no zone or depot of [places] has this name",
                use_one_of(name, places) if places else "Set places.zones or places.depots, or give lon and lat.",
                path,
                int(first["row"][0]),
                "place",
                name,
            )
    spots = {name: places[name] for name in set(named)}
    fill = {
        axis: pl.when(pl.lit(lonely))
        .then(
            pl.col("place").replace_strict({n: p[k] for n, p in spots.items()}, default=None, return_dtype=pl.Float64)
        )
        .otherwise(pl.col(axis))
        for k, axis in enumerate(("lon", "lat"))
    }
    return table.with_columns(**fill)


def _agree(table: pl.DataFrame, path: Path) -> None:
    """Refuse rows of one demand that differ in what it is, or that stand twice."""
    for column in OF_PLACE:
        first = pl.col(column).first().over("demand_id")
        differs = ~pl.col(column).eq_missing(first)
        refuse(table, differs, column, path, "rows of one demand differ", "Write the same, or give it another name.")
    twice = pl.struct("demand_id", "year", "hour").is_duplicated()
    refuse(table, twice, "demand_id", path, "the same demand, year and hour stand twice", "Keep one row.")
    mixed = (pl.col("hour").is_null().any() & pl.col("hour").is_not_null().any()).over("demand_id", "year")
    refuse(table, mixed, "hour", path, "some rows of a demand name an hour and some do not", "Give all hours or none.")
    some = (pl.col("year").is_null().any() & pl.col("year").is_not_null().any()).over("demand_id")
    refuse(table, some, "year", path, "some rows of a demand name a year and some do not", "Give all years or none.")


def _by_year(rows: pl.DataFrame, planned: Sequence[int], shape: Float) -> Float:
    """Return kWh by planned year and hour: interpolated between the demand's years, the nearest one beyond them."""
    table: dict[int | None, Float] = {}
    for year, hour, kwh in rows.select("year", "hour", "kwh_per_day").iter_rows():
        day = table.setdefault(year, np.zeros(HOURS_PER_DAY))
        if hour is None:
            day += kwh * shape
        else:
            day[hour] += kwh
    if None in table:
        return np.tile(table[None], (len(planned), 1))
    own = sorted(y for y in table if y is not None)
    days = np.stack([table[y] for y in own])
    return np.stack([np.interp(planned, own, days[:, h]) for h in range(HOURS_PER_DAY)], axis=1)


def _findings(table: pl.DataFrame, heads: pl.DataFrame) -> list[Finding]:
    out = []
    spread = table.filter(pl.col("hour").is_null())["demand_id"].n_unique()
    if spread:
        out.append(Finding("chargers.hours_packaged", "assumption", {}, spread))
    unknown = heads["session_kwh"].null_count()
    if unknown:
        out.append(Finding("chargers.session_default", "assumption", {"kwh": USUAL_SESSION_KWH}, unknown))
    return out
