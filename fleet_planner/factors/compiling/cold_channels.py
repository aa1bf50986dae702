"""Cold starts of one technology, and the pollutants that follow from them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.axes import MODES
from fleet_planner.factors.compiling.channels import BASE_OF, ODOMETER, PURE, channel
from fleet_planner.factors.compiling.exhaust_channels import share_scales
from fleet_planner.factors.processes.cold import COLD, cold_excess, mean_cold_share, ratio_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.compiling.exhaust_channels import Exhaust
    from fleet_planner.factors.compiling.options import FactorSources
    from fleet_planner.factors.compiling.store import Array, CurveStore, Index


def put_cold(
    store: CurveStore, t: int, technology: Mapping[str, str], exhaust: Exhaust, sources: FactorSources
) -> None:
    """Enter the cold-start channels of technology ``t``."""
    cold: dict[str, Index] = {}
    for pollutant in COLD:
        overlay = exhaust.by_set.get(pollutant)
        own = overlay.cold(technology, pollutant) if overlay is not None and overlay.cold is not None else None
        if own is not None:
            excess = store.once(("cold", own), partial(own.excess, store.conditions, store.grid_kmh))
            cold[pollutant] = _times(store, exhaust.own[pollutant], excess)
            store.put(t, channel(pollutant, "cold"), cold[pollutant], exhaust.quality.get(pollutant, 1.0))
            continue
        ratio = ratio_of(sources.ratios, technology, pollutant)
        hot = exhaust.index.get(pollutant) if pollutant == "energy_MJ" else exhaust.basis.get(pollutant)
        if ratio is None or hot is None or (overlay is not None and overlay.holds_cold_starts):
            continue
        excess = store.once(("cold", ratio), partial(cold_excess, ratio, store.conditions, store.grid_kmh))
        cold[pollutant] = _times(store, hot, excess)
        store.put(t, channel(pollutant, "cold"), cold[pollutant], exhaust.quality.get(pollutant, 1.0))
    scales = share_scales(technology, sources) | {"NMVOC": 1.0}
    for pollutant, base in BASE_OF.items():
        if base in cold:
            store.put(t, channel(pollutant, "cold"), cold[base], scales[pollutant] * exhaust.quality.get(base, 1.0))
    if "energy_MJ" in cold:
        store.put(t, channel("CO2_biogenic", "cold", "", PURE), cold["energy_MJ"], scales[PURE])
    if not exhaust.nitrogen:
        return
    share = store.once(("cold share",), lambda: mean_cold_share(store.conditions))
    driven_cold = share[:, None] * np.ones(store.grid_kmh.size)
    for pollutant, factor in exhaust.nitrogen.items():
        if factor.cold is not None:
            for driver, value in (("", factor.cold), (ODOMETER, factor.cold_per_odometer)):
                store.put(t, channel(pollutant, "cold", driver), store.by_class(value * driven_cold))


def _times(store: CurveStore, hot: Index, excess: Array) -> Index:
    """Return the hot curves times the excess of each hour class, shape (K, S)."""
    out = hot.copy()
    for k, by in enumerate(excess):
        at = slice(k * len(MODES), (k + 1) * len(MODES))
        out[at] = store.times(hot[at], by)
    return out
