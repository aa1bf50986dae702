"""Answer single questions about factors with the exact formula, never the sampled table.

The questions are joined to the table column-wise, so that a million of them take seconds: first their
technologies are resolved (each distinct one once), then the rows around load and slope are found by joins.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.factors.axes import GRADES, LOADS, MODES
from fleet_planner.factors.compiling.hot_curves import fuel_stand_ins, published_keys
from fleet_planner.factors.published.hot_table import KEY, HotTable
from fleet_planner.factors.stand_ins import Key, Resolved, base_aftertreatment, resolve
from fleet_planner.kernels import curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Evaluate = Callable[[pl.DataFrame], pl.DataFrame]

TECHNOLOGY = ("category", "fuel", "segment", "standard", "technology")
QUERY_COLUMNS = ("factor_set", *TECHNOLOGY, "pollutant", "mode", "speed_kmh", "load", "slope")
TEXT_COLUMNS = ("factor_set", *TECHNOLOGY, "pollutant", "mode")
NUMBER_COLUMNS = ("speed_kmh", "load", "slope")
CONDITION_COLUMNS = {
    "temperature_c": (-90.0, 60.0),
    "humidity_pct": (0.0, 100.0),
    "altitude_m": (-500.0, 9000.0),
    "sulphur_ppm": (0.0, 50000.0),
    "inventory_year": (1900.0, 2200.0),
    "model_year": (1900.0, 2200.0),
    "reference_year": (1900.0, 2200.0),
}
"""Optional columns of questions for the sets that know them, with what is possible at all; empty means the set's base
condition."""

WHOLE = ("inventory_year", "model_year", "reference_year")

HELD = r"(clamped to|held at)"
STOOD_IN = "stand-in: "
MENDED_NOTE = "pole or spike bridged, or negative value floored"


def evaluate_queries(
    queries: pl.DataFrame,
    hot: HotTable,
    *,
    raw: bool,
    strict: bool = False,
    others: Mapping[str, Evaluate] | None = None,
    stand_ins: bool = False,
) -> pl.DataFrame:
    """Add ``ef``, ``note`` and ``error`` to a table of questions; order and other columns stay.

    Parameters
    ----------
    queries
        Text or typed columns `QUERY_COLUMNS`; ``factor_set`` may be empty. An empty load or slope means
        the row that is for any, else half load and level ground; between the published steps both are
        interpolated, beyond them held. Columns `CONDITION_COLUMNS` are passed to the sets that know them.
    hot
        The European factor set, which answers where ``factor_set`` is empty.
    raw
        The published formula without bridges and floor.
    strict
        Speed, load or slope beyond the published range is an error instead of being held.
    others
        Other factor sets by name: each takes questions with ``query`` and typed columns and returns ``query, ef,
        note, error``.
    stand_ins
        What another set does not cover is answered by the European one, named in the note, as in a run.

    Raises
    ------
    InputError
        A column is missing.
    """
    for column in QUERY_COLUMNS[1:]:
        if column not in queries.columns:
            raise InputError("a column is missing", f"The columns are {', '.join(QUERY_COLUMNS)}.", column=column)
    asked = _asked(queries)
    sets = others or {}
    elsewhere = asked.filter(pl.col("factor_set").is_in(list(sets)) & (_question_error() == ""))
    answers = [_european(asked, hot, sets, raw=raw)]
    for (name,), part in elsewhere.partition_by("factor_set", as_dict=True, maintain_order=True).items():
        found = sets[str(name)](part)
        answers.append(found.select("query", "ef", pl.col("note").fill_null(""), "error"))
    given = pl.concat([a.cast({"ef": pl.Float64}) for a in answers]).unique("query", keep="last").sort("query")
    if stand_ins:
        given = _with_stand_ins(given, asked, hot, elsewhere, raw=raw)
    if strict:
        held = pl.col("note").str.contains(HELD)
        given = given.with_columns(
            ef=pl.when(held).then(None).otherwise(pl.col("ef")),
            error=pl.when(held & (pl.col("error") == "")).then(pl.col("note")).otherwise(pl.col("error")),
            note=pl.when(held).then(pl.lit("")).otherwise(pl.col("note")),
        )
    return queries.with_columns(given["ef"], given["note"], given["error"])


def _with_stand_ins(
    given: pl.DataFrame, asked: pl.DataFrame, hot: HotTable, elsewhere: pl.DataFrame, *, raw: bool
) -> pl.DataFrame:
    """Answer what other sets do not cover from the European one and say so; what that lacks too keeps its error."""
    failed = given.filter((pl.col("error") != "") & pl.col("query").is_in(elsewhere["query"].implode()))
    again = asked.filter(pl.col("query").is_in(failed["query"].implode())).with_columns(factor_set=pl.lit(""))
    if again.is_empty():
        return given
    own = asked.select("query", "factor_set").join(failed.select("query", why="error"), on="query")
    stood = (
        _european(again, hot, {}, raw=raw)
        .filter(pl.col("error") == "")
        .join(own, on="query")
        .with_columns(
            note=pl.concat_str(
                pl.format("{}{} for {} ({})", pl.lit(STOOD_IN), pl.lit(hot.name), "factor_set", "why"),
                pl.when(pl.col("note") != "").then(pl.col("note")),
                separator="; ",
                ignore_nulls=True,
            )
        )
    )
    kept = pl.concat([given, stood.select(given.columns)])
    return kept.unique("query", keep="last").sort("query")


def _european(asked: pl.DataFrame, hot: HotTable, others: Mapping[str, Evaluate], *, raw: bool) -> pl.DataFrame:
    """Return ``query, ef, note, error`` of the questions to the European set, and the errors of all others."""
    own = asked.filter(~pl.col("factor_set").is_in(list(others)) | (_question_error() != ""))
    resolved = own.join(_resolve(own, hot), on=TECHNOLOGY, how="left", maintain_order="left", nulls_equal=True)
    checked = resolved.with_columns(error=_input_error([hot.name, *others]))
    pairs = _rows(checked.filter(pl.col("error") == ""), hot)
    answered = checked.join(_values(pairs, asked, hot, raw=raw), on="query", how="left", maintain_order="left")
    unknown = (answered["error"] == "") & answered["ef"].is_null()
    errors = answered["error"].to_list()
    for i in np.flatnonzero(unknown.to_numpy()).tolist():
        errors[i] = _unknown_row(answered.row(i, named=True), hot)
    notes = answered.select(_note(raw=raw))["note"]
    good = pl.Series(errors, dtype=pl.String) == ""
    return answered.select(
        "query",
        answered["ef"].set(~good, None).alias("ef"),
        notes.set(~good, "").alias("note"),
        pl.Series("error", errors, dtype=pl.String),
    )


def _asked(queries: pl.DataFrame) -> pl.DataFrame:
    """Return the questions as clean text and numbers, numbered; texts that are no numbers are kept apart."""
    have = queries if "factor_set" in queries.columns else queries.with_columns(factor_set=pl.lit(""))
    text = have.select(
        pl.col(c).cast(pl.String).fill_null("").str.strip_chars() for c in (*TEXT_COLUMNS, *NUMBER_COLUMNS)
    )
    numbers = [
        pl.when(pl.col(c) == "").then(None).otherwise(pl.col(c)).cast(pl.Float64, strict=False).alias(f"{c}_value")
        for c in NUMBER_COLUMNS
    ]
    wrong = [
        pl.when((pl.col(c) != "") & pl.col(c).cast(pl.Float64, strict=False).is_null())
        .then(pl.col(c))
        .alias(f"{c}_wrong")
        for c in NUMBER_COLUMNS
    ]
    mode = pl.when(pl.col("mode") == "").then(pl.lit("any")).otherwise(pl.col("mode")).alias("mode")
    parts = [text.with_columns(*numbers, *wrong, mode), _conditions(have)]
    return pl.concat(parts, how="horizontal").with_row_index("query")


def _conditions(have: pl.DataFrame) -> pl.DataFrame:
    """Return the optional conditions as numbers, and ``condition_wrong``: what no such condition can be."""
    given = [c for c in CONDITION_COLUMNS if c in have.columns]
    text = have.select(pl.col(c).cast(pl.String).str.strip_chars().replace("", None) for c in given)
    problems = [pl.lit(None, pl.String)]
    for column in given:
        low, high = CONDITION_COLUMNS[column]
        number = pl.col(column).cast(pl.Float64, strict=False)
        good = number.is_between(low, high)
        if column in WHOLE:
            good &= number == number.floor()
        kind = "a whole number" if column in WHOLE else "a number"
        words = f"{column} must be {kind} from {low:g} to {high:g} (found: {{}})"
        problems.append(
            pl.when(pl.col(column).is_not_null() & ~good.fill_null(value=False)).then(pl.format(words, column))
        )
    numbers = [
        pl.col(c).cast(pl.Float64, strict=False).cast(pl.Int64 if c in WHOLE else pl.Float64, strict=False)
        for c in given
    ]
    empty = pl.DataFrame({"condition_wrong": pl.Series([None] * have.height, dtype=pl.String)})
    return text.select(*numbers, condition_wrong=pl.coalesce(problems)) if given else empty


def _resolve(asked: pl.DataFrame, hot: HotTable) -> pl.DataFrame:
    """Return for each distinct technology the key used, what was replaced, or why there is none."""
    published = published_keys(hot.keys)
    known = dict.fromkeys(published)
    segments: dict[str, set[str]] = {}
    for key in published:
        segments.setdefault(key[0], set()).add(key[2])
    stand_ins = fuel_stand_ins()
    rows = []
    for row in asked.select(TECHNOLOGY).unique().iter_rows():
        wanted: Key = (row[0], row[1], row[2], row[3], base_aftertreatment(row[4]))
        found, problem = Resolved(wanted, ""), ""
        try:
            if wanted not in known:
                _check_segment(wanted, segments.get(wanted[0]))
                found = resolve(wanted, published, stand_ins)
        except InputError as error:
            problem = f"{error}{_nearest(wanted, published)}"
        rows.append((*row, *found.key, found.replaced, problem))
    used = [f"used_{c}" for c in TECHNOLOGY]
    schema = dict.fromkeys([*TECHNOLOGY, *used, "replaced", "problem"], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _check_segment(wanted: Key, segments: set[str] | None) -> None:
    """Refuse a segment that its category does not have: what stood in for it would be any other vehicle."""
    if segments is not None and wanted[2] not in segments:
        raise InputError(
            "no such segment of this category", use_one_of(wanted[2], segments), column="segment", value=wanted[2]
        )


def _nearest(wanted: Key, published: Sequence[Key]) -> str:
    """Return the nearest known words where a word of the key is unknown."""
    hints = []
    for place, name in ((0, "category"), (1, "fuel"), (3, "standard")):
        words = sorted({k[place] for k in published})
        if wanted[place] not in words and (near := difflib.get_close_matches(wanted[place], words, n=3)):
            hints.append(f"{name} {' or '.join(near)}")
    return f" Did you mean {'; '.join(hints)}?" if hints else ""


def _input_error(names: list[str]) -> pl.Expr:
    known = pl.col("factor_set").is_in(["", *names])
    unknown = pl.format("unknown factor set '{}'; known: {}", pl.col("factor_set"), pl.lit(", ".join(names)))
    wrong = _question_error()
    return pl.when(~known).then(unknown).when(wrong != "").then(wrong).otherwise(pl.col("problem"))


def _question_error() -> pl.Expr:
    """Return what is wrong with the numbers, the conditions and the mode of a question; "" where nothing is."""
    speed = pl.col("speed_kmh_value")
    wrong = pl.coalesce(*(f"{c}_wrong" for c in NUMBER_COLUMNS))
    return (
        pl.when(wrong.is_not_null())
        .then(pl.format("not a number: '{}'", wrong))
        .when(speed.is_null() | ~speed.is_finite() | (speed < 0.0))
        .then(pl.format("speed_kmh must be 0 or more (found: {})", pl.col("speed_kmh")))
        .when(~pl.all_horizontal(pl.col("load_value", "slope_value").is_finite().fill_null(value=True)))
        .then(pl.lit("load and slope must be finite"))
        .when(pl.col("condition_wrong").is_not_null())
        .then(pl.col("condition_wrong"))
        .when(~pl.col("mode").is_in(["any", *MODES]))
        .then(pl.format("unknown mode '{}'; known: any, {}", pl.col("mode"), pl.lit(", ".join(MODES))))
        .otherwise(pl.lit(""))
    )


def _rows(questions: pl.DataFrame, hot: HotTable) -> pl.DataFrame:
    """Return the table rows and weights that make up each answer: ``query, table_row, weight``.

    In order: the row for any load and slope of the mode; the rows around load and slope; the same of mode
    any; the one odd row that stands at no load on level ground only.
    """
    keys = hot.keys.select(KEY).with_row_index("table_row")
    on_left = [*(f"used_{c}" for c in TECHNOLOGY), "pollutant", "mode"]
    on_right = [*TECHNOLOGY, "pollutant", "mode"]
    plain = keys.filter(pl.col("load").is_null()).drop("load", "slope")
    stepped = keys.filter(pl.col("load").is_not_null())
    left = questions.select(
        "query",
        *on_left,
        load=pl.col("load_value").fill_null(0.5),
        slope=pl.col("slope_value").fill_null(0.0),
        fallback_mode=pl.lit("any"),
    )
    out = []
    for mode in ("mode", "fallback_mode"):
        by_mode = left.with_columns(pl.col(mode).alias("mode"))
        direct = by_mode.join(plain, left_on=on_left, right_on=on_right, how="inner").select(
            "query", "table_row", weight=pl.lit(1.0)
        )
        left_over = by_mode.join(direct, on="query", how="anti")
        around = _around(left_over).join(
            stepped, left_on=[*on_left, "step_load", "step_slope"], right_on=[*on_right, "load", "slope"], how="inner"
        )
        whole = around.filter((pl.col("weight").sum().over("query") - 1.0).abs() < 1e-9)
        found = pl.concat([direct, whole.select("query", "table_row", "weight")])
        out.append(found)
        left = left.join(found, on="query", how="anti")
    odd = left.with_columns(mode=pl.lit("any")).join(
        stepped.filter((pl.col("load") == 0.0) & (pl.col("slope") == 0.0)),
        left_on=on_left,
        right_on=on_right,
        how="inner",
    )
    out.append(odd.select("query", "table_row", weight=pl.lit(1.0)))
    return pl.concat(out)


def _around(left: pl.DataFrame) -> pl.DataFrame:
    """Return up to four rows per question: the published steps around its load and slope with their weights."""
    out = left
    for name, steps in (("load", LOADS), ("slope", GRADES)):
        values = np.clip(out[name].to_numpy(), steps[0], steps[-1])
        lower = np.clip(np.searchsorted(steps, values, side="right") - 1, 0, len(steps) - 2)
        at = np.array(steps)
        upper_weight = (values - at[lower]) / (at[lower + 1] - at[lower])
        parts = []
        for side in (0, 1):
            weight = upper_weight if side else 1.0 - upper_weight
            parts.append(
                out.with_columns(
                    pl.Series(f"step_{name}", at[lower + side]), pl.Series(f"weight_{name}", weight)
                ).filter(pl.col(f"weight_{name}") > 0.0)
            )
        out = pl.concat(parts)
    return out.with_columns(weight=pl.col("weight_load") * pl.col("weight_slope"))


def _values(pairs: pl.DataFrame, asked: pl.DataFrame, hot: HotTable, *, raw: bool) -> pl.DataFrame:
    """Return ``query, ef, v_lo, v_hi, mended`` from the rows and speeds of the questions."""
    speed = asked["speed_kmh_value"].to_numpy()[pairs["query"].to_numpy()]
    row = pairs["table_row"].to_numpy().astype(np.int64)
    published = curves.evaluate_raw(hot.coefficients, row, speed)
    mended = curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, row, speed, curves.CLAMP)
    parts = pairs.with_columns(
        ef=pl.Series(published if raw else mended) * pl.col("weight"),
        mended=pl.Series(published != mended),
        v_lo=pl.Series(hot.coefficients[row, curves.V_MIN]),
        v_hi=pl.Series(hot.coefficients[row, curves.V_MAX]),
    )
    return parts.group_by("query").agg(
        pl.col("ef").sum(), pl.col("mended").any(), pl.col("v_lo").max(), pl.col("v_hi").min()
    )


def _note(*, raw: bool) -> pl.Expr:
    """Return the remarks on an answer: stand-in, clamped speed, held load or slope, mended curve."""
    speed, load, slope = (pl.col(f"{c}_value") for c in NUMBER_COLUMNS)
    outside = (speed < pl.col("v_lo")) | (speed > pl.col("v_hi"))
    load_outside = ~load.is_between(LOADS[0], LOADS[-1])
    slope_outside = ~slope.is_between(GRADES[0], GRADES[-1])
    # bounds are whole numbers in the table
    low, high = (pl.col(c).cast(pl.Int64) for c in ("v_lo", "v_hi"))
    remarks = [
        pl.when(pl.col("replaced") != "").then(pl.format("stand-in: {}", "replaced")),
        pl.when(outside).then(pl.format("speed clamped to {}..{} km/h", low, high)),
        pl.when(load_outside).then(pl.format("load held at {}", load.clip(LOADS[0], LOADS[-1]))),
        pl.when(slope_outside).then(pl.format("slope held at {}", slope.clip(GRADES[0], GRADES[-1]))),
    ]
    if not raw:
        remarks.append(pl.when(pl.col("mended")).then(pl.lit(MENDED_NOTE)))
    return pl.concat_str(remarks, separator="; ", ignore_nulls=True).alias("note")


def _unknown_row(row: dict[str, object], hot: HotTable) -> str:
    """Return why a question of a known technology has no row, with the words it could have used."""
    own = hot.keys.filter(pl.all_horizontal(pl.col(c) == row[f"used_{c}"] for c in TECHNOLOGY))
    pollutants = own["pollutant"].unique().sort().to_list()
    if row["pollutant"] not in pollutants:
        near = difflib.get_close_matches(str(row["pollutant"]).lower(), [p.lower() for p in pollutants], n=1)
        hint = "".join(f". Did you mean {p}?" for p in pollutants if p.lower() in near)
        return f"no factor for pollutant {row['pollutant']!r}; this technology has {', '.join(pollutants)}{hint}"
    modes = own.filter(pl.col("pollutant") == row["pollutant"])["mode"].unique().sort().to_list()
    return f"no factor in mode {row['mode']!r}; {row['pollutant']} has {', '.join(modes)}"
