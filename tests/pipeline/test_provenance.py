"""Every packaged table is named among the sources of a run."""

from __future__ import annotations

from pathlib import Path

import fleet_planner
from fleet_planner.pipeline.provenance import TABLES

REFERENCE = Path(fleet_planner.__file__).parent / "reference"
ELSEWHERE = {
    "grid_factors.csv": "the run's one grid factor has its own row of sources",
    "grid_chile.csv": "as above",
    "grid_factors_more.csv": "as above",
    "streams.csv": "names of streams, no figure",
    "emep_eea_2019_hot_poles.csv": "diagnosis of the hot factors, not used in a run",
}


def test_every_packaged_table_is_among_the_sources() -> None:
    packaged = {path.name for pattern in ("*.csv", "*.csv.gz") for path in REFERENCE.glob(pattern)}
    assert packaged == set(TABLES) | set(ELSEWHERE)
    assert not set(TABLES) & set(ELSEWHERE)
