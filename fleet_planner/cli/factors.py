"""`fleet-planner factors`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.factors_import import import_appendix4, import_emfac, template
from fleet_planner.cli.factors_map import map_
from fleet_planner.cli.shared import narrowed, text_table

if TYPE_CHECKING:
    from collections.abc import Callable

FILTERS = ("category", "fuel", "segment", "standard", "technology", "pollutant", "mode")


@click.group()
def factors() -> None:
    """Show and evaluate emission factors."""


for command in (map_, import_emfac, import_appendix4, template):
    factors.add_command(command)


@factors.command("list", epilog="Example: fleet-planner factors list --category bus --fuel diesel")
@click.option("--category", default="", help="Only this category.")
@click.option("--fuel", default="", help="Only this fuel.")
@click.option("--sets", is_flag=True, help="The factor sets instead: edition and coverage.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(category: str, fuel: str, *, sets: bool, as_json: bool) -> None:
    """List the technologies that have factors, with the pollutants each one has; or the factor sets."""
    import polars as pl

    from fleet_planner.factors.odd_stages import european_odd
    from fleet_planner.factors.published.hot_table import load_hot_table
    from fleet_planner.factors.sets import sets_table

    if sets:
        click.echo(sets_table().write_json() if as_json else text_table(sets_table()))
        return
    odd = (
        european_odd()
        .group_by("category", "fuel", "segment", "standard", "technology")
        .agg(pl.col("pollutant").unique().sort().str.join(" ").alias("flagged"))
    )
    frame = narrowed(load_hot_table().keys, {"category": category, "fuel": fuel})
    table = (
        frame.group_by("category", "fuel", "segment", "standard", "technology")
        .agg(pl.col("pollutant").unique().sort().str.join(" ").alias("pollutants"), pl.len().alias("rows"))
        .join(odd, on=("category", "fuel", "segment", "standard", "technology"), how="left")
        .sort("category", "fuel", "segment", "standard", "technology")
    )
    click.echo(table.write_json() if as_json else text_table(table))


@factors.command(
    epilog="Example: fleet-planner factors show --category bus --standard euro_V --pollutant NOx --load 0.5 --slope 0"
)
@click.option("--category", default="", help="such as bus")
@click.option("--fuel", default="", help="such as diesel")
@click.option("--segment", default="", help="such as 'Urban Buses Standard 15 - 18 t'")
@click.option("--standard", default="", help="such as euro_V")
@click.option("--technology", default="", help="such as SCR")
@click.option("--pollutant", default="", help="such as NOx")
@click.option("--mode", default="", help="such as urban_peak")
@click.option("--load", type=float, help="0, 0.5 or 1")
@click.option("--slope", type=float, help="-0.06 .. 0.06 in steps of 0.02")
@click.option("--set", "set_name", default="emep_eea_2019", show_default=True, help="Factor set; see `list --sets`.")
def show(set_name: str, load: float | None, slope: float | None, **given: str) -> None:
    """Show published rows: formula, range, source, what was bridged; of other sets the factors at steps of speed."""
    import polars as pl

    from fleet_planner.factors.compiling.uncertainty import code_of, interval_95
    from fleet_planner.factors.odd_stages import european_odd
    from fleet_planner.factors.published.hot_table import KEY
    from fleet_planner.factors.sets import EUROPEAN
    from fleet_planner.reference import reference_table

    if set_name != EUROPEAN:
        _show_other(set_name, load, slope, given)
        return
    table = reference_table("emep_eea_2019_hot.csv.gz").with_row_index("table_row")
    frame = narrowed(table, {c: given[c] for c in FILTERS} | {"load": load, "slope": slope})
    bridges = reference_table("emep_eea_2019_hot_bridges.csv").select(
        pl.col("table_row").cast(pl.UInt32), "v_from_kmh", "v_to_kmh", "cause"
    )
    shown = (
        frame.drop("v_check_kmh", "ef_check")
        .head(100)
        .join(bridges, on="table_row", how="left")
        .join(european_odd().select(*KEY, "ratio"), on=KEY, how="left", nulls_equal=True, maintain_order="left")
    )
    click.echo("EF = (a v^2 + b v + g + d / v) / (e v^2 + z v + h) * (1 - reduction), v clamped to v_min..v_max")
    for row in shown.iter_rows(named=True):
        key = " / ".join(str(row[c]) for c in FILTERS)
        click.echo(f"\nrow {row['table_row']}: {key}, load {row['load']}, slope {row['slope']}")
        coefficients = ", ".join(f"{c} = {row[c]!r}" for c in ("a", "b", "g", "d", "e", "z", "h", "reduction"))
        click.echo(f"  {coefficients}")
        click.echo(f"  {row['v_min_kmh']:g}..{row['v_max_kmh']:g} km/h, {row['unit']}; {row['source']}")
        if row["ratio"] is not None:
            click.echo(f"  FLAGGED: {row['ratio']:.3g} times the factor of its neighbouring stages; used as published")
        code = code_of(row, row["pollutant"], "hot")
        low, high = interval_95(code)
        click.echo(f"  uncertainty {code}: 95 % between {low:.2f} and {high:.2f} of the factor (rating recalled)")
        if row["cause"]:
            click.echo(f"  bridged from {row['v_from_kmh']:g} to {row['v_to_kmh']:g} km/h ({row['cause']})")
    if frame.height > 100:
        click.echo(f"\n... and {frame.height - 100:,} more rows: narrow the choice.")


def _show_other(set_name: str, load: float | None, slope: float | None, given: dict[str, str]) -> None:
    """Print a technology of another set: its factors at steps of speed, what stood in, edition."""
    import polars as pl

    from fleet_planner.errors import InputError
    from fleet_planner.factors.axes import HOT
    from fleet_planner.factors.compare import at_speeds
    from fleet_planner.factors.sets import factor_set, flags_table

    pollutants = (given["pollutant"],) if given["pollutant"] else HOT
    table = at_speeds(set_name, given, pollutants, load=load, slope=slope, mode=given["mode"])
    have = table.filter(pl.col("error") == "")
    if have.is_empty():
        raise InputError(str(table["error"][0]), "See `fleet-planner factors list --sets`.")
    known = factor_set(set_name)
    click.echo(f"{known.name}: {known.edition}; {known.covers}")
    wide = have.pivot("pollutant", index="speed_kmh", values="ef")
    click.echo(text_table(wide))
    for note in have.filter(pl.col("note") != "")["note"].unique(maintain_order=True):
        click.echo(f"note: {note}")
    odd = flags_table().filter(pl.col("factor_set") == set_name, pl.col("pollutant").is_in(have["pollutant"].implode()))
    wanted = " / ".join(given[c] for c in FILTERS[:4])
    for row in odd.filter(pl.col("technology").str.starts_with(wanted)).iter_rows(named=True):
        click.echo(f"FLAGGED: {row['pollutant']} {row['value']} beside {row['compared_with']}: {row['rule']}")


@factors.command(
    epilog="Example: fleet-planner factors plot --category bus --fuel diesel "
    "--segment 'Urban Buses Standard 15 - 18 t' --standard euro_VI_abc --pollutant NOx "
    "--load 0.5 --slope -0.04 --out curve.svg"
)
@click.option("--category", default="", help="such as bus")
@click.option("--fuel", default="", help="such as diesel")
@click.option("--segment", default="", help="such as 'Urban Buses Standard 15 - 18 t'")
@click.option("--standard", default="", help="such as euro_V")
@click.option("--technology", default="", help="such as SCR")
@click.option("--pollutant", default="NOx", show_default=True)
@click.option("--mode", default="", help="such as urban_peak")
@click.option("--load", type=float, help="0, 0.5 or 1")
@click.option("--slope", type=float, help="-0.06 .. 0.06 in steps of 0.02")
@click.option("--set", "set_name", default="emep_eea_2019", show_default=True, help="Factor set; see `list --sets`.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="SVG to write.")
def plot(set_name: str, load: float | None, slope: float | None, out: Path, **given: str) -> None:
    """Draw one published curve over its range, with its poles and spikes bridged where they are."""
    import numpy as np

    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.errors import InputError
    from fleet_planner.factors.compare import at_speeds
    from fleet_planner.factors.published.hot_table import load_hot_table
    from fleet_planner.factors.sets import EUROPEAN
    from fleet_planner.kernels import curves
    from fleet_planner.outputs.charts.curve_plot import curve_svg

    if set_name != EUROPEAN:
        table = at_speeds(
            set_name, given, (given["pollutant"],), np.linspace(3.0, 100.0, 971).tolist(), load=load, slope=slope
        )
        if (table["error"] != "").any():
            raise InputError(str(table["error"][0]), "See `fleet-planner factors list --sets`.")
        title = " / ".join((set_name, given["category"], given["fuel"], given["standard"], given["pollutant"]))
        speed, ef = table["speed_kmh"].to_numpy(), table["ef"].to_numpy()
        write_text_whole(out, curve_svg(title, "g/km", speed, ef, ef, np.zeros((0, 4))))
        click.echo(out)
        return
    hot = load_hot_table()
    asked = {c: given[c] for c in FILTERS} | {"load": load, "slope": slope}
    rows = narrowed(hot.keys.with_row_index("row"), asked)
    if rows.height != 1:
        raise InputError(f"{rows.height} rows fit, one is needed", "Narrow or widen the choice; see `factors show`.")
    key = rows.row(0, named=True)
    row = int(key["row"])
    lo, hi = hot.coefficients[row, curves.V_MIN], hot.coefficients[row, curves.V_MAX]
    speed = np.linspace(max(lo, 0.1), hi, 1500)
    at = np.full(speed.size, row)
    title = " / ".join(str(key[c]) for c in ("segment", "standard", "technology", "pollutant", "mode"))
    step = "" if key["load"] is None else f", load {key['load']:g}, slope {key['slope']:g}"
    picture = curve_svg(
        title + step,
        key["unit"],
        speed,
        curves.evaluate_raw(hot.coefficients, at, speed),
        curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, at, speed, curves.CLAMP),
        hot.bridges[hot.bridge_offsets[row] : hot.bridge_offsets[row + 1]],
    )
    write_text_whole(out, picture)
    click.echo(out)


@factors.command(epilog="Example: fleet-planner factors evaluate queries.csv --out results.csv")
@click.argument("queries", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
@click.option("--raw", is_flag=True, help="The published formula, without bridges and floor.")
@click.option("--user", type=click.Path(path_type=Path), help="Own factors (CSV), asked for as factor_set 'user'.")
@click.option("--strict", is_flag=True, help="Refuse values beyond the published range instead of holding them.")
@click.option(
    "--stand-ins/--no-stand-ins",
    default=True,
    show_default=True,
    help="Answer from emep_eea_2019 what another set does not cover, named in the note; never with --strict.",
)
def evaluate(queries: Path, out: Path, user: Path | None, *, raw: bool, strict: bool, stand_ins: bool) -> None:
    """Answer QUERIES (a CSV) with the exact formula: adds ef, note and error; keeps order and columns.

    Column factor_set names the set (empty: emep_eea_2019); see `factors list --sets`.
    """
    import polars as pl

    from fleet_planner.cli.files import read_csv_as_text, write_csv_whole
    from fleet_planner.factors.evaluate import STOOD_IN, evaluate_queries
    from fleet_planner.factors.published.hot_table import load_hot_table
    from fleet_planner.factors.published.user_read import read_user_factors
    from fleet_planner.factors.published.user_set import evaluate_user
    from fleet_planner.factors.sets import EUROPEAN, SETS

    others = {s.name: s.evaluate for s in SETS}
    if user:
        table = read_user_factors(user)
        others[table.name] = partial(evaluate_user, table)
    answered = evaluate_queries(
        read_csv_as_text(queries),
        load_hot_table(),
        raw=raw,
        strict=strict,
        others=others,
        stand_ins=stand_ins and not strict,
    )
    write_csv_whole(out, answered)
    failed = answered.filter(pl.col("error") != "").height
    noted = answered.filter((pl.col("note") != "") & (pl.col("error") == "")).height
    click.echo(f"{answered.height:,} answered, {noted:,} with a note, {failed:,} with an error -> {out}")
    stood = answered.filter(pl.col("note").str.starts_with(f"{STOOD_IN}{EUROPEAN}")).height
    if stood:
        click.echo(f"{stood:,} answered by {EUROPEAN} in place of their own set, which does not cover them")


@factors.command(epilog="Example: fleet-planner factors bridges --out bridges.csv")
@click.option("--out", type=click.Path(path_type=Path), help="CSV to write; default: print.")
def bridges(out: Path | None) -> None:
    """List the published curves that have a pole or a spike inside their range, and how each is bridged."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.reference import reference_table

    table = reference_table("emep_eea_2019_hot_bridges.csv").drop("source", "year", "checked")
    if out:
        write_text_whole(out, table.write_csv())
        click.echo(f"{table.height} bridges -> {out}")
    else:
        click.echo(text_table(table.drop("table_row")))


@factors.command(epilog="Example: fleet-planner factors flags --set emep_eea_2025")
@click.option("--set", "set_name", default="", help="Only this factor set.")
@click.option("--user", type=click.Path(path_type=Path), help="Own factors (CSV) to look through too.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV to write; default: print.")
def flags(set_name: str, user: Path | None, out: Path | None) -> None:
    """List the factors of every set that are ten times, or a tenth of, those of their neighbouring stages."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.factors.sets import factor_set, flags_table, set_names

    table = flags_table(user)
    if set_name:
        if set_name not in (*set_names(), "user"):
            factor_set(set_name)  # names the nearest
        table = table.filter(table["factor_set"] == set_name)
    if out:
        write_text_whole(out, table.write_csv())
        click.echo(f"{table.height} flags -> {out}")
    else:
        click.echo(text_table(table) if table.height else f"{set_name}: no flags")


def _technology(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a technology and its conditions."""
    for option in reversed(
        (
            click.option("--category", required=True, help="such as bus"),
            click.option("--fuel", default="diesel", show_default=True),
            click.option("--segment", default="", help="such as 'Urban Buses Standard 15 - 18 t'"),
            click.option("--standard", required=True, help="such as euro_V"),
            click.option("--technology", default="", help="such as SCR"),
            click.option("--load", type=float, help="0 .. 1"),
            click.option("--slope", type=float, help="-0.06 .. 0.06"),
            click.option("--mode", default="", help="such as urban_peak"),
        )
    ):
        function = option(function)
    return function


@factors.command(
    epilog="Example: fleet-planner factors compare emep_eea_2019 china_guide_2014 --category bus --standard euro_V "
    "--segment 'Urban Buses Standard 15 - 18 t' --technology SCR --pollutant NOx"
)
@click.argument("first")
@click.argument("second")
@_technology
@click.option("--pollutant", default="", help="Only this pollutant.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV to write; default: print.")
def compare(
    first: str,
    second: str,
    pollutant: str,
    out: Path | None,
    load: float | None,
    slope: float | None,
    mode: str,
    **technology: str,
) -> None:
    """Set the factors of one technology in two sets side by side, with the ratio of SECOND to FIRST."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.factors.axes import HOT
    from fleet_planner.factors.compare import side_by_side

    asked = (pollutant,) if pollutant else HOT
    table = side_by_side(first, second, technology, asked, load=load, slope=slope, mode=mode)
    if out:
        write_text_whole(out, table.write_csv())
        click.echo(f"{table.height} rows -> {out}")
    else:
        click.echo(text_table(table))
