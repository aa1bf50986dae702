"""The page on where chargers go: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.siting.chargers_map import BUILD_OUT, drawing
from fleet_planner.outputs.siting.needs_part import needs_part
from fleet_planner.tables import columns, finding_text
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.siting.site import Siting
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

MILLION, THOUSAND = 1e6, 1e3
SHOWN_SITES, SHOWN_ZONES = 40, 15
SITE_COLUMNS = (
    *("site_id", "kind", "place", "opens", "chargers", "new_kw", "present_kw", "headroom_left_kw"),
    *("kwh_per_day", "used_pct", "busiest_kw", "cost_usd"),
)
YEAR_COLUMNS = ("year", "type", "connector", "chargers", "added", "kw", "busiest_pct", "wait_min")
CURVE_COLUMNS = ("least_pct", "served_pct", "cost_usd", "bound_usd", "sites", "chargers")
GROUP_COLUMNS = (
    *("people_group", "people", "people_pct", "served_kwh_per_day", "energy_pct", "served_pct", "mean_km"),
    *("benefit_usd_per_year", "benefit_usd_per_person"),
)
MODEL_COLUMNS = ("sites", "objective", "unit", "bound", "gap_pct", "covered_pct", "mean_km", "longest_km")


def chargers_page(plan: Plan, found: Siting, language: Language) -> str:
    """Return the page.

    Parameters
    ----------
    plan, found
        What was sited.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "chargers.html.j2").read_text(encoding="utf-8"))
    years = found.demand.years
    last = years[-1]
    sites = found.tables["charger_sites"].sort("kwh_per_day", descending=True)
    zones = found.tables["charger_zones"].filter((pl.col("year") == last) & pl.col("zone").is_not_null())
    shown_zones = zones.sort("served_pct", "zone").head(SHOWN_ZONES)
    counts = {"shown": min(sites.height, SHOWN_SITES), "all": sites.height, "year": last}
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        t=t,
        city=plan.city.name_zh or plan.city.name if language == "zh" else plan.city.name,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        intro=t["chargers_years"].format(
            years=", ".join(map(str, years)), level=t[f"chargers_level_{plan.chargers.headroom}"]
        ),
        cards=_cards(found, t),
        proof=t["chargers_proof"].format(
            cost=significant(found.built.cost / MILLION, 5),
            bound=significant(found.built.bound / MILLION, 5),
            gap=significant(100.0 * found.built.gap),
            checked=significant(found.audit.cost / MILLION, 5),
        ),
        map=Markup(drawing(found, t)),  # noqa: S704  # texts are escaped where they are drawn
        map_note=t["chargers_map_note"].format(year=last, attribution=found.network.attribution),
        sites_note=t["chargers_sites_note"].format(**counts),
        sites=_table(
            "charger_sites",
            _kinds(sites.head(SHOWN_SITES), t),
            (*SITE_COLUMNS, *(["flood"] if plan.chargers.flood else [])),
            language,
        ),
        years=_table("chargers", _by_year(found.tables["chargers"]), YEAR_COLUMNS, language),
        load=_load(found, t),
        needs=needs_part(found.tables, t, language),
        costs=_costs(found.tables["charger_costs"], years, t),
        unserved=_unserved(found, t),
        unserved_none=t["chargers_unserved_none"].format(year=last),
        zones=_table("charger_zones", shown_zones, _zone_columns(zones), language),
        zones_note=t["chargers_zones_note"].format(shown=shown_zones.height, all=zones.height, year=last),
        groups=_groups(found, last, language),
        groups_note=t["chargers_groups_note"].format(
            year=last, least=significant(100.0 * plan.chargers.least_served_by_group)
        ),
        curve_chart=_curve_chart(found.tables.get("charger_curve"), t),
        curve=_status(found.tables.get("charger_curve"), "charger_curve", CURVE_COLUMNS, t, language),
        regret=_regret(found.tables.get("charger_regret"), t),
        models=_models(found.tables["siting_models"], t, language),
        findings=[finding_text(f, language) for f in found.findings if f.code.startswith(("chargers.", "network."))],
    )


def _cards(found: Siting, t: Mapping[str, str]) -> list[dict[str, str]]:
    last = found.demand.years[-1]
    own = found.tables["siting_models"].row(0, named=True)
    sites = found.tables["charger_sites"]
    plan = found.built.plan
    new = int(plan.count[:, :, -1].sum()) if plan is not None else 0
    spent = float(found.audit.spent.sum())
    return [
        {"label": t["chargers_card_served"].format(year=last), "big": f"{own['covered_pct']:.1f}", "unit": "%"},
        {"label": t["chargers_card_built"].format(year=last), "big": f"{sites.height:,} · {new:,}", "unit": ""},
        {"label": t["chargers_card_power"], "big": significant(float(sites["new_kw"].sum()), 4), "unit": "kW"},
        {"label": t["chargers_card_spent"], "big": significant(spent / MILLION, 4), "unit": ""},
        {"label": t["chargers_card_cost"], "big": significant(found.built.cost / MILLION, 4), "unit": ""},
        {"label": t["chargers_card_gap"], "big": significant(100.0 * found.built.gap, 2), "unit": "%"},
    ]


def _heads(name: str, wanted: Sequence[str], language: Language) -> list[str]:
    specs = {c.column: c for c in columns(name)}
    titles = [(specs[c].title_zh if language == "zh" else specs[c].title_en, specs[c].unit) for c in wanted]
    # years have no unit that a reader needs
    return [f"{title} ({unit})" if unit not in {"", "year", "sites", "chargers"} else title for title, unit in titles]


def _cell(column: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return significant(value, 4 if column.endswith("usd") else 3)
    if isinstance(value, int) and column not in {"year", "opens"}:
        return f"{value:,}"
    return str(value)


def _table(name: str, frame: pl.DataFrame, wanted: Sequence[str], language: Language) -> dict[str, Any]:
    rows = [[_cell(c, v) for c, v in zip(wanted, row, strict=True)] for row in frame.select(wanted).iter_rows()]
    return {"head": _heads(name, wanted, language), "rows": rows}


def _by_year(chargers: pl.DataFrame) -> pl.DataFrame:
    """Return the chargers of all sites by year and kind: sums, the busiest and the longest wait."""
    return chargers.group_by("year", "type", "connector", maintain_order=True).agg(
        pl.col("chargers", "added", "kw").sum(), pl.col("busiest_pct", "wait_min").max()
    ).sort("year", "type", "connector")  # fmt: skip


def _zone_columns(zones: pl.DataFrame) -> tuple[str, ...]:
    """Return the columns of zones, people only where some are known."""
    people = ("people",) if zones["people"].null_count() < zones.height else ()
    return ("zone", *people, "kwh_per_day", "served_pct", "mean_km", "benefit_usd_per_year")


def _groups(found: Siting, year: int, language: Language) -> dict[str, Any]:
    """Return the groups of people in a year; no row without a table of them."""
    table = found.tables.get("charger_groups")
    if table is None:
        return {"head": [], "rows": []}
    return _table("charger_groups", table.filter(year=year), GROUP_COLUMNS, language)


def _load(found: Siting, t: Mapping[str, str]) -> dict[str, Any]:
    last = found.demand.years[-1]
    grid = found.tables["charger_grid"].filter(year=last)
    by_hour = dict(grid.group_by("hour").agg(pl.col("kw").sum()).iter_rows())
    title = t["chargers_load"].format(year=last)
    svg = draw.hours(title, [t["chargers_load_line"]], [[by_hour.get(h, 0.0) for h in range(24)]])
    return {"title": title, "svg": Markup(svg)}  # noqa: S704  # labels are escaped where they are drawn


def _kinds(sites: pl.DataFrame, t: Mapping[str, str]) -> pl.DataFrame:
    """Return the sites with their kinds in the reader's language."""
    words = {kind: t[f"chargers_kind_{kind}"] for kind in sites["kind"].unique()}
    told = {"yes": t["chargers_flood_yes"], "no": t["chargers_flood_no"]}
    return sites.with_columns(
        pl.col("kind").replace_strict(words, return_dtype=pl.String),
        pl.col("flood").replace_strict(told, return_dtype=pl.String),
    )


def _curve_chart(curve: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any] | None:
    """Return cost and bound against the share of energy; none for fewer than two points."""
    if curve is None:
        return None
    # a point without a plan, such as one that the time limit stopped, has no finite cost: it stands in the table alone
    curve = curve.filter(pl.col("cost_usd").is_finite(), pl.col("bound_usd").is_finite())
    if curve.height < 2:
        return None
    shares = [round(v) for v in curve["least_pct"].to_list()]
    lines = [(curve[c] / MILLION).to_list() for c in ("cost_usd", "bound_usd")]
    names = [t["chargers_curve_cost"], t["chargers_curve_bound"]]
    svg = draw.signed_lines(t["chargers_curve_chart"], shares, names, lines)
    return {"title": t["chargers_curve_chart"], "svg": Markup(svg)}  # noqa: S704  # labels are escaped where drawn


def _costs(costs: pl.DataFrame, years: Sequence[int], t: Mapping[str, str]) -> dict[str, Any]:
    rows = []
    total = dict.fromkeys(years, 0.0)
    for line in costs["line"].unique(maintain_order=True).to_list():
        by_year = dict(costs.filter(line=line).select("year", "usd_per_year").iter_rows())
        if any(by_year.values()):
            rows.append([t[f"chargers_line_{line}"], *(significant(by_year[y] / THOUSAND) for y in years)])
        for y in years:
            total[y] += by_year[y]
    rows.append([t["chargers_line_all"], *(significant(total[y] / THOUSAND) for y in years)])
    return {"head": [t["chargers_line"], *(t["chargers_thousand"].format(year=y) for y in years)], "rows": rows}


def _unserved(found: Siting, t: Mapping[str, str]) -> dict[str, Any]:
    last = found.tables["charger_unserved"].filter(year=found.demand.years[-1])
    summed = last.group_by("reason", maintain_order=True).agg(places=pl.len(), kwh=pl.col("kwh_per_day").sum())
    rows = [
        [t[f"chargers_reason_{reason}"], f"{places:,}", significant(kwh)]
        for reason, places, kwh in summed.sort("kwh", descending=True).iter_rows()
    ]
    return {"head": [t["chargers_reason"], t["chargers_places"], t["chargers_kwh"]], "rows": rows}


def _regret(regret: pl.DataFrame | None, t: Mapping[str, str]) -> dict[str, Any]:
    head = [t["chargers_regret_plan"], t["chargers_decided"], t["chargers_happens"]]
    head += [t[f"chargers_regret_{k}"] for k in ("cost", "regret", "unserved")]
    if regret is None:
        return {"head": head, "rows": []}
    rows = [
        [
            t[f"chargers_plan_{row['plan']}"],
            t[f"chargers_level_{row['decided_for']}"],
            t[f"chargers_level_{row['happens']}"],
            significant(row["cost_usd"] / MILLION, 4),
            significant(row["regret_usd"] / MILLION),
            f"{row['unserved_pct']:.1f} %",
        ]
        for row in regret.iter_rows(named=True)
    ]
    return {"head": head, "rows": rows}


def _models(models: pl.DataFrame, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    made = _status(models.filter(pl.col("model") != BUILD_OUT), "siting_models", MODEL_COLUMNS, t, language)
    names = models.filter(pl.col("model") != BUILD_OUT)["model"].to_list()
    rows = [[t[f"chargers_model_{name}"], *row] for name, row in zip(names, made["rows"], strict=True)]
    return {"head": [t["chargers_model"], *made["head"]], "rows": rows}


def _status(
    frame: pl.DataFrame | None, name: str, wanted: Sequence[str], t: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return a table whose last column says what is proved."""
    head = [*_heads(name, wanted, language), t["chargers_status"]]
    if frame is None:
        return {"head": head, "rows": []}
    made = _table(name, frame, wanted, language)
    words = [t.get(f"chargers_status_{s.replace(' ', '_')}", s) for s in frame["status"].to_list()]
    return {"head": head, "rows": [[*row, word] for row, word in zip(made["rows"], words, strict=True)]}
