"""Sums that the tables of simulated, scheduled and replaced buses must share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.checking.closure import Closure, Pair, read_table, table_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SLACK = 1e-6
"""kWh, km, US$: what is left of sums that are nought."""
SLOT_H = 0.25
DAY_BLOCK = ("kind_of_day", "block_id")


def simulate_closures(folder: Path) -> Iterator[Closure]:
    """Yield blocks beside their movements, energy beside each movement's, plugs beside the course of charge."""
    moves = pl.read_parquet(folder / "movements.parquet")
    blocks = read_table(folder / "blocks.csv")
    trip = pl.col("kind") == "trip"
    found = moves.group_by(DAY_BLOCK, maintain_order=True).agg(
        km=pl.col("km").sum(),
        empty_km=pl.col("km").filter(~trip).sum(),
        movements=pl.len(),
        trips=trip.sum(),
    )
    whole = Pair("movements.parquet", "blocks.csv", DAY_BLOCK, SLACK)
    yield from whole.tables(found, blocks, {c: c for c in ("km", "empty_km", "movements", "trips")})
    yield from _energy(folder, moves, blocks)
    yield from _charge(folder)
    yield from schedule_closures(folder, "charging_")


def _energy(folder: Path, moves: pl.DataFrame, blocks: pl.DataFrame) -> Iterator[Closure]:
    """Yield the tables of energy beside the use of every movement and the kilometres of every block."""
    energy, months = read_table(folder / "energy.csv"), read_table(folder / "energy_by_month.csv")
    routes = read_table(folder / "energy_by_route.csv")
    each = pl.read_parquet(folder / "movement_energy.parquet")
    typed = each.join(blocks.select(*DAY_BLOCK, "bus_type"), on=DAY_BLOCK, how="left")
    key = ("kind_of_day", "weather", "bus_type")
    moved = typed.group_by(key, maintain_order=True).agg(pl.col("kwh", "plug_kwh").sum())
    told = energy.select(*key, kwh=pl.col("kwh") - pl.col("layover_kwh"), plug_kwh="plug_kwh")
    pair = Pair("movement_energy.parquet", "energy.csv", key, SLACK)
    yield from pair.tables(moved, told, {"kwh": "kWh without layovers", "plug_kwh": "kWh at the plug"})
    of_type = blocks.group_by("kind_of_day", "bus_type", maintain_order=True).agg(pl.col("km").sum(), blocks=pl.len())
    shared = energy.join(of_type, on=["kind_of_day", "bus_type"], how="left", suffix="_told")
    pair = Pair("energy.csv", "blocks.csv", key, SLACK)
    for column in ("km", "blocks"):
        yield from pair.rows(shared, column, pl.col(column), pl.col(f"{column}_told"))
    use = pl.col("kwh") / pl.col("km")
    yield from Pair("energy.csv", "energy.csv", key, SLACK).rows(energy, "kWh per km", pl.col("kwh_per_km"), use)
    monthly = months.join(of_type, on=["kind_of_day", "bus_type"], how="left", suffix="_told")
    pair = Pair("energy_by_month.csv", "blocks.csv", ("kind_of_day", "month", "bus_type"), SLACK)
    yield from pair.rows(monthly, "km", pl.col("km"), pl.col("km_told") * pl.col("days"))
    pair = Pair("energy_by_month.csv", "energy_by_month.csv", ("kind_of_day", "month", "bus_type"), SLACK)
    yield from pair.rows(months, "kWh per km", pl.col("kwh_per_km"), use)
    trips = moves.filter(pl.col("kind") == "trip").select(*DAY_BLOCK, "sequence", "route", "km")
    used = trips.join(each.select(*DAY_BLOCK, "sequence", "weather", "kwh"), on=[*DAY_BLOCK, "sequence"])
    key = ("kind_of_day", "weather", "route")
    summed = used.group_by(key, maintain_order=True).agg(pl.col("km", "kwh").sum(), trips=pl.len())
    pair = Pair("movement_energy.parquet", "energy_by_route.csv", key, SLACK)
    yield from pair.tables(summed, routes, {"km": "km", "kwh": "kWh of trips", "trips": "trips"})


def _charge(folder: Path) -> Iterator[Closure]:
    """Yield what blocks and sites draw beside the course of every battery."""
    course = pl.read_parquet(folder / "soc.parquet")
    feasibility, sites = read_table(folder / "feasibility.csv"), read_table(folder / "sites.csv")
    as_is = course.filter(pl.col("stage") == "as_it_is").rename({"bus": "block_id"})
    key = ("kind_of_day", "block_id", "case")
    drawn = as_is.group_by(key, maintain_order=True).agg(pl.col("plug_kwh").sum(), lowest=pl.col("end_soc").min())
    pair = Pair("soc.parquet", "feasibility.csv", key, SLACK)
    yield from pair.tables(drawn, feasibility, {"plug_kwh": "kWh at the plug"})
    made = course.filter(pl.col("stage") == "made").rename({"to_place": "site_id"})
    key = ("kind_of_day", "site_id", "case")
    plugged = made.filter(pl.col("plug_kwh") > 0.0).group_by(key, maintain_order=True).agg(pl.col("plug_kwh").sum())
    pair = Pair("soc.parquet", "sites.csv", key, SLACK)
    yield from pair.tables(plugged, sites, {"plug_kwh": "kWh at the plug"})
    grid = pl.col("plug_kwh") + pl.col("charger_loss_kwh")
    yield from Pair("sites.csv", "sites.csv", key, SLACK).rows(sites, "kWh of the grid", pl.col("grid_kwh"), grid)


def schedule_closures(folder: Path, prefix: str = "") -> Iterator[Closure]:
    """Yield each site's load, energy, cost and damage beside the tables they come from.

    Parameters
    ----------
    folder
        Of `buses schedule`, or of `buses simulate` with the prefix ``charging_``.
    prefix
        Of the files' names.
    """
    sites, lines = table_in(folder, f"{prefix}sites.csv"), table_in(folder, f"{prefix}site_costs.csv")
    load, missed = table_in(folder, f"{prefix}load_profile.csv"), table_in(folder, f"{prefix}missed.csv")
    if sites is None or lines is None or load is None or missed is None:
        return
    name, key = f"{prefix}sites.csv", ("site_id", "strategy")
    parts = pl.col("grid_kw") + pl.col("solar_kw") + pl.col("battery_kw") - pl.col("export_kw")
    of_slot = Pair(f"{prefix}load_profile.csv", f"{prefix}load_profile.csv", (*key, "months", "kind_of_day"), SLACK)
    hours = load.group_by(*key, "months", "kind_of_day", "start_s", maintain_order=True).agg(
        pl.col("charging_kw").sum(), parts.sum().alias("parts")
    )
    yield from of_slot.rows(hours, "kW beside grid, sun and battery", pl.col("charging_kw"), pl.col("parts"))
    energy = (pl.col("charging_kw") * SLOT_H * pl.col("days_per_year")).sum()
    found = load.group_by(key, maintain_order=True).agg(energy_kwh_per_year=energy)
    pair = Pair(f"{prefix}load_profile.csv", name, key, SLACK)
    yield from pair.tables(found, sites, {"energy_kwh_per_year": "kWh"})
    yield from _bill(sites, lines, Pair(f"{prefix}site_costs.csv", name, key, SLACK))
    short = missed.group_by(key, maintain_order=True).agg(
        missed_stays=pl.len(), missed_kwh=pl.col("missed_battery_kwh").cast(pl.Float64).sum()
    )
    pair = Pair(f"{prefix}missed.csv", name, key, SLACK)
    of_year = short.join(sites.select(key), on=key, how="semi")  # the hardest day stands for itself
    yield from pair.tables(of_year, sites, {"missed_stays": "stays missed", "missed_kwh": "kWh missed"})


def _bill(sites: pl.DataFrame, lines: pl.DataFrame, pair: Pair) -> Iterator[Closure]:
    """Yield cost, damage and CO2 of each site and strategy beside their lines."""
    usd, mine = pl.col("cost_usd2024_per_year"), pl.col("borne_by") == "operator"
    found = lines.group_by(pair.key, maintain_order=True).agg(
        cost_usd2024_per_year=usd.filter(mine).sum(),
        damage_usd2024_per_year=usd.filter(~mine).sum(),
        co2_t_per_year=pl.col("quantity").filter(pl.col("element") == "climate").sum(),
    )
    yield from pair.tables(found, sites, {c: c for c in found.columns if c not in pair.key})
    own = Pair(pair.against, pair.against, pair.key, SLACK)
    both = pl.col("cost_usd2024_per_year") + pl.col("damage_usd2024_per_year")
    yield from own.rows(sites, "cost and damage", pl.col("cost_and_damage_usd2024_per_year"), both)


def replace_closures(folder: Path, told: Mapping[str, Any]) -> Iterator[Closure]:
    """Yield purchases, stocks and costs beside the buses and the present value that the manifest tells.

    Parameters
    ----------
    folder
        Of `buses replace`.
    told
        Its manifest.
    """
    bought, new = read_table(folder / "purchases.csv"), read_table(folder / "new_buses.csv")
    costs, rules = read_table(folder / "transition_costs.csv"), read_table(folder / "compliance.csv")
    key = ("year", "depot_id", "bus_type", "powertrain")
    yield from Pair("new_buses.csv", "purchases.csv", key).tables(
        new.group_by(key, maintain_order=True).agg(buses=pl.len()), bought, {"buses": "buses bought"}
    )
    price = pl.col("buses") * pl.col("price_usd2024")
    yield from Pair("purchases.csv", "purchases.csv", key, SLACK).rows(bought, "price", pl.col("usd2024"), price)
    total = bought.group_by("year", maintain_order=True).agg(bought=pl.col("buses").sum())
    yield from Pair("purchases.csv", "compliance.csv", ("year",)).tables(total, rules, {"bought": "buses bought"})
    yield from _depots(folder)
    yield from _stock(folder, bought)
    present, of = float(costs["present_usd2024"].sum()), "manifest.json"
    yield Closure("transition_costs.csv", of, "present value", present, float(told["present_value_usd2024"]), SLACK)
    yield Closure("new_buses.csv", of, "buses bought", float(new.height), float(told["buses_bought"]))


def _stock(folder: Path, bought: pl.DataFrame) -> Iterator[Closure]:
    """Yield the buses of each year beside today's that are left and those bought so far."""
    vehicles, fleet = read_table(folder / "replacement.csv"), read_table(folder / "fleet_by_year.csv")
    lot = ["depot_id", "bus_type", "powertrain"]
    years = fleet.select(pl.col("year").unique().sort())
    here = vehicles.select(*lot, "retired_year").join(years, how="cross")
    left = here.filter(pl.col("retired_year").is_null() | (pl.col("retired_year") > pl.col("year")))
    added = bought.rename({"year": "since"}).join(years, how="cross").filter(pl.col("since") <= pl.col("year"))
    both = [left.select("year", *lot, buses=pl.lit(1.0)), added.select("year", *lot, pl.col("buses").cast(pl.Float64))]
    key = ("year", *lot)
    stock = pl.concat(both).group_by(key, maintain_order=True).agg(pl.col("buses").sum())
    pair = Pair("fleet_by_year.csv", "replacement.csv", key)
    told = fleet.filter(pl.col("buses") > 0.0)
    yield from pair.tables(told.with_columns(pl.col("buses").cast(pl.Float64)), stock, {"buses": "buses"})


def _depots(folder: Path) -> Iterator[Closure]:
    """Yield what each depot has and uses beside the fleet, the blocks and its chargers so far."""
    key = ("year", "depot_id")
    facilities, emissions = read_table(folder / "facilities.csv"), read_table(folder / "transition_emissions.csv")
    fleet, blocks = read_table(folder / "fleet_by_year.csv"), read_table(folder / "block_transition.csv")
    battery = fleet.filter(pl.col("powertrain").str.starts_with("battery"))
    have = battery.group_by(key, maintain_order=True).agg(battery_buses=pl.col("buses").sum())
    pair = Pair("fleet_by_year.csv", "facilities.csv", key)
    yield from pair.tables(have, facilities, {"battery_buses": "battery buses"})
    pair = Pair("transition_emissions.csv", "facilities.csv", key, SLACK)
    yield from pair.tables(emissions, facilities, {"electricity_mwh": "MWh"})
    so_far = pl.col("new_chargers").cum_sum().over("depot_id", order_by="year")
    pair = Pair("facilities.csv", "facilities.csv", key)
    yield from pair.rows(facilities, "chargers so far", pl.col("chargers"), so_far)
    km = blocks.group_by("depot_id", maintain_order=True).agg(km=pl.col("km_per_year").sum())
    driven = emissions.join(km, on="depot_id", how="left")
    yield from Pair("transition_emissions.csv", "block_transition.csv", key, SLACK).rows(
        driven, "km of buses", pl.col("bus_km"), pl.col("km")
    )
