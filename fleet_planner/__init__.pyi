from fleet_planner.api import City as City
from fleet_planner.api import Evaluation as Evaluation
from fleet_planner.api import InputError as InputError
from fleet_planner.api import OutputError as OutputError
from fleet_planner.api import Plan as Plan
from fleet_planner.api import PlanError as PlanError
from fleet_planner.api import PlannerError as PlannerError
from fleet_planner.api import Result as Result
from fleet_planner.api import SavedRun as SavedRun
from fleet_planner.api import Scenario as Scenario
from fleet_planner.api import init as init
from fleet_planner.api import load as load
from fleet_planner.api import open_run as open_run
from fleet_planner.api import run as run
from fleet_planner.api import scenario as scenario

__version__: str
