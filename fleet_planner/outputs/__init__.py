"""Results into files; no figure is computed here."""

from fleet_planner.outputs.target import check_target, default_target, reserved
from fleet_planner.outputs.write import print_report, render_report, write_projection, write_run

__all__ = [
    "check_target",
    "default_target",
    "print_report",
    "render_report",
    "reserved",
    "write_projection",
    "write_run",
]
