"""Reading a registry: encodings, separators, blank and ragged rows, numbers of several languages, Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.errors import InputError
from fleet_planner.fleet import check_file, read_registry
from fleet_planner.fleet.numbers import numbers

HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,depot"
GOOD = "b1,bus,diesel,17500,2014,urban_bus,60000,北京一场"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "registry.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_are_the_same_in_every_dress(tmp_path: Path, encoding: str, separator: str, end: str) -> None:
    text = end.join([HEADER, GOOD, ""]).replace(",", separator)
    raw = read_registry(written(tmp_path, text, encoding))
    assert raw.columns == [*HEADER.split(","), "row"]
    assert raw.row(0) == (*GOOD.split(","), 2)


def test_an_encoding_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    fleet = check_file(written(tmp_path, f"{HEADER}\n{GOOD}\n", "gbk"), country="CN", year=2024)
    assert [f.values for f in fleet.findings if f.code == "fleet.encoding"] == [{"encoding": "gb18030"}]
    fleet = check_file(written(tmp_path, f"{HEADER}\n{GOOD}\n"), country="CN", year=2024)
    assert not [f for f in fleet.findings if f.code == "fleet.encoding"]


def test_encoding_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER}\n{GOOD.replace('北京一场', 'Ñuñoa')}\n", "latin-1")
    assert read_registry(path, encoding="latin-1")["depot"].to_list() == ["Ñuñoa"]
    with pytest.raises(InputError, match="not utf-8 text"):
        read_registry(path, encoding="utf-8")
    with pytest.raises(InputError, match="unknown encoding"):
        read_registry(path, encoding="klingon")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_refused_with_a_remedy(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(InputError, match=r"neither UTF-8 nor GBK.*Save it as UTF-8 CSV"):
        read_registry(written(tmp_path, f"{HEADER}\n{GOOD}\n", encoding))


def test_blank_rows_are_passed_over_and_still_counted(tmp_path: Path) -> None:
    raw = read_registry(written(tmp_path, f"{HEADER}\n\n{GOOD}\n,,,,,,,\n{GOOD}\n"))
    assert raw["row"].to_list() == [3, 5]


def test_row_with_too_many_cells_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"registry.csv, row 3: this row has 9 cells, the header 8"):
        read_registry(written(tmp_path, f"{HEADER}\n{GOOD}\n{GOOD},more\n"))


def test_quoted_separators_and_line_breaks_are_text(tmp_path: Path) -> None:
    raw = read_registry(written(tmp_path, f'{HEADER}\n{GOOD[:-4]}"a, b\nc"\n{GOOD}\n'))
    assert raw["depot"].to_list() == ["a, b\nc", "北京一场"]
    assert raw["row"].to_list() == [2, 3]


def test_unclosed_quote_is_an_error_of_the_users(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a regular table"):
        read_registry(written(tmp_path, f'{HEADER}\n"{GOOD}\n'))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0), ("-5", -5.0), ("1e3", 1000.0), ("0,8", 0.8), ("12500,5", 12500.5), ("0,125", 0.125),
        ("1,234,567", 1234567.0), ("12,345.6", 12345.6), ("12.345,6", 12345.6), ("12,500", None), ("1,2,3", None),
        ("nan", None), ("inf", None), ("", None), ("many", None), (None, None),
    ],
)  # fmt: skip
def test_numbers_are_read_or_refused_but_not_guessed(text: str | None, value: float | None) -> None:
    assert numbers(pl.Series("x", [text], pl.String)).to_list() == [value]


@pytest.mark.parametrize(
    ("text", "value"), [("12.500", None), ("12500.5", 12500.5), ("12.5", 12.5), ("0.125", 0.125), ("12,5", 12.5)]
)
def test_a_point_is_ambiguous_beside_decimal_commas(text: str, value: float | None) -> None:
    assert numbers(pl.Series("x", [text]), decimal_comma=True).to_list() == [value]


def test_a_file_with_semicolons_may_separate_thousands_by_points(tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    rows = [HEADER, GOOD, GOOD.replace("60000", "60.000").replace("b1", "b2")]
    path.write_text("\n".join(rows).replace(",", ";"))
    wrong = check_file(path, country="CL", year=2024).rejected
    assert wrong.select("row", "column", "value").rows() == [(3, "km_per_year", "60.000")]


def test_whole_numbers() -> None:
    cells = pl.Series("x", ["2014", "2014.0", "20.5", None, "9e30"])
    assert numbers(cells, whole=True).to_list() == [2014, 2014, None, None, None]


def frame(**change: object) -> pl.DataFrame:
    cells = {"vehicle_id": "b1", "category": "bus", "fuel": "diesel", "gross_mass_kg": 17500.0, "model_year": 2014.0}
    return pl.DataFrame([cells | {"stream": "urban_bus", "km_per_year": 6e4, "load_fraction": float("nan")} | change])


def test_parquet_is_read_and_its_nan_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "registry.parquet"
    frame().write_parquet(path)
    fleet = check_file(path, country="CL", year=2024, default_load=0.4)
    assert fleet.rejected.is_empty()
    assert fleet.vehicles["load_fraction"].to_list() == [0.4]


@pytest.mark.parametrize("value", [[1], b"\xff"])
def test_parquet_column_of_another_kind_is_named(tmp_path: Path, value: object) -> None:
    path = tmp_path / "registry.parquet"
    frame(count=value).write_parquet(path)
    with pytest.raises(InputError, match="column count: this column holds neither text nor numbers"):
        check_file(path, country="CL", year=2024)


def test_broken_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "registry.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"registry.parquet: this is not a readable Parquet file"):
        check_file(path, country="CL", year=2024)
