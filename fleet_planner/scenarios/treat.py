"""A packaged measure on the vehicles that may have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.fleet.mapping import with_aftertreatment
from fleet_planner.scenarios.catalogue import (
    BY_SHARE,
    BY_TECHNOLOGY,
    FUEL,
    ON_TOP,
    PACKAGE,
    REPLACEMENT,
    RETROFIT,
    RUNNING_GEAR,
    SULPHUR,
    parts_of,
    slots_of,
)
from fleet_planner.scenarios.rows import VARIANT, joined_rows, split_rows

if TYPE_CHECKING:
    from fleet_planner.plan.models import Scenario, ScenarioMeasure
    from fleet_planner.scenarios.rows import Chosen

EXCLUDING = ("already treated", "replaced")
NAMED = "named by the plan"
USUAL = "usual"
"""The aftertreatment that the new vehicle's standard usually has."""

First = dict[str, Any]


def _fuel(first: First) -> pl.Expr:
    if first["kind"] == RUNNING_GEAR:
        return pl.lit(value=True)
    return (
        pl.col("fuel") != "electricity" if first["fuels"] == "any" else pl.col("fuel").is_in(first["fuels"].split("|"))
    )


def _eligible(
    wanted: ScenarioMeasure, first: First, slots: set[str], aftertreatment: str = "aftertreatment"
) -> dict[str, pl.Expr]:
    """Return named conditions that a vehicle must meet; devices are looked for in a column."""
    conditions = {
        "category": pl.col("category").is_in(first["categories"].split("|")),
        "standard": pl.col("standard").is_in(first["standards"].split("|")),
        "already treated": pl.all_horizontal(pl.col(f"m_{slot}") == "" for slot in sorted(slots)),
    }
    if first["streams"] and not wanted.streams:
        conditions["stream"] = pl.col("stream").is_in(first["streams"].split("|"))
    conditions["fuel"] = _fuel(first)
    for device in filter(None, first["not_with"].split("|")):
        conditions[f"has {device} already"] = ~pl.col(aftertreatment).str.contains(device, literal=True)
    if first["kind"] == RETROFIT:
        conditions["replaced"] = pl.col("m_replacement") == ""
    if first["max_sulphur_ppm"] is not None:
        conditions["sulphur"] = (pl.col("sulphur_ppm") <= first["max_sulphur_ppm"]) | (pl.col("fuel") != "diesel")
    return conditions


def treat(
    state: pl.DataFrame,
    wanted: ScenarioMeasure,
    measures: pl.DataFrame,
    scenario: Scenario,
    failures_left: float,
    chosen: Chosen,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Treat the eligible vehicles; a row of which a part is treated becomes two.

    Parameters
    ----------
    state
        Vehicles with the columns of `rows.untouched_rows`.
    wanted
        The plan's entry; its measure may be a variant with effects of its own.
    measures
        All measures, variants with them.
    scenario
        For the findings.
    failures_left
        Share of failing devices that an inspection does not mend.
    chosen
        Chooses how many vehicles of each row.
    """
    first = measures.filter(pl.col("measure_id") == wanted.measure).row(0, named=True)
    name = wanted.measure.partition(VARIANT)[0]
    named = ~pl.col("visiting")
    if wanted.streams:
        named &= pl.col("stream").is_in(wanted.streams)
    if wanted.standards:
        named &= pl.col("standard").is_in(wanted.standards)
    slots = slots_of(measures, wanted.measure)
    conditions = _eligible(wanted, first, slots)
    # evaluated once: a fleet may have millions of rows
    flags = state.select(pl.col("count"), named.alias(NAMED), *(c.alias(n) for n, c in conditions.items()))
    can = flags.select(pl.all_horizontal(NAMED, *conditions)).to_series()
    findings = _left_out(flags, wanted, list(conditions), scenario, name)
    pool = None
    if not flags["already treated"].all():
        before = _eligible(wanted, first, slots, "found")
        pool = named & pl.all_horizontal(*(c for n, c in before.items() if n != "already treated"))
    untouched, changed = split_rows(state, pl.lit(can), chosen, pool)
    if not can.any():
        values = {"scenario": scenario.title, "measure": name}
        findings.append(Finding("scenario.reaches_none", "warning", values))
    treated = changed
    for part in parts_of(first):
        figures = measures.filter(pl.col("measure_id") == part).row(0, named=True)
        treated = _changed(treated, figures, _electric_share(measures, part))
    failing = wanted.failed_share * failures_left if first["kind"] == RETROFIT else 0.0
    if failing > 0.0:
        # a device that fails is paid for and does nothing
        slot = first["slot"]
        listed = pl.concat_str("failed", pl.lit(slot), separator=",").str.strip_chars(",")
        idle = changed.with_columns(
            pl.lit(wanted.measure).alias(f"m_{slot}"), count=pl.col("count") * failing, failed=listed
        )
        sound = treated.with_columns(count=pl.col("count") * (1.0 - failing))
        treated = pl.concat([sound, idle]).filter(pl.col("count") > 0.0)
        values = {"scenario": scenario.title, "measure": name, "failing_pct": f"{100.0 * failing:.1f}"}
        findings.append(Finding("scenario.failed_devices", "assumption", values))
    if treated.height:
        findings += _about(first, name, scenario, round(treated["count"].sum()))
    return joined_rows(untouched, treated), findings


def _left_out(
    flags: pl.DataFrame, wanted: ScenarioMeasure, conditions: list[str], scenario: Scenario, name: str
) -> list[Finding]:
    """Say which vehicles that the plan names do not get the measure, and why; ``flags`` has each condition by row."""

    def vehicles(which: pl.Expr) -> float:
        return float(flags.select(pl.col("count").filter(pl.col(NAMED) & which).sum()).item())

    findings = []
    excluded = [n for n in conditions if n in EXCLUDING]
    taken = vehicles(pl.col("category") & ~pl.all_horizontal(*excluded))
    if taken:
        findings.append(Finding("scenario.one_device", "info", {"scenario": scenario.title}, round(taken)))
    others = [n for n in conditions if n != "sulphur"]
    poisoned = vehicles(pl.all_horizontal(*others) & ~pl.col("sulphur")) if "sulphur" in conditions else 0.0
    if poisoned:
        values = {"scenario": scenario.title, "measure": name}
        findings.append(Finding("scenario.sulphur_left", "warning", values, round(poisoned)))
    left = vehicles(~pl.all_horizontal(*conditions)) if wanted.streams else 0.0
    if left:
        values = {
            "scenario": scenario.title,
            "streams": ", ".join(wanted.streams),
            "measure": name,
            "reason": ", ".join(n for n in conditions if vehicles(~pl.col(n))),
        }
        findings.append(Finding("scenario.not_eligible", "info", values, round(left)))
    return findings


def _about(first: First, name: str, scenario: Scenario, vehicles: int) -> list[Finding]:
    """Say what the treated vehicles rest on."""
    values = {"scenario": scenario.title, "measure": name}
    if first["kind"] == PACKAGE:
        parts = values | {"parts": ", ".join(parts_of(first))}
        return [Finding("scenario.package", "info", parts, vehicles)]
    if first["modelled"] == BY_TECHNOLOGY:
        code = "scenario.hydrogen" if first["to_fuel"] == "hydrogen" else "scenario.own_factors"
        became = values | {"technology": " / ".join(filter(None, (first["to_fuel"], first["to_standard"])))}
        return [Finding(code, "assumption", became, vehicles)]
    if first["modelled"] == ON_TOP:
        became = values | {"fuel": first["to_fuel"]}
        return [Finding("scenario.on_top", "assumption", became, vehicles)]
    if first["modelled"] == BY_SHARE:
        return [Finding("scenario.electric_share", "assumption", values, vehicles)]
    return []


def _electric_share(measures: pl.DataFrame, measure: str) -> float | None:
    """Return the share of the kilometres that a plug-in hybrid drives on electricity; None of other measures."""
    rows = measures.filter(
        (pl.col("measure_id") == measure) & (pl.col("modelled") == BY_SHARE) & (pl.col("pollutant") == "CO2")
    )
    return -float(rows["change_pct"][0]) / 100.0 if rows.height else None


def _changed(rows: pl.DataFrame, first: First, electric_share: float | None = None) -> pl.DataFrame:
    """Return vehicles after a measure that is not made of parts."""
    kind = first["kind"]
    out = rows.with_columns(pl.lit(first["measure_id"]).alias(f"m_{first['slot']}"))
    if kind == REPLACEMENT:
        became = _replaced(out, first)
        if electric_share is None:
            return became
        # a plug-in hybrid counts as two part vehicles: one electric, one as before
        parts = [(became, electric_share), (out, 1.0 - electric_share)]
        split = pl.concat([part.with_columns(count=pl.col("count") * share) for part, share in parts])
        return split.filter(pl.col("count") > 0.0)
    if kind == RETROFIT:
        suffix = "".join(f"+{device}_retrofit" for device in filter(None, first["device"].split("+")))
        return out.with_columns(aftertreatment=pl.col("aftertreatment") + suffix)
    if kind == SULPHUR:
        return out.with_columns(sulphur_ppm=pl.lit(first["to_sulphur_ppm"], dtype=pl.Float64))
    if kind == FUEL:
        return out.with_columns(fuel_blend=pl.lit(first["measure_id"].partition(VARIANT)[0]))
    return out


def _replaced(rows: pl.DataFrame, first: First) -> pl.DataFrame:
    """Return the new vehicles: retrofits of the registry are not on them, nor fuels that they do not burn."""
    usual = first["to_aftertreatment"] == USUAL
    kept = {"segment": first["to_segment"], "standard": first["to_standard"]}
    texts = {"fuel": first["to_fuel"]} | {k: v for k, v in kept.items() if v}
    out = rows.with_columns(
        fitted=pl.lit(""),
        aftertreatment=pl.lit(None if usual else "none", dtype=pl.String),
        **{k: pl.lit(v) for k, v in texts.items()},
    )
    if first["to_fuel"] != "diesel":
        out = out.with_columns(m_sulphur=pl.lit(""))
    whole = with_aftertreatment(out) if usual else out
    return whole.with_columns(found=pl.col("aftertreatment")).select(rows.columns)
