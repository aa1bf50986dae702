"""The library's public names and signatures: who changes one changes this list, the changelog and the version."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import fleet_planner as fp
from fleet_planner import api

PUBLIC = {
    "City": "",
    "City.altered": "property",
    "City.evaluate": "(self, scenario: 'Scenario') -> 'Evaluation'",
    "City.path": "property",
    "City.plan": "property",
    "City.roads": "(self) -> 'GeoDataFrame'",
    "City.run": "(self, scenarios: 'Sequence[str]' = (), *, threads: 'int | None' = None, progress: 'Progress' = silent) -> 'Result'",
    "City.scenarios": "property",
    "City.vehicles": "(self) -> 'pl.DataFrame'",
    "City.with_": "(self, changes: 'Mapping[str, object] | None' = None, /, **sections: 'object') -> 'City'",
    "Evaluation": "",
    "Evaluation.change_pct": "(self, pollutant: 'str') -> 'float'",
    "Evaluation.costs": "pl.DataFrame",
    "Evaluation.links": "(self) -> 'GeoDataFrame'",
    "Evaluation.scenario": "Scenario",
    "Evaluation.summary": "pl.DataFrame",
    "Evaluation.total": "(self, pollutant: 'str') -> 'float'",
    "Evaluation.vehicles": "(self) -> 'pl.DataFrame'",
    "InputError": "PlannerError",
    "OutputError": "PlannerError",
    "Plan": "",
    "PlanError": "PlannerError",
    "PlannerError": "Exception",
    "Result": "",
    "Result.layer": "(self, name: 'str') -> 'GeoDataFrame'",
    "Result.layers": "property",
    "Result.links": "(self, scenario: 'str' = 'baseline') -> 'GeoDataFrame'",
    "Result.plan": "property",
    "Result.report": "(self, language: 'Language' = 'en') -> 'str'",
    "Result.save": "(self, folder: 'str | os.PathLike[str]', *, overwrite: 'bool' = False, language: 'Language | None' = None) -> 'SavedRun'",
    "Result.scenarios": "property",
    "Result.table": "(self, name: 'str') -> 'pl.DataFrame'",
    "Result.tables": "property",
    "Result.vehicles": "(self, scenario: 'str' = 'baseline') -> 'pl.DataFrame'",
    "SavedRun": "",
    "SavedRun.folder": "property",
    "SavedRun.layer": "(self, name: 'str') -> 'GeoDataFrame'",
    "SavedRun.layers": "property",
    "SavedRun.links": "(self, scenario: 'str' = 'baseline') -> 'GeoDataFrame'",
    "SavedRun.manifest": "property",
    "SavedRun.scenarios": "property",
    "SavedRun.table": "(self, name: 'str') -> 'pl.DataFrame'",
    "SavedRun.tables": "property",
    "SavedRun.vehicles": "(self, scenario: 'str' = 'baseline') -> 'pl.DataFrame'",
    "Scenario": "",
    "__version__": "str",
    "init": "(folder: 'str | os.PathLike[str]', city: 'str | None' = None) -> 'City'",
    "load": "(plan: 'str | os.PathLike[str]') -> 'City'",
    "open_run": "(folder: 'str | os.PathLike[str]') -> 'SavedRun'",
    "run": "(plan: 'str | os.PathLike[str] | City', scenarios: 'Sequence[str]' = (), *, threads: 'int | None' = None, progress: 'Progress' = silent) -> 'Result'",
    "scenario": "(name: 'str', *measures: 'Mapping[str, object]', title: 'str' = '', title_zh: 'str' = '') -> 'Scenario'",
}


def signature(value: object) -> str:
    told = str(inspect.signature(value))  # type: ignore[arg-type]
    return told.replace(str(fp.run.__kwdefaults__["progress"]), "silent")


def members(name: str, kind: type) -> dict[str, str]:
    if issubclass(kind, Exception):
        return {name: "PlannerError" if kind is not fp.PlannerError else "Exception"}
    out = {name: ""}
    if kind.__module__.startswith("fleet_planner.api"):
        for k, value in inspect.getmembers(kind):
            if k.startswith("_"):
                continue
            out[f"{name}.{k}"] = "property" if isinstance(value, property) else signature(value)
        out |= {f"{name}.{k}": t for k, t in inspect.get_annotations(kind).items() if not k.startswith("_")}
    return out


def test_names_and_signatures_are_those_that_were_promised() -> None:
    found: dict[str, str] = {}
    for name in fp.__all__:
        value = getattr(fp, name)
        if isinstance(value, str):
            found[name] = "str"
        else:
            found |= members(name, value) if isinstance(value, type) else {name: signature(value)}
    assert found == PUBLIC


def test_every_public_name_is_documented_and_typed() -> None:
    assert sorted([*api.__all__, "__version__"]) == sorted(fp.__all__) == dir(fp)
    stub = ast.parse((Path(fp.__file__).parent / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {a.asname for n in stub.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert typed == set(api.__all__)
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for name in PUBLIC:
        if name != "__version__":
            assert f"`{name.rpartition('.')[2]}" in page or f"{name.rpartition('.')[2]}(" in page, name
        value = fp
        for part in name.split("."):
            value = getattr(value, part, "a field without a default")
        assert name == "__version__" or isinstance(value, str) or value.__doc__, name


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="lod"):
        fp.lod  # noqa: B018


def test_the_package_alone_imports_nothing_heavy() -> None:
    asked = (
        "import sys, fleet_planner; print([m for m in ('numpy', 'polars', 'pydantic', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
