"""Later years and targets, as plain data for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.layers import frames

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results

POLLUTANTS = ("NOx", "PM_exhaust", "CO2")
ZERO_EMISSION = "zero_emission"


def later_data(results: Results) -> dict[str, Any] | None:
    """Return the yearly totals of the projected years by pollutant and scenario, and what the measures reach.

    ``values`` and ``outside`` (of vehicles registered outside since) are the baseline's; ``paths`` the scenarios'.
    """
    later = results.later
    if later is None:
        return None
    shown = later.table.filter(pl.col("pollutant").is_in(POLLUTANTS))
    first = results.scenarios[0].fleet.name
    base = shown.filter(pl.col("scenario") == first)
    by = {name: base.filter(pl.col("pollutant") == name) for name in POLLUTANTS}
    years = by[POLLUTANTS[0]]["year"].to_list()
    paths = {
        name: {p: shown.filter(scenario=name, pollutant=p)["value_per_year"].to_list() for p in POLLUTANTS}
        for name in shown["scenario"].unique(maintain_order=True)
        if name != first
    }
    return {
        "years": years,
        "vehicles": by[POLLUTANTS[0]]["vehicles"].to_list(),
        "zero_emission_share": [_zero_emission_share(results, year) for year in years],
        "values": {name: rows["value_per_year"].to_list() for name, rows in by.items()},
        "units": {name: rows["unit"][0] for name, rows in by.items()},
        "outside": {name: rows["outside_per_year"].to_list() for name, rows in by.items()},
        "paths": paths,
        "reached": _reached(later.measures),
    }


def target_data(results: Results) -> list[dict[str, Any]]:
    """Return the verdict on every target and scenario, in the plan's unit of mass."""
    if not results.targets.height:
        return []
    return frames.in_mass_unit(results.targets, results.plan.outputs.mass_unit).to_dicts()


def _reached(measures: pl.DataFrame) -> list[dict[str, Any]]:
    """Return, for each measure that is fitted or bought: first year, most in a year, all until the last year."""
    grouped = measures.filter(pl.col("new_vehicles") > 0.0).group_by("scenario", "measure_id", maintain_order=True)
    return grouped.agg(
        first=pl.col("year").min(),
        most_in_a_year=pl.col("new_vehicles").max(),
        most_year=pl.col("year").sort_by("new_vehicles").last(),
        in_all=pl.col("new_vehicles").sum(),
        most_at_once=pl.col("vehicles").max(),
    ).to_dicts()


def _zero_emission_share(results: Results, year: int) -> float:
    assert results.later is not None
    local = results.later.projection.fleet(year).vehicles.filter(~pl.col("visiting"))
    zero = float(local.filter(pl.col("standard") == ZERO_EMISSION)["count"].sum())
    return zero / (float(local["count"].sum()) or 1.0)
