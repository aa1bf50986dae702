"""Areas and agencies' classes as plain data: of a run, and of a run that was clipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.pipeline.clipping.of_run import REST

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.pipeline.clipping.of_run import Areas

AGENCY_POLLUTANTS = ("NOx", "PM_exhaust", "NMVOC", "CO", "CO2")


def areas_data(cut: Areas, length_km: NDArray[np.float64], shown: Sequence[str]) -> dict[str, Any]:
    """Return what the page tells of areas, unrounded; the rest of the city has the name "".

    Parameters
    ----------
    cut
        Areas of a computed city.
    length_km
        Of each link.
    shown
        Pollutants.
    """
    totals = cut.found.totals.filter(pl.col("pollutant").is_in(list(shown)))
    kept: tuple[str, ...] = ("area", "scenario", "pollutant", "unit", "value_per_year", "share_of_city_pct")
    kept += tuple(c for c in ("low_per_year", "high_per_year") if c in totals.columns)
    return {
        "apart": cut.shares.apart,
        "machines": bool(cut.found.totals["non_road_per_year"].sum() > 0.0),
        "areas": [
            {"area": _name(area), "length_km": km, "vkt_per_day": vkt}
            for area, km, vkt in zip(
                cut.shares.names, (cut.shares.share @ length_km).tolist(), cut.found.km_per_day.tolist(), strict=True
            )
        ],
        "shown": [p for p in shown if p in totals["pollutant"].to_list()],
        "totals": [row | {"area": _name(row["area"])} for row in totals.select(kept).to_dicts()],
        "agency": agency_data(cut.found.agency, cut.found.totals["scenario"][0]),
    }


def agency_data(table: pl.DataFrame, scenario: str) -> list[dict[str, Any]]:
    """Return the agency's classes of one scenario: a row per area, class, fuel, standard and period.

    ``table`` has the columns of ``area_agency`` or ``by_agency`` of the dictionary, or none.
    """
    if table.is_empty():
        return []
    own = table.filter(pl.col("scenario") == scenario, pl.col("pollutant").is_in(AGENCY_POLLUTANTS))
    if "area" not in own.columns:
        own = own.with_columns(area=pl.lit(""))
    keys = ["area", "agency", "period", "unit", "code", "title_en", "title_zh", "fuel", "standard"]
    wide = own.pivot(on="pollutant", index=keys, values="value", maintain_order=True)
    names = [p for p in AGENCY_POLLUTANTS if p in wide.columns]
    return [
        {**{k: row[k] for k in keys}, "area": _name(row["area"]), "values": {p: row[p] for p in names}}
        for row in wide.to_dicts()
    ]


def _name(area: str) -> str:
    return "" if area == REST else area
