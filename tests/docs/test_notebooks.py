"""The notebooks of the documentation run from top to bottom, and use public names only."""

from __future__ import annotations

import ast
import runpy
import shutil
from pathlib import Path

import pytest

import fleet_planner as fp

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPOSITORY / "docs" / "notebooks").glob("*.py"))


@pytest.mark.docs
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_notebook_runs(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(REPOSITORY / "inputs", tmp_path / "inputs")
    monkeypatch.chdir(tmp_path)
    made = runpy.run_path(str(notebook))
    assert isinstance(made["city"], fp.City)
    assert made["summary" if "summary" in made else "table"].height > 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_notebook_uses_public_names(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert text.count("# %%") >= 4
    tree = ast.parse(text)
    used = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "fp"
    }
    assert used
    assert used <= set(fp.__all__)
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not [m for m in modules if m and m.startswith("fleet_planner")]


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 2
