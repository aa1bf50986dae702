"""What the tests of commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_planner.outputs import columns_file
from fleet_planner.tables import columns
from fleet_planner.tables.dictionary import table_of
from tests.cli.whole_geopackage import is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def written_columns_are_in_the_dictionary() -> Iterator[None]:
    """Hold every folder that a command writes against the data dictionary, and every GeoPackage in it to be whole.

    No column is unknown, no required one absent; layers have styles, titles, units, index, system and source.
    """
    real = columns_file.read_columns

    def strict(folder: Path, command: str, scenarios: Any) -> Any:
        known, unknown = real(folder, command, scenarios)
        assert not unknown, f"{command}: columns that the data dictionary lacks: {unknown}"
        for place, names in columns_file.places(folder):
            needed = [s.column for s in columns(table_of(command, place) or "") if s.required and "{" not in s.column]
            dead = [c for c in needed if c not in names]
            assert not dead, f"{command}: {place} lacks columns that the data dictionary has: {dead}"
        for path in folder.glob("*.gpkg"):
            is_whole(path)
        return known, unknown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns_file, "read_columns", strict)
        yield
