"""Plan the clean-up of a city's diesel fleet, vehicle by vehicle and road by road."""

import os
from importlib.metadata import version

# polars adds up the groups of a table in parts whose bounds change from process to process, so the last digit of a sum
# does too; whole groups cost the same and repeat bit for bit
os.environ.setdefault("POLARS_NO_PARTITION", "1")

__version__ = version("fleet-planner")
