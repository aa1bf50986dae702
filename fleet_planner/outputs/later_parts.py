"""The table of projected years in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTSIDE = "NOx"


def later(data: Mapping[str, Any], t: Mapping[str, str], titles: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return head and rows of the projected years; nothing where the plan has no turnover.

    Parameters
    ----------
    data
        Of the report.
    t, titles
        Words, and titles of pollutants.
    """
    given = data.get("later")
    if not given:
        return {"head": [], "rows": []}
    away = given["outside"][OUTSIDE]
    told = any(value > 0.0 for value in away)
    head = [t["later_year"], t["vehicles"], t["later_zero"]]
    head += [f"{titles[name]} ({given['units'][name]})" for name in given["values"]]
    head += [f"{t['later_outside']} ({given['units'][OUTSIDE]})"] if told else []
    rows = [
        [
            str(year),
            significant(given["vehicles"][k]),
            f"{100.0 * given['zero_emission_share'][k]:.1f} %",
            *(significant(values[k]) for values in given["values"].values()),
            *([significant(away[k])] if told else []),
        ]
        for k, year in enumerate(given["years"])
    ]
    return {"head": head, "rows": rows}
