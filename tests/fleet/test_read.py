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


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_blocks_of_a_file_are_read_however_its_lines_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    for module in ("source", "text_blocks"):
        monkeypatch.setattr(f"fleet_planner.fleet.{module}.BLOCK_BYTES", 200)
    rows = [GOOD.replace("b1", f"b{k}") for k in range(50)]
    raw = read_registry(written(tmp_path, end.join([HEADER, *rows, ""])))
    assert raw["vehicle_id"].to_list() == [f"b{k}" for k in range(50)]
    assert raw["row"].to_list() == list(range(2, 52))


def test_an_encoding_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    fleet = check_file(written(tmp_path, f"{HEADER}\n{GOOD}\n", "gbk"), country="CN", year=2024)
    assert [f.values for f in fleet.findings if f.code == "fleet.encoding"] == [{"encoding": "gb18030"}]
    fleet = check_file(written(tmp_path, f"{HEADER}\n{GOOD}\n"), country="CN", year=2024)
    assert not [f for f in fleet.findings if f.code == "fleet.encoding"]


def mixed(folder: Path, *lines: tuple[str, str]) -> Path:
    path = folder / "registry.csv"
    path.write_bytes(b"\n".join(text.encode(encoding) for text, encoding in lines) + b"\n")
    return path


def test_rows_in_another_encoding_are_read_in_theirs_and_told(tmp_path: Path) -> None:
    other, third = GOOD.replace("b1", "b2"), GOOD.replace("b1", "b3")
    for main, alien in (("utf-8", "gbk"), ("gbk", "utf-8")):
        path = mixed(tmp_path, (HEADER, "ascii"), (GOOD, main), (other, alien), (third, main))
        fleet = check_file(path, country="CN", year=2024)
        assert fleet.vehicles["depot"].to_list() == ["北京一场"] * 3
        told = [(f.values["other"], f.count) for f in fleet.findings if f.code == "fleet.encodings_mixed"]
        assert told == [("gb18030" if main == "utf-8" else "utf-8", 1)]


def test_a_row_in_no_known_encoding_is_rejected(tmp_path: Path) -> None:
    path = mixed(tmp_path, (HEADER, "ascii"), (GOOD, "utf-8"), (GOOD.replace("b1", "b2"), "utf-8"))
    path.write_bytes(path.read_bytes() + GOOD[:-4].replace("b1", "b3").encode() + b"\xff\xfe\n")
    fleet = check_file(path, country="CN", year=2024)
    assert fleet.vehicles["vehicle_id"].to_list() == ["b1", "b2"]
    assert fleet.rejected.select("row", "column", "reason").rows() == [(4, "(whole row)", "neither UTF-8 nor GBK text")]


def test_utf16_can_be_named(tmp_path: Path) -> None:
    assert read_registry(written(tmp_path, f"{HEADER}\n{GOOD}\n", "utf-16"), encoding="utf-16").row(0)[-2] == "北京一场"


@pytest.mark.parametrize("block", [1, 40, 100])
def test_blocks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    rows = [GOOD.replace("b1", f"b{n}").replace("北京", '"a, ""b""\n') + '"' for n in range(9)]
    path = written(tmp_path, "\n".join([HEADER, *rows, "", GOOD, f"{GOOD},x", GOOD]))
    whole = check_file(path, country="CN", year=2024)
    monkeypatch.setattr("fleet_planner.fleet.source.BLOCK_BYTES", 200)
    monkeypatch.setattr("fleet_planner.fleet.text_blocks.BLOCK_BYTES", block)
    again = check_file(path, country="CN", year=2024)
    assert again.vehicles.equals(whole.vehicles)
    assert again.rejected.equals(whole.rejected)
    assert whole.rejected["row"].to_list() == [3, 12, 13, 14]  # the last lines are b1 again, and one too wide
    assert again.findings == whole.findings
    assert again.coverage.equals(whole.coverage)


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


def test_rows_with_too_many_or_too_few_cells_are_rejected_and_named(tmp_path: Path) -> None:
    second, third = GOOD.replace("b1", "b2"), GOOD.replace("b1", "b3")
    lines = [HEADER, GOOD, f"{GOOD},more", "b4,bus", f"{second},,", third]
    fleet = check_file(written(tmp_path, "\n".join(lines)), country="CN", year=2024)
    assert fleet.vehicles["vehicle_id"].to_list() == ["b1", "b2", "b3"]  # empty cells behind the last are cut off
    assert fleet.rejected.select("row", "column", "value", "reason").rows() == [
        (3, "(whole row)", "9 cells", "this row has 9 cells, the header 8"),
        (4, "(whole row)", "2 cells", "this row has 2 cells, the header 8"),
    ]
    told = next(f for f in fleet.findings if f.code == "fleet.rejected")
    assert (told.count, told.share) == (2, pytest.approx(2 / 5))  # each counts as a mean row


def test_quoted_separators_and_line_breaks_are_text(tmp_path: Path) -> None:
    raw = read_registry(written(tmp_path, f'{HEADER}\n{GOOD[:-4]}"a, b\nc"\n{GOOD}\n'))
    assert raw["depot"].to_list() == ["a, b\nc", "北京一场"]
    assert raw["row"].to_list() == [2, 3]


def test_unclosed_quote_is_an_error_of_the_users(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"registry.csv, row 2: this is not a regular table: a quotation mark is not closed"
    ):
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
