"""Every packaged table is named among the sources of a run."""

from __future__ import annotations

from pathlib import Path

import fleet_planner
from fleet_planner.pipeline.telling.provenance import TABLES, in_use
from fleet_planner.plan.models import Plan

REFERENCE = Path(fleet_planner.__file__).parent / "reference"
ELSEWHERE = {
    "grid_factors.csv": "the run's one grid factor has its own row of sources",
    "grid_chile.csv": "as above",
    "grid_factors_more.csv": "as above",
    "streams.csv": "names of streams, no figure",
    "agency_categories.csv": "classes of agencies, of areas and of the city: a finding says what they rest on",
    "us_bus_factor_defects.csv": "what was mended in the bus factors, listed by the program",
    "china_guide_2014_defects.csv": "what was mended in the Chinese guide, listed by the program",
    "technology_map.csv": "equivalent standards, for users; no figure of a run",
    **dict.fromkeys(
        (
            "charger_types.csv",
            "charging_costs.csv",
            "ocm_connections.csv",
            "osm_site_kinds.csv",
            "working_day.csv",
        ),
        "of the siting of chargers: its manifest names them",
    ),
    **dict.fromkeys(
        (
            "bus_batteries.csv",
            "bus_curves.csv",
            "bus_energy_figures.csv",
            "bus_energy_measured.csv",
            "bus_energy_ranges.csv",
            "bus_transition.csv",
            "bus_types.csv",
            "charging_tariffs.csv",
            "duty_electric.csv",
            "duty_streams.csv",
            "duty_types.csv",
        ),
        "of electric buses, trucks and vans: their manifest names them",
    ),
    "workforce.csv": "of the least-cost mix and of electric buses: their manifests name it",
    "emep_eea_2019_hot_poles.csv": "diagnosis of the hot factors, not used in a run",
}


def test_every_packaged_table_is_among_the_sources() -> None:
    packaged = {path.name for pattern in ("*.csv", "*.csv.gz") for path in REFERENCE.glob(pattern)}
    assert packaged == set(TABLES) | set(ELSEWHERE)
    assert not set(TABLES) & set(ELSEWHERE)


def plan(**factors: object) -> Plan:
    return Plan.model_validate(
        {
            "city": {"name": "x", "country": "CL", "year": 2024},
            "network": {"builtin": "coquimbo"},
            "fleet": {"registry": "r.csv"},
            "factors": factors,
        }
    )


def test_tables_of_other_sets_and_of_options_that_are_off_are_no_sources() -> None:
    plain, china = plan(), plan(hot="china_guide_2014", speed_spread=True)
    assert not any(in_use(n, plain) for n in ("china_guide_2014_base.csv", "moves3_bus.csv.gz", "speed_spread.csv"))
    assert all(in_use(n, china) for n in ("china_guide_2014_base.csv", "speed_spread.csv", "cold_start.csv"))
    assert not in_use("emfac2017_bus.csv.gz", china)
