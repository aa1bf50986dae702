"""Emissions that leave a city when its carbon price rises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KG_PER_T = 1000.0


def leaving_share(
    price: Array, elsewhere: Array | float, elasticity: float, co2_kg_per_l: float, fuel_usd_per_l: float
) -> Array:
    """Return the share of movable emissions that leaves for a place with another carbon price, 0..1.

    Demand of constant elasticity: the carbon price makes a litre dearer by ``(price - elsewhere) x kg CO2 / 1000``, a
    share ``d`` of what it costs, and ``(1 + d) ** -elasticity`` of the demand stays. Nothing leaves where it is dearer
    elsewhere.

    Parameters
    ----------
    price
        Of the city, US$ per t, shape (N,).
    elsewhere
        Where vehicles may move to, US$ per t.
    elasticity
        % of demand per % of price, above 0.
    co2_kg_per_l, fuel_usd_per_l
        Of the fuel.
    """
    dearer = np.maximum(price - elsewhere, 0.0) * co2_kg_per_l / KG_PER_T / fuel_usd_per_l
    out: Array = 1.0 - (1.0 + dearer) ** -elasticity
    return out
