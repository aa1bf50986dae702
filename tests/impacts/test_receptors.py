"""Source-receptor coefficients and acid by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_planner.errors import InputError
from fleet_planner.impacts.receptors import acid_table, read_coefficients, receptor_table
from fleet_planner.tables import columns

HEADER = "region,pollutant,receptor,unit,low,central,high\n"
TONNES = {"base": {"NOx": 1000.0, "SO2": 100.0, "NH3": 10.0}, "clean": {"NOx": 400.0, "SO2": 100.0, "NH3": 10.0}}


def read(folder: Path, rows: str, region: str = "") -> object:
    (folder / "sr.csv").write_text(HEADER + rows, encoding="utf-8")
    return read_coefficients(folder / "sr.csv", region, ["NOx", "SO2", "NH3"])


def test_a_range_may_hold_both_signs(tmp_path: Path) -> None:
    table = receptor_table(
        TONNES,
        read(
            tmp_path,
            "north,NOx,o3,ppb,-0.002,0.001,0.004\nsouth,NOx,o3,ppb,9,9,9\n,SO2,pm25,ug/m3,0.01,0.02,0.03\n",
            "north",
        ),
    )
    assert table.columns == [c.column for c in columns("receptors")]
    row = table.filter(scenario="clean", receptor="o3", pollutant="NOx").row(0, named=True)
    assert row["value"] == pytest.approx(0.4)
    assert row["change"] == pytest.approx(-0.6)
    assert (row["change_low"], row["change_high"]) == (pytest.approx(-2.4), pytest.approx(1.2))
    assert table.filter(scenario="base", receptor="pm25", pollutant="all")["value"][0] == pytest.approx(2.0)
    assert table.filter(scenario="base")["change"].abs().max() == 0.0


@pytest.mark.parametrize(
    ("rows", "region", "word", "place"),
    [
        ("a,NOX,o3,ppb,0,1,2\n", "a", "unknown pollutant", 2),
        ("a,NOx,o3,ppb,0,3,2\n", "a", "between low and high", 2),
        ("a,NOx,o3,ppb,0,1,2\na,NOx,o3,ppb,0,1,2\n", "a", "twice", 3),
        ("a,NOx,o3,ppb,0,1,2\n", "b", "no coefficient is of b", None),
    ],
)
def test_wrong_coefficients_are_told_by_row(
    tmp_path: Path, rows: str, region: str, word: str, place: int | None
) -> None:
    with pytest.raises(InputError, match=word) as error:
        read(tmp_path, rows, region)
    assert error.value.row == place


def test_acid_by_hand() -> None:
    table = acid_table(TONNES)
    assert table.columns == [c.column for c in columns("acid")]
    keq = {(s, p): v for s, p, v in table.select("scenario", "pollutant", "acid_keq_per_year").iter_rows()}
    assert keq["base", "SO2"] == pytest.approx(100.0 * 31.22, rel=1e-3)  # 64.06 g a mole, two protons
    assert keq["base", "NOx"] == pytest.approx(1000.0 * 21.74, rel=1e-3)
    assert keq["base", "NH3"] == pytest.approx(10.0 * 58.72, rel=1e-3)
    assert keq["clean", "all"] == pytest.approx(sum(keq["clean", p] for p in ("SO2", "NOx", "NH3")))
