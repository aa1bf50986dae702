"""Plan the clean-up of a city's diesel fleet, vehicle by vehicle and road by road."""

from importlib.metadata import version

__version__ = version("fleet-planner")
