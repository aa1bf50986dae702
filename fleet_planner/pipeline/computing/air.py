"""The air near the city's roads in every scenario, and the weight of what each link emits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.effectiveness import weights
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.impacts.dispersion.meteorology import Meteorology, read_meteorology
from fleet_planner.impacts.dispersion.pieces import Pieces, pieces_of
from fleet_planner.impacts.dispersion.plume import Source, plume_tables
from fleet_planner.impacts.dispersion.receptors import Receptors, graded_points, with_people
from fleet_planner.impacts.exposure.monitors import fit_table, read_monitors
from fleet_planner.impacts.exposure.near_road import Air, by_group, no2
from fleet_planner.impacts.exposure.tracer import tracer_fit
from fleet_planner.impacts.gridded.grid import on_plane, utm_epsg
from fleet_planner.pipeline.computing.air_canyons import Canyons, canyon_findings, canyon_table, canyons_of
from fleet_planner.pipeline.computing.air_seasons import SeasonInput, season_table
from fleet_planner.reference import reference_table
from fleet_planner.units import G_PER_KG, HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.impacts import ImpactsSection

Float = NDArray[np.float64]
BUSY = 0.9
"""Roads that bring this share of the NOx of the baseline make the grid of points finer."""
UG_PER_G = 1e6
LEAST_SIDE_M = 20.0
PPM = 1e6


@dataclass(frozen=True)
class AirResult:
    """Concentrations and exposure.

    Parameters
    ----------
    epsg
        Of the plane of ``receptors``.
    receptors
        Points and people.
    pollutants
        What is followed, in the order of the last axis of ``concentrations``; NO2 at the end where ozone is known.
    concentrations
        By scenario, µg/m3, annual mean from traffic, shape (points, Q).
    table
        ``tables/columns/exposure.csv``.
    seasons
        ``tables/columns/exposure_by_season.csv``.
    monitors, fit
        ``tables/columns/monitors_output.csv``, ``monitor_fit.csv``; no rows without monitors.
    tracer
        ``tables/columns/tracer_fit.csv``: the formulas against a published release.
    weights
        ``link_id, hour, pollutant, weight``: people times µg/m3 per kg emitted a day (annual mean); with ``day`` where
        types of day are told apart.
    findings
        What was assumed.
    canyons
        Links that are street canyons.
    canyon_table
        ``tables/columns/street_canyons.csv``.
    vehicles
        By scenario, what people breathe of each row of vehicles, people times µg/m3, of the pollutants followed (not
        NO2), shape (rows, Q).
    by_link
        `Ground.by_link`.
    """

    epsg: int
    receptors: Receptors
    pollutants: tuple[str, ...]
    concentrations: Mapping[str, Float]
    table: pl.DataFrame
    seasons: pl.DataFrame
    monitors: pl.DataFrame
    fit: pl.DataFrame
    tracer: pl.DataFrame
    weights: pl.DataFrame
    findings: tuple[Finding, ...]
    canyons: Canyons
    canyon_table: pl.DataFrame
    vehicles: Mapping[str, Float]
    by_link: Float

    @property
    def emitted(self) -> tuple[str, ...]:
        """What is followed and emitted: not NO2, which is made of NOx in the air."""
        return tuple(name for name in self.pollutants if name != "NO2")

    def corners(self) -> Float:
        """Return longitude and latitude of the corners of the cells, closed rings, shape (points, 5, 2).

        A point that stands for a small zone has a cell of `LEAST_SIDE_M`.
        """
        from pyproj import Transformer

        half = np.maximum(self.receptors.side_m, LEAST_SIDE_M)[:, None] / 2.0
        x = self.receptors.xy[:, :1] + half * np.array([-1, 1, 1, -1, -1])
        y = self.receptors.xy[:, 1:] + half * np.array([-1, -1, 1, 1, -1])
        lon, lat = Transformer.from_crs(self.epsg, 4326, always_xy=True).transform(x, y)
        return np.stack([lon, lat], axis=-1)


@dataclass(frozen=True)
class Ground:
    """What brings emissions to the people of a run.

    Parameters
    ----------
    epsg
        Of the plane.
    air
        Roads, weather, plumes.
    receptors
        Points and people.
    by_road
        People times µg/m3 per kg a day of each road and group of months and hours, shape (roads, G).
    shares
        Parts of the hours of each type of day in each group, shape (H, G).
    """

    epsg: int
    air: Air
    receptors: Receptors
    by_road: Float
    shares: Float

    @property
    def by_link(self) -> Float:
        """People times µg/m3 per kg a day that a link emits in an hour of a type of day, shape (links, H)."""
        return np.asarray(self.by_road[self.air.pieces.road] @ self.shares.T)


def ground_of(run: Inventories, computed: Computed, figures: Mapping[str, float]) -> Ground:
    """Return roads, weather and people of a run, with the weights of its roads.

    Raises
    ------
    UserError
        The weather is malformed, or the grid is too fine.
    """
    section = run.plan.impacts
    middle = (run.network.coordinates.min(axis=0) + run.network.coordinates.max(axis=0)) / 2.0
    epsg = utm_epsg(*middle)
    pieces = pieces_of(run.network, epsg)
    path = run.base / section.meteorology if section.meteorology else None
    weather = read_meteorology(
        *(path, section.roughness_m, section.wind_height_m, section.calm_m_s),
        run.plan.traffic.seasons,
        south=bool(middle[1] < 0.0),
    )
    shares = weather.shares([day.months for day in computed.activity.days])
    source = Source(
        section.release_height_m or figures["release_height"], section.initial_spread_m or figures["initial_spread"]
    )
    tables = plume_tables(list(weather.classes), source, section.receptor_height_m, section.reach_m)
    air = Air(pieces, weather, tables, section.reach_m)
    receptors = _receptors(run, section, pieces, epsg, computed)
    return Ground(epsg, air, receptors, air.weights(receptors.xy, receptors.people), shares)


def air_figures() -> dict[str, float]:
    """Return the packaged figures of the air."""
    return dict(reference_table("air_figures.csv").select("figure", "value").iter_rows())


def near_road_air(run: Inventories, computed: Computed) -> AirResult | None:
    """Return the air of every scenario; nothing where the plan follows no pollutant.

    Raises
    ------
    UserError
        The weather is malformed, a background is of what is not followed, or the grid is too fine.
    """
    section = run.plan.impacts
    if not section.pollutants:
        return None
    _refuse_other_backgrounds(section)
    figures = air_figures()
    ground = ground_of(run, computed, figures)
    epsg, air, receptors, by_road, shares = ground.epsg, ground.air, ground.receptors, ground.by_road, ground.shares
    pieces, weather, days = air.pieces, air.meteorology, computed.activity.days
    names, mix = _followed(section, computed.states[0][1].pollutants)
    emitted = {
        state.name: np.array([hour @ mix for hour in run.hours_of(computed, number)])
        for number, (state, _) in enumerate(computed.states)
    }
    grouped = {name: by_group(hours, shares) for name, hours in emitted.items()}
    brought = air.concentrations(receptors.xy, np.concatenate(list(grouped.values()), axis=2))
    each = dict(zip(grouped, np.split(brought, len(grouped), axis=1), strict=True))
    rows = _rows(each, grouped, by_road[pieces.road], receptors, names, section, figures["breathing"])
    shown: tuple[str, ...] = tuple(section.pollutants)
    concentrations = {name: values[:, : len(shown)] for name, values in each.items()}
    if section.ozone_ug_m3 is not None and "NOx" in names:
        shown = (*shown, "NO2")
        for name, values in each.items():
            made = no2(
                values[:, names.index("NOx")],
                values[:, names.index("NO2")],
                section.ozone_ug_m3,
                figures["no2_beta"],
                figures["no2_k"],
            )
            concentrations[name] = np.column_stack([concentrations[name], made])
            rows.append(_row(name, "NO2", made, receptors, section))
    order = {name: k for k, name in enumerate(each)}
    rows.sort(key=lambda row: order[str(row[0])])  # NO2 beside the others of its scenario
    table = _with_change(pl.DataFrame(rows, schema=SCHEMA, orient="row"), computed.states[0][0].name)
    monitors = _monitors(run, air, epsg, grouped[computed.states[0][0].name], names, figures)
    canyons = canyons_of(run, pieces, epsg, figures)
    told = "PM2.5" if "PM2.5" in names else names[0]
    breathed = grouped[computed.states[0][0].name][..., names.index(told)] / G_PER_KG
    in_canyons = canyon_table(
        *(run, canyons, pieces, receptors, told, breathed.sum(axis=1)), (by_road[pieces.road] * breathed).sum(axis=1)
    )
    weight = ground.by_link
    vehicles = {
        state.name: run.weighted_vehicles(computed, number, weight) @ mix[:, : len(section.pollutants)] / G_PER_KG
        for number, (state, _) in enumerate(computed.states)
    }
    linked = _weights_table(weight, [day.label for day in days], section.pollutants)
    seasons = season_table(
        SeasonInput(weather, days, by_road[pieces.road], emitted, names),
        section.pollutants,
        float(receptors.people.sum()),
    )
    limit = section.canyon_aspect or figures["canyon_aspect"]
    found = _findings(section, weather, receptors)
    found += canyon_findings(canyons, in_canyons, limit, figures["canyon_people"])
    now = monitors.filter(pl.col("year") == run.plan.city.year) if monitors.height else monitors
    fits = fit_table(now) if now.height else pl.DataFrame()
    return AirResult(
        epsg,
        receptors,
        shown,
        concentrations,
        table,
        seasons,
        monitors,
        fits,
        tracer_fit(),
        linked,
        found,
        canyons,
        in_canyons,
        vehicles,
        weight,
    )


def _monitors(
    run: Inventories, air: Air, epsg: int, grouped: Float, names: list[str], figures: Mapping[str, float]
) -> pl.DataFrame:
    """Return what the baseline brings to the plan's monitors; no rows without any."""
    section = run.plan.impacts
    if not section.monitors:
        return pl.DataFrame()
    ozone = section.ozone_ug_m3
    followed = [*section.pollutants, *(["NO2"] if ozone is not None and "NOx" in names else [])]
    table = read_monitors(run.base / section.monitors, followed, section.background_ug_m3).with_columns(
        pl.col("year").fill_null(run.plan.city.year)
    )
    x, y = on_plane(epsg, table["lon"].to_numpy(), table["lat"].to_numpy())
    brought = air.concentrations(np.stack([x, y], axis=1), grouped)
    by_name: dict[str, Float] = {name: brought[:, names.index(name)] for name in section.pollutants}
    if "NO2" in followed and ozone is not None:
        primary = brought[:, names.index("NO2")]
        by_name["NO2"] = no2(by_name["NOx"], primary, ozone, figures["no2_beta"], figures["no2_k"])
    traffic = [float(by_name[p][i]) for i, p in enumerate(table["pollutant"].to_list())]
    return table.with_columns(traffic_ug_m3=pl.Series(traffic, dtype=pl.Float64)).with_columns(
        modelled_ug_m3=pl.col("background_ug_m3") + pl.col("traffic_ug_m3")
    )


SCHEMA = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "people": pl.Float64,
    "traffic_ug_m3": pl.Float64,
    "background_ug_m3": pl.Float64,
    "exposure_people_ug_m3": pl.Float64,
    "highest_ug_m3": pl.Float64,
    "intake_fraction_ppm": pl.Float64,
    "adjoint_off": pl.Float64,
}


def _refuse_other_backgrounds(section: ImpactsSection) -> None:
    known = [*section.pollutants, "NO2"]
    for name in section.background_ug_m3:
        if name not in known:
            raise PlanError(
                "a background of what is not followed",
                f"Use one of {', '.join(known)}, or follow it.",
                column="impacts.background_ug_m3",
                value=name,
            )


def _followed(section: ImpactsSection, pollutants: tuple[str, ...]) -> tuple[list[str], Float]:
    """Return what is followed, primary NO2 last where NOx is, and the sums of pollutants, shape (P, Q)."""
    names: list[str] = [*section.pollutants, *(["NO2"] if "NOx" in section.pollutants else [])]
    mix = np.zeros((len(pollutants), len(names)))
    sums = weights()
    for q, name in enumerate(names):
        for pollutant, weight in sums.get(name, {name: 1.0}).items():
            mix[pollutants.index(pollutant), q] = weight
    return names, mix


def _receptors(run: Inventories, section: ImpactsSection, pieces: Pieces, epsg: int, computed: Computed) -> Receptors:
    """Return the points: over the zones, or where there are none over the roads and their reach."""
    inventory = computed.states[0][1]
    on_pieces = pieces.on_pieces(inventory.link[:, inventory.pollutants.index("NOx")])
    order = np.argsort(-on_pieces, kind="stable")
    busy = np.zeros(on_pieces.size, dtype=np.bool_)
    busy[order[np.cumsum(on_pieces[order]) <= BUSY * on_pieces.sum()]] = True
    if not busy.any():
        busy[:] = True
    if run.zones is not None and len(run.zones):
        lon_lat = np.asarray(run.zones.total_bounds, dtype=np.float64)
        x, y = on_plane(epsg, lon_lat[[0, 2, 0, 2]], lon_lat[[1, 1, 3, 3]])
        margin = 0.0
    else:
        x, y = pieces.ends[:, [0, 2]], pieces.ends[:, [1, 3]]
        margin = min(section.reach_m, 500.0)
    corner = np.array([x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin])
    cells = graded_points(pieces, busy, corner, section.finest_m, section.coarsest_m)
    return with_people(cells, run.zones, epsg)


def _row(scenario: str, name: str, brought: Float, receptors: Receptors, section: ImpactsSection) -> tuple[object, ...]:
    people = float(receptors.people.sum())
    exposure = float(receptors.people @ brought)
    mean = exposure / people if people > 0.0 else None
    background = section.background_ug_m3.get(name)
    return (scenario, name, people, mean, background, exposure, float(brought.max(initial=0.0)), None, None)


def _rows(
    each: Mapping[str, Float],
    grouped: Mapping[str, Float],
    by_link: Float,
    receptors: Receptors,
    names: list[str],
    section: ImpactsSection,
    breathing: float,
) -> list[tuple[object, ...]]:
    """Return the rows of what is emitted and followed; the sum over points is held against emissions times weights."""
    rows = []
    for scenario, brought in each.items():
        kg = grouped[scenario] / 1e3
        adjoint = np.einsum("lg,lgq->q", by_link, kg)
        for q, name in enumerate(section.pollutants):
            row = _row(scenario, name, brought[:, names.index(name)], receptors, section)
            forward, emitted = float(receptors.people @ brought[:, q]), float(kg[..., q].sum()) * 1e3
            off = abs(forward / adjoint[q] - 1.0) if adjoint[q] > 0.0 else None
            intake = forward / UG_PER_G * breathing / emitted * PPM if emitted > 0.0 else None
            rows.append((*row[:7], intake, off))
    return rows


def _with_change(table: pl.DataFrame, base: str) -> pl.DataFrame:
    first = table.filter(scenario=base).select("pollutant", pl.col("exposure_people_ug_m3").alias("_first"))
    change = pl.when(pl.col("_first") > 0.0).then((pl.col("exposure_people_ug_m3") / pl.col("_first") - 1.0) * 100.0)
    return (
        table.join(first, on="pollutant", how="left", maintain_order="left")
        .with_columns(change_pct=change)
        .select(
            *("scenario", "pollutant", "people", "traffic_ug_m3", "background_ug_m3", "change_pct"),
            *("exposure_people_ug_m3", "highest_ug_m3", "intake_fraction_ppm", "adjoint_off"),
        )
    )


def _weights_table(by_hour: Float, days: Sequence[str], pollutants: Sequence[str]) -> pl.DataFrame:
    """Return the weights, shape (links, 24 * days), as rows; they are the same for all that does not react."""
    links, many = by_hour.shape[0], len(days)
    one = pl.DataFrame(
        {
            "link_id": np.repeat(np.arange(links), HOURS_PER_DAY * many),
            "day": np.tile(np.repeat(np.array(days), HOURS_PER_DAY), links),
            "hour": np.tile(np.arange(HOURS_PER_DAY), links * many),
            "weight": by_hour.ravel(),
        }
    )
    told = ["link_id", *(["day"] if many > 1 else []), "hour", "pollutant", "weight"]
    return pl.concat([one.with_columns(pollutant=pl.lit(p)).select(told) for p in pollutants])


def _findings(section: ImpactsSection, weather: Meteorology, receptors: Receptors) -> tuple[Finding, ...]:
    out = [
        Finding(
            "inventory.air",
            "assumption",
            {"points": f"{len(receptors.xy):,}", "classes": str(len(weather.classes)), "reach": f"{section.reach_m:g}"},
        )
    ]
    values = {"groups": str(weather.often.shape[0]), "seasons": ", ".join(weather.seasons)}
    out.append(
        Finding("inventory.air_seasons" if len(weather.seasons) > 1 else "inventory.air_hours", "assumption", values)
    )
    if weather.pooled:
        out.append(Finding("inventory.air_pooled", "assumption"))
    if weather.example:
        out.append(Finding("inventory.air_example", "warning"))
    if weather.calm_share > 0.0:
        out.append(
            Finding("inventory.air_calm", "assumption", {"speed": f"{section.calm_m_s:g}"}, share=weather.calm_share)
        )
    if not receptors.people.sum() > 0.0:
        out.append(Finding("inventory.air_nobody", "warning"))
    if section.ozone_ug_m3 is not None and "NOx" in section.pollutants:
        out.append(Finding("inventory.air_no2", "assumption", {"ozone": f"{section.ozone_ug_m3:g}"}))
    return tuple(out)
