"""What machines emit: energy at the shaft times a factor, adjusted for the load and for age.

EMEP/EEA guidebook, chapter 1.A.4 (non-road mobile machinery), Tier 3; the equation as written in Winther and Nielsen
2006 (Environmental Project 1092, chapter 4), ageing as in US EPA NONROAD (``DF = 1 + A * age``, age in median lives).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.factors.processes.fuels import load_fuels
from fleet_planner.factors.processes.shares import load_shares
from fleet_planner.findings import Finding
from fleet_planner.nonroad.model import NonRoad
from fleet_planner.nonroad.read import BY_WORD, BY_YEAR, ELECTRICITY, check_machines, read_machines
from fleet_planner.nonroad.stages import SPAN, dated_regions, places, power_classes
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR, G_PER_KG

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.plan.models import City
    from fleet_planner.plan.nonroad import NonRoadSection

    Float = NDArray[np.float64]

FUEL = "fuel"
ROAD = ("heavy_truck", "diesel")
"""Road engines whose shares of NO2 and organic carbon stand in."""

FOUND = ("NOx", "VOC", "CH4", "CO", "N2O", "NH3", "PM_exhaust", "BC")


def load_nonroad(section: NonRoadSection, base: Path, city: City, grid_kg_per_kwh: float) -> NonRoad | None:
    """Read the machines of a plan and compute their emissions; None where the plan has none.

    Parameters
    ----------
    section
        ``[nonroad]``.
    base
        Folder of the plan.
    city
        Whose year, country and fuel hold.
    grid_kg_per_kwh
        CO2 of a kWh of electricity.

    Raises
    ------
    InputError
        The file cannot be read, or too many of its rows are wrong.
    PlanError
        The plan names a country whose dates of stages are not known.
    """
    if not section.file:
        return None
    if section.country and section.country not in dated_regions():
        raise PlanError(
            "the dates of non-road stages are not known for this country",
            use_one_of(section.country, dated_regions()),
            column="nonroad.country",
            value=section.country,
        )
    path = base / section.file
    region = section.country or city.country
    raw = read_machines(path)
    machines, rejected = check_machines(raw, path, city.year, region)
    _refuse_if_too_many(raw, rejected, section.max_rejected_share, path)
    machines = _with_use(machines, city.year)
    names = tuple(p.pollutant for p in pollutants())
    values = emissions_per_day(
        machines,
        diesel_sulphur_ppm=city.diesel_sulphur_ppm,
        grid_kg_per_kwh=grid_kg_per_kwh,
        load_adjustment=section.load_adjustment,
        ageing=section.ageing,
    )
    none = np.zeros(machines.height)
    table = np.column_stack([values.get(name, none) for name in names])
    result = NonRoad(machines, names, table, rejected)
    return NonRoad(machines, names, table, rejected, _findings(raw, result, region))


def _refuse_if_too_many(raw: pl.DataFrame, rejected: pl.DataFrame, limit: float, path: Path) -> None:
    rows = rejected["row"].n_unique()
    if rows == raw.height or rows > limit * raw.height:
        first = rejected.row(0, named=True)
        raise InputError(
            f"{rows} of {raw.height} rows of machines are wrong, more than the tolerated {100 * limit:g} %; "
            f"first: {first['reason']}",
            f"{first['remedy']} nonroad.max_rejected_share tolerates more.",
            file=path,
            row=first["row"],
            column=first["column"],
            value=first["value"],
        )


def _with_use(machines: pl.DataFrame, year: int) -> pl.DataFrame:
    """Add the hours so far (per machine) where missing, and the energy at the shaft on the average day."""
    age = (year - pl.col("model_year")).clip(lower_bound=0) + 0.5
    usual = (age * pl.col("hours_per_year")).fill_null(0.0)
    energy = pl.col("count") * pl.col("power_kw") * pl.col("load_factor") * pl.col("hours_per_year") / DAYS_PER_YEAR
    return machines.with_columns(hours_so_far=pl.coalesce("hours_so_far", usual), kwh_per_day=energy)


def emissions_per_day(
    machines: pl.DataFrame,
    *,
    diesel_sulphur_ppm: float,
    grid_kg_per_kwh: float,
    load_adjustment: bool = True,
    ageing: bool = True,
) -> dict[str, Float]:
    """Return the emissions of rows of machines on the average day.

    Parameters
    ----------
    machines
        Needs ``power_class, stage, fuel, power_kw, load_factor, hours_so_far, kwh_per_day``.
    diesel_sulphur_ppm
        Of the diesel burnt, by mass.
    grid_kg_per_kwh
        CO2 of a kWh of electricity.
    load_adjustment, ageing
        Whether the factors of low and high loads, and of age, act.

    Returns
    -------
    By pollutant, shape (machines,): g, MJ of fuel, kWh at the plug.
    """
    energy = machines["kwh_per_day"].to_numpy()
    factors = _factors(machines)
    loads = _load_factors(machines) if load_adjustment else {}
    age = _age_factors(machines) if ageing else {}
    out = {p: energy * factors[p] * loads.get(p, 1.0) * age.get(p, 1.0) for p in FOUND}
    out["CH4"] = out["CH4"] * loads.get("VOC", 1.0) * age.get("VOC", 1.0)
    out["BC"] = out["BC"] * loads.get("PM_exhaust", 1.0) * age.get("PM_exhaust", 1.0)
    out["NMVOC"] = np.maximum(out["VOC"] - out["CH4"], 0.0)
    no2, organic = _road_shares(machines)
    out["NO2"] = out["NOx"] * no2
    out["OC"] = np.minimum(out["PM_exhaust"] * organic, out["PM_exhaust"] - out["BC"])
    fuel_kg = energy * factors[FUEL] * loads.get(FUEL, 1.0) / G_PER_KG
    out |= _of_fuel(machines, fuel_kg, diesel_sulphur_ppm)
    plug = np.where(machines["fuel"].to_numpy() == ELECTRICITY, energy / _shaft_per_plug(), 0.0)
    return out | {"electricity_kwh": plug, "CO2_grid": plug * grid_kg_per_kwh * G_PER_KG}


def _factors(machines: pl.DataFrame) -> dict[str, Float]:
    """Return g/kWh by pollutant; zero for electric machines."""
    table = reference_table("nonroad_factors.csv").join(power_classes(), on=SPAN)
    wide = table.pivot("pollutant", index=["power_class", "stage"], values="g_per_kwh")
    joined = machines.select("power_class", "stage").join(
        wide, on=["power_class", "stage"], how="left", maintain_order="left"
    )
    return {p: joined[p].fill_null(0.0).to_numpy() for p in (*FOUND, FUEL)}


def _load_factors(machines: pl.DataFrame) -> dict[str, Float]:
    """Return by pollutant how a load far from the test cycle's changes the factor; newer stages are not touched."""
    load = machines["load_factor"].to_numpy()
    place = machines["stage"].replace_strict(places(), default=99, return_dtype=pl.Int64).to_numpy()
    table = reference_table("nonroad_loads.csv")
    ends = sorted({places()[s] for s in table["stage_to"]})
    out: dict[str, Float] = {}
    for row in table.iter_rows(named=True):
        end = places()[row["stage_to"]]
        begin = max((e for e in ends if e < end), default=-1)
        low = row["load_above"]
        above = load >= 0.0 if low == 0.0 else load > low
        where = (place > begin) & (place <= end) & above & (load <= row["load_to"])
        values = out.setdefault(row["pollutant"], np.ones(load.size))
        values[where] = row["factor"]
    return out


def _age_factors(machines: pl.DataFrame) -> dict[str, Float]:
    """Return by pollutant the rise with the hours run, at most that of one median life."""
    life = reference_table("nonroad_life.csv")
    starts, hours = life["power_from_kw"].to_numpy(), life["median_life_h"].to_numpy()
    median = hours[np.searchsorted(starts, machines["power_kw"].to_numpy(), side="right") - 1]
    age = np.minimum(machines["hours_so_far"].to_numpy() * machines["load_factor"].to_numpy() / median, 1.0)
    wide = reference_table("nonroad_ageing.csv").pivot("pollutant", index="stage", values="rise_per_life")
    joined = machines.select("stage").join(wide, on="stage", how="left", maintain_order="left")
    return {p: 1.0 + joined[p].fill_null(0.0).to_numpy() * age for p in wide.columns if p != "stage"}


def _road_shares(machines: pl.DataFrame) -> tuple[Float, Float]:
    """Return NO2 in NOx and organic carbon in particles, of the road engines that are most like each stage."""
    like = reference_table("nonroad_stages.csv").select("stage", "shares_like")
    standard = machines.select("stage").join(like, on="stage", how="left", maintain_order="left")["shares_like"]
    out = []
    for name, value in (("no2_share.csv", "no2_share"), ("oc_share.csv", "oc_share")):
        shares = {s: v for (c, f, s), v in load_shares(name, value).values.items() if (c, f) == ROAD}
        out.append(standard.replace_strict(shares, default=0.0, return_dtype=pl.Float64).to_numpy())
    return out[0], out[1]


def _of_fuel(machines: pl.DataFrame, fuel_kg: Float, diesel_sulphur_ppm: float) -> dict[str, Float]:
    """Return energy, CO2, SO2 and lead of the fuel burnt; a fuel other than diesel gives the same energy."""
    fuels = load_fuels(petrol_sulphur_ppm=0.0, diesel_sulphur_ppm=diesel_sulphur_ppm)
    mj = fuel_kg * fuels.mj_per_kg["diesel"]
    kind = machines["fuel"]

    def per_mj(table: dict[str, float]) -> Float:
        return kind.replace_strict(table, default=0.0, return_dtype=pl.Float64).to_numpy()

    plants = {f: v for f, v in fuels.biogenic_co2.items() if fuels.fossil_co2[f] == 0.0}
    return {
        "energy_MJ": mj,
        "CO2": mj * per_mj(dict(fuels.fossil_co2)),
        "CO2_biogenic": mj * per_mj(plants),
        "SO2": mj * per_mj(dict(fuels.so2)),
        "Pb": mj * per_mj(dict(fuels.pb)),
    }


def _shaft_per_plug() -> float:
    return float(reference_table("nonroad_electric.csv")["shaft_per_plug"][0])


def _findings(raw: pl.DataFrame, result: NonRoad, region: str) -> tuple[Finding, ...]:
    """Return what was derived or defaulted, in machines and as a share of the energy at the shaft."""
    machines = result.machines
    whole = float(machines["kwh_per_day"].sum()) or 1.0
    rows = result.rejected["row"].n_unique()
    out = []
    if rows:
        values = {"rows": f"{rows:,}", "all": f"{raw.height:,}"}
        out.append(Finding("fleet.machines_rejected", "warning", values, rows))

    def add(code: str, which: pl.Expr, **values: str) -> None:
        picked = machines.filter(which)
        if picked.height:
            share = float(picked["kwh_per_day"].sum()) / whole
            out.append(Finding(code, "assumption", values, round(picked["count"].sum()), share))

    add("fleet.machine_stage_by_year", pl.col("stage_rule").str.starts_with(BY_YEAR), region=region)
    by_word = pl.col("stage_rule").str.starts_with(BY_WORD)
    told = machines.filter(by_word).select(
        pl.format("{}: {}", pl.col("stage_rule").str.strip_prefix(f"{BY_WORD} "), "stage_asked")
    )
    add("fleet.machine_stage_mapped", by_word, steps="; ".join(told.to_series().unique().sort()))
    other = machines.filter(pl.col("stage") != pl.col("stage_asked"))
    pairs = other.select(pl.format("{} {} -> {}", "power_class", "stage_asked", "stage")).to_series().unique().sort()
    add("fleet.machine_stage_stand_in", pl.col("stage") != pl.col("stage_asked"), steps="; ".join(pairs))
    add("fleet.machine_hours_default", pl.col("hours_defaulted"))
    add("fleet.machine_load_default", pl.col("load_defaulted"))
    add("fleet.machine_age_unknown", pl.col("hours_so_far") == 0.0)
    add("fleet.machine_fuel", ~pl.col("fuel").is_in(["diesel", ELECTRICITY]))
    share = _unchecked_share(machines)
    if share > 0.0:
        out.append(Finding("inventory.machine_unchecked", "assumption", {}, None, share))
    if result.total("NOx") > 0.0:
        out.append(Finding("inventory.machine_shares", "assumption", {}))
    values = {"sites": f"{machines['site'].n_unique():,}"}
    out.append(Finding("inventory.machines", "info", values, round(machines["count"].sum())))
    return tuple(out)


def _unchecked_share(machines: pl.DataFrame) -> float:
    """Return the share of the burnt energy at the shaft whose NOx factor was not read in an opened source."""
    table = reference_table("nonroad_factors.csv").filter(pollutant="NOx").join(power_classes(), on=SPAN)
    joined = machines.join(table.select("power_class", "stage", "checked"), on=["power_class", "stage"], how="inner")
    whole = float(joined["kwh_per_day"].sum())
    return float(joined.filter(checked="no")["kwh_per_day"].sum()) / whole if whole else 0.0
