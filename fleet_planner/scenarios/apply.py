"""Apply the measures of a scenario to a fleet, in the canonical order of effects.

Technology change (newer standard, replacement, then retrofit), then the fuel's effect looked up for the *resulting*
aftertreatment. The order in which a plan names its measures therefore never matters, and a filter plus a
clean fuel is not the product of the two effects on an engine without a filter.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.factors.processes.idling import WITHOUT_ENGINE, load_idle_measures
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.model import ScenarioFleet
from fleet_planner.scenarios.names import check_names
from fleet_planner.scenarios.phase import Step, all_at_once
from fleet_planner.scenarios.standards import NEWER_STANDARD, adopting, adoption_finding, eligible_rows, renewed
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario, ScenarioMeasure
    from fleet_planner.scenarios.phase import Picker

    Chosen = Callable[[pl.DataFrame, pl.Expr], pl.Series]


KIND_ORDER = {"standard": 0, "replacement": 1, "retrofit": 2, "fuel": 3}
AGAINST_IDLING = "idling"
BIOFUELS = {
    "b5": ("biodiesel", "diesel"),
    "b20": ("biodiesel", "diesel"),
    "b100": ("biodiesel", "diesel"),
    "rd99": ("hvo", "diesel"),
    "rng": ("cng", "cng"),
}
"""Measures whose fossil CO2 falls because their carbon grew as plants: that fuel, and the fossil one it replaces."""

FOLLOWS = {"BC": "PM_exhaust", "SPN23": "BC"}
"""Pollutants that change like another one where a measure has no figure of their own: particle number is soot."""

POINTS = "NO2_share_points"
BY_TECHNOLOGY = "by_technology"
"""Replacements whose effect follows from the new vehicle's own factors, not from a percentage."""

EXCLUDING = ("already treated", "replaced")
NAMES = tuple(p.pollutant for p in pollutants())


def measures_table() -> pl.DataFrame:
    """Return the packaged measures."""
    return reference_table("measures.csv").with_columns(
        pl.col("streams", "device", "effect_on", "to_fuel", "to_segment", "to_standard").fill_null(""),
        pl.col("max_sulphur_ppm").cast(pl.Float64),
    )


def baseline(fleet: Fleet) -> ScenarioFleet:
    """Return the fleet as it is."""
    state = _untouched(fleet)
    multipliers = _multipliers(state, measures_table())
    vehicles = state.drop(*(f"m_{k}" for k in KIND_ORDER), "failed").with_columns(measures=pl.lit(""))
    return ScenarioFleet("baseline", "Baseline", "基准情景", vehicles, multipliers, _units([]), fleet.findings)


def _untouched(fleet: Fleet) -> pl.DataFrame:
    return fleet.vehicles.with_columns(
        baseline_row=pl.int_range(fleet.vehicles.height, dtype=pl.Int64),
        idle_measures=pl.lit(""),
        failed=pl.lit(value=False),
        **{f"m_{kind}": pl.lit("") for kind in KIND_ORDER},
    )


def apply_scenario(
    fleet: Fleet,
    scenario: Scenario,
    measures: pl.DataFrame,
    *,
    sulphur_ppm: float,
    failures_left: float = 1.0,
    country: str = "",
    pick: Picker = all_at_once,
) -> ScenarioFleet:
    """Apply a scenario.

    Parameters
    ----------
    fleet
        The baseline.
    scenario
        From the plan.
    measures
        From `measures_table`.
    sulphur_ppm
        Sulphur of the diesel sold in the city; a filter on fuel above its limit is refused.
    failures_left
        Share of failing devices that an inspection does not mend.
    country
        Whose dates of standards a standard that comes years earlier is counted from.
    pick
        Chooses who is treated; by default the whole uptake at once.

    Raises
    ------
    PlanError
        A measure, stream or standard is unknown, or a device does not stand the city's fuel.
    """
    state = _untouched(fleet)
    findings = check_names(fleet, scenario)
    order = KIND_ORDER | {AGAINST_IDLING: len(KIND_ORDER)}
    ordered = sorted(scenario.measure, key=lambda m: (order[_kind(measures, m)], *_rank(m)))
    for place, wanted in enumerate(ordered):
        chosen = partial(pick, step=Step(wanted, place, _kind(measures, wanted)))
        if wanted.measure == NEWER_STANDARD:
            state, told = _adopt(state, wanted, scenario, country, chosen)
            findings.append(told)
            continue
        if wanted.measure in load_idle_measures():
            state = _stop_idling(state, wanted, chosen)
            findings.append(_idling_finding(wanted, scenario))
            continue
        rows = measures.filter(pl.col("measure_id") == wanted.measure)
        _check_sulphur(rows, sulphur_ppm, scenario)
        state, more = _treat(state, wanted, rows, scenario, failures_left, chosen)
        findings += more
    if any(fleet.vehicles["visiting"]) and scenario.measure:
        findings.append(Finding("scenario.visiting_untreated", "assumption", {"scenario": scenario.title}))
    multipliers = _multipliers(state, measures)
    listed = (
        pl.concat_str([pl.col(f"m_{k}") for k in KIND_ORDER], separator=",")
        .str.replace_all(",+", ",")
        .str.strip_chars(",")
    )
    vehicles = state.with_columns(measures=listed).drop(*(f"m_{k}" for k in KIND_ORDER), "failed")
    return ScenarioFleet(
        scenario.name,
        scenario.title,
        scenario.title_zh or scenario.title,
        vehicles,
        multipliers,
        _count_units(vehicles),
        (*findings, *_unchecked(scenario, measures)),
    )


def _rank(wanted: ScenarioMeasure) -> tuple[object, ...]:
    """Return what orders measures of one kind, whatever their order in the plan; older standards first."""
    step = STANDARD_ORDER.get(wanted.to_standard, 0)
    since = (wanted.from_model_year or 0, wanted.years_earlier or 0)
    return (wanted.measure, step, since, wanted.streams, wanted.standards, wanted.uptake)


def _kind(measures: pl.DataFrame, wanted: ScenarioMeasure) -> str:
    if wanted.measure in load_idle_measures():
        return AGAINST_IDLING
    if wanted.measure == NEWER_STANDARD:
        return "standard"
    rows = measures.filter(pl.col("measure_id") == wanted.measure)
    if rows.is_empty():
        known = ", ".join([*measures["measure_id"].unique().sort(), *load_idle_measures(), NEWER_STANDARD])
        raise PlanError(
            "unknown measure",
            f"Known measures: {known}.",
            column="scenario.measure.measure",
            value=wanted.measure,
        )
    return str(rows["kind"][0])


def _check_sulphur(rows: pl.DataFrame, sulphur_ppm: float, scenario: Scenario) -> None:
    limit = rows["max_sulphur_ppm"].min()
    if isinstance(limit, (int, float)) and sulphur_ppm > limit:
        raise PlanError(
            f"measure {rows['measure_id'][0]} of scenario {scenario.name} needs diesel of at most {limit:g} ppm "
            "sulphur: more would poison the device",
            "Bring cleaner diesel first, or correct city.diesel_sulphur_ppm.",
            column="city.diesel_sulphur_ppm",
            value=sulphur_ppm,
        )


def _eligible(wanted: ScenarioMeasure, rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """Return named conditions that a vehicle must meet."""
    first = rows.row(0, named=True)
    conditions = {
        "category": pl.col("category").is_in(first["categories"].split("|")),
        "standard": pl.col("standard").is_in(first["standards"].split("|")),
        "already treated": pl.col(f"m_{first['kind']}") == "",
    }
    if first["streams"] and not wanted.streams:
        conditions["stream"] = pl.col("stream").is_in(first["streams"].split("|"))
    fuel = (
        pl.col("fuel") != "electricity" if first["fuels"] == "any" else pl.col("fuel").is_in(first["fuels"].split("|"))
    )
    conditions["fuel"] = fuel
    if first["kind"] == "retrofit":
        for device in first["device"].split("+"):
            has = pl.col("aftertreatment").str.contains(device, literal=True)
            conditions[f"has {device} already"] = ~has
        conditions["replaced"] = pl.col("m_replacement") == ""
    if first["kind"] == "fuel":
        # renewable gas may go into the gas bus that a measure brings
        conditions["replaced"] = (pl.col("m_replacement") == "") | fuel
    return conditions


def _treat(
    state: pl.DataFrame,
    wanted: ScenarioMeasure,
    rows: pl.DataFrame,
    scenario: Scenario,
    failures_left: float,
    chosen: Chosen,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Treat the eligible vehicles; a row of which a part is treated becomes two."""
    first = rows.row(0, named=True)
    named = ~pl.col("visiting")
    if wanted.streams:
        named &= pl.col("stream").is_in(wanted.streams)
    if wanted.standards:
        named &= pl.col("standard").is_in(wanted.standards)
    conditions = _eligible(wanted, rows)
    eligible = named & pl.all_horizontal(*conditions.values())
    findings = []
    taken = state.filter(
        named & conditions["category"] & ~pl.all_horizontal(*(c for n, c in conditions.items() if n in EXCLUDING))
    )
    if taken.height:
        values = {"scenario": scenario.title}
        findings.append(Finding("scenario.one_device", "info", values, round(taken["count"].sum())))
    if wanted.streams:
        left = state.filter(named & ~pl.all_horizontal(*conditions.values()))
        if left.height:
            why = [name for name, c in conditions.items() if left.filter(~c).height]
            values = {
                "scenario": scenario.title,
                "streams": ", ".join(wanted.streams),
                "measure": wanted.measure,
                "reason": ", ".join(why),
            }
            findings.append(Finding("scenario.not_eligible", "info", values, round(left["count"].sum())))
    untouched, changed = _split(state, eligible, chosen)
    treated = _changed(changed, first)
    failing = wanted.failed_share * failures_left if first["kind"] == "retrofit" else 0.0
    if failing > 0.0:
        # a device that fails is paid for and does nothing
        idle = changed.with_columns(
            pl.lit(wanted.measure).alias("m_retrofit"), count=pl.col("count") * failing, failed=pl.lit(value=True)
        )
        sound = treated.with_columns(count=pl.col("count") * (1.0 - failing))
        treated = pl.concat([sound, idle]).filter(pl.col("count") > 0.0)
        values = {"scenario": scenario.title, "measure": wanted.measure, "failing_pct": f"{100.0 * failing:.1f}"}
        findings.append(Finding("scenario.failed_devices", "assumption", values))
    if treated.height and first["modelled"] == BY_TECHNOLOGY:
        code = "scenario.hydrogen" if first["to_fuel"] == "hydrogen" else "scenario.own_factors"
        values = {
            "scenario": scenario.title,
            "measure": wanted.measure,
            "technology": f"{first['to_fuel']} / {first['to_standard']}",
        }
        findings.append(Finding(code, "assumption", values, round(treated["count"].sum())))
    return _joined(untouched, treated), findings


def _split(state: pl.DataFrame, eligible: pl.Expr, chosen: Chosen) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the vehicles that stay as they are and those that are treated; a row treated in part is in both."""
    marked = state.with_columns(treated=chosen(state, eligible))
    untouched = marked.with_columns(count=pl.col("count") - pl.col("treated")).filter(
        (pl.col("count") > 0.0) | (pl.col("treated") == 0.0)
    )
    changed = marked.filter(pl.col("treated") > 0.0).with_columns(count=pl.col("treated"))
    return untouched.drop("treated"), changed.drop("treated")


def _joined(untouched: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    order = ["baseline_row", *(f"m_{k}" for k in KIND_ORDER), "idle_measures", "failed"]
    return pl.concat([untouched, changed]).sort(order, maintain_order=True)


def _adopt(
    state: pl.DataFrame, wanted: ScenarioMeasure, scenario: Scenario, country: str, chosen: Chosen
) -> tuple[pl.DataFrame, Finding]:
    """Give vehicles from a model year on a newer standard."""
    pairs = state.select("category", "fuel").unique().sort("category", "fuel")
    years = adopting(wanted, scenario, pairs, country)
    marked = state.with_columns(eligible=eligible_rows(state, wanted, years))
    untouched, changed = _split(marked, pl.col("eligible"), chosen)
    renewed_rows = renewed(changed.drop("eligible"), wanted.to_standard)
    told = adoption_finding(renewed_rows, wanted, scenario, years)
    return _joined(untouched.drop("eligible"), renewed_rows), told


def _stop_idling(state: pl.DataFrame, wanted: ScenarioMeasure, chosen: Chosen) -> pl.DataFrame:
    """Mark the vehicles that a measure against idling reaches; it acts on their hours of idling."""
    eligible = ~pl.col("visiting") & ~pl.col("fuel").is_in(WITHOUT_ENGINE)
    eligible &= ~pl.col("idle_measures").str.split(",").list.contains(wanted.measure)
    if wanted.streams:
        eligible &= pl.col("stream").is_in(wanted.streams)
    if wanted.standards:
        eligible &= pl.col("standard").is_in(wanted.standards)
    untouched, changed = _split(state, eligible, chosen)
    listed = pl.concat_str("idle_measures", pl.lit(wanted.measure), separator=",").str.strip_chars(",")
    return _joined(untouched, changed.with_columns(idle_measures=listed))


def _idling_finding(wanted: ScenarioMeasure, scenario: Scenario) -> Finding:
    values = {"scenario": scenario.title, "measure": wanted.measure}
    return Finding("scenario.idling_measure", "assumption", values)


def _changed(rows: pl.DataFrame, first: dict[str, str]) -> pl.DataFrame:
    kind, measure = first["kind"], first["measure_id"]
    out = rows.with_columns(pl.lit(measure).alias(f"m_{kind}"))
    if kind == "replacement":
        segment = pl.lit(first["to_segment"]) if first["to_segment"] else pl.col("segment")
        return out.with_columns(
            fuel=pl.lit(first["to_fuel"]),
            segment=segment,
            standard=pl.lit(first["to_standard"]),
            aftertreatment=pl.lit("none"),
        )
    if kind == "retrofit":
        suffix = "".join(f"+{device}_retrofit" for device in first["device"].split("+"))
        return out.with_columns(aftertreatment=pl.col("aftertreatment") + suffix)
    return out.with_columns(fuel_blend=pl.lit(measure))


def _multipliers(state: pl.DataFrame, measures: pl.DataFrame) -> pl.DataFrame:
    """Return the multiplier of each row and pollutant, effects combined in the canonical order.

    Devices that the registry names as retrofitted act like the measure that brings them.
    """
    devices = pl.col("aftertreatment").str.extract_all(r"[A-Za-z]+_retrofit").list.join("+")
    keys = state.select(
        *(f"m_{k}" for k in KIND_ORDER),
        fitted=devices.str.replace_all("_retrofit", ""),
        filtered=pl.col("aftertreatment").str.contains("DPF", literal=True),
        failed=pl.col("failed"),
    )
    distinct = keys.unique(maintain_order=True)
    table = [_combined(row, measures) for row in distinct.iter_rows(named=True)]
    values = pl.DataFrame(table, schema=[*NAMES, POINTS], orient="row")
    joined = keys.join(
        pl.concat([distinct, values], how="horizontal"), on=keys.columns, how="left", maintain_order="left"
    )
    return joined.select(*NAMES, POINTS)


def _fitted_measure(devices: str, measures: pl.DataFrame) -> str:
    """Return the measure that brings the devices of the registry; "" where none does."""
    rows = measures.filter((pl.col("kind") == "retrofit") & (pl.col("device") == devices))
    return str(rows["measure_id"][0]) if devices and rows.height else ""


def _combined(row: dict[str, Any], measures: pl.DataFrame) -> list[float]:
    factor = dict.fromkeys(NAMES, 1.0) | {"CO2_biogenic": 0.0}
    points = 0.0
    for kind in KIND_ORDER:
        measure = row[f"m_{kind}"]
        if kind == "retrofit" and not measure:
            measure = _fitted_measure(row["fitted"], measures)
        if not measure or kind in {"standard", "replacement"} or (kind == "retrofit" and row["failed"]):
            continue  # the new vehicle has factors of its own, or no exhaust
        state = "with_filter" if row["filtered"] else "legacy"
        rows = measures.filter((pl.col("measure_id") == measure) & (pl.col("modelled") == "yes"))
        if kind == "fuel":
            # the fuel acts on what the technology change left: with a filter, or a legacy engine
            rows = rows.filter(pl.col("effect_on").is_in([state, "any"]))
        # the fuel penalty stands twice in the table: as CO2 and as fuel; fuel energy takes the penalty, CO2 follows it
        penalty = rows["fuel_penalty_pct"].cast(pl.Float64).max() if rows.height else None
        if kind == "retrofit" and isinstance(penalty, float):
            for pollutant in ("energy_MJ", "CO2", "SO2"):
                factor[pollutant] *= 1.0 + penalty / 100.0
        changes = dict(rows.select("pollutant", pl.col("change_pct").cast(pl.Float64)).iter_rows())
        points += changes.pop(POINTS, 0.0) / 100.0
        if kind == "retrofit":
            changes.pop("CO2", None)  # it is the fuel penalty
        if measure in BIOFUELS and "CO2" in changes:
            factor["CO2_biogenic"] = factor["CO2"] * -changes["CO2"] / 100.0 * plant_carbon()[measure]
        for follower, leader in FOLLOWS.items():
            if leader in changes:
                changes.setdefault(follower, changes[leader])
        for pollutant, change in changes.items():
            factor[pollutant] *= 1.0 + change / 100.0
    return [*factor.values(), points]


@cache
def plant_carbon() -> Mapping[str, float]:
    """Return, for each measure of `BIOFUELS`, the CO2 per MJ of the fuel from plants over that of the fossil one."""
    fuels = reference_table("fuels.csv").iter_rows(named=True)
    kg_per_mj = {row["fuel"]: row["co2_kg_per_kg"] / row["lower_heating_mj_kg"] for row in fuels}
    return {measure: kg_per_mj[plant] / kg_per_mj[fossil] for measure, (plant, fossil) in BIOFUELS.items()}


def _units(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    schema = {"measure_id": pl.String, "vehicles": pl.Float64, "vkt_km_per_year": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _count_units(vehicles: pl.DataFrame) -> pl.DataFrame:
    km = pl.col("km_per_year") * pl.col("count")
    touched = vehicles.filter(pl.col("measures") != "").with_columns(measure_id=pl.col("measures").str.split(","))
    # what a newer standard costs is not known: no row of costs
    touched = touched.with_columns(pl.col("measure_id").list.set_difference([NEWER_STANDARD]))
    touched = touched.filter(pl.col("measure_id").list.len() > 0)
    if touched.is_empty():
        return _units([])
    return (
        touched.explode("measure_id")
        .group_by("measure_id")
        .agg(pl.col("count").sum().alias("vehicles"), km.sum().alias("vkt_km_per_year"))
        .sort("measure_id")
    )


def _unchecked(scenario: Scenario, measures: pl.DataFrame) -> list[Finding]:
    out = []
    for name in sorted({m.measure for m in scenario.measure}):
        rows = measures.filter(pl.col("measure_id") == name)  # none for a measure against idling
        for code, which in (
            ("scenario.effect_unchecked", (pl.col("modelled") == "yes") & (pl.col("checked") == "no")),
            ("scenario.effect_not_modelled", pl.col("modelled") == "no"),
        ):
            hit = rows.filter(which)["pollutant"].unique().sort().to_list()
            if hit:
                values = {"scenario": scenario.title, "measure": name, "pollutants": ", ".join(hit)}
                out.append(Finding(code, "assumption", values))
    return out
