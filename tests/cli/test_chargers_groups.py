"""Groups of people from the plan to tables, page and map, on the example of the embedded city."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.tables import columns


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The example with two groups: the poorer ones live in the zones with odd numbers."""
    folder = tmp_path_factory.mktemp("groups")
    example = repository / "inputs" / "coquimbo"
    for name in ("charging_demand.csv", "charging_sites.csv", "grid_nodes.csv"):
        shutil.copy(example / name, folder / name)
    zones = pl.read_csv(folder / "charging_demand.csv")["zone"].unique().sort()
    odd = [int(z.split()[-1]) % 2 == 1 for z in zones]
    pl.DataFrame(
        {
            "zone": [*zones, *zones],
            "group": ["poorer"] * zones.len() + ["better off"] * zones.len(),
            "people": [900.0 if o else 200.0 for o in odd] + [100.0 if o else 800.0 for o in odd],
        }
    ).write_csv(folder / "groups.csv")
    text = (example / "chargers.toml").read_text(encoding="utf-8")
    quick = text.replace("seconds = 20.0", 'seconds = 0.0\nregret = false\ncurve_points = 0\ngroups = "groups.csv"')
    assert quick != text
    (folder / "plan.toml").write_text(quick, encoding="utf-8")
    return folder


def test_groups_reach_table_page_and_map(city: Path) -> None:
    done = CliRunner().invoke(main, ["chargers", "site", str(city / "plan.toml"), "--out", str(city / "out")])
    assert done.exit_code == 0, done.output
    groups = pl.read_csv(city / "out" / "charger_groups.csv")
    zones = pl.read_csv(city / "out" / "charger_zones.csv")
    assert groups.columns == [c.column for c in columns("charger_groups")]
    assert zones.columns == [c.column for c in columns("charger_zones")]
    for year in (2028, 2034):
        own, area = groups.filter(year=year), zones.filter(year=year)
        assert own["people_group"].to_list() == ["poorer", "better off"]
        assert own["kwh_per_day"].sum() == pytest.approx(area["kwh_per_day"].sum(), rel=1e-9)
        assert own["benefit_usd_per_year"].sum() == pytest.approx(area["benefit_usd_per_year"].sum(), rel=1e-9)
        assert own["people_pct"].sum() == pytest.approx(100.0)
    assert zones["people"].to_list() == [1000.0] * zones.height
    pages = [(city / "out" / n).read_text(encoding="utf-8") for n in ("chargers.html", "chargers.zh.html")]
    assert "Coverage and benefit by group of people" in pages[0]
    assert "分人群的覆盖与效益" in pages[1]
    assert all('<table id="charger-groups">' in page and "better off" in page for page in pages)
    points = pyogrio.read_dataframe(city / "out" / "chargers.gpkg", layer="charger_zone_points")
    assert len(points) == zones.filter(year=2034).height
    assert set(points["served_pct"].round(6)) <= set(zones.filter(year=2034)["served_pct"].round(6))


def test_a_least_share_of_groups_out_of_reach_is_told(city: Path) -> None:
    text = (city / "plan.toml").read_text(encoding="utf-8")
    (city / "far.toml").write_text(
        text.replace("least_served = 0.9", "least_served_by_group = 1.0").replace(
            "cut_off_km = 6.0", "cut_off_km = 0.3"
        ),
        encoding="utf-8",
    )
    done = CliRunner().invoke(main, ["chargers", "site", str(city / "far.toml"), "--out", str(city / "none")])
    assert done.exit_code == 1
    assert "of the group poorer at most" in done.output
    assert "100.0 % are asked" in done.output
    assert not (city / "none").exists()
