"""Mistakes of units, columns and exports in a registry: each is told by its row and column, none is taken in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError
from fleet_planner.fleet.load import check_file

HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,emission_standard,stream,km_per_year,count,zone"
TRUCK = "1,heavy_truck,diesel,12000,2008,euro_IV,rigid_truck,40000,30,North"
CAR = "2,passenger_car,petrol,1400,2018,euro_5,car,12000,500,North"
WHOLE = f"{HEADER}\n{TRUCK}\n{CAR}\n"


def told(folder: Path, text: str) -> list[tuple[int, str]]:
    path = folder / "r.csv"
    path.write_text(text, encoding="utf-8")
    rejected = check_file(path, country="CL", year=2024).rejected
    return rejected.select("row", "column").unique(maintain_order=True).rows()


def test_the_whole_registry_is_taken(tmp_path: Path) -> None:
    assert told(tmp_path, WHOLE) == []


@pytest.mark.parametrize(
    ("damaged", "column"),
    [
        (WHOLE.replace(",12000,2008", ",12,2008"), "gross_mass_kg"),  # tonnes
        (WHOLE.replace(",12000,2008", ",2008,12000"), "model_year"),  # two columns swapped
        (WHOLE.replace(",2008,", ",08,"), "model_year"),
        (WHOLE.replace(",2008,", ",2080,"), "model_year"),
        (WHOLE.replace(",40000,", ",40000000,"), "km_per_year"),  # metres
        (WHOLE.replace(",", ";").replace("40000", "40.000"), "km_per_year"),  # thousands, or a decimal
        (WHOLE.replace(",40000,30", ",40000,-30"), "count"),
        (WHOLE.replace(",40000,30", ",nan,30"), "km_per_year"),
        (WHOLE.replace("euro_IV", "euro_6"), "standard"),  # of cars
        (WHOLE.replace("heavy_truck", "passenger_car"), "gross_mass_kg"),
        (WHOLE.replace(",North\n2", "\n2"), "(whole row)"),  # a cell is lost
    ],
)
def test_a_mistake_is_told_by_row_and_column(tmp_path: Path, damaged: str, column: str) -> None:
    assert damaged != WHOLE
    assert (2, column) in told(tmp_path, damaged)


def test_a_vehicle_that_stands_twice_is_told(tmp_path: Path) -> None:
    assert (4, "vehicle_id") in told(tmp_path, WHOLE + TRUCK + "\n")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.integers(len(HEADER) + 2, len(WHOLE) - 2))
def test_a_file_that_breaks_off_loses_no_vehicle_in_silence(tmp_path: Path, place: int) -> None:
    """Cut off within a row: that row is told, unless only the end of its last word is lost."""
    cut = WHOLE[:place]
    row = 1 + cut.count("\n")
    last = cut.rpartition("\n")[2]
    if last and last.count(",") < HEADER.count(","):
        try:
            rows = {number for number, _ in told(tmp_path, cut)}
        except InputError as error:  # it was the only row
            rows = {error.row}
        assert row in rows
