"""How much NOx an SCR catalyst removes at a corridor's speed, a load and an outside temperature.

A mean speed and a load set the mean exhaust temperature before the catalyst, which falls with the air outside;
the conversion follows from it by a piecewise linear curve per kind of system (``reference/scr_efficiency.csv``, with
the source of each node). The curve is one of corridors, not of a test bench: it is flatter, as the temperature
swings about its mean.

Two uses. A retrofit's nominal effect holds where it was certified and is scaled by the curve elsewhere. An original
system is in the published factors with its effect of speed and load, but at mild temperature only: there the curve
adds the ratio of what passes in the cold to what passes at the reference temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.ranges import BOUNDS, Bound, three
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]

RETROFIT = "retrofit"
KINDS = ("euro_V", "euro_VI", RETROFIT)
HALF_LOAD = 0.5
HIGHEST = 0.99
"""No curve promises more than this conversion."""

ORIGINAL = {
    "euro_IV": "euro_V",
    "euro_V": "euro_V",
    "eev": "euro_V",
    "euro_VI_abc": "euro_VI",
    "euro_VI_de": "euro_VI",
}


@dataclass(frozen=True)
class Nodes:
    """A piecewise linear curve with its range: ``x`` ascending, shape (N,); ``y`` by bound, shape (N,)."""

    x: Array
    y: Mapping[Bound, Array]

    def at(self, x: Array, bound: Bound = "value") -> Array:
        """Return the curve at ``x``, any shape; constant outside its nodes."""
        return np.asarray(np.interp(x, self.x, self.y[bound]), dtype=np.float64)


@dataclass(frozen=True)
class ScrCurves:
    """The packaged curves.

    Parameters
    ----------
    exhaust_c
        Exhaust temperature by mean speed, km/h, at half load and the reference temperature.
    per_outside_c
        Kelvin of exhaust per Kelvin outside, by mean speed.
    per_load
        Kelvin from empty to full, by bound.
    conversion
        Fraction of NOx removed by exhaust temperature, by kind of system.
    certification_kmh
        Mean speed at which a retrofit has its nominal effect (half load, reference temperature), by bound.
    reference_c
        Outside temperature at which published factors hold.
    """

    exhaust_c: Nodes
    per_outside_c: Nodes
    per_load: Mapping[Bound, float]
    conversion: Mapping[str, Nodes]
    certification_kmh: Mapping[Bound, float]
    reference_c: float


def _nodes(rows: pl.DataFrame) -> Nodes:
    ordered = rows.sort("x")
    return Nodes(ordered["x"].to_numpy(), {bound: ordered[bound].to_numpy() for bound in BOUNDS})


@cache
def load_scr() -> ScrCurves:
    """Read the packaged curves."""
    table = reference_table("scr_efficiency.csv")

    def of(quantity: str) -> pl.DataFrame:
        return table.filter(pl.col("quantity") == quantity)

    conversion = of("conversion")
    return ScrCurves(
        exhaust_c=_nodes(of("exhaust_c")),
        per_outside_c=_nodes(of("exhaust_c_per_outside_c")),
        per_load=three(of("exhaust_c_per_load").row(0, named=True)),
        conversion={kind: _nodes(conversion.filter(pl.col("kind") == kind)) for kind in KINDS},
        certification_kmh=three(of("certification_kmh").row(0, named=True)),
        reference_c=float(of("reference_outside_c")["value"][0]),
    )


def scr_kind(category: str, standard: str, aftertreatment: str) -> str | None:
    """Return the kind of SCR system a technology has, nothing where it has none or is a light vehicle.

    ``SCR_retrofit`` in the aftertreatment is a retrofit; ``SCR`` is original.
    """
    parts = aftertreatment.split("+")
    if category not in {"heavy_truck", "bus"}:
        return None
    if "SCR_retrofit" in parts:
        return RETROFIT
    return ORIGINAL.get(standard) if "SCR" in parts else None


def exhaust_temperature_c(speed_kmh: Array, load: float, outside_c: Array, curves: ScrCurves | None = None) -> Array:
    """Return the mean exhaust temperature before the catalyst.

    ``T = T_exhaust(v) + (load - 0.5) dT_load + s(v) (T_outside - T_reference)``

    Parameters
    ----------
    speed_kmh
        Mean speed with stops, shape (S,).
    load
        Fraction of the largest load, 0..1.
    outside_c
        Air temperature, degrees Celsius, shape (n,).
    curves
        The packaged ones unless given.

    Returns
    -------
    Shape (n, S).
    """
    packaged = curves or load_scr()
    level = packaged.exhaust_c.at(speed_kmh) + (load - HALF_LOAD) * packaged.per_load["value"]
    outside = np.asarray(outside_c, dtype=np.float64)[:, None] - packaged.reference_c
    return np.asarray(level[None, :] + packaged.per_outside_c.at(speed_kmh)[None, :] * outside)


def scr_efficiency(
    speed_kmh: Array,
    load: float,
    temperature_c: Array,
    *,
    kind: str = RETROFIT,
    bound: Bound = "value",
    curves: ScrCurves | None = None,
) -> Array:
    """Return the fraction of engine-out NOx removed.

    Parameters
    ----------
    speed_kmh, load, temperature_c
        As in `exhaust_temperature_c`: shapes (S,), scalar, (n,).
    kind
        One of `KINDS`.
    bound
        ``low`` and ``high`` are the ends of the range of the conversion (they hold the range of the exhaust
        temperature too).

    Returns
    -------
    Shape (n, S), 0..0.99; it never falls with speed, load or temperature.

    Raises
    ------
    InputError
        Unknown kind.
    """
    packaged = curves or load_scr()
    if kind not in packaged.conversion:
        raise InputError("no such kind of SCR system", f"Use one of {', '.join(KINDS)}.", value=kind)
    exhaust = exhaust_temperature_c(speed_kmh, load, temperature_c, packaged)
    return np.clip(packaged.conversion[kind].at(exhaust, bound), 0.0, HIGHEST)


def nominal_share(
    speed_kmh: Array, load: float, temperature_c: Array, *, bound: Bound = "value", curves: ScrCurves | None = None
) -> Array:
    """Return a retrofit's conversion over its conversion where it was certified, shape (n, S); above 1 where hotter."""
    packaged = curves or load_scr()
    here = scr_efficiency(speed_kmh, load, temperature_c, bound=bound, curves=packaged)
    speed = np.array([packaged.certification_kmh["value"]])
    there = scr_efficiency(speed, HALF_LOAD, np.array([packaged.reference_c]), curves=packaged)
    return np.asarray(here / there[0, 0])


def scr_nox_factor(
    kind: str,
    speed_kmh: Array,
    load: float,
    conditions: Conditions,
    *,
    nominal_reduction: float | None = None,
    bound: Bound = "value",
    curves: ScrCurves | None = None,
) -> Array:
    """Return what multiplies the NOx curves of a technology, averaged over the hours of each class.

    For ``retrofit``: ``1 - nominal x efficiency(v, load, T) / efficiency(certification)``, to be used instead of the
    measure's constant effect. For an original system: ``(1 - efficiency(v, load, T)) / (1 - efficiency(v, load,
    20 C))``, at least 1 below 20 C and at most 1 above; it is for factor sets without an effect of temperature.

    Parameters
    ----------
    kind
        One of `KINDS`, see `scr_kind`.
    speed_kmh
        The speed grid, shape (S,).
    load
        Fraction of the largest load.
    conditions
        Weather by month and hour, and the hour classes.
    nominal_reduction
        Fraction 0..1 of NOx that the measure removes at its certification; needed for ``retrofit`` alone.
    bound
        End of the conversion's range.

    Returns
    -------
    Shape (classes, S), positive.

    Raises
    ------
    InputError
        Unknown kind, or a retrofit without its nominal effect.
    """
    packaged = curves or load_scr()
    speeds = np.asarray(speed_kmh, dtype=np.float64)
    if kind != RETROFIT:
        mild = 1.0 - scr_efficiency(
            speeds, load, np.array([packaged.reference_c]), kind=kind, bound=bound, curves=packaged
        )
        return conditions.mean(
            lambda t, _: (1.0 - scr_efficiency(speeds, load, t, kind=kind, bound=bound, curves=packaged)) / mild
        )
    if nominal_reduction is None or not 0.0 <= nominal_reduction <= 1.0:
        raise InputError(
            "a retrofit's effect on NOx is missing or not a fraction",
            "Give the reduction where it was certified, 0 to 1.",
            value=nominal_reduction,
        )
    return conditions.mean(
        lambda t, _: (
            1.0 - np.minimum(nominal_reduction * nominal_share(speeds, load, t, bound=bound, curves=packaged), HIGHEST)
        )
    )


@cache
def load_slip() -> Mapping[str, Mapping[Bound, float]]:
    """Return N2O and NH3 that a retrofitted SCR adds, g per kg of fuel, by pollutant and bound."""
    return {row["pollutant"]: three(row) for row in reference_table("scr_slip.csv").iter_rows(named=True)}


def slip_g_per_mj(pollutant: str, heating_value_mj_per_kg: float, *, bound: Bound = "value") -> float:
    """Return what a retrofitted SCR adds per MJ of fuel: the energy curve times it is the added curve, g/km.

    Only for retrofits: the published rows of original SCR systems hold their N2O and NH3 already.

    Raises
    ------
    KeyError
        The pollutant is neither N2O nor NH3.
    """
    return load_slip()[pollutant][bound] / heating_value_mj_per_kg
