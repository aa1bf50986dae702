"""Every package of the source is in the wheel, and the metadata are what they say."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ABOUT = PROJECT["project"]
NEEDED = [Requirement(text) for text in ABOUT["dependencies"]]
FOR_WORK = [
    Requirement(t)
    for name, texts in ABOUT["optional-dependencies"].items()
    for t in texts
    if name not in {"docs", "test"}
]
EXTRAS = [Requirement(text) for texts in ABOUT["optional-dependencies"].values() for text in texts]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_wheel_has_every_package() -> None:
    listed = set(PROJECT["tool"]["setuptools"]["packages"]) - {"fleet_planner.inputs"}
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "fleet_planner").rglob("__init__.py")}
    assert listed == found


def test_the_readme_names_every_folder_of_the_program() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = [p.parent.name for p in (ROOT / "fleet_planner").glob("*/__init__.py")]
    assert [f for f in folders if f"`{f}/`" not in readme] == []


def test_licence_pythons_and_kinds_are_told() -> None:
    assert ABOUT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    kinds = ABOUT["classifiers"]
    assert not [k for k in kinds if k.startswith("License ::")], "the licence stands in `license`"
    pythons = [k.rpartition(" ")[2] for k in kinds if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", k)]
    allowed = SpecifierSet(ABOUT["requires-python"])
    assert pythons == sorted(pythons, key=Version)
    assert all(f"{p}.0" in allowed for p in pythons)
    before = Version(f"{pythons[0]}.0")
    assert f"3.{before.minor - 1}.99" not in allowed
    assert PROJECT["tool"]["mypy"]["python_version"] == pythons[0]
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{pythons[0].replace('.', '')}"
    assert "Typing :: Typed" in kinds
    assert (ROOT / "fleet_planner" / "py.typed").is_file()


def test_the_version_is_the_changelogs() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == ABOUT["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", ABOUT["version"])


@pytest.mark.parametrize("needed", [r for r in (*NEEDED, *EXTRAS) if not r.extras], ids=lambda r: r.name)
def test_a_dependency_has_a_lower_bound_that_holds_here_and_no_upper_one(needed: Requirement) -> None:
    assert [s.operator for s in needed.specifier] == [">="]
    if needed in NEEDED:
        assert needed.specifier.contains(version(needed.name), prereleases=True)


def test_what_is_imported_is_declared_or_comes_with_what_is() -> None:
    declared = {plain(r.name) for r in (*NEEDED, *FOR_WORK)}
    carried = {name for r in (*NEEDED, *FOR_WORK) for name in carried_by(r.name)}
    owner = packages_distributions()
    missing = {}
    for path in (ROOT / "fleet_planner").rglob("*.py"):
        for name in imported(path) - set(sys.stdlib_module_names) - {"fleet_planner"}:
            own = {plain(d) for d in owner.get(name, [name])}
            if not own & (declared | carried):
                missing[name] = path.name
    assert missing == {}


def carried_by(name: str) -> set[str]:
    """What a package needs itself; nothing of one that is not installed."""
    try:
        needed = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return set()
    return {plain(r.name) for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})}


def imported(path: Path) -> set[str]:
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {a.name.partition(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            out.add(node.module.partition(".")[0])
    return out
