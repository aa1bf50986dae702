"""Inspection and maintenance: faulty vehicles are found and mended.

What a programme changes is the mean of a technology's faults: ``(1 + s r' (m - 1)) / (1 + s r (m - 1))`` over the
faults, with the share ``s`` of faulty vehicles, their excess ``m - 1``, and what of it remains without (``r``) and with
(``r'``) the programme (`factors.in_use.high_emitters`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.in_use.high_emitters import FaultPlan, Inspection, mean_multipliers
from fleet_planner.findings import Finding
from fleet_planner.scenarios.operation.figures import figure
from fleet_planner.scenarios.operation.model import Done, Money, Outcome
from fleet_planner.scenarios.operation.traffic import concerned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.plan.operation import InspectionMeasure
    from fleet_planner.scenarios.operation.model import OperationSetting
    from fleet_planner.scenarios.operation.traffic import Traffic

INSPECTION = "inspection"
FAULTY = ("CO", "VOC", "NOx", "PM_exhaust", "CH4", "N2O", "NH3", "BC")
FOLLOWS = {"SPN23": "BC"}


def inspection(traffic: Traffic, wanted: InspectionMeasure, setting: OperationSetting, number: int) -> Done:
    """Mend a share of the faulty local vehicles; the plan's own inspection, if any, goes on beside it.

    Of two programmes on the same vehicles what remains is the product of what each leaves.
    """
    vehicles = traffic.vehicles
    rows = (
        concerned(vehicles, wanted) & ~vehicles["visiting"].to_numpy() & (vehicles["fuel"] != "electricity").to_numpy()
    )
    before = setting.faults or FaultPlan()
    own = Inspection(wanted.compliance, wanted.identification, wanted.repair, wanted.repaired_excess)
    had = before.inspection.remaining if before.inspection else 1.0
    # one programme that leaves what both leave
    both = replace(before, inspection=Inspection(1.0, 1.0, 1.0, had * own.remaining))
    age = np.maximum(setting.year - vehicles["model_year"].fill_null(setting.year).to_numpy(), 0).astype(np.float64)
    ratio = mean_multipliers(vehicles, FAULTY, both, age_years=age) / mean_multipliers(
        vehicles, FAULTY, before, age_years=age
    )
    factor: dict[str, NDArray[np.float64]] = {name: ratio[:, p] for p, name in enumerate(FAULTY)}
    factor |= {name: factor[leader] for name, leader in FOLLOWS.items()}
    multipliers = traffic.multipliers.with_columns(
        pl.Series(name, traffic.multipliers[name].to_numpy() * np.where(rows, values, 1.0))
        for name, values in factor.items()
        if name in traffic.multipliers.columns
    )
    count = vehicles["count"].to_numpy()
    inspected = float(count[rows].sum()) * wanted.compliance
    fee, repair = figure(INSPECTION, "test_usd_per_vehicle"), figure(INSPECTION, "repair_usd_per_vehicle")
    faulty = figure(INSPECTION, "faulty_share")
    mended = inspected * faulty.value * wanted.identification * wanted.repair
    total = traffic.total_km()
    outcome = Outcome(
        INSPECTION,
        number,
        inspected,
        float(traffic.km_of_rows()[rows].sum()),
        total,
        total,
        costs=(Money(inspected * fee.value, "USD", fee.year), Money(mended * repair.value, "USD", repair.year)),
        checked=fee.checked and repair.checked and faulty.checked,
    )
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "mended": f"{100.0 * own.mended:.0f}",
        "faulty": f"{100.0 * faulty.value:.0f}",
    }
    told = Finding("operation.inspection", "assumption", values, round(inspected))
    return Done(replace(traffic, multipliers=multipliers), outcome, (told,))
