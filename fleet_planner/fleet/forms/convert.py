"""Turn the cells of a form into the text cells of our own registry; no vehicle gets lost on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.fleet.forms.ages import spread_ages
from fleet_planner.fleet.forms.meaning import KEYS, Piece, Refused, pieces_of
from fleet_planner.fleet.forms.model import AGES, CHINA, NATIVE, plain_word, without_unit, words
from fleet_planner.fleet.identifiers import ID
from fleet_planner.fleet.numbers import numbers
from fleet_planner.units import DAYS_PER_YEAR, KM_PER_MILE

if TYPE_CHECKING:
    from fleet_planner.fleet.forms.choose import Reading

IMPORTED = "import_rule"
WRONG = {"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String, "remedy": pl.String}
COUNTED = {"row": pl.Int64, "count": pl.Float64}


@dataclass(frozen=True)
class Converted:
    """Cells in our own form.

    Parameters
    ----------
    cells
        Text under our column names, ``row`` of the file, and `IMPORTED`: how a form's words were read.
    wrong
        Cells that mean nothing: ``row, column, value, reason, remedy``; their rows are not in ``cells``.
    lost
        ``row, count``: vehicles of the wrong rows that should have been read.
    outside
        The same of rows that are no vehicles of this inventory, such as trains.
    vehicles
        Sum of the counts that were read, one a row where the count cannot be read; None for our own form.
    """

    cells: pl.DataFrame
    wrong: pl.DataFrame
    lost: pl.DataFrame
    outside: pl.DataFrame
    vehicles: float | None


def converted(
    cells: pl.DataFrame,
    reading: Reading,
    *,
    country: str,
    year: int,
    per_unit: float = 1.0,
    decimal_comma: bool = False,
) -> Converted:
    """Convert the cells of a file.

    Parameters
    ----------
    cells
        Text under the file's names, stripped, empty cells null, and ``row``.
    reading
        From `choose_reading`.
    country, year
        Of the plan.
    per_unit
        Vehicles of a count of 1, where the file does not say.
    decimal_comma
        Numbers may have a decimal comma.
    """
    if reading.form == NATIVE:
        return _native(cells, reading)
    if reading.form == AGES:
        named = cells.select(
            "row", *(pl.col(theirs).alias(ours) for ours, theirs in reading.columns.items()), *reading.spread
        )
        spread = spread_ages(named, reading.spread, year, decimal_comma=decimal_comma)
        own = _own_words(spread.cells).with_columns(pl.lit(AGES).alias(IMPORTED))
        return Converted(own, spread.wrong, spread.lost, _counted(), spread.vehicles)
    return _by_class(_long(cells, reading), reading, country, year, per_unit, decimal_comma=decimal_comma)


def _native(cells: pl.DataFrame, reading: Reading) -> Converted:
    named = cells.select(*(pl.col(theirs).alias(ours) for ours, theirs in reading.columns.items()), "row")
    return Converted(_own_words(named), pl.DataFrame(schema=WRONG), _counted(), _counted(), None)


def _own_words(named: pl.DataFrame) -> pl.DataFrame:
    """Replace Chinese and other usual words for categories, fuels and streams by ours."""
    for role in ("category", "fuel", "stream"):
        if role not in named.columns:
            continue
        known = words(NATIVE, role)
        found = {
            text: known[plain_word(text)][0].value
            for text in named[role].unique()
            if text and plain_word(text) in known
        }
        if found:
            named = named.with_columns(pl.col(role).replace(found))
    return named


def _counted(table: pl.DataFrame | None = None) -> pl.DataFrame:
    return pl.DataFrame(schema=COUNTED) if table is None else table.select("row", "count").cast(pl.Schema(COUNTED))


def _long(cells: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return a row per cell that holds a count: `KEYS`, ``count_text``, ``unit``, places, distances, ``row``."""
    have = {
        role: name for role, name in reading.columns.items() if not (reading.spread and role in {"standard", "count"})
    }
    columns = [pl.col(name).alias(role) for role, name in have.items() if role != "count"]
    if not reading.spread:
        count = pl.col(have["count"]).alias("count_text")
        unit = pl.lit(without_unit(have["count"])[1]).alias("header_unit")
        return cells.select("row", *columns, count, unit, pl.lit(have["count"]).alias("count_column"))
    parts: list[pl.DataFrame] = []
    for name, step in reading.spread.items():
        extra = {"standard": step, "header_unit": without_unit(name)[1], "count_column": name}
        part = cells.select("row", *columns, pl.col(name).alias("count_text")).with_columns(
            pl.lit(text).alias(column) for column, text in extra.items()
        )
        none = pl.all_horizontal(pl.col(other).is_null() for other in reading.spread)
        lone = cells.select(none).to_series() if not parts else pl.Series([False]).new_from_index(0, cells.height)
        parts.append(part.filter(part["count_text"].is_not_null() | lone))  # a row without counts is told once
    return pl.concat(parts).sort("row", maintain_order=True)


def _by_class(
    long: pl.DataFrame, reading: Reading, country: str, year: int, per_unit: float, *, decimal_comma: bool
) -> Converted:
    long = long.with_columns(
        pl.lit(None, dtype=pl.String).alias(k) for k in (*KEYS, "unit", "zone", "depot") if k not in long.columns
    )
    text = long["count_text"]
    counts = numbers(text.rename("x"), decimal_comma=decimal_comma)
    if text.str.contains(",", literal=True).any() and not decimal_comma:  # American tables write 1,234
        counts = numbers(text.str.replace_all(r"^(\d{1,3})((?:,\d{3})+)$", "$1$2").str.replace_all(",", "").rename("x"))
    number = (counts * _factor(long["unit"], long["header_unit"], per_unit)).alias("count")
    long = long.with_columns(number, pl.col(KEYS).fill_null("")).with_row_index("n")
    long = long.with_columns(pl.when(pl.col("count") >= 0).then("count").alias("count"))
    good = pl.col("count").is_not_null()
    problems = [
        long.filter(~good).select(
            "row",
            pl.col("count_column").alias("column"),
            pl.col("count_text").fill_null("").alias("value"),
            pl.lit("not a number of vehicles").alias("reason"),
            pl.lit("Write a number such as 12 or 0.5.").alias("remedy"),
            pl.lit(value=False).alias("scope"),
        )
    ]
    keys = long.select(KEYS).unique(maintain_order=True)
    answers, refused = _answers(keys, reading, country, year)
    problems.append(_refused_rows(long, refused))
    problem = pl.concat(problems)
    wrong_rows = problem["row"].unique()
    per_row = long.group_by("row").agg(pl.col("count").sum(), pl.col("count").is_null().all().alias("none"))
    per_row = per_row.with_columns(pl.when("none").then(1.0).otherwise("count").alias("count")).sort("row")
    bad = per_row.filter(pl.col("row").is_in(wrong_rows.implode()))
    scope = problem.group_by("row").agg(pl.col("scope").all())
    bad = bad.join(scope, on="row", how="left")
    kept = long.filter(~pl.col("row").is_in(wrong_rows.implode()))
    return Converted(
        cells=_as_registry(kept, answers, reading),
        wrong=problem.drop("scope").sort("row", maintain_order=True),
        lost=_counted(bad.filter(~pl.col("scope"))),
        outside=_counted(bad.filter(pl.col("scope"))),
        vehicles=float(per_row["count"].sum()),
    )


def _factor(unit: pl.Series, header: pl.Series, per_unit: float) -> pl.Series:
    """Return vehicles per unit of a count: as the header says, else the row, else the plan."""
    known = {word: float(entries[0].value) for word, entries in words(CHINA, "unit").items()}
    said = {text: known.get(plain_word(text)) for text in {*unit.unique(), *header.unique()} if text}
    both = pl.DataFrame([header.replace("", None).alias("h"), unit.alias("u")])
    if not said:
        return pl.Series([per_unit]).new_from_index(0, unit.len())
    found = pl.col("h").replace_strict(said, default=None, return_dtype=pl.Float64)
    row = pl.col("u").replace_strict(said, default=None, return_dtype=pl.Float64)
    return both.select(pl.coalesce(found, row, pl.lit(per_unit))).to_series()


def _answers(
    keys: pl.DataFrame, reading: Reading, country: str, year: int
) -> tuple[pl.DataFrame, list[tuple[dict[str, str], Refused]]]:
    """Return the pieces of each combination of words, and the combinations that mean nothing."""
    rows: list[dict[str, object]] = []
    refused: list[tuple[dict[str, str], Refused]] = []
    for key in keys.iter_rows(named=True):
        pieces = pieces_of(reading.form, key, country, year)
        if isinstance(pieces, Refused):
            refused.append((key, pieces))
            continue
        rows += [{**{f"key_{k}": v for k, v in key.items()}, "piece": n, **asdict(p)} for n, p in enumerate(pieces)]
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys((f"key_{k}" for k in KEYS), pl.String)
    schema["piece"] = pl.Int64
    schema |= {f.name: pl.Float64 if f.type == "float" else pl.String for f in fields(Piece)}
    return pl.DataFrame(rows, schema=schema, orient="row"), refused


def _refused_rows(long: pl.DataFrame, refused: list[tuple[dict[str, str], Refused]]) -> pl.DataFrame:
    schema = {**dict.fromkeys(KEYS, pl.String), "column": pl.String, "found": pl.String, "reason": pl.String}
    table = [(*key.values(), why.role, key[why.role], why.reason, why.remedy, why.scope) for key, why in refused]
    told = pl.DataFrame(table, schema={**schema, "remedy": pl.String, "scope": pl.Boolean}, orient="row")
    return long.join(told, on=list(KEYS), how="inner", maintain_order="left").select(
        "row", "column", pl.col("found").alias("value"), "reason", "remedy", "scope"
    )


def _as_registry(kept: pl.DataFrame, answers: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return the cells of our own registry: a row per piece."""
    on = [f"key_{k}" for k in KEYS]
    taken = kept.rename({k: f"key_{k}" for k in KEYS})
    joined = taken.join(answers, on=on, how="inner", maintain_order="left_right")
    km = _km_given(kept, reading)
    if km is not None:
        joined = joined.join(km, on="n", how="left", maintain_order="left").with_columns(
            pl.coalesce(pl.col("km_given").cast(pl.String), "km_per_year").alias("km_per_year")
        )
    number = pl.int_range(pl.len()).over("row").alias("k")
    out = joined.with_columns(number, (pl.col("count") * pl.col("share")).alias("vehicles"))
    return out.select(
        pl.format("r{}-{}", "row", "k").alias(ID),
        *(pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in ("category", "fuel", "segment", "gross_mass_kg")),
        *(pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in ("model_year", "standard", "stream")),
        pl.when(pl.col("km_per_year") != "").then(pl.col("km_per_year")).alias("km_per_year"),
        pl.col("vehicles").cast(pl.String).alias("count"),
        "zone",
        "depot",
        pl.when(pl.col("key_make") != "").then(pl.col("key_make")).alias("make"),
        "row",
        pl.col("rule").alias(IMPORTED),
    )


def _km_given(kept: pl.DataFrame, reading: Reading) -> pl.DataFrame | None:
    """Return the annual km that the form tells: ``n, km_given``; null where it tells none."""
    have = reading.columns
    if "km_per_year" in have:
        return kept.select("n", numbers(kept["km_per_year"]).alias("km_given"))
    if "miles_per_day" in have:
        km, vehicles = numbers(_bare(kept["miles_per_day"])) * KM_PER_MILE * DAYS_PER_YEAR, kept["count"]
    elif "miles" in have:
        km = numbers(_bare(kept["miles"])) * KM_PER_MILE
        vehicles = numbers(_bare(kept["active"])) if "active" in have else kept["count"]
    else:
        return None
    both = pl.DataFrame([kept["n"], km.alias("km"), vehicles.alias("v")])
    told = pl.when((pl.col("km") > 0) & (pl.col("v") > 0)).then(pl.col("km") / pl.col("v"))
    return both.select("n", told.alias("km_given"))


def _bare(text: pl.Series) -> pl.Series:
    return text.str.replace_all(",", "", literal=True)
