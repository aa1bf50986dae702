"""Measures head to head: what each option costs per tonne of each pollutant, and per dollar of damage avoided.

The whole cost of an option is set against each pollutant in turn, as published figures do; only the net benefit and the
damage-weighted curve count all of them together. Costs are those of all kilometres of the treated vehicles, and so are
the tonnes that they are divided by; tonnes in the city stand beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_planner.economics.valuation import Valuation

GHG, ELECTRICITY_CO2, UPSTREAM = "GHG", "CO2_grid", "upstream_co2e"
ANY = "any"
LEAST_T = 1e-9
INSIDE, BELOW, ABOVE, NO_RANGE, NOTHING = "inside", "below", "above", "no_published_range", "no_reduction"

EFFECTIVENESS = {
    "stream": pl.String,
    "option": pl.String,
    "kind": pl.String,
    "pollutant": pl.String,
    "avoided_t_per_year": pl.Float64,
    "avoided_in_city_t_per_year": pl.Float64,
    "cost_usd2024_per_year": pl.Float64,
    "usd2024_per_t": pl.Float64,
    "published_low_usd2024_per_t": pl.Float64,
    "published_high_usd2024_per_t": pl.Float64,
    "verdict": pl.String,
    "published_source": pl.String,
    "published_checked": pl.String,
}


def weights() -> dict[str, dict[str, float]]:
    """Return the sums that options are compared by, and the weight of each pollutant in them."""
    table = reference_table("target_sums.csv")
    sums = {p: {p: 1.0} for p in ("NOx", "SO2", "NMVOC", "NH3", "BC")}
    for name in ("PM2.5", GHG):
        sums[name] = dict(table.filter(pl.col("sum_id") == name).select("pollutant", "weight").iter_rows())
    return sums


def summed(name: str, prefix: str) -> pl.Expr:
    """Return the tonnes of a sum from columns ``<prefix>_<pollutant>``; greenhouse gases with those of making fuels."""
    parts = [pl.col(f"{prefix}_{p}") * w for p, w in weights()[name].items()]
    return pl.sum_horizontal([*parts, pl.col(f"{prefix}_{UPSTREAM}")] if name == GHG else parts)


def by_stream(effects: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the effects of every option by stream, groups added up."""
    joined = effects.join(groups.select("group", "stream"), on="group", how="left").drop("group")
    return joined.group_by("stream", "option").agg(pl.all().sum()).sort("stream", "option")


def effectiveness(totals: pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    """Return the cost of a tonne of each pollutant, beside what is published.

    Parameters
    ----------
    totals
        From `by_stream`.
    kinds
        Kind of each option.
    """
    ranges = {
        (r["kind"], r["pollutant"]): r for r in reference_table("cost_effectiveness_ranges.csv").iter_rows(named=True)
    }
    tonnes = totals.select(
        "stream",
        "option",
        "cost_usd2024_per_year",
        *(summed(n, "everywhere").alias(f"t_{n}") for n in weights()),
        *(summed(n, "avoided").alias(f"city_{n}") for n in weights()),
    )
    rows = []
    for row in tonnes.iter_rows(named=True):
        kind = kinds[row["option"]]
        for name in weights():
            avoided, cost = row[f"t_{name}"], row["cost_usd2024_per_year"]
            per_t = cost / avoided if avoided > LEAST_T else None
            known = ranges.get((kind, name)) or ranges.get((ANY, name))
            low, high = (known["low"], known["high"]) if known else (None, None)
            source, checked = (known["source"], known["checked"]) if known else ("", "")
            found = (avoided, row[f"city_{name}"], cost, per_t, low, high, _verdict(per_t, low, high))
            rows.append((row["stream"], row["option"], kind, name, *found, source, checked))
    return pl.DataFrame(rows, schema=EFFECTIVENESS, orient="row")


def _verdict(per_t: float | None, low: float | None, high: float | None) -> str:
    if per_t is None:
        return NOTHING
    if low is None or high is None:
        return NO_RANGE
    return BELOW if per_t < low else ABOVE if per_t > high else INSIDE


def head_to_head(totals: pl.DataFrame, options: Iterable[tuple[str, str, str, str]], values: Valuation) -> pl.DataFrame:
    """Return every option by stream with its costs, the damage that it avoids and its net benefit.

    Parameters
    ----------
    totals
        From `by_stream`.
    options
        Name, kind and titles in English and Chinese of each option.
    values
        Of a tonne. Air pollutants count in the city, greenhouse gases wherever the vehicles drive.
    """
    named = pl.DataFrame(list(options), schema=["option", "kind", "title_en", "title_zh"], orient="row")
    avoided = {bound: damage_avoided(values, bound) for bound in ("usd_per_t", "low", "high")}
    return (
        totals.join(named, on="option", how="left")
        .with_columns(
            ghg_avoided_t_per_year=summed(GHG, "everywhere"),
            damage_avoided_usd2024_per_year=avoided["usd_per_t"],
            damage_avoided_low_usd2024_per_year=avoided["low"],
            damage_avoided_high_usd2024_per_year=avoided["high"],
        )
        .with_columns(carbon_value_usd2024_per_year=pl.col("ghg_avoided_t_per_year") * values.carbon.usd_per_t)
        .with_columns(
            cost_per_damage_avoided=pl.when(pl.col("damage_avoided_usd2024_per_year") > 0.0).then(
                pl.col("cost_usd2024_per_year") / pl.col("damage_avoided_usd2024_per_year")
            ),
            net_benefit_usd2024_per_year=pl.col("damage_avoided_usd2024_per_year")
            + pl.col("carbon_value_usd2024_per_year")
            - pl.col("cost_usd2024_per_year"),
        )
        .select(
            *("stream", "option", "kind", "title_en", "title_zh", "vehicles", "km_per_year", "capex_usd2024"),
            *("capex_usd2024_per_year", "upkeep_usd2024_per_year", "energy_usd2024_per_year", "cost_usd2024_per_year"),
            *("ghg_avoided_t_per_year", "damage_avoided_usd2024_per_year", "damage_avoided_low_usd2024_per_year"),
            *("damage_avoided_high_usd2024_per_year", "carbon_value_usd2024_per_year", "cost_per_damage_avoided"),
            "net_benefit_usd2024_per_year",
        )
        .sort("stream", "net_benefit_usd2024_per_year", descending=[False, True])
    )


def damage_avoided(values: Valuation, bound: str = "usd_per_t") -> pl.Expr:
    """Return the damage avoided in the city, US dollars of 2024 a year, from columns ``avoided_<pollutant>``."""
    parts = [summed(name, "avoided") * float(getattr(value, bound)) for name, value in values.damages.items()]
    return pl.sum_horizontal(parts) if parts else pl.lit(0.0)
