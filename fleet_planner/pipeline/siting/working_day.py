"""Working days of the electric vans and trucks of a plan: energy at base, at stops and on the way, by hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.duty.figures import DutyFigures, duty_streams
from fleet_planner.buses.energy.duty import vehicle_types
from fleet_planner.chargers.working_day import DayRules, by_hour, charged, day_classes, laid_out, sessions
from fleet_planner.economics.vehicle_costs import VehicleCosts, vehicle_costs
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.fleet.use import usual
from fleet_planner.pipeline.siting.day_weather import CATEGORY, DayWeather
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, MINUTES_PER_HOUR

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]

TABLE = "working_day.csv"
BY_STREAM = ("start_h", "battery_kwh", "kwh_per_km", "return_share", "base_kw", "stop_kw", "way_kw")
OF_VEHICLE = ["stream", "category", "km_per_year", "kwh_per_km"]


@dataclass(frozen=True)
class Worked:
    """What a vehicle takes on the average day of the year, by kind of vehicle.

    Parameters
    ----------
    vehicles
        ``stream, category, km_per_year, kwh_per_km``: U kinds.
    kwh
        Of one vehicle at base, at stops and on the way by hour, at the plug, shape (U, 3, 24).
    sessions
        Times that it charges there, shape (U, 3).
    """

    vehicles: pl.DataFrame
    kwh: Float
    sessions: Float

    def of(self, rows: pl.DataFrame) -> NDArray[np.int64]:
        """Return the kind of each row of vehicles, shape (rows,)."""
        numbered = self.vehicles.with_row_index("kind_of_vehicle")
        found = rows.select(OF_VEHICLE).join(numbered, on=OF_VEHICLE, how="left", maintain_order="left")
        return found["kind_of_vehicle"].to_numpy().astype(np.int64)


@dataclass
class DayFigures:
    """Looks the figures of working days up, the plan's before packaged ones, and keeps which were not read.

    Parameters
    ----------
    plan
        The plan.
    weather
        The day that is looked at.
    used
        Figures that were looked up, and whether their source was read.
    """

    plan: Plan
    weather: DayWeather
    used: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse streams that are none of vans and trucks."""
        section = self.plan.chargers.day
        for name in BY_STREAM:
            for stream in getattr(section, name):
                if stream not in duty_streams():
                    raise PlanError(
                        "this stream is none of vans and trucks",
                        use_one_of(stream, duty_streams()),
                        column=f"chargers.day.{name}",
                        value=stream,
                    )
        self.duty = DutyFigures(self.plan.buses.duty, self.plan.city.country, self.used)
        self.costs = vehicle_costs(self.plan.economics)
        rows = reference_table(TABLE).select("item", "applies", "value", "checked").iter_rows()
        self.table = {(item, applies): (float(value), checked == "yes") for item, applies, value, checked in rows}

    def packaged(self, item: str, applies: str) -> float:
        """Return a figure of the packaged table."""
        value, read = self.table[item, applies]
        self.used[f"{item} ({applies})"] = read
        return value

    def of_use(self, quantity: str, stream: str) -> float | None:
        """Return a usual figure of a stream's use; none where there is none."""
        category = CATEGORY[duty_streams()[stream][0]]
        found = usual(quantity, stream, category, self.plan.city.country)
        if found is None:
            return None
        self.used[f"{quantity} ({stream})"] = found[1] == "yes"
        return found[0]

    def cost_of(self, stream: str, item: str) -> float:
        """Return a figure of the stream's class of ownership."""
        costs: VehicleCosts = self.costs[duty_streams()[stream][1]]
        self.used[f"{item} ({costs.vehicle_class})"] = item not in costs.unchecked
        return float(getattr(costs, item))

    def start_h(self, stream: str) -> float:
        """Return the hour at which the day begins."""
        own = self.plan.chargers.day.start_h.get(stream)
        return self.packaged("start_h", stream) if own is None else own

    def battery_kwh(self, stream: str) -> float:
        """Return what the battery holds between full and the reserve at the end of its life, at the plug."""
        kind = duty_streams()[stream][0]
        return self.held(self.plan.chargers.day.battery_kwh.get(stream) or self.rated_kwh(kind))

    def rated_kwh(self, kind: str) -> float:
        """Return the rated battery of a type of the energy model."""
        types = vehicle_types()
        self.used[f"battery ({kind})"] = kind not in types.unchecked
        return float(types.battery_kwh[types.names.index(kind)])

    def held(self, rated_kwh: float) -> float:
        """Return what a rated battery holds between full and the reserve at the end of its life, at the plug."""
        pack = [self.duty.figure(item, "pack") for item in ("window", "end_of_life", "charger_efficiency")]
        return rated_kwh * pack[0] * pack[1] / pack[2] * self.weather.held

    def return_share(self, stream: str) -> float:
        """Return the share of the vehicles that spend the night at their base."""
        own = self.plan.chargers.day.return_share.get(stream)
        if own is not None:
            return own
        found = self.of_use("return_share", stream)
        return 1.0 if found is None else found

    def base_kw(self, stream: str) -> float:
        """Return the power per vehicle at base."""
        own = self.plan.chargers.day.base_kw.get(stream, self.plan.buses.duty.charger_kw.get(stream))
        return (self.cost_of(stream, "charger_kw") if own is None else own) * self.weather.charge

    def stop_kw(self, stream: str) -> float:
        """Return the power of chargers at stops."""
        own = self.plan.chargers.day.stop_kw.get(stream)
        return (self.packaged("stop_kw", duty_streams()[stream][0]) if own is None else own) * self.weather.charge

    def way_kw(self, stream: str) -> float:
        """Return the least power of chargers on the way."""
        own = self.plan.chargers.day.way_kw.get(stream)
        return self.packaged("way_kw", duty_streams()[stream][0]) if own is None else own

    @property
    def least_stop_h(self) -> float:
        """Shorter stops are no time to charge."""
        own = self.plan.chargers.day.least_stop_min
        return (self.packaged("least_stop_min", "any") if own is None else own) / MINUTES_PER_HOUR

    @property
    def unchecked(self) -> list[str]:
        """Figures used that were not read in a source."""
        return sorted(name for name, read in self.used.items() if not read)


def worked_days(rows: pl.DataFrame, figures: DayFigures) -> Worked:
    """Return where vehicles charge on their working days.

    A vehicle's days scatter about its mean, a year's distance over the working days, as a lognormal distribution
    (``docs/vehicle_use.md``); they are put into classes, each of which is laid out and charged (`laid_out`, `charged`).
    Whatever the classes, the energies of a vehicle add up to km a year times kWh per km, spread over the year.

    Parameters
    ----------
    rows
        Vans and trucks with ``stream, category, km_per_year, kwh_per_km``.
    figures
        Of the plan.
    """
    vehicles = rows.select(OF_VEHICLE).unique(maintain_order=True).sort(OF_VEHICLE)
    kwh, stops = np.zeros((vehicles.height, 3, 24)), np.zeros((vehicles.height, 3))
    classes = figures.plan.chargers.day.classes
    for (stream,), own in vehicles.with_row_index("at").group_by("stream", maintain_order=True):
        name = str(stream)
        days = figures.of_use("days_per_year", name) or float(DAYS_PER_YEAR)
        part = day_classes(figures.of_use("km_day_spread", name) or 1e-6, classes)
        km = np.outer(own["km_per_year"].to_numpy() / days, part)
        use = np.repeat(own["kwh_per_km"].to_numpy()[:, None], classes, axis=1)
        shape = km.size
        rules = DayRules(
            km=km.ravel(),
            kwh_per_km=use.ravel(),
            trip_km=np.full(shape, figures.of_use("trip_km", name) or float(km.mean()) / 2.0),
            speed_kmh=np.full(shape, figures.cost_of(name, "speed_kmh")),
            start_h=np.full(shape, figures.start_h(name)),
            base_h=np.full(shape, figures.duty.dwell_h(name)),
            base_kw=np.full(shape, figures.base_kw(name)),
            stop_kw=np.full(shape, figures.stop_kw(name)),
            least_stop_h=np.full(shape, figures.least_stop_h),
            battery_kwh=np.full(shape, figures.battery_kwh(name)),
        )
        chains = laid_out(rules)
        done = charged(chains)
        group = np.repeat(np.arange(own.height), classes)
        weight = np.full(shape, days / DAYS_PER_YEAR / classes)
        at = own["at"].to_numpy()
        kwh[at] = by_hour(chains, done, group, weight, own.height)
        stops[at] = sessions(chains, done, group, weight, own.height)
    return Worked(vehicles, kwh, stops)
