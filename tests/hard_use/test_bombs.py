"""Inputs that swell, expand or fetch others are refused at once; what once broke a reader has its message."""

from __future__ import annotations

import bz2
import gzip
import http.server
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fleet_planner import unpacking
from fleet_planner.errors import InputError
from fleet_planner.factors.published.appendix4 import read_appendix4
from fleet_planner.network import load_network
from fleet_planner.network.areas import read_area
from fleet_planner.network.osm_file import BrokenFileError, _placed
from fleet_planner.plan.models import NetworkSection
from fleet_planner.transit_feed import read_feed
from fleet_planner.unpacking import inflated, read_zip, refuse_other_kind
from tests.hard_use.targets import FEED, GEOJSON, GMNS, GRAPH, OSM, packed

ZEROS = bytes(2**20)
AT_ONCE_S = 20


def network(path: Path) -> object:
    return load_network(NetworkSection(file=path.name, cache=False), path.parent, "CL")


def bomb(path: Path, name: str, megabytes: int, rest: dict[str, str]) -> Path:
    """Write a zip archive with a file of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for other, text in rest.items():
            archive.writestr(other, text)
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(ZEROS)
    return path


def test_zip_bombs_are_refused_before_they_unpack(tmp_path: Path) -> None:
    """100 MB of zeros in 100 kB, as a timetable, a network and a workbook; nothing is unpacked to see it."""
    feed = bomb(
        tmp_path / "feed.zip", "stop_times.txt", 100, {f"{k}.txt": v for k, v in FEED.items() if k != "stop_times"}
    )
    links = bomb(tmp_path / "n.zip", "link.csv", 100, {"node.csv": GMNS["node.csv"]})
    sheet = bomb(tmp_path / "factors.xlsx", "xl/worksheets/sheet1.xml", 100, {})
    begin = time.perf_counter()
    for path, read in ((feed, read_feed), (links, network), (sheet, read_appendix4)):
        with pytest.raises(InputError, match="unpacks to") as caught:
            read(path)
        assert str(path) in str(caught.value)
    assert time.perf_counter() - begin < AT_ONCE_S


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    """The directory of the archive says 10 bytes; the member holds 100 MB."""
    path = bomb(tmp_path / "feed.zip", "stops.txt", 100, {})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    assert data[at : at + 4] == (100 * 2**20).to_bytes(4, "little")
    data[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InputError, match="zip file"):
        read_zip(path, ("stops.txt",))


@pytest.mark.parametrize("ending", ["osm.gz", "osm.bz2", "graphml.gz"])
def test_packed_zeros_are_refused_while_they_unpack(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 4 * 2**20)
    path = tmp_path / f"n.{ending}"
    pack = bz2.compress if ending.endswith("bz2") else gzip.compress
    path.write_bytes(pack(ZEROS * 40))
    with pytest.raises(InputError, match="unpacks to"):
        network(path)


@pytest.mark.parametrize(("ending", "content", "pack"), [
    ("osm.gz", OSM, gzip.compress), ("osm.bz2", OSM, bz2.compress), ("graphml.gz", GRAPH, gzip.compress),
])  # fmt: skip
def test_packed_networks_are_read_and_cut_off_ones_refused(
    tmp_path: Path, ending: str, content: str, pack: object
) -> None:
    assert callable(pack)
    path = tmp_path / f"n.{ending}"
    path.write_bytes(pack(content.encode()))
    network(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cut off|cannot be read"):
        network(path)


def test_a_block_larger_than_the_format_allows_is_refused(tmp_path: Path) -> None:
    whole = zlib.compress(ZEROS)
    assert inflated(whole, len(ZEROS)) == ZEROS
    for part, most in ((whole, len(ZEROS) - 1), (whole[:-8], len(ZEROS))):
        with pytest.raises(ValueError, match="cut off or larger"):
            inflated(part, most)
    blob = b"\x10" + varint(2**30) + b"\x1a" + varint(len(huge := zlib.compress(bytes(2**27)))) + huge
    header = b"\x0a\x07OSMData\x18" + varint(len(blob))
    path = tmp_path / "n.osm.pbf"
    path.write_bytes(len(header).to_bytes(4, "big") + header + blob)
    with pytest.raises(InputError, match="larger than the format allows"):
        network(path)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


LAUGHS = "<!DOCTYPE lolz [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{k + 1} '{f'&a{k};' * 10}'>" for k in range(9)
) + "]>"  # fmt: skip
FILE = "<!DOCTYPE x [<!ENTITY secret SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.parametrize("definition", [LAUGHS, FILE])
@pytest.mark.parametrize(("name", "content", "place"), [("n.osm", OSM, "大街"), ("n.graphml", GRAPH, "primary")])
def test_entities_are_refused(tmp_path: Path, name: str, content: str, place: str, definition: str) -> None:
    head, _, body = content.partition("?>")
    used = "&a9;" if "a9" in definition else "&secret;"
    path = tmp_path / name
    path.write_text(f"{head}?>{definition}{body.replace(place, used)}", encoding="utf-8")
    begin = time.perf_counter()
    with pytest.raises(InputError, match="defines words"):
        network(path)
    assert time.perf_counter() - begin < AT_ONCE_S


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes who asks."""
    asked: list[str] = []

    class Note(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Note)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "fgb", "kml", "tif"])
def test_layers_that_name_a_web_address_fetch_nothing(
    tmp_path: Path, ending: str, listener: tuple[str, list[str]]
) -> None:
    """GDAL takes a text of XML for a virtual layer under any name; such a file is refused before it sees it."""
    address, asked = listener
    path = tmp_path / f"areas.{ending}"
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{address}/x.geojson</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    if ending == "tif":
        with pytest.raises(InputError, match="first bytes"):
            refuse_other_kind(path)
    else:
        with pytest.raises(InputError, match="first bytes"):
            read_area(path, "clip")
    assert asked == []


def test_gdal_would_have_fetched_it(tmp_path: Path, listener: tuple[str, list[str]]) -> None:
    """The check above checks something."""
    import pyogrio

    address, asked = listener
    path = tmp_path / "areas.geojson"
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{address}/x.geojson</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises((pyogrio.errors.DataSourceError, pyogrio.errors.CRSError)):
        pyogrio.read_dataframe(path)
    assert asked


def test_true_layers_pass(tmp_path: Path) -> None:
    import pyogrio

    for start in ("", "\ufeff", "\n  "):
        path = tmp_path / "areas.geojson"
        path.write_text(start + GEOJSON, encoding="utf-8")
        refuse_other_kind(path)
        assert len(pyogrio.read_dataframe(path)) > 0


def test_nodes_beyond_the_earth_do_not_wrap_round_to_another_place() -> None:
    """435 degrees as a whole number of 32 bits would be 5.5 degrees."""
    with pytest.raises(BrokenFileError, match="not lie on the earth"):
        _placed([np.array([1]), np.array([4_350_000_000]), np.array([0])], (100, 0, 0))
    number, lon, lat = _placed([np.array([1]), np.array([1_800_000_000]), np.array([-900_000_000])], (100, 0, 0))
    assert (number[0], lon[0], lat[0]) == (1, 1_800_000_000, -900_000_000)


def test_packed_tables_survive_odd_archives(tmp_path: Path) -> None:
    """Folders and copies of macOS inside; the table nearest to the root counts."""
    path = tmp_path / "feed.zip"
    deep = {f"{k}.txt": v for k, v in FEED.items()} | {"old/stops.txt": "x", "__MACOSX/trips.txt": "y"}
    path.write_bytes(packed(deep))
    assert read_feed(path).trips.height
