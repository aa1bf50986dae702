"""Speeds of detectors and probes on the links they stand on and some way along their roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.counts.matching import check_places, match, none_matched
from fleet_planner.activity.days import AVERAGE, KINDS, KINDS_OF
from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.kernels.corridors import carry_along
from fleet_planner.units import HOURS_PER_DAY, KM_PER_MILE

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity.corridors import Corridors
    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.setting import TrafficSetting

Float = NDArray[np.float64]
TIMES = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
KIND_OF_WEEKDAY = {day: KINDS[max(day - 5, 0)] for day in range(1, 8)}
PLACE = ("site_id", "lon", "lat", "link_id", "osm_id", "direction", "road_class")
KEY = "traffic.speeds"


def measured_speeds(setting: TrafficSetting, corridors: Corridors) -> tuple[Float, list[Finding]]:
    """Return measured speeds by link and hour, shape (links, H), NaN where there is none.

    Readings of a site in an hour of a kind of day are averaged as times per km, so that the mean is one over space;
    so are sites of one link, kinds of day of a type, and two sites that a link lies between, by distance along the
    road.

    Raises
    ------
    InputError
        The tables are wrong, or no site is on the network.
    """
    section = setting.traffic.speeds
    path = setting.base / section.file
    sites, readings, gaps = _read(setting, path)
    found = match(setting.network, sites, section.tolerance_m, path, both_ways=False)
    if not found.place.size:
        raise none_matched(path, "places", section.tolerance_m)
    pace = _paces(readings, sites.height, setting.days, KM_PER_MILE if section.unit == "mph" else 1.0)
    on_link = _mean_by_link(pace, found.place, found.link, setting.network.links.height)
    pace_along = carry_along(on_link, corridors.length_km, corridors.order, corridors.first, section.reach_km)
    speed = 1.0 / pace_along
    matched = np.unique(found.place).size
    values: dict[str, str | int | float] = {
        "sites": f"{sites.height:,}",
        "tolerance": f"{section.tolerance_m:g}",
        "reach": f"{section.reach_km:g}",
        "links": f"{int(np.isfinite(speed).any(axis=1).sum()):,}",
    }
    findings = [Finding("activity.speed_sites", "info", values, matched)]
    if matched < sites.height:
        missing = np.setdiff1d(np.arange(sites.height), found.place)
        names = ", ".join(str(sites["site_id"][int(i)]) for i in missing[:5])
        findings.append(Finding("activity.speed_sites_off", "warning", {"names": names}, int(missing.size)))
    if gaps:
        findings.append(Finding("activity.speed_gaps", "info", {}, gaps, gaps / (gaps + readings.height)))
    return speed, findings


def _read(setting: TrafficSetting, path: Path) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return sites (one row each), readings ``site, day_type, hour, speed``, and the number of empty readings."""
    section = setting.traffic.speeds
    cells = read_cells(path, f"{KEY}.file")
    if section.sites:
        place_path = setting.base / section.sites
        sites = check_places(
            typed(read_cells(place_path, "traffic.speeds.sites"), "speed_sites", place_path), place_path
        )
        refuse(sites, sites["site_id"].is_duplicated(), "site_id", place_path, "this site stands twice", "Keep one.")
        frame = _unpivoted(cells, sites, path)
    else:
        frame = check_places(typed(cells, "site_speeds", path), path)
        # a reading without a name is of the place that its row gives
        frame = frame.with_columns(
            site_id=pl.coalesce("site_id", pl.concat_str(PLACE[1:], separator="/", ignore_nulls=True))
        )
        sites = frame.unique("site_id", keep="first", maintain_order=True)
    frame = _timed(frame, path)
    number = pl.DataFrame({"site_id": sites["site_id"], "site": np.arange(sites.height)})
    readings = frame.join(number, on="site_id", how="inner").select("site", "day_type", "hour", "speed")
    good = readings.filter(pl.col("speed") > 0.0)
    if good.is_empty():
        raise InputError("the table has no speed above 0", "Check its columns and sites.", file=path)
    return sites, good, readings.height - good.height


def _unpivoted(cells: pl.DataFrame, sites: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return a table with a column per site as rows."""
    if "time" not in cells.columns:
        raise InputError("a needed column is missing", "With sites, the file needs a column time.", path, 1, "time")
    names = [c for c in cells.columns if c in set(sites["site_id"])]
    if not names:
        remedy = "Name its columns like site_id of traffic.speeds.sites."
        raise InputError("no column of the table is a site", remedy, file=path, row=1)
    long = cells.with_columns(row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)).unpivot(
        names, index=["row", "time"], variable_name="site_id", value_name="text"
    )
    speed = long["text"].cast(pl.Float64, strict=False)
    refuse(
        long.rename({"text": "speed"}),
        long["text"].is_not_null() & ~(speed.is_finite() & (speed >= 0.0)).fill_null(value=False),
        "speed",
        path,
        "this is no speed",
        "Write 0 or more; leave gaps empty.",
    )
    no_word, no_hour = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.Int64)
    return long.with_columns(speed=speed, day_type=no_word, hour=no_hour)


def _timed(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the frame with kind of day and hour in every row, from ``time`` where it is given."""
    parsed = pl.coalesce(pl.col("time").str.to_datetime(form, strict=False, time_unit="us") for form in TIMES)
    frame = frame.with_columns(when=parsed)
    unread = frame["time"].is_not_null() & frame["when"].is_null()
    refuse(frame, unread, "time", path, "this is no time", "Write it as 2024-05-31T08:05:00.")
    refuse(
        frame,
        frame["when"].is_null() & frame["hour"].is_null(),
        "hour",
        path,
        "this reading has no hour",
        "Give time, or hour (0 to 23) with day_type.",
    )
    weekday = pl.col("when").dt.weekday()
    kind = (
        pl.when(weekday <= 5)
        .then(pl.lit(KINDS[0]))
        .when(weekday == 6)
        .then(pl.lit(KINDS[1]))
        .otherwise(pl.lit(KINDS[2]))
    )
    return frame.with_columns(
        day_type=pl.when(pl.col("when").is_not_null()).then(kind).otherwise(pl.col("day_type").fill_null(AVERAGE.name)),
        hour=pl.coalesce(pl.col("when").dt.hour().cast(pl.Int64), "hour"),
    )


def _paces(readings: pl.DataFrame, sites: int, days: tuple[DayType, ...], km_per_unit: float) -> Float:
    """Return hours per km of each site by hour, shape (sites, H), NaN where it has no reading.

    A kind of day without readings of its own takes those of a wider word (weekend, average). A type of day is the
    mean of the kinds that it holds and that were read.
    """
    words = (*KINDS, "weekend", AVERAGE.name)
    shape = (len(words), sites, HOURS_PER_DAY)
    word = readings["day_type"].replace_strict({w: k for k, w in enumerate(words)}, return_dtype=pl.Int64).to_numpy()
    key = np.ravel_multi_index((word, readings["site"].to_numpy(), readings["hour"].to_numpy()), shape)
    each = 1.0 / (readings["speed"].to_numpy() * km_per_unit)
    total, count = (np.bincount(key, weights=w, minlength=int(np.prod(shape))).reshape(shape) for w in (each, None))
    read = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
    by_kind = np.full((len(KINDS), sites, HOURS_PER_DAY), np.nan)
    for k, name in enumerate(words):
        for kind in KINDS_OF[name]:
            place = by_kind[KINDS.index(kind)]
            place[np.isnan(place)] = read[k][np.isnan(place)]
    out = np.full((sites, HOURS_PER_DAY * len(days)), np.nan)
    for d, day in enumerate(days):
        weight = np.array(day.mix)[:, None, None] * ~np.isnan(by_kind)
        total = weight.sum(axis=0)
        mean = np.divide(
            (weight * np.nan_to_num(by_kind)).sum(axis=0), total, out=np.full(total.shape, np.nan), where=total > 0.0
        )
        out[:, d * HOURS_PER_DAY : (d + 1) * HOURS_PER_DAY] = mean
    return out


def _mean_by_link(pace: Float, place: NDArray[np.int64], link: NDArray[np.int64], links: int) -> Float:
    """Return the mean pace of the sites on each link, shape (links, H), NaN where there is none."""
    known = ~np.isnan(pace)
    total, count = np.zeros((links, pace.shape[1])), np.zeros((links, pace.shape[1]))
    np.add.at(total, link, np.where(known, pace, 0.0)[place])
    np.add.at(count, link, known[place].astype(np.float64))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0.0)
