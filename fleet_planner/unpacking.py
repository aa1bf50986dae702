"""Strangers' archives and layers, opened with limits: nothing unpacks beyond bounds, expands itself or fetches another.

A zip or gzip file of a few megabytes may hold terabytes of zeros (a zip bomb), an XML file of a kilobyte may define
words that stand for gigabytes (billion laughs), and GDAL opens whatever it recognises, whatever the file's name says,
among it small texts that name files and web addresses to read instead.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

from fleet_planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST_BYTES = 16 * 2**30
"""Bytes that an archive may unpack to: several times the largest feed or extract of a city that is published."""

MOST_RATIO = 200
"""Unpacked bytes for one packed; timetables and maps have 5 to 40, zeros about 1,000."""

ALWAYS_ALLOWED = 64 * 2**20
"""Below so many bytes the ratio does not matter: small tables may repeat themselves."""

CHUNK = 2**20
DAMAGED = (OSError, EOFError, RuntimeError, ValueError, LookupError, struct.error, zlib.error, lzma.LZMAError)
"""What the standard library raises on damaged, locked and unknown archives; `zipfile.BadZipFile` besides."""

STARTS = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".fgb": (b"fgb\x03fgb",),
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}
"""First bytes of the kinds of files that GDAL is asked to read."""

RASTERS = (".tif", ".tiff", ".hgt")


def check_amount(unpacked: int, packed: int, path: str | Path) -> None:
    """Refuse what unpacks beyond all measure.

    Raises
    ------
    InputError
        More than `MOST_BYTES`, or beyond `ALWAYS_ALLOWED` more than `MOST_RATIO` times ``packed``.
    """
    if unpacked > MOST_BYTES or (unpacked > ALWAYS_ALLOWED and unpacked > MOST_RATIO * max(packed, 1)):
        raise InputError(
            f"it unpacks to {unpacked / 1e6:,.0f} MB or more from {packed / 1e6:,.1f} MB, as no file of this kind does",
            "Take it from another source; if it is right, unpack it yourself.",
            file=path,
        )


def read_zip(path: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Read files of a zip archive by their names without folders, those nearest to its root first.

    Raises
    ------
    InputError
        The archive is damaged, locked by a password, packed in an unknown way, or unpacks beyond all measure.
    """
    packed = path.stat().st_size if path.is_file() else 0
    try:
        with zipfile.ZipFile(path) as archive:
            own = [m for m in archive.infolist() if "__MACOSX" not in m.filename and not m.is_dir()]
            own.sort(key=lambda m: (m.filename.count("/"), m.filename), reverse=True)
            inside = {m.filename.rpartition("/")[2]: m for m in own}
            chosen = {name: inside[name] for name in wanted if name in inside}
            check_amount(sum(m.file_size for m in chosen.values()), packed, path)
            return {name: archive.read(member) for name, member in chosen.items()}
    except (zipfile.BadZipFile, *DAMAGED) as error:
        raise InputError(
            f"this is not a readable zip file: {error or type(error).__name__}", "Download it again.", file=path
        ) from error


def refuse_bomb(path: Path) -> None:
    """Refuse a zip archive, such as a workbook of Excel, whose files unpack beyond all measure; others pass.

    Raises
    ------
    InputError
        It does.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, *DAMAGED):
        return  # the reader says what it is
    check_amount(size, path.stat().st_size, path)


def unpack(path: Path, out: Path) -> None:
    """Unpack a ``.gz`` or ``.bz2`` file.

    Raises
    ------
    InputError
        It is damaged or unpacks beyond all measure.
    """
    opened = bz2.open if path.suffix.lower() == ".bz2" else gzip.open
    packed, done = path.stat().st_size, 0
    try:
        with opened(path) as source, out.open("wb") as target:
            while part := source.read(CHUNK):
                done += len(part)
                check_amount(done, packed, path)
                target.write(part)
    except DAMAGED as error:
        raise InputError(
            f"this is not a readable {path.suffix} file, or it is cut off: {error or type(error).__name__}",
            "Download it again.",
            file=path,
        ) from error


def inflated(part: bytes, most: int) -> bytes:
    """Unpack a block packed by zlib to at most ``most`` bytes.

    Raises
    ------
    ValueError
        It holds more, or is cut off.
    zlib.error
        It is damaged.
    """
    engine = zlib.decompressobj()
    out = engine.decompress(part, most)
    if not engine.eof:
        raise ValueError("a block is cut off or larger than the format allows")
    return out


def refuse_definitions(path: Path) -> None:
    """Refuse XML that defines words of its own; only what stands before its first element is read.

    Raises
    ------
    InputError
        It defines an entity, of its own text or of another file.
    """

    def defined(*_: object) -> None:
        raise InputError(
            "the XML defines words that stand for other text, as no map does",
            "Take it from another source, or write it again with osmnx.",
            file=path,
        )

    class _BegunError(Exception):
        """The first element is there: no definition can follow."""

    def begun(*_: object) -> None:
        raise _BegunError

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = defined
    parser.StartElementHandler = begun
    try:
        with path.open("rb") as handle:
            _feed(parser, handle)
    except (_BegunError, expat.ExpatError, LookupError, OSError, ValueError):
        return  # what else is wrong with it the reader says


def _feed(parser: expat.XMLParserType, handle: BinaryIO) -> None:
    while part := handle.read(CHUNK):
        parser.Parse(part)


def refuse_other_kind(path: Path) -> None:
    """Refuse a layer or raster whose first bytes are not those of its ending; unknown endings pass.

    Raises
    ------
    InputError
        It is something else, such as a text by which GDAL would read another file or a web address.
    """
    first, starts = _first_bytes(path), STARTS.get(path.suffix.lower())
    if first.startswith(b"<") if starts is None else not first.startswith(starts):
        raster = path.suffix.lower() in RASTERS
        what = "this is not a raster that can be read" if raster else "this layer cannot be read"
        raise InputError(
            f"{what}: its first bytes are not those of its kind",
            "Save it anew under the ending that fits.",
            file=path,
        )


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            first = handle.read(256)
    except OSError:
        return b""
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text if text.startswith((b"{", b"<")) else first
