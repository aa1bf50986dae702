"""Traffic counts: read, matched to links, and compared with vehicle-km spread over links and hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.counts.matching import check_places, match, none_matched
from fleet_planner.activity.days import AVERAGE, types_meant
from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import use_one_of
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_planner.activity.days import DayType
    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.activity.setting import TrafficSetting
    from fleet_planner.activity.spread import Spread

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
TOTAL, LIGHT, HEAVY = "total", "light", "heavy"
PLACE = ("lon", "lat", "link_id", "osm_id", "direction", "road_class")
CHUNK = 100_000


@dataclass(frozen=True)
class Counts:
    """Counts on links.

    Parameters
    ----------
    frame
        One row per count: ``row, site_id, site, link_id, links, distance_m, road_class, vehicle_class, day_type,
        hour, count``; ``link_id`` is null where no road is near.
    pair_count, pair_link, pair_per_km
        Links of the counts, and vehicles per vehicle-km on each (weight over length), shape (pairs,).
    streams
        Which streams each counts, shape (counts, streams).
    hours
        What the vehicle-km of each hour are counted times, shape (counts, H): one over the days' share of the year
        in its hours, else 0.
    """

    frame: pl.DataFrame
    pair_count: Int
    pair_link: Int
    pair_per_km: Float
    streams: Bool
    hours: Float

    @property
    def observed(self) -> Float:
        """Vehicles counted, shape (counts,)."""
        return self.frame["count"].to_numpy()

    @property
    def matched(self) -> Bool:
        """Which counts have a link, shape (counts,)."""
        return self.frame["link_id"].is_not_null().to_numpy()

    def contributions(self, spread: Spread) -> Float:
        """Return the vehicles of each stream on each pair that its count would have seen, shape (streams, pairs)."""
        out = np.zeros((spread.km.shape[0], self.pair_link.size))
        for first in range(0, self.pair_link.size, CHUNK):
            part = slice(first, first + CHUNK)
            link, count = self.pair_link[part], self.pair_count[part]
            for s in range(spread.km.shape[0]):
                seen = np.einsum("th,th->t", spread.share[spread.row[s, link]], self.hours[count])
                out[s, part] = spread.km[s, link] * seen * self.pair_per_km[part] * self.streams[count, s]
        return out

    def modelled(self, spread: Spread) -> Float:
        """Return the vehicles that the counts would have seen, shape (counts,)."""
        return self.added_up(self.contributions(spread).sum(axis=0))

    def added_up(self, by_pair: Float) -> Float:
        """Add up values of pairs by count, shape (counts,)."""
        return np.bincount(self.pair_count, weights=by_pair, minlength=self.frame.height).astype(np.float64)


def read_counts(setting: TrafficSetting) -> Counts:
    """Read the plan's counts and find their links.

    Raises
    ------
    InputError
        The table is wrong, tells days apart that the plan does not, or none of its counts is on the network.
    """
    section = setting.traffic.counts
    path = setting.base / section.file
    frame = check_places(typed(read_cells(path, "traffic.counts.file"), "counts", path), path)
    frame = frame.with_columns(
        pl.col("vehicle_class").fill_null(TOTAL), pl.col("day_type").fill_null(AVERAGE.name), pl.col("count")
    )
    place = pl.concat_str(PLACE, separator="/", ignore_nulls=True)
    frame = frame.with_columns(site_id=pl.coalesce("site_id", place), place=place)
    streams = stream_rows(frame, setting.profiles, path)
    hours = hours_meant(frame, setting.days, path)
    places = frame.unique("place", keep="first", maintain_order=True)
    found = match(setting.network, places, section.tolerance_m, path, both_ways=True)
    if not found.place.size:
        raise none_matched(path, "counts", section.tolerance_m)
    links = setting.network.links
    pairs = pl.DataFrame(
        {"at": found.place, "link": found.link, "weight": found.weight, "distance_m": found.distance_m}
    )
    first = pairs.group_by("at", maintain_order=True).agg(
        pl.col("link").sort_by("distance_m", "link").first(), pl.len().alias("links"), pl.col("distance_m").min()
    )
    first = first.with_columns(road_class=links["road_class"].gather(first["link"]))
    numbered = pl.DataFrame({"place": places["place"], "at": np.arange(places.height)})
    joined = frame.select("row", "site_id", "place", "vehicle_class", "day_type", "hour", "count").join(
        numbered, on="place", maintain_order="left"
    )
    table = joined.join(first, on="at", how="left", maintain_order="left").select(
        "row",
        "site_id",
        pl.col("site_id").rank("dense").cast(pl.Int64).sub(1).alias("site"),
        pl.col("link").alias("link_id"),
        pl.col("links").fill_null(0).cast(pl.Int64),
        "distance_m",
        "road_class",
        "vehicle_class",
        "day_type",
        "hour",
        "count",
    )
    of_count = pl.DataFrame({"at": joined["at"], "count": np.arange(frame.height)}).join(pairs, on="at", how="inner")
    of_count = of_count.sort("count", "link")
    link = of_count["link"].to_numpy()
    length = links["length_km"].to_numpy()[link]
    per_km = np.divide(of_count["weight"].to_numpy(), length, out=np.zeros(link.size), where=length > 0.0)
    return Counts(table, of_count["count"].to_numpy(), link, per_km, streams, hours)


def stream_rows(frame: pl.DataFrame, profiles: Sequence[StreamProfile], path: Path) -> Bool:
    """Return which streams each row counts, shape (rows, streams)."""
    known = {TOTAL, LIGHT, HEAVY, *(p.local_name for p in profiles), *reference_table("streams.csv")["stream"]}
    unknown = ~frame["vehicle_class"].is_in(sorted(known))
    word = str(frame["vehicle_class"].filter(unknown)[0]) if unknown.any() else ""
    refuse(frame, unknown, "vehicle_class", path, "there are no such vehicles", use_one_of(word, known))
    words = frame["vehicle_class"].to_list()
    by_word = {word: streams_of(word, profiles) for word in set(words)}
    return np.array([by_word[word] for word in words])


def streams_of(word: str, profiles: Sequence[StreamProfile]) -> list[bool]:
    """Return which streams a word of a table means: total, light, heavy (trucks and buses) or a stream's name."""
    if word == TOTAL:
        return [True] * len(profiles)
    if word in {LIGHT, HEAVY}:
        return [(p.traffic_class == LIGHT) == (word == LIGHT) for p in profiles]
    return [p.local_name == word for p in profiles]


def hours_meant(frame: pl.DataFrame, days: tuple[DayType, ...], path: Path) -> Float:
    """Return what the vehicle-km of each hour are counted times in each row, shape (rows, H).

    Raises
    ------
    InputError
        A row is of a type of day that the plan does not tell apart.
    """
    words = frame["day_type"].unique().to_list()
    meant = {word: types_meant(word, days) for word in words}
    for word in sorted(word for word, types in meant.items() if not types):
        refuse(
            frame,
            frame["day_type"] == word,
            "day_type",
            path,
            "the plan does not tell this type of day apart",
            "Set traffic.day_types in the plan, such as weekday_weekend.",
        )
    shape = (len(days), HOURS_PER_DAY)
    out = np.zeros((frame.height, *shape))
    hour = frame["hour"].fill_null(-1).to_numpy()
    for word, types in meant.items():
        rows = np.flatnonzero((frame["day_type"] == word).to_numpy())
        weight = 1.0 / sum(days[d].share for d in types)
        for d in types:
            whole = rows[hour[rows] < 0]
            out[whole, d, :] = weight
            one = rows[hour[rows] >= 0]
            out[one, d, hour[one]] = weight
    return out.reshape(frame.height, -1)
