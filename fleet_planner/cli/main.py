"""Entry point `fleet-planner`."""

from __future__ import annotations

import click

from fleet_planner import __version__
from fleet_planner.cli.buses import buses
from fleet_planner.cli.chargers import chargers
from fleet_planner.cli.clip import clip
from fleet_planner.cli.compare import compare
from fleet_planner.cli.dictionary import dictionary
from fleet_planner.cli.evaluate import evaluate
from fleet_planner.cli.export import export
from fleet_planner.cli.factors import factors
from fleet_planner.cli.fleet import fleet
from fleet_planner.cli.init import init
from fleet_planner.cli.market import market
from fleet_planner.cli.measures import measures
from fleet_planner.cli.network import network
from fleet_planner.cli.portfolio import portfolio
from fleet_planner.cli.report import report
from fleet_planner.cli.rerun import rerun
from fleet_planner.cli.run import run
from fleet_planner.cli.shared import UserErrors
from fleet_planner.cli.sweep import sweep
from fleet_planner.cli.verify import verify
from fleet_planner.searches import counted_searches


@click.group(cls=UserErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fleet-planner")
@click.pass_context
def main(ctx: click.Context) -> None:
    r"""Plan the clean-up of a city's diesel fleet: emissions on every road, measures, costs, map and report.

    \b
    First steps:
      fleet-planner init my-city                  a commented plan and template inputs
      fleet-planner run my-city/plan.toml         the whole run; results under outputs/
    """
    ctx.with_resource(counted_searches())


PLANNING = (init, run, sweep, portfolio, market, buses, chargers)
LOOKING = (network, fleet, factors, measures, evaluate, report, export, dictionary)
CHECKING = (compare, clip, verify, rerun)
for command in (*PLANNING, *LOOKING, *CHECKING):
    main.add_command(command)
