"""What the emissions do to the climate and to people, as tables of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report.air_parts import AIR_PARTS, equity_chart
from fleet_planner.outputs.report.electricity_parts import (
    battery_part,
    exported_part,
    grid_part,
    hydrogen_part,
    intensity_part,
)
from fleet_planner.outputs.report.headings import heads
from fleet_planner.outputs.report.report_units import money_name
from fleet_planner.outputs.report.uncertainty_parts import drivers_chart, hours_part, uncertainty_part, worth_part
from fleet_planner.tables.load import heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Rows = list[dict[str, Any]]
Words = dict[str, str]
THOUSAND, MILLION = 1e3, 1e6
POLLUTANT_NAMES = {"PM2.5": "PM2.5", "NOx": "NOx", "PM_exhaust": "PM"}
GASES = ("CO2", "CO2_grid", "CH4", "N2O")
SUM, SHORT, LONG = "greenhouse_gases", 20, 100


def meaning_parts(data: Mapping[str, Any], t: Words, names: Words) -> list[dict[str, Any]]:
    """Return the sections: id, title, notes, head, rows and how many columns at the left are words."""
    given = data.get("meaning") or {}
    makers: dict[str, Callable[[Rows, Words, Words], dict[str, Any]]] = {
        "uncertainty": uncertainty_part,
        "uncertainty_hours": hours_part,
        "exposure": _exposure,
        "monitor_fit": _fit,
        **AIR_PARTS,
        "grid_path": grid_part,
        "climate": _climate,
        "climate_path": _path,
        "battery_manufacturing": battery_part,
        "carbon_intensity": intensity_part,
        "health": _health,
        "power_plants": _plants,
        "hydrogen": hydrogen_part,
        "acid": _acid,
        "receptors": _receptors,
        "exported": exported_part,
        "benefits": _benefits,
        "equity": _equity,
        "exposure_hotspots": _hotspots,
    }
    made = [part for key, make in makers.items() if (rows := given.get(key)) for part in [make(rows, t, names)]]
    if (drawn := given.get("uncertainty")) and (worth := worth_part(drawn, t, names)):
        made.insert(1, worth)
    for part in made:
        if part["id"] == "uncertainty" and (found := given.get("uncertainty_drivers")):
            part["notes"].append(t["drivers_note"])
            if chart := drivers_chart(found, t, names):
                part["chart"] = chart
        if part["id"] == "equity" and (curve := given.get("equity_curve")):
            part["chart"] = equity_chart(curve, t, names)
    return made


def _exposure(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    def figure(value: float | None) -> str:
        return "–" if value is None else significant(value)

    out = [
        [
            names[row["scenario"]],
            POLLUTANT_NAMES.get(row["pollutant"], row["pollutant"]),
            figure(row["traffic_ug_m3"]) + _ends(row, "low_ug_m3", "high_ug_m3", significant),
            figure(row["background_ug_m3"]),
            "–"
            if not row["change_pct"]
            else percent(row["change_pct"]) + _ends(row, "change_low_pct", "change_high_pct", percent),
            significant(row["exposure_people_ug_m3"] / THOUSAND),
            *(figure(row[k]) for k in ("highest_ug_m3", "intake_fraction_ppm")),
        ]
        for row in rows
    ]
    keys = ("scenario", "pollutant", "traffic_ug_m3", "background_ug_m3", "change_pct")
    notes = [t["air_note"].format(people=f"{rows[0]['people']:,.0f}")]
    notes += [t["air_made_up"]] if rows[0]["made_up_weather"] else []
    more = ("exposure_people_ug_m3|thousand_people", "highest_ug_m3", "intake_fraction_ppm|g_t")
    head = heads(t, "exposure", *keys, *more)
    return {"id": "air", "title": t["air"], "notes": notes, "head": head, "rows": out, "words": 2}


def _ends(row: dict[str, Any], low: str, high: str, form: Callable[[float], str]) -> str:
    """Return the band of the draws behind a figure; nothing without one."""
    return "" if row.get(low) is None else f" ({form(row[low])}…{form(row[high])})"


def _fit(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    del names
    figures = ("observed_ug_m3", "modelled_ug_m3", "fac2", "nmb_pct", "r", "rmse_ug_m3")
    out = [
        [row["pollutant"], str(row["monitors"]), *("–" if row[k] is None else significant(row[k]) for k in figures)]
        for row in rows
    ]
    keys = ("pollutant", "monitors", *("nmb_pct|%" if k == "nmb_pct" else k for k in figures))
    return {
        "id": "air-monitors",
        "title": t["air_fit"],
        "notes": [t["air_fit_note"]],
        "head": heads(t, "monitor_fit", *keys),
        "rows": out,
        "words": 1,
    }


def _range(row: dict[str, Any], value: str, low: str, high: str, scale: float) -> str:
    """Return a figure with its range."""
    between = " … " if row[low] < 0.0 or row[high] < 0.0 else "–"  # a dash would read as a sign
    spread = f" ({significant(row[low] / scale)}{between}{significant(row[high] / scale)})"
    return significant(row[value] / scale) + (spread if row[low] != row[high] else "")


def _climate(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return the gases of every scenario in the first and the last year that the run computed."""
    years = sorted({row["year"] for row in rows})
    shown = list(dict.fromkeys((years[0], years[-1])))
    out = []
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        for year in shown:
            own = {
                (r["horizon_years"], r["pollutant"]): r for r in rows if (r["scenario"], r["year"]) == (scenario, year)
            }
            out.append([names[scenario], str(year), *_gases(own)])
    keys = heads(t, "climate", "scenario", "year")
    gases = ("gas_co2", "gas_grid", "gas_ch4", "gas_n2o", "ghg_100", "ghg_20", "bc_100", "bc_20")
    notes = [t["climate_note"]]
    if any(row["checked"] == "no" for row in rows):
        notes.append(t["climate_unchecked"])
    return {
        "id": "climate",
        "title": t["climate"],
        "notes": notes,
        "head": [*keys, *(t[k] for k in gases)],
        "rows": out,
        "words": len(keys),
    }


def _gases(own: Mapping[tuple[int, str], dict[str, Any]]) -> list[str]:
    """Return gases, sums over both horizons and black carbon of one scenario and year, thousand tonnes."""
    gases = [significant(own[LONG, g]["co2e_t_per_year"] / THOUSAND) if (LONG, g) in own else "–" for g in GASES]
    sums = [significant(own[horizon, SUM]["co2e_t_per_year"] / THOUSAND) for horizon in (LONG, SHORT)]
    black = [
        _range(own[horizon, "BC"], "co2e_t_per_year", "low_t_per_year", "high_t_per_year", THOUSAND)
        if (horizon, "BC") in own
        else "–"
        for horizon in (LONG, SHORT)
    ]
    return [*gases, *sums, *black]


def _path(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    budget = rows[0]["budget_t"] is not None
    priced = rows[0]["gap_cost_usd2024_per_year"] is not None
    out = []
    for row in rows:
        cells = [names[row["scenario"]], str(row["peak_year"] or t["no_peak"])]
        cells.append(significant(row["cumulative_t"] / MILLION))
        if budget:
            spent = row["budget_spent_year"]
            cells += [significant(row["budget_left_t"] / MILLION), "–" if spent is None else str(int(spent))]
        cells += [significant(row[k] / THOUSAND) for k in ("emitted_t_per_year", "gap_t_per_year")]
        if priced:
            cells.append(significant(row["gap_cost_usd2024_per_year"] / MILLION))
        out.append(cells)
    keys = ["scenario", "peak_year", "cumulative_t"]
    keys += ["budget_left_t", "budget_spent_year"] if budget else []
    keys += ["emitted_t_per_year", "gap_t_per_year"]
    keys += ["gap_cost_usd2024_per_year|million_a_year"] if priced else []
    first = rows[0]
    note = t["path_note"].format(first=first["from_year"], last=first["to_year"], neutral=first["neutral_year"])
    head = heads(t, "climate_path", *keys)
    return {"id": "climate-path", "title": t["path"], "notes": [note], "head": head, "rows": out, "words": 2}


HEALTH = (
    ("total", "all", "deaths", "health_deaths", 1.0),
    ("primary", None, "deaths", "health_primary", 1.0),
    ("secondary", None, "deaths", "health_secondary", 1.0),
    ("total", "all", "life_years", "health_years", 1.0),
    ("primary", None, "asthma_children", "health_asthma", 1.0),
    ("apart", None, "asthma_children", "health_asthma_no2", 1.0),
    ("apart", "NO2", "deaths", "health_no2", 1.0),
    ("apart", None, "ozone_deaths", "health_ozone", 1.0),
    ("apart", None, "cancer", "health_cancer", 1.0),
    ("total", "all", "value", "health_value", MILLION),
)


def _health(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return a row per effect and a column per scenario: what the baseline causes, what others avoid."""
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    out = []
    for part, pollutant, effect, key, scale in HEALTH:
        cells = [t[key]]
        for number, scenario in enumerate(scenarios):
            own = [
                r
                for r in rows
                if (r["scenario"], r["part"], r["effect"]) == (scenario, part, effect)
                and pollutant in {None, r["pollutant"]}
            ]
            stem = "avoided" if number else "value"
            bounds = ("avoided_low", "avoided_high") if number else ("low", "high")
            summed = {k: sum(r[k] for r in own) for k in (stem, *bounds)}
            cells.append(_range(summed, stem, *bounds, scale) if own else "–")
        if any(cell != "–" for cell in cells[1:]):
            out.append(cells)
    head = [t["health_effect"], t["health_due"].format(scenario=names[scenarios[0]])]
    head += [t["health_avoided"].format(scenario=names[s]) for s in scenarios[1:]]
    notes = [t["health_note"]] + ([t["health_unchecked"]] if any(r["checked"] == "no" for r in rows) else [])
    return {"id": "health", "title": t["health"], "notes": notes, "head": head, "rows": out, "words": 1}


def _equity(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return a row per scenario and pollutant: what the worst and the best off breathe, their gains, the indices."""
    out = []
    for key in dict.fromkeys((row["scenario"], row["pollutant"]) for row in rows):
        own = sorted((r for r in rows if (r["scenario"], r["pollutant"]) == key), key=lambda r: r["fifth"])
        worst, best = own[0], own[-1]
        cells = [significant(row[k]) for k in ("traffic_ug_m3", "avoided_ug_m3") for row in (worst, best)]
        index = [significant(worst[k], 2) for k in ("concentration_index", "avoided_index")]
        out.append([names[key[0]], key[1], *cells, *index])
    fifths = ("equity_worst", "equity_best", "equity_gain_worst", "equity_gain_best")
    scenario, what, *both = heads(t, "equity", "scenario", "pollutant", "concentration_index", "avoided_index")
    head = [scenario, what, *(t[k] for k in fifths), *both]
    return {"id": "equity", "title": t["equity"], "notes": [t["equity_note"]], "head": head, "rows": out, "words": 2}


def _hotspots(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return the ten roads whose emissions people breathe most."""
    out = [
        [
            *(str(row["rank"]), row["name"] or "–", row["road_class"].replace("_", " ")),
            *(significant(row[k]) for k in ("length_km", "kg_per_day", "exposure_per_km")),
            str(row["rank_by_tonnes"]),
        ]
        for row in rows[:10]
    ]
    figures = ("length_km|km", "kg_per_day|kg_a_day", "exposure_per_km|people_ug_m3", "rank_by_tonnes")
    note = t["hot_note"].format(pollutant=rows[0]["pollutant"])
    head = heads(t, "exposure_hotspots", "rank", "name", "road_class", *figures)
    return {"id": "exposure-hotspots", "title": t["hot"], "notes": [note], "head": head, "rows": out, "words": 3}


def _benefits(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return costs, benefits, net present value and ratio by scenario, with their bands."""
    out = []
    for row in rows:
        cells = [significant(row[k] / MILLION) for k in ("costs", "health", "climate")]
        cells.append(_range(row, "net_present_value", "net_low", "net_high", MILLION))
        ratio = (
            _range(row, "benefit_cost_ratio", "ratio_low", "ratio_high", 1.0) if row["ratio_low"] is not None else "–"
        )
        out.append([names[row["scenario"]], t[f"npv_{row['verdict']}"], *cells, ratio])
    keys = ("scenario", "verdict", "costs", "health", "climate", "net_present_value", "benefit_cost_ratio")
    first = rows[0]
    rate = f"{100.0 * first['rate']:g} %"
    notes = [
        t["npv_note"].format(
            unit=money_name(first["unit"], t), first=first["first_year"], last=first["last_year"], rate=rate
        )
    ]
    if any(row["checked"] == "no" for row in rows):
        notes.append(t["npv_unchecked"])
    head = heads(t, "benefits", *keys)
    return {"id": "benefits", "title": t["npv"], "notes": notes, "head": head, "rows": out, "words": 2}


def _plants(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return what power plants emit by scenario and pollutant."""
    out = [
        [
            *(names[row["scenario"]], row["pollutant"]),
            significant(row["emitted_t_per_year"]),
            _range(row, "added_t_per_year", "added_low_t_per_year", "added_high_t_per_year", 1.0),
            significant(row["added_intake_g_per_year"]),
        ]
        for row in rows
    ]
    keys = ("scenario", "pollutant", "emitted_t_per_year", "added_t_per_year", "added_intake_g_per_year|g")
    head = heads(t, "power_plants", *keys)
    note = t["plant_note"].format(share=f"{100.0 * rows[0]['thermal_share']:.0f} %")
    return {"id": "power-plants", "title": t["plant"], "notes": [note], "head": head, "rows": out, "words": 2}


def _acid(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return the acid that emissions can make, by scenario."""
    out = []
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        own = {row["pollutant"]: row for row in rows if row["scenario"] == scenario}
        keq = [significant(own[p]["acid_keq_per_year"] / THOUSAND) for p in ("SO2", "NOx", "NH3", "all")]
        out.append([names[scenario], *keq, percent(own["all"]["change_pct"])])
    head = [heading(t, "acid", "scenario"), "SO2", "NOx", "NH3", t["acid_all"], heading(t, "acid", "change_pct")]
    return {"id": "acid", "title": t["acid"], "notes": [t["acid_note"]], "head": head, "rows": out, "words": 1}


def _receptors(rows: Rows, t: Words, names: Words) -> dict[str, Any]:
    """Return what each scenario brings to each receptor, all pollutants together."""
    out = [
        [
            *(names[row["scenario"]], row["receptor"], row["unit"]),
            _range(row, "value", "low", "high", 1.0),
            _range(row, "change", "change_low", "change_high", 1.0),
        ]
        for row in rows
        if row["pollutant"] == "all"
    ]
    head = heads(t, "receptors", "scenario", "receptor", "unit", "value", "change")
    notes = [t["receptors_note"]]
    return {"id": "receptors", "title": t["receptors"], "notes": notes, "head": head, "rows": out, "words": 3}
