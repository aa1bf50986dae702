"""Tariffs of electricity: energy by season, kind of day and hour, demand on the month's peak, fixed charges, feed-in.

A tariff is a table with a row per element (``tables/columns/bus_charging_tariff.csv``); packaged ones stand in
``reference/charging_tariffs.csv``. Every hour of every kind of day and month has exactly one row ``energy``; rows
``adder`` come on top of it; each row ``demand`` bills the highest 15-minute mean of the whole site in its months, days
and hours, once a month; ``fixed`` is paid each month; ``export`` is what the grid pays for a kWh of the sun.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.buses.charging.slots import KINDS, MONTHS, SLOT_MINUTES, SLOTS, clock
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.reference import reference_path, reference_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

PACKAGED = "charging_tariffs.csv"
TABLE = "bus_charging_tariff"
KEY = "buses.charging.tariff"
ENERGY, ADDER, DEMAND, FIXED, EXPORT = "energy", "adder", "demand", "fixed", "export"
FLAT = "flat"
ALL = "all"


@dataclass(frozen=True)
class Charge:
    """One element of a tariff.

    Parameters
    ----------
    element
        ``energy``, ``adder``, ``demand``, ``fixed`` or ``export``.
    label
        Its name on the bill.
    price
        Per kWh, per kW and month, or per month, in the tariff's currency.
    months, slots
        When it holds, shapes (12,) and (3, 96).
    checked
        Whether its source was read.
    """

    element: str
    label: str
    price: float
    months: Bool
    slots: Bool
    checked: bool

    @property
    def mask(self) -> Bool:
        """When it holds, shape (12, 3, 96)."""
        return self.months[:, None, None] & self.slots[None, :, :]


@dataclass(frozen=True)
class Tariff:
    """A tariff with its titles, currency and year of prices."""

    name: str
    title_en: str
    title_zh: str
    currency: str
    price_year: int
    charges: tuple[Charge, ...]

    def prices(self, *elements: str) -> Float:
        """Return the sum of the elements' prices by month, kind of day and slot, shape (12, 3, 96)."""
        own = [c.price * c.mask for c in self.charges if c.element in elements]
        return np.sum(own, axis=0) if own else np.zeros((MONTHS, len(KINDS), SLOTS))

    @property
    def energy(self) -> Float:
        """What a kWh costs, shape (12, 3, 96)."""
        return self.prices(ENERGY, ADDER)

    @property
    def export(self) -> Float:
        """What a kWh fed in earns, shape (12, 3, 96)."""
        return self.prices(EXPORT)

    def of(self, element: str) -> tuple[Charge, ...]:
        """Return the charges of an element."""
        return tuple(c for c in self.charges if c.element == element)


def flat_tariff(usd_per_kwh: float, title_en: str, title_zh: str) -> Tariff:
    """Return a tariff that is one price of energy, US$ 2024."""
    always = np.ones(MONTHS, dtype=bool), np.ones((len(KINDS), SLOTS), dtype=bool)
    return Tariff(FLAT, title_en, title_zh, "USD", 2024, (Charge(ENERGY, FLAT, usd_per_kwh, *always, checked=True),))


def tariff_names() -> list[str]:
    """Return the names of the packaged tariffs."""
    return reference_table(PACKAGED)["tariff"].unique(maintain_order=True).to_list()


def read_tariff(name: str, base: Path) -> Tariff:
    """Read a packaged tariff by its name, or a table of the user's.

    Parameters
    ----------
    name
        One of `tariff_names`, or a file.
    base
        Folder that files are named from.

    Raises
    ------
    PlanError
        The name is neither.
    InputError
        A cell is wrong, an hour has no price or two, or a kWh fed in earns more than one bought costs.
    """
    if name in tariff_names():
        path = reference_path(PACKAGED)
        cells = read_cells(path, KEY)
        table = typed(cells, TABLE, path).with_columns(cells["tariff", "title_en", "title_zh"])
        return _tariff(table.filter(tariff=name), name, path)
    path = base / name
    if not path.is_file() and "." not in name:
        raise PlanError("no such tariff", f"{use_one_of(name, tariff_names())} Or name a file.", column=KEY, value=name)
    return _tariff(typed(read_cells(path, KEY), TABLE, path), path.stem, path)


def _tariff(table: pl.DataFrame, name: str, path: Path) -> Tariff:
    for column in ("currency", "price_year"):
        if (other := table.filter(pl.col(column) != table[column][0])).height:
            raise InputError(
                "a tariff has one currency and year of prices",
                f"Write {table[column][0]} in all rows.",
                *(path, other["row"][0], column, other[column][0]),
            )
    rows = table.rows(named=True)
    charges = tuple(_charge(r, path) for r in rows)
    english, chinese = (
        str(table[t][0]) if t in table.columns and table[t][0] else name for t in ("title_en", "title_zh")
    )
    found = Tariff(name, english, chinese, str(table["currency"][0]), int(table["price_year"][0]), charges)
    _check(found, [r["row"] for r in rows], path)
    return found


def _charge(row: dict[str, object], path: Path) -> Charge:
    def cell(column: str, found: Bool | None, remedy: str) -> Bool:
        if found is None:
            raise InputError("this is no such list", remedy, path, int(str(row["row"])), column, row[column])
        return found

    told = {c: str(row[c] or ALL).replace(" ", "") for c in ("months", "days", "hours")}
    months = cell("months", _range(told["months"], MONTHS, _month), "Write such as 6-9, or 1-5;10-12, or all.")
    days = cell("days", _days(told["days"]), f"Write {', '.join(KINDS)} or all, several with a semicolon.")
    remedy = "Write such as 16-21, or 7-10;15:30-18, or 23-7, or all."
    hours = cell("hours", _range(told["hours"], SLOTS, _slot), remedy)
    label = str(row["label"] or row["element"])
    checked = str(row["checked"] or "yes") == "yes"
    return Charge(str(row["element"]), label, float(str(row["value"])), months, days[:, None] & hours[None, :], checked)


def _days(text: str) -> Bool | None:
    words = text.split(";")
    if not all(w in {*KINDS, ALL} for w in words):
        return None
    return np.array([k in words or ALL in words for k in KINDS], dtype=bool)


def _month(text: str, *, end: bool) -> int | None:
    if not re.fullmatch(r"\d{1,2}", text) or not 1 <= int(text) <= MONTHS:
        return None
    return int(text) - (0 if end else 1)


def _slot(text: str, *, end: bool) -> int | None:
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", text)
    if not found:
        return None
    minutes = int(found[1]) * 60 + int(found[2] or 0)
    if minutes % SLOT_MINUTES or not 0 <= minutes <= 24 * 60 or (minutes == 24 * 60 and not end):
        return None
    return minutes // SLOT_MINUTES


def _range(text: str, size: int, read: Callable[..., int | None]) -> Bool | None:
    """Return which places of a circle a text such as ``23-7;12-13`` names; none where it cannot be read."""
    if text == ALL:
        return np.ones(size, dtype=bool)
    out = np.zeros(size, dtype=bool)
    for part in text.split(";"):
        first, dash, last = part.partition("-")
        if not dash and size != MONTHS:
            return None
        begin, end = read(first, end=False), read(last if dash else first, end=True)
        if begin is None or end is None:
            return None
        places = np.arange(begin, end if end > begin else end + size) % size
        out[places] = True
    return out


def _check(tariff: Tariff, rows: Sequence[int], path: Path) -> None:
    """Refuse hours without a price or with two, and feed-in above the price."""
    times = np.sum([c.mask for c in tariff.of(ENERGY)], axis=0) if tariff.of(ENERGY) else np.zeros((12, 3, SLOTS))
    if (times != 1).any():
        month, kind, slot = np.argwhere(times != 1)[0]
        many = "no price" if times[month, kind, slot] == 0 else "two prices"
        numbers = [
            r for r, c in zip(rows, tariff.charges, strict=True) if c.element == ENERGY and c.mask[month, kind, slot]
        ]
        raise InputError(
            f"the tariff has {many} of energy for month {month + 1}, {KINDS[kind]}, {clock(slot)}",
            "Every hour needs one row with element energy; use adder for what comes on top.",
            path,
            numbers[-1] if numbers else None,
            "hours",
        )
    if (bad := np.argwhere(tariff.export > tariff.energy + 1e-12)).size:
        month, kind, slot = bad[0]
        raise InputError(
            f"a kWh fed in earns more than one costs in month {month + 1}, {KINDS[kind]}, {clock(slot)}",
            "Lower the rows with element export: the meter could be paid for nothing.",
            path,
            column="value",
        )
