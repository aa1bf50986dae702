"""Old vehicles replaced by new ones that a rule admits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.fleet import Fleet
from fleet_planner.fleet.dates import dated_standards
from fleet_planner.fleet.mapping import with_aftertreatment
from fleet_planner.fleet.vocabulary import ELECTRICITY, HEAVY, ZERO_EMISSION, hot_keys
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios.apply import apply_scenario, baseline
from fleet_planner.scenarios.operation.figures import figure
from fleet_planner.scenarios.operation.model import Money
from fleet_planner.scenarios.operation.traffic import GROUP, Traffic, marked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.operation import Scrappage, Zone
    from fleet_planner.scenarios.operation.model import OperationSetting

NOT_REGISTRY = ("baseline_row", "idle_measures", "measures", GROUP)
CLEAN_FUEL_PPM = 10.0
"""The fuel was judged when the scenario's measures were applied; here its effect on new engines is looked up."""


@dataclass(frozen=True)
class NewVehicle:
    """Fuel and standard of what replaces a vehicle."""

    fuel: str
    standard: str


def replacements(
    rows: pl.DataFrame, wanted: Zone | Scrappage, kind: str, setting: OperationSetting
) -> dict[tuple[str, str], NewVehicle]:
    """Return what replaces the vehicles of each category and fuel: the plan's standard, or the newest in force.

    Where that is barred too, it is the nearest standard beyond that is admitted, and an electric vehicle where none is.

    Raises
    ------
    PlanError
        The plan's standard is unknown or barred, or nothing is admitted.
    """
    key = f"scenario.operation.{kind}.replacement_standard"
    _check_named(rows, wanted.replacement_standard, kind, key, setting)
    pairs = rows.select("category", "fuel").unique().sort("category", "fuel")
    newest = dated_standards(pairs.with_columns(model_year=pl.lit(setting.year, dtype=pl.Int32)), setting.country)
    in_force = {(c, f): s for c, f, s in newest.select("category", "fuel", "dated").iter_rows()}
    out = {}
    for category, fuel in pairs.iter_rows():
        named = wanted.replacement_standard.get(category)
        standard = named or in_force.get((category, fuel), "")
        new = NewVehicle(ELECTRICITY if standard == ZERO_EMISSION else fuel, standard)
        if not named and (not standard or barred(new, wanted)):
            new = _next_admitted(category, new, wanted)
        if barred(new, wanted):
            raise PlanError(
                f"measure {kind} of scenario {setting.scenario} bars what replaces barred vehicles: {category}, "
                f"{new.fuel}, {new.standard}",
                "Name standards or fuels that are barred so that something is admitted, or set responses without "
                "replace.",
                column=key,
                value=named,
            )
        out[category, fuel] = new
    return out


def barred(vehicle: NewVehicle, wanted: Zone | Scrappage) -> bool:
    """Whether a measure concerns a vehicle of a fuel and standard; electric ones only where it names either."""
    if not wanted.standards and not wanted.fuels:
        return vehicle.fuel != ELECTRICITY
    by_standard = not wanted.standards or vehicle.standard in wanted.standards
    return by_standard and (not wanted.fuels or vehicle.fuel in wanted.fuels)


def _next_admitted(category: str, newest: NewVehicle, wanted: Zone | Scrappage) -> NewVehicle:
    """Return the nearest standard beyond the newest in force that is admitted, else an electric vehicle."""
    keys = hot_keys().filter((pl.col("category") == category) & (pl.col("fuel") == newest.fuel))
    order = STANDARD_ORDER.get(newest.standard, -1)
    later = sorted((STANDARD_ORDER[s], s) for s in keys["standard"].unique() if STANDARD_ORDER.get(s, -1) > order)
    for _, standard in later:
        if not barred(new := NewVehicle(newest.fuel, standard), wanted):
            return new
    return NewVehicle(ELECTRICITY, ZERO_EMISSION)


def _check_named(rows: pl.DataFrame, named: Mapping[str, str], kind: str, key: str, setting: OperationSetting) -> None:
    for category, standard in named.items():
        published = hot_keys().filter(pl.col("category") == category)["standard"].unique()
        known = {*published, ZERO_EMISSION}
        if published.is_empty():
            raise PlanError(
                f"measure {kind} of scenario {setting.scenario} names an unknown category",
                use_one_of(category, rows["category"].unique()),
                column=key,
                value=category,
            )
        if standard not in known or (standard not in STANDARD_ORDER and standard != ZERO_EMISSION):
            raise PlanError(
                f"measure {kind} of scenario {setting.scenario} names an unknown standard for {category}",
                use_one_of(standard, known),
                column=key,
                value=standard,
            )


def renewed(
    traffic: Traffic,
    groups: list[str],
    new: Mapping[tuple[str, str], NewVehicle],
    kind: str,
    setting: OperationSetting,
) -> Traffic:
    """Replace the vehicles of some groups; the new ones burn the fuel that the old ones got."""
    mine = traffic.vehicles[GROUP].is_in(groups)
    old = traffic.vehicles.filter(mine)
    if old.is_empty():
        return traffic
    table = pl.DataFrame(
        [(c, f, v.fuel, v.standard) for (c, f), v in new.items()],
        schema=["category", "fuel", "new_fuel", "new_standard"],
        orient="row",
    )
    bare = old.join(table, on=["category", "fuel"], how="left", maintain_order="left").with_columns(
        fuel=pl.col("new_fuel"),
        standard=pl.col("new_standard"),
        aftertreatment=pl.when(pl.col("new_standard") == ZERO_EMISSION).then(pl.lit("none")),
        model_year=pl.lit(setting.year).cast(old.schema["model_year"]),
        odometer_km=pl.lit(None).cast(old.schema["odometer_km"]),
        fuel_blend=pl.when(pl.col("new_fuel") == pl.col("fuel")).then(pl.col("fuel_blend")).otherwise(pl.lit("")),
    )
    vehicles = marked(with_aftertreatment(bare).select(old.columns), kind)
    kept = (traffic.vehicles.filter(~mine), traffic.multipliers.filter(~mine))
    multipliers = _new_multipliers(vehicles, setting).select(traffic.multipliers.columns)
    return Traffic(pl.concat([kept[0], vehicles]), pl.concat([kept[1], multipliers]), traffic.activity)


def _new_multipliers(vehicles: pl.DataFrame, setting: OperationSetting) -> pl.DataFrame:
    """Return the multipliers of new vehicles: those of their fuel alone."""
    known = set(setting.measures["measure_id"].to_list())
    ordered = vehicles.drop([c for c in NOT_REGISTRY if c in vehicles.columns]).with_row_index("place")
    parts = []
    for (blend,), rows in ordered.partition_by("fuel_blend", as_dict=True, maintain_order=True).items():
        fleet = Fleet(rows.drop("place"), pl.DataFrame())
        if blend in known:
            one = Scenario(name="new", title="new", measure=[ScenarioMeasure(measure=str(blend))])
            state = apply_scenario(fleet, one, setting.measures, sulphur_ppm=CLEAN_FUEL_PPM, country=setting.country)
        else:
            state = baseline(fleet)
        places = rows["place"].gather(state.vehicles["baseline_row"])
        parts.append(state.multipliers.with_columns(place=places))
    return pl.concat(parts).sort("place").drop("place")


def price_of(vehicles: pl.DataFrame, kind: str) -> tuple[tuple[Money, ...], float, bool]:
    """Return what new vehicles cost, their number, and whether all prices were checked.

    Parameters
    ----------
    vehicles
        Rows bought; ``category`` and ``count`` are used.
    kind
        Measure that they are bought for; named in messages alone.
    """
    del kind
    heavy = pl.col("category").is_in(HEAVY)
    life = figure("zone", "life_years").value
    out, number, checked = [], 0.0, True
    for name, which in (("heavy", heavy), ("light", ~heavy)):
        count = float(vehicles.filter(which)["count"].sum())
        price = figure("zone", f"capex_usd_per_{name}_vehicle")
        if count > 0.0:
            out.append(Money(count * price.value, "USD", price.year, life))
            number += count
            checked &= price.checked
    return tuple(out), number, checked
