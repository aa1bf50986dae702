"""The charge curve behind a stay: what a battery can still take before it leaves, and how fast it fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

POINTS = 1500
LEAST_SHARE = 1e-3
"""A curve that ends at nought would never fill the battery: this share of the power is left."""


def curve_of(text: str) -> tuple[Float, Float]:
    """Return states of charge and power there, kW, of a text such as ``0 150;0.8 150;1 15``.

    Raises
    ------
    ValueError
        It is no such text: states must rise from 0 to 1, power must be above 0 but at the end.
    """
    pairs = [part.split() for part in text.split(";")]
    soc, kw = (np.array([float(pair[k]) for pair in pairs]) for k in (0, 1))
    if any(len(pair) != 2 for pair in pairs) or soc[0] != 0.0 or soc[-1] != 1.0 or (np.diff(soc) <= 0.0).any():
        raise ValueError(text)
    if not (np.isfinite(kw).all() and (kw[:-1] > 0.0).all() and kw[-1] >= 0.0):
        raise ValueError(text)
    return soc, kw


@dataclass(frozen=True)
class Filling:
    """How one battery fills at one charger.

    Parameters
    ----------
    kwh
        Energy in the battery, rising, shape (P,).
    hours
        Time from empty, shape (P,).
    """

    kwh: Float
    hours: Float

    def after(self, start_kwh: float, hours: Float) -> Float:
        """Return what is in the battery some hours after it held ``start_kwh``."""
        return np.interp(np.interp(start_kwh, self.kwh, self.hours) + hours, self.hours, self.kwh)

    def before(self, end_kwh: float, hours: Float) -> Float:
        """Return what must be in it some hours before it holds ``end_kwh``, charged at its fastest; 0 at the least."""
        return np.interp(np.interp(end_kwh, self.kwh, self.hours) - hours, self.hours, self.kwh)

    def rest(self, end_kwh: float, hours: Float, slot_h: float) -> Float:
        """Return what may be missing some hours before the end so that even power in the slots beside is not too late.

        What may be missing is convex in the time that is left, and a tangent lies below it: that of the middle of the
        slot before and of the one after, the lower one.

        Parameters
        ----------
        end_kwh
            In the battery at the end.
        hours
            Before the end.
        slot_h
            Length of a slot.
        """
        step = slot_h / 50.0
        out = np.full(hours.shape, np.inf)
        for middle in (hours + slot_h / 2.0, np.maximum(hours - slot_h / 2.0, 0.0)):
            there = end_kwh - self.before(end_kwh, middle)
            after = end_kwh - self.before(end_kwh, middle + step)
            out = np.minimum(out, there + (after - there) / step * (hours - middle))
        return np.where(hours <= 0.0, 0.0, np.maximum(out, 0.0))


def filling(curve: tuple[Float, Float], battery_kwh: float, most_kw: float) -> Filling:
    """Return how a battery fills: dE/dt = min(most_kw, P(E / battery_kwh)), from 0 to full.

    Between two points the power is taken as linear in the energy, so that the time is
    ``(E2 - E1) · ln(P2 / P1) / (P2 - P1)``, exact on the straight pieces of the curve.

    Parameters
    ----------
    curve
        States of charge and P there, kW, straight between them.
    battery_kwh
        Usable capacity.
    most_kw
        Of charger and cold battery.
    """
    states, kw = curve
    # where the power falls below that of the charger
    falls = np.flatnonzero((kw[:-1] > most_kw) & (kw[1:] < most_kw))
    share = (kw[falls] - most_kw) / (kw[falls] - kw[falls + 1])
    meets = states[falls] + share * (states[falls + 1] - states[falls])
    soc = np.unique(np.concatenate([np.linspace(0.0, 1.0, POINTS), states, meets]))
    power = np.minimum(most_kw, np.maximum(np.interp(soc, states, kw), LEAST_SHARE * kw.max()))
    first, second = power[:-1], power[1:]
    change = second - first
    flat = np.abs(change) <= 1e-9 * first
    slope = np.where(flat, 1.0, change)
    per_kwh = np.where(flat, 1.0 / first, np.log(second / first) / slope)
    hours = np.concatenate([[0.0], np.cumsum(np.diff(soc) * battery_kwh * per_kwh)])
    return Filling(soc * battery_kwh, hours)
