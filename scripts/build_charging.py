"""Write the packaged tables of charging: shares of energy by hour, kinds of chargers, costs of sites and connections.

Usage: python scripts/build_charging.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

from fleet_planner.economics.money import usd2024

OWN = (
    "own estimate of when vehicles of the kind stand or stop: to be checked; give hours in the table of demand instead"
)
SHAPES = {
    # depots: from the return in the evening to the start of the morning, most after 22 h
    "depot": [9, 9, 9, 9, 8, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 6, 7, 8, 8],
    # destinations: loading and unloading during the working day
    "destination": [1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 7, 8, 8, 7, 6, 4, 3, 2, 1, 1, 1, 1],
    # en route: as traffic of trucks, flat over the day and low at night
    "en_route": [2, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2],
    "flat": [1] * 24,
}

SIMBA = "SimBA cost_params.json, Germany 2022"
OWN_TYPE = "own estimate, price per kW as of opportunity chargers: to be checked"
DEPOT_EUR_PER_KW, OPPORTUNITY_EUR_PER_KW, UPKEEP, LIFE = 1000.0, 877.5, 0.02, 20
TYPES = [
    ("depot_50", 50, "ccs|gb_t|chademo", DEPOT_EUR_PER_KW, "no", SIMBA, "yes"),
    ("depot_100", 100, "ccs|gb_t|chademo", DEPOT_EUR_PER_KW, "no", SIMBA, "yes"),
    ("depot_150", 150, "ccs|gb_t", DEPOT_EUR_PER_KW, "no", SIMBA, "yes"),
    ("public_50", 50, "ccs|gb_t|chademo", OPPORTUNITY_EUR_PER_KW, "yes", SIMBA, "yes"),
    ("public_150", 150, "ccs|gb_t", OPPORTUNITY_EUR_PER_KW, "yes", SIMBA, "yes"),
    ("public_350", 350, "ccs|gb_t", OPPORTUNITY_EUR_PER_KW, "yes", SIMBA, "yes"),
    ("mcs_1000", 1000, "mcs", OPPORTUNITY_EUR_PER_KW, "yes", OWN_TYPE, "no"),
]
COSTS = [
    ("connection_usd", 62_500.0 + 80_000.0, "US$ 2024", f"{SIMBA}: connection and transformer, medium voltage", "yes"),
    ("connection_usd_per_km", 562_500.0, "US$ 2024/km", f"{SIMBA}: medium voltage", "yes"),
    ("connection_usd_per_kw", 158.3, "US$ 2024/kW", f"{SIMBA}: medium voltage", "yes"),
]
OWN_COSTS = [
    ("site_usd", 100_000.0, "US$ 2024", "own estimate of works and land: to be checked", "no"),
    ("site_life_years", 40.0, "years", "own estimate: to be checked", "no"),
    ("grid_life_years", 40.0, "years", "own estimate: to be checked", "no"),
]


OCM = "Open Charge Map reference data, connection types; recalled, to be checked"
OCM_CONNECTIONS = [(2, "chademo"), (32, "ccs"), (33, "ccs"), (1040, "gb_t")]
OSM = "OpenStreetMap wiki, map features: recalled, to be checked"
OSM_KINDS = [
    ("amenity", "fuel", "fuel_station", "no"),
    ("amenity", "parking", "parking", "yes"),
    ("amenity", "bus_station", "bus_station", "no"),
    ("public_transport", "station", "bus_station", "no"),
    ("amenity", "charging_station", "charging_station", "no"),
    ("landuse", "depot", "depot", "no"),
    ("industrial", "depot", "depot", "no"),
    ("landuse", "industrial", "industrial", "yes"),
    ("industrial", "logistics", "logistics", "no"),
    ("industrial", "warehouse", "logistics", "yes"),
    ("building", "warehouse", "logistics", "yes"),
    ("highway", "services", "rest_area", "no"),
    ("highway", "rest_area", "rest_area", "no"),
]


def _public() -> dict[str, pl.DataFrame]:
    connections = pl.DataFrame(OCM_CONNECTIONS, schema=["connection_id", "connector"], orient="row")
    kinds = pl.DataFrame(OSM_KINDS, schema=["key", "value", "kind", "sized"], orient="row")
    return {
        "ocm_connections.csv": connections.with_columns(
            source=pl.lit(OCM), year=2026, unit=pl.lit("-"), checked=pl.lit("no")
        ),
        "osm_site_kinds.csv": kinds.with_columns(source=pl.lit(OSM), year=2026, unit=pl.lit("-"), checked=pl.lit("no")),
    }


def _chargers() -> pl.DataFrame:
    rows = [
        (
            name,
            kw,
            connectors,
            usd2024(kw * eur, "EUR", 2022),
            UPKEEP * usd2024(kw * eur, "EUR", 2022),
            LIFE,
            queue,
            s,
            c,
        )
        for name, kw, connectors, eur, queue, s, c in TYPES
    ]
    names = ["type", "kw", "connectors", "usd", "usd_per_year", "life_years", "queue", "source", "checked"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("usd", "usd_per_year").round(0), year=2022, unit=pl.lit("US$ 2024 each; kW from the grid")
    )


def _costs() -> pl.DataFrame:
    rows = [(n, usd2024(v, "EUR", 2022), u, s, 2022, c) for n, v, u, s, c in COSTS]
    rows += [(n, v, u, s, 2026, c) for n, v, u, s, c in OWN_COSTS]
    names = ["item", "value", "unit", "source", "year", "checked"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("value").round(1))


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    rows = [(profile, hour, part / sum(parts)) for profile, parts in SHAPES.items() for hour, part in enumerate(parts)]
    profiles = pl.DataFrame(rows, schema=["profile", "hour", "share"], orient="row").with_columns(
        pl.col("share").round(6),
        source=pl.when(pl.col("profile") == "flat").then(pl.lit("by definition")).otherwise(pl.lit(OWN)),
        year=2026,
        unit=pl.lit("share of the day's energy"),
        checked=pl.when(pl.col("profile") == "flat").then(pl.lit("yes")).otherwise(pl.lit("no")),
    )
    return {
        "charging_profiles.csv": profiles,
        "charger_types.csv": _chargers(),
        "charging_costs.csv": _costs(),
        **_public(),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
