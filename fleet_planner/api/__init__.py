"""The library: what programs and notebooks may rely on; `fleet_planner` hands these names on (``docs/api.md``)."""

from fleet_planner.api.city import City, init, load, run, scenario
from fleet_planner.api.evaluation import Evaluation
from fleet_planner.api.results import Result, SavedRun, open_run
from fleet_planner.errors import InputError, OutputError, PlanError
from fleet_planner.errors import UserError as PlannerError
from fleet_planner.plan.models import Plan, Scenario

__all__ = [
    "City",
    "Evaluation",
    "InputError",
    "OutputError",
    "Plan",
    "PlanError",
    "PlannerError",
    "Result",
    "SavedRun",
    "Scenario",
    "init",
    "load",
    "open_run",
    "run",
    "scenario",
]
