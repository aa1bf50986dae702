"""Vehicles kept off some roads at some hours: zones, charges, bans on some days.

Of the vehicle-km that a rule bars, each part has a fate: driven all the same (ignored, paid), driven round the area,
driven by new vehicles that are admitted, given up, or moved to other hours or days. The account of them closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.plan.operation import Ban, Zone
from fleet_planner.scenarios.operation.figures import figure, figures
from fleet_planner.scenarios.operation.model import FATES, Done, Outcome
from fleet_planner.scenarios.operation.places import days_held, distance_km, hours_of, links_of
from fleet_planner.scenarios.operation.renewal import price_of, renewed, replacements
from fleet_planner.scenarios.operation.traffic import GROUP, LEAST_SHARE, Part, concerned, isolated, parted
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.model import Activity
    from fleet_planner.scenarios.operation.model import Money, OperationSetting
    from fleet_planner.scenarios.operation.traffic import Traffic

Float = NDArray[np.float64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]
FATE_OF = {
    "ignore": "ignored",
    "pay": "paid",
    "reroute": "rerouted",
    "replace": "replaced",
    "cancel": "cancelled",
    "other_hours": "other_hours",
    "other_days": "other_days",
}
TOLD = {"zone": "operation.zone", "ban": "operation.ban"}
STAYING = ("ignored", "paid", "other_days")
"""Fates that leave the year's vehicle-km where they are."""


@dataclass(frozen=True)
class Rule:
    """A restriction made ready.

    Parameters
    ----------
    where
        Links, shape (links,).
    hours
        Hours, shape (H,).
    part
        Share of the driving there and then that is barred over the year.
    fates
        Shares of `FATES`, together 1.
    detour
        Length of the way round over that through.
    around
        Links that ways round are on, shape (links,).
    """

    where: Bool
    hours: Bool
    part: float
    fates: Mapping[str, float]
    detour: float
    around: Bool


def restriction(traffic: Traffic, wanted: Zone, setting: OperationSetting, number: int) -> Done:
    """Keep vehicles off some roads.

    Raises
    ------
    PlanError
        Nothing is open to those who go round or at other hours, or what replaces barred vehicles is barred.
    """
    kind = "ban" if isinstance(wanted, Ban) else "zone"
    rule, checked = _rule(wanted, kind, setting)
    before = traffic.total_km()
    done, groups = isolated(traffic, _barred_rows(traffic, wanted))
    fates = dict.fromkeys(FATES, 0.0)
    held = extra = 0.0
    replacing: list[str] = []
    vehicles = float(done.vehicles.filter(pl.col(GROUP).is_in(groups))["count"].sum())
    for group in groups:
        done, told, new = _cut(done, group, rule, kind, setting)
        replacing += new
        held += sum(told.values())
        extra += told["rerouted"] * (rule.detour - 1.0)
        for fate, km in told.items():
            fates[fate] += km
    costs: tuple[Money, ...] = ()
    bought = 0.0
    if replacing:
        rows = done.vehicles.filter(pl.col(GROUP).is_in(replacing))
        new_vehicles = replacements(rows, wanted, kind, setting)
        done = renewed(done, replacing, new_vehicles, kind, setting)
        if kind == "zone":  # on the days of a ban others drive that are there already
            costs, bought, known = price_of(rows, kind)
            checked &= known
    outcome = Outcome(
        kind,
        number,
        vehicles,
        held,
        before,
        done.total_km(),
        fates=fates,
        detour_km=extra,
        bought=bought,
        costs=costs,
        checked=checked,
        where=rule.where,
    )
    return Done(done, outcome, tuple(_findings(wanted, kind, rule, outcome, setting)))


def _barred_rows(traffic: Traffic, wanted: Zone) -> Bool:
    """Return the rows that a rule bars: electric vehicles only where it names them."""
    rows = concerned(traffic.vehicles, wanted)
    if not wanted.fuels and not wanted.standards:
        rows &= (traffic.vehicles["fuel"] != "electricity").to_numpy()
    return rows


def _rule(wanted: Zone, kind: str, setting: OperationSetting) -> tuple[Rule, bool]:
    where = links_of(wanted, setting, kind)
    hours = hours_of(wanted, setting.days)
    part = 1.0
    if isinstance(wanted, Ban):
        most = days_held(wanted, setting.days)
        if wanted.days_per_year > most * (1.0 + 1e-9) + 1.0:
            raise PlanError(
                f"a ban of scenario {setting.scenario} holds on more days than the year has of the days named",
                f"Give at most {most:.0f} days, or name more kinds of day under days.",
                column="scenario.operation.ban.days_per_year",
                value=wanted.days_per_year,
            )
        part = min(wanted.days_per_year / most, 1.0) * wanted.share_barred
    responses, known = _responses(wanted)
    detour = figure("zone", "detour")
    factor = detour.value if wanted.detour is None else wanted.detour
    checked = known and (wanted.detour is not None or detour.checked or not responses.get("reroute"))
    around = _around(wanted, where, kind, setting) if responses.get("reroute") else np.zeros(where.size, dtype=np.bool_)
    fates = {fate: responses.get(response, 0.0) for response, fate in FATE_OF.items()}
    return Rule(where, hours, part, fates, factor, around), checked


def _responses(wanted: Zone) -> tuple[dict[str, float], bool]:
    """Return the shares of what drivers do, the plan's or the packaged ones, and whether these were checked."""
    if wanted.responses:
        return {str(k): v for k, v in wanted.responses.items()}, True
    if isinstance(wanted, Ban):
        packaged = figures("ban", "response_half" if wanted.share_barred < 1.0 else "response_all")
    else:
        packaged = figures("zone", "response_charge" if wanted.charge else "response_barred")
    return {name: f.value for name, f in packaged.items()}, all(f.checked for f in packaged.values())


def _around(wanted: Zone, where: Bool, kind: str, setting: OperationSetting) -> Bool:
    """Return the links that ways round are on: those near the area, else all others."""
    around = ~where
    if wanted.area:
        reach = wanted.reroute_within_km or figure("zone", "reroute_within_km").value
        near = distance_km(setting, setting.base / wanted.area, f"scenario.operation.{kind}.area") <= reach
        if (around & near).any():
            around &= near
    if not around.any():
        raise PlanError(
            f"measure {kind} of scenario {setting.scenario} holds on every road: there is no way round",
            "Give responses without reroute, or an area.",
            column=f"scenario.operation.{kind}.responses",
            value=wanted.responses or "default",
        )
    return around


def _cut(
    traffic: Traffic, group: str, rule: Rule, kind: str, setting: OperationSetting
) -> tuple[Traffic, dict[str, float], list[str]]:
    """Cut a group by what becomes of its barred driving; return also vehicle-km by fate, and groups to be replaced."""
    activity = traffic.activity
    g = traffic.place(group)
    km, row, share = activity.km[g], activity.row[g], activity.share
    in_hours = share[:, rule.hours].sum(axis=1)
    barred = np.where(rule.where, km * in_hours[row], 0.0) * rule.part
    total, held = float(km.sum()), float(barred.sum())
    fates = {fate: held * part for fate, part in rule.fates.items()}
    if held <= LEAST_SHARE * total:
        return traffic, dict.fromkeys(FATES, 0.0), []
    staying = sum(rule.fates[f] for f in STAYING)
    left = _with_less(activity, g, rule, rule.part * (1.0 - staying))
    z = held / total
    moving = {f: z * rule.fates[f] for f in ("rerouted", "replaced", "other_hours") if rule.fates[f] > 0.0}
    parts = [Part(1.0 - sum(moving.values()), *left)]
    replaced = []
    for fate, vehicles in moving.items():
        if fate == "rerouted":
            parts.append(Part(vehicles, *_round(activity, g, rule, barred, kind, setting)))
        elif fate == "replaced":
            replaced.append(len(parts))
            parts.append(Part(vehicles, *_same_place(activity, g, rule, barred * rule.fates[fate])))
        else:
            parts.append(Part(vehicles, *_other_hours(activity, g, rule, barred * rule.fates[fate], kind, setting)))
    done, names = parted(traffic, group, parts)
    return done, fates, [names[k] for k in replaced]


Driving = tuple[Float, Int32, Float]
"""Vehicle-km by link, row of the shares by link, and the shares behind the activity's."""


def _with_less(activity: Activity, g: int, rule: Rule, less: float) -> Driving:
    """Return a group's driving without a part of what is barred."""
    rows, which = np.unique(activity.row[g][rule.where], return_inverse=True)
    left = activity.share[rows] * np.where(rule.hours, 1.0 - less, 1.0)
    kept = left.sum(axis=1)
    km, row = activity.km[g].copy(), activity.row[g].copy()
    km[rule.where] *= kept[which]
    row[rule.where] = activity.share.shape[0] + which.astype(np.int32)
    return km, row, _adding_up(left)


def _same_place(activity: Activity, g: int, rule: Rule, km: Float) -> Driving:
    """Return driving on the links of the rule, at its hours as before."""
    rows, which = np.unique(activity.row[g][rule.where], return_inverse=True)
    row = activity.row[g].copy()
    row[rule.where] = activity.share.shape[0] + which.astype(np.int32)
    return km, row, _adding_up(activity.share[rows] * rule.hours)


def _other_hours(activity: Activity, g: int, rule: Rule, km: Float, kind: str, setting: OperationSetting) -> Driving:
    """Return driving on the links of the rule at the hours that it leaves open."""
    if rule.hours.all():
        raise PlanError(
            f"measure {kind} of scenario {setting.scenario} holds at all hours: there are no other hours",
            "Give responses without other_hours, or fewer hours.",
            column=f"scenario.operation.{kind}.responses",
            value="other_hours",
        )
    rows, which = np.unique(activity.row[g][rule.where], return_inverse=True)
    row = activity.row[g].copy()
    row[rule.where] = activity.share.shape[0] + which.astype(np.int32)
    open_share = activity.share[rows] * ~rule.hours
    none = open_share.sum(axis=1) <= 0.0
    open_share[none] = ~rule.hours  # who never drives at the open hours is spread evenly over them
    return km, row, _adding_up(open_share)


def _round(activity: Activity, g: int, rule: Rule, barred: Float, kind: str, setting: OperationSetting) -> Driving:
    """Return driving on the links around, where the group drives there, at the hours of what is barred."""
    weight = np.where(rule.around, activity.km[g], 0.0)
    if weight.sum() <= 0.0:
        weight = np.where(rule.where, 0.0, activity.km[g])
    if weight.sum() <= 0.0:
        raise PlanError(
            f"measure {kind} of scenario {setting.scenario} bars {activity.streams[g]} from every road that it uses: "
            "there is no way round",
            "Give responses without reroute.",
            column=f"scenario.operation.{kind}.responses",
            value="reroute",
        )
    rows = activity.row[g]
    by_row = np.bincount(rows, weights=barred, minlength=activity.share.shape[0])
    in_hours = activity.share * rule.hours
    sums = in_hours.sum(axis=1)
    part = np.divide(by_row, sums, out=np.zeros_like(by_row), where=sums > 0.0)
    hourly = part @ in_hours
    km = weight / weight.sum() * float(barred.sum()) * rule.fates["rerouted"] * rule.detour
    row = np.full(km.size, activity.share.shape[0], dtype=np.int32)
    return km, row, _adding_up(hourly[None, :])


def _adding_up(share: Float) -> Float:
    """Return spreads that add up to 1; even ones where nothing is left."""
    sums = share.sum(axis=1, keepdims=True)
    return np.where(sums > 0.0, share / np.where(sums > 0.0, sums, 1.0), 1.0 / share.shape[1])


def _findings(wanted: Zone, kind: str, rule: Rule, outcome: Outcome, setting: OperationSetting) -> list[Finding]:
    links = setting.network.links
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "links_km": f"{float(links['length_km'].to_numpy()[rule.where].sum()):.0f}",
        "km": f"{outcome.km_concerned:.0f}",
        "fates": ", ".join(f"{name} {100.0 * part:.0f} %" for name, part in rule.fates.items() if part > 0.0),
    }
    share = outcome.km_concerned / (outcome.km_before or 1.0)
    out = [Finding(TOLD[kind], "info", values, round(outcome.vehicles), share)]
    if outcome.km_concerned == 0.0:
        out.append(Finding("operation.nothing_barred", "warning", {"scenario": setting.title, "measure": kind}))
    if isinstance(wanted, Ban):
        days = {"scenario": setting.title, "days": f"{wanted.days_per_year:g}", "year": f"{DAYS_PER_YEAR:g}"}
        out.append(Finding("operation.ban_days", "assumption", days))
    if not wanted.responses:
        out.append(Finding("operation.responses_default", "assumption", {"scenario": setting.title, "measure": kind}))
    if wanted.charge:
        out.append(Finding("operation.charge", "assumption", {"scenario": setting.title}))
    return out
