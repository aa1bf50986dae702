"""Turn collected bus factors of EMFAC2017 and MOVES3 into the packaged tables.

Usage: python scripts/build_us_tables.py --from FOLDER [--check]

One row is the curve of one pollutant: its factors in all speed bins (``ef_01`` is the slowest bin; the bins stand in
``us_bus_speed_bins.csv``). ``flags`` names what is odd about a row; ``us_bus_factor_defects.csv`` explains and counts
the flags. With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from build_reference_tables import command

if TYPE_CHECKING:
    from pathlib import Path

KM_PER_MILE = 1.609344
SETS = {
    "emfac2017": (
        "emfac_bus_factors.csv.gz",
        2017,
        "CARB EMFAC2017, emission rates, urban buses (UBUS), statewide, annual; as collected in gtfs2emis 0.1.2 (MIT)",
    ),
    "moves3": (
        "moves_transit_bus_factors.csv.gz",
        2020,
        "US EPA MOVES3, rates per distance, transit buses, one county and month; as collected in gtfs2emis 0.1.2 (MIT)",
    ),
}
# the sets' names of pollutants: ours, unit, number by which the figure is multiplied
POLLUTANTS = {
    "CO": ("CO", "g/km", 1.0),
    "TOG": ("VOC", "g/km", 1.0),
    "ROG": ("NMVOC", "g/km", 1.0),
    "VOC": ("NMVOC", "g/km", 1.0),
    "NOx": ("NOx", "g/km", 1.0),
    "NO2": ("NO2", "g/km", 1.0),
    "PM25": ("PM_exhaust", "g/km", 1.0),
    "PM10": ("PM10_exhaust", "g/km", 1.0),
    "CH4": ("CH4", "g/km", 1.0),
    "N2O": ("N2O", "g/km", 1.0),
    "NH3": ("NH3", "g/km", 1.0),
    "SO2": ("SO2", "g/km", 1.0),
    "SOX": ("SO2", "g/km", 1.0),
    "CO2": ("CO2", "g/km", 1.0),
    "EC": ("energy_MJ", "MJ/km", 1e-6),  # labelled g/km there; 1e7 per km are joules
}
GROUP = ["fuel", "pollutant", "reference_year", "model_year"]
OUTLIER = 10.0


def read(folder: Path, name: str) -> pl.DataFrame:
    """Return one set with our names and units, the bins numbered from the slowest."""
    frame = pl.read_csv(folder / SETS[name][0], infer_schema_length=None)
    bins = sorted(frame["v_from"].unique().to_list())
    ours = pl.DataFrame(
        [(theirs, *row) for theirs, row in POLLUTANTS.items()], schema=["theirs", "ours", "unit", "times"], orient="row"
    )
    return (
        frame.join(ours, left_on="pollutant", right_on="theirs", how="inner")
        .with_columns(
            pollutant=pl.col("ours"),
            ef=(pl.col("ef_g_km") * pl.col("times")).round_sig_figs(8),
            bin=pl.col("v_from").replace_strict(bins, range(1, len(bins) + 1), return_dtype=pl.Int64),
        )
        .sort(*GROUP, "bin")
    )


def outliers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows (`GROUP`) with a factor over ten times, or under a tenth of, both its neighbours.

    Neighbours are the next published model years, reference years and speed bins, all else equal.
    """
    found = []
    for axis in ("model_year", "reference_year", "bin"):
        others = [c for c in (*GROUP, "bin") if c != axis]
        before, after = (pl.col("ef").shift(k).over(others, order_by=axis) for k in (1, -1))
        far = frame.with_columns(before=before, after=after).filter(
            (pl.col("ef") > OUTLIER * pl.max_horizontal("before", "after"))
            | (pl.col("ef") < pl.min_horizontal("before", "after") / OUTLIER),
            pl.col("before").is_not_null() & pl.col("after").is_not_null(),
        )
        found.append(far.select(GROUP))
    return pl.concat(found).unique()


def flagged(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``GROUP, flag`` for every odd row."""
    out = [outliers(frame).with_columns(flag=pl.lit("ten_times_neighbours"))]
    if name == "emfac2017":
        same = pl.col("ef") == pl.col("ef").shift(1).over(GROUP, order_by="bin")
        copied = frame.with_columns(same=same).filter(pl.col("same") & (pl.col("vkt_km") == 0.0))
        out.append(copied.select(GROUP).unique().with_columns(flag=pl.lit("top_bins_copied")))
    else:
        first = pl.col("ef").filter(pl.col("model_year") == 2007).first().over("reference_year", "bin")
        diesel = frame.filter((pl.col("fuel") == "diesel") & (pl.col("pollutant") == "CH4")).with_columns(first=first)
        old = diesel.filter((pl.col("model_year") < 2007) & (pl.col("ef") == pl.col("first")))
        out.append(old.select(GROUP).unique().with_columns(flag=pl.lit("methane_copied")))
    return pl.concat(out)


def factors(name: str, frame: pl.DataFrame, flags: pl.DataFrame) -> pl.DataFrame:
    """Return the packaged table of one set."""
    _, year, source = SETS[name]
    count = int(frame["bin"].max())  # type: ignore[arg-type]  # polars types the maximum of any column
    joined = flags.group_by(GROUP).agg(pl.col("flag").sort().str.join("|").alias("flags"))
    values = [pl.col("ef").filter(pl.col("bin") == k).first().alias(f"ef_{k:02d}") for k in range(1, count + 1)]
    return (
        frame.group_by(*GROUP, "unit", maintain_order=True)
        .agg(values)
        .join(joined, on=GROUP, how="left", maintain_order="left")
        .with_columns(source=pl.lit(source), year=pl.lit(year), checked=pl.lit("yes"))
        .sort(GROUP)
    )


def bins() -> pl.DataFrame:
    """Return the speed bins of both sets: exact edges in miles per hour, of which the collected ones are rounded."""
    rows = [("emfac2017", k + 1, 5.0 * k, 5.0 * (k + 1), 5.0 * k + 2.5, "upper") for k in range(14)]
    edges = [0.0, *np.arange(2.5, 75.0, 5.0), 75.0]
    for k, (lo, hi) in enumerate(itertools.pairwise(edges)):
        rows.append(("moves3", k + 1, lo, hi, 2.5 if k == 0 else 5.0 * k, "lower"))
    frame = pl.DataFrame(rows, schema=["factor_set", "bin", "from_mph", "to_mph", "centre_mph", "edge"], orient="row")
    text = {
        "emfac2017": "bins of 5 mph named by their upper end, as collected in gtfs2emis 0.1.2; centre: middle of the bin",
        "moves3": "average speed bins of MOVES, from 2.5 mph in steps of 5, lower end inside; centre: the bin's speed there",
    }
    return frame.with_columns(
        *((pl.col(f"{c}_mph") * KM_PER_MILE).round(6).alias(f"{c}_kmh") for c in ("from", "to", "centre")),
        source=pl.col("factor_set").replace_strict(text, return_dtype=pl.String),
        year=pl.col("factor_set").replace_strict({k: v[1] for k, v in SETS.items()}, return_dtype=pl.Int64),
        unit=pl.lit("km/h; mph"),
        checked=pl.lit("yes"),
    )


def standard_years() -> pl.DataFrame:
    """Return the US model years that stand for a Euro standard where a vehicle's own is not given."""
    rows = [
        ("conventional", 0, 1989, "US 1974-1989: NOx 10.7 g/bhp-hr and more"),
        ("euro_I", 1990, 1993, "US 1990-1993: NOx 6 to 5 g/bhp-hr; Euro I 8 g/kWh = 6.0"),
        ("euro_II", 1994, 2003, "US 1994-2003: NOx 5, then 4 g/bhp-hr; Euro II 7 g/kWh = 5.2; as in standards_us.csv"),
        ("euro_III", 1998, 2003, "US 1998-2003: NOx 4 g/bhp-hr; Euro III 5 g/kWh = 3.7"),
        ("euro_IV", 2004, 2006, "US 2004-2006: NOx about 2 g/bhp-hr; Euro IV 3.5 g/kWh = 2.6"),
        ("euro_V", 2007, 2009, "US 2007-2009: NOx 1.2 g/bhp-hr; Euro V 2 g/kWh = 1.5"),
        ("eev", 2007, 2009, "US 2007-2009: NOx 1.2 g/bhp-hr; EEV 2 g/kWh = 1.5"),
        ("euro_VI_abc", 2010, 2026, "US 2010-2026: NOx 0.2 g/bhp-hr; Euro VI 0.4 g/kWh = 0.3; as in standards_us.csv"),
        ("euro_VI_de", 2017, 2026, "US 2010 on, later years: NOx 0.2 g/bhp-hr; Euro VI 0.4 g/kWh = 0.3"),
    ]
    frame = pl.DataFrame(rows, schema=["standard", "model_year_from", "model_year_to", "basis"], orient="row")
    return frame.with_columns(
        source=pl.lit("own mapping by NOx limits; limits of the Euro steps and of US 1994 on recalled, to be checked"),
        year=pl.lit(2026),
        unit=pl.lit("model year"),
        checked=pl.lit("no"),
    )


TEXTS = {
    "ten_times_neighbours": (
        "a factor is over ten times, or under a tenth of, both its neighbours (model year, reference year or speed bin)",
        "kept as published, named in the notes",
    ),
    "top_bins_copied": (
        "no distance is driven in the fastest bins and their factors repeat the bin below: filled by the collector, not published",
        "kept: holding the last published bin is our own rule beyond a range",
    ),
    "methane_copied": (
        "MOVES3 has no methane of diesel buses before model year 2007; the collector filled the value of 2007",
        "kept: it is a tenth of VOC; the set's TOG of these years holds no methane",
    ),
}
GENERAL = [
    ("emfac2017", "no_2018", "reference year 2018 is missing", "the nearest year with the model year is used and named"),
    ("emfac2017", "energy_from_co2", "energy use is not published", "from CO2 by the heating value and carbon of fuels.csv"),
    ("emfac2017", "no_cng_sulphur", "no sulphur dioxide of gas buses", "no answer is given"),
    ("emfac2017", "no_ammonia", "no NH3 and no NO2", "no answer is given"),
    ("emfac2017", "bins_with_gaps", "the collected bins are rounded to whole km/h and leave gaps (0-8, 9-16)",
     "the edges are the multiples of 5 mph they were rounded from; an edge belongs to the slower bin"),
    ("emfac2017", "last_gas_bin", "CO2 of gas buses at 105-113 km/h is about half of the bin below", "kept as published"),
    ("emfac2017", "ethane_in_2006_gas", "TOG of gas buses of 2006 exceeds CH4 + ROG by more than other years'", "kept as published"),
    ("emfac2017", "nmvoc_is_rog", "ROG leaves out CH4 and compounds that California exempts (ethane, acetone)", "VOC here is TOG, methane included"),
    ("moves3", "energy_named_ec", "EC is labelled g/km and is energy in J/km", "turned into MJ/km"),
    ("moves3", "unit_unproved", "rates per distance were labelled g/km without a visible conversion",
     "CO2 of a 2012 diesel bus at 24 km/h is 1208 g/km, EMFAC2017 has 1203: taken as g/km"),
    ("moves3", "zeros_filled", "zero factors were filled with those of another model year of the same bin", "flagged where it can be told: methane_copied"),
    ("moves3", "one_county", "one county, month and fuel quality, not a US mean", "named in the source"),
    ("moves3", "gas_methane_2010", "CH4 of gas buses of 2010-2014 is five times that of 2007-2009", "kept as published"),
    ("moves3", "nmvoc_is_voc", "VOC of MOVES leaves out CH4 and ethane", "VOC here is TOG, methane included"),
]  # fmt: skip


def defects(flags: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what is odd in the sets, how often, and what is done about it."""
    rows: list[tuple[str, str, str, str, int | None, str, str]] = [
        (name, code, "", "", None, what, rule) for name, code, what, rule in GENERAL
    ]
    for name, frame in flags.items():
        counted = frame.group_by("flag", "fuel", "pollutant").len().sort("flag", "fuel", "pollutant")
        rows += [(name, flag, fuel, p, n, *TEXTS[flag]) for flag, fuel, p, n in counted.iter_rows()]
    schema = {
        "factor_set": pl.String,
        "code": pl.String,
        "fuel": pl.String,
        "pollutant": pl.String,
        "curves": pl.Int64,
        "what": pl.String,
        "rule": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        source=pl.lit("found in the collected tables by scripts/build_us_tables.py"),
        year=pl.lit(2026),
        unit=pl.lit("curves"),
        checked=pl.lit("yes"),
    )


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return all packaged tables by file name."""
    out: dict[str, pl.DataFrame] = {}
    flags = {}
    for name in SETS:
        frame = read(folder, name)
        flags[name] = flagged(name, frame)
        out[f"{name}_bus.csv.gz"] = factors(name, frame, flags[name])
    out["us_bus_speed_bins.csv"] = bins()
    out["us_bus_standard_years.csv"] = standard_years()
    out["us_bus_factor_defects.csv"] = defects(flags)
    return out


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
