"""An example registry, from the data dictionary."""

from __future__ import annotations

from fleet_planner.tables import columns

EXAMPLES = (
    {
        "vehicle_id": "bus-001",
        "category": "bus",
        "fuel": "diesel",
        "gross_mass_kg": "17500",
        "model_year": "2014",
        "stream": "urban_bus",
        "km_per_year": "60000",
        "share_inside": "1",
        "depot": "north",
        "count": "1",
    },
    {
        "vehicle_id": "trucks-2010",
        "category": "heavy_truck",
        "fuel": "diesel",
        "gross_mass_kg": "16000",
        "model_year": "2010",
        "standard": "euro_V",
        "stream": "rigid_truck",
        "km_per_year": "35000",
        "share_inside": "0.6",
        "count": "120",
    },
)


def registry_template() -> str:
    """Return a registry (CSV) with two example rows."""
    names = [spec.column for spec in columns("registry")]
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in EXAMPLES)]
    return "\n".join(lines) + "\n"
