"""Where the figures of a run come from, and what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel

from fleet_planner.errors import InputError
from fleet_planner.fleet.dates import STANDARD_TABLES
from fleet_planner.pipeline.computing.neat_fuels import load_neat_fuels
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.network import Network
    from fleet_planner.plan.models import Plan

SOURCES = {
    "item": pl.String,
    "source": pl.String,
    "year": pl.String,
    "licence": pl.String,
    "checked": pl.String,
}
ASSUMPTIONS = {
    "item": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "source": pl.String,
    "checked": pl.String,
    "vkt_share": pl.Float64,
}
TABLES = {
    "emep_eea_2019_hot.csv.gz": ("hot exhaust factors", "EEA: reuse allowed with the source named"),
    "no2_share.csv": ("share of NO2", "EEA: reuse allowed with the source named"),
    "bc_share.csv": ("share of black carbon", "EEA: reuse allowed with the source named"),
    "n2o_nh3.csv": ("N2O and NH3 of cars and vans", "EEA: reuse allowed with the source named"),
    "oc_share.csv": ("share of organic carbon", "EEA: reuse allowed with the source named"),
    "cold_start.csv": ("cold starts of cars and vans", "EEA: reuse allowed with the source named"),
    "degradation.csv": ("degradation of petrol cars with mileage", "EEA: reuse allowed with the source named"),
    "evaporation.csv": ("evaporation of petrol", "EEA: reuse allowed with the source named"),
    "lubricant.csv": ("lubricant burnt", "EEA: reuse allowed with the source named"),
    "urea.csv": ("urea solution of SCR", "EEA: reuse allowed with the source named"),
    "metals.csv": ("lead of fuels", "EEA: reuse allowed with the source named"),
    "electric_wear.csv": ("wear of electric vehicles", "EEA: reuse allowed with the source named"),
    "resuspension.csv": ("dust raised from roads", "US government"),
    "scr_efficiency.csv": ("SCR by speed, load and temperature", "figures; own"),
    "scr_slip.csv": ("slip of retrofitted SCR", "figures"),
    "low_temperature.csv": ("light-diesel NOx in the cold", "figures; own"),
    "idling.csv": ("idling per hour", "figures; own"),
    "idle_hours.csv": ("hours of idling", "own"),
    "idle_measures.csv": ("measures against idling", "figures; own"),
    "fuel_heater.csv": ("diesel heaters of electric buses", "figures; own"),
    "speed_spread.csv": ("day-to-day spread of speeds", "own, from METR-LA"),
    "tier1_per_fuel.csv": ("check of fleet means per kg of fuel", "EEA: reuse allowed with the source named"),
    "high_emitters.csv": ("faulty vehicles", "figures; own"),
    "fault_age.csv": ("faults by age", "figures; own"),
    "emission_skew.csv": ("emissions of the worst vehicles", "figures"),
    "measured_defaults.csv": ("weight of emission tests", "own"),
    **{
        f"china_guide_2014_{part}.csv": (f"Chinese guide of 2014: {part.replace('_', ' ')}", "figures")
        for part in ("base", "speed", "weather", "sulphur", "load", "degradation", "stage_vi")
    },
    "emfac_category_map.csv": ("segments of EMFAC's vehicle categories", "own"),
    "emep_eea_2025_hot.csv": ("hot exhaust factors, update of 2025", "EEA: reuse allowed with the source named"),
    "emep_eea_2025_cold.csv": (
        "cold starts of Euro 7 vans, update of 2025",
        "EEA: reuse allowed with the source named",
    ),
    "wear_2025.csv": ("wear of cars and vans, editions from 2023 on", "EEA: reuse allowed with the source named"),
    "share_stand_ins.csv": ("shares that stand in for gas and other fuels", "own"),
    "emep_eea_2019_hot_odd.csv": ("hot exhaust factors far from their neighbouring stages", "own, from the EEA's"),
    "standard_costs.csv": ("what diesel vehicles of a newer standard cost to build", "figures"),
    "particle_number.csv": ("particle number of buses and Euro 7 vans", "EEA: reuse allowed with the source named"),
    "voc_species.csv": ("composition of NMVOC in exhaust", "EEA: reuse allowed with the source named"),
    "neat_fuels.csv": ("sulphur of fuels that replace diesel", "figures"),
    "diesel_quality.csv": ("effect of diesel quality", "EEA: reuse allowed with the source named"),
    "diesel_base_fuels.csv": ("base fuels of factors", "EEA: reuse allowed with the source named"),
    "diesel_quality_range.csv": ("tested range of diesel quality", "figures"),
    "china_type_map.csv": ("vehicle types of the Chinese guide", "own"),
    "emfac2017_bus.csv.gz": ("bus factors of EMFAC2017", "California government"),
    "moves3_bus.csv.gz": ("bus factors of MOVES3", "US government"),
    "us_bus_speed_bins.csv": ("speed bins of EMFAC and MOVES", "US government"),
    "us_bus_standard_years.csv": ("model years by standard, US", "own"),
    "non_exhaust.csv": ("tyre, brake and road wear", "EEA: reuse allowed with the source named"),
    "fuels.csv": ("heating value and carbon of fuels", "EEA: reuse allowed with the source named"),
    "electricity_use.csv": ("electricity use of battery-electric vehicles", "figures"),
    "hydrogen_use.csv": ("hydrogen use of fuel-cell vehicles", "own"),
    "measures.csv": ("effects and costs of measures", "figures"),
    "emep_eea_2019_hot_bridges.csv": ("hot exhaust factors bridged over poles and jumps", "own, from the EEA's"),
    "emep_eea_2019_speed_grid.csv": ("speeds at which factors are tabulated", "own, from the EEA's"),
    "fuel_stand_ins.csv": ("factors that stand in for fuels without", "own"),
    "registry_headers.csv": ("headers of registries", "own"),
    "identifier_patterns.csv": ("forms of plates and VINs", "own"),
    "aftertreatment_makes.csv": ("aftertreatment by maker", "own"),
    "registry_words.csv": ("words of registries", "own"),
    "registry_forms.csv": ("columns of public forms of registries", "own"),
    "registry_parts.csv": ("vehicles of the classes of public forms", "figures; own"),
    "registry_years.csv": ("model years of words of public forms", "own"),
    "segments.csv": ("segments by gross mass", "own, segments of the EEA"),
    "segment_defaults.csv": ("default segments", "own"),
    "aftertreatment_defaults.csv": ("default aftertreatment by standard", "own"),
    "vehicle_use.csv": ("distance by age, loads, trips, daily duty", "figures; own"),
    "load_defaults.csv": ("default loads", "own"),
    **dict.fromkeys(STANDARD_TABLES, ("dates of emission standards", "figures")),
    "road_class_defaults.csv": ("default speeds, lanes, capacities", "figures; own"),
    "built_up.csv": ("what counts as built-up", "own"),
    "hourly_profiles.csv": ("daily and weekly profiles of traffic", "figures; own"),
    "monthly_profiles.csv": ("traffic by month", "figures; own"),
    "class_intensity.csv": ("traffic by road class", "US government statistics; own"),
    "traffic_classes.csv": ("passenger car equivalents, deterrence of trips", "figures; own"),
    "volume_delay.csv": ("travel time by volume", "figures"),
    "speed_profiles.csv": ("speed by hour", "own; METR-LA for motorways"),
    "survival.csv": ("survival of vehicles", "figures; own fits to CC BY data of the Australian Bureau of Statistics"),
    "zero_emission_rules.csv": ("rules on zero-emission sales", "figures"),
    "limit_steps.csv": ("limits without published factors", "figures; own"),
    "peer_intensities.csv": ("published fleets per kilometre", "figures; public"),
    "targets.csv": ("packaged targets", "figures"),
    "uncertainty_codes.csv": ("typical errors by rating of factors", "EEA: reuse allowed with the source named"),
    "factor_uncertainty.csv": ("ratings of factors", "EEA: reuse allowed with the source named"),
    "uncertainty_inputs.csv": ("distributions of uncertain inputs", "own"),
    "uncertainty_correlations.csv": ("correlations of uncertain inputs", "own"),
    "uncertainty_roads.csv": ("groups of roads whose traffic errs alike", "own"),
    "nonroad_factors.csv": ("non-road factors", "EEA: reuse allowed with the source named"),
    "nonroad_ageing.csv": ("ageing of non-road engines", "US government"),
    "nonroad_life.csv": ("life of non-road engines", "US government"),
    "nonroad_loads.csv": ("loads of non-road engines", "US government"),
    "nonroad_categories.csv": ("usual hours and loads of machines", "US government; own"),
    "nonroad_dates.csv": ("dates of non-road stages", "figures"),
    "nonroad_stage_words.csv": ("non-road stages of other regions", "own"),
    "nonroad_stages.csv": ("non-road stages", "own"),
    "nonroad_streams.csv": ("groups of machines", "own"),
    "nonroad_electric.csv": ("electricity of machines", "own"),
    "target_sums.csv": ("sums of pollutants that targets name", "figures; own"),
    "price_levels.csv": ("price levels and exchange rates", "figures"),
    "vehicle_costs.csv": ("costs of owning vehicles, chargers and drivers", "figures; own"),
    "vehicle_classes.csv": ("classes of vehicles with costs of their own", "own"),
    "residual_value.csv": ("residual value by age", "figures"),
    "battery_price.csv": ("price of batteries by year", "figures"),
    "carbon_prices.csv": ("prices of carbon markets", "figures"),
    "carbon_market.csv": ("leakage and conservative credits of carbon markets", "figures"),
    "social_carbon.csv": ("social cost of CO2", "US government"),
    "energy_taxes.csv": ("taxes on fuels", "figures"),
    "battery_manufacturing.csv": ("making batteries", "figures"),
    "grid_paths.csv": ("courses of the CO2 of electricity", "own"),
    "charging_profiles.csv": ("hours of charging", "own"),
    "grid_marginal.csv": ("long-run marginal CO2 of electricity", "figures; own"),
    "operation_measures.csv": ("measures in operation", "figures; own"),
    "damage_costs.csv": ("damage per tonne", "figures"),
    "damage_transfer.csv": ("damage per tonne in other countries", "figures; own"),
    "moyer_parameters.csv": ("rules of the Carl Moyer programme", "US state government"),
    "cost_effectiveness_ranges.csv": ("published costs per tonne", "US government"),
    "fuel_upstream.csv": ("greenhouse gases of making fuels", "figures"),
    "fuel_blends.csv": ("what measures mix into the tank", "own"),
    "operation_figures.csv": ("measures in operation", "figures; own"),
    "warming.csv": ("warming potentials of greenhouse gases", "figures"),
    "sector_codes.csv": ("codes of reporting schemes", "own"),
    "gridded_species.csv": ("species of gridded emissions", "figures; own"),
    "air_figures.csv": ("release of traffic, NO to NO2, breathing", "figures"),
    "tracer_periods.csv": ("weather of a tracer release", "US government"),
    "tracer_points.csv": ("tracer measured beside a line", "US government"),
    "stability_classes.csv": ("stability of the air", "figures"),
    "example_meteorology.csv": ("weather that stands in", "own"),
    "health_response.csv": ("concentrations and deaths", "figures"),
    "health_figures.csv": ("values of health", "figures"),
    "health_countries.csv": ("ages, deaths and value of life by country", "figures; own"),
    "intake_fractions.csv": ("share of emissions breathed in", "figures"),
    "power_plants.csv": ("power plants by region", "figures; own"),
    "hydrogen_colours.csv": ("making hydrogen by colour", "figures; own"),
    "acid_equivalents.csv": ("acid equivalents", "figures"),
}


def sources_table(plan: Plan, network: Network, grid: tuple[float, str, str]) -> pl.DataFrame:
    """Return the data sets and packaged tables of a run: ``item, source, year, licence, checked``."""
    rows = [("road network", network.attribution, "", network.attribution, "yes")]
    region = plan.city.grid_region or plan.city.country
    rows.append((f"CO2 of electricity, {region}", f"{grid[0]:g} kg/kWh: {grid[1]}", "", "", grid[2]))
    for name, (item, licence) in TABLES.items():
        if not in_use(name, plan):
            continue
        table = reference_table(name)
        year = "published" if "published" in table.columns else "year"
        sources = table["source"].unique().sort()
        text = sources[0] if sources.len() == 1 else f"{sources.len()} sources, row by row in {name}"
        years = table[year].cast(pl.Int64, strict=False).drop_nulls()
        low, high = years.min(), years.max()
        span = str(low) if low == high else f"{low!s}-{high!s}"
        bad = table.filter(pl.col("checked") == "no").height
        checked = "yes" if bad == 0 else f"{table.height - bad} of {table.height} rows"
        rows.append((item, str(text), span, licence, checked))
    return pl.DataFrame(rows, schema=SOURCES, orient="row")


def _faults_set(plan: Plan) -> bool:
    return bool(plan.faults.shares or plan.faults.inspection or plan.faults.by_vehicle)


def _by_volume(plan: Plan) -> bool:
    return plan.traffic.speeds.method == "volume_delay" or plan.traffic.assigns


def in_use(name: str, plan: Plan) -> bool:
    """Return whether a run of the plan reads a packaged table."""
    optional = {
        "china_guide_2014": plan.factors.hot == "china_guide_2014",
        "china_type_map": plan.factors.hot == "china_guide_2014",
        "emfac2017": plan.factors.hot == "emfac2017",
        "moves3": plan.factors.hot == "moves3",
        "carbon_prices": bool(plan.market.price_path) and plan.market.credits_in_ownership,
        "carbon_market": False,
        "emfac_category_map": False,
        "emep_eea_2025": plan.factors.hot == "emep_eea_2025",
        "diesel_": plan.factors.diesel_quality is not None,
        "us_bus": plan.factors.hot in {"emfac2017", "moves3"},
        "resuspension": plan.factors.resuspension.enabled,
        "low_temperature": plan.factors.low_temperature_nox,
        "speed_spread": plan.factors.speed_spread,
        "fuel_heater": plan.factors.fuel_heater_share > 0.0,
        "idl": plan.idling.enabled,
        "scr_efficiency": plan.factors.scr_temperature,
        "high_emitters": _faults_set(plan),
        "fault_age": _faults_set(plan),
        "emission_skew": _faults_set(plan),
        "traffic_classes": _by_volume(plan),
        "volume_delay": _by_volume(plan),
        "monthly_profiles": bool(plan.traffic.seasons),
        "measured_defaults": bool(plan.measured.file),
        "survival": plan.turnover.to_year is not None,
        "zero_emission_rules": plan.turnover.to_year is not None,
        "limit_steps": plan.turnover.to_year is not None,
        "target": bool(plan.target),
        "uncertainty_": plan.uncertainty.draws > 0,
        "factor_uncertainty": plan.uncertainty.draws > 0,
        "wear_2025": plan.factors.wear == "emep_eea_2025",
        "registry_forms": plan.fleet.format not in {"", "native"},
        "registry_parts": plan.fleet.format not in {"", "native", "age_distribution"},
        "registry_years": plan.fleet.format == "california_zip",
        "neat_fuels": any(m.measure in load_neat_fuels() for s in plan.scenario for m in s.measure),
        "standard_costs": any(m.measure == "newer_standard" for s in plan.scenario for m in s.measure),
        "nonroad": bool(plan.nonroad.file),
        "gridded_species": plan.gridded.cell_m is not None and not plan.gridded.species,
        "air_figures": bool(plan.impacts.pollutants),
        "stability_classes": bool(plan.impacts.pollutants),
        "tracer_periods": bool(plan.impacts.pollutants),
        "tracer_points": bool(plan.impacts.pollutants),
        "example_meteorology": bool(plan.impacts.pollutants) and not plan.impacts.meteorology,
        "health_": bool(plan.impacts.health.routes),
        "intake_fractions": bool(plan.impacts.health.routes),
        "battery_manufacturing": plan.impacts.upstream.battery_manufacturing,
        "grid_paths": plan.electricity.path != "frozen",
        "charging_profiles": bool(plan.electricity.hourly) and not plan.electricity.charging_hours,
        "hydrogen_colours": bool(plan.impacts.upstream.hydrogen),
        "operation_figures": any(s.operation.measures for s in plan.scenario),
    }
    return all(used for prefix, used in optional.items() if name.startswith(prefix))


def assumptions_table(plan: Plan, base: Path, measures: pl.DataFrame) -> pl.DataFrame:
    """Return what the run assumed: plan values open to debate, the registry's assumptions, unchecked figures."""
    rows = [*_plan_values(plan), *_measure_values(plan, measures), *_operation_values(plan)]
    table = pl.DataFrame(rows, schema=ASSUMPTIONS, orient="row")
    if not plan.fleet.assumptions:
        return table
    return pl.concat([table, _registry_assumptions(base / plan.fleet.assumptions)])


def _plan_values(plan: Plan) -> list[tuple[str, str, str, str, str, float | None]]:
    out: list[tuple[str, str, str, str, str, float | None]] = []
    sections: list[tuple[str, BaseModel]] = [
        ("electricity", plan.electricity),
        ("economics", plan.economics),
        ("climate", plan.climate),
        ("factors", plan.factors),
        ("idling", plan.idling),
        ("faults", plan.faults),
        ("measured", plan.measured),
        ("fuel_sold", plan.fuel_sold),
        ("activity", plan.activity),
        ("traffic", plan.traffic),
        ("impacts.climate", plan.impacts.climate),
    ]
    if plan.impacts.health.routes:
        sections += [("impacts.health", plan.impacts.health), ("impacts.benefit", plan.impacts.benefit)]
    if plan.turnover.to_year is not None:
        sections.append(("turnover", plan.turnover))
    if plan.nonroad.file:
        sections.append(("nonroad", plan.nonroad))
    for name, section in sections:
        for key, spec in type(section).model_fields.items():
            given = key in section.model_fields_set
            value = str(getattr(section, key))
            if key in {"access", "gtfs", "gtfs_date", "hot"}:
                continue
            found = getattr(section, key)
            if isinstance(found, BaseModel):
                value = _in_words(found)
            elif isinstance(found, list) and found and isinstance(found[0], BaseModel):
                value = "; ".join(_in_words(entry) for entry in found)
            elif isinstance(found, dict) and any(isinstance(entry, BaseModel) for entry in found.values()):
                value = "; ".join(f"{k}: {_in_words(entry)}" for k, entry in found.items())
            told = spec.description or _about(found)
            out.append((f"{name}.{key}", value, "", told, "plan" if given else "default", None))
    if plan.network.elevation:
        for key in ("elevation_step_m", "elevation_window_m"):
            given = getattr(plan.network, key)
            text = type(plan.network).model_fields[key].description or ""
            shown = "from the raster" if given is None else f"{given:g}"
            out.append((f"network.{key}", shown, "m", text, "default" if given is None else "plan", None))
    for stream, share in plan.fleet.visiting_share.items():
        out.append((f"fleet.visiting_share.{stream}", f"{share:g}", "fraction of local km", "the plan", "plan", None))
    return out


def _about(found: object) -> str:
    """Return the first line on a section of the plan within another."""
    return (type(found).__doc__ or "").partition("\n")[0] if isinstance(found, BaseModel) else ""


def _in_words(section: BaseModel) -> str:
    """Return the keys of a section that a plan gives, or all with their defaults where it gives none."""
    given = section.model_dump(exclude_unset=True) or section.model_dump()
    return ", ".join(f"{key} {value}" for key, value in given.items())


def _measure_values(plan: Plan, measures: pl.DataFrame) -> list[tuple[str, str, str, str, str, float | None]]:
    out: list[tuple[str, str, str, str, str, float | None]] = []
    named = {m.measure for s in plan.scenario for m in s.measure}
    parts = measures.filter(pl.col("measure_id").is_in(list(named)) & (pl.col("parts") != ""))["parts"].unique()
    for name in sorted(named.union(*(p.split("|") for p in parts))):
        acting = ~pl.col("modelled").is_in(["no", "by_technology"]) & pl.col("change_pct").is_not_null()
        rows = measures.filter((pl.col("measure_id") == name) & acting)
        for row in rows.iter_rows(named=True):
            low, high = row["low"], row["high"]
            spread = f" ({low:g}..{high:g})" if low is not None and high is not None else ""
            unit = "points" if "points" in row["pollutant"] else "%"
            engine = {"legacy": "without filter", "with_filter": "with filter", "any": ""}[row["effect_on"]]
            item = f"{row['title_en']}: {row['pollutant']} {engine}".strip()
            out.append((item, f"{row['change_pct']:g}{spread}", unit, row["source"], row["checked"], None))
    return [*out, *_own_effects(plan, measures)]


def _own_effects(plan: Plan, measures: pl.DataFrame) -> list[tuple[str, str, str, str, str, float | None]]:
    """Return the effects that the plan gives, and the ends of ranges that it takes."""
    titles = dict(measures.select("measure_id", "title_en").iter_rows())
    out: list[tuple[str, str, str, str, str, float | None]] = []
    for scenario in plan.scenario:
        for entry in scenario.measure:
            item = f"{titles.get(entry.measure, entry.measure)} ({scenario.name})"
            if entry.effect != "central":
                out.append((f"{item}: end of the range", entry.effect, "", "the plan", "plan", None))
            for pollutant, change in sorted(entry.effect_pct.items()):
                out.append((f"{item}: {pollutant}", f"{change:g}", "%", "the plan", "plan", None))
    return out


def _operation_values(plan: Plan) -> list[tuple[str, str, str, str, str, float | None]]:
    """Return the packaged figures of the measures in operation that the plan has, with their ranges."""
    kinds = {kind for scenario in plan.scenario for kind, _ in scenario.operation.measures}
    if plan.turnover.early_scrappage or any(s.turnover and s.turnover.early_scrappage for s in plan.scenario):
        kinds.add("scrappage")
    if kinds & {"ban", "scrappage"}:
        kinds.add("zone")  # prices of new vehicles and ways round stand there
    if "consolidation" in kinds:
        kinds.add("rail_shift")  # what a km on the road costs stands there
    names = reference_table("operation_measures.csv").select("measure_id", "title_en")
    rows = reference_table("operation_figures.csv").join(names, on="measure_id", how="left", maintain_order="left")
    out: list[tuple[str, str, str, str, str, float | None]] = []
    for row in rows.filter(pl.col("measure_id").is_in(sorted(kinds))).iter_rows(named=True):
        item = f"{row['title_en']}: {row['figure'].replace('_', ' ')} {row['applies'] or ''}".strip()
        value = f"{row['value']:g} ({row['low']:g}..{row['high']:g})"
        out.append((item, value, row["unit"], row["source"], row["checked"], None))
    return out


def _registry_assumptions(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputError("there is no such file of assumptions", "Check fleet.assumptions in the plan.", file=path)
    try:
        table = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"this is not a CSV table: {error}", "Mend it.", file=path) from error
    for column in ("figure_id", "value", "unit", "what", "source", "checked", "vkt_share"):
        if column not in table.columns:
            raise InputError("a column is missing", "See inputs/coquimbo/assumptions.csv.", file=path, column=column)
    return table.select(
        pl.format("registry: {}", pl.col("what")).alias("item"),
        "value",
        "unit",
        "source",
        "checked",
        pl.col("vkt_share").cast(pl.Float64, strict=False),
    )
