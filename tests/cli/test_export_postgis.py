"""`--postgis` against a real server: rows equal, one transaction, no credentials anywhere."""

from __future__ import annotations

import math
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
import pytest
import shapely
from click.testing import CliRunner, Result
from postgres_server import ENCODED, PASSWORD, Server, server
from small_run import small_run, write_inputs

from fleet_planner.cli.main import main
from fleet_planner.outputs.export import postgis
from fleet_planner.outputs.export.source import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgis


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("city"))


def export(run_dir: Path, *words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["export", str(run_dir), *words], env=env)


def asked(database: Server, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.url()) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def schemas(database: Server) -> set[str]:
    rows = asked(database, "SELECT nspname FROM pg_namespace")
    return {r[0] for r in rows} - {"pg_toast", "pg_catalog", "public", "information_schema"}


def test_every_table_and_layer_is_there_and_equal(run_dir: Path, database: Server) -> None:
    result = export(run_dir, f"--postgis={database.url()}", "--schema", "First run")
    assert result.exit_code == 0, result.output
    assert f"Written to schema first_run of 127.0.0.1:{database.port}/postgres" in result.output
    source = open_source(run_dir)
    for item in source.items:
        layer = item.read_layer() if item.read_layer is not None else None
        frame = item.read() if layer is None else layer.frame
        if not frame.width:
            continue
        names = ", ".join(f'"{c}"' for c in frame.columns)
        rows = asked(database, f'SELECT {names} FROM first_run."{item.name}" ORDER BY fid')  # noqa: S608  # our own names
        assert len(rows) == frame.height, item.name
        for got, row in zip(rows, frame.iter_rows(), strict=True):
            assert all(same(g, v) for g, v in zip(got, row, strict=True)), item.name
        if layer is not None:
            query = f'SELECT ST_AsBinary(geom), ST_SRID(geom) FROM first_run."{item.name}" ORDER BY fid'  # noqa: S608
            shapes = asked(database, query)
            assert [bytes(s[0]) for s in shapes] == [shapely.to_wkb(shapely.from_wkb(w)) for w in layer.wkb]
            assert {s[1] for s in shapes} == {4326}


def same(found: Any, value: Any) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return isinstance(found, float) and math.isnan(found)
    return bool(found == value)


def test_types_indexes_and_comments_are_stated(run_dir: Path, database: Server) -> None:
    assert export(run_dir, "--postgis", "--schema", "told", env={postgis.VARIABLE: database.url()}).exit_code == 0
    kinds = dict(
        asked(database, "SELECT f_table_name, type || ' ' || srid FROM geometry_columns WHERE f_table_schema = 'told'")
    )
    assert kinds["links"] == "LINESTRING 4326"
    assert kinds["depots"] == "POINT 4326"
    indexed = asked(database, "SELECT tablename FROM pg_indexes WHERE schemaname = 'told' AND indexdef LIKE '%gist%'")
    assert {t[0] for t in indexed} == set(kinds)
    query = (
        "SELECT col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'told.links'::regclass AND attname = 'nox_kg_per_day_electric_buses'"
    )
    comment = asked(database, query)[0][0]
    assert comment.startswith("Nitrogen oxides (as NO2), Electric buses / 氮氧化物（以NO2计），电动公交 [kg/day]: ")
    bare = (
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = "
        "c.relnamespace WHERE n.nspname = 'told' AND c.relkind = 'r' AND a.attnum > 0 AND a.attname NOT IN ('fid', 'geom') "
        "AND col_description(a.attrelid, a.attnum) IS NULL"
    )
    assert asked(database, bare) == []
    about = asked(database, "SELECT obj_description('told'::regnamespace, 'pg_namespace')")[0][0]
    assert about.startswith("fleet_planner 0.")
    assert "results run" in about


def test_a_failure_on_the_way_leaves_nothing(run_dir: Path, database: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schemas(database)
    real = postgis._copy

    def broken(cursor: Any, schema: str, name: str, frame: pl.DataFrame, layer: Any) -> None:
        real(cursor, schema, name, frame.rename({frame.columns[0]: "nosuch"}) if name == "links" else frame, layer)

    monkeypatch.setattr(postgis, "_copy", broken)
    result = export(run_dir, f"--postgis={database.url()}", "--schema", "broken")
    assert result.exit_code == 1
    assert "the database refuses" in result.output
    assert "nosuch" in result.output
    assert schemas(database) == before


def test_a_schema_is_replaced_only_when_asked_and_ours(run_dir: Path, database: Server) -> None:
    url = f"--postgis={database.url()}"
    assert export(run_dir, url, "--schema", "again", "--table", "summary").exit_code == 0
    again = export(run_dir, url, "--schema", "again")
    assert again.exit_code == 1
    assert "has a schema again already" in again.output
    assert export(run_dir, url, "--schema", "again", "--overwrite", "--table", "depots").exit_code == 0
    assert asked(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'again'") == [("depots",)]
    with psycopg.connect(database.url()) as connection:
        connection.execute("CREATE SCHEMA theirs")
    foreign = export(run_dir, url, "--schema", "theirs", "--overwrite")
    assert foreign.exit_code == 1
    assert "was not written by an export" in foreign.output
    assert "theirs" in schemas(database)


def test_run_writes_into_the_database_and_nowhere_the_password(
    tmp_path: Path, database: Server, caplog: pytest.LogCaptureFixture
) -> None:
    plan = write_inputs(tmp_path)
    words = ["run", str(plan), "--out", str(tmp_path / "my-run"), f"--postgis={database.url()}"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert f"Written to schema my_run of 127.0.0.1:{database.port}/postgres" in result.output
    rows = asked(database, "SELECT count(*) FROM my_run.summary")[0][0]
    assert rows == pl.read_csv(tmp_path / "my-run" / "summary.csv").height
    written = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(written) > 10
    for path in written:
        assert not leaks(path.read_bytes().decode("utf-8", errors="replace")), path
    told = str(asked(database, "SELECT obj_description('my_run'::regnamespace, 'pg_namespace')"))
    assert not leaks(result.output + caplog.text + told)
    again = CliRunner().invoke(main, [*words[:3], str(tmp_path / "my-run"), "--overwrite", words[4]])
    assert again.exit_code == 0, again.output


def leaks(text: str) -> bool:
    return any(secret in text for secret in (PASSWORD, ENCODED, "wr0ngpass", "pa55"))


def told_by(result: Result) -> str:
    """Return what the command printed and what a debugger would of its error and all errors behind it."""
    errors = "".join(traceback.format_exception(result.exception)) if result.exception else ""
    return result.output + (result.stderr or "") + errors + repr(result.exception)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://planner:wr0ngpass@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgresql://planner:wr0ngpass@127.0.0.1:1/postgres", "the database refuses"),
        ("postgresql://planner:wr0ngpass@127.0.0.1:{port}/nosuch", "password authentication failed"),
        ("postgresql://planner:pa55:wr0ngpass@@h:x:y/", "this is no address of a PostgreSQL database"),
        (
            "postgresql://planner:pa55@wr0ngpass@127.0.0.1:{port}/postgres",
            "this is no address of a PostgreSQL database",
        ),
        (
            "postgresql://planner:pa55/wr0ngpass@127.0.0.1:{port}/postgres",
            "this is no address of a PostgreSQL database",
        ),
        ("postgresql://planner/wr0ngpass@127.0.0.1:{port}/postgres", "this is no address of a PostgreSQL database"),
        ("host=127.0.0.1 port={port} password='wr0ngpass", "this is no address of a PostgreSQL database"),
        ("mysql://planner:wr0ngpass@127.0.0.1/x", "this is no address of a PostgreSQL database"),
        ("postgresql://planner:" + ENCODED + "@127.0.0.1:{port}/nosuch", 'database "nosuch" does not exist'),
    ],
)
def test_bad_addresses_are_told_without_their_secrets(
    run_dir: Path, tmp_path: Path, database: Server, url: str, message: str
) -> None:
    named = url.format(port=database.port)
    before = schemas(database)
    tries = [
        export(run_dir, f"--postgis={named}"),
        export(run_dir, "--postgis", env={postgis.VARIABLE: named}),
        CliRunner().invoke(
            main, ["run", str(write_inputs(tmp_path)), "--out", str(tmp_path / "o"), f"--postgis={named}"]
        ),
    ]
    for result in tries:
        assert result.exit_code == 1
        assert message in result.output
        assert not leaks(told_by(result))
    with pytest.raises(Exception, match=r".") as raised:
        postgis.check_database(postgis.address_of(named), "x", overwrite=False)
    assert not leaks("".join(traceback.format_exception(raised.value)))
    assert raised.value.__context__ is None
    assert not (tmp_path / "o").exists(), "a run that cannot be handed over does not begin"
    assert schemas(database) == before


def test_no_address_and_long_names_are_told(run_dir: Path, database: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgis.VARIABLE, raising=False)
    result = export(run_dir, "--postgis")
    assert result.exit_code == 1
    assert "no database is named" in result.output
    monkeypatch.setattr(postgis, "NAME_BYTES", 20)
    long = export(run_dir, f"--postgis={database.url()}", "--schema", "long", "--table", "links")
    assert long.exit_code == 1
    assert "city.gpkg/links, column nox_kg_per_day_baseline: a column's name is longer than the 20 bytes" in long.output
    assert "long" not in schemas(database)


def test_addresses_are_shown_without_credentials(database: Server) -> None:
    address = postgis.address_of(database.url())
    assert repr(address) == f"Address('127.0.0.1:{database.port}/postgres')"
    assert str(address) == repr(address)
    assert address.scrubbed(f"FATAL {PASSWORD} x") == "FATAL … x"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("20240101T000000-abc", "run_20240101t000000_abc"),
        ("La Serena–2", "la_serena_2"),
        ("成都", "run"),
        ("x" * 80, "x" * 63),
    ],
)
def test_names_of_schemas(folder: str, name: str) -> None:
    assert postgis.schema_name(folder) == name
