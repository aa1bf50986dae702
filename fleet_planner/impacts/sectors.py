"""Emissions under the codes of reporting schemes."""

from __future__ import annotations

import polars as pl

from fleet_planner.reference import reference_table

EXHAUST = "exhaust"
NAMED = ("evaporation", "tyre", "brake", "road", "resuspension", "electricity", "urea", "lubricant")
"""Processes that a scheme may name; all others are exhaust, and so are these where a scheme does not name them."""


def sector_codes() -> pl.DataFrame:
    """Return ``scheme, category, stream, process, code, title, source, year, unit, checked``.

    An empty cell holds for all; of the rows that fit, the one with most filled cells counts.
    """
    return reference_table("sector_codes.csv").with_columns(pl.col("category", "stream", "process").fill_null(""))


def by_sector(by_process: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """Add up emissions by the code that each scheme gives them.

    Parameters
    ----------
    by_process
        ``stream, category, pollutant, process, value``.
    codes
        From `sector_codes`.

    Returns
    -------
    polars.DataFrame
        ``scheme, code, title, pollutant, value``: for each scheme and pollutant the values add up to those given.

    Raises
    ------
    LookupError
        A scheme has no code for something that is emitted.
    """
    parts = [_of_scheme(by_process, own) for (_,), own in codes.group_by("scheme", maintain_order=True)]
    return pl.concat(parts)


def _of_scheme(by_process: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    named = [p for p in NAMED if p in codes["process"].to_list()]
    plain = pl.when(pl.col("process").is_in(named)).then("process").otherwise(pl.lit(EXHAUST))
    rows = by_process.with_columns(plain.alias("_kind"))
    keys = rows.select("stream", "category", "_kind").unique(maintain_order=True)
    fit = keys.join(codes, how="cross").filter(
        *[
            (pl.col(f"{name}_right" if name != "_kind" else "process") == "")
            | (pl.col(f"{name}_right" if name != "_kind" else "process") == pl.col(name))
            for name in ("stream", "category", "_kind")
        ]
    )
    filled = pl.sum_horizontal(pl.col(c) != "" for c in ("stream_right", "category_right", "process"))
    best = fit.sort(filled, descending=True, maintain_order=True).unique(
        ["stream", "category", "_kind"], keep="first", maintain_order=True
    )
    lacking = keys.join(best, on=["stream", "category", "_kind"], how="anti")
    if lacking.height:
        raise LookupError(f"scheme {codes['scheme'][0]} has no code for {lacking.row(0)}")
    told = rows.join(
        best.select("stream", "category", "_kind", "scheme", "code", "title"), on=["stream", "category", "_kind"]
    )
    order = ["scheme", "code", "title", "pollutant"]
    return told.group_by(order).agg(pl.col("value").sum()).sort(order)
