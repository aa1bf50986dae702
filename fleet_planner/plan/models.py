"""The plan file as frozen models: one class per section, unknown keys refused.

Each field has a default where a city can do without it, and a description; the commented
template and the JSON schema are made from these classes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_planner.plan.base import Fraction, Positive, Section
from fleet_planner.plan.buses import BusesPlan
from fleet_planner.plan.chargers import ChargersSection
from fleet_planner.plan.comparison import ComparisonSection
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.plan.effects import EffectKeys
from fleet_planner.plan.electricity import ElectricitySection
from fleet_planner.plan.fleet import FleetSection  # noqa: TC001  # pydantic reads the annotation
from fleet_planner.plan.gridded import GriddedSection
from fleet_planner.plan.impacts import ImpactsSection
from fleet_planner.plan.market import MarketSection
from fleet_planner.plan.nonroad import NonRoadSection
from fleet_planner.plan.operation import Operation
from fleet_planner.plan.places import PlacesSection
from fleet_planner.plan.portfolio import PortfolioSection
from fleet_planner.plan.report import ReportSection
from fleet_planner.plan.run import RunSection
from fleet_planner.plan.targets import Target
from fleet_planner.plan.traffic import TrafficSection
from fleet_planner.plan.turnover import TurnoverSection
from fleet_planner.plan.uncertainty import UncertaintySection


class City(Section):
    """Where and when."""

    name: str = Field(description="name of the city, as shown on the report")
    name_zh: str = Field(default="", description="name in Chinese; the report in Chinese falls back on name")
    country: str = Field(
        description="country or region code whose emission-standard dates apply (CL, CN, CN-BJ, US, US-CA, EU)"
    )
    year: int = Field(ge=1990, le=2060, description="base year of the inventory")
    diesel_sulphur_ppm: Annotated[float, Field(ge=0.0)] = Field(
        default=10.0,
        description="sulphur of the diesel sold in the city, ppm by mass; filters need clean fuel",
    )
    petrol_sulphur_ppm: Annotated[float, Field(ge=0.0)] = Field(
        default=10.0, description="sulphur of the petrol sold in the city, ppm by mass"
    )
    grid_region: str = Field(default="", description="region in the electricity table; empty: the country code above")


class ColumnMap(Section):
    """Names of the user's columns for the link table; only needed for tables that are not OSM."""

    u: str = Field(default="u", description="start node")
    v: str = Field(default="v", description="end node")
    road_class: str = Field(default="road_class", description="road class")
    length_m: str = Field(default="", description="length in metres; empty: computed from the geometry")
    lanes: str = Field(default="", description="lanes in the direction of the link")
    maxspeed_kmh: str = Field(default="", description="speed limit, km/h")
    oneway: str = Field(default="", description="column that is true where the link is one-way")
    structure: str = Field(
        default="", description="column that is filled on bridges and in tunnels (no, false and 0: neither)"
    )
    osm_id: str = Field(default="", description="OSM way id")
    name: str = Field(default="", description="street name")
    capacity_veh_h: str = Field(default="", description="capacity of a direction, vehicles per hour")
    hgv_allowed: str = Field(default="", description="column that is false where trucks are barred")
    max_weight_t: str = Field(default="", description="greatest mass of a vehicle, tonnes")
    bus_only: str = Field(default="", description="column that is true where only buses may drive")


class NetworkSection(Section):
    """The road network: one of `builtin`, `file`, `place`."""

    builtin: Literal["", "coquimbo"] = Field(default="", description="a network that an installed package ships")
    file: str = Field(
        default="",
        description="a .osm.pbf, .osm, .osm.bz2, .graphml, .gpkg, .parquet, .shp or .csv file, or GMNS (folder, .zip)",
    )
    place: str = Field(default="", description="a place name for OpenStreetMap over the internet")
    columns: ColumnMap = Field(default=ColumnMap(), description="column names of a table that is not OSM")
    road_classes: dict[str, str] = Field(
        default={}, description="a table's own road classes -> OSM highway classes, such as '1' = 'trunk'"
    )
    clip: str = Field(default="", description="polygon file of the city's outline; roads end there; empty: all roads")
    keep_classes: list[str] = Field(
        default=[], description="OSM highway classes to keep, such as motorway, trunk, primary; empty: all"
    )
    consolidate_m: Annotated[float, Field(ge=0.0, le=200.0)] = Field(
        default=0.0, description="make one junction of those that a road of at most this length joins, m; 0: none"
    )
    datum: Literal["wgs84", "gcj02", "bd09", "detect"] = Field(
        default="wgs84", description="Chinese map shift of the coordinates; detect: by names in the file or a reference"
    )
    datum_reference: str = Field(
        default="", description="network of the same city in WGS84 (an OSM extract) that a shift is detected with"
    )
    low_emission_zones: str = Field(
        default="", description="polygon file of low-emission zones, besides those of OpenStreetMap"
    )
    cache: bool = Field(default=True, description="keep the finished links beside the file and read them next time")
    zones: str = Field(
        default="",
        description="polygons with a population column for the zone map; 'builtin' for the embedded city's own",
    )
    directed: bool = Field(
        default=True, description="table: each row is one direction (false: two-way unless `oneway` says so)"
    )
    licence: str = Field(default="", description="who made the network and its licence, shown on the map")
    country_speeds: str = Field(default="", description="region of the speed-limit defaults; empty: the city's country")
    download_hint: str = Field(default="", description="where the file can be had, told when it is missing")
    elevation: list[str] = Field(
        default=[], description="rasters of heights (GeoTIFF, SRTM .hgt) or folders of them; none: flat terrain"
    )
    elevation_step_m: Annotated[float, Field(ge=1.0, le=200.0)] | None = Field(
        default=None, description="heights are read so often along the roads; none: once a cell, 5..30 m"
    )
    elevation_window_m: Annotated[float, Field(ge=10.0, le=2000.0)] | None = Field(
        default=None, description="heights are smoothed so far each way along the roads; none: 8 cells, 60..500 m"
    )

    @model_validator(mode="after")
    def _one_source(self) -> NetworkSection:
        if sum(bool(x) for x in (self.builtin, self.file, self.place)) != 1:
            raise ValueError("give exactly one of builtin, file, place")
        return self


class AccessRule(Section):
    """Roads that some streams may not use at some hours."""

    streams: list[str] = Field(description="streams that are kept out")
    standards: list[str] = Field(default=[], description="only vehicles of these emission standards; empty: all")
    fuels: list[str] = Field(default=[], description="only vehicles of these fuels; empty: all")
    road_classes: list[str] = Field(default=[], description="road classes concerned; empty: all")
    hours: list[Annotated[int, Field(ge=0, le=23)]] = Field(
        default=list(range(24)), description="hours concerned, 0..23"
    )
    days: list[Literal["weekday", "saturday", "sunday"]] = Field(
        default=["weekday", "saturday", "sunday"], description="types of day concerned, where the plan tells them apart"
    )
    area: str = Field(default="", description="polygon file (.geojson, .gpkg); empty: everywhere")
    low_emission_zones: bool = Field(
        default=False, description="only inside low-emission zones, of OpenStreetMap or network.low_emission_zones"
    )


class ActivitySection(Section):
    """Where and when the vehicle-km are driven."""

    peak_hours: list[Annotated[int, Field(ge=0, le=23)]] = Field(
        default=[7, 8, 17, 18, 19], description="hours counted as peak for the factors that are by mode"
    )
    access: list[AccessRule] = Field(default=[], description="access rules")
    gtfs: str = Field(
        default="", description="GTFS feed that places the urban buses; 'builtin' for the embedded city's own"
    )
    gtfs_date: str = Field(default="", description="service day YYYY-MM-DD; empty: the feed's busiest day")
    bus_km: Literal["registry", "timetable"] = Field(
        default="registry", description="whose km the urban buses drive, the registry's or the timetable's"
    )
    bus_speeds: Literal["timetable", "roads"] = Field(
        default="timetable",
        description="speeds of urban buses with a timetable: its own, time at stops included, or those of the roads",
    )
    bus_deadhead_share: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        default=0.15,
        description="km without passengers over those of the timetable, where no blocks tell them (own default)",
    )
    bus_layover_share: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        default=0.18,
        description="time at terminals over that of trips, where no blocks tell it (mean of three Californian feeds)",
    )

    @model_validator(mode="after")
    def _timetable_given(self) -> ActivitySection:
        if self.bus_km == "timetable" and not self.gtfs:
            raise ValueError("bus_km = 'timetable' needs a timetable: set gtfs")
        return self


Twelve = Annotated[list[float], Field(min_length=12, max_length=12)]


class ClimateSection(Section):
    """Weather and trips: they govern cold starts, vapours, SCR in the cold and the factors of the Chinese guide."""

    monthly_min_c: Twelve | None = Field(
        default=None, description="mean daily minimum temperature of January to December; none: 15 degrees all year"
    )
    monthly_max_c: Twelve | None = Field(
        default=None, description="mean daily maximum temperature of January to December; none: 15 degrees all year"
    )
    monthly_humidity_pct: Twelve | None = Field(
        default=None, description="mean relative humidity of January to December, percent; none: 50 all year"
    )
    altitude_m: Annotated[float, Field(ge=-430.0, le=6000.0)] = Field(default=0.0, description="height above the sea")
    mean_trip_km: Annotated[float, Field(gt=0.0, le=200.0)] = Field(
        default=12.4, description="mean length of a car's trip (12.4 km is the guidebook's European mean)"
    )
    source: str = Field(default="", description="where these figures are from, shown in the report")

    @model_validator(mode="after")
    def _pairs(self) -> ClimateSection:
        if (self.monthly_min_c is None) != (self.monthly_max_c is None):
            raise ValueError("give both monthly_min_c and monthly_max_c, or neither")
        for low, high in zip(self.monthly_min_c or [], self.monthly_max_c or [], strict=True):
            if not -70.0 <= low <= high <= 60.0:
                raise ValueError(f"monthly temperatures must be -70..60 with min below max (found: {low} and {high})")
        if any(not 0.0 <= h <= 100.0 for h in self.monthly_humidity_pct or []):
            raise ValueError("monthly_humidity_pct must be 0..100")
        return self


class ResuspensionSection(Section):
    """Dust raised from paved roads (US EPA AP-42)."""

    enabled: bool = Field(default=False, description="count the dust with the wear")
    silt_town_g_m2: Positive = Field(
        default=0.2, description="silt on town roads, g/m2 (AP-42: 500 to 5,000 vehicles a day)"
    )
    silt_highway_g_m2: Positive = Field(
        default=0.03, description="silt on highways, g/m2 (AP-42: above 10,000 vehicles a day)"
    )
    mean_mass_t: Positive = Field(default=2.5, description="mean mass of all vehicles on the roads, t")
    wet_days_per_year: Annotated[float, Field(ge=0.0, le=366.0)] = Field(
        default=0.0, description="days of the year with rain of 0.254 mm or more"
    )


class DieselQualitySection(Section):
    """Quality of the diesel sold beside its sulphur (city.diesel_sulphur_ppm); without the section the base fuels."""

    density_kg_m3: Annotated[float, Field(ge=700.0, le=1000.0)] = Field(default=835.0, description="density, kg/m3")
    pah_percent: Annotated[float, Field(ge=0.0, le=60.0)] = Field(default=5.0, description="polyaromatics, % by mass")
    cetane: Annotated[float, Field(ge=30.0, le=80.0)] = Field(default=53.0, description="cetane number")
    t95_c: Annotated[float, Field(ge=250.0, le=450.0)] = Field(
        default=320.0, description="temperature at which 95 % are distilled, degrees Celsius"
    )


class FactorsSection(Section):
    """Which emission factors."""

    hot: Literal["emep_eea_2019", "emep_eea_2025", "china_guide_2014", "emfac2017", "moves3"] = Field(
        default="emep_eea_2019",
        description="factor set of the exhaust; what it does not cover stands in from emep_eea_2019 and is counted",
    )
    user: str = Field(
        default="",
        description="CSV of your own factors, which go before the set above (see `fleet-planner factors template`)",
    )
    interpolate: bool = Field(
        default=False, description="interpolate between the published bands of a set instead of its steps"
    )
    below_range: Literal["clamp", "constant_g_per_h"] = Field(
        default="clamp",
        description="below a curve's lowest speed: hold g/km, or hold g/h (g/km grows as the speed falls)",
    )
    default_load: Fraction = Field(
        default=0.5, description="load of heavy vehicles whose registry gives none; unset: their stream's, else 0.5"
    )
    scr_temperature: bool = Field(
        default=True, description="NOx behind SCR follows speed, load and the air's temperature"
    )
    low_temperature_nox: bool = Field(default=False, description="warm NOx of light diesels grows in the cold")
    speed_spread: bool = Field(
        default=False, description="average the curves over the day-to-day spread of speeds about each hour's mean"
    )
    diesel_quality: DieselQualitySection | None = Field(
        default=None, description="quality of the diesel sold; none: the fuel that each standard's factors hold for"
    )
    fuel_heater_share: Fraction = Field(
        default=0.0, description="share of the electric buses that a diesel heater warms"
    )
    wear: Literal["emep_eea_2019", "emep_eea_2025"] = Field(
        default="emep_eea_2019",
        description="edition of tyre, brake and road wear of cars and vans; that of 2025 nearly doubles brakes",
    )
    resuspension: ResuspensionSection = ResuspensionSection()

    @property
    def stream_loads(self) -> bool:
        """Whether a stream's own load goes before the default: where the plan does not set one."""
        return "default_load" not in self.model_fields_set


class IdlingSection(Section):
    """Engines that run beside the road: layovers, queues, rests, power take-off."""

    enabled: bool = Field(default=True, description="count idling beside the road")
    hours_per_day: dict[str, dict[Literal["curb", "extended", "pto"], Annotated[float, Field(ge=0.0, le=24.0)]]] = (
        Field(
            default={},
            description="hours per vehicle and day by stream and kind (curb, extended, pto); default: own estimates",
        )
    )


class InspectionSection(Section):
    """An inspection and maintenance programme."""

    compliance: Fraction = Field(default=1.0, description="share of the faulty vehicles that come to the inspection")
    identification: Fraction = Field(default=1.0, description="share of those that it finds")
    repair: Fraction = Field(default=1.0, description="share of the found that are mended")
    repaired_excess: Fraction = Field(default=0.0, description="what is left of a fault's excess after the repair")


class FaultsSection(Section):
    """Faulty and tampered vehicles; without an entry the factors' own mean holds."""

    shares: dict[str, Fraction] = Field(
        default={}, description="share of the vehicles concerned by fault, in place of the one in the factors' mean"
    )
    inspection: InspectionSection | None = Field(default=None, description="an inspection programme that mends some")
    by_vehicle: bool = Field(
        default=False,
        description="registry rows of single vehicles draw their own faults and scatter like measured fleets",
    )


class MeasuredSection(Section):
    """Emission tests of the city's own vehicles: remote sensing, PEMS, on-board, opacity."""

    file: str = Field(default="", description="CSV of tests (see the data dictionary, measured_tests)")
    default_speed_kmh: Positive = Field(default=30.0, description="mean speed of tests that give none")
    k: dict[Literal["remote_sensing", "pems", "on_board", "opacity"], Positive] = Field(
        default={},
        description="variance within over variance between vehicles, by method; empty: estimated or packaged",
    )
    group_k: Positive | None = Field(
        default=None, description="how many fully known vehicles weigh as much as the factor set; none: packaged"
    )


class FuelSoldSection(Section):
    """Fuel sold to the vehicles of the plan in a year, to check the run with."""

    t_per_year: dict[Literal["petrol", "diesel", "lpg", "cng", "lng", "biodiesel", "ethanol"], Positive] = Field(
        default={}, description="metric tons of fuel sold in a year for driving inside, by fuel"
    )
    scale_activity: bool = Field(
        default=False, description="scale the kilometres so that fuel burnt in the baseline equals fuel sold"
    )


class ScenarioMeasure(EffectKeys):
    """One measure on some of the vehicles."""

    measure: str = Field(
        description="measure of `fleet-planner measures list`, such as dpf_scr, rd99, bev_bus, lrr; or newer_standard"
    )
    streams: list[str] = Field(default=[], description="streams treated; empty: all that are eligible")
    standards: list[str] = Field(default=[], description="standards treated; empty: all that are eligible")
    uptake: Fraction = Field(default=1.0, description="share of the eligible vehicles that is treated")
    uptake_by_year: dict[str, Fraction] = Field(
        default={},
        description="share of the eligible vehicles by year, such as 2026 = 0.1; interpolated; needs [turnover]",
    )
    max_per_year: Positive | None = Field(
        default=None, description="most vehicles that can be fitted or replaced a year; needs [turnover]"
    )
    failed_share: Fraction = Field(
        default=0.0, description="share of the retrofitted devices that fail or are tampered with: paid for, no effect"
    )
    to_standard: str = Field(default="", description="newer_standard only: the standard that vehicles get")
    from_model_year: int | None = Field(default=None, description="newer_standard only: first model year that gets it")
    years_earlier: Annotated[int, Field(ge=1, le=30)] | None = Field(
        default=None, description="newer_standard only: instead of from_model_year, years before the country's date"
    )

    @property
    def final_uptake(self) -> float:
        """The uptake once all of it is reached: as the plan says, or the largest of its years."""
        if self.uptake_by_year and "uptake" not in self.model_fields_set:
            return max(self.uptake_by_year.values())
        return self.uptake

    @model_validator(mode="after")
    def _years_are_years(self) -> ScenarioMeasure:
        if wrong := [y for y in self.uptake_by_year if not (y.isdecimal() and len(y) == 4)]:
            raise ValueError(f"uptake_by_year needs years as keys (found: {', '.join(wrong)})")
        return self

    @model_validator(mode="after")
    def _standard_is_whole(self) -> ScenarioMeasure:
        given = (self.from_model_year is not None) + (self.years_earlier is not None)
        if self.measure == "newer_standard":
            if not self.to_standard or given != 1:
                raise ValueError("newer_standard needs to_standard and one of from_model_year, years_earlier")
        elif self.to_standard or given:
            raise ValueError("to_standard, from_model_year and years_earlier go with the measure newer_standard only")
        return self


class Scenario(Section):
    """A named set of measures; what it does not name stays as in the baseline."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,29}$", description="short name, used in column names")
    title: str = Field(description="title on the report")
    title_zh: str = Field(default="", description="title in Chinese")
    measure: list[ScenarioMeasure] = Field(default=[], description="its measures; their order does not matter")
    operation: Operation = Field(
        default=Operation(),
        description="measures in operation: zones, bans, speeds, freight; their order does not matter",
    )
    turnover: TurnoverSection | None = Field(
        default=None, description="keys of [turnover] that this scenario has otherwise, such as early_scrappage"
    )

    @model_validator(mode="after")
    def _years_are_the_plans(self) -> Scenario:
        if self.turnover and (own := self.turnover.model_fields_set & {"to_year", "years"}):
            raise ValueError(f"years are those of the plan's [turnover], not of a scenario ({', '.join(sorted(own))})")
        return self


class OutputsSection(Section):
    """What is written."""

    map_pollutants: list[str] = Field(
        default=["NOx", "PM_exhaust", "PM2.5_non_exhaust", "CO2"], description="pollutants on the map's links"
    )
    mass_unit: Literal["t", "kg", "short_ton", "lb"] = Field(
        default="t", description="unit of the yearly totals in the tables: metric tons, kg, US short tons or pounds"
    )
    language: Literal["en", "zh"] = Field(default="en", description="language of the report")


class Plan(Section):
    """A whole plan."""

    city: City
    network: NetworkSection
    fleet: FleetSection
    places: PlacesSection = PlacesSection()
    nonroad: NonRoadSection = NonRoadSection()
    gridded: GriddedSection = GriddedSection()
    impacts: ImpactsSection = ImpactsSection()
    activity: ActivitySection = ActivitySection()
    traffic: TrafficSection = TrafficSection()
    climate: ClimateSection = ClimateSection()
    factors: FactorsSection = FactorsSection()
    idling: IdlingSection = IdlingSection()
    faults: FaultsSection = FaultsSection()
    measured: MeasuredSection = MeasuredSection()
    fuel_sold: FuelSoldSection = FuelSoldSection()
    turnover: TurnoverSection = TurnoverSection()
    scenario: list[Scenario] = Field(default=[])
    target: list[Target] = Field(default_factory=list[Target])
    electricity: ElectricitySection = ElectricitySection()
    economics: EconomicsSection = EconomicsSection()
    comparison: ComparisonSection = ComparisonSection()
    portfolio: PortfolioSection = PortfolioSection()
    buses: BusesPlan = BusesPlan()
    market: MarketSection = MarketSection()
    chargers: ChargersSection = ChargersSection()
    outputs: OutputsSection = OutputsSection()
    report: ReportSection = ReportSection()
    uncertainty: UncertaintySection = UncertaintySection()
    run: RunSection = RunSection()

    @model_validator(mode="after")
    def _turnover_is_later(self) -> Plan:
        last = self.turnover.to_year
        if last is not None and last <= self.city.year:
            raise ValueError(f"turnover.to_year must be after city.year, {self.city.year} (found: {last})")
        if early := [y for y in self.turnover.years if y < self.city.year]:
            raise ValueError(f"turnover.years must not be before city.year, {self.city.year} (found: {early[0]})")
        return self

    @model_validator(mode="after")
    def _later_measures_have_years(self) -> Plan:
        if self.turnover.to_year is not None:
            return self
        for scenario in self.scenario:
            if scenario.turnover or any(m.uptake_by_year or m.max_per_year for m in scenario.measure):
                raise ValueError(f"scenario {scenario.name} has measures by year: set turnover.to_year, the last year")
        return self

    @model_validator(mode="after")
    def _groups_have_no_vehicles(self) -> Plan:
        if self.fleet.grouped and (self.measured.file or self.faults.by_vehicle):
            raise ValueError(
                "measured.file and faults.by_vehicle need the vehicles one by one: leave fleet.grouped out, or them"
            )
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> Plan:
        names = ["baseline", *(s.name for s in self.scenario)]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"scenario names must differ, and 'baseline' is taken: {', '.join(twice)}")
        aims = [t.name for t in self.target]
        if twice := sorted({n for n in aims if aims.count(n) > 1}):
            raise ValueError(f"names of targets must differ: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _debts_have_scenarios(self) -> Plan:
        known = {s.name for s in self.scenario}
        for k, debt in enumerate(self.economics.finance, 1):
            if wrong := [name for name in debt.scenarios if name not in known]:
                listed = ", ".join(sorted(known)) or "no scenario"
                raise ValueError(
                    f"economics.finance[{k}].scenarios: no such scenario {wrong[0]!r}; the plan has {listed}"
                )
        return self

    @model_validator(mode="after")
    def _credits_count_once(self) -> Plan:
        if not self.market.credits_in_ownership:
            return self
        if self.economics.carbon_usd_per_t:
            raise ValueError(
                "market.credits_in_ownership and economics.carbon_usd_per_t would count a tonne twice: keep one of them"
            )
        if not self.market.has_price:
            raise ValueError("market.credits_in_ownership needs a price: set market.price_path or price_usd_per_t")
        return self

    @model_validator(mode="after")
    def _one_marginal_factor(self) -> Plan:
        if self.electricity.marginal_by_year and self.economics.marginal_grid_kg_per_kwh is not None:
            raise ValueError(
                "electricity.marginal_by_year and economics.marginal_grid_kg_per_kwh both give the marginal factor: "
                "keep one of them"
            )
        return self

    @model_validator(mode="after")
    def _assigned_to_zones(self) -> Plan:
        if self.traffic.assigns and not self.network.zones:
            raise ValueError("assigned traffic needs zones: name them in network.zones")
        return self
