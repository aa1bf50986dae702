"""Results as a schema of a PostgreSQL database with PostGIS: all of it in one transaction, or nothing."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet_planner.outputs.export.source import Item, Layer, Source

VARIABLE = "FLEET_PLANNER_POSTGIS"
"""Environment variable that holds the address where the command line names none."""
KINDS: dict[Any, str] = {pl.String: "text", pl.Float64: "double precision", pl.Boolean: "boolean"}
SRID = 4326
MARK = "fleet_planner"
"""The comment of a schema that we wrote begins with it; no other schema is ever replaced."""
NAME_BYTES = 63
"""Bytes that PostgreSQL keeps of a name; longer ones would be cut and may collide."""
ROWS_AT_ONCE = 50_000
CONNECT_SECONDS = 10
GEOMETRY = "geom"


@dataclass(frozen=True)
class Address:
    """Where the database is. ``shown`` may be printed; ``_secret`` may not, and no message of ours holds it."""

    shown: str
    _secret: str

    def __repr__(self) -> str:
        """Return the address without its credentials."""
        return f"Address({self.shown!r})"

    def scrubbed(self, text: str) -> str:
        """Return a message of the database's library without the address and its passwords."""
        from psycopg.conninfo import conninfo_to_dict

        known = conninfo_to_dict(self._secret)
        secrets = [self._secret, *(str(known[k]) for k in ("password", "passfile", "sslpassword") if known.get(k))]
        for secret in secrets:
            text = text.replace(secret, "…")
        return text


def address_of(url: str | None) -> Address:
    """Return the address that the command line or the environment names.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``, or "" and None for the environment variable
        ``FLEET_PLANNER_POSTGIS``. A password may as well stand in ``PGPASSWORD`` or ``~/.pgpass``.

    Raises
    ------
    InputError
        None is named, it is no such address, or the library is not installed. The address is not repeated.
    """
    try:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise InputError(
            "the library psycopg is missing", "pip install 'fleet-planner[postgis]'", "--postgis"
        ) from error
    secret = url or os.environ.get(VARIABLE, "")
    if not secret:
        raise InputError(
            "no database is named", f"Give --postgis=postgresql://user@host/database or set {VARIABLE}.", "--postgis"
        )
    try:
        known = conninfo_to_dict(secret)
    except Error:
        known = None  # the library's message repeats the address, so it is dropped here and not chained
    if known is None or not _sound(known):
        raise InputError(
            "this is no address of a PostgreSQL database (it is not shown: it may hold a password)",
            "Write postgresql://user@host:5432/database; percent-encode signs such as @ in a password.",
            "--postgis",
        )
    place = f"{known.get('host') or 'local socket'}:{known.get('port') or 5432}/{known.get('dbname') or ''}"
    return Address(place, secret)


def _sound(known: Mapping[str, Any]) -> bool:
    """Return whether host, port and database look like such: a bare @ or / in a password puts part of it there."""
    host, port, database = (str(known.get(k) or "") for k in ("host", "port", "dbname"))
    return bool(
        re.fullmatch(r"[\w.,:%/-]*", host) and re.fullmatch(r"[\d,]*", port) and not re.search(r"[@:]", database)
    )


def schema_name(folder: str) -> str:
    """Return the name of a folder as the name of a schema: lower case, letters, digits and underscores."""
    plain = re.sub(r"[^a-z0-9_]+", "_", folder.lower()).strip("_")
    return (plain if re.match(r"[a-z]", plain) else f"run_{plain}").rstrip("_")[:NAME_BYTES]


def check_database(address: Address, schema: str, *, overwrite: bool) -> None:
    """Check before the work begins that a schema can be written; nothing is changed.

    Raises
    ------
    OutputError
        The database cannot be reached or refuses, has no PostGIS, or has such a schema.
    """
    with _connected(address) as connection, connection.cursor() as cursor:
        _prepare(cursor, address, schema, overwrite=overwrite)
        connection.rollback()


def export_postgis(source: Source, address: Address, schema: str, *, overwrite: bool) -> dict[str, int]:
    """Write every table and layer of a source into a schema of its own, in one transaction.

    Layers have a column ``geom`` with their geometry type and SRID 4326 and a spatial index; every table has a key
    ``fid``; schema, tables and columns carry comments from the data dictionary.

    Parameters
    ----------
    source
        Tables and layers.
    address
        Database.
    schema
        Name of the schema; it must not exist.
    overwrite
        Replace a schema of that name that an export wrote; readers see the old one until the new one is whole.

    Returns
    -------
    dict
        Rows by table.

    Raises
    ------
    InputError
        A column's name is longer than PostgreSQL keeps.
    OutputError
        See `check_database`; whatever fails, the database is left as it was.
    """
    from psycopg import sql

    written = {}
    with _connected(address) as connection, connection.cursor() as cursor:
        _prepare(cursor, address, schema, overwrite=overwrite)
        space = sql.Identifier(schema)
        if overwrite:
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(space))
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(space))
        cursor.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(space, sql.Literal(_about(source))))
        for item in source.items:
            layer = item.read_layer() if item.read_layer is not None else None
            frame = item.read() if layer is None else layer.frame
            if not frame.width:
                continue
            _create(cursor, schema, item, frame, layer)
            _copy(cursor, schema, item.name, frame, layer)
            if layer is not None:
                table = sql.Identifier(schema, item.name)
                cursor.execute(sql.SQL("CREATE INDEX ON {} USING gist ({})").format(table, sql.Identifier(GEOMETRY)))
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, item.name)))
            written[item.name] = frame.height
    return written


@contextmanager
def _connected(address: Address) -> Iterator[Any]:
    """Yield a connection whose transaction is kept when all went well and undone otherwise.

    Errors of the library become messages of ours without the original: its text and its frames hold the address.
    """
    import psycopg

    refused = ""
    try:
        with psycopg.connect(address._secret, connect_timeout=CONNECT_SECONDS) as connection:  # noqa: SLF001  # the one place that reads it
            yield connection
    except psycopg.Error as error:
        refused = _reason(error, address)
    if refused:
        raise OutputError(refused, "Nothing was written. Check address, password and rights.", address.shown)


def _reason(error: Any, address: Address) -> str:
    from psycopg import OperationalError

    lines = [line for line in address.scrubbed(str(error)).strip().splitlines() if line]
    text = lines[-1] if isinstance(error, OperationalError) and lines else (lines or [type(error).__name__])[0]
    return f"the database refuses: {text.removeprefix('- ').strip()}"


def _prepare(cursor: Any, address: Address, schema: str, *, overwrite: bool) -> None:
    """See to PostGIS and to a free name, inside the transaction."""
    cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'")
    if not cursor.fetchone()[0]:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")
        if not cursor.fetchone()[0]:
            raise OutputError("the database server has no PostGIS", "Install PostGIS beside PostgreSQL.", address.shown)
        cursor.execute("CREATE EXTENSION postgis")
    cursor.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s",
        (schema,),
    )
    found = cursor.fetchone()
    if found is None:
        return
    if not overwrite:
        raise OutputError(
            f"the database has a schema {schema} already",
            "Name another with --schema, or give --overwrite.",
            address.shown,
        )
    if not str(found[0] or "").startswith(MARK):
        raise OutputError(
            f"the schema {schema} was not written by an export, so it is not replaced",
            "Name another with --schema.",
            address.shown,
        )


def _create(cursor: Any, schema: str, item: Item, frame: pl.DataFrame, layer: Layer | None) -> None:
    """Create a table with comments on it and on its columns."""
    from psycopg import sql

    table = sql.Identifier(schema, item.name)
    parts: list[sql.Composable] = [sql.SQL("fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")]
    for name, kind in frame.schema.items():
        if len(name.encode()) > NAME_BYTES:
            raise InputError(
                f"a column's name is longer than the {NAME_BYTES} bytes that PostgreSQL keeps",
                "Give the scenario a shorter name and run again, or leave the table out with --table.",
                item.place,
                column=name,
            )
        parts.append(sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(KINDS.get(kind, "bigint"))))
    if layer is not None:
        shape = sql.SQL(f"geometry({_geometry_type(layer)}, {SRID})")
        parts.append(sql.SQL("{} {}").format(sql.Identifier(GEOMETRY), shape))
    cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(parts)))
    cursor.execute(
        sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(f"{item.title_en} / {item.title_zh}"))
    )
    comments = {row["column"]: _comment(row) for row in item.columns.iter_rows(named=True)}
    for name in frame.columns:
        if name in comments:
            column = sql.Identifier(schema, item.name, name)
            cursor.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(column, sql.Literal(comments[name])))


def _geometry_type(layer: Layer) -> str:
    """Return the type as PostGIS writes it; only letters come from the file."""
    assert layer.geometry_type.isalpha(), layer.geometry_type
    return layer.geometry_type


def _comment(row: Mapping[str, str]) -> str:
    unit = f" [{row['unit']}]" if row["unit"] else ""
    return f"{row['title_en']} / {row['title_zh']}{unit}: {row['description_en']}"


def _copy(cursor: Any, schema: str, name: str, frame: pl.DataFrame, layer: Layer | None) -> None:
    """Send the rows as CSV: text in quotes, so that nothing stands for null and "" for empty text."""
    import shapely
    from psycopg import sql

    names = [*frame.columns, *([GEOMETRY] if layer is not None else [])]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(schema, name), columns)
    with cursor.copy(command) as copy:
        for start in range(0, frame.height, ROWS_AT_ONCE):
            part = frame.slice(start, ROWS_AT_ONCE)
            if layer is not None:
                shapes = shapely.set_srid(shapely.from_wkb(layer.wkb.slice(start, ROWS_AT_ONCE).to_list()), SRID)
                hexed = shapely.to_wkb(shapes, hex=True, include_srid=True)
                part = part.with_columns(pl.Series(GEOMETRY, hexed.tolist(), dtype=pl.String))
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))


def _about(source: Source) -> str:
    """Return the comment of a schema: who wrote it, of which results, and what a map of it must name."""
    told = source.manifest
    words = [f"{MARK} {told.get('version', '')}".strip(), f"results {source.folder.resolve().name}"]
    words += [str(told[k]) for k in ("created", "attribution") if told.get(k)]
    return "; ".join(words)
