"""Pin every dependency of pyproject.toml to the lowest version that it allows, to see whether these still do.

    python scripts/lowest_versions.py > lowest.txt
    python3.11 -m venv low && low/bin/pip install '.[test]' -c lowest.txt && low/bin/python -m pytest -n 2

The tools of the tests (all of the extra ``test`` that the package itself does not import) stay free: their floors say what the
tests need, not what users do.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
EXTRAS = ("cluster", "elevation", "postgis")
FLOOR = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?>=(?P<version>[0-9][0-9.]*)$")


def lowest(requirement: str) -> str:
    """Return ``name==version`` for such as ``name[extra]>=version``.

    Raises
    ------
    ValueError
        The requirement has no floor, or more than a floor.
    """
    found = FLOOR.match(requirement.replace(" ", ""))
    if found is None:
        raise ValueError(f"this requirement is no floor alone: {requirement!r}")
    return f"{found['name']}=={found['version']}"


def pins(pyproject: str) -> list[str]:
    """Return the pins of all packages that a user's command may import, from the text of a pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    asked = [*project["dependencies"], *(r for extra in EXTRAS for r in project["optional-dependencies"][extra])]
    return [lowest(requirement) for requirement in asked]


if __name__ == "__main__":
    sys.stdout.write("\n".join(pins((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))) + "\n")
