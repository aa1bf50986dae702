"""Working days that the user gives stop by stop, from a survey or from tracks: where they are charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.buses.duty.figures import duty_streams
from fleet_planner.chargers.demand import placed
from fleet_planner.chargers.working_day import Chains, charged
from fleet_planner.errors import use_one_of
from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.kernels.working_day import add_hours
from fleet_planner.pipeline.siting.asked import Head
from fleet_planner.pipeline.siting.day_weather import CATEGORY
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.siting.freight_places import Spread
    from fleet_planner.pipeline.siting.working_day import DayFigures

    Float = NDArray[np.float64]

TABLE = "charging_chains"
OF_CHAIN = ("stream", "vehicles", "kwh_per_km", "battery_kwh")
"""Columns in which all rows of a day agree."""
SAME_DEGREES = 0.0005
"""A day that ends within about 50 m of where it began ends at its base."""


@dataclass(frozen=True)
class Taken:
    """Energy of the average day that days take at one place: its demand, kind of place, hours and sessions."""

    head: Head
    part: str
    kwh: Float
    sessions: float


@dataclass(frozen=True)
class GivenDays:
    """Working days of a table and where they are charged.

    Parameters
    ----------
    taken
        By place.
    streams
        ``stream, vehicles, km_per_day, kwh_per_day`` of the table.
    placeless
        Energy on the way of each stream where the plan has no corridors.
    days
        Number of days of the table.
    """

    taken: tuple[Taken, ...]
    streams: pl.DataFrame
    placeless: Mapping[str, float]
    days: int


def read_days(path: Path, spots: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    """Read a table of working days (``tables/columns/charging_chains.csv``), sorted by day and stop.

    Raises
    ------
    InputError
        A cell is wrong, a day has fewer than two rows, does not go forward in time, or takes longer than 24 hours.
    """
    table = typed(read_cells(path, "chargers.chains"), TABLE, path)
    known = duty_streams()
    first_wrong = next((s for s in table["stream"] if s not in known), "")
    refuse(
        table, ~pl.col("stream").is_in(list(known)), "stream", path, "this stream is none of vans and trucks",
        use_one_of(first_wrong, known),
    )  # fmt: skip
    table = placed(table, path, spots).sort("chain_id", "stop", maintain_order=True)
    twice = pl.struct("chain_id", "stop").is_duplicated()
    refuse(table, twice, "stop", path, "a day has two rows of the same stop", "Number the rows of a day.")
    for column in OF_CHAIN:
        differs = ~pl.col(column).eq_missing(pl.col(column).first().over("chain_id"))
        refuse(table, differs, column, path, "rows of one day differ", "Write the same in all rows of the day.")
    table = table.with_columns(
        is_first=pl.int_range(pl.len()).over("chain_id") == 0,
        is_last=pl.int_range(pl.len()).over("chain_id") == pl.len().over("chain_id") - 1,
    )
    alone = pl.col("is_first") & pl.col("is_last")
    refuse(table, alone, "chain_id", path, "this day has one row", "Give where it begins and where it ends.")
    inner = ~pl.col("is_first")
    for column, needed in (("arrive_h", inner), ("km", inner), ("leave_h", ~pl.col("is_last"))):
        refuse(table, needed & pl.col(column).is_null(), column, path, "this cell is empty", "Fill it.")
    before = pl.col("leave_h").shift(1).over("chain_id")
    refuse(
        table, inner & (pl.col("arrive_h") < before), "arrive_h", path,
        "the vehicle arrives before it left", "Count hours on: 25 is one in the night.",
    )  # fmt: skip
    stays = inner & ~pl.col("is_last")
    refuse(
        table, stays & (pl.col("leave_h") < pl.col("arrive_h")), "leave_h", path,
        "the vehicle leaves before it arrives", "Count hours on: 25 is one in the night.",
    )  # fmt: skip
    begun = pl.col("leave_h").first().over("chain_id")
    refuse(
        table, pl.col("is_last") & (pl.col("arrive_h") - begun > HOURS_PER_DAY), "arrive_h", path,
        "this day takes longer than 24 hours", "Divide it into two days.",
    )  # fmt: skip
    driven = pl.col("km").fill_null(0.0).sum().over("chain_id")
    refuse(table, driven <= 0.0, "km", path, "this day drives nowhere", "Give the km of its legs, or leave it out.")
    return table


def given_days(
    table: pl.DataFrame, figures: DayFigures, corridors: Spread, connector: str, most_kw: float
) -> GivenDays:
    """Return where the working days of a table are charged.

    Parameters
    ----------
    table
        As `read_days` returns it.
    figures
        Of the plan, for what the table leaves out.
    corridors
        Where vehicles charge on the way: at the one nearest to where the battery is empty, in a straight line.
    connector, most_kw
        Of the vehicles; most power of a charger on the way.
    """
    chains, days = _chains(table, figures)
    done = charged(chains)
    stops = table.filter(~pl.col("is_first"))
    leg = chains.chain
    weight = days["vehicles"].fill_null(1.0).to_numpy().astype(np.float64)
    heavy = set(reference_table("streams.csv").filter(pl.col("heavy") == "yes")["stream"])
    begins = table.filter("is_first")
    home = _home(begins, table.filter("is_last"))
    books: dict[tuple[Head, str], list[tuple[float, float, float, float]]] = {}
    placeless: dict[str, float] = {}
    at, start = stops.select("lon", "lat").to_numpy(), table.filter(~pl.col("is_last")).select("lon", "lat").to_numpy()
    driven = chains.arrive_h - chains.leave_h
    share = np.divide(done.way_h - chains.leave_h, driven, out=np.ones_like(driven), where=driven > 0.0)
    point = start + np.nan_to_num(share, nan=0.0)[:, None] * (at - start)
    nearest = corridors.nearest(point) if corridors.names else None
    for i, row in enumerate(stops.iter_rows(named=True)):
        stream, w = row["stream"], float(weight[leg[i]])
        truck = stream in heavy
        if row["is_last"]:
            part = "base" if home[leg[i]] else "night"
            kind = "depot" if home[leg[i]] else "en_route" if truck else "destination"
            energy, hours = float(done.base_kwh[leg[i]]), float(chains.stop_h[i])
        else:
            part, kind = "stops", "destination"
            energy = float(done.stop_kwh[i])
            hours = energy / float(chains.stop_kw[i]) if chains.stop_kw[i] > 0.0 else 0.0
        if energy > 0.0:
            name = row["place"] or row["site"] or f"{row['chain_id']} {row['stop']}"
            head = Head(
                " ".join([name, stream, *([part] if part != "base" else [])]), kind, stream, name,
                place=row["place"] if part == "base" else None, lon=row["lon"], lat=row["lat"], connector=connector,
            )  # fmt: skip
            books.setdefault((head, part), []).append((float(chains.arrive_h[i]), hours, energy * w, w))
        short = float(done.way_kwh[i])
        if short > 0.0 and nearest is None:
            placeless[stream] = placeless.get(stream, 0.0) + short * w
        elif short > 0.0 and nearest is not None:
            k = int(nearest[i])
            lon, lat = corridors.lonlat[k].tolist()
            head = Head(
                f"{corridors.names[k]} {stream}", "en_route", stream, corridors.zones[k], lon=lon, lat=lat,
                min_kw=min(figures.way_kw(stream), most_kw), connector=connector,
            )  # fmt: skip
            when = float(done.way_h[i])
            times = float(np.ceil(short / chains.battery_kwh[leg[i]])) * w
            books.setdefault((head, "way"), []).append((when, float(chains.arrive_h[i]) - when, short * w, times))
    taken = tuple(_booked(head, part, np.array(entries)) for (head, part), entries in books.items())
    km = np.bincount(leg, weights=stops["km"].to_numpy(), minlength=days.height)
    kwh = np.bincount(leg, weights=chains.leg_kwh, minlength=days.height)
    streams = (
        days.select("stream")
        .with_columns(
            vehicles=pl.Series(weight), km_per_day=pl.Series(km * weight), kwh_per_day=pl.Series(kwh * weight)
        )
        .group_by("stream")
        .sum()
        .sort("stream")
    )
    return GivenDays(taken, streams, placeless, days.height)


def _booked(head: Head, part: str, entries: Float) -> Taken:
    hours = np.zeros((1, HOURS_PER_DAY))
    add_hours(np.zeros(len(entries), dtype=np.int64), entries[:, 0], entries[:, 1], entries[:, 2], hours)
    return Taken(head, part, hours[0], float(entries[:, 3].sum()))


def _home(begins: pl.DataFrame, ends: pl.DataFrame) -> NDArray[np.bool_]:
    """Return which days end where they began."""
    apart = np.abs(begins.select("lon", "lat").to_numpy() - ends.select("lon", "lat").to_numpy())
    return np.asarray((apart <= SAME_DEGREES).all(axis=1))


def _chains(table: pl.DataFrame, figures: DayFigures) -> tuple[Chains, pl.DataFrame]:
    """Return the days of a table as chains, and a row for each."""
    days = table.filter("is_first").with_row_index("chain").drop("km")
    stops = table.filter(~pl.col("is_first"))
    legs = stops.group_by("chain_id", maintain_order=True).len()["len"].to_numpy()
    first = np.concatenate([[0], np.cumsum(legs)]).astype(np.int64)
    use = load_electricity_use()
    by_stream = {
        s: (
            figures.plan.chargers.day.kwh_per_km.get(s) or use[CATEGORY[duty_streams()[s][0]], ""],
            figures.battery_kwh(s), figures.base_kw(s), figures.stop_kw(s),
        )
        for s in days["stream"].unique()
    }  # fmt: skip
    per_km, held = [], []
    for stream, own_use, rated in days.select("stream", "kwh_per_km", "battery_kwh").iter_rows():
        use_per_km = by_stream[stream][0] if own_use is None else own_use
        per_km.append(use_per_km * figures.weather.use[stream])
        held.append(by_stream[stream][1] if rated is None else figures.held(rated))
    chain = np.repeat(np.arange(days.height), legs)
    last = stops["is_last"].to_numpy()
    leave = table.filter(~pl.col("is_last"))["leave_h"].to_numpy().astype(np.float64)
    arrive = stops["arrive_h"].to_numpy().astype(np.float64)
    begun = days["leave_h"].to_numpy().astype(np.float64)
    goes = stops["leave_h"].fill_null(0.0).to_numpy().astype(np.float64)
    stands = np.where(last, begun[chain] + HOURS_PER_DAY - arrive, goes - arrive)
    usual = np.array([by_stream[s][2 if e else 3] for s, e in zip(stops["stream"], last.tolist(), strict=True)])
    may = (stops["charge"].fill_null("yes") == "yes").to_numpy()
    long_enough = last | (stands >= figures.least_stop_h)
    given_kw = stops["kw"].fill_null(np.nan).to_numpy() * figures.weather.charge
    power = np.where(may & long_enough, given_kw, 0.0)
    made = Chains(
        first=first,
        leg_kwh=stops["km"].to_numpy().astype(np.float64) * np.array(per_km)[chain],
        leave_h=leave,
        arrive_h=arrive,
        stop_h=stands,
        stop_kw=np.where(np.isnan(power), usual, power),
        battery_kwh=np.array(held),
    )
    return made, days
