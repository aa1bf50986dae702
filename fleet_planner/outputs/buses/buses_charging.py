"""The charging of a plan as tables, a GeoPackage, a page in English and Chinese and a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import shapely

from fleet_planner.outputs.buses.buses_charging_page import charging_page
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.layers import geopackage_tables, styles
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import Layer, plain_style
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, record
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.telling.input_files import plan_files
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.buses.charging import ChargingYear
    from fleet_planner.pipeline.buses.simulate import Simulated
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

TABLES = {
    "sites": "bus_charging_sites",
    "site_costs": "bus_charging_costs",
    "chargers_needed": "bus_charging_chargers",
    "missed": "bus_charging_missed",
    "site_demand": "bus_charging_demand",
    "load_profile": "bus_charging_load",
    "schedule": "bus_charging_schedule",
}
"""Files and their tables in the data dictionary."""

LAYER, COLOUR, SIZE_MM = "bus_charging", "#0072b2", 4.0


def write_charging(
    plan: Plan, path: Path, found: ChargingYear, out: Path, *, overwrite: bool, language: Language
) -> Path:
    """Write the schedules into ``out``, whole or not at all; ``charging.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        write_charging_tables(found, folder)
        write_charging_map(plan, found, folder / "charging.gpkg")
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "charging.html" if each == language else f"charging.{each}.html"
            (folder / name).write_text(charging_page(plan, found, each), encoding="utf-8")
        write_columns(folder, "buses schedule")
        told: dict[str, Any] = record(
            "buses schedule", plan, path, out, language=language, inputs=plan_files(plan, path)
        ) | {
            "sites": found.summary.to_dicts(),
            "findings": [
                {"code": f.code, "kind": f.kind, "text": finding_text(f), "text_zh": finding_text(f, "zh")}
                for f in found.findings
            ],
            "files": file_hashes(folder),
        }
        (folder / MANIFEST).write_text(manifest_text(told), encoding="utf-8")
    return out


def write_charging_tables(found: ChargingYear, folder: Path, before: str = "") -> None:
    """Write the tables into a folder, with ``before`` in front of their names."""
    found.summary.write_csv(folder / f"{before}sites.csv")
    found.costs.write_csv(folder / f"{before}site_costs.csv")
    found.chargers.write_csv(folder / f"{before}chargers_needed.csv")
    found.missed.write_csv(folder / f"{before}missed.csv")
    found.demand.write_csv(folder / f"{before}site_demand.csv")
    found.load.write_csv(folder / f"{before}load_profile.csv")
    found.load.write_parquet(folder / f"{before}load_profile.parquet")
    found.stays.write_parquet(folder / f"{before}schedule.parquet")


def place_columns(done: Simulated) -> pl.DataFrame | None:
    """Return the columns of charging for the depots and stations of a simulation's map, by ``place``."""
    if done.charging is None:
        return None
    return site_columns(done.charging).drop("site_kind").rename({"site_id": "place"})


def write_charging_map(plan: Plan, found: ChargingYear, path: Path) -> bool:
    """Write the sites whose place is known as a GeoPackage that opens drawn; return whether there were any.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses; the caller turns it into a message.
    """
    frame = site_columns(found)
    at = pl.DataFrame(
        [(y.site.site_id, y.lon, y.lat) for y in found.sites], schema=["site_id", "lon", "lat"], orient="row"
    ).drop_nulls()
    frame = frame.join(at, on="site_id", how="inner", maintain_order="left")
    if frame.is_empty():
        return False
    own = frame.drop("lon", "lat")
    titles = geopackage_tables.aliases(LAYER, own.columns, {})
    style = plain_style(LAYER, styles.point_qml(COLOUR, SIZE_MM, titles), styles.point_sld(LAYER, COLOUR, SIZE_MM))
    wkb = shapely.to_wkb(shapely.points(frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    layer = Layer(LAYER, own, wkb, "Point", style, {})
    write_layer(path, layer)
    about = {
        "TITLE": f"{plan.city.name}: charging of electric buses",
        "ABSTRACT": "Depots and stations with peak load and cost of a year by strategy.",
        "ATTRIBUTION": "Sites and stays: the plan's own files or timetable.",
        "LICENSE": "As the plan's own files.",
        "SCENARIOS": ", ".join(plan.buses.charging.strategies),
    }
    geopackage_tables.finish(path, [layer], {"charging_by_strategy": found.summary}, about)
    return True


def site_columns(found: ChargingYear) -> pl.DataFrame:
    """Return energy, chargers, a peak and a cost for each strategy by site: ``bus_charging``."""
    rows = []
    for year in found.sites:
        mine = found.summary.filter(site_id=year.site.site_id).rows(named=True)
        plug = year.options[0].plugs
        rows.append(
            {
                "site_id": year.site.site_id,
                "site_kind": year.kind,
                "energy_kwh_per_year": mine[0]["energy_kwh_per_year"],
                "least_cap_kw": mine[0]["least_cap_kw"],
                "chargers_one_each": plug.whole_stay,
                "chargers_in_turn": plug.fewest,
                **{f"peak_kw_{r['strategy']}": r["peak_kw"] for r in mine},
                **{f"usd2024_{r['strategy']}": r["cost_usd2024_per_year"] for r in mine},
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)
