"""Where, when and how fast streams drive, from the packaged tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import AVERAGE, DayType, hourly_shares, speed_fractions
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Float = NDArray[np.float64]
Int = NDArray[np.int64]
GROUPS = ("motorway", "arterial", "local")
MOTORWAYS = ("motorway", "motorway_link", "trunk", "trunk_link")
ARTERIALS = ("primary", "primary_link", "secondary", "secondary_link")
FALLBACK_STREAM = "car"
FALLBACK_CLASS = "unclassified"
HIGHWAY_KMH = 80.0
RURAL_KMH = 70.0


PART = ":"
"""Stands between the name of a stream and what sets a part of it apart."""

BUS_CLASS = "bus"
"""The class of traffic that may use roads for buses only."""


@dataclass(frozen=True)
class StreamProfile:
    """How a stream is spread: shares of the hours (24 x types of day,), relative traffic per lane by road class.

    ``traffic_class`` is ``light``, ``bus``, ``single_unit`` or ``combination``; ``over_t`` the greatest weight limit
    that its vehicles are too heavy for (-1: none); ``meets`` the numbers of access rules whose standards and fuels are
    its vehicles'.
    """

    stream: str
    base: str
    hourly: Float
    intensity: dict[str, float]
    heavy: bool
    traffic_class: str = "light"
    over_t: float = -1.0
    meets: frozenset[int] = frozenset()

    @property
    def local_name(self) -> str:
        """Name of the stream without the mark of visitors, and of a part."""
        return base_stream(self.stream)


def whole_stream(name: str) -> str:
    """Return the stream that a part is of (see `parts`)."""
    return name.partition(PART)[0]


def base_stream(name: str) -> str:
    """Return the name of a stream without the mark of visitors, and of a part."""
    return whole_stream(name).removeprefix("visiting_")


def stream_profile(stream: str, days: tuple[DayType, ...] = (AVERAGE,)) -> StreamProfile:
    """Return the profile of a stream; visiting streams drive like local ones, unknown ones like cars."""
    table = {row["stream"]: row for row in reference_table("streams.csv").iter_rows(named=True)}
    name = base_stream(stream)
    base = name if name in table else FALLBACK_STREAM
    row = table[base]
    intensity = reference_table("class_intensity.csv").filter(pl.col("intensity") == row["intensity"])
    return StreamProfile(
        stream,
        base if base != name else "",
        hourly_shares(row["profile"], days),
        dict(intensity.select("road_class", "relative").iter_rows()),
        row["heavy"] == "yes",
        _traffic_class(row),
    )


def _traffic_class(row: Mapping[str, str]) -> str:
    """Return the class of `traffic_classes.csv` that a stream of `streams.csv` is in."""
    if row["intensity"] == "combination":
        return "combination"
    if row["profile"] == "bus":
        return BUS_CLASS
    return "single_unit" if row["heavy"] == "yes" else "light"


def class_groups(road_class: pl.Series) -> Int:
    """Return the index into `GROUPS` of each road class."""
    group = pl.when(road_class.is_in(MOTORWAYS)).then(0).when(road_class.is_in(ARTERIALS)).then(1).otherwise(2)
    return pl.select(group.cast(pl.Int64)).to_series().to_numpy().copy()


def hourly_speeds(free_flow_kmh: Float, group: Int, days: tuple[DayType, ...] = (AVERAGE,)) -> Float:
    """Return the mean speed of each hour: free flow times the fraction of the class group, shape (links, H)."""
    fraction = speed_fractions(GROUPS, days)
    return np.ascontiguousarray(free_flow_kmh[:, None] * fraction[group])


def quiet_speeds(free_flow_kmh: Float, group: Int) -> Float:
    """Return the mean speed without other traffic: free flow times the day's best fraction of the class group.

    What is left is lost at signals and corners, whatever the traffic; shape (links,).
    """
    return np.asarray(free_flow_kmh * speed_fractions(GROUPS, (AVERAGE,)).max(axis=1)[group])


def driving_modes(
    links: pl.DataFrame, peak_hours: Sequence[int], days: tuple[DayType, ...] = (AVERAGE,)
) -> NDArray[np.int8]:
    """Return the driving mode of each link and hour, shape (links, H).

    Motorways and trunk roads of 80 km/h and more: highway (3). Other roads of 70 km/h and more: rural (2).
    All others: urban peak (0) in the peak hours of working days, else urban off-peak (1).
    """
    speed = links["free_flow_kmh"].to_numpy()
    fast = links["road_class"].is_in(MOTORWAYS).to_numpy() & (speed >= HIGHWAY_KMH)
    rural = ~fast & (speed >= RURAL_KMH)
    town = np.ones(HOURS_PER_DAY * len(days), dtype=np.int8)
    town[[d * HOURS_PER_DAY + h for d, day in enumerate(days) if day.working for h in peak_hours]] = 0
    out = np.tile(town, (links.height, 1))
    out[rural] = 2
    out[fast] = 3
    return out
