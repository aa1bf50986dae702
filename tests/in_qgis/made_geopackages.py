"""GeoPackages of all commands that write one, small, and made by the command itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.layers.geopackage import write_geopackage
from tests.cli import test_buses_replace as replacing
from tests.cli import test_buses_schedule as charging
from tests.cli import test_buses_simulate as simulating
from tests.cli import test_clip as clipping
from tests.cli import test_compare as comparing
from tests.cli import test_homes as homes
from tests.cli import test_market_map as markets
from tests.cli import test_portfolio as mixing
from tests.conftest import REPOSITORY
from tests.outputs import builders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


def made(done: Result, path: Path) -> Path:
    """Return the file that a command has written."""
    assert done.exit_code == 0, done.output
    assert path.exists()
    return path


def city(folder: Path) -> Path:
    """The embedded city with all that its example plan asks for."""
    plan = str(REPOSITORY / "inputs" / "coquimbo" / "plan.toml")
    out = folder / "out"
    return made(CliRunner().invoke(main, ["run", plan, "--out", str(out)]), out / "city.gpkg")


def streets(folder: Path) -> Path:
    """A made-up grid of streets with two scenarios and zones."""
    path = folder / "city.gpkg"
    write_geopackage(builders.results(builders.network(12, 12)), path)
    return path


def town(folder: Path) -> Path:
    """A small town with home zones and depots."""
    return made(homes.run(folder, homes.PLACES), folder / "out" / "city.gpkg")


def market(folder: Path) -> Path:
    """Cities of a carbon market on the map of the world."""
    (folder / "tokyo.geojson").write_text(markets.SQUARE, encoding="utf-8")
    return made(markets.call(folder, markets.PLAIN + markets.PLACED), folder / "out" / "market.gpkg")


def buses(folder: Path) -> Path:
    """Electric buses on the embedded timetable."""
    (folder / "depots.csv").write_text("name,lon,lat\nNorth,-71.25,-29.90\nSouth,-71.345,-29.96\n", encoding="utf-8")
    done = simulating.call(folder, '[buses]\ngtfs = "builtin"\ndepots = "depots.csv"\n')
    return made(done, folder / "out" / "buses.gpkg")


def charging_sites(folder: Path) -> Path:
    """Where and when buses charge."""
    return made(charging.call(folder), folder / "out" / "charging.gpkg")


def mix(folder: Path) -> Path:
    """The least-cost mix by home zone and depot."""
    return made(mixing.call_with_homes(folder), folder / "out" / "portfolio.gpkg")


def chargers(folder: Path) -> Path:
    """Where chargers go in the example, without proof."""
    example = REPOSITORY / "inputs" / "coquimbo"
    for name in ("charging_demand.csv", "charging_sites.csv", "grid_nodes.csv"):
        shutil.copy(example / name, folder / name)
    text = (example / "chargers.toml").read_text(encoding="utf-8")
    quick = text.replace("seconds = 20.0", "seconds = 0.0\nregret = false\ncurve_points = 0")
    assert quick != text
    (folder / "plan.toml").write_text(quick, encoding="utf-8")
    out = folder / "out"
    return made(
        CliRunner().invoke(main, ["chargers", "site", str(folder / "plan.toml"), "--out", str(out)]),
        out / "chargers.gpkg",
    )


def replacement(folder: Path) -> Path:
    """Routes and depots of buses that are replaced."""
    return made(replacing.call_with_timetable(folder), folder / "out" / "replacement.gpkg")


def areas(folder: Path) -> Path:
    """A small run cut by two areas."""
    run = clipping.ran(folder, "US-CA", clipping.SEASONS + clipping.ELECTRIC)
    both = clipping.polygons(folder, clipping.square("west", clipping.WEST), clipping.square("east", clipping.EAST))
    out = folder / "areas"
    return made(clipping.call("clip", run, "--polygon", both, "--out", out), out / "areas.gpkg")


def changes(folder: Path) -> Path:
    """A small run's scenarios against its baseline."""
    run = comparing.ran(folder / "town", comparing.PLAN + comparing.SCENARIOS, comparing.TWO)
    out = folder / "changes"
    return made(comparing.call("compare", run, "--out", out), out / "compare.gpkg")


MADE: dict[str, Callable[[Path], Path]] = {
    "city": city,
    "streets": streets,
    "town": town,
    "market": market,
    "buses": buses,
    "charging": charging_sites,
    "mix": mix,
    "chargers": chargers,
    "replacement": replacement,
    "areas": areas,
    "changes": changes,
}
