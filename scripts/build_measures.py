"""Write the packaged measures of technology and fuel.

Usage: python scripts/build_measures.py --from FOLDER [--check]

What a measure is stands in ``measure_definitions.csv`` beside this script: on which vehicles it fits, what it becomes,
what it must not meet, in two languages. Effects and costs come from the folder's ``measures.csv`` by ``source_id``
(several, parted by ``|``; ``:with_filter`` says for which engine the rows hold), or, marked ``own:``, from
``measure_own_effects.csv``. With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from build_reference_tables import HVO_MJ_PER_KG, command, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
POLLUTANTS = {"PM2.5": "PM_exhaust", "HC": "VOC", "CO2_fossil_tailpipe": "CO2"}
MODELLED = {"CO", "VOC", "NOx", "PM_exhaust", "BC", "CO2", "NO2_share_points"}
"""Pollutants whose published percentage acts on the factor; others are shown and counted as not modelled."""

OF_WEAR = {"PM2.5_brake", "PM2.5_tyre_road"}
"""Wear follows from the vehicle itself: ``electric_wear.csv``."""

CARBONS_PER_ESTER = 19.0
"""Of methyl oleate, C19H36O2; one of them is from methanol."""

CUT_PER_SHARE = {"biodiesel": -95.0, "hvo": -100.0}
"""Cut of the fossil CO2, percent per share of the fuel from plants: the convention of the source's rows of biodiesel."""

CONVENTION = "accounting convention as in the B20 rows: biogenic carbon counts as zero"
CARRIED = (
    *("kind", "slot", "categories", "streams", "fuels", "standards", "device", "not_with"),
    *("to_fuel", "to_segment", "to_standard", "to_aftertreatment", "plant_fuel"),
    *("max_sulphur_ppm", "to_sulphur_ppm", "verified_level", "alternative_of", "parts"),
)
COSTS = ("capex", "opex_per_year", "fuel_penalty_pct", "life_years", "currency", "cost_year")

Row = dict[str, str]


def fossil_co2_range(folder: Path) -> dict[str, tuple[float, float]]:
    """Range of the change of fossil CO2 by fuel from plants and its share, percent: from the fuels' properties, rounded outward.

    The share of the energy that comes from plants goes with the densities' range; of biodiesel, one carbon in
    19 is the methanol's and mostly fossil (least cut) or of plants too (largest cut). R99 holds 1 % diesel, R100 none.
    """
    fuel = {r["fuel"]: r for r in read(folder, "fuel_properties.csv").iter_rows(named=True)}
    rho = {r["record_id"]: r for r in read(folder, "grid_and_fuels.csv").iter_rows(named=True)}
    diesel_mj, fame_mj = (float(fuel[f]["lower_heating_mj_kg"]) for f in ("diesel", "biodiesel"))
    carbon = float(fuel["biodiesel"]["co2_kg_per_kg"]) / fame_mj / (float(fuel["diesel"]["co2_kg_per_kg"]) / diesel_mj)
    methanol = carbon / CARBONS_PER_ESTER

    def share(volume: float, plants: str, end: str, opposite: str, mj_per_kg: float) -> float:
        energy = volume * float(rho[plants][end]) * mj_per_kg
        return energy / (energy + (1.0 - volume) * float(rho["rho_diesel_cn_v_vi"][opposite]) * diesel_mj)

    out = {}
    for volume in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0):
        low = -100.0 * share(volume, "rho_fame", "high", "low", fame_mj)
        high = -100.0 * share(volume, "rho_fame", "low", "high", fame_mj) * (1.0 - methanol)
        out[f"biodiesel {volume:g}"] = (low, high)
    out["hvo 0.99"] = (-100.0, -100.0 * share(0.99, "rho_hvo", "low", "high", HVO_MJ_PER_KG))
    return {m: (math.floor(10.0 * low) / 10.0, math.ceil(10.0 * high) / 10.0) for m, (low, high) in out.items()}


def published(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of effects by source: those of the folder, and our own under ``own:``."""
    out: dict[str, list[Row]] = {}
    for row in _texts(read(folder, "measures.csv")):
        effect, _, cost = row["source"].partition("; cost:")
        shown = row | {"cost_source": cost.strip(), "effect_source": effect.removeprefix("effect:").strip()}
        out.setdefault(row["measure_id"], []).append(shown)
    for row in _texts(read(HERE, "measure_own_effects.csv")):
        shown = row | {"cost_source": "", "effect_source": row["source"]} | dict.fromkeys(COSTS, "")
        out.setdefault(f"own:{row['measure_id']}", []).append(shown)
    return out


def _texts(frame: pl.DataFrame) -> Iterator[Row]:
    return frame.fill_null("").iter_rows(named=True)


def effects(definition: Row, sources: Mapping[str, list[Row]]) -> list[Row]:
    """Return the effects of a measure, pollutants in our words."""
    out = []
    for named in filter(None, definition["source_id"].split("|")):
        source, _, engine = named.removeprefix("own:").partition(":")
        given = sources[f"own:{source}" if named.startswith("own:") else source]
        for row in given:
            if row["pollutant"] in OF_WEAR:
                continue
            pollutant = POLLUTANTS.get(row["pollutant"], row["pollutant"])
            out.append(row | {"pollutant": pollutant, "effect_on": engine or definition["effect_on"]})
    return out


def of_plants(definition: Row, rows: list[Row], fossil: Mapping[str, tuple[float, float]]) -> list[Row]:
    """Return the effects with the change of fossil CO2 that follows from the share of carbon of plants."""
    plant, share = definition["plant_fuel"], float(definition["plant_share"] or 0.0)
    key = f"{plant} {share:g}"
    if key not in fossil:
        return rows
    low, high = (str(x) for x in fossil[key])
    change = f"{CUT_PER_SHARE[plant] * share:.1f}"
    told = [r["effect_source"] for r in rows if r["pollutant"] == "CO2"]
    said = "; ".join([CONVENTION, *told[:1], "range: from densities, heating values and carbon of the fuels"])
    figures = {"change_pct": change, "low": low, "high": high, "effect_source": said, "checked": "no"}
    # carbon is the fuel's, whatever engine burns it
    carbon = rows[0] | {"pollutant": "CO2", "effect_on": "any"} | figures
    return [*(r for r in rows if r["pollutant"] != "CO2"), carbon]


def by_form_of_b20(definition: Row, b20: list[Row]) -> list[Row]:
    """Return the effects of a blend by the exponential form of the EPA's study (2002), through its figures of B20."""
    blends = float(definition["plant_share"] or 0.0) / 0.2
    out = []
    for row in b20:
        if row["pollutant"] == "CO2" or not row["change_pct"]:
            continue
        change = 100.0 * ((1.0 + float(row["change_pct"]) / 100.0) ** blends - 1.0)
        out.append(row | {"change_pct": f"{change:.1f}"})
    return out


def range_over_sources(rows: list[Row], others: list[list[Row]]) -> list[Row]:
    """Return the effects with, where the source has no range of its own, that over all sources of the blend."""
    out = []
    for row in rows:
        alike = [o for other in others for o in other if o["pollutant"] == row["pollutant"] and o["change_pct"]]
        if row["low"] or not alike or not row["change_pct"]:
            out.append(row)
            continue
        values = sorted([row["change_pct"], *(o["change_pct"] for o in alike)], key=float)
        said = f"{row['effect_source']}; range: over the sources of this blend, the form of EPA420-P-02-001 among them"
        out.append(row | {"low": values[0], "high": values[-1], "effect_source": said})
    return out


def modelled(definition: Row, row: Row) -> str:
    """Return how an effect comes into a run: ``yes``, ``no``, or the way that the definition names."""
    if definition["modelled"] == "on_top":
        if not row["change_pct"]:
            return "no"
        return "by_technology" if row["pollutant"] == "CO2" else "on_top"
    if definition["modelled"] != "yes":
        return definition["modelled"]
    return "yes" if row["change_pct"] and row["pollutant"] in MODELLED else "no"


def second_hand(definition: Row, effect: Row) -> bool:
    """Return whether an effect is derived from the Chinese guide, which was read in a transcription."""
    return definition["modelled"] == "by_sulphur_mee" and effect["pollutant"] != "SO2"


def measures(folder: Path) -> pl.DataFrame:
    """Measures: eligibility, effect per pollutant, cost."""
    sources, fossil = published(folder), fossil_co2_range(folder)
    definitions = list(_texts(read(HERE, "measure_definitions.csv")))
    found = {d["measure_id"]: of_plants(d, effects(d, sources), fossil) for d in definitions}
    rows = []
    for d in definitions:
        others = [found[o["measure_id"]] for o in definitions if o["alternative_of"] == d["measure_id"]]
        own = found[d["measure_id"]]
        if d["plant_fuel"] == "biodiesel" and not d["alternative_of"]:
            own = range_over_sources(own, [*others, by_form_of_b20(d, found["b20"])])
        rows += [_row(d, effect) for effect in own or [_no_effect(d)]]
    return pl.DataFrame(rows)


def _no_effect(definition: Row) -> Row:
    """Return the one row of a measure made of parts: it has no effect but theirs."""
    empty = dict.fromkeys(("pollutant", "change_pct", "low", "high", "cost_source"), "")
    own = {"effect_on": "any", "effect_source": "the parts", "year": "2026", "checked": "no"}
    return empty | own | {c: definition[c] for c in COSTS}


def _row(definition: Row, effect: Row) -> Row:
    costs = {c: definition[c] or effect.get({"cost_year": "year"}.get(c, c), "") for c in COSTS}
    said = definition["cost_source"] or effect["cost_source"]
    known = said and "from memory" not in said and "recalled" not in said
    year = effect["year"] or "2024"
    return {
        "measure_id": definition["measure_id"],
        "title_en": definition["title_en"],
        "title_zh": definition["title_zh"],
        **{c: definition[c] for c in CARRIED},
        "effect_on": effect["effect_on"],
        "pollutant": effect["pollutant"],
        "change_pct": effect["change_pct"],
        "low": effect["low"],
        "high": effect["high"],
        "modelled": modelled(definition, effect),
        **costs,
        "currency": costs["currency"] or "USD",
        "cost_year": costs["cost_year"] or year,
        "constraint_en": definition["constraint_en"],
        "constraint_zh": definition["constraint_zh"],
        "source": f"effect: {effect['effect_source']}" + (f"; cost: {said}" if said else ""),
        "year": year,
        "unit": "percent of the exhaust factor; currency per vehicle",
        "checked": "no" if second_hand(definition, effect) else effect["checked"],
        "cost_checked": "yes" if known and definition["kind"] not in {"fuel", "sulphur"} else "no",
    }


if __name__ == "__main__":
    sys.exit(command(__doc__, lambda folder: {"measures.csv": measures(folder)}))
