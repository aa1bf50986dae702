"""What a plan decides about factors, and the tables that they are compiled from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_planner.factors.axes import GRADES
from fleet_planner.factors.processes.cold import Ratio, load_ratios
from fleet_planner.factors.processes.degradation import Degradation, load_degradation
from fleet_planner.factors.processes.electricity import load_electricity_use
from fleet_planner.factors.processes.evaporation import load_evaporation
from fleet_planner.factors.processes.fuels import FuelFactors, load_fuels
from fleet_planner.factors.processes.hydrogen import load_hydrogen_use
from fleet_planner.factors.processes.nitrogen import load_nitrogen
from fleet_planner.factors.processes.shares import Shares, load_shares
from fleet_planner.factors.processes.wear import Wear, load_wear
from fleet_planner.factors.published.hot_table import HotTable, load_hot_table
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.processes.cold_2025 import OwnColdStart
    from fleet_planner.factors.processes.fuel_quality import DieselQuality
    from fleet_planner.factors.processes.resuspension import Resuspension
    from fleet_planner.factors.ranges import Bound
    from fleet_planner.factors.set_curves import SetCurves

    Triple = tuple[str, str, str]


@dataclass(frozen=True)
class Overlay:
    """A factor set that goes before the European hot table where it covers a technology.

    Parameters
    ----------
    name
        As in the plan.
    curves
        Takes technologies (`axes.TECHNOLOGY` columns), the speed grid and the conditions.
    holds_cold_starts
        Its factors include cold starts, so that none are added.
    knows_temperature
        Its NOx follows the temperature, so that no correction of SCR in the cold is added.
    odd
        Returns its curves that are far from their neighbouring stages, as `odd_stages.flagged`.
    knows_use
        Tells vehicles apart by what they are used for (taxis): it is asked with a column ``stream``.
    cold
        Returns the set's own cold start of a technology and pollutant, which builds on its own hot factor.
    """

    name: str
    curves: Callable[[pl.DataFrame, NDArray[np.float64], Conditions], SetCurves]
    holds_cold_starts: bool = False
    knows_temperature: bool = False
    odd: Callable[[], pl.DataFrame] | None = None
    knows_use: bool = False
    cold: Callable[[Mapping[str, str], str], OwnColdStart | None] | None = None


@dataclass(frozen=True)
class FactorOptions:
    """What a plan decides.

    Parameters
    ----------
    below_range
        ``clamp`` or ``constant_g_per_h``: below a curve's lowest speed.
    scr
        End of the range at which NOx behind SCR follows speed, load and the air's temperature where the factor set
        does not; nothing: it does not follow them.
    low_temperature_nox
        Warm NOx of light diesels grows in the cold.
    speed_spread
        Curves are averaged over the day-to-day spread of speeds.
    idling
        Idling beside the road is counted.
    fuel_heater_share
        Fraction of the electric buses that a diesel heater warms.
    resuspension
        Dust raised from the road; nothing when it is not asked for.
    diesel
        Quality of the diesel sold; nothing: that of the base fuels.
    grades
        Grade steps that are needed; curves of the others are left out.
    hot_only
        Pollutants of hot exhaust that are wanted alone; empty: every process of all.
    """

    below_range: str = "clamp"
    scr: Bound | None = "value"
    low_temperature_nox: bool = False
    speed_spread: bool = False
    idling: bool = True
    fuel_heater_share: float = 0.0
    resuspension: Resuspension | None = None
    diesel: DieselQuality | None = None
    grades: tuple[bool, ...] = (True,) * len(GRADES)
    hot_only: tuple[str, ...] = ()


@dataclass(frozen=True)
class FactorSources:
    """Everything that factors are compiled from, read once."""

    hot: HotTable
    overlays: tuple[Overlay, ...]
    fuels: FuelFactors
    grid_g_per_kwh: float
    ratios: Mapping[tuple[str, str, str, str], Ratio]
    degradation: Mapping[Triple, Degradation]
    evaporation: Mapping[tuple[str, str, str, str], tuple[tuple[float, float], ...]]
    nitrogen: Mapping[tuple[str, str, str, str, str, str], tuple[float, float]]
    no2: Shares
    bc: Shares
    oc: Shares
    kwh_per_km: Mapping[tuple[str, str], float]
    hydrogen_kg_per_km: Mapping[tuple[str, str], float]
    wear: Wear
    retrofit_nox_reduction: float = field(default=0.0)


def load_sources(
    *,
    grid_kg_per_kwh: float,
    petrol_sulphur_ppm: float = 10.0,
    diesel_sulphur_ppm: float = 10.0,
    overlays: tuple[Overlay, ...] = (),
    hot: HotTable | None = None,
    wear_edition: str = "emep_eea_2019",
) -> FactorSources:
    """Read the packaged tables for a city's electricity (kg CO2 per kWh) and fuels (ppm sulphur by mass).

    ``wear_edition`` is that of tyre, brake and road wear, see `wear.load_wear`.
    """
    return FactorSources(
        hot=hot or load_hot_table(),
        overlays=overlays,
        fuels=load_fuels(petrol_sulphur_ppm, diesel_sulphur_ppm),
        grid_g_per_kwh=1000.0 * grid_kg_per_kwh,
        ratios=load_ratios(),
        degradation=load_degradation(),
        evaporation=load_evaporation(),
        nitrogen=load_nitrogen(petrol_sulphur_ppm, diesel_sulphur_ppm),
        no2=load_shares("no2_share.csv", "no2_share"),
        bc=load_shares("bc_share.csv", "bc_share"),
        oc=load_shares("oc_share.csv", "oc_share"),
        kwh_per_km=load_electricity_use(),
        hydrogen_kg_per_km=load_hydrogen_use(),
        wear=load_wear(wear_edition),
        retrofit_nox_reduction=_retrofit_nox_reduction(),
    )


def _retrofit_nox_reduction() -> float:
    """Return the nominal effect of retrofitted SCR on NOx, one for all measures that bring it, fraction."""
    import polars as pl

    rows = reference_table("measures.csv").filter(
        (pl.col("kind") == "retrofit") & (pl.col("pollutant") == "NOx") & pl.col("device").str.contains("SCR")
    )
    changes = set(rows["change_pct"].cast(pl.Float64).to_list())
    if len(changes) != 1:
        raise ValueError(f"measures with SCR differ in their effect on NOx: {sorted(changes)}")
    return -float(changes.pop()) / 100.0
