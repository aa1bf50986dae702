"""Set the Chinese guide of 2014 beside EMEP/EEA 2019 on Beijing's generated registry.

Usage: python scripts/compare_sets_beijing.py [--check]

Writes the tables between the marks of ``docs/china_and_emep_beijing.md``; with ``--check`` nothing is written and the
exit status is 1 when they differ. Both sets are asked for 15 degrees, 50 percent humidity, sea level, half load, level
road and Beijing's 10 ppm sulphur; vehicles are weighted by their number times their yearly distance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl

from fleet_planner.factors.evaluate import evaluate_queries
from fleet_planner.factors.published.china import evaluate_china
from fleet_planner.factors.published.china_tables import COVERED, load_china
from fleet_planner.factors.published.china_types import guide_row
from fleet_planner.factors.published.hot_table import load_hot_table
from fleet_planner.fleet.load import check_file

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs" / "china_and_emep_beijing.md"
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
SPEEDS_KMH = (25.0, 60.0)
SULPHUR_PPM = 10.0
SHOWN = ("NOx", "PM_exhaust")
TECHNOLOGY = ["category", "fuel", "segment", "standard", "technology", "stream"]


def registry_weights() -> pl.DataFrame:
    """Return the burning technologies of the registry with their vehicle-km a year."""
    fleet = check_file(ROOT / "inputs" / "beijing" / "registry.csv", country="CN-BJ", year=2021, default_load=0.5)
    burning = fleet.vehicles.filter(pl.col("fuel") != "electricity").rename({"aftertreatment": "technology"})
    text = [pl.col(c).cast(pl.String) for c in TECHNOLOGY]
    return (
        burning.select(*text, km=pl.col("count") * pl.col("km_per_year")).group_by(TECHNOLOGY).agg(pl.col("km").sum())
    )


def compared() -> pl.DataFrame:
    """Return both sets' factors by technology, pollutant and speed.

    ``vehicle`` and ``stage`` name the guide's row, ``km`` weighs it, ``emep`` and ``china`` are in g/km; ``china`` is
    null where the guide does not cover the technology.
    """
    weights = registry_weights().sort(TECHNOLOGY)
    table = load_china()
    rows = [guide_row(table, *r[:4], stream=r[4]) for r in weights.select(*TECHNOLOGY[:4], "stream").iter_rows()]
    named = table.rows.select(vehicle=pl.concat_str("type", "vehicle", "fuel", separator=" "), stage="stage")
    vehicle = [named["vehicle"][r.row] if r.row >= 0 else "" for r in rows]
    stage = [named["stage"][r.row] if r.row >= 0 else "" for r in rows]
    asked = (
        weights.with_columns(pl.Series("vehicle", vehicle), pl.Series("stage", stage))
        .join(pl.DataFrame({"pollutant": COVERED}), how="cross")
        .join(pl.DataFrame({"speed_kmh": SPEEDS_KMH}), how="cross")
        .with_row_index("query")
        .with_columns(
            mode=pl.lit("any"),
            load=pl.lit(0.5),
            slope=pl.lit(0.0),
            speed_kmh_value=pl.col("speed_kmh"),
            load_value=pl.lit(0.5),
            slope_value=pl.lit(0.0),
            sulphur_ppm=pl.lit(SULPHUR_PPM),
        )
    )
    emep = evaluate_queries(asked.drop("query"), load_hot_table(), raw=False)
    assert (emep["error"] == "").all(), emep.filter(pl.col("error") != "")["error"].unique().to_list()
    china = evaluate_china(table, asked)
    return asked.with_columns(emep=emep["ef"], china=china["ef"])


def mean_factors(pairs: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return km-weighted means of both sets over groups."""
    return (
        pairs.group_by(by, maintain_order=True)
        .agg((pl.col("emep", "china") * pl.col("km")).sum() / pl.col("km").sum())
        .with_columns(ratio=pl.col("china") / pl.col("emep"))
    )


def by_stage(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return mean factors by the guide's vehicle and stage, where the guide covers them."""
    keys = ["vehicle", "stage", "pollutant", "speed_kmh"]
    return mean_factors(pairs.filter(pl.col("china").is_not_null()).sort(keys), keys)


def totals(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return fleet means: of the part that the guide covers, and of all with EMEP/EEA where it does not."""
    keys = ["part", "pollutant", "speed_kmh"]
    covered = pairs.filter(pl.col("china").is_not_null()).with_columns(part=pl.lit("covered by the guide"))
    whole = pairs.with_columns(
        part=pl.lit("all, EMEP/EEA where the guide has none"), china=pl.coalesce("china", "emep")
    )
    return pl.concat([mean_factors(covered, keys), mean_factors(whole, keys)])


def covered_share(pairs: pl.DataFrame) -> float:
    """Return the share of vehicle-km that the guide covers."""
    one = pairs.filter((pl.col("pollutant") == "NOx") & (pl.col("speed_kmh") == SPEEDS_KMH[0]))
    return float(one.filter(pl.col("china").is_not_null())["km"].sum() / one["km"].sum())


def markdown(pairs: pl.DataFrame) -> str:
    """Return the tables of the document."""
    head = " | ".join(f"{v:g} km/h EMEP | guide | ratio" for v in SPEEDS_KMH)
    line = "--- | " * (3 * len(SPEEDS_KMH))
    out = [f"The guide covers {covered_share(pairs):.0%} of the vehicle-km of vehicles that burn fuel."]

    def rows(frame: pl.DataFrame, keys: list[str]) -> list[str]:
        made = []
        for key, part in frame.group_by(keys, maintain_order=True):
            cells = [
                f"{r['emep']:.3g} | {r['china']:.3g} | {r['ratio']:.2f}"
                for r in part.sort("speed_kmh").iter_rows(named=True)
            ]
            made.append(f"| {' | '.join(str(k) for k in key)} | {' | '.join(cells)} |")
        return made

    out += ["", "Fleet means, g/km:", "", f"| fleet | pollutant | {head} |", f"| --- | --- | {line}".rstrip()]
    out += rows(totals(pairs), ["part", "pollutant"])
    for pollutant in SHOWN:
        out += ["", f"{pollutant} by vehicle of the guide and stage, g/km:", ""]
        out += [f"| vehicle | stage | {head} |", f"| --- | --- | {line}".rstrip()]
        out += rows(by_stage(pairs).filter(pl.col("pollutant") == pollutant), ["vehicle", "stage"])
    return "\n".join(out)


def main() -> int:
    """Write or check the tables of the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = DOC.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    new = f"{before}{BEGIN}\n{markdown(compared())}\n{END}{after}"
    if check:
        print("as written" if new == text else "DIFFERS")
        return int(new != text)
    DOC.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
