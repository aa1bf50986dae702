"""Vehicles and their emissions by home zone and by depot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.fleet.check import VKT
from fleet_planner.outputs import frames
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.pipeline.computing.places import KINDS, NONE, PLACED, VISITING, how_tied
from fleet_planner.units import DAYS_PER_YEAR, MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.network.home_places import Kind
    from fleet_planner.pipeline.telling.results import Results, ScenarioResult

SHOWN = ("NOx", "PM_exhaust", "CO2")
RANKED = "NOx"
MOST_PLACES = 15
ZERO_EMISSION = "zero_emission"
TITLE = {"zone": "places_zone", "depot": "places_depot"}
NOTE = {"zone": "places_zone_note", "depot": "places_depot_note"}
LAYER = {"zone": "home_zones", "depot": "depots"}


def has_places(results: Results, kind: Kind) -> bool:
    """Return whether the registry or the plan names places of a kind."""
    vehicles = results.fleet.vehicles
    return results.places.of(kind) is not None or bool((vehicles[kind].fill_null("") != "").any())


def by_place(results: Results, kind: Kind) -> pl.DataFrame:
    """Return vehicles, vehicle-km inside and emissions a day by scenario and home (``tables/columns/by_<kind>.csv``).

    The rows of a scenario add up to its road traffic: vehicles without a home and visiting ones have rows of their own.
    """
    known = frames.specs()
    parts = []
    for result in results.scenarios:
        names = result.inventory.pollutants
        sums = _grouped(results, result, kind)
        parts.append(
            sums.select(
                pl.lit(result.fleet.name).alias("scenario"),
                *(kind, "tie", "vehicles", "zero_emission_vehicles", "vkt_km_per_day"),
                *((pl.col(n) / frames.scale_of(known[n])).alias(frames.day_name(known[n])) for n in names),
            )
        )
    return pl.concat(parts)


def _grouped(results: Results, result: ScenarioResult, kind: Kind) -> pl.DataFrame:
    inventory = result.inventory
    frame = result.fleet.vehicles.with_columns(
        pl.Series(name, inventory.vehicle[:, p]) for p, name in enumerate(inventory.pollutants)
    ).with_columns(pl.col(kind).fill_null(""), tie=how_tied(kind, results.places.of(kind)))
    order = pl.col("tie").replace_strict({PLACED: 0, "name_only": 1, NONE: 2, VISITING: 3}, return_dtype=pl.Int64)
    home = pl.when(pl.col("tie").is_in([NONE, VISITING])).then(pl.lit("")).otherwise(kind).alias(kind)
    return (
        frame.with_columns(home)
        .group_by(kind, "tie")
        .agg(
            pl.col("count").sum().alias("vehicles"),
            pl.col("count").filter(standard=ZERO_EMISSION).sum().alias("zero_emission_vehicles"),
            (VKT.sum() / DAYS_PER_YEAR).alias("vkt_km_per_day"),
            pl.col(inventory.pollutants).sum(),
        )
        .sort(order, kind)
    )


def place_layer(results: Results, kind: Kind) -> pl.DataFrame:
    """Return one row per place with geometry, in its order: vehicles, vehicle-km, the map's pollutants by scenario."""
    places = results.places.of(kind)
    assert places is not None
    frame = pl.DataFrame({kind: list(places.names)})
    for k, result in enumerate(results.scenarios):
        sums = _grouped(results, result, kind).filter(tie=PLACED)
        columns = [
            (pl.col(s.pollutant) / frames.scale_of(s)).alias(frames.day_column(s, result.fleet.name))
            for s in frames.map_specs(results)
        ]
        first = ["vehicles", "vkt_km_per_day"] if k == 0 else []
        frame = frame.join(sums.select(kind, *first, *columns), on=kind, how="left", maintain_order="left")
    return frame.fill_null(0.0)


def places_data(results: Results) -> dict[str, Any]:
    """Return the homes with most NOx, yearly figures of every scenario; empty where the registry names none."""
    known = frames.specs()
    out: dict[str, Any] = {}
    for kind in KINDS:
        if not has_places(results, kind):
            continue
        tables = {s.fleet.name: _grouped(results, s, kind) for s in results.scenarios}
        first = tables[results.scenarios[0].fleet.name]
        top = first.filter(~pl.col("tie").is_in([NONE, VISITING])).sort(RANKED, kind, descending=[True, False])
        rest = first.filter(tie=NONE)
        later = {n: dict(t.filter(pl.col(kind) != "").select(kind, RANKED).iter_rows()) for n, t in tables.items()}
        factor = {p: DAYS_PER_YEAR * known[p].per_year_factor for p in SHOWN}
        out[kind] = {
            "places": top.height,
            "without_vehicles": float(rest["vehicles"].sum()),
            "without_share": float(rest["vkt_km_per_day"].sum()) / (float(first["vkt_km_per_day"].sum()) or 1.0),
            "rows": [
                {
                    "name": row[kind],
                    "placed": row["tie"] == PLACED,
                    "vehicles": row["vehicles"],
                    "vkt_km_per_day": row["vkt_km_per_day"],
                    "emissions": {p: row[p] * factor[p] for p in SHOWN},
                    "by_scenario": {n: by.get(row[kind], 0.0) * factor[RANKED] for n, by in later.items()},
                }
                for row in top.head(MOST_PLACES).to_dicts()
            ],
        }
    return out


def places_parts(
    data: Mapping[str, Any], t: Mapping[str, str], titles: Mapping[str, str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a table for each kind of home: vehicles, vehicle-km, emissions; NOx by scenario beside the baseline's."""
    scale = MASS_PER_T[data["mass_unit"]]
    unit = t[f"unit_{data['mass_unit']}"]
    others = data["scenarios"][1:]
    out = []
    for kind, given in data.get("places", {}).items():
        head = [t["vehicles"], t["places_vkt"], *(f"{titles[p]} ({unit})" for p in SHOWN)]
        head += [f"{titles[RANKED]}: {names[s['name']]}" for s in others]
        rows = [
            [
                row["name"] if row["placed"] else f"{row['name']} *",
                f"{row['vehicles']:,.0f}",
                significant(row["vkt_km_per_day"]),
                *(significant(row["emissions"][p] * scale) for p in SHOWN),
                *(significant(row["by_scenario"][s["name"]] * scale) for s in others),
            ]
            for row in given["rows"]
        ]
        note = t[NOTE[kind]].format(
            places=f"{given['places']:,}",
            without=f"{given['without_vehicles']:,.0f}",
            share=share(given["without_share"]),
        )
        star = t["places_star"] if any(not row["placed"] for row in given["rows"]) else ""
        out.append(
            {"id": f"by-{kind}", "title": t[TITLE[kind]], "note": note, "star": star, "head": head, "rows": rows}
        )
    return out
