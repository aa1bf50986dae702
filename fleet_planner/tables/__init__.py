"""The data dictionary: readers, checks, GeoPackage aliases and the report's headings come from it."""

from fleet_planner.tables.load import (
    ColumnSpec,
    Language,
    PollutantSpec,
    columns,
    finding_text,
    measure_words,
    pollutants,
)

__all__ = ["ColumnSpec", "Language", "PollutantSpec", "columns", "finding_text", "measure_words", "pollutants"]
