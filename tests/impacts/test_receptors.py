"""Source-receptor coefficients and acid by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_planner.errors import InputError
from fleet_planner.impacts.receptors import acid_table, exported_table, read_coefficients, receptor_table
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


def test_studies_that_disagree_are_one_range_that_holds_both(tmp_path: Path) -> None:
    """Published shares of Japan's particles that come from elsewhere: 61 % in Kyushu, 39 % in Tokyo, against 5 and 8 %."""
    rows = "".join(
        f"region,SO2,{place},% of PM2.5,{value / 100},{value / 100},{value / 100},{source}\n"
        for place, source, value in (
            ("Kyushu", "first study", 61.0),
            ("Kyushu", "second study", 5.0),
            ("Tokyo", "first study", 39.0),
            ("Tokyo", "second study", 8.0),
        )
    )
    (tmp_path / "sr.csv").write_text(HEADER.replace("high\n", "high,source\n") + rows, encoding="utf-8")
    table = receptor_table(TONNES, read_coefficients(tmp_path / "sr.csv", "region", ["NOx", "SO2", "NH3"]))
    for place, values in (("Kyushu", (61.0, 5.0)), ("Tokyo", (39.0, 8.0))):
        row = table.filter(scenario="base", receptor=place, pollutant="SO2").row(0, named=True)
        assert all(row["low"] <= value <= row["high"] for value in values)  # 100 t of SO2
        assert row["value"] == pytest.approx(sum(values) / 2.0)


def test_responses_are_linear_and_an_identity_gives_the_emissions_back(tmp_path: Path) -> None:
    one = read(tmp_path, ",NOx,here,t,1,1,1\n,SO2,there,t,1,1,1\n")
    table = receptor_table(TONNES, one)
    same = table.filter(pollutant="NOx", receptor="here")
    assert same["value"].to_list() == [1000.0, 400.0]
    assert same["low"].to_list() == same["high"].to_list() == same["value"].to_list()
    double = {s: {p: 2.0 * t for p, t in of.items()} for s, of in TONNES.items()}
    twice = receptor_table(double, one)
    for column in ("value", "low", "high", "change"):
        assert twice[column].to_list() == pytest.approx([2.0 * v for v in table[column].to_list()])


def test_what_leaves_and_what_stays_is_all_that_is_emitted() -> None:
    table = exported_table(TONNES, {"NOx": 0.25})
    assert table.columns == [c.column for c in columns("exported")]
    nox = table.filter(scenario="base", pollutant="NOx").row(0, named=True)
    assert (nox["exported_t_per_year"], nox["stays_t_per_year"], nox["given"]) == (250.0, 750.0, "yes")
    so2 = table.filter(scenario="base", pollutant="SO2").row(0, named=True)
    assert (so2["exported_share"], so2["exported_t_per_year"], so2["given"]) == (0.0, 0.0, "no")
