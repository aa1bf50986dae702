"""Keep finished link tables, so that a network is read once.

A kept table lies in the folder ``.fleet_planner_cache`` beside its input, or in the user's cache folder where the
input's folder may not be written. Its name holds a hash of everything that it follows from: the content of the input
and of the polygon files, the options, the region, and the sources of the readers. The file begins with a hash of
itself; one that does not agree is thrown away and made anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner import reference, tables
from fleet_planner.findings import Finding
from fleet_planner.network.assemble import LINK_SCHEMA
from fleet_planner.network.builtin import cache_base
from fleet_planner.network.model import Network
from fleet_planner.tiles import LINKS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from fleet_planner.plan.models import NetworkSection

FOLDER = ".fleet_planner_cache"
SUFFIX = ".links"
FROM_BYTES = 100_000
"""Smaller inputs are read as quickly as they are kept."""

KEPT_PER_INPUT = 8
"""Kept tables of one input with other options or of earlier content; the oldest go."""

MAGIC = b"fleet_planner links 4\n"
DIGEST_BYTES = 32
RAW_AT_ONCE = 1 << 20
"""Numbers of an array, and bytes of a file, that are taken at a time."""

NOT_OF_THE_TABLE = {
    "cache",
    "zones",
    "download_hint",
    "file",
    "builtin",
    "elevation",
    "elevation_step_m",
    "elevation_window_m",
}


def kept(
    inputs: Sequence[Path],
    section: NetworkSection,
    region: str,
    read: Callable[[], Network],
    *,
    least: int = FROM_BYTES,
) -> Network:
    """Return the kept network, or read and keep it.

    Parameters
    ----------
    inputs
        The network's file first, then every other file that the links follow from.
    section, region
        Options.
    read
        Reads the network anew.
    least
        Bytes of input from which it is worth it.
    """
    first = inputs[0]
    if not section.cache or sum(p.stat().st_size for p in inputs) < least:
        return read()
    name = f"{first.name}.{key_of(inputs, section, region)}{SUFFIX}"
    folders = [folder for folder in (first.parent / FOLDER, cache_base() / "networks") if _writable(folder)]
    for folder in (first.parent / FOLDER, cache_base() / "networks"):
        if (network := load(folder / name)) is not None:
            return network
    network = read()
    for folder in folders[:1]:
        _keep(network, folder, name, first.name)
    return network


def key_of(inputs: Iterable[Path], section: NetworkSection, region: str) -> str:
    """Return the hash of everything that a link table follows from."""
    digest = hashlib.sha256()
    options = section.model_dump(exclude=NOT_OF_THE_TABLE)
    about = {"options": options, "region": region, "reader": _reader_hash(), "osmium": version("osmium")}
    digest.update(json.dumps(about, sort_keys=True).encode())
    for path in inputs:
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:24]


def _reader_hash() -> str:
    """Return a hash of the sources and tables that links are made with."""
    here = Path(__file__).parent
    kernels, figures, words = here.parent / "kernels", Path(reference.__file__).parent, Path(tables.__file__).parent
    sources = [*here.glob("*.py"), *(kernels / f"{n}.py" for n in ("topology", "geometry", "osm_blocks"))]
    sources += [figures / "road_class_defaults.csv", figures / "built_up.csv", words / "columns" / "links.csv"]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _writable(folder: Path) -> bool:
    """Return whether files may be put into ``folder``; a folder marked read-only is left alone, also by root."""
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK) and bool(nearest.stat().st_mode & 0o200)


def _keep(network: Network, folder: Path, name: str, stem: str) -> None:
    """Write beside and rename; a full disk or a lost permission is no reason to stop."""
    beside = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as handle:
            beside = Path(handle.name)
            _write(network, handle)
        beside.replace(folder / name)
        old = sorted(folder.glob(f"{stem}.*{SUFFIX}"), key=lambda p: p.stat().st_mtime, reverse=True)
        for path in old[KEPT_PER_INPUT:]:
            path.unlink(missing_ok=True)
    except OSError:
        if beside is not None:
            beside.unlink(missing_ok=True)


def _write(network: Network, handle: IO[bytes]) -> None:
    """Write a network piece by piece, so that it never stands in memory a second time."""
    links = _ipc_pieces(network.links)
    turns = [] if network.turns is None else _ipc_pieces(network.turns)
    parts = {
        "links": links,
        "coordinates": _raw_pieces(network.coordinates.reshape(-1)),
        "offsets": _raw_pieces(network.offsets),
        "structure": [] if network.structure is None else _raw_pieces(np.packbits(network.structure)),
        "turns": turns,
    }
    about = {
        "attribution": network.attribution,
        "structure": network.structure is not None,
        "turns": network.turns is not None,
        "points": len(network.coordinates),
        "findings": [[f.code, f.kind, dict(f.values), f.count, f.share] for f in network.findings],
    }
    handle.write(MAGIC + bytes(DIGEST_BYTES))
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for piece in (json.dumps(about).encode(), *chain.from_iterable(_ended(pieces) for pieces in parts.values())):
        for data in (len(piece).to_bytes(8, "little"), piece):
            digest.update(data)
            handle.write(data)
    handle.seek(len(MAGIC))
    handle.write(digest.digest())


def _ended(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Yield pieces and an empty one, which says that the next part begins."""
    yield from pieces
    yield b""


def _ipc_pieces(table: pl.DataFrame) -> Iterator[bytes | memoryview]:
    for first in range(0, max(table.height, 1), LINKS_AT_ONCE):
        rows = io.BytesIO()
        table[first : first + LINKS_AT_ONCE].write_ipc(rows, compression="lz4")
        yield rows.getbuffer()


def _raw_pieces(values: NDArray[Any]) -> Iterator[bytes | memoryview]:
    for first in range(0, values.size, RAW_AT_ONCE):
        yield values[first : first + RAW_AT_ONCE].tobytes()


def load(path: Path) -> Network | None:
    """Return a kept network, or nothing where there is none or the file is damaged."""
    try:
        with path.open("rb") as handle:
            return _load(handle) if _is_whole(handle) else None
    except OSError:
        return None


def _is_whole(handle: IO[bytes]) -> bool:
    """Return whether a file is a kept network that agrees with its hash; what follows is read from behind that."""
    start = len(MAGIC) + DIGEST_BYTES
    head = handle.read(start)
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    while block := handle.read(RAW_AT_ONCE):
        digest.update(block)
    handle.seek(start)
    return head == MAGIC + digest.digest()


def _load(handle: IO[bytes]) -> Network | None:
    about = json.loads(_piece(handle))
    tables = [pl.read_ipc(io.BytesIO(piece), use_pyarrow=False) for piece in _part(handle)]
    links = pl.concat(tables, rechunk=True)
    tables.clear()
    if dict(links.schema) != LINK_SCHEMA:
        return None
    coordinates = _array(handle, np.dtype(np.float64)).reshape(-1, 2)
    offsets = _array(handle, np.dtype(np.int64))
    bits = _array(handle, np.dtype(np.uint8))
    structure = np.unpackbits(bits, count=about["points"]).astype(np.bool_) if about["structure"] else None
    turns = [pl.read_ipc(io.BytesIO(piece), use_pyarrow=False) for piece in _part(handle)]
    findings = tuple(Finding(code, kind, values, n, share) for code, kind, values, n, share in about["findings"])
    forbidden = pl.concat(turns, rechunk=True) if about["turns"] else None
    return Network(links, coordinates, offsets, about["attribution"], findings, structure, forbidden)


def _piece(handle: IO[bytes]) -> bytes:
    return handle.read(int.from_bytes(handle.read(8), "little"))


def _part(handle: IO[bytes]) -> Iterator[bytes]:
    """Yield the pieces up to the empty one."""
    while piece := _piece(handle):
        yield piece


def _array(handle: IO[bytes], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return the next part as an array, which may be written to."""
    pieces = [np.frombuffer(piece, dtype=kind) for piece in _part(handle)]
    return np.concatenate([np.zeros(0, kind), *pieces])
