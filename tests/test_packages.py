"""Every package of the source is in the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"]) - {"fleet_planner.inputs"}
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "fleet_planner").rglob("__init__.py")}
    assert listed == found
