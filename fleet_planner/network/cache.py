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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner import reference, tables
from fleet_planner.findings import Finding
from fleet_planner.network.assemble import LINK_SCHEMA
from fleet_planner.network.builtin import cache_base
from fleet_planner.network.model import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fleet_planner.plan.models import NetworkSection

FOLDER = ".fleet_planner_cache"
SUFFIX = ".links"
FROM_BYTES = 100_000
"""Smaller inputs are read as quickly as they are kept."""

KEPT_PER_INPUT = 8
"""Kept tables of one input with other options or of earlier content; the oldest go."""

MAGIC = b"fleet_planner links 3\n"
DIGEST_BYTES = 32
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


def _write(network: Network, handle: Any) -> None:
    links = io.BytesIO()
    network.links.write_ipc(links, compression="lz4")
    hung = b"" if network.structure is None else np.packbits(network.structure).tobytes()
    turns = io.BytesIO()
    if network.turns is not None:
        network.turns.write_ipc(turns, compression="lz4")
    parts = [links.getvalue(), network.coordinates.tobytes(), network.offsets.tobytes(), hung, turns.getvalue()]
    about = {
        "sizes": [len(part) for part in parts],
        "attribution": network.attribution,
        "structure": network.structure is not None,
        "findings": [[f.code, f.kind, dict(f.values), f.count, f.share] for f in network.findings],
    }
    head = json.dumps(about).encode()
    body = [len(head).to_bytes(8, "little"), head, *parts]
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in body:
        digest.update(part)
    for part in (MAGIC, digest.digest(), *body):
        handle.write(part)


def load(path: Path) -> Network | None:
    """Return a kept network, or nothing where there is none or the file is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + DIGEST_BYTES
    body = memoryview(data)[start:]
    if data[: len(MAGIC)] != MAGIC or len(body) < 8:
        return None
    if hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest() != data[len(MAGIC) : start]:
        return None
    size = int.from_bytes(body[:8], "little")
    about = json.loads(bytes(body[8 : 8 + size]))
    at, parts = 8 + size, []
    for length in about["sizes"]:
        parts.append(body[at : at + length])
        at += length
    links = pl.read_ipc(io.BytesIO(parts[0]), use_pyarrow=False)
    if dict(links.schema) != LINK_SCHEMA:
        return None
    coordinates = np.frombuffer(parts[1], dtype=np.float64).reshape(-1, 2).copy()
    offsets = np.frombuffer(parts[2], dtype=np.int64).copy()
    findings = tuple(Finding(code, kind, values, n, share) for code, kind, values, n, share in about["findings"])
    structure = None
    if about["structure"]:
        bits = np.unpackbits(np.frombuffer(parts[3], dtype=np.uint8), count=len(coordinates))
        structure = bits.astype(np.bool_)
    turns = pl.read_ipc(io.BytesIO(parts[4]), use_pyarrow=False) if about["sizes"][4] else None
    return Network(links, coordinates, offsets, about["attribution"], findings, structure, turns)
