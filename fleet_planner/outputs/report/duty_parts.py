"""The table of daily duties in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import share, significant
from fleet_planner.outputs.report.headings import heads

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = (
    *("stream", "vehicles", "days_per_year", "km_per_day|km", "km_per_day_p10|km", "km_per_day_p50|km"),
    *("km_per_day_p90|km", "days_within_250_km_pct", "trip_km|km", "starts_per_day", "payload_t|t", "return_share"),
)


def duty(data: Mapping[str, Any], t: Mapping[str, str], streams: Mapping[str, str]) -> dict[str, Any]:
    """Return head and rows of what a working day asks of each stream, the streams with most vehicles first.

    Parameters
    ----------
    data
        Of the report.
    t, streams
        Words, and titles of streams.
    """
    given = sorted(data.get("duty", []), key=lambda row: (-row["vehicles"], row["stream"]))
    rows = [
        [
            streams.get(row["stream"], row["stream"]),
            f"{row['vehicles']:,.0f}",
            f"{row['days_per_year']:,.0f}",
            *(significant(row[f"km_per_day{end}"]) for end in ("", "_p10", "_p50", "_p90")),
            share(row["days_within_250_km_pct"] / 100.0),
            significant(row["trip_km"]),
            significant(row["starts_per_day"]),
            significant(row["payload_t"]),
            share(row["return_share"]),
        ]
        for row in given
    ]
    return {"head": heads(t, "duty", *HEAD) if rows else [], "rows": rows}
