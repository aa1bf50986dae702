"""Survival curves: which share of the vehicles of an age is still on the road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMS = ("weibull", "weibull_shifted", "logistic", "double_logistic", "fixed")
ANY_REGION = "*"
USER_COLUMNS = ("applies", "form", "a", "b")
USER_SET = "plan"
LEAST_AT_START = 0.33
"""A new vehicle lives: a curve that leaves less has its parameters mixed up."""


@dataclass(frozen=True)
class Curve:
    """A survival curve.

    Parameters
    ----------
    applies
        Stream or category.
    form
        One of `FORMS`.
    a, b
        Its parameters, years (``b`` of a Weibull curve: shape).
    set_name
        Set that it belongs to.
    checked
        Whether its figures were read in their source.
    """

    applies: str
    form: str
    a: float
    b: float
    set_name: str
    checked: bool

    def survival(self, age_years: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share that lives at ages, falling from 1 at age 0; same shape.

        ``weibull``: exp(-(t / a)^b). ``weibull_shifted``: exp(-((t + b) / a)^b). ``logistic``: 1 / (1 + exp((t - a) /
        b)). ``double_logistic``: 1 / (1 + exp(a (t + b))) + 1 / (1 + exp(a (t - b))). ``fixed``: all live to ``a``,
        crossed within a year. Values are divided by that of age 0.
        """
        return self._raw(np.asarray(age_years, dtype=np.float64)) / self.at_start()

    def at_start(self) -> float:
        """Return what the form gives for age 0, before values are divided by it."""
        return float(self._raw(np.zeros(1))[0])

    def _raw(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = self.a, self.b
        if self.form == "weibull":
            return _weibull(t / a, b)
        if self.form == "weibull_shifted":
            return _weibull((t + b) / a, b)
        if self.form == "logistic":
            return _falling((t - a) / b)
        if self.form == "double_logistic":
            return _falling(a * (t + b)) + _falling(a * (t - b))
        return np.clip(a + 0.5 - t, 0.0, 1.0)

    def keep(self, ages: int) -> NDArray[np.float64]:
        """Return the share of the vehicles of each age that lives another year, shape (ages,)."""
        alive = self.survival(np.arange(ages + 1, dtype=np.float64))
        return np.clip(np.divide(alive[1:], alive[:-1], out=np.zeros(ages), where=alive[:-1] > 0.0), 0.0, 1.0)


def _weibull(x: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """Return exp(-x^shape), 0 where the power is beyond what a float holds."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.exp(-(x**shape)))


def _falling(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(np.minimum(x, 700.0)))


def load_curves(region: str, user: Path | None) -> dict[str, Curve]:
    """Return the curves of a region by stream or category: the plan's first, then the region's, then the general ones.

    Parameters
    ----------
    region
        Country or region code.
    user
        CSV of the plan with columns `USER_COLUMNS`; nothing without.

    Raises
    ------
    InputError
        The file of the plan cannot be read or holds something impossible.
    """
    table = reference_table("survival.csv")
    out: dict[str, Curve] = {}
    for asked in (ANY_REGION, REGION_FALLBACK.get(region, region), region):
        for row in table.filter(pl.col("region") == asked).iter_rows(named=True):
            checked = row["checked"] == "yes"
            out[row["applies"]] = Curve(
                row["applies"], row["form"], float(row["a"]), float(row["b"]), row["survival_set"], checked
            )
    return out | (_user_curves(user) if user is not None else {})


def curve_of(curves: dict[str, Curve], stream: str, category: str) -> Curve:
    """Return the curve of a stream, else that of its category."""
    return curves.get(stream) or curves[category]


def _user_curves(path: Path) -> dict[str, Curve]:
    if not path.is_file():
        raise InputError("there is no such table of survival curves", "Check turnover.survival in the plan.", file=path)
    try:
        table = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(f"the table cannot be read: {error}", "Save it as CSV in UTF-8.", file=path) from error
    if missing := [c for c in USER_COLUMNS if c not in table.columns]:
        raise InputError(
            f"the table of survival curves lacks {', '.join(missing)}",
            f"It needs the columns {', '.join(USER_COLUMNS)}.",
            file=path,
            row=1,
        )
    known = {
        *reference_table("streams.csv")["stream"],
        *reference_table("segment_defaults.csv")["category"],
        *reference_table("load_defaults.csv")["category"],
    }
    out = {}
    for number, row in enumerate(table.iter_rows(named=True), start=2):
        applies, form = str(row["applies"]), str(row["form"])
        if applies not in known:
            raise InputError(
                "a survival curve applies to an unknown stream or category",
                use_one_of(applies, known),
                file=path,
                row=number,
                column="applies",
                value=applies,
            )
        if form not in FORMS:
            raise InputError(
                "unknown form of a survival curve",
                use_one_of(form, FORMS),
                file=path,
                row=number,
                column="form",
                value=form,
            )
        a, b = (_positive(row[name], path, number, name, zero_too=form == "fixed" and name == "b") for name in "ab")
        curve = Curve(applies, form, a, b, USER_SET, checked=True)
        if curve.at_start() < LEAST_AT_START:
            raise InputError(
                "a survival curve leaves less than a third at age 0",
                "Check whether a and b are in the order of docs/turnover.md.",
                file=path,
                row=number,
                column="b",
                value=row["b"],
            )
        out[applies] = curve
    return out


def _positive(text: str | None, path: Path, row: int, column: str, *, zero_too: bool) -> float:
    try:
        value = float(text or "nan")
    except ValueError:
        value = float("nan")
    if not (value > 0.0 or (zero_too and (text is None or value == 0.0))):
        raise InputError(
            "a parameter of a survival curve must be above 0",
            "Give years (and the shape of a Weibull curve).",
            file=path,
            row=row,
            column=column,
            value=text,
        )
    return max(0.0, value)
