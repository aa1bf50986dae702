"""Find and bridge what no vehicle does: poles and needle-thin spikes inside a curve's speed range.

The published rational form divides by ``e v^2 + z v + h``. Where that is zero, or nearly, inside
the range of speeds, the factor shoots up or below zero over a few km/h. The rule:

1. A curve is *clean* when, sampled every 0.1 km/h, it has no root of the denominator within the
   range, no negative value within 8 km/h of a root's real part, and no peak or dip that is narrow
   (under 12 km/h at half its prominence) and prominent (over 0.15 of the curve's median); and it
   does not run away at its low end (steeper than v^-4 above 1.5 times the median, with a root
   within 1 km/h of the end). In the published tables the widths of prominent peaks leave a gap
   between 12 and 20 km/h: below it they sit on roots of the denominator, above it they are the shape.
2. Around each offending root, the narrowest stretch (ends on whole half km/h) is taken for which
   the straight line between its two ends leaves the curve clean there, and both ends are calm: the
   curve beyond them changes by no more than v^3 would (|dEF/dv| v <= 3 max(EF, median)). Where no
   such stretch of at most 15 km/h lies within the range, the value of its calm inner end is held
   to the range's end.
3. What is negative elsewhere (plain dips) is floored at zero when evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.kernels import curves

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE_STEP_KMH = 0.1
END_STEP_KMH = 0.5
NARROW_KMH = 12.0
PROMINENT = 0.15
NEGATIVE_REACH_KMH = 8.0
MAX_WIDTH_KMH = 15.0
CALM_LOG_SLOPE = 3.0
RUNAWAY_LOG_SLOPE = 4.0
RUNAWAY_LEVEL = 1.5
ROOT_IMAGINARY_KMH = 8.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bridge:
    """A bridged stretch of one row: speeds in km/h, factors at its ends, what was there."""

    row: int
    v_from_kmh: float
    v_to_kmh: float
    ef_from: float
    ef_to: float
    cause: str
    worst_ef: float


def denominator_roots(row: Array) -> NDArray[np.complex128]:
    """Return the roots of the denominator of a coefficient row."""
    e, z, h = row[curves.E], row[curves.Z], row[curves.H]
    if e == 0.0:
        return np.array([-h / z], dtype=np.complex128) if z != 0.0 else np.zeros(0, dtype=np.complex128)
    # the stable form of the quadratic formula: one root by addition, the other by division
    s = np.sqrt(complex(z * z - 4.0 * e * h))
    q = -0.5 * (z + (s if z >= 0 else -s))
    return np.array([q / e, h / q] if q != 0 else [0.0, 0.0], dtype=np.complex128)


def near_roots(row: Array) -> list[complex]:
    """Return the roots that can disturb the row: real part in its range, close to the real axis."""
    lo, hi = row[curves.V_MIN], row[curves.V_MAX]
    return [
        complex(r)
        for r in denominator_roots(row)
        if lo - 1.0 <= r.real <= hi + 1.0 and abs(r.imag) < ROOT_IMAGINARY_KMH and r.imag >= 0
    ]


def _raw(row: Array) -> Callable[[Array], Array]:
    table = row.reshape(1, -1)

    def curve(v: Array) -> Array:
        return np.asarray(curves.evaluate_raw(table, np.zeros(v.size, dtype=np.int64), v))

    return curve


def _mended(row: Array, spans: Array) -> Callable[[Array], Array]:
    """Return the curve with ``spans`` bridged, not floored."""
    raw = _raw(row)

    def curve(v: Array) -> Array:
        out = raw(v)
        for lo, hi, a, b in spans:
            inside = (v >= lo) & (v <= hi)
            out[inside] = a + (v[inside] - lo) / (hi - lo) * (b - a)
        return out

    return curve


def narrow_features(v: Array, ef: Array, median: float) -> Array:
    """Return the speeds of the narrow prominent peaks and dips of a sampled curve."""
    from scipy.signal import find_peaks, peak_widths  # slow to import, needed for curves of a pole alone

    if median <= 0.0:
        return np.zeros(0)
    capped = np.clip(ef, -50.0 * median, 50.0 * median)
    found = []
    for sign in (1.0, -1.0):
        peaks, _ = find_peaks(sign * capped, prominence=PROMINENT * median)
        if peaks.size:
            width = peak_widths(sign * capped, peaks, rel_height=0.5)[0] * (v[1] - v[0])
            found.append(v[peaks[width < NARROW_KMH]])
    return np.concatenate(found) if found else np.zeros(0)


def _samples(row: Array) -> Array:
    lo, hi = max(row[curves.V_MIN], SAMPLE_STEP_KMH), row[curves.V_MAX]
    return np.linspace(lo, hi, max(round((hi - lo) / SAMPLE_STEP_KMH), 1) + 1)


def _runs_away(v: Array, ef: Array, median: float) -> bool:
    if ef[0] <= RUNAWAY_LEVEL * median or ef[1] <= 0.0:
        return False
    return bool(np.log(ef[0] / ef[1]) / np.log(v[1] / v[0]) > RUNAWAY_LOG_SLOPE)


def offending_roots(row: Array, spans: Array | None = None) -> list[complex]:
    """Return the roots around which the row (with ``spans`` bridged) is not clean."""
    spans = np.zeros((0, 4)) if spans is None else spans
    roots = near_roots(row)
    if not roots:
        return []
    v = _samples(row)
    ef = _mended(row, spans)(v)
    median = float(np.median(np.abs(ef)))
    features = narrow_features(v, ef, median)
    lo, hi = row[curves.V_MIN], row[curves.V_MAX]
    out = []
    for root in roots:
        x = root.real
        covered = any(s[0] <= x <= s[1] for s in spans)
        pole = root.imag == 0.0 and lo <= x <= hi and not covered
        negative = bool(np.any(ef[np.abs(v - x) < NEGATIVE_REACH_KMH] < 0.0))
        spike = features.size > 0 and bool(np.min(np.abs(features - x)) < NARROW_KMH)
        runaway = x <= lo + 1.0 and _runs_away(v, ef, median)
        if pole or negative or spike or runaway:
            out.append(root)
    return out


def _calm(raw: Callable[[Array], Array], end: float, outside: float, median: float) -> float | None:
    """Return the factor at ``end`` if the curve from there to ``outside`` is calm and positive."""
    at, beyond = (float(x) for x in raw(np.array([end, outside])))
    slope = abs(at - beyond) / abs(end - outside)
    if at < 0.0 or beyond < 0.0 or slope * end > CALM_LOG_SLOPE * max(at, median):
        return None
    return at


def _span(row: Array, lo: float, hi: float, median: float, *, hold: bool) -> Array | None:
    """Return the bridge from ``lo`` to ``hi``, or nothing where an end is not calm.

    With ``hold`` one end may lie outside the range: the value of the other is held up to the range's end.
    """
    v_min, v_max = row[curves.V_MIN], row[curves.V_MAX]
    raw = _raw(row)
    inside_lo, inside_hi = lo - END_STEP_KMH >= v_min, hi + END_STEP_KMH <= v_max
    if hold == (inside_lo and inside_hi) or not (inside_lo or inside_hi):
        return None
    a = _calm(raw, lo, lo - END_STEP_KMH, median) if inside_lo else None
    b = _calm(raw, hi, hi + END_STEP_KMH, median) if inside_hi else None
    if (inside_lo and a is None) or (inside_hi and b is None):
        return None
    left = a if a is not None else b
    right = b if b is not None else a
    return np.array([[lo if inside_lo else v_min, hi if inside_hi else v_max, left, right]], dtype=np.float64)


def _narrowest(row: Array, spans: Array, centre: float, *, hold: bool) -> Array | None:
    """Return ``spans`` with the narrowest bridge around ``centre`` that leaves the row clean there."""
    first = float(np.floor(centre / END_STEP_KMH) * END_STEP_KMH)
    median = float(np.median(np.abs(_raw(row)(_samples(row)))))
    for total in range(1, int(MAX_WIDTH_KMH / END_STEP_KMH) + 1):
        # the more even split first: a bridge reaches as far to one side as to the other if it can
        for left in sorted(range(total + 1), key=lambda k: abs(2 * k - total)):
            lo = first - left * END_STEP_KMH
            hi = first + END_STEP_KMH + (total - left) * END_STEP_KMH
            span = _span(row, lo, hi, median, hold=hold)
            if span is None:
                continue
            kept = spans[(spans[:, 1] < span[0, 0]) | (spans[:, 0] > span[0, 1])]
            tried = np.vstack([kept, span])
            if not [r for r in offending_roots(row, tried) if abs(r.real - centre) < NARROW_KMH]:
                return tried
    return None


def bridge_row(row: Array, number: int) -> list[Bridge]:
    """Bridge one coefficient row.

    Parameters
    ----------
    row
        Shape (10,), see `fleet_planner.kernels.curves`.
    number
        Its row in the table.

    Returns
    -------
    list of Bridge
        Empty when the row is clean.

    Raises
    ------
    ValueError
        No stretch of at most 15 km/h makes the row clean.
    """
    spans = np.zeros((0, 4))
    for _ in range(4):
        offending = offending_roots(row, spans)
        if not offending:
            break
        centre = offending[0].real
        found = _narrowest(row, spans, centre, hold=False)
        if found is None:
            found = _narrowest(row, spans, centre, hold=True)
        if found is None:
            raise ValueError(f"row {number} cannot be bridged around {offending[0]}")
        spans = found
    raw = _raw(row)
    out = []
    for lo, hi, a, b in spans[np.argsort(spans[:, 0])]:
        v = np.linspace(lo, hi, 2001)
        ef = raw(v)
        worst = float(ef[np.argmax(np.abs(ef - (a + b) / 2.0))])
        pole = any(r.imag == 0.0 and lo <= r.real <= hi for r in near_roots(row))
        out.append(Bridge(number, float(lo), float(hi), float(a), float(b), "pole" if pole else "spike", worst))
    return out
