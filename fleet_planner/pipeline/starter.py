"""Plans and template inputs for a new city."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from fleet_planner.errors import OutputError
from fleet_planner.fleet import registry_template
from fleet_planner.plan.template import plan_template

EMPTY_PLAN: dict[str, Any] = {
    "city": {"name": "My city", "country": "EU", "year": 2024},
    "network": {"file": "network.osm.pbf"},
    "fleet": {"registry": "registry.csv"},
    "scenario": [
        {
            "name": "filters",
            "title": "Particulate filters on trucks before Euro VI",
            "title_zh": "国六以前货车加装颗粒捕集器",
            "measure": [{"measure": "dpf_passive", "streams": ["rigid_truck", "articulated_truck"]}],
        }
    ],
}


def example_cities() -> list[str]:
    """Return the names of the example cities."""
    package = Path(str(files("fleet_planner")))
    places = [p for folder in (package / "inputs", package.parent / "inputs") for p in folder.glob("*/plan.toml")]
    return sorted({p.parent.name.replace("_", "-") for p in places})


def example_folder(city: str) -> Path:
    """Return the folder of an example city, in the installed package or in a checkout.

    Raises
    ------
    FileNotFoundError
        The installation is not complete.
    """
    name = city.replace("-", "_")
    package = Path(str(files("fleet_planner")))
    for folder in (package / "inputs" / name, package.parent / "inputs" / name):
        if (folder / "plan.toml").is_file():
            return folder
    raise FileNotFoundError(f"inputs of {city}")


def write_starter(folder: Path, city: str | None) -> list[Path]:
    """Write a plan and template inputs into ``folder``, or copies of an example city's.

    Raises
    ------
    OutputError
        The folder holds something already, or may not be written.
    """
    source = example_folder(city) if city else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError("the folder is not empty", "Name a new folder.", file=folder)
        if source is not None:
            # the plan last: a folder with a plan is whole
            for file in sorted(source.iterdir(), key=lambda p: (p.name == "plan.toml", p.name)):
                if file.is_file():
                    shutil.copyfile(file, folder / file.name)
        else:
            (folder / "registry.csv").write_text(registry_template(), encoding="utf-8")
            (folder / "plan.toml").write_text(plan_template(EMPTY_PLAN), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}", "Name another folder.", file=folder) from error
    return sorted(folder.iterdir())
