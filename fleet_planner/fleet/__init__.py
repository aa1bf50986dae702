"""The vehicle registry: reading, checking, mapping to technologies."""

from fleet_planner.fleet.load import (
    check_file,
    coverage_table,
    load_fleet,
    registry_template,
    write_fixed,
)
from fleet_planner.fleet.model import Fleet

__all__ = ["Fleet", "check_file", "coverage_table", "load_fleet", "registry_template", "write_fixed"]
