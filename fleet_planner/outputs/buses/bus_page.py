"""The page on electric buses: the same figures in English and Chinese, a section by each room of ``buses``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.outputs.buses.bus_emission_part import emission_part
from fleet_planner.outputs.buses.bus_energy_part import energy_part
from fleet_planner.outputs.buses.bus_feasibility_part import feasibility_part
from fleet_planner.outputs.buses.bus_service_part import service_part
from fleet_planner.outputs.buses.bus_sheet import bus_sheet
from fleet_planner.outputs.buses.bus_sources_part import sources_part
from fleet_planner.outputs.buses.buses_charging_page import simulated_part
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.outputs.buses.bus_part import Part
    from fleet_planner.pipeline.buses.simulate import Simulated
    from fleet_planner.tables import Language

PARTS: tuple[Callable[[Simulated, Mapping[str, str]], Part | None], ...] = (
    service_part,
    emission_part,
    energy_part,
    feasibility_part,
    simulated_part,
    sources_part,
)
"""Sections in their order on the page; one that has nothing to tell returns nothing."""


def bus_page(done: Simulated, language: Language) -> str:
    """Return the page."""
    t = report_words(language)
    named = done.plan.city
    city = named.name_zh or named.name if language == "zh" else named.name
    kinds = ("、" if language == "zh" else ", ").join(t[f"day_{kind}"] for kind in done.days)
    parts = [part for make in PARTS if (part := make(done, t)) is not None]
    return bus_sheet(city, t["ebus"], t["ebus_sub"].format(city=city, kinds=kinds), parts, done.findings, language)
