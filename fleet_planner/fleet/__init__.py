"""The vehicle registry: reading, checking, mapping to technologies."""

from fleet_planner.fleet.check import check_registry
from fleet_planner.fleet.coverage import coverage_table
from fleet_planner.fleet.load import (
    check_file,
    check_registry_file,
    fixed_registry,
    load_fleet,
    refuse_if_too_much_rejected,
    setting_of,
    write_fixed,
)
from fleet_planner.fleet.mapping import map_technologies
from fleet_planner.fleet.model import Fleet
from fleet_planner.fleet.read import read_registry
from fleet_planner.fleet.template import registry_template

__all__ = [
    "Fleet",
    "check_file",
    "check_registry",
    "check_registry_file",
    "coverage_table",
    "fixed_registry",
    "load_fleet",
    "map_technologies",
    "read_registry",
    "refuse_if_too_much_rejected",
    "registry_template",
    "setting_of",
    "write_fixed",
]
