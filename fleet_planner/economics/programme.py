"""What a scenario costs year by year against the baseline: what it buys, what it runs, what is left at the end.

Amounts are changes against the baseline in US dollars of 2024, in the year in which they are paid. What is bought is
used from that year on and has a life of its own; what is left of it after the last year is credited there, in
proportion to the years left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.incentives import Bought, shared_out
from fleet_planner.economics.learning import battery_price, capitals_in, whole
from fleet_planner.economics.ownership import carbon_cost, energy_cost, energy_taxes
from fleet_planner.economics.ownership_table import purchase_tax
from fleet_planner.economics.use_by_year import changes_by_year
from fleet_planner.economics.vehicle_costs import residual_share, vehicle_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_planner.economics.ownership import Use, View
    from fleet_planner.economics.ownership_table import Outlook
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.economics.vehicle_costs import VehicleCosts

Float = NDArray[np.float64]
Amount = float | Float
"""One amount, or one in every draw of a run."""
CAPITAL = ("vehicles", "equipment", "battery", "chargers", "grid")
RUNNING = ("maintenance", "insurance", "energy", "carbon")
LINES = (*CAPITAL, *RUNNING, "energy_taxes", "purchase_taxes", "incentives", "residual")


@dataclass(frozen=True)
class Reach:
    """Vehicles of a stream with a measure in a year, and those new with it."""

    year: int
    measure_id: str
    stream: str
    vehicles: float
    new: float


@dataclass(frozen=True)
class Sale:
    """Vehicles that a scenario's own turnover brings in a year above the baseline's: new, and used from outside."""

    year: int
    stream: str
    new: float
    used: float
    used_age: int


@dataclass(frozen=True)
class Errors:
    """What a draw makes of the costs of measures.

    Parameters
    ----------
    draws
        How many.
    capital, running
        Multipliers by measure, shape (draws,) each; a measure that is not named costs what its terms say.
    """

    draws: int
    capital: Mapping[str, Float]
    running: Mapping[str, Float]


@dataclass(frozen=True)
class Programme:
    """A scenario over the years.

    Parameters
    ----------
    scenario
        Its name.
    years
        Of the costs, without a gap.
    reached
        By year, measure and stream.
    change
        What its fleet uses a year above the baseline's, in the years whose emissions are computed.
    terms
        Of its measures.
    sales
        Of a turnover of its own.
    fleet_changes
        Whether it has a turnover or measures in operation of its own: then its change is not of its measures alone.
    errors
        Of its costs, in draws of a run.
    """

    scenario: str
    years: range
    reached: tuple[Reach, ...]
    change: Mapping[int, Use]
    terms: Mapping[str, MeasureTerms]
    sales: tuple[Sale, ...] = ()
    fleet_changes: bool = False
    errors: Errors | None = None

    @property
    def vehicles(self) -> dict[int, float]:
        """Vehicles with a measure, by year; one with two measures counts twice."""
        out: dict[int, float] = {}
        for reach in self.reached:
            out[reach.year] = out.get(reach.year, 0.0) + reach.vehicles
        return out


class Ledger:
    """Amounts by line and year: arrays of shape (years,), or (years, draws)."""

    def __init__(self, years: range, draws: int | None = None) -> None:
        self.years = years
        shape = (len(years),) if draws is None else (len(years), draws)
        self.lines: dict[str, Float] = {line: np.zeros(shape) for line in LINES}

    def add(self, line: str, year: int, amount: Amount) -> None:
        """Add an amount to a line; years outside are left out."""
        if year in self.years:
            self.lines[line][year - self.years.start] += amount

    def bought(self, line: str, year: int, amount: Amount, life: float, used_from: int | None = None) -> None:
        """Add a purchase, and what is left of it after the last year.

        Parameters
        ----------
        line, year, amount
            What is paid when.
        life
            Years of use.
        used_from
            First year of use; none: the year of the purchase.
        """
        used = max(self.years.stop - (year if used_from is None else used_from), 0)
        self.valued(line, year, amount, max(1.0 - used / life, 0.0))

    def valued(self, line: str, year: int, amount: Amount, left: float) -> None:
        """Add a purchase, and the share of it that is left after the last year."""
        if year in self.years:
            self.add(line, year, amount)
            self.add("residual", self.years.stop - 1, -amount * left)


def costs_by_year(programme: Programme, outlook: Outlook, view: View) -> Ledger:
    """Return the costs of a scenario as one of the views has them.

    Parameters
    ----------
    programme
        What it reaches and changes.
    outlook
        Prices and figures.
    view
        Private or public.
    """
    book = costs_without_use(programme, outlook, view)
    reached = {} if programme.fleet_changes else programme.vehicles
    changes = changes_by_year(programme.change, reached, programme.years)
    for year, use in changes.items():
        book.add("energy", year, energy_cost(use, outlook.prices, year))
        book.add("carbon", year, carbon_cost(use, outlook.prices, view, year))
    if view.is_private:
        for year, use in changes.items():
            book.add("energy_taxes", year, energy_taxes(use, outlook.prices))
    return book


def costs_without_use(programme: Programme, outlook: Outlook, view: View) -> Ledger:
    """Return the costs of a scenario without those of what it uses: energy with its taxes, and carbon.

    Where the programme has errors of its costs, there is an amount in every draw.
    """
    book = Ledger(programme.years, None if programme.errors is None else programme.errors.draws)
    for reach in programme.reached:
        _equipment(reach, programme, outlook, book)
    for sale in programme.sales:
        _sold(sale, outlook, view, book)
    _chargers(programme, outlook, book)
    if view.is_private:
        for reach in programme.reached:
            book.add("purchase_taxes", reach.year, reach.new * _purchase_tax(reach, programme, outlook))
        for grant_year, paid in grants_by_year(programme, outlook):
            book.add("incentives", grant_year, -paid)
    return book


def class_costs(outlook: Outlook, stream: str) -> VehicleCosts | None:
    """Return the figures of a stream's vehicles; None where it has no class."""
    kind = vehicle_class(stream)
    return None if kind is None else outlook.classes[kind]


def capital_of(reach: Reach, programme: Programme, outlook: Outlook) -> Amount:
    """Return what a measure costs per vehicle in the year of an entry."""
    terms, costs = programme.terms[reach.measure_id], class_costs(outlook, reach.stream)
    battery = costs.battery_kwh if costs is not None and terms.electric else 0.0
    learning = outlook.section.learning.get(reach.measure_id)
    errors = programme.errors
    today = np.array(terms.capital)
    if errors is not None:
        today = terms.capital * errors.capital.get(reach.measure_id, np.ones(errors.draws))
    then = capitals_in(today, battery, learning, reach.year, outlook.prices.base_year)
    return float(then) if errors is None else then


def grants_by_year(programme: Programme, outlook: Outlook) -> Iterable[tuple[int, Amount]]:
    """Yield what incentives pay all vehicles of a purchase, with the year."""
    by_year: dict[int, list[Bought]] = {}
    paid: dict[int, list[Float]] = {}
    for reach in programme.reached:
        terms = programme.terms[reach.measure_id]
        by_year.setdefault(reach.year, []).append(Bought(reach.measure_id, reach.stream, reach.new, terms.capital))
        paid.setdefault(reach.year, []).append(np.asarray(capital_of(reach, programme, outlook)))
    for year, purchases in by_year.items():
        for share in shared_out(outlook.section.incentive, year, purchases, paid[year]):
            amount = share.each * purchases[share.which].vehicles
            yield year, float(amount) if programme.errors is None else amount


def _equipment(reach: Reach, programme: Programme, outlook: Outlook, book: Ledger) -> None:
    """Book an entry's vehicles or devices, their upkeep and insurance, and batteries after the first."""
    terms, costs = programme.terms[reach.measure_id], class_costs(outlook, reach.stream)
    running: Amount = terms.running
    if programme.errors is not None and reach.measure_id in programme.errors.running:
        running = terms.running * programme.errors.running[reach.measure_id]
    book.add("maintenance", reach.year, reach.vehicles * running)
    if reach.new == 0.0:
        return
    capital = reach.new * capital_of(reach, programme, outlook)
    book.bought("equipment", reach.year, capital, terms.life_years)
    if costs is None or not terms.replaces:
        return
    for age in range(whole(terms.life_years)):
        book.add("insurance", reach.year + age, capital * costs.insurance_extra_share)
    if terms.electric:
        life, held = whole(costs.battery_life_years), whole(terms.life_years)
        for age in range(life, held, life):
            year = reach.year + age
            packs = reach.new * costs.battery_kwh * battery_price().at(year)
            book.bought("battery", year, packs, min(life, held - age))


def _sold(sale: Sale, outlook: Outlook, view: View, book: Ledger) -> None:
    """Book vehicles at the price of conventional ones, used ones at what is left of it at their age."""
    costs = class_costs(outlook, sale.stream)
    if costs is None:
        return
    for number, age in ((sale.new, 0), (sale.used, sale.used_age)):
        paid = number * costs.price * residual_share(age)
        kept = residual_share(age + book.years.stop - sale.year) / residual_share(age)
        book.valued("vehicles", sale.year, paid, kept)
    if view.is_private:
        book.add("purchase_taxes", sale.year, sale.new * costs.price * outlook.section.taxes.purchase_share)


def _purchase_tax(reach: Reach, programme: Programme, outlook: Outlook) -> Amount:
    """Return the tax on a purchase above that on a conventional vehicle."""
    terms, costs, taxes = programme.terms[reach.measure_id], class_costs(outlook, reach.stream), outlook.section.taxes
    rate, capital = purchase_tax(taxes, (terms,)), capital_of(reach, programme, outlook)
    if costs is None or not terms.replaces:
        return rate * capital
    return rate * (costs.price + capital) - taxes.purchase_share * costs.price


def charging_need(programme: Programme, outlook: Outlook) -> dict[str, Float]:
    """Return the charging power that a scenario's electric vehicles need by class and year, kW."""
    need: dict[str, Float] = {}
    for reach in programme.reached:
        costs = class_costs(outlook, reach.stream)
        if costs is None or not programme.terms[reach.measure_id].electric or reach.year not in programme.years:
            continue
        row = need.setdefault(costs.vehicle_class, np.zeros(len(programme.years)))
        row[reach.year - programme.years.start] += reach.vehicles * costs.charger_kw
    return need


def _chargers(programme: Programme, outlook: Outlook, book: Ledger) -> None:
    """Book chargers when electric vehicles need them, and the grid behind them as many years before as it takes."""
    need = charging_need(programme, outlook)
    if not need:
        return
    years, charging = programme.years, outlook.section.charging
    for name, kw in need.items():
        costs = outlook.classes[name]
        life = whole(costs.charger_life_years)
        for year, held, new in zip(years, kw, installed(kw, life), strict=True):
            book.bought("chargers", year, float(new) * costs.charger_per_kw, life)
            book.add("maintenance", year, float(held) * costs.charger_per_kw * costs.charger_maintenance_share)
    total = np.sum(list(need.values()), axis=0)
    weights = {name: float(kw.sum()) for name, kw in need.items()}
    per_kw = sum(w * outlook.classes[n].grid_per_kw for n, w in weights.items()) / max(sum(weights.values()), 1e-300)
    life = min(whole(outlook.classes[name].grid_life_years) for name in need)
    above = np.maximum.accumulate(np.maximum(total - charging.headroom_kw, 0.0))
    for year, new in zip(years, installed(above, life), strict=True):
        ordered = max(year - charging.upgrade_lead_years, years.start)
        book.bought("grid", ordered, float(new) * per_kw, life, used_from=year)


def ahead_of_the_grid(programme: Programme, outlook: Outlook) -> float:
    """Return the most electric vehicles that a year has before an upgrade ordered in the base year can serve them.

    Only years count whose chargers need more than the headroom.
    """
    charging, base = outlook.section.charging, outlook.prices.base_year
    total = sum(charging_need(programme, outlook).values(), np.zeros(len(programme.years)))
    vehicles: dict[int, float] = {}
    for reach in programme.reached:
        if programme.terms[reach.measure_id].electric and class_costs(outlook, reach.stream) is not None:
            vehicles[reach.year] = vehicles.get(reach.year, 0.0) + reach.vehicles
    early = [
        vehicles.get(year, 0.0)
        for year, kw in zip(programme.years, total, strict=True)
        if year < base + charging.upgrade_lead_years and kw > charging.headroom_kw
    ]
    return max(early, default=0.0)


def installed(need: Float, life: int) -> Float:
    """Return what has to be bought each year so that what is alive meets the need; a purchase lives so many years."""
    new = np.zeros(len(need))
    for k, wanted in enumerate(need):
        alive = float(new[max(k - life + 1, 0) : k].sum())
        new[k] = max(float(wanted) - alive, 0.0)
    return new


def with_renewals(reached: Iterable[Reach], terms: Mapping[str, MeasureTerms]) -> tuple[Reach, ...]:
    """Return entries in which devices are bought again when their life is over and their vehicles still stand.

    A year buys what is new in it, or what the standing vehicles have above the devices bought within a life, whichever
    is more. Devices that were scrapped with their vehicles still count there as alive: the renewals are a lower bound.
    Vehicles that replace others are bought again by the trajectory itself.

    Parameters
    ----------
    reached
        By year, measure and stream, years ascending.
    terms
        Of the measures.
    """
    bought: dict[tuple[str, str], list[tuple[int, float]]] = {}
    out = []
    for reach in reached:
        of = terms[reach.measure_id]
        if of.replaces or of.capital <= 0.0:
            out.append(reach)
            continue
        had = bought.setdefault((reach.measure_id, reach.stream), [])
        alive = sum(number for year, number in had if reach.year - year < whole(of.life_years))
        new = max(reach.new, reach.vehicles - alive)
        had.append((reach.year, new))
        out.append(replace(reach, new=new))
    return tuple(out)


def standing_still(
    years: range, entries: Iterable[tuple[str, str, float]], terms: Mapping[str, MeasureTerms]
) -> tuple[Reach, ...]:
    """Return the entries of a fleet that stays as it is: bought in the first year and again when its life is over.

    Parameters
    ----------
    years
        Of the costs.
    entries
        Measure, stream, vehicles.
    terms
        Of the measures.
    """
    return tuple(
        Reach(year, measure, stream, number, 0.0 if (year - years.start) % whole(terms[measure].life_years) else number)
        for year in years
        for measure, stream, number in entries
    )
