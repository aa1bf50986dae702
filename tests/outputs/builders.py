"""A small made-up run: eight links, three vehicles, two scenarios; the sums agree by construction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
from shapely.geometry import box

from fleet_planner.activity.model import Activity
from fleet_planner.findings import Finding
from fleet_planner.fleet.model import Fleet
from fleet_planner.inventory.model import Inventory
from fleet_planner.network.model import Network
from fleet_planner.pipeline.telling.results import InputFile, Results, ScenarioResult
from fleet_planner.pipeline.telling.voc_species import voc_table
from fleet_planner.plan.models import Plan
from fleet_planner.scenarios.model import ScenarioFleet
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

HOSTILE = 'Calle </script><b>"1" & Ñuñoa</b>'
STREAMS = ("car", "rigid_truck", "visiting_car")


def plan() -> Plan:
    return Plan.model_validate(
        {
            "city": {"name": "Test <City>", "name_zh": "测试市", "country": "CL", "year": 2024},
            "network": {"builtin": "coquimbo"},
            "fleet": {"registry": "registry.csv"},
            "scenario": [{"name": "electric", "title": "Electric & quiet", "title_zh": "电动化"}],
        }
    )


def network(rows: int = 2, columns: int = 2) -> Network:
    """Return a grid of two-way streets, ``rows`` by ``columns`` blocks."""
    links, points, offsets = [], [], [0]
    edges = [((r, c), (r, c + 1)) for r in range(rows) for c in range(columns)]
    edges += [((r, c), (r + 1, c)) for r in range(rows) for c in range(columns)]
    for number, (a, b) in enumerate(edges):
        for u, v in ((a, b), (b, a)):
            links.append((u[0] * 1000 + u[1], v[0] * 1000 + v[1], number))
            ends = [(-71.3 + 0.002 * y, -29.9 + 0.002 * x) for x, y in (u, v)]
            middle = ((ends[0][0] + ends[1][0]) / 2 + 1e-4, (ends[0][1] + ends[1][1]) / 2)
            points += [ends[0], middle, ends[1]]
            offsets.append(len(points))
    count = len(links)
    kinds = ["primary", "residential", "secondary", "primary_link"]
    frame = pl.DataFrame(
        {
            "link_id": np.arange(count),
            "u": [row[0] for row in links],
            "v": [row[1] for row in links],
            "osm_id": pl.Series([None if k == 0 else 1123687709000 + k for k in range(count)], dtype=pl.Int64),
            "name": [HOSTILE if row[2] == 0 else None if row[2] == 1 else f"Calle {row[2] % 50}" for row in links],
            "road_class": [kinds[row[2] % 4] for row in links],
            "length_km": [0.2 + 0.01 * (row[2] % 7) for row in links],
            "lanes": np.full(count, 1.0),
            "free_flow_kmh": np.full(count, 50.0),
            "capacity_veh_h": np.full(count, 800.0),
            "grade_pct": np.zeros(count),
            "speed_source": ["given"] * count,
            "lanes_source": ["class_urban"] * count,
            "oneway": [False] * count,
            "in_main": [True] * count,
            "hgv_allowed": [True] * count,
            "bus_only": [False] * count,
            "low_emission_zone": [False] * count,
        }
    )
    return Network(frame, np.array(points), np.array(offsets, dtype=np.int64), "© OpenStreetMap contributors, ODbL 1.0")


def inventory(net: Network, factor: float, vehicles: int) -> Inventory:
    """Return emissions that grow with the link's number, times ``factor``."""
    specs = pollutants()
    names = tuple(p.pollutant for p in specs)
    count = net.links.height
    scale = np.arange(1, len(names) + 1) * 100.0 * factor
    link = np.linspace(0.0, 3.0, count)[:, None] ** 2 * scale
    total = link.sum(axis=0)
    day = np.linspace(1.0, 2.0, 24) / np.linspace(1.0, 2.0, 24).sum()
    stream = np.array([0.3, 0.6, 0.1])
    classes = tuple(sorted(set(net.links["road_class"].to_list())))
    by_class = np.stack([link[(net.links["road_class"] == c).to_numpy()].sum(axis=0) for c in classes])
    technology = pl.DataFrame(
        {
            "category": ["passenger_car", "heavy_truck", "heavy_truck"],
            "fuel": ["petrol", "diesel", "diesel"],
            "segment": ["Medium", "Rigid 12 - 14 t", "Rigid 12 - 14 t"],
            "standard": ["euro_4", "euro_III", "euro_VI_abc"],
            "aftertreatment": ["none", "none", "DPF+SCR"],
            "stream": ["car", "rigid_truck", "rigid_truck"],
            "vehicles": [10.0, 2.0, 1.0],
            "vkt_km_per_day": [100.0, 20.0, 10.0],
            **{f"{n}_per_day": total[k] * np.array([0.4, 0.5, 0.1]) for k, n in enumerate(names)},
        }
    )
    return Inventory(
        pollutants=names,
        units={p.pollutant: p.unit for p in specs},
        streams=STREAMS,
        link=link,
        stream_hour=stream[:, None, None] * day[None, :, None] * total,
        class_hour=day[None, :, None] * by_class[:, None, :],
        road_classes=classes,
        vehicle=np.full((vehicles, 1), 1.0 / vehicles) * total,
        closure={"vehicles_vs_links": 1.2e-15, "hours_vs_links": 3.4e-15, "vkt": 0.0},
        by_technology=technology,
        by_process=pl.DataFrame(
            {
                "stream": ["car"] * len(names),
                "category": ["passenger_car"] * len(names),
                "pollutant": list(names),
                "process": ["hot"] * len(names),
                "value_per_day": total.tolist(),
            }
        ),
        nmvoc=nmvoc(float(total[names.index("NMVOC")])),
        histogram=np.zeros((len(STREAMS), 4, 2, 1)),
        grade_span=(3, 5),
        below_range=pl.DataFrame({"technology": ["x"], "pollutant": ["NOx"], "vkt_share": [float("nan")]}),
    )


def nmvoc(total: float) -> pl.DataFrame:
    """Return NMVOC of a petrol car, a truck and petrol vapour."""
    return pl.DataFrame(
        {
            "category": ["passenger_car", "heavy_truck", "passenger_car"],
            "fuel": ["petrol", "diesel", "petrol"],
            "segment": ["Medium", "Rigid 12 - 14 t", "Medium"],
            "standard": ["euro_4", "euro_III", "euro_4"],
            "aftertreatment": ["none"] * 3,
            "process": ["hot", "hot", "evaporation"],
            "value_per_day": [0.5 * total, 0.3 * total, 0.2 * total],
        }
    )


def vehicle_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "vehicle_id": ["a", "b", "visiting-a"],
            "category": ["passenger_car", "heavy_truck", "passenger_car"],
            "stream": list(STREAMS),
            "visiting": [False, False, True],
            "km_per_year": [10000.0, 40000.0, 10000.0],
            "count": [10.0, 3.0, 0.5],
            "share_inside": [1.0, 0.5, 1.0],
            "standard": ["euro_4", "euro_III", "euro_4"],
            "zone": ["", "", ""],
            "depot": ["", "", ""],
        }
    )


def results(net: Network | None = None, *, zones: bool = True) -> Results:
    """Return a whole run."""
    net = net or network()
    vehicles = vehicle_frame()
    made = []
    for name, en, zh, factor in (
        ("baseline", "Baseline", "基准情景", 1.0),
        ("electric", "Electric & quiet", "电动化", 0.8),
    ):
        fleet = ScenarioFleet(
            name=name,
            title_en=en,
            title_zh=zh,
            vehicles=vehicles.with_columns(baseline_row=pl.Series([0, 1, 2]), measures=pl.lit("")),
            multipliers=pl.DataFrame(),
            units=pl.DataFrame(),
        )
        made.append(ScenarioResult(fleet, inventory(net, factor, vehicles.height), costs(name)))
    count = net.links.height
    vkt = np.ones((3, count, 24)) * np.linspace(0.0, 5.0, count)[None, :, None]
    return Results(
        plan=plan(),
        plan_path=Path("plan.toml"),
        network=net,
        fleet=Fleet(vehicles, pl.DataFrame({"file": ["registry.csv"], "row": [7], "column": ["km"], "reason": ["no"]})),
        activity=Activity.dense(STREAMS, vkt, np.full((count, 24), 40.0), np.zeros((count, 24), dtype=np.int8)),
        scenarios=tuple(made),
        zones=zone_frame(net) if zones else None,
        summary=summary(made),
        sources=pl.DataFrame(
            {
                "item": ["road network", "speeds"],
                "source": ["© OpenStreetMap contributors", "2 sources"],
                "year": ["2024", "2012"],
                "licence": ["ODbL 1.0", "own"],
                "checked": ["yes", "24 of 72 rows"],
            }
        ),
        assumptions=pl.DataFrame(
            {
                "item": ["economics.discount_rate", "<script>alert(1)</script>"],
                "value": ["0.06", "{'rd99': 0.5}"],
                "unit": ["", "km"],
                "source": ["see https://example.org/x", "from memory"],
                "checked": ["default", "no"],
                "vkt_share": [None, 0.25],
            }
        ),
        inputs=(InputFile("registry", "registry.csv", "ab" * 32, 1234, ""),),
        findings=(
            Finding("network.speed_imputed", "assumption", {"rural": "1"}, 4, 0.5),
            Finding("inventory.no_factor", "warning", {"pollutant": "N2O"}, 2, 0.25),
            Finding("network.flat", "info"),
        ),
        voc=voc_table(made),
        fuel=pl.DataFrame(
            {
                "category": ["bus"],
                "fuel": ["diesel"],
                "pollutant": ["NOx"],
                "fuel_t_per_year": [1.0],
                "g_per_kg_fuel": [30.0],
                "low": [28.3],
                "high": [38.3],
                "within": ["yes"],
            }
        ),
        rejected_tests=pl.DataFrame(),
        bridged=pl.DataFrame({"pollutant": ["NOx"], "v_from_kmh": [10.0]}),
        timings_s={"network": 0.1},
    )


def costs(name: str) -> pl.DataFrame:
    """Return two measures for a scenario, none for the baseline."""
    rows = [] if name == "baseline" else [("bev_bus", 100.0, "no"), ("dpf_scr", 50.0, "yes")]
    money = ("capex_usd2024", "annualised_capex_usd2024", "opex_usd2024_per_year", "energy_cost_usd2024_per_year")
    return pl.DataFrame(
        {
            "scenario": [name for _ in rows],
            "measure_id": [r[0] for r in rows],
            "title_en": [r[0] for r in rows],
            "title_zh": [r[0] for r in rows],
            "vehicles": [r[1] for r in rows],
            **{key: [r[1] * 1e4 * (k + 1) for r in rows] for k, key in enumerate(money)},
            "total_usd2024_per_year": [r[1] * 9e4 for r in rows],
            "checked": [r[2] for r in rows],
        },
        schema_overrides={"scenario": pl.String, "measure_id": pl.String, "title_en": pl.String, "title_zh": pl.String}
        | {"vehicles": pl.Float64, "checked": pl.String, "total_usd2024_per_year": pl.Float64}
        | dict.fromkeys(money, pl.Float64),
    )


def summary(made: list[ScenarioResult]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for result in made:
        for k, spec in enumerate(pollutants()):
            value, base = (float(s.inventory.link[:, k].sum()) * DAYS_PER_YEAR for s in (result, made[0]))
            rows.append(
                {
                    "scenario": result.fleet.name,
                    "pollutant": spec.pollutant,
                    "unit": spec.unit_per_year,
                    "value_per_year": value * spec.per_year_factor,
                    "baseline_per_year": base * spec.per_year_factor,
                    "change_pct": 100.0 * (value / base - 1.0),
                    "non_road_per_year": 0.0,
                }
            )
    return pl.DataFrame(rows)


def zone_frame(net: Network) -> gpd.GeoDataFrame:
    """Return two zones side by side over the whole network."""
    west, south = net.coordinates.min(axis=0) - 1e-3
    east, north = net.coordinates.max(axis=0) + 1e-3
    middle = (west + east) / 2 + 3e-4
    shapes = [box(west, south, middle, north), box(middle, south, east, north)]
    return gpd.GeoDataFrame({"zone_id": [1, 2], "population": [900, 100]}, geometry=shapes, crs=4326)


def with_name(run: Results, index: int, name: str) -> Results:
    """Return the run with another street name."""
    names = run.network.links["name"].to_list()
    names[index] = name
    return replace(run, network=replace(run.network, links=run.network.links.with_columns(name=pl.Series(names))))
