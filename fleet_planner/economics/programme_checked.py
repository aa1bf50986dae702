"""Which lines of the costs over the years rest on figures that nobody has checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.economics.ownership import FIGURES, PREMIUM
from fleet_planner.economics.programme import CAPITAL, class_costs

if TYPE_CHECKING:
    from fleet_planner.economics.ownership_table import Outlook
    from fleet_planner.economics.programme import Programme

ELECTRICITY = "electricity"


def line_sound(line: str, programme: Programme, outlook: Outlook) -> bool:
    """Return whether every figure behind a line was read in a source or given by the plan.

    Parameters
    ----------
    line
        Of the costs by year.
    programme, outlook
        What it is computed from.
    """
    if line == "residual":
        return all(line_sound(capital, programme, outlook) for capital in CAPITAL)
    if line == "vehicles":
        sold = [costs for s in programme.sales if (costs := class_costs(outlook, s.stream)) is not None]
        return not any("price" in costs.unchecked for costs in sold)
    used = {reach.measure_id for reach in programme.reached}
    terms = [programme.terms[measure] for measure in used]
    if line in {"equipment", "maintenance"}:
        upkeep = line == "equipment" or line_sound("chargers", programme, outlook)
        return upkeep and all(of.checked for of in terms)
    if line in {"battery", "chargers", "grid", "insurance"}:
        figures = ("insurance_extra_share",) if line == "insurance" else FIGURES[line]
        concerned = [r for r in programme.reached if programme.terms[r.measure_id].replaces]
        if line == "insurance" and not all(programme.terms[r.measure_id].checked for r in concerned):
            return False
        if line != "insurance":
            concerned = [r for r in concerned if programme.terms[r.measure_id].electric]
        classes = [costs for r in concerned if (costs := class_costs(outlook, r.stream)) is not None]
        return not any(figure in costs.unchecked for costs in classes for figure in figures)
    return not _of_use(line, programme) & outlook.prices.unchecked


def _of_use(line: str, programme: Programme) -> set[str]:
    """Return which prices, taxes and factors a line of the use rests on."""
    names = {tank for use in programme.change.values() for tank, mj in use.fuel_mj.items() if mj}
    names |= {ELECTRICITY for use in programme.change.values() if use.electricity_kwh}
    if line == "energy":
        return names | {PREMIUM for use in programme.change.values() if any(use.premium_mj.values())}
    if line == "energy_taxes":
        return {f"tax_{name}" for name in names}
    return {"grid"} if line == "carbon" and ELECTRICITY in names else set()
