"""Figures of the report's first page that no other chapter has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.telling.results import Results

LEAD_POLLUTANT = "NOx"


def lead_data(results: Results) -> dict[str, Any]:
    """Return how concentrated the emissions are on the roads, and how many people the zones hold."""
    inventory = results.scenarios[0].inventory
    km = results.network.links["length_km"].to_numpy()
    day = inventory.link[:, inventory.pollutants.index(LEAD_POLLUTANT)]
    people = None if results.zones is None else float(results.zones["population"].sum())
    return {"half_km_share": half_share(day, km), "people": people}


def half_share(day: NDArray[np.float64], km: NDArray[np.float64]) -> float | None:
    """Return the least part of the road length that has half of the emissions; nothing without emissions.

    The link that brings the sum over the half counts with the part of its length that is needed.
    """
    whole = float(day.sum())
    if whole <= 0.0:
        return None
    order = np.argsort(-day / np.maximum(km, 1e-9), kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(day[order])])
    length = np.concatenate([[0.0], np.cumsum(km[order])])
    return float(np.interp(whole / 2.0, reached, length) / km.sum())
