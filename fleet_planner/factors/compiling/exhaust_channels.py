"""Hot exhaust of one technology: its curves corrected for the weather, and the pollutants that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.axes import LOADS, MODES
from fleet_planner.factors.compiling.channels import (
    BASE_OF,
    DEGRADED,
    NO2_POINTS,
    ODOMETER,
    PURE,
    ROAD,
    URBAN,
    channel,
)
from fleet_planner.factors.in_use.low_temperature import low_temperature_nox
from fleet_planner.factors.in_use.scr import RETROFIT, scr_kind, scr_nox_factor
from fleet_planner.factors.processes.cold import mean_cold_share
from fleet_planner.factors.processes.degradation import road_weight
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.factors.processes.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.compiling.options import FactorOptions, FactorSources, Overlay
    from fleet_planner.factors.compiling.store import Array, CurveStore, Index
    from fleet_planner.factors.processes.degradation import Degradation
    from fleet_planner.factors.processes.nitrogen import NitrogenFactor
    from fleet_planner.factors.ranges import Bound


@dataclass(frozen=True)
class Exhaust:
    """The published hot curves of one technology.

    Parameters
    ----------
    index
        By pollutant: curves of the store.
    basis
        Hot curves of the technology that its cold starts build on.
    nitrogen
        N2O and NH3 by mode and odometer, where no curve has them.
    origin
        By pollutant: factor set and what stood in.
    by_set
        By pollutant: the set before the European one that it is from; nothing for the European one.
    ageing
        By pollutant: growth with the odometer.
    quality
        By pollutant: factor of the diesel sold, hot and cold alike; 1 where it is not in it.
    own
        The published curves as they were before weather and SCR changed them.
    """

    index: dict[str, Index]
    basis: Mapping[str, Index]
    nitrogen: Mapping[str, NitrogenFactor]
    origin: Mapping[str, tuple[str, str]]
    by_set: Mapping[str, Overlay | None]
    ageing: Mapping[str, Degradation]
    quality: Mapping[str, float]
    own: Mapping[str, Index]


def share_scales(technology: Mapping[str, str], sources: FactorSources) -> dict[str, float]:
    """Return what each pollutant of `BASE_OF` is of its base, for one technology."""
    fuel = tank(technology["fuel"])
    fuels = sources.fuels
    return {
        "NO2": share_of(sources.no2, technology),
        "BC": share_of(sources.bc, technology),
        "OC": share_of(sources.oc, technology),
        "SO2": fuels.so2.get(fuel, 0.0),
        "Pb": fuels.pb.get(fuel, 0.0),
        "CO2": fuels.fossil_co2.get(fuel, 0.0),
        "CO2_biogenic": fuels.fossil_co2.get(fuel, 0.0),
        PURE: fuels.biogenic_co2.get(fuel, 0.0) if fuels.fossil_co2.get(fuel, 0.0) == 0.0 else 0.0,
    }


def put_hot(
    store: CurveStore,
    t: int,
    technology: Mapping[str, str],
    exhaust: Exhaust,
    sources: FactorSources,
    options: FactorOptions,
) -> None:
    """Enter the hot channels of technology ``t``."""
    index = exhaust.index
    if "NOx" in index:
        index["NOx"] = _nox(store, technology, exhaust, sources, options)
    if "VOC" in index:
        methane = index.get("CH4")
        index["NMVOC"] = (
            index["VOC"]
            if methane is None
            else store.paired(index["VOC"], methane, lambda v, m: np.maximum(v - m, 0.0))
        )
    for pollutant in (*DEGRADED, "NMVOC"):
        if pollutant in index:
            _put_aged(store, t, pollutant, pollutant, index, exhaust, 1.0)
    for pollutant in ("CH4", "N2O", "NH3", "energy_MJ"):
        if pollutant in index:
            store.put(t, channel(pollutant, "hot"), index[pollutant])
    scales = share_scales(technology, sources)
    for pollutant, base in BASE_OF.items():
        if base not in index or pollutant == "NMVOC":
            continue
        if base in DEGRADED:
            _put_aged(store, t, pollutant, base, index, exhaust, scales[pollutant])
        else:
            store.put(t, channel(pollutant, "hot"), index[base], scales[pollutant])
    if "energy_MJ" in index:
        store.put(t, channel("CO2_biogenic", "hot", "", PURE), index["energy_MJ"], scales[PURE])
    if "NOx" in index:
        store.put(t, channel("NO2", "hot", NO2_POINTS), index["NOx"], exhaust.quality.get("NOx", 1.0))
    _put_nitrogen(store, t, exhaust.nitrogen)


def _put_aged(
    store: CurveStore,
    t: int,
    pollutant: str,
    base: str,
    index: Mapping[str, Index],
    exhaust: Exhaust,
    scale: float,
) -> None:
    """Enter a pollutant that grows with the vehicle: where the growth depends on speed, split in town and road."""
    driver = "VOC" if base == "NMVOC" else base
    urban, road = (channel(pollutant, "hot", f"{place}:{driver}") for place in (URBAN, ROAD))
    growth = exhaust.ageing.get(driver)
    scale *= exhaust.quality.get(driver, 1.0)
    if growth is None:
        store.put(t, urban, index[base], scale)
        return
    weight = road_weight(store.grid_kmh)
    store.put(t, urban, store.times(index[base], 1.0 - weight), scale)
    store.put(t, road, store.times(index[base], weight), scale)


def _nox(
    store: CurveStore,
    technology: Mapping[str, str],
    exhaust: Exhaust,
    sources: FactorSources,
    options: FactorOptions,
) -> Index:
    """Return the NOx curves as the weather, SCR and the cold leave them."""
    index = exhaust.index["NOx"]
    overlay = exhaust.by_set["NOx"]
    conditions = store.conditions
    if options.low_temperature_nox and overlay is None:
        warm, _ = low_temperature_nox(technology["category"], technology["fuel"], technology["standard"], conditions)
        if (warm != 1.0).any():
            factor = np.broadcast_to(warm[None, :, None], (len(LOADS), conditions.classes, 1))
            return _by_load_and_class(store, index, factor)
    kind = scr_kind(technology["category"], technology["standard"], technology["aftertreatment"])
    if options.scr is None or kind is None:
        return index
    if kind == RETROFIT:
        nominal = sources.retrofit_nox_reduction
        factor = _scr(store, kind, nominal, options.scr) / (1.0 - nominal)
    elif overlay is not None and overlay.knows_temperature:
        return index
    else:
        factor = _scr(store, kind, None, options.scr)
    return _by_load_and_class(store, index, factor)


def _scr(store: CurveStore, kind: str, nominal: float | None, bound: Bound) -> Array:
    """Return the factor on NOx by load step and hour class, shape (3, K, S)."""

    def make() -> Array:
        by_load = [
            scr_nox_factor(kind, store.grid_kmh, load, store.conditions, nominal_reduction=nominal, bound=bound)
            for load in LOADS
        ]
        return np.array(by_load)

    return store.once(("scr", kind, bound), make)


def _by_load_and_class(store: CurveStore, index: Index, factor: Array) -> Index:
    """Return an index whose curves are multiplied by a factor of shape (3, K, S)."""
    out = index.copy()
    for load in range(factor.shape[0]):
        for k in range(factor.shape[1]):
            at = slice(k * len(MODES), (k + 1) * len(MODES))
            out[at, load] = store.times(index[at, load], factor[load, k])
    return out


def _put_nitrogen(store: CurveStore, t: int, nitrogen: Mapping[str, NitrogenFactor]) -> None:
    """Enter N2O and NH3 of cars and vans: warm engines for the part of the distance that is driven warm."""
    if not nitrogen:
        return
    flat = np.ones(store.grid_kmh.size)
    warm = 1.0 - store.once(("cold share",), lambda: mean_cold_share(store.conditions))
    for pollutant, factor in nitrogen.items():
        for driver, values in (("", factor.constant), (ODOMETER, factor.per_odometer)):
            by_mode = store.by_mode(np.array(values)[:, None] * flat)
            if factor.cold is not None:
                by_mode = _by_load_and_class(
                    store, by_mode, np.broadcast_to(warm[None, :, None], (len(LOADS), warm.size, 1))
                )
            store.put(t, channel(pollutant, "hot", driver), by_mode)
