"""How much of a registry was mapped exactly, by rule, by default, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.fleet.mapping import BY_MAP, DEFAULT, GIVEN
from fleet_planner.fleet.translate import CERTIFICATION

if TYPE_CHECKING:
    from fleet_planner.fleet.model import Fleet

EXACT, BY_RULE, BY_DEFAULT, REJECTED = "1 exactly as given", "2 by rule", "3 by a default", "4 rejected"
REJECTED_CODE = "fleet.rejected"
MOST_STEPS = 12


def how_mapped(rule: pl.Expr) -> pl.Expr:
    """Return the least certain way in which a row's ``rule`` mapped it."""
    exact = rule.str.contains(
        r"segment:given; standard:(?:given|electric|certification); aftertreatment:(?:given|only|none)"
    )
    return (
        pl.when(rule.str.contains(f":{DEFAULT}", literal=True))
        .then(pl.lit(BY_DEFAULT))
        .when(exact & ~rule.str.contains("; import:", literal=True))
        .then(pl.lit(EXACT))
        .otherwise(pl.lit(BY_RULE))
    )


def coverage_table(fleet: Fleet) -> pl.DataFrame:
    """Return how the registry was mapped, as `coverage_of` found it when it was read."""
    return fleet.coverage


def coverage_of(
    groups: pl.DataFrame, rows_rejected: int, vehicles_rejected: float, rejected_share: float
) -> pl.DataFrame:
    """Return how a registry was mapped.

    Parameters
    ----------
    groups
        From `summed`.
    rows_rejected, vehicles_rejected, rejected_share
        Rows, vehicles, and share of the vehicle-km that were left out.

    Returns
    -------
    coverage
        ``how, rows, vehicles, vkt_km_per_year, vkt_share``; four rows, the shares sum to 1.
    """
    by_how = groups.group_by(how_mapped(pl.col("rule")).alias("how")).agg(
        pl.col("rows").sum(), pl.col("count").sum().alias("vehicles"), pl.col("vkt").sum().alias("vkt_km_per_year")
    )
    kept = float(by_how["vkt_km_per_year"].sum())
    lost = kept * rejected_share / (1.0 - rejected_share) if rejected_share < 1.0 else 0.0
    rejected = pl.DataFrame([(REJECTED, rows_rejected, vehicles_rejected, lost)], schema=by_how.schema, orient="row")
    frame = pl.DataFrame({"how": [EXACT, BY_RULE, BY_DEFAULT, REJECTED]})
    table = frame.join(pl.concat([by_how, rejected]), on="how", how="left", maintain_order="left")
    total = kept + lost
    return table.with_columns(pl.exclude("how").fill_null(0)).with_columns(
        vkt_share=pl.col("vkt_km_per_year") / total if total > 0.0 else pl.lit(0.0)
    )


def findings_of(groups: pl.DataFrame, rejected: Finding | None, *, country: str) -> tuple[Finding, ...]:
    """Return what was derived or defaulted, in vehicles and as a share of the vehicle-km.

    Parameters
    ----------
    groups
        From `summed`.
    rejected
        The finding on rejected rows.
    country
        Whose dates of standards were used.
    """
    total = float(groups["vkt"].sum())
    out: list[Finding] = [] if rejected is None else [rejected]

    def add(code: str, which: pl.Expr, **values: str | float) -> None:
        picked = groups.filter(which)
        if picked.height:
            share = float(picked["vkt"].sum()) / total if total else 0.0
            out.append(Finding(code, "assumption", values, round(picked["count"].sum()), share))

    defaulted = pl.col("segment_rule") == DEFAULT
    by_form = pl.col("import_rule").str.contains(f":{DEFAULT}", literal=True)
    forms = groups.filter(by_form)["import_rule"].str.extract(r"^(\w+)").unique().sort()
    add("fleet.form_default", by_form, form=", ".join(forms))
    add("fleet.segment_by_mass", pl.col("segment_rule") == "mass")
    names = groups.filter(defaulted)["segment"].unique().sort().to_list()
    add("fleet.segment_default", defaulted, segments=", ".join(names))
    by_map = pl.col("standard_rule").str.starts_with(BY_MAP)
    certified = pl.col("standard_rule").str.starts_with(CERTIFICATION)
    by_year = ~by_map & ~certified & ~pl.col("standard_rule").is_in([GIVEN, "electric"])
    add("fleet.standard_by_year", by_year, region=country)
    add("fleet.standard_certified", certified)
    add("fleet.standard_mapped", by_map, steps=_steps(groups.filter(by_map)))
    add("fleet.standard_unchecked", pl.col("date_unchecked"))
    by_make = pl.col("aftertreatment_rule").str.starts_with("make ")
    makes = groups.filter(by_make)["aftertreatment_rule"].str.strip_prefix("make ").unique().sort()
    add("fleet.aftertreatment_by_make", by_make, makes=", ".join(makes))
    add("fleet.aftertreatment_default", pl.col("aftertreatment_rule") == DEFAULT)
    add("fleet.share_inside_default", ~pl.col("share_given"))
    streams = groups["km_stream"].drop_nulls().unique().sort()
    add("fleet.km_default", ~pl.col("km_given"), streams=", ".join(streams))
    add("fleet.km_unchecked", pl.col("km_unchecked"))
    add("fleet.odometer_default", ~pl.col("odometer_given"))
    loads = groups.filter("load_defaulted")["default_load"].unique().sort()
    add("fleet.load_default", pl.col("load_defaulted"), load="/".join(f"{x:g}" for x in loads))
    return tuple(out)


def _steps(groups: pl.DataFrame) -> str:
    """Return which steps of other regions were read as which standard, most vehicle-km first."""
    order = (
        groups.group_by("standard_rule", "standard")
        .agg(pl.col("vkt").sum().alias("km"))
        .sort("km", "standard_rule", descending=[True, False])
    )
    told = [f"{rule.removeprefix(BY_MAP)}: {standard}" for rule, standard, _ in order.iter_rows()]
    more = ["..."] if len(told) > MOST_STEPS else []
    return "; ".join([*told[:MOST_STEPS], *more])


def coverage_finding(coverage: pl.DataFrame) -> Finding:
    """Return the one line on how much was mapped how, for the manifest and the report."""
    table = {how: (vehicles, share) for how, _, vehicles, _, share in coverage.iter_rows()}
    names = {"exact": EXACT, "rule": BY_RULE, "default": BY_DEFAULT, "rejected": REJECTED}
    values: dict[str, str | int | float] = {}
    for name, how in names.items():
        values[name] = f"{table[how][0]:,.0f}"
        values[f"{name}_share"] = f"{100 * table[how][1]:.2f} %"
    return Finding("fleet.coverage", "info", values)
