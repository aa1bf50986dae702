"""Plates and VINs: known by their column or their look, and never passed on as they are.

An id that is a plate or a VIN becomes a keyed hash where the plan names a key, else the number of its row. The key
itself never leaves its file: what a run keeps of it is a short name that tells keys apart.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, OutputError
from fleet_planner.findings import Finding
from fleet_planner.fleet.headers import words_of
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_planner.plan.fleet import FleetSection

MASK = "***"
ID = "vehicle_id"
SHORTEST_KEY = 16
"""Bytes of a key; shorter ones could be guessed."""

HASH_BYTES = 10
"""Ten million vehicles share an 80-bit hash with a chance of 1 in 10^10."""

ALL_FROM_SHARE = 0.01
"""A column with so many plates among its ids is one of plates: its other ids may be plates of another form."""


@dataclass(frozen=True)
class Key:
    """A secret by which ids are hashed.

    Parameters
    ----------
    secret
        32 bytes made from the whole file.
    name
        Short name, which tells nothing of the secret.
    """

    secret: bytes
    name: str


def read_key(path: Path) -> Key:
    """Read the key of a file.

    Raises
    ------
    InputError
        The file is missing, unreadable or shorter than 16 bytes.
    """
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise InputError(
            f"the key of the identifiers cannot be read: {error.strerror}",
            "Check fleet.identifier_key; `fleet-planner fleet key FILE` makes a key.",
            file=path,
        ) from error
    if len(content) < SHORTEST_KEY:
        problem = f"the key of the identifiers has {len(content)} bytes, fewer than {SHORTEST_KEY}"
        raise InputError(problem, "`fleet-planner fleet key FILE` makes a key.", file=path)
    secret = blake2b(content, digest_size=32, person=b"identifier key").digest()
    return Key(secret, blake2b(b"name of the key", digest_size=4, key=secret).hexdigest())


def key_of(section: FleetSection, base: Path) -> Key | None:
    """Return the key that a plan names; nothing where it names none.

    Raises
    ------
    InputError
        The key cannot be read, or is not the one that ``fleet.identifier_key_id`` asks for.
    """
    asked = section.identifier_key_id
    if not section.identifier_key:
        if asked:
            raise InputError(
                "the plan asks for a key of the identifiers and names none",
                f"Name the file of the key {asked} in fleet.identifier_key.",
                column="fleet.identifier_key",
            )
        return None
    path = base / section.identifier_key
    key = read_key(path)
    if asked and key.name != asked:
        raise InputError(
            f"this is the key {key.name}, not the key {asked} by which the identifiers were hashed",
            "Use the same key, or remove fleet.identifier_key_id to start anew.",
            file=path,
            column="fleet.identifier_key_id",
        )
    return key


def write_key(path: Path) -> Key:
    """Write a new random key that only its owner may read, and return it.

    Raises
    ------
    OutputError
        The file exists or cannot be written.
    """
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    except FileExistsError as error:
        raise OutputError("there is such a file already", "A key is never overwritten; name another.", path) from error
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}", "Name a folder that you may write to.", path) from error
    return read_key(path)


@cache
def _pattern() -> str:
    return f"^(?:{'|'.join(reference_table('identifier_patterns.csv')['pattern'])})$"


def looks_like_identifier(text: pl.Expr) -> pl.Expr:
    """Return where a cell has the form of a plate or VIN (``reference/identifier_patterns.csv``)."""
    return text.str.to_uppercase().str.contains(_pattern()).fill_null(value=False)


def shown_names(names: Sequence[str]) -> str:
    """Return a header as text; a cell that looks like a plate or VIN is masked: the first row may be no header."""
    text = pl.Series("name", list(names), dtype=pl.String).to_frame()
    plates = text.select(looks_like_identifier(pl.col("name"))).to_series()
    return ", ".join(MASK if plate else name for name, plate in zip(names, plates, strict=True))


def hashed(ids: pl.Series, key: Key) -> pl.Series:
    """Return the keyed hash of each id, 20 hexadecimal digits; null stays null."""
    start = blake2b(key=key.secret, digest_size=HASH_BYTES)

    def digest(word: str | None) -> str | None:
        if word is None:
            return None
        one = start.copy()
        one.update(word.encode())
        return one.hexdigest()

    return pl.Series(ids.name, [digest(word) for word in ids.to_list()], dtype=pl.String)


def hidden(ids: pl.Series, rows: pl.Series, key: Key | None, *, every: bool) -> tuple[pl.Series, int]:
    """Return ids that may be written, and how many were changed.

    Parameters
    ----------
    ids
        As in the registry, shape (N,).
    rows
        Rows of the file, shape (N,).
    key
        All ids are hashed by it; without one, plates and VINs become ``row-<number>`` and other names stay.
    every
        The column is one of plates or VINs: no name stays.
    """
    if key is not None:
        return hashed(ids, key), ids.len()
    plates = ids.to_frame().select(looks_like_identifier(pl.col(ids.name))).to_series()
    if every or plates.sum() >= ALL_FROM_SHARE * ids.len() > 0:
        plates = pl.Series([True]).new_from_index(0, ids.len())
    count = int(plates.sum())
    if not count:
        return ids, 0
    names = pl.format("row-{}", pl.col("row"))
    both = pl.DataFrame([ids.alias(ID), rows.alias("row"), plates.alias("plate")])
    return both.select(pl.when("plate").then(names).otherwise(pl.col(ID)).alias(ids.name)).to_series(), count


def without_plates(text: pl.Series) -> pl.Series:
    """Return the names of places; one that looks like a plate or VIN is masked."""
    distinct = text.unique().drop_nulls().to_frame()
    plates = distinct.filter(looks_like_identifier(pl.col(text.name))).to_series()
    if plates.is_empty():
        return text
    return (
        pl.DataFrame([text, text.is_in(plates.implode()).alias("_plate")])
        .select(pl.when("_plate").then(pl.lit(MASK)).otherwise(text.name).alias(text.name))
        .to_series()
    )


def masked(cells: pl.DataFrame) -> pl.DataFrame:
    """Return wrong cells without the values of identifier columns, and without any that look like a plate or VIN."""
    names = pl.col("column").str.to_lowercase().is_in([ID, *words_of("identifier")])
    secret = (names & (pl.col("value") != "")) | looks_like_identifier(pl.col("value"))
    return cells.with_columns(pl.when(secret).then(pl.lit(MASK)).otherwise(pl.col("value")).alias("value"))


def finding_of(changed: int, key: Key | None) -> Finding | None:
    """Return the remark on ids that were hashed or replaced."""
    if not changed:
        return None
    if key is None:
        return Finding("fleet.identifiers_dropped", "info", {}, changed)
    return Finding("fleet.identifiers_hashed", "info", {"key": key.name}, changed)
