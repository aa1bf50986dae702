"""What is known of single vehicles beside their technology: faults, inspection, emission tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import LOADS, MODES, TECHNOLOGY
from fleet_planner.factors.compiling.channels import DEGRADED, ROAD, URBAN, channel
from fleet_planner.factors.in_use.high_emitters import FaultPlan, Inspection, mean_multipliers, vehicle_multipliers
from fleet_planner.factors.in_use.measured import MeasuredMultipliers, in_groups, measured_multipliers, ratios_of_tests
from fleet_planner.factors.in_use.measured_read import GROUP, read_measured_tests
from fleet_planner.factors.in_use.skew import fleet_share_of_worst, measured_skew
from fleet_planner.findings import Finding
from fleet_planner.fleet.identifiers import ID, hashed, masked
from fleet_planner.inventory.weights import km_per_day

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.factors.compiling.options import FactorSources
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.fleet.identifiers import Key
    from fleet_planner.plan.models import FaultsSection, MeasuredSection

Array = NDArray[np.float64]
MEASURABLE = ("CO", "VOC", "NOx", "PM_exhaust", "CH4", "N2O", "NH3")
FOLLOWERS = {"PM_exhaust": ("BC", "SPN23")}
"""Columns of multipliers that change with another one where nothing else is known."""

WORST = 0.1
HALF_LOAD, LEVEL = 1, 3


@dataclass(frozen=True)
class Adjustments:
    """Multipliers beside those of measures.

    Parameters
    ----------
    faults
        What the plan says of faults; nothing where it is silent.
    year
        Of the inventory: gives ages.
    measured
        Multipliers from emission tests; nothing without tests.
    by_vehicle
        Rows of single local vehicles draw their own faults and scatter as measured fleets do; groups keep means.
    """

    faults: FaultPlan | None
    year: int
    measured: MeasuredMultipliers | None
    by_vehicle: bool = False

    def applied(self, vehicles: pl.DataFrame, multipliers: pl.DataFrame) -> pl.DataFrame:
        """Return the multipliers of a scenario's fleet with faults and tests in them, same shape and columns."""
        names = [*MEASURABLE, "BC"]
        factor = dict.fromkeys(multipliers.columns, np.ones(vehicles.height))
        if self.faults is not None or self.by_vehicle:
            age = np.maximum(self.year - vehicles["model_year"].fill_null(self.year).to_numpy(), 0).astype(np.float64)
            by_fault = mean_multipliers(vehicles, names, self.faults, age_years=age)
            if self.by_vehicle:
                single = vehicles.select((pl.col("count") == 1.0) & ~pl.col("visiting")).to_series().to_numpy()
                skew = {name: measured_skew(name) for name in names}
                by_fault[single] = vehicle_multipliers(
                    vehicles.filter(single), names, self.faults, skew=skew, age_years=age[single]
                )
            for p, name in enumerate(names):
                factor[name] = factor[name] * by_fault[:, p]
            factor["SPN23"] = factor["BC"]
        if self.measured is not None:
            for name, values in _of_tests(self.measured, vehicles).items():
                for follower in (name, *FOLLOWERS.get(name, ())):
                    factor[follower] = factor[follower] * values
        changed = [pl.Series(n, multipliers[n].to_numpy() * f) for n, f in factor.items() if (f != 1.0).any()]
        return multipliers.with_columns(changed)


def fault_plan(section: FaultsSection) -> FaultPlan | None:
    """Return what the plan says of faults; nothing where it says nothing."""
    if not section.shares and section.inspection is None:
        return None
    inspection = section.inspection
    return FaultPlan(
        shares=section.shares,
        inspection=Inspection(
            inspection.compliance, inspection.identification, inspection.repair, inspection.repaired_excess
        )
        if inspection
        else None,
    )


def fault_findings(faults: FaultPlan | None, *, by_vehicle: bool) -> list[Finding]:
    """Say what was assumed of faults and how unevenly emissions fall on vehicles."""
    if faults is None and not by_vehicle:
        return []
    mended = faults.inspection.mended if faults and faults.inspection else 0.0
    values = {
        "nox": f"{100.0 * fleet_share_of_worst(WORST, measured_skew('NOx')):.0f}",
        "bc": f"{100.0 * fleet_share_of_worst(WORST, measured_skew('BC')):.0f}",
        "mended": f"{100.0 * mended:.0f}",
    }
    return [Finding("inventory.faults", "assumption", values)]


def measured_adjustment(
    section: MeasuredSection,
    base: Path,
    vehicles: pl.DataFrame,
    factors: FactorTable,
    sources: FactorSources,
    key: Key | None = None,
) -> tuple[MeasuredMultipliers | None, pl.DataFrame, list[Finding]]:
    """Read the plan's emission tests and turn them into multipliers.

    Parameters
    ----------
    section
        The plan's.
    base
        Folder of the plan.
    vehicles
        The baseline fleet.
    factors, sources
        Compiled for its technologies, and what they are compiled from.
    key
        By which the ids of the fleet are hashed, and so those of the tests.

    Returns
    -------
    multipliers, rejected cells, findings
    """
    if not section.file:
        return None, pl.DataFrame(), []
    path = base / section.file
    if not path.is_file():
        raise InputError("there is no such table of emission tests", "Check measured.file in the plan.", file=path)
    tests, rejected = read_measured_tests(path)
    rejected = masked(rejected)
    if key is not None:
        tests = tests.with_columns(hashed(tests[ID], key))
    registry = vehicles.filter(~pl.col("visiting")).select("vehicle_id", *GROUP)
    known, unknown = in_groups(tests, registry.unique("vehicle_id", maintain_order=True))
    factor, energy = _at_conditions(known, vehicles, factors, section.default_speed_kmh)
    heat = np.array([sources.fuels.mj_per_kg.get(f, sources.fuels.mj_per_kg["diesel"]) for f in known["fuel"]])
    carbon = np.array([sources.fuels.fossil_co2.get(f, sources.fuels.fossil_co2["diesel"]) for f in known["fuel"]])
    ratios = ratios_of_tests(known, factor, energy / heat, carbon * heat / 1000.0)
    found = measured_multipliers(ratios, k={str(m): x for m, x in section.k.items()}, group_k=section.group_k)
    usable = ratios.filter(pl.col("ratio").is_not_null()).height
    values: dict[str, str | int | float] = {
        "vehicles": found.vehicles["vehicle_id"].n_unique(),
        "groups": found.groups.select(GROUP).unique().height,
        "unused": tests.height - usable,
        "rejected": rejected["row"].n_unique(),
        "unknown": unknown.height,
    }
    return found, rejected, [Finding("inventory.measured", "assumption", values, usable)]


def _at_conditions(
    tests: pl.DataFrame, vehicles: pl.DataFrame, factors: FactorTable, default_speed_kmh: float
) -> tuple[Array, Array]:
    """Return the factor set's value and the energy of each test, g/km and MJ/km, shape (n,).

    A test of a known vehicle takes that vehicle's technology, another one the mean of its group by vehicle-km. On
    level ground, at the load and speed of the test, in the class of hours nearest to its temperature.
    """
    conditions = factors.conditions
    warmth = conditions.mean(lambda t, _: t)
    any_use = factors.technologies.filter(pl.col("use") == "")
    ids = any_use.select(*TECHNOLOGY, pl.col("technology_id").cast(pl.Int64))
    coded = vehicles.select("vehicle_id", *TECHNOLOGY).join(ids, on=TECHNOLOGY, how="left", maintain_order="left")
    coded = coded.with_columns(km=pl.Series(km_per_day(vehicles)))
    of_vehicle = dict(coded.select("vehicle_id", "technology_id").iter_rows())
    of_group: dict[tuple[str, ...], dict[int, float]] = {}
    for *group, technology, km in coded.select(*GROUP, "technology_id", "km").iter_rows():
        by = of_group.setdefault(tuple(group), {})
        by[technology] = by.get(technology, 0.0) + km
    out = np.zeros((2, tests.height))
    for i, row in enumerate(tests.iter_rows(named=True)):
        own = of_vehicle.get(row["vehicle_id"])
        mix = {own: 1.0} if own is not None else of_group.get(tuple(row[g] for g in GROUP), {})
        total = sum(mix.values())
        if total <= 0.0:
            continue
        temperature = row["temperature_c"]
        nearest = 0 if temperature is None else int(np.argmin(np.abs(warmth - temperature)))
        speed = row["speed_kmh"] or default_speed_kmh
        load = 0.5 if row["load_fraction"] is None else row["load_fraction"]
        for place, pollutant in enumerate((row["pollutant"], "energy_MJ")):
            values = [w * _factor(factors, t, pollutant, speed, load, nearest * len(MODES)) for t, w in mix.items()]
            out[place, i] = sum(values) / total
    return out[0], out[1]


def _factor(factors: FactorTable, t: int, pollutant: str, speed_kmh: float, load: float, condition: int) -> float:
    """Return the warm factor of a technology from its sampled curves."""
    drivers = [f"{URBAN}:{pollutant}", f"{ROAD}:{pollutant}"] if pollutant in DEGRADED else [""]
    total = 0.0
    for driver in drivers:
        c = channel(pollutant, "hot", driver)
        block = factors.block_of[t, c]
        if block < 0:
            continue
        rows = factors.blocks[block, condition, :, LEVEL]
        at = [float(np.interp(speed_kmh, factors.grid_kmh, factors.curves[r])) if r >= 0 else 0.0 for r in rows]
        total += factors.scale[t, c] * float(np.interp(load, LOADS, at))
    return total


def _of_tests(measured: MeasuredMultipliers, vehicles: pl.DataFrame) -> dict[str, Array]:
    """Return the multipliers of each vehicle by pollutant: its own, else its group's, else 1."""
    out = {}
    for pollutant in MEASURABLE:
        own = measured.vehicles.filter(pl.col("pollutant") == pollutant)
        group = measured.groups.filter(pl.col("pollutant") == pollutant)
        if own.is_empty() and group.is_empty():
            continue
        keys = ["vehicle_id", *GROUP]
        joined = (
            vehicles.select(keys)
            .join(own.select(*keys, pl.col("multiplier").alias("own")), on=keys, how="left", maintain_order="left")
            .join(
                group.select(*GROUP, pl.col("multiplier").alias("group")), on=GROUP, how="left", maintain_order="left"
            )
        )
        out[pollutant] = joined.select(pl.coalesce("own", "group", pl.lit(1.0)))["own"].to_numpy()
    return out
