"""Everything that a run found out, ready to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.pipeline.clipping.of_run import Districts
from fleet_planner.pipeline.computing.places import HomePlaces
from fleet_planner.pipeline.costing.economics import Economy
from fleet_planner.pipeline.telling.meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.activity.model import Activity
    from fleet_planner.findings import Finding
    from fleet_planner.fleet.model import Fleet
    from fleet_planner.inventory.model import Inventory
    from fleet_planner.network.model import Network
    from fleet_planner.nonroad.model import NonRoad
    from fleet_planner.pipeline.comparing.comparison import Comparison
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.computing.gridded import Gridded
    from fleet_planner.pipeline.telling.hours_rebuilt import HoursOfLinks
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios.model import ScenarioFleet


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario: the fleet it leaves, its inventory and what it costs.

    ``costs`` has one row per measure: ``scenario, measure_id, title_en, title_zh, vehicles,
    capex_usd2024, annualised_capex_usd2024, opex_usd2024_per_year, energy_cost_usd2024_per_year,
    total_usd2024_per_year, checked`` (empty for the baseline). ``zones`` has one row per zone and
    pollutant column ``<pollutant>_kg_per_day``; empty without zones.
    """

    fleet: ScenarioFleet
    inventory: Inventory
    costs: pl.DataFrame


@dataclass(frozen=True)
class InputFile:
    """A file that the run read: path as the plan names it, bytes, SHA-256, role, licence."""

    role: str
    path: str
    sha256: str
    bytes: int
    licence: str


@dataclass(frozen=True)
class Results:
    """A whole run.

    ``scenarios`` begins with the baseline. ``summary`` has one row per scenario and pollutant:
    ``scenario, pollutant, unit, value_per_year, baseline_per_year, change_pct, non_road_per_year`` (t, GJ or MWh a
    year).
    ``sources`` has one row per figure table or data set used: ``item, source, year, licence, checked``.
    ``assumptions`` has one row per plan default, registry assumption or unchecked figure that mattered:
    ``item, value, unit, source, checked, vkt_share``. ``fuel`` sets the baseline's emissions per kg of fuel against
    published means (see `fuel_check.fuel_table`); ``voc`` splits the NMVOC (see `voc_species.voc_table`);
    ``rejected_tests`` has the cells of emission tests that were not understood; ``terrain`` sets the
    baseline's totals against those on level roads (``pollutant, unit, value_per_year, flat_per_year, change_pct``;
    empty where all are); ``later`` the projected fleet and its emissions, where the plan has a turnover.
    ``targets`` says of every target and scenario whether it is met (no rows without targets).
    ``meaning`` says what the emissions do to the climate and to people.
    ``bus_links`` has the timetable on the links (see `BusKm.table`; empty without one), ``bus_routes`` by route.
    ``nonroad`` are the machines beside the roads, where the plan has any; ``places`` the zones and depots that have a
    geometry; ``duty`` says what a working day asks of each stream.
    ``link_bands`` has the ends of the bands of the emissions by scenario and pollutant, shape (links, 2), average day.
    ``economy`` has the cost of ownership and what else the scenarios cost.
    ``well_to_wheel`` has the greenhouse gases of every scenario with those of making the fuels.
    ``comparison`` sets the plan's measures against each other; nothing where it has none to compare.
    ``measure_parts`` tells what each measure brings on vehicles that carry several.
    ``operation`` accounts for the vehicle-km that measures in operation change, ``operation_effects`` for what that
    does to each pollutant (no rows without such measures), ``driven`` the vehicle-km by link of their
    scenarios. ``early_scrappage`` has what scrapping early costs by year. ``gridded`` has the emissions on a
    grid, where the plan asks for one; ``by_sector`` those under the codes of reporting schemes; ``air`` the
    concentrations near roads and who breathes them. ``hour_errors`` says how well the report's map rebuilds the
    hours (see `hours_rebuilt.hours_rebuilt`) from ``map_hours``, ``data_quality`` where the inputs come from,
    ``intensity`` how the city compares per kilometre. ``districts`` are the areas that the plan names, and the
    agency's classes. ``altered`` names the keys of the plan that were given another value than its file has.
    """

    plan: Plan
    plan_path: Path
    network: Network
    fleet: Fleet
    activity: Activity
    scenarios: tuple[ScenarioResult, ...]
    zones: Any  # geopandas.GeoDataFrame or None: zone_id, population, geometry
    summary: pl.DataFrame
    sources: pl.DataFrame
    assumptions: pl.DataFrame
    inputs: tuple[InputFile, ...]
    findings: tuple[Finding, ...]
    bridged: pl.DataFrame
    fuel: pl.DataFrame
    voc: pl.DataFrame
    rejected_tests: pl.DataFrame
    terrain: pl.DataFrame = field(default_factory=pl.DataFrame)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    later: ByYear | None = None
    comparison: Comparison | None = None
    well_to_wheel: pl.DataFrame = field(default_factory=pl.DataFrame)
    targets: pl.DataFrame = field(default_factory=pl.DataFrame)
    bus_links: pl.DataFrame = field(default_factory=pl.DataFrame)
    nonroad: NonRoad | None = None
    bus_routes: pl.DataFrame = field(default_factory=pl.DataFrame)
    places: HomePlaces = field(default_factory=HomePlaces)
    duty: pl.DataFrame = field(default_factory=pl.DataFrame)
    districts: Districts = field(default_factory=Districts)
    economy: Economy = field(default_factory=Economy)
    measure_parts: pl.DataFrame = field(default_factory=pl.DataFrame)
    operation: pl.DataFrame = field(default_factory=pl.DataFrame)
    operation_effects: pl.DataFrame = field(default_factory=pl.DataFrame)
    driven: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    early_scrappage: pl.DataFrame = field(default_factory=pl.DataFrame)
    gridded: Gridded | None = None
    air: AirResult | None = None
    by_sector: pl.DataFrame = field(default_factory=pl.DataFrame)
    meaning: Meaning = field(default_factory=Meaning)
    hour_errors: pl.DataFrame = field(default_factory=pl.DataFrame)
    map_hours: HoursOfLinks | None = None
    data_quality: pl.DataFrame = field(default_factory=pl.DataFrame)
    intensity: pl.DataFrame = field(default_factory=pl.DataFrame)
    altered: tuple[str, ...] = ()
    link_bands: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
