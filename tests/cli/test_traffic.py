"""Traffic from the command line: types of day, counts, measured speeds; what the run directory says of them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

PLAN = '[city]\nname = "x"\ncountry = "CL"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'


def way(number: int, nodes: list[int], kind: str, name: str = "") -> str:
    refs = "".join(f"<nd ref='{n}'/>" for n in nodes)
    return (
        f"<way id='{number}'>{refs}<tag k='highway' v='{kind}'/>"
        + (f"<tag k='name' v='{name}'/>" if name else "")
        + "</way>"
    )


KINDS = ("primary", "secondary", "residential")
NODES = "".join(f"<node id='{8 * k + i + 1}' lat='{0.004 * k}' lon='{0.004 * i}'/>" for k in range(3) for i in range(8))
WAYS = "".join(way(10 + k, list(range(8 * k + 1, 8 * k + 9)), kind, f"street {k}") for k, kind in enumerate(KINDS))
CROSSINGS = "".join(way(20 + i, [8 * k + i + 1 for k in range(3)], "tertiary") for i in range(8))
OSM = f"<osm version='0.6'>{NODES}{WAYS}{CROSSINGS}</osm>"
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "t1,heavy_truck,diesel,12000,2014,rigid_truck,40000,300\nc1,passenger_car,petrol,,2015,car,12000,20000\n"
)
COUNTS = "site_id,lon,lat,hour,count\n" + "\n".join(
    f"s{k}{i},{0.004 * i + 0.002},{0.004 * k + 0.0001},,{9000 * (3 - k) + 100 * i}" for k in range(3) for i in range(7)
)


def run(folder: Path, traffic: str, *more: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + traffic, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "counts.csv").write_text(COUNTS + "\nfar,1,1,,50\n", encoding="utf-8")
    arguments = ["run", str(folder / "plan.toml"), "--out", str(folder / "out"), *more]
    return CliRunner().invoke(main, arguments)


def manifest(folder: Path) -> dict[str, object]:
    return json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))


def test_counts_and_types_of_day_from_end_to_end(tmp_path: Path) -> None:
    traffic = '[traffic]\nmethod = "counts"\nday_types = "weekday_weekend"\n[traffic.counts]\nfile = "counts.csv"\n'
    result = run(tmp_path, traffic)
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path)
    assert told["traffic"]["method"] == "counts"
    assert sum(d["days_per_year"] for d in told["traffic"]["days"]) == pytest.approx(365.25)
    assert max(told["closure"]["baseline"].values()) < 1e-9
    assert {f["role"] for f in told["inputs"]} >= {"counts"}
    weekday, weekend = told["traffic"]["days"]
    assert weekday["nox_kg_per_day"] > weekend["nox_kg_per_day"] > 0.0
    whole = pl.read_csv(tmp_path / "out" / "summary.csv").filter(
        (pl.col("pollutant") == "NOx") & (pl.col("scenario") == "baseline")
    )
    year = sum(d["nox_kg_per_day"] * d["days_per_year"] for d in told["traffic"]["days"]) / 1e3
    assert year == pytest.approx(whole["value_per_year"][0], rel=1e-9)
    fit = pl.read_csv(tmp_path / "out" / "count_fit.csv")
    assert fit.columns == [c.column for c in columns("count_fit")]
    assert set(fit["counts"]) == {"fitted", "kept_out"}
    kept = fit.filter((pl.col("counts") == "kept_out") & (pl.col("road_class") == "all"))
    assert kept["number"][0] == 4  # a fifth of 21 places
    listed = pl.read_csv(tmp_path / "out" / "counts.csv")
    assert listed.columns == [c.column for c in columns("counts_matched")]
    assert listed.filter(pl.col("counts") == "unused")["site_id"].to_list() == ["far"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "method: counts" in page
    assert 'id="fit"' in page
    assert 'id="days"' in page
    assert "Weekend" in page
    assert "kept out" in page
    again = CliRunner().invoke(main, ["report", str(tmp_path / "out"), "--language", "zh"])
    assert again.exit_code == 0, again.output
    chinese = (tmp_path / "out" / "report.zh.html").read_text(encoding="utf-8")
    assert "未参与校准" in chinese
    assert "周末" in chinese


def test_counts_without_calibration_are_compared(tmp_path: Path) -> None:
    result = run(tmp_path, '[traffic.counts]\nfile = "counts.csv"\n')
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path)
    assert told["traffic"]["method"] == "allocated"
    assert told["traffic"]["counts"]["calibrated"] is False
    assert "not calibrated to these counts" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_length_of_corridors_is_weighed_in_every_run(tmp_path: Path) -> None:
    assert run(tmp_path, "").exit_code == 0
    texts = [f["text"] for f in manifest(tmp_path)["findings"] if f["code"] == "inventory.corridor_length"]
    assert len(texts) == 1
    for part in ("700 m", "350 m", "1400 m", "NOx +", "CO2"):
        assert part in texts[0].replace("NOx -", "NOx +")
    assert manifest(tmp_path)["traffic"]["days"][0]["name"] == "average"


def test_speeds_by_volume_and_by_detectors(tmp_path: Path) -> None:
    (tmp_path / "speeds.csv").write_text("lon,lat,hour,speed\n0.006,0,8,17\n", encoding="utf-8")
    result = run(tmp_path, '[traffic.speeds]\nmethod = "volume_delay"\nfile = "speeds.csv"\n')
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path)
    codes = {f["code"] for f in told["findings"]}
    assert {"activity.speeds_by_volume", "activity.speed_sites", "activity.speeds_known"} <= codes
    assert "activity.speeds" not in codes
    assert {f["role"] for f in told["inputs"]} >= {"measured speeds"}


@pytest.mark.parametrize(
    ("traffic", "counts", "parts"),
    [
        ('[traffic]\nmethod = "counts"\n', None, ["traffic", "needs traffic.counts.file"]),
        ('[traffic]\nmethod = "counted"\n', None, ["traffic.method", "'counted'"]),
        ('[traffic]\nday_types = "workdays"\n', None, ["traffic.day_types", "'workdays'"]),
        ("[traffic]\nseasons = { a = [1] }\n", None, ["traffic", "each month 1..12 once"]),
        ('[traffic]\nmethod = "counts"\n[traffic.counts]\nfile = "none.csv"\n', None, ["none.csv", "no such file"]),
        (
            '[traffic]\nmethod = "counts"\n[traffic.counts]\nfile = "bad.csv"\n',
            "lon,lat,count\n9,9,5\n",
            ["bad.csv", "none of the counts lies on a road"],
        ),
        (
            '[traffic]\nmethod = "counts"\n[traffic.counts]\nfile = "bad.csv"\n',
            "lon,lat,count\n0,0,-5\n",
            ["bad.csv, row 2, column count", "-5"],
        ),
    ],
)
def test_bad_traffic_gives_one_clear_message(
    tmp_path: Path, traffic: str, counts: str | None, parts: list[str]
) -> None:
    if counts:
        (tmp_path / "bad.csv").write_text(counts, encoding="utf-8")
    result = run(tmp_path, traffic)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
    for part in parts:
        assert part in result.stderr


def test_given_flows_from_end_to_end(tmp_path: Path) -> None:
    """Flows by way; a way that the network lacks is named."""
    (tmp_path / "flows.csv").write_text("osm_id,flow,speed_kmh\n10,4000,41\n12,1000,\n", encoding="utf-8")
    result = run(tmp_path, '[traffic]\nmethod = "given"\n[traffic.flows]\nfile = "flows.csv"\n')
    assert result.exit_code == 0, result.output
    told = manifest(tmp_path)
    assert told["traffic"]["method"] == "given"
    assert {f["role"] for f in told["inputs"]} >= {"flows"}
    assert {f["code"] for f in told["findings"]} >= {"activity.flows_given", "activity.flows_scaled"}
    assert "method: given flows" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    (tmp_path / "flows.csv").write_text("osm_id,flow\n10,4000\n77,1000\n", encoding="utf-8")
    bad = run(tmp_path, '[traffic]\nmethod = "given"\n[traffic.flows]\nfile = "flows.csv"\n', "--overwrite")
    assert bad.exit_code == 1
    for part in ("flows.csv", "row 3", "osm_id", "77"):
        assert part in bad.output
