"""Which roads of a run are street canyons, and how much of it lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.findings import Finding
from fleet_planner.impacts.dispersion.canyons import lined
from fleet_planner.impacts.gridded.grid import on_plane
from fleet_planner.network.buildings import read_buildings
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.impacts.dispersion.pieces import Pieces
    from fleet_planner.impacts.dispersion.receptors import Receptors
    from fleet_planner.pipeline.computing.inventories import Inventories

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
OPEN_CLASSES = ("motorway", "motorway_link", "trunk", "trunk_link")
"""Roads that the density of people never makes canyons: they have room beside them."""
BESIDE_M = 50.0
SCHEMA = {
    "pollutant": pl.String,
    "road_class": pl.String,
    "links": pl.Int64,
    "canyon_links": pl.Int64,
    "length_share": pl.Float64,
    "emitted_share": pl.Float64,
    "exposure_share": pl.Float64,
    "people_beside": pl.Float64,
    "people_share": pl.Float64,
    "aspect": pl.Float64,
    "told_by": pl.String,
}


@dataclass(frozen=True)
class Canyons:
    """Street canyons among the links.

    Parameters
    ----------
    flagged
        Which links are outside the validity of the formulas, shape (links,).
    aspect
        Height over width, shape (links,); not a number where no buildings are known or on one side only.
    told_by
        ``buildings``, ``density`` (a default), or ``nothing``: then no link is flagged.
    findings
        What was assumed of buildings.
    """

    flagged: Bool
    aspect: Float
    told_by: str
    findings: tuple[Finding, ...] = ()


def canyons_of(run: Inventories, pieces: Pieces, epsg: int, figures: Mapping[str, float]) -> Canyons:
    """Return the canyons: by buildings where the plan names any, else by the density of people.

    Raises
    ------
    InputError
        The buildings cannot be read.
    """
    section = run.plan.impacts
    limit = section.canyon_aspect or figures["canyon_aspect"]
    count = run.network.links.height
    if section.buildings:
        found = read_buildings(run.base / section.buildings, figures["storey"], figures["building"])
        import shapely

        shapes = shapely.transform(found.shapes, lambda c: np.stack(on_plane(epsg, c[:, 0], c[:, 1]), axis=1))
        both = lined(pieces, shapes, found.height_m, figures["canyon_side"])
        aspect, share = both.aspect[pieces.road], both.share[pieces.road]
        flagged = (share >= figures["canyon_lined"]) & (aspect >= limit)
        values = {"count": f"{found.told.size:,}", "usual": f"{figures['building']:g}"}
        unknown = float((~found.told).mean())
        remark = Finding("inventory.air_buildings", "assumption", values, share=unknown)
        return Canyons(flagged, np.where(aspect > 0.0, aspect, np.nan), "buildings", (remark,))
    if run.zones is None or not len(run.zones):
        return Canyons(np.zeros(count, dtype=np.bool_), np.full(count, np.nan), "nothing")
    dense = _people_per_km2(run, epsg) >= figures["canyon_people"]
    narrow = ~run.network.links["road_class"].is_in(OPEN_CLASSES).to_numpy() & run.network.links["urban"].to_numpy()
    return Canyons(np.asarray(dense & narrow), np.full(count, np.nan), "density")


def _people_per_km2(run: Inventories, epsg: int) -> Float:
    """Return the density of people about the middle of each link, shape (links,); 0 outside the zones."""
    import shapely

    zones: Any = run.zones
    shapes = shapely.transform(zones.geometry.to_numpy(), lambda c: np.stack(on_plane(epsg, c[:, 0], c[:, 1]), axis=1))
    km2 = np.maximum(shapely.area(shapes) / M_PER_KM**2, 1e-9)
    density = zones["population"].to_numpy().astype(np.float64) / km2
    middle = (run.network.offsets[:-1] + run.network.offsets[1:]) // 2
    x, y = on_plane(epsg, run.network.coordinates[middle, 0], run.network.coordinates[middle, 1])
    out = np.zeros(middle.size)
    point, zone = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    np.maximum.at(out, point, density[zone])
    return out


def canyon_table(
    run: Inventories, canyons: Canyons, pieces: Pieces, receptors: Receptors, pollutant: str, kg: Float, exposed: Float
) -> pl.DataFrame:
    """Return how much lies in canyons, all roads first, then by class (``tables/columns/street_canyons.csv``).

    Parameters
    ----------
    run, canyons, pieces, receptors
        Roads, flags, people.
    pollutant
        Of ``kg`` and ``exposed``.
    kg, exposed
        What links emit, and what people breathe of it, of the baseline, shape (links,).
    """
    links = run.network.links
    length = links["length_km"].to_numpy()
    classes = links["road_class"].to_numpy()
    people = float(receptors.people.sum())
    beside = _people_beside(canyons, pieces, receptors)
    rows = []
    for name in ("all", *sorted(set(classes.tolist()))):
        own = np.ones(length.size, dtype=np.bool_) if name == "all" else classes == name
        inside = own & canyons.flagged
        known = canyons.aspect[inside & np.isfinite(canyons.aspect)]
        shares = [_share(values, own, inside) for values in (length, kg, exposed)]
        crowd = (beside, beside / people if people > 0.0 else None) if name == "all" else (None, None)
        aspect = float(np.median(known)) if known.size else None
        rows.append((pollutant, name, int(own.sum()), int(inside.sum()), *shares, *crowd, aspect, canyons.told_by))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _share(values: Float, own: Bool, inside: Bool) -> float | None:
    whole = float(values[own].sum())
    return float(values[inside].sum()) / whole if whole > 0.0 else None


def _people_beside(canyons: Canyons, pieces: Pieces, receptors: Receptors) -> float:
    """Return the people of points whose cell, or `BESIDE_M`, reaches a flagged road."""
    import shapely

    roads = np.zeros(pieces.roads, dtype=np.bool_)
    roads[pieces.road[canyons.flagged]] = True
    own = pieces.ends[roads[pieces.owner]]
    if not len(own):
        return 0.0
    tree = shapely.STRtree(shapely.linestrings(own.reshape(-1, 2, 2)))
    reach = np.maximum(receptors.side_m / 2.0, BESIDE_M)
    near = np.unique(tree.query(shapely.points(receptors.xy), predicate="dwithin", distance=reach)[0])
    return float(receptors.people[near].sum())


def canyon_findings(canyons: Canyons, table: pl.DataFrame, limit: float, people: float) -> tuple[Finding, ...]:
    """Return what the run says of canyons: how many, and the share of emissions and of exposed people."""
    if canyons.told_by == "nothing":
        return (Finding("inventory.air_no_canyons", "warning"),)
    whole = table.row(0, named=True)

    def told(share: float | None) -> str:
        return f"{100.0 * (share or 0.0):.1f}"

    values = {
        "links": f"{whole['canyon_links']:,}",
        "km": told(whole["length_share"]),
        "emitted": told(whole["emitted_share"]),
        "breathed": told(whole["exposure_share"]),
        "people": told(whole["people_share"]),
        "aspect": f"{limit:g}",
        "density": f"{people:,.0f}",
    }
    kind = "inventory.air_canyons" if canyons.told_by == "buildings" else "inventory.air_canyons_guess"
    return (Finding(kind, "warning", values), *canyons.findings)
