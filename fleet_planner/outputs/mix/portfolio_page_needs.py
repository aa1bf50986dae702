"""Money, units, people and curves on the page of the least-cost mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from fleet_planner.outputs.charts.step_chart import steps
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.scenarios.targets import Aim
    from fleet_planner.tables import Language

MILLION = 1e6
KINDS = ("incentive", "loan", "bond", "lease", "owner")
EMPTY: dict[str, Any] = {"head": [], "rows": []}


def cash_shown(table: pl.DataFrame, t: Mapping[str, str]) -> dict[str, Any]:
    """Return capital, what each kind of source pays of it, debt service and running cost by year."""
    if table.is_empty():
        return EMPTY
    kinds = [k for k in KINDS if k in set(table["kind"].to_list())]
    rows = []
    for (year,), own in table.group_by(["year"], maintain_order=True):
        paid = {k: _sum(own.filter(kind=k), "pays_usd2024") for k in kinds}
        money = [_sum(own, "pays_usd2024"), *paid.values(), _sum(own, "service_usd2024"), _sum(own, "running_usd2024")]
        rows.append([str(year), *(significant(m / MILLION) for m in money)])
    heads = ("capital", *kinds, "service", "running")
    return {"head": [t["mix_year"], *(t[f"mix_cash_{k}"] for k in heads)], "rows": rows}


def market_shown(table: pl.DataFrame, titles: Mapping[str, str], t: Mapping[str, str]) -> dict[str, Any]:
    """Return units and capital of each technology over the horizon, and the year of most units."""
    rows = []
    for (name,), own in table.group_by(["technology"], maintain_order=True):
        most = own.sort("units", "year", descending=[True, False]).row(0, named=True)
        rows.append(
            [
                titles.get(str(name)) or t[f"mix_{name}"],
                significant(_sum(own, "units")),
                significant(most["units"]),
                str(most["year"]),
                significant(_sum(own, "capital_usd2024") / MILLION),
            ]
        )
    keys = ("mix_technology", "mix_units", "mix_busiest", "mix_in_year", "mix_capital")
    return {"head": [t[k] for k in keys], "rows": rows}


def trained_shown(table: pl.DataFrame, titles: Mapping[str, str], t: Mapping[str, str]) -> dict[str, Any]:
    """Return drivers and mechanics to train by year and technology, hours and cost."""
    if table.is_empty():
        return EMPTY
    rows = []
    for (year, name), own in table.group_by(["year", "technology"], maintain_order=True):
        people = [_sum(own.filter(role=role), "to_train") for role in ("operator", "mechanic")]
        told = [*people, _sum(own, "hours"), _sum(own, "usd2024") / MILLION]
        rows.append([str(year), titles[str(name)], *map(significant, told)])
    keys = ("mix_year", "mix_technology", "mix_operators", "mix_mechanics", "mix_hours", "mix_training_cost")
    unchecked = table.filter(pl.col("checked") == "no").height
    note = t["mix_trained_note"].format(unchecked=unchecked, rows=table.height)
    return {"head": [t[k] for k in keys], "rows": rows, "note": note}


def curves_shown(
    table: pl.DataFrame | None,
    targets: Sequence[tuple[Aim, int, float, float]],
    titles: Mapping[str, str],
    streams: Mapping[str, str],
    t: Mapping[str, str],
    language: Language,
) -> list[dict[str, Any]]:
    """Return a curve per target with its last year: title, drawing, table."""
    out = []
    last = {aim.name: (aim, year) for aim, year, *_ in targets}
    # one colour for a measure on all curves
    options = sorted(set(table["option"].to_list())) if table is not None else []
    for name, (aim, year) in last.items():
        own = (table if table is not None else pl.DataFrame(schema={"target": pl.String})).filter(target=name)
        if own.is_empty():
            continue
        own = own.filter(year=year)
        called = aim.title_zh if language == "zh" else aim.title_en
        title = t["mix_curve"].format(target=called, year=year)
        unit = t.get("unit_" + aim.unit, aim.unit)
        svg = steps(
            title,
            [titles[o] for o in options],
            [options.index(o) for o in own["option"].to_list()],
            own["avoided_per_year"].to_list(),
            own["usd2024_per_unit"].to_list(),
            unit,
        )
        rows = [
            [
                titles[row["option"]],
                streams.get(row["stream"], row["stream"]),
                significant(row["vehicles"]),
                significant(row["avoided_per_year"]),
                significant(row["usd2024_per_unit"]),
                significant(row["cumulative_avoided_per_year"]),
            ]
            for row in own.iter_rows(named=True)
        ]
        keys = ("measure", "stream_head", "mix_in_force", "mix_avoided", "mix_unit_cost", "mix_avoided_so_far")
        drawn = Markup(svg)  # noqa: S704  # labels are escaped where they are drawn
        out.append({"title": title, "svg": drawn, "head": [t[k] for k in keys], "rows": rows})
    return out


def _sum(table: pl.DataFrame, column: str) -> float:
    return float(table[column].sum())
