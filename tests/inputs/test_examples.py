"""The generated example registries are what their scripts give, and say what they assume."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.factors.processes.electricity import grid_factor
from fleet_planner.fleet import check_file
from fleet_planner.plan.load import load_plan

CITIES = ["coquimbo", "los_angeles", "beijing"]


@pytest.mark.parametrize("city", CITIES)
def test_regenerated_equals_committed(repository: Path, city: str) -> None:
    script = repository / "scripts" / f"generate_{city}_registry.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("city", CITIES)
def test_registry_is_accepted_whole(repository: Path, city: str) -> None:
    plan = load_plan(repository / "inputs" / city / "plan.toml")
    fleet = check_file(repository / "inputs" / city / "registry.csv", country=plan.city.country, year=plan.city.year)
    assert fleet.rejected.is_empty()


@pytest.mark.parametrize("city", CITIES)
def test_every_figure_has_source_year_and_unit(repository: Path, city: str) -> None:
    figures = pl.read_csv(repository / "scripts" / f"{city}_figures.csv")
    for column in ("source", "year", "unit", "checked", "assumed"):
        assert figures[column].null_count() == 0
    unchecked = figures.filter(pl.col("checked") == "no")
    assert set(unchecked["assumed"]) <= {"yes"}
    shares = pl.read_csv(repository / "inputs" / city / "assumptions.csv")
    assert shares["figure_id"].to_list() == figures["figure_id"].to_list()
    used = shares.filter(~pl.col("figure_id").str.contains("^(chile_share_petrol|chile_share_diesel)$"))
    assert (used["vkt_share"] > 0).all()


@pytest.mark.parametrize("city", CITIES)
def test_readme_says_generated_in_its_first_line(repository: Path, city: str) -> None:
    first = (repository / "inputs" / city / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert "GENERATED" in first


def test_electricity_factor_of_the_embedded_city_was_read_in_its_source() -> None:
    factor, source, checked = grid_factor("CL", 2024)
    assert factor == pytest.approx(0.236)
    assert "CL-SEN" in source
    assert checked == "yes"
