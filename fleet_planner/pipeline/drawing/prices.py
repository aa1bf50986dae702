"""Inputs of costs and prices, as every draw of money takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.uncertainty.design import Collector, Drawer

Array = NDArray[np.float64]
PREMIUM = "premium"
"""What a litre of another fuel costs above diesel: a price of its own."""
FUELS = ("diesel", "petrol", "cng", "lpg", "hydrogen", PREMIUM)
OTHER = "diesel"
"""Price of fuels without one of their own."""


def collect_money(collector: Collector, measures: Iterable[str]) -> None:
    """Add the inputs of the costs of measures, and all prices: a scenario without measures may use energy too."""
    for measure in dict.fromkeys(measures):
        collector.add("costs.capex", measure)
        collector.add("costs.opex", measure)
    for fuel in FUELS:
        collector.add("prices.fuel", fuel)
    collector.add("prices.electricity")


def fuel_price(drawer: Drawer, tank: str) -> Array:
    """Return the multipliers of the price of a fuel, or of `PREMIUM`, shape (draws,)."""
    return drawer.of(f"prices.fuel:{tank if tank in FUELS else OTHER}")
