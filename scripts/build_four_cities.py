"""Write the abatement curves of the example market, by running the planner on each city's buses and refuse trucks.

Usage: python scripts/build_four_cities.py [--check]

The fleets of Beijing and Los Angeles are those of their example registries (urban buses, coaches and refuse trucks, without
electric ones); the buses of Tokyo and Seoul and the prices are of ``four_cities_figures.csv``. No network of the four cities
is shipped: all drive all their kilometres on the embedded one. Prints the emissions without abatement, well to wheel as the
curves are, which ``plan.toml`` has as baselines. With ``--check`` nothing is written; the exit status is 1 when the curves differ.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from fleet_planner.outputs import write_run
from fleet_planner.pipeline.market.market_curves import run_curve
from fleet_planner.pipeline.run import run_plan

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "inputs" / "four_cities" / "curves.csv"
FIGURES = ROOT / "scripts" / "four_cities_figures.csv"
STREAMS = ("urban_bus", "coach", "sanitation")
NEWEST = 2023
COUNTRY = {"Beijing": "CN-BJ", "Tokyo": "JP", "Seoul": "KR", "Los Angeles": "US-CA"}
OWN_REGISTRY = {"Beijing": "beijing", "Los Angeles": "los_angeles"}
FUEL = {"Tokyo": "diesel", "Seoul": "cng"}
ECONOMICS = ("diesel_usd_per_l", "electricity_usd_per_kwh", "cng_usd_per_kg")
CHINESE = {"bev_bus": "bev_bus_cn", "bev_shorthaul": "bev_shorthaul_cn"}
STAND_IN = "US"
BAND_USD = 50.0
"""Steps whose costs lie in one band are shown as one, at their mean cost."""


def figures() -> dict[str, dict[str, float]]:
    """Return the figures by city."""
    out: dict[str, dict[str, float]] = {}
    with FIGURES.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            out.setdefault(row["city"], {})[row["figure"]] = float(row["value"])
    return out


def registry(city: str, own: dict[str, float]) -> pl.DataFrame:
    """Return the city's vehicles: of its example registry, or buses of even ages."""
    if city in OWN_REGISTRY:
        table = pl.read_csv(ROOT / "inputs" / OWN_REGISTRY[city] / "registry.csv", infer_schema_length=None)
        kept = table.filter(pl.col("stream").is_in(STREAMS), pl.col("fuel") != "electricity")
        return kept.with_columns(share_inside=1.0)
    ages = range(int(own["oldest"]), NEWEST + 1)
    return pl.DataFrame(
        {
            "vehicle_id": [f"{city}-{year}" for year in ages],
            "category": "bus",
            "fuel": FUEL[city],
            "gross_mass_kg": 16000,
            "model_year": list(ages),
            "stream": "urban_bus",
            "km_per_year": own["km_per_year"],
            "share_inside": 1.0,
            "count": own["vehicles"] / len(ages),
        }
    )


def plan_text(city: str, own: dict[str, float]) -> str:
    """Return the plan of a run that compares the measures on the city's vehicles."""
    prices = "".join(f"{key} = {own[key]}\n" for key in ECONOMICS if key in own)
    if "grid_kg_per_kwh" in own:
        prices += f"marginal_grid_kg_per_kwh = {own['grid_kg_per_kwh']}\n"
    # no average of Japan or Korea is packaged: that of the United States stands in for what is left unchanged
    grid = f'grid_region = "{STAND_IN}"\n' if "grid_kg_per_kwh" in own else ""
    # renewable diesel is on sale in California; electric vehicles of Chinese make are in the Asian cities
    names = ["b20", "hybrid", "lrr_city", *(("rd99", *CHINESE) if city == "Los Angeles" else CHINESE.values())]
    measures = ", ".join(f'"{m}"' for m in names)
    return (
        f'[city]\nname = "{city}"\ncountry = "{COUNTRY[city]}"\nyear = {NEWEST + 1}\ndiesel_sulphur_ppm = 10.0\n{grid}'
        f'[network]\nbuiltin = "coquimbo"\n[fleet]\nregistry = "registry.csv"\n[economics]\n{prices}'
        f"[comparison]\nmeasures = [{measures}]\n"
    )


def steps(city: str, own: dict[str, float], folder: Path) -> tuple[pl.DataFrame, float]:
    """Run the planner for a city; return its steps of greenhouse gases and its emission, t CO2e a year."""
    folder.mkdir()
    registry(city, own).write_csv(folder / "registry.csv")
    plan = folder / "plan.toml"
    plan.write_text(plan_text(city, own), encoding="utf-8")
    write_run(run_plan(plan), folder / "out", overwrite=False, language="en")
    curve = run_curve(folder / "out" / "abatement_curve.csv", city, "curve")
    wheel = pl.read_csv(folder / "out" / "well_to_wheel.csv").filter(scenario="baseline")
    emitted = float(wheel["well_to_wheel_t_per_year"].item())
    banded = (
        curve.with_columns(band=(pl.col("usd_per_t") / BAND_USD).floor())
        .group_by("band")
        .agg(
            total=pl.col("avoided_t").sum(),
            usd_per_t=(pl.col("avoided_t") * pl.col("usd_per_t")).sum() / pl.col("avoided_t").sum(),
            damage_usd_per_t=(pl.col("avoided_t") * pl.col("damage_usd_per_t")).sum() / pl.col("avoided_t").sum(),
        )
        .sort("band")
    )
    return banded.select(
        city=pl.lit(city),
        avoided_t=pl.col("total").round(0),
        usd_per_t=pl.col("usd_per_t").round(1),
        damage_usd_per_t=pl.col("damage_usd_per_t").round(1),
    ).filter(pl.col("avoided_t") > 0.0), emitted


def main(arguments: Any = None) -> int:
    """Write or check the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    parts = []
    with TemporaryDirectory() as folder:
        for city, own in figures().items():
            table, emitted = steps(city, own, Path(folder) / OWN_REGISTRY.get(city, city))
            sys.stderr.write(f"{city}: {emitted:,.0f} t, {table['avoided_t'].sum():,.0f} t may be avoided\n")
            parts.append(table)
    text = pl.concat(parts).write_csv()
    if check:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
