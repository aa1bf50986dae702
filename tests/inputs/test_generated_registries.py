from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "fleet_planner" / "reference"
CITIES = ("coquimbo", "los_angeles", "beijing", "seoul", "tokyo")
SCRIPTS = dict.fromkeys(("seoul", "tokyo"), "generate_seoul_tokyo_registries.py")
"""Of cities whose generator is not named after them alone."""
COLUMNS = [
    "vehicle_id",
    "category",
    "fuel",
    "segment",
    "gross_mass_kg",
    "model_year",
    "standard",
    "aftertreatment",
    "stream",
    "km_per_year",
    "share_inside",
    "odometer_km",
    "zone",
    "depot",
    "load_fraction",
    "count",
]
FIGURE_COLUMNS = ["figure_id", "value", "unit", "year", "place", "source", "checked", "assumed", "note"]
STANDARD_COLUMNS = [
    "jurisdiction",
    "region",
    "vehicle_group",
    "fuel",
    "standard",
    "first_model_year",
    "date",
    "legal_text",
    "source",
    "year",
    "unit",
    "checked",
]
LIGHT = {"conventional", "euro_1", "euro_2", "euro_3", "euro_4", "euro_5", "euro_6abc", "euro_6d_temp", "euro_6d"}
HEAVY = {"conventional", "euro_I", "euro_II", "euro_III", "euro_IV", "euro_V", "eev", "euro_VI_abc", "euro_VI_de"}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("city", [c for c in CITIES if c != "tokyo"])
def test_made_again_equals_committed(city: str) -> None:
    script = ROOT / "scripts" / SCRIPTS.get(city, f"generate_{city}_registry.py")
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("city", CITIES)
def test_every_figure_has_its_source(city: str) -> None:
    rows = table(ROOT / "scripts" / f"{city}_figures.csv")
    assert list(rows[0]) == FIGURE_COLUMNS
    assert len({row["figure_id"] for row in rows}) == len(rows)
    for row in rows:
        assert all(row[name] for name in ("source", "year", "unit", "place", "value")), row
        assert {row["checked"], row["assumed"]} <= {"yes", "no"}, row
        assert row["checked"] == "yes" or row["assumed"] == "yes", row


@pytest.mark.parametrize("city", CITIES)
def test_every_assumption_states_its_weight(city: str) -> None:
    rows = {row["figure_id"]: row for row in table(ROOT / "inputs" / city / "assumptions.csv")}
    assert set(rows) == {row["figure_id"] for row in table(ROOT / "scripts" / f"{city}_figures.csv")}
    assert all(float(row["vkt_share"]) <= 1.0 for row in rows.values())
    assert all(float(row["vkt_share"]) > 0.0 for row in rows.values())


@pytest.mark.parametrize("city", CITIES)
def test_registry_has_its_columns_and_unique_vehicles(city: str) -> None:
    path = ROOT / "inputs" / city / "registry.csv"
    rows = table(path)
    assert path.stat().st_size < 1.5 * 2**20
    assert list(rows[0]) == COLUMNS
    assert len({row["vehicle_id"] for row in rows}) == len(rows)
    for row in rows:
        assert int(row["count"]) > 0
        assert 0.0 <= float(row["share_inside"]) <= 1.0
        assert 0 < float(row["km_per_year"]) <= 400_000
        assert row["segment"] or row["gross_mass_kg"], row


def test_heavy_vehicles_of_the_embedded_city_stand_alone() -> None:
    rows = table(ROOT / "inputs" / "coquimbo" / "registry.csv")
    heavy = [row for row in rows if row["category"] in {"heavy_truck", "bus"}]
    assert heavy
    assert {row["count"] for row in heavy} == {"1"}


def test_embedded_city_says_that_it_is_generated() -> None:
    first = (ROOT / "inputs" / "coquimbo" / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert "GENERATED" in first


@pytest.mark.parametrize("name", ["standards_chile.csv", "grid_chile.csv"])
def test_dates_and_grid_of_chile_were_read(name: str) -> None:
    rows = table(REFERENCE / name)
    assert rows
    assert {row["checked"] for row in rows} == {"yes"}
    assert all(row["source"] and row["year"] and row["unit"] for row in rows)


@pytest.mark.parametrize(
    "name", ["standards_chile.csv", "standards_us.csv", "standards_china.csv", "standards_asia.csv"]
)
def test_tables_of_dates_are_complete(name: str) -> None:
    rows = table(REFERENCE / name)
    assert list(rows[0]) == STANDARD_COLUMNS
    for row in rows:
        heavy = row["vehicle_group"] in {"heavy_truck", "bus"}
        assert row["standard"] in (HEAVY if heavy else LIGHT), row
        assert row["unit"] == "date"
        assert row["source"]
        assert row["year"]
    for key in {(row["region"], row["vehicle_group"]) for row in rows}:
        group = [row for row in rows if (row["region"], row["vehicle_group"]) == key]
        assert min(int(row["first_model_year"]) for row in group) == 0, key
