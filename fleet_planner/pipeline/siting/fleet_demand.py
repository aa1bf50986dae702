"""Energy that the electric vehicles of a scenario ask for: at bases, at stops, on the way, by year and hour."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.duty.figures import duty_streams
from fleet_planner.buses.energy.weather import COLDEST, MEAN
from fleet_planner.chargers.building.options import largest_kw, usual_connector
from fleet_planner.chargers.building.tables import frame
from fleet_planner.chargers.demand import Demand, demand_of, profiles
from fleet_planner.chargers.working_day import BASE, STOP, WAY
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.pipeline.siting.asked import Asked, Head
from fleet_planner.pipeline.siting.day_weather import day_weather
from fleet_planner.pipeline.siting.electric_fleet import ElectricFleet, electric_fleet, vehicles_of
from fleet_planner.pipeline.siting.freight_places import freight_places
from fleet_planner.pipeline.siting.given_days import given_days, read_days
from fleet_planner.pipeline.siting.working_day import DayFigures, worked_days
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.fleet import Fleet
    from fleet_planner.network import Network
    from fleet_planner.pipeline.computing.places import HomePlaces
    from fleet_planner.pipeline.siting.day_weather import DayWeather
    from fleet_planner.pipeline.siting.freight_places import FreightPlaces, Spread
    from fleet_planner.pipeline.siting.given_days import GivenDays
    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]

KINDS = {"depot": "depot", "zone": "destination"}
"""Where vehicles of a depot and of a home zone charge."""
NIGHT, OUTSIDE, PLACELESS = "night", "outside", "placeless"
PARTS = ("base", NIGHT, "stops", "way", OUTSIDE, PLACELESS)
SHOWN = PARTS[:4]


@dataclass
class Needs:
    """Energy by year, stream and part, and by hour of those parts that have a place; kWh of the average day."""

    parts: dict[tuple[int, str], dict[str, float]] = field(default_factory=dict)
    hours: dict[tuple[int, str, str], Float] = field(default_factory=dict)
    sessions: dict[tuple[int, str], float] = field(default_factory=dict)

    def add(self, key: tuple[int, str], part: str, kwh: Float | float) -> None:
        """Add energy, of the hours or of the day."""
        own = self.parts.setdefault(key, dict.fromkeys(PARTS, 0.0))
        own[part] += float(np.sum(kwh))
        if isinstance(kwh, np.ndarray):
            hours = self.hours.setdefault((*key, part), np.zeros(HOURS_PER_DAY))
            hours += kwh


@dataclass(frozen=True)
class FleetDemand:
    """What the electric vehicles of a scenario ask for.

    Parameters
    ----------
    demand
        By place.
    tables
        ``charging_needs``, ``charging_hours``, ``demand_by_hour``.
    """

    demand: Demand
    tables: dict[str, pl.DataFrame]


def fleet_demand(
    plan: Plan, base: Path, homes: HomePlaces, spots: Mapping[str, tuple[float, float]], network: Network
) -> FleetDemand:
    """Return the demand of the electric vehicles of ``chargers.scenario``, or of the days of ``chargers.chains`` alone.

    Vans and trucks charge by their working day: at base, at stops, on the way, as given (`given_days`) or laid out
    (`worked_days`). All others charge at their depot, else in their home zone. In each planned year the vehicles are
    those of the year (`electric_fleet`), to whose energy given days are scaled.

    Parameters
    ----------
    plan, base
        The plan and its folder.
    homes, spots
        Zones and depots, and a point of each by name.
    network
        Roads.

    Raises
    ------
    PlanError
        The scenario is unknown, a planned year is none of the turnover, or no electric vehicle has a place.
    """
    section, weather = plan.chargers, day_weather(plan, base)
    figures = DayFigures(plan, weather)
    rows = read_days(base / section.chains, spots) if section.chains else None
    whole = in_weather(plan, electric_fleet(plan, base, homes, spots), weather) if section.scenario else None
    today = whole.base if whole is not None else vehicles_of(plan, base, homes)
    places = None
    if rows is not None or (whole is not None and _working(plan, whole.rows).height):
        places = freight_places(plan, base, network, homes, today.vehicles)
    days = None
    if rows is not None and places is not None:
        connector = usual_connector(section, plan.city.country)
        days = given_days(rows, figures, places.corridors, connector, largest_kw(section, connector))
    fleet = whole if whole is not None else _fleet_of_days(plan, days, today)
    fleet = _without_buses(plan, fleet)
    asked, needs = Asked(fleet.years), Needs()
    given = set() if days is None else set(days.streams["stream"])
    working = _working(plan, fleet.rows).filter(~pl.col("stream").is_in(list(given)))
    if working.height and places is not None:
        _work(plan, fleet, working, figures, places, (asked, needs))
    findings = [*fleet.findings]
    if days is not None:
        _as_given(fleet, days, (asked, needs))
        findings += _told_of_days(days, fleet)
    if places is not None:
        findings += [*places.findings, *_told(figures, working)]
    here = _working(plan, fleet.rows)["stream"].unique().to_list() + sorted(given)
    _at_home(plan, fleet, fleet.rows.filter(~pl.col("stream").is_in(here)), (asked, needs))
    table = asked.table()
    if table.is_empty():
        raise PlanError(
            f"no electric vehicle of the scenario {plan.chargers.scenario} has a depot or zone of the plan",
            "Set places.depots or places.zones and name them in the registry, or give chargers.demand.",
            column="chargers.scenario",
        )
    found = demand_of(table, base / plan.fleet.registry, fleet.years, plan.city.year, spots)
    titles = [s.title for s in plan.scenario if section.scenario and s.name == section.scenario]
    told = [Finding("chargers.from_fleet", "info", {"scenario": t, "places": found.size}) for t in titles]
    findings = [*found.findings, *told, *findings, *_lost(fleet, needs)]
    tables = {
        "charging_needs": needs_table(fleet, needs),
        "charging_hours": hours_table(needs),
        "demand_by_hour": table.filter(pl.col("kwh_per_day") > 0.0).drop("row"),
    }
    return FleetDemand(replace(found, findings=tuple(findings)), tables)


def in_weather(plan: Plan, fleet: ElectricFleet, weather: DayWeather) -> ElectricFleet:
    """Return a fleet whose vans and trucks use what they do in a weather; others as on the mean day."""
    use = weather.use if plan.chargers.day.enabled else {}
    factor = pl.col("stream").replace_strict(dict(use), default=1.0, return_dtype=pl.Float64) if use else pl.lit(1.0)
    rows = fleet.rows.with_columns(pl.col("kwh_per_km", "kwh_per_day") * factor)
    return replace(fleet, rows=rows)


def _working(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the vans and trucks that charge by their working day."""
    return rows.filter(pl.col("stream").is_in(list(duty_streams()) if plan.chargers.day.enabled else []))


def _fleet_of_days(plan: Plan, days: GivenDays | None, today: Fleet) -> ElectricFleet:
    """Return the vehicles of given days as a fleet: the same in every planned year."""
    assert days is not None
    years = tuple(plan.chargers.years or [plan.city.year])
    each = days.streams.with_columns(
        pl.col("vehicles").alias("count"),
        km_per_year=pl.col("km_per_day") / pl.col("vehicles") * DAYS_PER_YEAR,
        depot=pl.lit(None, dtype=pl.String),
        zone=pl.lit(None, dtype=pl.String),
    )
    rows = pl.concat([each.with_columns(year=pl.lit(year, dtype=pl.Int64)) for year in years])
    return ElectricFleet(rows, today, years, (Finding("chargers.chains_constant", "assumption", {}),))


def _without_buses(plan: Plan, fleet: ElectricFleet) -> ElectricFleet:
    """Return the fleet without the buses whose energy comes from their replacement plan."""
    buses = plan.buses.transition.streams if plan.chargers.bus_years else []
    left = fleet.rows.filter(~pl.col("stream").is_in(buses))
    if left.height == fleet.rows.height:
        return fleet
    told = Finding("chargers.buses_once", "info", {"streams": ", ".join(buses)})
    return replace(fleet, rows=left, findings=(*fleet.findings, told))


def _as_given(fleet: ElectricFleet, days: GivenDays, into: tuple[Asked, Needs]) -> None:
    """Add what given days ask for, scaled to the energy of their streams in each planned year."""
    asked, needs = into
    table = dict(days.streams.select("stream", "kwh_per_day").iter_rows())
    summed = fleet.rows.group_by("year", "stream").agg(pl.col("kwh_per_day").sum())
    energy = {(year, stream): kwh for year, stream, kwh in summed.iter_rows()}
    for t, year in enumerate(fleet.years):
        for one in days.taken:
            stream = one.head.stream
            factor = energy.get((year, stream), 0.0) / table[stream]
            if factor <= 0.0:
                continue
            asked.add(one.head, t, one.kwh * factor, one.sessions * factor)
            needs.add((year, stream), one.part, one.kwh * factor)
            if one.part in {"stops", "way"}:
                key = (year, stream)
                needs.sessions[key] = needs.sessions.get(key, 0.0) + one.sessions * factor
        for stream, kwh in days.placeless.items():
            needs.add((year, stream), PLACELESS, kwh * energy.get((year, stream), 0.0) / table[stream])


def _told_of_days(days: GivenDays, fleet: ElectricFleet) -> list[Finding]:
    """Return what given days stand for."""
    streams = ", ".join(days.streams["stream"])
    out = [Finding("chargers.chains_read", "info", {"streams": streams}, days.days)]
    if lonely := sorted(set(days.streams["stream"]) - set(fleet.rows["stream"])):
        out.append(Finding("chargers.chains_unused", "warning", {"streams": ", ".join(lonely)}, len(lonely)))
    return out


def _work(
    plan: Plan,
    fleet: ElectricFleet,
    rows: pl.DataFrame,
    figures: DayFigures,
    places: FreightPlaces,
    into: tuple[Asked, Needs],
) -> None:
    """Add what vans and trucks ask for on their working days."""
    asked, needs = into
    worked = worked_days(rows, figures)
    kind = worked.of(rows)
    count = rows["count"].to_numpy()[:, None, None]
    inside = rows["share_inside"].to_numpy()
    kwh, times = worked.kwh[kind] * count, worked.sessions[kind] * count[:, :, 0]
    heavy = set(reference_table("streams.csv").filter(pl.col("heavy") == "yes")["stream"])
    connector = usual_connector(plan.chargers, plan.city.country)
    most_kw = largest_kw(plan.chargers, connector)
    keys = rows.select("year", "stream", "depot", "zone").with_row_index("at")
    for (year, stream, depot, zone), own in keys.group_by("year", "stream", "depot", "zone", maintain_order=True):
        at, key, name = own["at"].to_numpy(), (int(str(year)), str(stream)), str(stream)
        t = fleet.years.index(key[0])
        back = figures.return_share(name)
        energy, often = kwh[at].sum(axis=0), times[at].sum(axis=0)
        here = (kwh[at] * inside[at, None, None]).sum(axis=0)
        near = (times[at] * inside[at, None]).sum(axis=0)
        needs.sessions[key] = needs.sessions.get(key, 0.0) + float(often[STOP] + often[WAY])
        # nights at base
        made = (energy[BASE] * back, float(often[BASE]) * back)
        home = depot or zone
        if home is not None:
            which = KINDS["depot" if depot is not None else "zone"]
            head = Head(f"{home} {name}", which, name, str(zone or home), place=str(home), connector=connector)
            asked.add(head, t, *made)
            needs.add(key, "base", made[0])
        else:
            _deal(into, key, t, "base", places.people, made, Head("base", "depot", name, "", connector=connector))
        # nights elsewhere: trucks on the corridors, vans among the people of the city
        if back < 1.0:
            truck = name in heavy
            night, nights = (here, near) if truck else (energy, often)
            made = (night[BASE] * (1.0 - back), float(nights[BASE]) * (1.0 - back))
            needs.add(key, OUTSIDE, float((energy - night)[BASE].sum()) * (1.0 - back))
            where, which = (places.corridors, "en_route") if truck else (places.people, "destination")
            _deal(into, key, t, NIGHT, where, made, Head(NIGHT, which, name, "", connector=connector))
        head = Head("stops", "destination", name, "", connector=connector)
        _deal(into, key, t, "stops", places.stops, (here[STOP], float(near[STOP])), head)
        head = Head("", "en_route", name, "", min_kw=min(figures.way_kw(name), most_kw), connector=connector)
        _deal(into, key, t, "way", places.corridors, (here[WAY], float(near[WAY])), head)
        needs.add(key, OUTSIDE, float((energy - here)[[STOP, WAY]].sum()))


def _deal(
    into: tuple[Asked, Needs],
    key: tuple[int, str],
    t: int,
    part: str,
    where: Spread,
    made: tuple[Float, float],
    head: Head,
) -> None:
    """Add energy by hour, and sessions, dealt to places by their shares; ``head`` has the end of their names."""
    asked, needs = into
    kwh, sessions = made
    if not where.names:
        needs.add(key, PLACELESS, float(kwh.sum()))
        return
    needs.add(key, part, kwh)
    for name, zone, (lon, lat), share in zip(
        where.names, where.zones, where.lonlat.tolist(), where.share.tolist(), strict=True
    ):
        named = " ".join(w for w in (name, head.stream, head.demand_id) if w)
        asked.add(replace(head, demand_id=named, zone=zone, lon=lon, lat=lat), t, kwh * share, sessions * share)


def _at_home(plan: Plan, fleet: ElectricFleet, rows: pl.DataFrame, into: tuple[Asked, Needs]) -> None:
    """Add what vehicles ask for that charge at their depot, else in their home zone."""
    asked, needs = into
    connector, night = usual_connector(plan.chargers, plan.city.country), profiles()["depot"]
    summed = rows.group_by("year", "stream", "depot", "zone", maintain_order=True).agg(pl.col("kwh_per_day").sum())
    for year, stream, depot, zone, kwh in summed.sort("depot", "zone", "stream", "year").iter_rows():
        home = depot or zone
        if home is None:
            needs.add((year, stream), PLACELESS, kwh)
            continue
        which = KINDS["depot" if depot is not None else "zone"]
        head = Head(f"{home} {stream}", which, stream, zone or home, place=home, connector=connector)
        asked.add(head, fleet.years.index(year), kwh * night, 0.0)
        needs.add((year, stream), "base", kwh * night)


def needs_table(fleet: ElectricFleet, needs: Needs) -> pl.DataFrame:
    """Return ``tables/columns/charging_needs.csv``."""
    driven = pl.col("count") * pl.col("km_per_year") / DAYS_PER_YEAR
    summed = fleet.rows.group_by("year", "stream").agg(
        vehicles=pl.col("count").sum(), km=driven.sum(), kwh=pl.col("kwh_per_day").sum()
    )
    rows: list[dict[str, object]] = []
    for year, stream, vehicles, km, kwh in summed.sort("year", "stream").iter_rows():
        parts = needs.parts[year, stream]
        rows.append(
            {
                "year": year,
                "stream": stream,
                "vehicles": vehicles,
                "km_per_day": km,
                "kwh_per_km": kwh / km,
                "kwh_per_day": kwh,
                **{f"{part}_kwh_per_day": parts[part] for part in PARTS},
                "sessions_per_day": needs.sessions.get((year, stream)),
            }
        )
    return frame("charging_needs", rows)


def hours_table(needs: Needs) -> pl.DataFrame:
    """Return ``tables/columns/charging_hours.csv``."""
    rows: list[dict[str, object]] = [
        {"year": year, "stream": stream, "part": part, "hour": hour, "kwh_per_day": value}
        for (year, stream, part), hours in sorted(needs.hours.items(), key=lambda i: (*i[0][:2], SHOWN.index(i[0][2])))
        for hour, value in enumerate(hours.tolist())
    ]
    return frame("charging_hours", rows)


def _told(figures: DayFigures, workers: pl.DataFrame) -> list[Finding]:
    """Return what the working days rest on."""
    out, classes = [], figures.plan.chargers.day.classes
    if workers.height:
        streams = workers["stream"].n_unique()
        out.append(Finding("chargers.day_laid_out", "assumption", {"classes": classes}, streams))
    weather = figures.weather
    if weather.name != MEAN:
        known = sorted(set(workers["stream"])) or sorted(weather.use)
        factors = ", ".join(f"{s} {weather.use[s]:.2f}" for s in known)
        told: dict[str, str | int | float] = {"celsius": f"{weather.celsius:.1f}", "use": factors}
        code = "chargers.day_coldest" if weather.name == COLDEST else "chargers.day_hottest"
        out.append(Finding(code, "assumption", told))
    if figures.unchecked:
        values: dict[str, str | int | float] = {"all": len(figures.used)}
        out.append(Finding("chargers.day_unchecked", "assumption", values, len(figures.unchecked)))
    homeless = workers.filter(pl.col("depot").is_null() & pl.col("zone").is_null())
    if homeless.height:
        share = float(homeless["kwh_per_day"].sum()) / float(workers["kwh_per_day"].sum())
        out.append(Finding("chargers.bases_by_people", "assumption", {}, share=share))
    return out


def _lost(fleet: ElectricFleet, needs: Needs) -> list[Finding]:
    """Return by year the share of the energy that has no place, and that is charged outside the city."""
    out = []
    codes = ((PLACELESS, "chargers.fleet_without_place", "warning"), (OUTSIDE, "chargers.outside", "info"))
    for year in fleet.years:
        own = [parts for (y, _), parts in needs.parts.items() if y == year]
        whole = sum(sum(parts.values()) for parts in own)
        for part, code, kind in codes:
            lost = sum(parts[part] for parts in own)
            if lost > 1e-9 * whole:
                values: dict[str, str | int | float] = {"year": str(year)}
                out.append(Finding(code, "warning" if kind == "warning" else "info", values, share=lost / whole))
    return out
