"""Plates and VINs: known by column or look, hashed by a key or replaced, masked among what was rejected."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import InputError, OutputError
from fleet_planner.fleet import check_file, write_fixed
from fleet_planner.fleet.headers import is_identifier
from fleet_planner.fleet.identifiers import MASK, hidden, key_of, looks_like_identifier, read_key, write_key
from fleet_planner.plan.models import FleetSection
from fleet_planner.reference import reference_table

REST = "bus,diesel,17500,2014,urban_bus,60000"
COLUMNS = "category,fuel,gross_mass_kg,model_year,stream,km_per_year"
PLATES = ["京A·12345", "京AD12345", "7ABC123", "BBCL-12", "LZYTBGBW5E1012345"]


def registry(folder: Path, ids: list[str], header: str = "vehicle_id", extra: str = "") -> Path:
    path = folder / "registry.csv"
    more = f",{extra}" if extra else ""
    rows = [f"{i},{REST}" + (f",{p}" if extra else "") for i, p in zip(ids, PLATES * len(ids), strict=False)]
    path.write_text("\n".join([f"{header},{COLUMNS}{more}", *rows, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize("row", reference_table("identifier_patterns.csv").to_dicts(), ids=lambda r: r["pattern_id"])
def test_the_example_of_every_pattern_is_known(row: dict[str, str]) -> None:
    example = pl.DataFrame({"x": [row["example"], row["example"].lower(), f"depot {row['example']} north"]})
    assert example.select(looks_like_identifier(pl.col("x"))).to_series().to_list() == [True, True, False]


def test_names_of_groups_of_the_examples_are_no_plates(repository: Path) -> None:
    for path in (repository / "inputs").glob("*/registry.csv"):
        names = pl.read_csv(path, infer_schema=False)
        assert not names.select(looks_like_identifier(pl.col("vehicle_id"))).to_series().any(), path


@pytest.mark.parametrize(
    "header", ["VIN", "Licence Plate", "license-plate", "车牌号码", "号牌号码", "车架号", "patente"]
)
def test_columns_of_plates_are_known_in_three_languages(header: str) -> None:
    assert is_identifier(header)
    assert not is_identifier(f"{header}_type")


def test_plates_among_the_ids_give_way_to_row_numbers(tmp_path: Path) -> None:
    fleet = check_file(registry(tmp_path, ["north-1", "京A·12345", "north-2"]), country="CN", year=2024)
    assert fleet.vehicles["vehicle_id"].to_list() == ["row-2", "row-3", "row-4"]  # one of three: a column of plates
    assert [f.count for f in fleet.findings if f.code == "fleet.identifiers_dropped"] == [3]


def test_one_look_alike_among_many_names_is_replaced_alone(tmp_path: Path) -> None:
    ids = [f"group {n}" for n in range(200)] + ["7ABC123"]
    kept = check_file(registry(tmp_path, ids), country="CL", year=2024).vehicles["vehicle_id"].to_list()
    assert kept == [*ids[:-1], "row-202"]


def test_a_column_of_plates_names_the_vehicles_where_there_is_no_id(tmp_path: Path) -> None:
    fleet = check_file(registry(tmp_path, ["A1", "A2"], header="车牌号"), country="CN", year=2024)
    assert fleet.vehicles["vehicle_id"].to_list() == ["row-2", "row-3"]


def test_a_column_of_plates_beside_the_ids_is_not_read(tmp_path: Path) -> None:
    fleet = check_file(registry(tmp_path, ["bus-1", "bus-2"], extra="VIN"), country="CN", year=2024)
    assert fleet.vehicles["vehicle_id"].to_list() == ["bus-1", "bus-2"]
    assert [f.values for f in fleet.findings if f.code == "fleet.identifiers_unread"] == [{"columns": "VIN"}]


def test_the_hash_is_keyed_blake2b_and_the_key_decides(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_text("0123456789abcdef0123\n")
    key = read_key(tmp_path / "a.key")
    secret = blake2b(b"0123456789abcdef0123", digest_size=32, person=b"identifier key").digest()
    expected = [blake2b(p.encode(), key=secret, digest_size=10).hexdigest() for p in PLATES]
    path = registry(tmp_path, PLATES)
    fleet = check_file(path, country="CN", year=2024, key=key)
    assert fleet.vehicles["vehicle_id"].to_list() == expected
    other = check_file(path, country="CN", year=2024, key=write_key(tmp_path / "b.key"))
    assert not set(other.vehicles["vehicle_id"]) & set(expected)
    told = next(f for f in fleet.findings if f.code == "fleet.identifiers_hashed")
    assert (told.values["key"], told.count) == (key.name, 5)


def test_keys_are_made_private_and_never_overwritten(tmp_path: Path) -> None:
    made = write_key(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "k").read_text().strip()) == 64
    assert read_key(tmp_path / "k") == made
    with pytest.raises(OutputError, match="never overwritten"):
        write_key(tmp_path / "k")
    (tmp_path / "short").write_text("secret")
    with pytest.raises(InputError, match="6 bytes, fewer than 16"):
        read_key(tmp_path / "short")
    with pytest.raises(InputError, match=r"fleet\.identifier_key"):
        read_key(tmp_path / "none")


def test_a_plan_may_ask_for_the_same_key(tmp_path: Path) -> None:
    made = write_key(tmp_path / "k")
    write_key(tmp_path / "other")
    assert key_of(FleetSection(registry="r", identifier_key="k", identifier_key_id=made.name), tmp_path) == made
    with pytest.raises(InputError, match=f"not the key {made.name} by which"):
        key_of(FleetSection(registry="r", identifier_key="other", identifier_key_id=made.name), tmp_path)
    with pytest.raises(InputError, match="names none"):
        key_of(FleetSection(registry="r", identifier_key_id=made.name), tmp_path)
    assert key_of(FleetSection(registry="r"), tmp_path) is None


def test_rejected_cells_and_fixed_rows_show_no_plate(tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    good = f"BBCL-12,{REST},north"
    twice = f"京A·12345,{REST},7ABC123"
    shifted = f"x,{REST.replace('diesel', '7ABC124')},"
    path.write_text("\n".join([f"plate,{COLUMNS},depot", good, twice, twice, shifted, ""]), encoding="utf-8")
    fleet = check_file(path, country="CN", year=2024)
    found = fleet.rejected.select("row", "column", "value").rows()
    assert found == [(3, "vehicle_id", MASK), (4, "vehicle_id", MASK), (5, "fuel", MASK)]
    write_fixed(path, fleet, tmp_path / "good.csv")
    written = (tmp_path / "good.csv").read_text(encoding="utf-8") + fleet.rejected.write_csv()
    assert "row-2" in written
    for secret in ("BBCL", "12345", "7ABC"):
        assert secret not in written


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*PLATES, "north 1", "south 2"]), min_size=1, max_size=40))
def test_no_plate_ever_stays_and_names_stay_distinct(ids: list[str]) -> None:
    rows = pl.Series(range(2, len(ids) + 2))
    out, changed = hidden(pl.Series("vehicle_id", ids), rows, None, every=False)
    assert not set(out) & set(PLATES)
    assert changed == sum(o != i for o, i in zip(out, ids, strict=True))
    assert changed >= sum(i in PLATES for i in ids)
    replaced = [o for o, i in zip(out, ids, strict=True) if o != i]
    assert len(set(replaced)) == len(replaced)
