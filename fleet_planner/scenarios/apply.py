"""Apply the measures of a scenario to a fleet, in the canonical order of effects.

Technology change (replacement, then retrofit), then the fuel's effect looked up for the *resulting*
aftertreatment. The order in which a plan names its measures therefore never matters, and a filter plus a
clean fuel is not the product of the two effects on an engine without a filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.model import ScenarioFleet
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario, ScenarioMeasure

KIND_ORDER = {"replacement": 0, "retrofit": 1, "fuel": 2}
POINTS = "NO2_share_points"
EXCLUDING = ("already treated", "replaced")
NAMES = tuple(p.pollutant for p in pollutants())
WEAR_SHARES = {"PM2.5_brake": 0.5, "PM2.5_tyre_road": 0.5}
"""Parts of a heavy vehicle's PM2.5 wear by process in city traffic, rounded from the packaged wear table."""


def measures_table() -> pl.DataFrame:
    """Return the packaged measures."""
    return reference_table("measures.csv").with_columns(
        pl.col("streams", "device", "effect_on").fill_null(""), pl.col("max_sulphur_ppm").cast(pl.Float64)
    )


def baseline(fleet: Fleet) -> ScenarioFleet:
    """Return the fleet as it is."""
    vehicles = fleet.vehicles.with_columns(
        baseline_row=pl.int_range(fleet.vehicles.height, dtype=pl.Int64), measures=pl.lit("")
    )
    return ScenarioFleet(
        "baseline", "Baseline", "基准情景", vehicles, _ones(vehicles.height), _units([]), fleet.findings
    )


def apply_scenario(fleet: Fleet, scenario: Scenario, measures: pl.DataFrame, *, sulphur_ppm: float) -> ScenarioFleet:
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

    Raises
    ------
    PlanError
        A measure is unknown, or its device does not stand the city's fuel.
    """
    state = fleet.vehicles.with_columns(
        baseline_row=pl.int_range(fleet.vehicles.height, dtype=pl.Int64),
        **{f"m_{kind}": pl.lit("") for kind in KIND_ORDER},
    )
    findings: list[Finding] = []
    ordered = sorted(
        scenario.measure, key=lambda m: (KIND_ORDER[_kind(measures, m)], m.measure, m.streams, m.standards)
    )
    for wanted in ordered:
        rows = measures.filter(pl.col("measure_id") == wanted.measure)
        _check_sulphur(rows, sulphur_ppm, scenario)
        state, more = _treat(state, wanted, rows, scenario)
        findings += more
    if any(fleet.vehicles["visiting"]) and scenario.measure:
        findings.append(Finding("scenario.visiting_untreated", "assumption", {"scenario": scenario.title}))
    multipliers = _multipliers(state, measures)
    listed = (
        pl.concat_str([pl.col(f"m_{k}") for k in KIND_ORDER], separator=",")
        .str.replace_all(",+", ",")
        .str.strip_chars(",")
    )
    vehicles = state.with_columns(measures=listed).drop(*(f"m_{k}" for k in KIND_ORDER))
    return ScenarioFleet(
        scenario.name,
        scenario.title,
        scenario.title_zh or scenario.title,
        vehicles,
        multipliers,
        _count_units(vehicles),
        (*findings, *_unchecked(scenario, measures)),
    )


def _kind(measures: pl.DataFrame, wanted: ScenarioMeasure) -> str:
    rows = measures.filter(pl.col("measure_id") == wanted.measure)
    if rows.is_empty():
        known = ", ".join(measures["measure_id"].unique().sort().to_list())
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
        conditions["replaced"] = pl.col("m_replacement") == ""
    return conditions


def _treat(
    state: pl.DataFrame, wanted: ScenarioMeasure, rows: pl.DataFrame, scenario: Scenario
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
    taken = state.filter(named & ~pl.all_horizontal(*(c for n, c in conditions.items() if n in EXCLUDING)))
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
    marked = state.with_columns(treated=_treated_count(eligible, wanted.uptake))
    untouched = marked.with_columns(count=pl.col("count") - pl.col("treated")).filter(
        (pl.col("count") > 0.0) | (pl.col("treated") == 0.0)
    )
    changed = marked.filter(pl.col("treated") > 0.0).with_columns(count=pl.col("treated"))
    both = pl.concat([untouched, _changed(changed, first)]).drop("treated")
    return both.sort("baseline_row", *(f"m_{k}" for k in KIND_ORDER), maintain_order=True), findings


def _treated_count(eligible: pl.Expr, uptake: float) -> pl.Expr:
    """Return how many vehicles of each row are treated.

    The oldest go first, among equals those that drive most, then the order of the registry; the last row
    is treated in part, so that the treated share of the eligible vehicles is exact.
    """
    count = pl.when(eligible).then(pl.col("count")).otherwise(0.0)
    if uptake >= 1.0:
        return count
    order = pl.struct(~eligible, "model_year", -pl.col("km_per_year"), "baseline_row").rank("ordinal")
    rank = order - 1
    before = count.sort_by(rank).cum_sum().gather(rank) - count
    return (uptake * count.sum() - before).clip(0.0, count)


def _changed(rows: pl.DataFrame, first: dict[str, str]) -> pl.DataFrame:
    kind, measure = first["kind"], first["measure_id"]
    out = rows.with_columns(pl.lit(measure).alias(f"m_{kind}"))
    if kind == "replacement":
        return out.with_columns(
            fuel=pl.lit("electricity"), standard=pl.lit("zero_emission"), aftertreatment=pl.lit("none")
        )
    if kind == "retrofit":
        suffix = "".join(f"+{device}_retrofit" for device in first["device"].split("+"))
        return out.with_columns(aftertreatment=pl.col("aftertreatment") + suffix)
    return out.with_columns(fuel_blend=pl.lit(measure))


def _multipliers(state: pl.DataFrame, measures: pl.DataFrame) -> pl.DataFrame:
    """Return the multiplier of each row and pollutant, effects combined in the canonical order."""
    filtered = state["aftertreatment"].str.contains("DPF", literal=True)
    keys = state.select(*(f"m_{k}" for k in KIND_ORDER)).with_columns(filtered=filtered)
    distinct = keys.unique(maintain_order=True)
    table = [_combined(row, measures) for row in distinct.iter_rows(named=True)]
    values = pl.DataFrame(table, schema=[*NAMES, POINTS], orient="row")
    joined = keys.join(
        pl.concat([distinct, values], how="horizontal"), on=keys.columns, how="left", maintain_order="left"
    )
    return joined.select(*NAMES, POINTS)


def _combined(row: dict[str, object], measures: pl.DataFrame) -> list[float]:
    factor = dict.fromkeys(NAMES, 1.0)
    points = 0.0
    for kind in KIND_ORDER:
        measure = row[f"m_{kind}"]
        if not measure:
            continue
        state = "with_filter" if row["filtered"] else "legacy"
        rows = measures.filter((pl.col("measure_id") == measure) & (pl.col("modelled") == "yes"))
        if kind == "fuel":
            # the fuel acts on what the technology change left: with a filter, or a legacy engine
            rows = rows.filter(pl.col("effect_on").is_in([state, "any"]))
        # the fuel penalty stands twice in the table: as CO2 and as fuel; fuel energy takes the penalty, CO2 follows it
        penalty = rows["fuel_penalty_pct"].cast(pl.Float64).max() if rows.height else None
        if kind == "retrofit" and isinstance(penalty, float):
            factor["energy_MJ"] *= 1.0 + penalty / 100.0
            factor["CO2"] *= 1.0 + penalty / 100.0
            factor["SO2"] *= 1.0 + penalty / 100.0
        for pollutant, change in rows.select("pollutant", pl.col("change_pct").cast(pl.Float64)).iter_rows():
            if pollutant == POINTS:
                points += change / 100.0
            elif pollutant in WEAR_SHARES:
                factor["PM2.5_non_exhaust"] += WEAR_SHARES[pollutant] * change / 100.0
            elif kind == "replacement" or (kind == "retrofit" and pollutant == "CO2"):
                continue  # electric vehicles have no exhaust by technology; a retrofit's CO2 is its fuel penalty
            else:
                factor[pollutant] *= 1.0 + change / 100.0
                if pollutant == "PM_exhaust" and "BC" not in rows["pollutant"].to_list():
                    factor["BC"] *= 1.0 + change / 100.0
    return [*factor.values(), points]


def _ones(n: int) -> pl.DataFrame:
    return pl.DataFrame({**{name: [1.0] * n for name in NAMES}, POINTS: [0.0] * n})


def _units(rows: list[tuple[str, float, float]]) -> pl.DataFrame:
    schema = {"measure_id": pl.String, "vehicles": pl.Float64, "vkt_km_per_year": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _count_units(vehicles: pl.DataFrame) -> pl.DataFrame:
    km = pl.col("km_per_year") * pl.col("count")
    touched = vehicles.filter(pl.col("measures") != "").with_columns(measure_id=pl.col("measures").str.split(","))
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
        rows = measures.filter(pl.col("measure_id") == name)
        for code, which in (
            ("scenario.effect_unchecked", (pl.col("modelled") == "yes") & (pl.col("checked") == "no")),
            ("scenario.effect_not_modelled", pl.col("modelled") == "no"),
        ):
            hit = rows.filter(which)["pollutant"].unique().sort().to_list()
            if hit:
                values = {"scenario": scenario.title, "measure": name, "pollutants": ", ".join(hit)}
                out.append(Finding(code, "assumption", values))
    return out
