"""From a registry file to a checked fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.fleet.check import check_registry
from fleet_planner.fleet.mapping import with_aftertreatment, with_segment, with_standard
from fleet_planner.fleet.model import Fleet
from fleet_planner.fleet.read import read_registry
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.models import City, FleetSection

FLEET_COLUMNS = tuple(spec.column for spec in columns("vehicles"))
VKT = pl.col("km_per_year") * pl.col("share_inside") * pl.col("count")
MAX_ODOMETER_KM = 1.5e6
"""Derived odometers are cut here: few vehicles drive further."""

TECHNOLOGY = ("category", "fuel", "segment", "standard", "aftertreatment")


def load_fleet(section: FleetSection, base: Path, city: City, default_load: float) -> Fleet:
    """Read, check and map the registry of a plan, and add visiting vehicles.

    Raises
    ------
    InputError
        The registry cannot be read, or too much of it was rejected.
    """
    path = base / section.registry
    fleet = check_file(path, country=city.country, year=city.year, default_load=default_load)
    share = fleet.rejected_vkt_share
    if share > section.max_rejected_vkt_share:
        first = fleet.rejected.row(0, named=True)
        reasons = fleet.rejected.group_by("column", "reason").len().sort("len", "column", descending=[True, False])
        column, reason, n = reasons.row(0)
        raise InputError(
            f"{100 * share:.1f} % of the vehicle-km are in rejected rows, more than the tolerated "
            f"{100 * section.max_rejected_vkt_share:g} %; most often ({n} times) {column}: {reason}",
            f"First of them: {first['reason']}. {first['remedy']} "
            "`fleet-planner fleet check` lists all; fleet.max_rejected_vkt_share tolerates more.",
            file=path,
            row=first["row"],
            column=first["column"],
            value=first["value"],
        )
    visiting = _visiting(fleet.vehicles, section.visiting_share, path)
    if visiting.is_empty():
        return fleet
    both = pl.concat([fleet.vehicles, visiting])
    part = float(visiting.select(VKT.sum()).item() / both.select(VKT.sum()).item())
    found = Finding("fleet.visiting", "assumption", {}, visiting.height, part)
    return replace(fleet, vehicles=both, findings=(*fleet.findings, found))


def check_file(path: Path, *, country: str, year: int, default_load: float = 0.5) -> Fleet:
    """Read, check and map a registry file; nothing is refused for the share rejected.

    Raises
    ------
    InputError
        The file cannot be read, or holds no usable row.
    """
    raw = read_registry(path)
    good, rejected, lost = check_registry(raw, path, year)
    if good.is_empty():
        first = rejected.row(0, named=True)
        raise InputError(
            f"no row of the registry is usable; first: {first['reason']}",
            first["remedy"],
            file=path,
            row=first["row"],
            column=first["column"],
            value=first["value"],
        )
    heavy = pl.col("category").is_in(["heavy_truck", "bus"])
    mapped = with_aftertreatment(with_standard(with_segment(good), country)).with_columns(
        load_rule=pl.when(pl.col("load_fraction").is_null() & heavy).then(pl.lit("default")).otherwise(pl.lit("given")),
        load_fraction=pl.col("load_fraction").fill_null(default_load),
        odometer_rule=pl.when(pl.col("odometer_km").is_null()).then(pl.lit("default")).otherwise(pl.lit("given")),
        odometer_km=pl.coalesce("odometer_km", _odometer(year)),
        visiting=pl.lit(value=False),
        fuel_blend=pl.lit(""),
        zone=pl.col("zone").fill_null(""),
        depot=pl.col("depot").fill_null(""),
    )
    mapped = mapped.with_columns(
        rule=pl.format(
            "segment: {}; standard: {}; aftertreatment: {}",
            pl.col("segment_rule"),
            pl.col("standard_rule"),
            pl.col("aftertreatment_rule"),
        )
    )
    given = raw.filter(pl.col("share_inside").is_not_null())["row"] if "share_inside" in raw.columns else raw["row"][:0]
    mapped = mapped.with_columns(share_given=pl.col("row").is_in(given.implode()))
    fleet = Fleet(mapped.select(FLEET_COLUMNS), rejected, (), lost)
    return replace(fleet, findings=_findings(mapped, fleet, country, default_load))


def _odometer(year: int) -> pl.Expr:
    """Return the distance driven so far where none is given: annual distance times age, half a year when new."""
    age = (year - pl.col("model_year")).clip(lower_bound=0) + 0.5
    return (pl.col("km_per_year") * age).clip(upper_bound=MAX_ODOMETER_KM)


def _findings(mapped: pl.DataFrame, fleet: Fleet, country: str, default_load: float) -> tuple[Finding, ...]:
    total = float(mapped.select(VKT.sum()).item())
    out: list[Finding] = []

    def add(code: str, which: pl.Expr, **values: str | float) -> None:
        picked = mapped.filter(which)
        if picked.height:
            share = float(picked.select(VKT.sum()).item()) / total if total else 0.0
            out.append(Finding(code, "assumption", values, picked.height, share))

    if fleet.rejected.height:
        n = fleet.rejected["row"].n_unique()
        out.append(Finding("fleet.rejected", "warning", {}, n, fleet.rejected_vkt_share))
    add("fleet.segment_by_mass", pl.col("segment_rule") == "mass")
    defaulted = mapped.filter(pl.col("segment_rule") == "default")["segment"].unique().sort().to_list()
    add("fleet.segment_default", pl.col("segment_rule") == "default", segments=", ".join(defaulted))
    add("fleet.standard_by_year", pl.col("standard_rule") == "model year", region=country)
    add("fleet.standard_unchecked", pl.col("date_checked") == "no")
    add("fleet.aftertreatment_default", pl.col("aftertreatment_rule") == "default")
    add("fleet.share_inside_default", ~pl.col("share_given"))
    add("fleet.odometer_default", pl.col("odometer_rule") == "default")
    add("fleet.load_default", pl.col("load_rule") == "default", load=f"{default_load:g}")
    return tuple(out)


def _visiting(vehicles: pl.DataFrame, share: dict[str, float], path: Path) -> pl.DataFrame:
    """Return visiting vehicles: the local ones of their stream by technology, scaled."""
    known = vehicles["stream"].unique().to_list()
    parts = []
    for stream, fraction in sorted(share.items()):
        if stream not in known:
            raise InputError(
                "fleet.visiting_share names a stream that the registry does not have",
                f"Use one of {', '.join(sorted(known))}.",
                file=path,
                column=f"fleet.visiting_share.{stream}",
                value=stream,
            )
        if fraction > 0.0:
            parts.append(_visitors_of(vehicles.filter(pl.col("stream") == stream), stream, fraction))
    return pl.concat(parts) if parts else vehicles.clear()


def _visitors_of(local: pl.DataFrame, stream: str, fraction: float) -> pl.DataFrame:
    grouped = local.group_by(*TECHNOLOGY, "load_fraction", maintain_order=True).agg(
        (pl.col("km_per_year") * pl.col("share_inside") * pl.col("count")).sum().alias("vkt"),
        pl.col("count").sum(),
        pl.col("model_year").max(),
        ((pl.col("odometer_km") * pl.col("km_per_year") * pl.col("share_inside") * pl.col("count")).sum()).alias(
            "odo_vkt"
        ),
    )
    return (
        grouped.with_row_index("n")
        .with_columns(
            vehicle_id=pl.format("visiting-{}-{}", pl.lit(stream), pl.col("n")),
            stream=pl.lit(f"visiting_{stream}"),
            fuel_blend=pl.lit(""),
            visiting=pl.lit(value=True),
            gross_mass_kg=pl.lit(None, dtype=pl.Float64),
            odometer_km=pl.when(pl.col("vkt") > 0).then(pl.col("odo_vkt") / pl.col("vkt")).otherwise(0.0),
            km_per_year=pl.when(pl.col("count") > 0).then(pl.col("vkt") / pl.col("count")).otherwise(0.0),
            share_inside=pl.lit(1.0),
            count=pl.col("count") * fraction,
            zone=pl.lit(""),
            depot=pl.lit(""),
            rule=pl.lit("visiting: technologies of the local vehicles of the stream"),
        )
        .select(FLEET_COLUMNS)
    )


def coverage_table(fleet: Fleet) -> pl.DataFrame:
    """Return how the rows were mapped: ``how, rows, vehicles, vkt_share``."""
    rule = pl.col("rule")
    how = (
        pl.when(rule.str.contains("default"))
        .then(pl.lit("3 by a default"))
        .when(rule.str.contains("mass|model year|fuel"))
        .then(pl.lit("2 by rule"))
        .otherwise(pl.lit("1 exactly as given"))
    )
    total = float(fleet.vehicles.select(VKT.sum()).item())
    table = (
        fleet.vehicles.group_by(how.alias("how"))
        .agg(
            pl.len().alias("rows"),
            pl.col("count").sum().alias("vehicles"),
            (VKT.sum() / total).alias("vkt_share"),
        )
        .sort("how")
    )
    n = fleet.rejected["row"].n_unique()
    rejected = pl.DataFrame(
        {"how": ["4 rejected"], "rows": [n], "vehicles": [None], "vkt_share": [fleet.rejected_vkt_share]},
        schema=table.schema,
    )
    return pl.concat([table, rejected])


def write_fixed(path: Path, fleet: Fleet, out: Path) -> None:
    """Write the usable rows of the registry ``path`` to the CSV ``out``."""
    raw = read_registry(path)
    good = raw.filter(~pl.col("row").is_in(fleet.rejected["row"].unique().implode())).drop("row")
    good.write_csv(out)


def registry_template() -> str:
    """Return a registry with two example rows."""
    names = [spec.column for spec in columns("registry")]
    rows = [
        {
            "vehicle_id": "bus-001",
            "category": "bus",
            "fuel": "diesel",
            "gross_mass_kg": "17500",
            "model_year": "2014",
        }
        | {
            "stream": "urban_bus",
            "km_per_year": "60000",
            "share_inside": "1",
            "depot": "north",
            "count": "1",
        },
        {"vehicle_id": "trucks-2010", "category": "heavy_truck", "fuel": "diesel", "gross_mass_kg": "16000"}
        | {"model_year": "2010", "standard": "euro_V", "stream": "rigid_truck", "km_per_year": "35000"}
        | {"share_inside": "0.6", "count": "120"},
    ]
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    return "\n".join(lines) + "\n"
