"""Turn the collected figures of the Chinese national guide of 2014 into the packaged tables.

Usage: python scripts/build_china_tables.py --from FOLDER [--check]

Rows that the guide does not publish (stage VI, gas and hybrid rows, degradation after 2018) are left out, and every
row that is left out, replaced or doubtful stands in ``china_guide_2014_defects.csv`` with the rule that applies to it.
Outliers, copies and near copies are found by computation. With ``--check`` nothing is written; the exit status is 1
when a packaged table differs.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

import polars as pl
from build_reference_tables import command

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "Ministry of Environmental Protection of China, technical guide for road vehicle emission inventories (trial), 2014; as transcribed in VEIN 1.5.0, the guide itself not opened"
OWN = "own rule on the transcribed table"
VEHICLES = {"PV": "passenger", "Trucks": "truck"}
TYPES = {
    "Mini": "mini", "Small": "small", "Medium": "medium", "Large": "large", "Taxi": "taxi", "Bus": "bus",
    "Motorcycles": "motorcycle", "Moped": "moped", "Mediumbus": "medium_bus", "Largebus": "large_bus",
    "3-Wheel": "three_wheel", "Light": "light", "Heavy": "heavy", "Low Speed": "low_speed",
}  # fmt: skip
FUELS = {"G": "petrol", "D": "diesel", "ALL": "other", "CNG": "cng", "G HY": "petrol_hybrid", "D HY D": "diesel_hybrid"}
POLLUTANTS = {"CO": "CO", "HC": "VOC", "NOx": "NOx", "PM2.5": "PM_exhaust", "PM10": "PM10_exhaust"}
STAGES = ("PRE", "I", "II", "III", "IV", "V")
ALL_STAGES = (*STAGES, "VI")
GUIDE_FUELS = ("petrol", "diesel", "other")
OUTLIER = 10.0
RISE = 2.0
LAST_YEAR = 2018

REFUSED_BLOCKS = {
    ("passenger", "small", "petrol"): "row of the medium passenger car under the name of the small one; the guide has one row for mini and small cars, which stands under mini: cars use mini",
    ("passenger", "small", "diesel"): "row of the medium bus under the name of the small car; cars use mini, which the definitions give as the car of up to 9 seats",
    ("passenger", "medium", "diesel"): "the medium bus a second time; medium_bus is used",
    ("truck", "mini", "diesel"): "row of the medium bus under the name of the mini truck; light trucks are used",
}  # fmt: skip
# kind, table, what, rule: faults of the transcription or of code in circulation that the evaluation must not repeat
STATED = (
    ("speed_edge", "speed", "code in circulation returns 0 at exactly 80 km/h", "the guide's last band is above 80: exactly 80 belongs to 40-80, exactly 20 to 20-30, exactly 40 to 40-80; exactly 30 is the base condition, factor 1"),
    ("load_above_half", "load", "code in circulation uses the full-load factor for any load above 50 percent", "linear between the published levels 0, 50, 60, 75 and 100 percent; diesel trucks and buses only (recalled from the guide, to be checked)"),
    ("humidity_half", "weather", "no band holds exactly 50 percent humidity, and copies disagree about it", "50 percent is the guide's base condition: factor 1"),
    ("hot_and_humid", "weather", "code in circulation multiplies the humidity factors of all temperatures and those of above 24 degrees", "above 24 degrees the second set replaces the first, since the guide has one humidity factor in its product (reading to be checked)"),
    ("pm_altitude", "weather", "code in circulation gives particles of small diesels the altitude factor of NOx", "particles have altitude factor 1, as in the table"),
    ("taxi_altitude", "weather", "the altitude factors of petrol taxis, and of VOC of motorcycles and mopeds, are those of heavy vehicles in the table and those of light vehicles in code made from it", "light vehicles' factors: CO 1.58, VOC 2.46, NOx 3.15"),
    ("degradation_unused", "degradation", "code in circulation looks the degradation factor up and does not apply it", "applied by inventory year, apart from the base factor; see fleet_planner.factors.china_degradation"),
    ("diesel_sulphur_base", "sulphur", "a default of 50 ppm lowers diesel without notice: the factor of diesel is 1 at 350 ppm, that of petrol at 50 ppm", "without a sulphur content the base factor is returned; with one it is always applied"),
    ("other_fuel", "base", "rows for other fuels (ALL) were used for diesel", "used for gas (CNG, LNG, LPG) only; speed, temperature and humidity factors of petrol (spark ignition, own rule), none for altitude, sulphur and load"),
    ("evaporative", "base", "680 rows are evaporative, in g/h of driving and g/day of parking (recalled), each five times over", "left out of the exhaust factors"),
    ("base_type_large", "degradation", "rows of the large passenger car carry vehicle 'Large'", "read as passenger"),
)  # fmt: skip
DEFECT_COLUMNS = (
    "defect_id", "kind", "table", "vehicle", "type", "fuel", "stage", "pollutant", "value", "compared_with", "found_by", "what",
    "rule", "handled", "replaced_by",
)  # fmt: skip
Row = tuple[str, str, str, str, str]


def read(folder: Path, name: str) -> pl.DataFrame:
    """Read a table with our words, every cell as the text that stands there."""
    frame = pl.read_csv(folder / name, infer_schema=False)
    words = {"vehicle": VEHICLES, "type": TYPES, "fuel": FUELS, "pollutant": POLLUTANTS}
    return frame.with_columns(pl.col(c).replace(words[c]) for c in words if c in frame.columns)


def exhaust(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the exhaust pollutants."""
    return frame.filter(pl.col("pollutant").is_in(list(POLLUTANTS.values())))


def sourced(frame: pl.DataFrame, unit: str, checked: str = "no") -> pl.DataFrame:
    """Add the four columns that every packaged row has."""
    return frame.with_columns(
        source=pl.lit(SOURCE), year=pl.lit("2014"), unit=pl.lit(unit), checked=pl.lit(checked)
    )  # fmt: skip


def values(folder: Path) -> dict[Row, str]:
    """Return the exhaust base factors as text by vehicle, type, fuel, stage and pollutant."""
    frame = exhaust(read(folder, "china_base_factors.csv"))
    return {(r[0], r[1], r[2], r[3], r[4]): r[5] for r in frame.iter_rows()}


def series(base: dict[Row, str]) -> dict[tuple[str, str, str, str], list[tuple[str, float]]]:
    """Return the factors of each group and pollutant in the order of the stages."""
    out: dict[tuple[str, str, str, str], list[tuple[str, float]]] = {}
    for (vehicle, kind, fuel, stage, pollutant), text in base.items():
        out.setdefault((vehicle, kind, fuel, pollutant), []).append((stage, float(text)))
    return {key: sorted(v, key=lambda item: ALL_STAGES.index(item[0])) for key, v in out.items()}


def outliers(base: dict[Row, str]) -> dict[Row, list[float]]:
    """Return the factors over ten times (or under a tenth of) each of their neighbouring stages, with these.

    Misprints, which stand between two stages, are found first; the others are compared without them.
    """
    first = {row: near for row, near in _outliers(base).items() if middle(row, near)}
    return first | _outliers({row: text for row, text in base.items() if row not in first})


def _outliers(base: dict[Row, str]) -> dict[Row, list[float]]:
    out: dict[Row, list[float]] = {}
    for (vehicle, kind, fuel, pollutant), points in series(base).items():
        for i, (stage, value) in enumerate(points):
            near = [v for _, v in (*points[max(i - 1, 0) : i], *points[i + 1 : i + 2])]
            if near and (value > OUTLIER * max(near) or value < min(near) / OUTLIER):
                out[vehicle, kind, fuel, stage, pollutant] = near
    return out


def replacement(base: dict[Row, str], row: Row) -> float:
    """Return the stage before times the step that the medium bus of the same fuel makes."""
    vehicle, kind, fuel, stage, pollutant = row
    before = STAGES[STAGES.index(stage) - 1]
    twin = [float(base[vehicle, "medium_bus", fuel, s, pollutant]) for s in (before, stage)]
    return round(float(base[vehicle, kind, fuel, before, pollutant]) * twin[1] / twin[0], 6)


def left_out(row: Row) -> bool:
    """Whether a row is not part of the guide or its block is refused."""
    return row[2] not in GUIDE_FUELS or row[3] not in STAGES or row[:3] in REFUSED_BLOCKS


def middle(row: Row, near: list[float]) -> bool:
    """Whether an outlier stands between two stages, so that it is taken for a misprint."""
    return len(near) == 2 and not left_out(row)


def base_table(base: dict[Row, str]) -> pl.DataFrame:
    """Return the base factors of the guide, misprints replaced by estimates with a range."""
    misprints = {row: near for row, near in outliers(base).items() if middle(row, near)}
    rows = []
    for row, text in base.items():
        if left_out(row):
            continue
        if row in misprints:
            low, high = min(misprints[row]), max(misprints[row])
            source = f"own estimate, to be checked: {text} in the table, over ten times both neighbouring stages; the stage before times the step of the medium bus"
            rows.append((*row, f"{replacement(base, row):g}", f"{low:g}", f"{high:g}", source))
        else:
            rows.append((*row, text, "", "", SOURCE))
    columns = ["vehicle", "type", "fuel", "stage", "pollutant", "g_per_km", "low_g_per_km", "high_g_per_km", "source"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return sourced(frame.drop("source"), "g/km").with_columns(frame["source"])


def defect(kind: str, row: tuple[str, ...], what: str, rule: str, handled: str, **more: str) -> dict[str, str]:
    """Return a computed defect of the base table."""
    cells = dict(zip(("vehicle", "type", "fuel", "stage", "pollutant"), row, strict=False))
    return {
        "kind": kind,
        "table": "base",
        "found_by": "computation",
        "what": what,
        "rule": rule,
        "handled": handled,
        **cells,
        **more,
    }


def stage_defects(base: dict[Row, str]) -> list[dict[str, str]]:
    """Return outliers, stages that rise and stages VI."""
    out: list[dict[str, str]] = []
    for row, near in sorted(outliers(base).items()):
        compared = "|".join(f"{v:g}" for v in near)
        what = "more than ten times, or less than a tenth of, the neighbouring stages"
        if left_out(row):
            out.append(
                defect("outlier", row, what, "row is left out", "left_out", value=base[row], compared_with=compared)
            )
        elif middle(row, near):
            rule = "taken for a misprint: the stage before times the step of the medium bus; range: the two neighbours"
            out.append(
                defect(
                    "outlier",
                    row,
                    what,
                    rule,
                    "replaced",
                    value=base[row],
                    compared_with=compared,
                    replaced_by=f"{replacement(base, row):g}",
                )
            )
        else:
            out.append(
                defect(
                    "outlier",
                    row,
                    what,
                    "first or last stage of its group: kept as published, flagged",
                    "kept",
                    value=base[row],
                    compared_with=compared,
                )
            )
    for (vehicle, kind, fuel, pollutant), points in sorted(series(base).items()):
        for (_, before), (stage, value) in itertools.pairwise(points):
            row = (vehicle, kind, fuel, stage, pollutant)
            if before * RISE < value <= before * OUTLIER and not left_out(row):
                out.append(
                    defect(
                        "rise",
                        row,
                        "more than twice the stage before",
                        "kept as published, flagged",
                        "kept",
                        value=base[row],
                        compared_with=f"{before:g}",
                    )
                )
            if stage == "VI":
                what = (
                    "stage VI repeats stage V"
                    if value == before
                    else "stage VI is neither published nor a copy of its own stage V"
                )
                out.append(
                    defect(
                        "stage_vi",
                        row,
                        what,
                        "left out: EMEP/EEA Euro 6 or VI stands in, see china_guide_2014_stage_vi.csv",
                        "left_out",
                        value=base[row],
                        compared_with=f"{before:g}",
                    )
                )
    return out


def block_defects(base: dict[Row, str]) -> list[dict[str, str]]:
    """Return rows that are not the guide's, copies and near copies of blocks."""
    out: list[dict[str, str]] = []
    blocks: dict[tuple[str, str, str], dict[tuple[str, str], str]] = {}
    for row, text in base.items():
        if row[3] in STAGES:
            blocks.setdefault(row[:3], {})[row[3:]] = text
    not_guides = "not taken for the guide's: stage V equals IV, digits or powers of 1.1 that no other row has"
    for block in sorted(b for b in blocks if b[2] not in GUIDE_FUELS):
        out += [defect("not_in_guide", block, not_guides, "left out: the EMEP/EEA set stands in", "left_out")]
    for this, rule in REFUSED_BLOCKS.items():
        equal = [" ".join(b) for b in sorted(blocks) if b != this and blocks[b] == blocks[this]]
        assert equal, this
        out.append(defect("repeated_block", this, f"every factor equals {', '.join(equal)}", rule, "left_out"))
    for a, b in itertools.combinations(sorted(set(blocks) - set(REFUSED_BLOCKS)), 2):
        if a[2] != b[2] or a[2] not in GUIDE_FUELS or blocks[a].keys() != blocks[b].keys():
            continue
        unequal = [k for k in blocks[a] if float(blocks[a][k]) != float(blocks[b][k])]
        if not unequal:
            out.append(
                defect(
                    "repeated_block",
                    a,
                    f"every factor equals {' '.join(b)}",
                    "kept: the guide may give both types one row",
                    "kept",
                )
            )
        if len(unequal) == 1:
            rule = "kept as published, flagged: one of the two is likely a misprint"
            out.append(
                defect(
                    "near_twin",
                    (*a, *unequal[0]),
                    f"the only factor that differs from {' '.join(b)}",
                    rule,
                    "kept",
                    value=blocks[a][unequal[0]],
                    compared_with=blocks[b][unequal[0]],
                )
            )
    return out


def dropped_corrections(folder: Path) -> list[dict[str, str]]:
    """Corrections of stage VI and degradation after 2018: one line for each table, with the number of rows."""
    late = pl.col("year").cast(pl.Int64) > LAST_YEAR
    counts = {
        "speed": read(folder, "china_speed_correction.csv").filter(pl.col("standard") == "VI").height,
        "sulphur": read(folder, "china_sulphur_correction.csv").filter(pl.col("standard") == "VI").height,
        "degradation": read(folder, "china_degradation.csv").filter((pl.col("standard") == "VI") | late).height,
    }
    what = "{} rows of stage VI, which repeat stage V" + "; years after 2018 belong to no published step"
    return [
        {"kind": "stage_vi", "table": table, "stage": "VI", "found_by": "computation", "what": what.format(n), "rule": "left out", "handled": "left_out"}
        for table, n in counts.items()
    ]  # fmt: skip


def defects_table(base: dict[Row, str], folder: Path) -> pl.DataFrame:
    """Every row that is left out, replaced or doubtful, with its rule."""
    stated = [
        {"kind": kind, "table": table, "found_by": "reading", "what": what, "rule": rule, "handled": "by_rule"}
        for kind, table, what, rule in STATED
    ]
    rows = [*stated, *dropped_corrections(folder), *stage_defects(base), *block_defects(base)]
    kept = [c for c in DEFECT_COLUMNS if c != "defect_id"]
    frame = pl.DataFrame([{c: r.get(c, "") for c in kept} for r in rows], schema=dict.fromkeys(kept, pl.String))
    parts = [pl.col(c) for c in ("kind", "vehicle", "type", "fuel", "stage", "pollutant")]
    named = pl.concat_str(
        [pl.lit("china"), *(pl.when(p == "").then(None).otherwise(p) for p in parts)], separator=".", ignore_nulls=True
    )
    again = pl.int_range(pl.len()).over("defect_id")
    frame = frame.with_columns(defect_id=named).with_columns(
        defect_id=pl.when(again > 0).then(pl.format("{}.{}", "defect_id", again + 1)).otherwise("defect_id")
    )
    ids = pl.when(pl.col("found_by") == "computation").then(pl.lit(f"computed from: {SOURCE}")).otherwise(pl.lit(OWN))
    return frame.select(DEFECT_COLUMNS).with_columns(
        source=ids, year=pl.lit("2014"), unit=pl.lit("g/km where a value stands"),
        checked=pl.when(pl.col("found_by") == "computation").then(pl.lit("yes")).otherwise(pl.lit("no")),
    )  # fmt: skip


def speed_table(folder: Path) -> pl.DataFrame:
    """Speed factors by fuel, stage and pollutant, one column a band."""
    table = exhaust(read(folder, "china_speed_correction.csv")).filter(pl.col("standard").is_in(STAGES))
    bands = {
        "v_lt_20": "below_20",
        "v_20_30": "from_20",
        "v_30_40": "from_30",
        "v_40_80": "from_40",
        "v_gt_80": "above_80",
    }
    return sourced(table.rename({"standard": "stage", **bands}), "factor on the base at 30 km/h; bands in km/h")


def weather_table(folder: Path) -> pl.DataFrame:
    """Temperature, humidity and altitude factors by type and pollutant, one column a condition."""
    table = exhaust(read(folder, "china_environment_correction.csv"))
    wide = table.pivot("condition", index=["vehicle", "type", "fuel", "pollutant"], values="factor")
    refused = pl.concat_list("vehicle", "type", "fuel").is_in([list(k) for k in REFUSED_BLOCKS])
    light = {"CO": "1.58", "VOC": "2.46", "NOx": "3.15"}
    small = (pl.col("fuel") == "petrol") & pl.col("type").is_in(["taxi", "motorcycle", "moped"])
    altitude = (
        pl.when(small & pl.col("pollutant").is_in(list(light)))
        .then(pl.col("pollutant").replace(light))
        .otherwise("altitude_gt_1500m")
    )
    names = {"temp_gt_24_rh_lt_50": "hot_rh_lt_50", "temp_gt_24_rh_gt_50": "hot_rh_gt_50"}
    frame = wide.filter(~refused).with_columns(altitude_gt_1500m=altitude).rename(names)
    return sourced(frame, "factor on the base at 15 degrees, 50 percent, below 1500 m; hot is above 24 degrees")


def sulphur_table(folder: Path) -> pl.DataFrame:
    """Sulphur factors by fuel, stage, pollutant and level."""
    table = exhaust(read(folder, "china_sulphur_correction.csv")).filter(pl.col("standard").is_in(STAGES))
    long = table.unpivot(
        index=["fuel", "standard", "pollutant"], variable_name="sulphur_ppm", value_name="factor"
    ).rename({"standard": "stage"}).with_columns(pl.col("sulphur_ppm").str.strip_prefix("ppm_"))  # fmt: skip
    between = ((pl.col("fuel") == "petrol") & (pl.col("sulphur_ppm") == "350")) | (
        (pl.col("fuel") == "diesel") & (pl.col("sulphur_ppm") == "150")
    )
    note = pl.when(between).then(pl.lit("; level likely filled in between two published ones")).otherwise(pl.lit(""))
    return sourced(long, "factor").with_columns(source=pl.lit(SOURCE) + note)


def load_table(folder: Path) -> pl.DataFrame:
    """Load factors by pollutant."""
    table = read(folder, "china_load_correction.csv")
    fraction = (pl.col("load_percent").cast(pl.Float64) / 100.0).cast(pl.String)
    return sourced(
        table.select("pollutant", load_fraction=fraction, factor="factor"), "factor on the base at half load"
    )


def degradation_table(folder: Path) -> pl.DataFrame:
    """Degradation factors by group of types, stage, pollutant and inventory year."""
    table = exhaust(read(folder, "china_degradation.csv")).filter(
        pl.col("standard").is_in(STAGES) & (pl.col("year").cast(pl.Int64) <= LAST_YEAR)
    )
    frame = table.select(
        vehicle=pl.col("vehicle").replace({"Large": "passenger"}), type="type", fuel="fuel", stage="standard",
        pollutant="pollutant", inventory_year="year", factor="factor",
    ).filter(~pl.concat_list("vehicle", "type", "fuel").is_in([list(k) for k in REFUSED_BLOCKS]))  # fmt: skip
    return sourced(frame.with_columns(pl.col("type").replace({"Large": "large"})), "factor on the base of 2014")


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return every packaged table by file name."""
    base = values(folder)
    return {
        "china_guide_2014_base.csv": base_table(base),
        "china_guide_2014_speed.csv": speed_table(folder),
        "china_guide_2014_weather.csv": weather_table(folder),
        "china_guide_2014_sulphur.csv": sulphur_table(folder),
        "china_guide_2014_load.csv": load_table(folder),
        "china_guide_2014_degradation.csv": degradation_table(folder),
        "china_guide_2014_defects.csv": defects_table(base, folder),
    }


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
