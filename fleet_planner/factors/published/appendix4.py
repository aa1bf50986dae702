"""Turn the EEA's own workbook of hot factors (Appendix 4 of chapter 1.A.3.b.i-iv) into the form of user factors.

Sheet ``HOT_EMISSIONS_PARAMETERS``: category, fuel, segment, standard, technology, pollutant, mode, slope, load, range
of speeds, seven coefficients, a reduction, and a check value at a speed. Editions write the reduction as a fraction or
as percent: the one that reproduces the check values is taken, and rows that do not reproduce theirs are reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.published.hot_table import COEFFICIENTS
from fleet_planner.kernels import curves
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS
from fleet_planner.tables import columns
from fleet_planner.unpacking import refuse_bomb

if TYPE_CHECKING:
    from pathlib import Path

SHEET = "HOT_EMISSIONS_PARAMETERS"
COLUMNS = {
    "category": r"^category$",
    "fuel": r"^fuel$",
    "segment": r"^segment$",
    "standard": r"^euro standard$",
    "aftertreatment": r"^technology$",
    "pollutant": r"^pollutant$",
    "mode": r"^mode$",
    "slope": r"^road slope$",
    "load": r"^load$",
    "v_min_kmh": r"^min speed",
    "v_max_kmh": r"^max speed",
    "a": r"^alpha$",
    "b": r"^beta$",
    "g": r"^gamma$",
    "d": r"^delta$",
    "e": r"^epsilon$",
    "z": r"^zita$|^zeta$",
    "h": r"^hta$|^eta$",
    "reduction": r"^reduction factor",
}
CHECK = {"ef_check": r"^ef \[", "v_check": r"^speed|at speed|^\d+(\.0+)?$"}
"""Patterns of the workbook's headers, lower case; the EEA heads the column of check speeds with the speed itself."""

CATEGORIES = {
    "passenger cars": "passenger_car",
    "light commercial vehicles": "light_commercial",
    "heavy duty trucks": "heavy_truck",
    "buses": "bus",
    "l-category": "l_category",
}
POLLUTANTS = {
    "co": "CO",
    "nox": "NOx",
    "voc": "VOC",
    "pm exhaust": "PM_exhaust",
    "ch4": "CH4",
    "n2o": "N2O",
    "nh3": "NH3",
    "ec": "energy_MJ",
    "energy consumption": "energy_MJ",
}
FUELS = {
    "lpg_bifuel_on_lpg": "lpg",
    "petrol_hybrid_on_petrol": "petrol_hybrid",
    "diesel_hybrid_on_diesel": "diesel_hybrid",
    "diesel_hybrid_on_electricity": "diesel_hybrid_electric_part",
    "petrol_phev_on_petrol": "petrol_phev_on_fuel",
    "petrol_phev_on_electricity": "petrol_phev_on_grid",
    "diesel_phev_on_diesel": "diesel_phev_on_fuel",
    "diesel_phev_on_electricity": "diesel_phev_on_grid",
}
TOLERANCE = 0.02
"""A row reproduces its check value within two percent."""

LEAST_CHECK = 1e-9


@dataclass(frozen=True)
class Workbook:
    """User factors and what was found.

    Parameters
    ----------
    factors
        Columns of ``tables/columns/user_factors.csv`` in the rational form.
    skipped
        ``what, rows``: categories, pollutants, fuels and standards that have no place here.
    unlike
        Rows (numbers of the sheet) whose formula is not their check value: ``row, ef, ef_check``.
    reduction
        ``fraction`` or ``percent``.
    """

    factors: pl.DataFrame
    skipped: pl.DataFrame
    unlike: pl.DataFrame
    reduction: str


def read_appendix4(path: Path) -> Workbook:
    """Read the workbook.

    Raises
    ------
    InputError
        The file is no workbook, lacks the sheet or a column, or a coefficient is no number.
    """
    import fastexcel

    refuse_bomb(path)
    try:
        sheet = pl.read_excel(path, sheet_name=SHEET, engine="calamine", infer_schema_length=0)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, OSError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"the workbook cannot be read: {first}",
            f"Give the EEA's Appendix 4 with its sheet {SHEET}.",
            file=path,
        ) from error
    names = _columns(sheet, path)
    frame = sheet.select(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"),
        *(pl.col(there).cast(pl.String).str.strip_chars().fill_null("").alias(here) for here, there in names.items()),
    )
    numbers = [c for c in (*COEFFICIENTS, *CHECK) if c in frame.columns]
    typed = frame.with_columns(_number(frame, c, path) for c in numbers).with_columns(
        slope=_number(frame, "slope", path), load=_number(frame, "load", path)
    )
    worded = typed.with_columns(
        category=pl.col("category").str.to_lowercase().replace_strict(CATEGORIES, default=None, return_dtype=pl.String),
        pollutant=pl.col("pollutant")
        .str.to_lowercase()
        .replace_strict(POLLUTANTS, default=None, return_dtype=pl.String),
        fuel=pl.col("fuel").map_elements(_fuel, return_dtype=pl.String),
        segment=pl.col("segment").str.replace_all(",", ".", literal=True),
        standard=pl.col("standard").map_elements(_standard, return_dtype=pl.String),
        aftertreatment=pl.when(pl.col("aftertreatment").is_in(["", "-"]))
        .then(pl.lit("none"))
        .otherwise("aftertreatment"),
        mode=pl.col("mode").str.to_lowercase().str.replace_all(r"[ -]+", "_"),
    )
    what = (
        pl.when(worded["category"].is_null())
        .then(pl.format("category {}", frame["category"]))
        .when(worded["pollutant"].is_null())
        .then(pl.format("pollutant {}", frame["pollutant"]))
        .when(~worded["fuel"].is_in(_fuels()))
        .then(pl.format("fuel {}", frame["fuel"]))
        .when(~worded["standard"].is_in([*HEAVY_STANDARDS, *LIGHT_STANDARDS]))
        .then(pl.format("standard {}", frame["standard"]))
        .otherwise(pl.lit(""))
    )
    marked = worded.with_columns(what=what)
    used = marked.filter(pl.col("what") == "").with_columns(pl.col(COEFFICIENTS).fill_null(0.0))
    if used.is_empty():
        raise InputError("no row of the sheet is known", "Give the EEA's Appendix 4.", file=path)
    kind, ef = _reduction(used)
    used = used.with_columns(reduction=pl.col("reduction") / (100.0 if kind == "percent" else 1.0), ef=pl.Series(ef))
    skipped = marked.filter(pl.col("what") != "").group_by("what").agg(pl.len().alias("rows")).sort("what")
    unlike = pl.DataFrame(schema={"row": pl.Int64, "ef": pl.Float64, "ef_check": pl.Float64})
    if set(CHECK) <= set(used.columns):
        off = (pl.col("ef") - pl.col("ef_check")).abs() > TOLERANCE * pl.col("ef_check").abs().clip(LEAST_CHECK)
        unlike = used.filter(off.fill_null(value=False)).select("row", "ef", "ef_check")
    factors = used.select(
        *("category", "fuel", "segment", "standard", "aftertreatment", "pollutant", "mode", "load", "slope"),
        *COEFFICIENTS,
        source=pl.lit(f"EEA, {path.name}, sheet {SHEET}"),
        year=pl.lit(_year(path)),
    )
    return Workbook(factors, skipped, unlike, kind)


def _columns(sheet: pl.DataFrame, path: Path) -> dict[str, str]:
    """Return the workbook's header of each of our columns; check columns may be missing."""
    out: dict[str, str] = {}
    for ours, pattern in (COLUMNS | CHECK).items():
        there = [c for c in sheet.columns if re.search(pattern, c.strip().lower())]
        there = [c for c in there if c not in out.values()]
        if there:
            out[ours] = there[0]
        elif ours in COLUMNS:
            raise InputError("a column is missing", f"Sheet {SHEET} of the EEA has it.", file=path, row=1, column=ours)
    return out


def _number(frame: pl.DataFrame, column: str, path: Path) -> pl.Series:
    text = frame[column].replace("-", "").str.replace(",", ".", literal=True)
    number = text.replace("", None).cast(pl.Float64, strict=False)
    bad = frame.filter(number.is_null() & (text != ""))
    if bad.height:
        raise InputError(
            "not a number", "Correct the cell.", file=path, row=int(bad["row"][0]), column=column, value=bad[column][0]
        )
    return number.alias(column)


def _fuels() -> list[str]:
    """Return the fuels that user factors may be for."""
    return next(spec.allowed for spec in columns("user_factors") if spec.column == "fuel").split("|")


def _fuel(word: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", word.lower().replace("~", " on ")).strip("_")
    return FUELS.get(slug, slug)


def _standard(word: str) -> str:
    """Return ``euro_VI_abc`` for ``Euro VI A/B/C``, ``euro_6d_temp`` for ``Euro 6 d-temp`` and so on."""
    if match := re.fullmatch(r"Euro ([IV]+)(.*)", word.strip()):
        letters = re.sub(r"[^a-z]", "", match[2].lower())
        return f"euro_{match[1]}" + (f"_{letters}" if letters else "")
    if match := re.fullmatch(r"Euro (\d)(.*)", word.strip()):
        rest = match[2].strip().lower().replace("/", "").replace("-", "_")
        return f"euro_{match[1]}{rest}"
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")


def _reduction(used: pl.DataFrame) -> tuple[str, Any]:
    """Return how the reduction is written, and each row's factor at its check speed."""
    have = set(CHECK) <= set(used.columns)
    speed = used["v_check"] if have else (used["v_min_kmh"] + used["v_max_kmh"]) / 2.0
    at = speed.fill_null(50.0).to_numpy().astype(np.float64)
    table = used.select(COEFFICIENTS).to_numpy().astype(np.float64)
    rows = np.arange(used.height)
    place = COEFFICIENTS.index("reduction")
    found = {}
    for kind, scale in (("fraction", 1.0), ("percent", 100.0)):
        scaled = table.copy()
        scaled[:, place] /= scale
        found[kind] = curves.evaluate_raw(np.ascontiguousarray(scaled), rows, at)
    if not have:
        # a fraction of more than 1 would make the factor negative; -4 is a published increase
        kind = "percent" if table[:, place].max() > 1.0 else "fraction"
        return kind, found[kind]
    check = used["ef_check"].fill_null(np.nan).to_numpy()
    reduced = table[:, place] != 0.0
    off = {k: float(np.nanmedian(np.abs(v - check)[reduced])) if reduced.any() else 0.0 for k, v in found.items()}
    kind = min(off, key=lambda k: off[k])
    return kind, found[kind]


def _year(path: Path) -> int:
    years = re.findall(r"20[0-4]\d", path.name)
    return int(years[-1]) if years else 2019
