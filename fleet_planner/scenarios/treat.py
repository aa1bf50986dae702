"""A packaged measure on the vehicles that may have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.scenarios.catalogue import BY_TECHNOLOGY
from fleet_planner.scenarios.rows import joined_rows, split_rows

if TYPE_CHECKING:
    from fleet_planner.plan.models import Scenario, ScenarioMeasure
    from fleet_planner.scenarios.rows import Chosen

EXCLUDING = ("already treated", "replaced")


def check_sulphur(rows: pl.DataFrame, sulphur_ppm: float, scenario: Scenario) -> None:
    """Refuse a device that does not stand the sulphur of the diesel."""
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


def treat(
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
    untouched, changed = split_rows(state, eligible, chosen)
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
    return joined_rows(untouched, treated), findings


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
