"""Read numbers from text cells, with the signs of several languages, and never guess."""

from __future__ import annotations

import polars as pl

AMBIGUOUS = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""12,500 is 12500 to some and 12.5 to others."""

AMBIGUOUS_POINT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
"""12.500 too, in the files of programs that write decimals with a comma (and separate cells by semicolons)."""

THOUSANDS_COMMA = r"^[+-]?[1-9]\d{0,2}(,\d{3})+\.\d+$|^[+-]?[1-9]\d{0,2}(,\d{3}){2,}$"
THOUSANDS_POINT = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+$"
DECIMAL_COMMA = r"^[+-]?\d+,\d+$"


def ambiguous(text: pl.Expr, *, decimal_comma: bool = False) -> pl.Expr:
    """Return where a cell can be read as two numbers; ``decimal_comma``: the file may use points for thousands."""
    comma = text.str.contains(AMBIGUOUS)
    return comma | text.str.contains(AMBIGUOUS_POINT) if decimal_comma else comma


def plain(text: pl.Expr) -> pl.Expr:
    """Return numbers with a decimal point and without separators of thousands; ambiguous cells are null."""
    return (
        pl.when(~text.str.contains(",", literal=True))
        .then(text)
        .when(ambiguous(text))
        .then(None)
        .when(text.str.contains(THOUSANDS_COMMA))
        .then(text.str.replace_all(",", "", literal=True))
        .when(text.str.contains(THOUSANDS_POINT))
        .then(text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(text.str.contains(DECIMAL_COMMA))
        .then(text.str.replace(",", ".", literal=True))
        .otherwise(None)
    )


def numbers(text: pl.Series, *, whole: bool = False, decimal_comma: bool = False) -> pl.Series:
    """Return the numbers of text cells; what is no finite number is null.

    Parameters
    ----------
    text
        Shape (N,); null stays null.
    whole
        Null also where the number is not whole; the result is Int32 then, else Float64.
    decimal_comma
        The file may write decimals with a comma and thousands with a point: 12.500 is ambiguous, so null.
    """
    cell = pl.col(text.name)
    commas = bool(text.str.contains(",", literal=True).any())
    read = (plain(cell) if commas else cell).cast(pl.Float64, strict=False)
    if decimal_comma:
        read = pl.when(~ambiguous(cell, decimal_comma=True)).then(read)
    frame = text.to_frame().select(read.alias(text.name))
    sound = cell.is_finite() & (cell == cell.round()) if whole else cell.is_finite()
    kept = frame.select(pl.when(sound).then(cell))
    return (kept.select(cell.cast(pl.Int32, strict=False)) if whole else kept).to_series()
