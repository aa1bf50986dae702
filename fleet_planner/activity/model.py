"""Where and when the fleet drives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.activity.days import AVERAGE, DayType
from fleet_planner.activity.parts import AccessParts
from fleet_planner.kernels import allocation
from fleet_planner.tiles import Tiles
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.setting import CountFit
    from fleet_planner.activity.speeds import Speeds
    from fleet_planner.findings import Finding

MODES: tuple[str, ...] = ("urban_peak", "urban_off_peak", "rural", "highway")
"""Driving modes of the factors that are published by mode; index = code in `Activity.mode`."""


@dataclass(frozen=True)
class Activity:
    """Vehicle-kilometres and speeds by hour of each type of day.

    The hour axis has ``H = 24 * types of day`` places. An hour of a type of day holds its part of the average day
    (what is driven in it on such a day times their share of the year), so that every sum over hours is the average
    day, whatever types are told apart.

    Parameters
    ----------
    streams
        Names of the streams, in the order of the first axes.
    km
        Vehicle-km of the average day by stream and link, shape (streams, links), C-contiguous.
    row
        Row of ``share`` that spreads them over the hours, shape (streams, links), int32.
    share
        Distinct spreads over the hours, each adding up to 1, shape (rows, H).
    speed_kmh
        Mean speed of the hour, shape (links, H).
    mode
        Index into `MODES`, shape (links, H), int8.
    findings
        Defaults used and what access rules moved.
    days
        The types of day; ``len(days) = H / 24``.
    method
        How the vehicle-km came onto the links: ``traffic.method`` of the plan.
    speeds
        Where the speeds come from; nothing if they were given one by one.
    fit
        To traffic counts; nothing without.
    assigned
        The assignment that it rests on; nothing without.
    own_kmh
        Speeds of streams that do not drive with the traffic, shape (links, H) each; NaN where they do.
    parts
        How streams fall into parts of unequal access: ``streams`` are these parts.
    tiles
        How many links are worked on at a time.
    """

    streams: tuple[str, ...]
    km: NDArray[np.float64]
    row: NDArray[np.int32]
    share: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    mode: NDArray[np.int8]
    findings: tuple[Finding, ...] = ()
    days: tuple[DayType, ...] = (AVERAGE,)
    method: str = "allocated"
    speeds: Speeds | None = None
    fit: CountFit | None = None
    assigned: AssignedTraffic | None = None
    own_kmh: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    parts: AccessParts = field(default_factory=AccessParts)
    tiles: Tiles = field(default_factory=Tiles)

    @classmethod
    def dense(
        cls,
        streams: tuple[str, ...],
        vkt: NDArray[np.float64],
        speed_kmh: NDArray[np.float64],
        mode: NDArray[np.int8],
        findings: tuple[Finding, ...] = (),
    ) -> Activity:
        """Return the activity of vehicle-km given one by one, shape (streams, links, 24): a row for each."""
        km = vkt.sum(axis=2)
        share = np.divide(vkt, km[:, :, None], out=np.full_like(vkt, 1.0 / vkt.shape[2]), where=km[:, :, None] > 0.0)
        row = np.arange(km.size, dtype=np.int32).reshape(km.shape)
        return cls(streams, km, row, share.reshape(km.size, -1), speed_kmh, mode, findings)

    @property
    def hours(self) -> int:
        """Length of the hour axis."""
        return int(self.share.shape[1])

    @property
    def vkt(self) -> NDArray[np.float64]:
        """Vehicle-km one by one, shape (streams, links, H): formed anew at each call, large for a large city."""
        return self.vkt_of(slice(None))

    def vkt_of(self, hours: slice) -> NDArray[np.float64]:
        """Vehicle-km one by one at some hours, shape (streams, links, hours)."""
        return np.asarray(allocation.expand(self.km, self.row, np.ascontiguousarray(self.share[:, hours])))

    @property
    def links(self) -> int:
        """Number of links."""
        return int(self.km.shape[1])

    def of_links(self, part: slice) -> Activity:
        """Return the activity on some links that follow each other; itself where these are all."""
        if part == slice(0, self.links):
            return self
        return replace(
            self,
            km=np.ascontiguousarray(self.km[:, part]),
            row=np.ascontiguousarray(self.row[:, part]),
            speed_kmh=np.ascontiguousarray(self.speed_kmh[part]),
            mode=np.ascontiguousarray(self.mode[part]),
            own_kmh={stream: kmh[part] for stream, kmh in self.own_kmh.items()},
            speeds=None,
        )

    def vkt_by_hour(self) -> NDArray[np.float64]:
        """Return the vehicle-km of all streams and links by hour, shape (H,)."""
        by_row = np.zeros(self.share.shape[0])
        for km, row in zip(self.km, self.row, strict=True):
            by_row += np.bincount(row, weights=km, minlength=by_row.size)
        return np.asarray(by_row @ self.share)

    def mean_speed_kmh(self) -> NDArray[np.float64]:
        """Return the mean speed of each link, hours weighted by vehicle-km, shape (links,)."""
        out = np.empty(self.links)
        for part in self.tiles.slices(self.links):
            one = self.of_links(part)
            out[part] = allocation.mean_speeds(one.km, one.row, one.share, one.speed_kmh)
        return out

    def with_corridors(self, target_km: float) -> Activity:
        """Return the activity with speeds averaged over another length of road."""
        if self.speeds is None:
            return self
        mean = self.speeds.corridors.mean_speeds(self.speeds.link_kmh, target_km, self.tiles)
        return replace(self, speed_kmh=mean)

    def month_weight(self) -> NDArray[np.float64]:
        """Return which months each type of day is in, shape (types, 12), 0 or 1."""
        return np.array([[float(m + 1 in day.months) for m in range(12)] for day in self.days])

    def average_day(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up the types of day: values with hours first, shape (H, ...), to shape (24, ...)."""
        return np.asarray(values.reshape(len(self.days), HOURS_PER_DAY, *values.shape[1:]).sum(axis=0))
