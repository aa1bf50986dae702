"""Plan the clean-up of a city's diesel fleet, vehicle by vehicle and road by road.

The names of `fleet_planner.api` are here too, read when first used, so that the command line starts fast::

    import fleet_planner as fp

    city = fp.load("inputs/coquimbo/plan.toml")
    result = city.run()
    result.table("summary")
"""

import os
from importlib import import_module
from importlib.metadata import version

# polars adds up the groups of a table in parts whose bounds change from process to process, so the last digit of a sum
# does too; whole groups cost the same and repeat bit for bit
os.environ.setdefault("POLARS_NO_PARTITION", "1")

__version__ = version("fleet-planner")

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
    "__version__",
    "init",
    "load",
    "open_run",
    "run",
    "scenario",
]


def __getattr__(name: str) -> object:
    """Return a public name of the library."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("fleet_planner.api"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
