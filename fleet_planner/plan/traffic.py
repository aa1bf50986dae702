"""How traffic gets onto the roads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.assignment import AssignmentSection
from fleet_planner.plan.base import Positive, Section

MOST_SEASONS = 6
"""Conditions of weather are counted in a byte: seasons x classes of hours x driving modes."""

Month = Annotated[int, Field(ge=1, le=12)]


class CountsSection(Section):
    """Traffic counts: the fit of any method is reported; the method "counts" calibrates to them."""

    file: str = Field(default="", description="CSV or Parquet of counts (data dictionary: counts)")
    tolerance_m: Positive = Field(default=50.0, description="how far a place may lie from its road, m")
    holdout_share: Annotated[float, Field(ge=0.0, le=0.9)] = Field(
        default=0.2, description="share of the places whose counts are kept out of the calibration to judge it by"
    )
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="seed of the draw of those places")
    start: Literal["allocated", "assigned"] = Field(
        default="allocated",
        description="what the method counts calibrates: the spread by road class, or assigned trips",
    )
    area_km: Positive = Field(default=4.0, description="side of the squares that areas are told apart by, km")


class FlowsSection(Section):
    """Flows and speeds by link of the user's own model or of probes."""

    file: str = Field(default="", description="CSV or Parquet of flows (data dictionary: link_flows)")


class SpeedsSection(Section):
    """Speeds by link and hour."""

    method: Literal["profile", "volume_delay"] = Field(
        default="profile",
        description="profile: free flow times a packaged share of it by class, hour and day; volume_delay: by the "
        "traffic that the run itself puts on a link against its capacity",
    )
    fleet_share: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0,
        description="volume_delay: share of all traffic (in passenger cars) that the plan's vehicles are",
    )
    file: str = Field(
        default="",
        description="CSV or Parquet of measured speeds: a row per reading (data dictionary: site_speeds), or, with "
        "`sites`, a column `time` and one column per site; they go before the method's",
    )
    sites: str = Field(default="", description="CSV of the places of the sites (data dictionary: speed_sites)")
    unit: Literal["km/h", "mph"] = Field(default="km/h", description="unit of the measured speeds")
    tolerance_m: Positive = Field(default=50.0, description="how far a site may lie from its road, m")
    reach_km: Annotated[float, Field(ge=0.0, le=20.0)] = Field(
        default=1.0, description="how far along its road, both ways, a measured speed is taken to hold"
    )
    corridor_km: Annotated[float, Field(ge=0.0, le=20.0)] = Field(
        default=0.7,
        description="speeds are means over this length of the same road (whole links, 0.4 to 1 km); 0: link by link",
    )


class TrafficSection(Section):
    """How vehicle-km come onto roads, hours and types of day."""

    method: Literal["allocated", "counts", "assigned", "given"] = Field(
        default="allocated",
        description="allocated: spread by road class, lanes and profiles of the hours; counts: that (or what "
        "counts.start says), calibrated to traffic counts; assigned: trips between zones on the routes of the user "
        "equilibrium; given: flows by link of traffic.flows",
    )
    day_types: Literal["average", "weekday_weekend", "weekday_saturday_sunday"] = Field(
        default="average", description="types of day that are told apart"
    )
    holidays_per_year: Annotated[float, Field(ge=0.0, le=260.0)] = Field(
        default=0.0, description="public holidays on weekdays, which drive like Sundays"
    )
    seasons: dict[str, list[Month]] = Field(
        default={}, description="months of each season, such as winter = [12, 1, 2]; empty: the year as one"
    )

    counts: CountsSection = CountsSection()
    flows: FlowsSection = FlowsSection()
    speeds: SpeedsSection = SpeedsSection()
    assignment: AssignmentSection = AssignmentSection()

    @property
    def assigns(self) -> bool:
        """Whether trips between zones are assigned to the roads."""
        return self.method == "assigned" or (self.method == "counts" and self.counts.start == "assigned")

    @model_validator(mode="after")
    def _has_its_file(self) -> TrafficSection:
        if self.method == "counts" and not self.counts.file:
            raise ValueError('method = "counts" needs traffic.counts.file')
        if (self.method == "given") != bool(self.flows.file):
            raise ValueError('method = "given" and traffic.flows.file belong together')
        return self

    @model_validator(mode="after")
    def _whole_year(self) -> TrafficSection:
        months = sorted(m for listed in self.seasons.values() for m in listed)
        if self.seasons and months != list(range(1, 13)):
            raise ValueError(f"seasons must hold each month 1..12 once (found: {months})")
        if len(self.seasons) > MOST_SEASONS:
            raise ValueError(f"seasons may be {MOST_SEASONS} at most (found: {len(self.seasons)})")
        return self
