"""No plate or VIN of a registry stands in any file or line that the program writes."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import polars as pl
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main

PLAN = (
    '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n'
    '[fleet]\nregistry = "r.csv"\nmax_rejected_vkt_share = 0.9\n{key}'
    '[measured]\nfile = "tests.csv"\n'
)
NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
SECRETS = ("京A·12345", "京B67890", "LZYTBGBW5E1012345", "京C00001")
REGISTRY = (
    "车牌号,VIN,category,fuel,gross_mass_kg,model_year,stream,km_per_year,depot\n"
    "京A·12345,LZYTBGBW5E1012345,bus,diesel,17500,2014,urban_bus,60000,north\n"
    "京B67890,,bus,diesel,17500,2012,urban_bus,60000,京C00001\n"
    "京C00001,,bus,diesel,17500,2050,urban_bus,60000,north\n"
    "京C00001,,bus,diesel,17500,2011,urban_bus,60000,north\n"
)
TESTS = (
    "test_id,vehicle_id,method,pollutant,value,unit,speed_kmh\n"
    "1,京A·12345,pems,NOx,9.0,g/km,30\n2,京B67890,pems,NOx,many,g/km,30\n"
)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def city(folder: Path, key: str) -> Path:
    (folder / "plan.toml").write_text(PLAN.format(key=key), encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "tests.csv").write_text(TESTS, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return folder / "plan.toml"


def written(folder: Path) -> bytes:
    """Return all bytes of a folder; columns of Parquet as CSV, archives unpacked."""
    out = b""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        out += data
        if path.suffix == ".parquet":
            out += pl.read_parquet(io.BytesIO(data)).write_csv().encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                out += b"".join(archive.read(name) for name in archive.namelist())
    return out


def assert_no_secret(text: bytes) -> None:
    for secret in SECRETS:
        for form in (secret, json.dumps(secret).strip('"')):
            assert form.encode() not in text, secret


def test_a_run_with_a_key_follows_vehicles_and_tells_no_plate(tmp_path: Path) -> None:
    made = call("fleet", "key", tmp_path / "secret.key")
    assert made.exit_code == 0, made.output
    name = made.stdout.split()[1]
    plan = city(tmp_path, 'identifier_key = "secret.key"\n')
    result = call("run", plan, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    everything = written(tmp_path / "out")
    assert_no_secret(result.output.encode() + everything)
    assert (tmp_path / "secret.key").read_bytes().strip() not in everything
    ids = pl.read_parquet(tmp_path / "out" / "vehicles.parquet")["vehicle_id"].to_list()
    assert all(len(i) == 20 for i in ids)
    told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert told["plan"]["fleet"]["identifier_key_id"] == name
    assert {f["role"] for f in told["inputs"]} == {"plan", "registry", "network", "emission tests"}
    measured = next(f for f in told["findings"] if f["code"] == "inventory.measured")
    assert measured["count"] == 1  # the test of the bus is still found by its hashed plate
    options = ("--country", "CN", "--year", 2024, "--max-rejected", 1, "--key", tmp_path / "secret.key")
    checked = call("fleet", "check", tmp_path / "r.csv", *options, "--fix", tmp_path / "g.csv")
    assert checked.exit_code == 0, checked.output
    assert pl.read_csv(tmp_path / "g.csv")["vehicle_id"].to_list() == ids  # the same key, the same names
    plan.write_text(plan.read_text().replace("identifier_key =", f'identifier_key_id = "{name}"\nidentifier_key ='))
    (tmp_path / "secret.key").unlink()
    assert call("fleet", "key", tmp_path / "secret.key").exit_code == 0
    again = call("run", plan, "--out", tmp_path / "third")
    assert again.exit_code == 1
    assert f"not the key {name}" in again.stderr
    assert not (tmp_path / "third").exists()


def test_without_a_key_row_numbers_stand_for_plates(tmp_path: Path) -> None:
    result = call("run", city(tmp_path, ""), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert_no_secret(result.output.encode() + written(tmp_path / "out"))
    vehicles = pl.read_parquet(tmp_path / "out" / "vehicles.parquet")
    assert vehicles["vehicle_id"].to_list() == ["row-2", "row-3"]
    rejected = pl.read_csv(tmp_path / "out" / "rejected.csv")
    assert rejected.filter(pl.col("column") == "vehicle_id")["value"].to_list() == ["***", "***"]
    checked = call("fleet", "check", tmp_path / "r.csv", "--country", "CN", "--year", 2024, "--fix", tmp_path / "g.csv")
    assert "row-2" in (tmp_path / "g.csv").read_text(encoding="utf-8")
    assert_no_secret(checked.output.encode() + (tmp_path / "g.csv").read_bytes())


def test_the_refusal_of_a_registry_tells_no_plate(tmp_path: Path) -> None:
    plan = city(tmp_path, "")
    plan.write_text(plan.read_text(encoding="utf-8").replace("= 0.9", "= 0.01"), encoding="utf-8")
    result = call("run", plan, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert_no_secret(result.output.encode())
