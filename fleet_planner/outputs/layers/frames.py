"""Results as the tables that are written: one row per link, per vehicle, per zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from fleet_planner.outputs.layers.roads import road_of_link
from fleet_planner.tables import PollutantSpec, pollutants
from fleet_planner.tables.dictionary import DAY_UNIT, PER_KM_UNIT, stem
from fleet_planner.tiles import Tiles
from fleet_planner.units import DAYS_PER_YEAR, G_PER_KG, MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from fleet_planner.inventory import Inventory
    from fleet_planner.network import Network
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.gridded import Gridded
    from fleet_planner.pipeline.telling.results import Results, ScenarioResult

HOTSPOTS = 50
HOTSPOT_POLLUTANT = "NOx"
HOTSPOT_MIN_KM = 0.05
"""Shorter roads are left out of the hotspots: a stub of ten metres is not a place to act."""

LINK_COLUMNS = (
    "link_id",
    "osm_id",
    "name",
    "road_class",
    "length_km",
    "lanes",
    "free_flow_kmh",
    "u",
    "v",
    "oneway",
    "grade_pct",
    "speed_source",
    "lanes_source",
    "in_main",
)


def specs() -> dict[str, PollutantSpec]:
    """Return the reported quantities by name."""
    return {p.pollutant: p for p in pollutants()}


def scale_of(spec: PollutantSpec) -> float:
    """Return what a daily figure of the inventory is divided by in outputs: grams become kg."""
    return G_PER_KG if spec.unit == "g" else 1.0


def day_name(spec: PollutantSpec) -> str:
    """Return a column name without scenario, such as ``nox_kg_per_day``."""
    return f"{stem(spec, DAY_UNIT[spec.unit])}_per_day"


def day_column(spec: PollutantSpec, scenario: str) -> str:
    """Return a column name such as ``nox_kg_per_day_baseline``."""
    return f"{day_name(spec)}_{scenario}"


def per_km_column(spec: PollutantSpec, scenario: str) -> str:
    """Return a column name such as ``nox_g_per_km_day_baseline``: what a kilometre of the link emits a day."""
    return f"{stem(spec, PER_KM_UNIT[spec.unit])}_per_km_day_{scenario}"


def band_column(spec: PollutantSpec, end: str, scenario: str) -> str:
    """Return a column name such as ``nox_kg_lo_per_day_baseline``: an end of the band of `day_column`."""
    return f"{stem(spec, DAY_UNIT[spec.unit])}_{end}_per_day_{scenario}"


def per_km2_column(spec: PollutantSpec, scenario: str) -> str:
    """Return a column name such as ``nox_kg_per_km2_day_baseline``."""
    return f"{stem(spec, DAY_UNIT[spec.unit])}_per_km2_day_{scenario}"


def change_column(spec: PollutantSpec, per: Literal["per_km", "per_km2", "pct"]) -> str:
    """Return the column of what a scenario changes, such as ``nox_g_change_per_km_day`` or ``nox_pct_change``."""
    if per == "pct":
        return f"{stem(spec, 'pct')}_change"
    unit = PER_KM_UNIT[spec.unit] if per == "per_km" else DAY_UNIT[spec.unit]
    return f"{stem(spec, unit)}_change_{per}_day"


def day_values(result: ScenarioResult, spec: PollutantSpec, links: slice = slice(None)) -> NDArray[np.float64]:
    """Return the emissions of each of some links, kg a day (MJ, kWh)."""
    values = result.inventory.link[links, result.inventory.pollutants.index(spec.pollutant)]
    return values / G_PER_KG if spec.unit == "g" else values


def map_specs(results: Results) -> list[PollutantSpec]:
    """Return the pollutants of the map that the inventory has."""
    known = specs()
    have = results.scenarios[0].inventory.pollutants
    return [known[name] for name in results.plan.outputs.map_pollutants if name in known and name in have]


def links_frame(results: Results) -> pl.DataFrame:
    """Return one row per link with activity and the map's pollutants by scenario."""
    links = results.network.links
    total = results.activity.km.sum(axis=0)
    mean = results.activity.mean_speed_kmh()
    length = np.maximum(links["length_km"].to_numpy(), 1e-9)
    columns = [pl.Series("vkt_per_day", total), pl.Series("speed_mean_kmh", mean)]
    for spec in map_specs(results):
        for result in results.scenarios:
            values = day_values(result, spec)
            scale = G_PER_KG if spec.unit == "g" else 1.0
            columns.append(pl.Series(day_column(spec, result.fleet.name), values))
            columns.append(pl.Series(per_km_column(spec, result.fleet.name), values * scale / length))
    for spec in map_specs(results):
        for scenario, of_scenario in results.link_bands.items():
            if (ends := of_scenario.get(spec.pollutant)) is not None:
                named = zip(("lo", "hi"), ends.T / scale_of(spec), strict=True)
                columns += [pl.Series(band_column(spec, end, scenario), values) for end, values in named]
    if results.air is not None:
        canyons = results.air.canyons
        columns += [pl.Series("canyon", canyons.flagged), pl.Series("canyon_aspect", canyons.aspect, nan_to_null=True)]
    kept = [c for c in LINK_COLUMNS if c in links.columns]
    return links.select(kept).with_columns(columns)


def links_long(results: Results) -> pl.DataFrame:
    """Return every pollutant and scenario by link: ``link_id, scenario, vkt_per_day, <pollutant>_kg_per_day ...``."""
    return pl.concat(links_by_tile(results))


def links_by_tile(results: Results) -> Iterator[pl.DataFrame]:
    """Yield the rows of `links_long`, of a tile in one scenario at a time."""
    of_baseline = results.activity.km.sum(axis=0)
    for result in results.scenarios:
        driven = results.driven.get(result.fleet.name, of_baseline)
        for part in results.activity.tiles.slices(driven.size):
            of_links = links_of(results.network, result.inventory, driven, part)
            yield of_links.select("link_id", pl.lit(result.fleet.name).alias("scenario"), pl.exclude("link_id"))


def links_of(
    network: Network, inventory: Inventory, driven_km: NDArray[np.float64], part: slice = slice(None)
) -> pl.DataFrame:
    """Return every pollutant of an inventory by link: ``link_id, vkt_per_day, <pollutant>_kg_per_day ...``.

    Of the links of ``part``, by default all.
    """
    have = [s for s in pollutants() if s.pollutant in inventory.pollutants]
    frame = pl.DataFrame(
        {day_name(s): inventory.link[part, inventory.pollutants.index(s.pollutant)] / scale_of(s) for s in have}
    )
    return frame.select(network.links["link_id"][part], pl.Series("vkt_per_day", driven_km[part]), pl.all())


def vehicles_frame(results: Results) -> pl.DataFrame:
    """Return every registry row of every scenario with its emissions a day, all its vehicles together."""
    return pl.concat(vehicles_by_tile(results))


def vehicles_by_tile(results: Results) -> Iterator[pl.DataFrame]:
    """Yield the rows of `vehicles_frame`, so many of a scenario at a time, all with the same columns."""
    nothing = [_vehicles_of(result, results.air, slice(0, 0)) for result in results.scenarios]
    columns = pl.concat(nothing, how="diagonal_relaxed")
    for result in results.scenarios:
        for part in Tiles().slices(result.fleet.vehicles.height):
            yield pl.concat([columns, _vehicles_of(result, results.air, part)], how="diagonal_relaxed")


def _vehicles_of(result: ScenarioResult, air: AirResult | None, part: slice) -> pl.DataFrame:
    columns = []
    if air is not None:
        exposed = air.vehicles[result.fleet.name][part]
        columns = [
            pl.Series(f"{air_column(name)}_exposure_people_ug_m3", exposed[:, q])
            for q, name in enumerate(air.pollutants[: exposed.shape[1]])
        ]
    named = result.fleet.vehicles[part].with_columns(pl.lit(result.fleet.name).alias("scenario"))
    return with_emissions(named, result.inventory, part).with_columns(*columns)


def with_emissions(vehicles: pl.DataFrame, inventory: Inventory, part: slice = slice(None)) -> pl.DataFrame:
    """Return the vehicles ``part`` of an inventory with their emissions a day, all vehicles of a row together."""
    have = [s for s in pollutants() if s.pollutant in inventory.pollutants]
    return vehicles.with_columns(
        pl.Series(day_name(s), inventory.vehicle[part, inventory.pollutants.index(s.pollutant)] / scale_of(s))
        for s in have
    )


def by_technology(results: Results) -> pl.DataFrame:
    """Return emissions by technology, stream and scenario; machines beside the roads come last."""
    known = specs()
    parts = []
    for result in results.scenarios:
        frame = result.inventory.by_technology
        if results.nonroad is not None:
            frame = pl.concat([frame, results.nonroad.by_technology().select(frame.columns)], how="vertical_relaxed")
        renamed = []
        for name in result.inventory.pollutants:
            scale = G_PER_KG if known[name].unit == "g" else 1.0
            renamed.append((pl.col(f"{name}_per_day") / scale).alias(day_name(known[name])))
        kept = frame.select(pl.exclude(*(f"{n}_per_day" for n in result.inventory.pollutants)), *renamed)
        parts.append(kept.select(pl.lit(result.fleet.name).alias("scenario"), pl.all()))
    return pl.concat(parts)


def in_mass_unit(table: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Return yearly totals with their tons written in another unit of mass.

    Parameters
    ----------
    table
        Has ``unit``; columns that end in ``per_year`` are converted where the unit is t.
    unit
        One of `units.MASS_PER_T`.
    """
    mass = pl.col("unit") == "t"
    values = [c for c in table.columns if c.endswith("per_year")]
    return table.with_columns(
        *(pl.when(mass).then(pl.col(c) * MASS_PER_T[unit]).otherwise(pl.col(c)).alias(c) for c in values),
        unit=pl.when(mass).then(pl.lit(unit)).otherwise(pl.col("unit")),
    )


def air_frame(air: AirResult) -> pl.DataFrame:
    """Return one row per point of the air (``tables/columns/air_points.csv``)."""
    receptors = air.receptors
    return pl.DataFrame(
        {
            "point_id": np.arange(len(receptors.xy)),
            "side_m": receptors.side_m,
            "people": receptors.people,
            **{
                f"{air_column(name)}_ug_m3_{scenario}": values[:, q]
                for scenario, values in air.concentrations.items()
                for q, name in enumerate(air.pollutants)
            },
        }
    )


def air_column(pollutant: str) -> str:
    """Return the stem of a pollutant's column; sums such as PM2.5 have one of their own."""
    known = specs()
    return known[pollutant].column if pollutant in known else pollutant.lower().replace(".", "_")


def cells_frame(gridded: Gridded) -> pl.DataFrame:
    """Return one row per cell (``tables/columns/emission_cells.csv``)."""
    known = specs()
    row, column = np.divmod(gridded.cells, gridded.grid.columns)
    day = {name: hours.sum(axis=0) for name, hours in gridded.hours.items()}
    return pl.DataFrame(
        {
            "cell_id": gridded.cells,
            "cell_row": row,
            "cell_column": column,
            **{
                day_column(known[p], scenario): values[:, k] / scale_of(known[p])
                for scenario, values in day.items()
                for k, p in enumerate(gridded.pollutants)
            },
        }
    )


def by_process(results: Results) -> pl.DataFrame:
    """Return yearly emissions by process, stream and scenario: ``scenario, stream, pollutant, process, unit, ...``."""
    known = specs()
    parts = []
    for result in results.scenarios:
        frame = result.inventory.by_process
        order = ["stream", "pollutant", "process"]
        if results.nonroad is not None:
            beside = results.nonroad.by_process().filter(pl.col("pollutant").is_in(result.inventory.pollutants))
            frame = pl.concat([frame, beside.select(frame.columns)])
        frame = frame.group_by(order, maintain_order=True).agg(pl.col("value_per_day").sum())
        factor = {n: known[n].per_year_factor * DAYS_PER_YEAR for n in result.inventory.pollutants}
        unit = {n: known[n].unit_per_year for n in result.inventory.pollutants}
        parts.append(
            frame.select(
                pl.lit(result.fleet.name).alias("scenario"),
                "stream",
                "pollutant",
                "process",
                pl.col("pollutant").replace_strict(unit, return_dtype=pl.String).alias("unit"),
                (pl.col("value_per_day") * pl.col("pollutant").replace_strict(factor, return_dtype=pl.Float64)).alias(
                    "value_per_year"
                ),
            )
        )
    return in_mass_unit(pl.concat(parts), results.plan.outputs.mass_unit)


def voc_species(results: Results) -> pl.DataFrame:
    """Return the yearly NMVOC by scenario, group and species in the plan's unit of mass."""
    return in_mass_unit(results.voc, results.plan.outputs.mass_unit)


def summary(results: Results) -> pl.DataFrame:
    """Return the yearly totals in the plan's unit of mass."""
    return in_mass_unit(results.summary, results.plan.outputs.mass_unit)


def roads_frame(results: Results) -> pl.DataFrame:
    """Return one row per road, both directions together: first link, name, class, length, vehicle-km, NOx.

    Columns ``link_id, name, road_class, length_km, vkt_per_day`` and, per scenario, the hotspot
    pollutant a day and per km.
    """
    road, first = road_of_link(results.network.links)
    links: pl.DataFrame = results.network.links[first.tolist()]
    spec = specs()[HOTSPOT_POLLUTANT]
    vkt = results.activity.km.sum(axis=0)
    columns = [pl.Series("vkt_per_day", np.bincount(road, weights=vkt, minlength=first.size))]
    length = np.maximum(links["length_km"].to_numpy(), 1e-9)
    for result in results.scenarios:
        values = np.bincount(road, weights=day_values(result, spec), minlength=first.size)
        columns.append(pl.Series(day_column(spec, result.fleet.name), values))
        columns.append(pl.Series(per_km_column(spec, result.fleet.name), values * G_PER_KG / length))
    return links.select("link_id", "name", "road_class", "length_km").with_columns(columns)


def hotspot_rows(roads: pl.DataFrame, baseline: str) -> pl.DataFrame:
    """Return the roads that emit most NOx per km and day in the baseline, best known as where to act first."""
    column = per_km_column(specs()[HOTSPOT_POLLUTANT], baseline)
    picked = roads.filter((pl.col("length_km") >= HOTSPOT_MIN_KM) & (pl.col(column) > 0.0))
    ranked = picked.sort(column, "link_id", descending=[True, False]).head(HOTSPOTS)
    return ranked.with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64))


def street_rows(roads: pl.DataFrame, baseline: str, top: int = 10) -> pl.DataFrame:
    """Return the named streets with most NOx a day: ``name, road_class, length_km, kg_per_day``."""
    column = day_column(specs()[HOTSPOT_POLLUTANT], baseline)
    named = roads.filter(pl.col("name").fill_null("").str.len_chars() > 0)
    grouped = named.group_by("name").agg(
        pl.col("road_class").sort_by("length_km", descending=True).first(),
        pl.col("length_km").sum(),
        pl.col(column).sum().alias("kg_per_day"),
    )
    return grouped.sort("kg_per_day", "name", descending=[True, False]).head(top)


def zones_frame(results: Results) -> Any:
    """Return the zones with the emissions of the links whose middle lies inside, or nothing.

    Returns
    -------
    geopandas.GeoDataFrame or None
        ``zone_id, population, area_km2, population_per_km2`` and per pollutant and scenario kg a day
        and kg per km2 and day.
    """
    if results.zones is None or len(results.zones) == 0:
        return None
    zones = results.zones.reset_index(drop=True)
    zone, inside = _zone_of_link(results, zones)
    area = np.maximum(_area_km2(zones), 1e-9)
    extra: dict[str, Any] = {"area_km2": area, "population_per_km2": zones["population"].to_numpy() / area}
    for spec in map_specs(results):
        for result in results.scenarios:
            values = np.bincount(zone, weights=day_values(result, spec)[inside], minlength=len(zones))
            extra[day_column(spec, result.fleet.name)] = values
            extra[per_km2_column(spec, result.fleet.name)] = values / area
    return zones.assign(**extra)


def _zone_of_link(results: Results, zones: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the zone of the links that lie in one, and which links do: each link counts once."""
    import shapely

    middle = results.network.coordinates[(results.network.offsets[:-1] + results.network.offsets[1:]) // 2]
    tree = shapely.STRtree(zones.geometry.to_numpy())
    owner = np.full(middle.shape[0], len(zones), dtype=np.int64)
    for part in results.activity.tiles.slices(middle.shape[0]):
        link, zone = tree.query(shapely.points(middle[part]), predicate="intersects")
        np.minimum.at(owner, part.start + link, zone)  # a middle on a border belongs to the zone that comes first
    inside = owner < len(zones)
    return owner[inside], inside


def _area_km2(zones: Any) -> NDArray[np.float64]:
    """Return the area of each zone on the ellipsoid."""
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    return np.array([abs(geod.geometry_area_perimeter(g)[0]) / 1e6 for g in zones.geometry])


def titles(results: Results, language: str) -> Mapping[str, str]:
    """Return the titles of the scenarios by name."""
    return {
        s.fleet.name: (s.fleet.title_zh or s.fleet.title_en) if language == "zh" else s.fleet.title_en
        for s in results.scenarios
    }


def both_titles(results: Results) -> dict[str, tuple[str, str]]:
    """Return the titles of the scenarios in English and Chinese by name."""
    english, chinese = titles(results, "en"), titles(results, "zh")
    return {name: (english[name], chinese[name]) for name in english}
