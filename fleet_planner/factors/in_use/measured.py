"""Turn emission tests into multipliers of the factor set, shrunk toward it where tests are few.

Each test is divided by the factor of its vehicle's technology at the test's conditions. A vehicle's multiplier leans
from its group's toward its own mean ratio, and a group's from 1 toward its vehicles', by the credibility weight
``w = n / (n + k)`` on the logarithm:

``multiplier = prior^(1 - w) x mean ratio^w``

``k`` is the variance of the log ratio within a vehicle over that between vehicles, by method of measurement: given,
estimated from vehicles that were tested repeatedly, or the packaged default. Mean ratios are arithmetic, so that many
tests give the total emission right however skewed they are (credibility of Buhlmann and Straub 1970, on logarithms).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.in_use.measured_read import GROUP
from fleet_planner.factors.ranges import three
from fleet_planner.reference import reference_table
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.ranges import Bound

    Array = NDArray[np.float64]

G_PER_MOL_CO2, G_PER_MOL_NO2 = 44.0095, 46.0055
"""Molar masses (IUPAC 2021 atomic weights)."""

PPM_PER_PERCENT = 1e-4
FEWEST_REPEATED = 10
LEAST_VARIANCE = 1e-4
ANY = "any"
GROUP_K = "group"


@dataclass(frozen=True)
class MeasuredMultipliers:
    """Multipliers of the factor set from tests.

    Parameters
    ----------
    vehicles
        ``vehicle_id, category, fuel, standard, pollutant, tests, mean_ratio, weight, multiplier, rough``; ``rough``
        where a smoke reading is among the tests.
    groups
        ``category, fuel, standard, pollutant, vehicles, tests, mean_ratio, weight, multiplier``: for the vehicles of
        the group that were not tested.
    k
        ``method, pollutant, k, between, origin``: what was used, ``given``, ``estimated`` or ``default``;
        ``between`` is the log variance between vehicles.
    """

    vehicles: pl.DataFrame
    groups: pl.DataFrame
    k: pl.DataFrame


@cache
def _defaults() -> Mapping[tuple[str, str], Mapping[Bound, float]]:
    rows = reference_table("measured_defaults.csv").iter_rows(named=True)
    return {(row["method"], row["quantity"]): three(row) for row in rows}


def pm_g_per_kg_fuel(absorption_per_m: Array, *, bound: Bound = "value") -> Array:
    """Return a rough PM emission from the light absorption of a free acceleration, g/kg of fuel.

    ``PM = k / extinction x exhaust volume per kg of fuel x mean over peak``. The three are estimates that together
    leave a factor of three either way: a smoke reading ranks vehicles rather than measures them.

    Parameters
    ----------
    absorption_per_m
        Light absorption coefficient, 1/m.
    bound
        ``low`` and ``high`` take all three figures at the ends that make PM low or high.
    """
    opposite: dict[Bound, Bound] = {"low": "high", "value": "value", "high": "low"}
    extinction = _defaults()["opacity", "extinction_m2_per_g"][opposite[bound]]
    volume = _defaults()["opacity", "exhaust_m3_per_kg_fuel"][bound]
    driving = _defaults()["opacity", "mean_over_peak"][bound]
    return np.asarray(absorption_per_m / extinction * volume * driving)


def absorption_per_m(opacity_percent: Array) -> Array:
    """Return the light absorption coefficient, 1/m, of an opacity: ``-ln(1 - N / 100) / path``."""
    return np.asarray(-np.log1p(-np.asarray(opacity_percent) / 100.0) / _defaults()["opacity", "path_m"]["value"])


def in_groups(tests: pl.DataFrame, registry: pl.DataFrame | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill the group of each test from the registry where the test names its vehicle.

    Parameters
    ----------
    tests
        From `read_measured_tests`.
    registry
        ``vehicle_id, category, fuel, standard``, one row per vehicle; it prevails over the test's own words.

    Returns
    -------
    known
        Tests whose group is known.
    unknown
        The others: their vehicle is not in the registry.
    """
    if registry is not None:
        of_registry = registry.select("vehicle_id", pl.col(GROUP).name.suffix("_registry"))
        tests = tests.join(
            of_registry, on="vehicle_id", how="left", maintain_order="left", validate="m:1"
        ).with_columns(pl.coalesce(f"{name}_registry", name).alias(name) for name in GROUP)
        tests = tests.drop([f"{name}_registry" for name in GROUP])
    whole = pl.all_horizontal(pl.col(GROUP).is_not_null())
    return tests.filter(whole), tests.filter(~whole)


def ratios_of_tests(
    tests: pl.DataFrame,
    factor_g_per_km: Array,
    fuel_kg_per_km: Array,
    co2_kg_per_kg: Array | float,
    *,
    no2_share: Array | float | None = None,
    bound: Bound = "value",
) -> pl.DataFrame:
    """Divide each test by the factor set's value at the test's conditions.

    Parameters
    ----------
    tests
        From `in_groups`, n rows.
    factor_g_per_km
        Factor of the test's technology and pollutant at its speed, load and temperature, shape (n,).
    fuel_kg_per_km
        Fuel of the same (energy over heating value), shape (n,): for tests per kg of fuel or per CO2.
    co2_kg_per_kg
        CO2 of the fuel, shape (n,) or one number. CO and VOC are neglected in the carbon balance (below 1 % for
        diesels, more for old petrol vehicles).
    no2_share
        NO2 of NOx by mole, for instruments that read NO alone; the packaged default unless given.
    bound
        End of the range of the conversion of smoke.

    Returns
    -------
    The tests with ``ratio`` (null where the factor is zero or not finite: not usable) and ``rough``.
    """
    value = tests["value"].to_numpy().astype(np.float64)
    unit = tests["unit"].to_numpy()
    share = _defaults()["remote_sensing", "no2_share"]["value"] if no2_share is None else no2_share
    per_kg = np.asarray(co2_kg_per_kg) * G_PER_KG / G_PER_MOL_CO2 * G_PER_MOL_NO2
    smoke = np.isin(unit, ("m-1", "percent_opacity"))
    percent = np.where(unit == "percent_opacity", value, 0.0)
    absorption = np.where(unit == "percent_opacity", absorption_per_m(percent), value)
    # g per kg of fuel
    fuel_based = value.copy()
    fuel_based = np.where(unit == "nox_per_co2", value * per_kg, fuel_based)
    fuel_based = np.where(unit == "no_per_co2", value * per_kg / (1.0 - share), fuel_based)
    fuel_based = np.where(
        unit == "no_ppm_per_co2_percent", value * PPM_PER_PERCENT * per_kg / (1.0 - share), fuel_based
    )
    fuel_based = np.where(smoke, pm_g_per_kg_fuel(absorption, bound=bound), fuel_based)
    g_per_km = np.where(unit == "g/km", value, fuel_based * fuel_kg_per_km)
    usable = np.isfinite(factor_g_per_km) & (factor_g_per_km > 0.0) & np.isfinite(g_per_km)
    ratio = np.divide(g_per_km, factor_g_per_km, out=np.full(value.size, np.nan), where=usable)
    return tests.with_columns(
        pl.Series("ratio", ratio, dtype=pl.Float64).fill_nan(None), pl.Series("rough", smoke, dtype=pl.Boolean)
    )


def measured_multipliers(
    ratios: pl.DataFrame,
    *,
    k: Mapping[str, float] | None = None,
    group_k: float | None = None,
    estimate: bool = True,
) -> MeasuredMultipliers:
    """Return multipliers of vehicles and groups.

    Parameters
    ----------
    ratios
        From `ratios_of_tests`: ``test_id, vehicle_id, category, fuel, standard, method, pollutant, ratio, rough``. A
        test without vehicle is one of a vehicle that is not known further.
    k
        Variance within over variance between vehicles by method; it prevails.
    group_k
        How many fully known vehicles weigh as much as the factor set, where vehicles differ as much as the packaged
        ``between_variance`` (fewer where they are found to differ less); the packaged default unless given.
    estimate
        Estimate ``k`` of methods that are not given from vehicles tested repeatedly, where there are ten of them.

    Returns
    -------
    All multipliers positive; the order of the tests does not matter. With tests of several methods the weight is
    ``w = a / (1 + a)``, ``a`` the sum of ``1 / k`` over the tests.

    Raises
    ------
    InputError
        A given ``k`` is not positive.
    """
    for name, number in [*(k or {}).items(), (GROUP_K, 1.0 if group_k is None else group_k)]:
        if not 0.0 < number < np.inf:
            raise InputError(f"the variance ratio k of {name} is not positive", "Give a positive number.", value=number)
    lowest = _defaults()[ANY, "lowest_ratio"]["value"]
    usual = _defaults()[ANY, "between_variance"]["value"]
    prior = _defaults()[GROUP_K, "k"]["value"] if group_k is None else group_k
    usable = ratios.filter(pl.col("ratio").is_not_null()).sort("test_id")
    used = _k_table(usable, k or {}, lowest, estimate=estimate)
    vehicles = (
        usable.join(used, on=["method", "pollutant"], how="left")
        .with_columns(pl.coalesce("vehicle_id", pl.concat_str(pl.lit("\0"), "test_id")).alias("one"))
        .sort("test_id")
        .group_by("one", *GROUP, "pollutant", maintain_order=True)
        .agg(
            pl.col("vehicle_id").first(),
            pl.len().cast(pl.Int64).alias("tests"),
            # a test counts by what it tells: 1 / k
            ((pl.col("ratio") / pl.col("k")).sum() / (1.0 / pl.col("k")).sum()).alias("mean_ratio"),
            (1.0 / pl.col("k")).sum().alias("told"),
            ((pl.col("between") / pl.col("k")).sum() / (1.0 / pl.col("k")).sum()).alias("between"),
            pl.col("rough").any(),
        )
        .with_columns((pl.col("told") / (1.0 + pl.col("told"))).alias("weight"))
        # what a vehicle tells of its group: little where vehicles differ or its own tests scatter
        .with_columns((pl.col("weight") * usual / pl.col("between")).alias("tells"))
    )
    kept = pl.col("mean_ratio").clip(lower_bound=lowest)
    groups = (
        vehicles.sort("one")
        .group_by(*GROUP, "pollutant", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("vehicles"),
            pl.col("tests").sum(),
            ((pl.col("tells") * pl.col("mean_ratio")).sum() / pl.col("tells").sum()).alias("mean_ratio"),
            pl.col("tells").sum().alias("told"),
        )
        .with_columns((pl.col("told") / (pl.col("told") + prior)).alias("weight"))
        .with_columns((kept.log() * pl.col("weight")).exp().alias("multiplier"))
        .drop("told")
        .sort(*GROUP, "pollutant")
    )
    named = (
        vehicles.filter(pl.col("vehicle_id").is_not_null())
        .join(groups.select(*GROUP, "pollutant", pl.col("multiplier").alias("of_group")), on=[*GROUP, "pollutant"])
        .with_columns(
            (pl.col("of_group").log() * (1.0 - pl.col("weight")) + kept.log() * pl.col("weight"))
            .exp()
            .alias("multiplier")
        )
        .select("vehicle_id", *GROUP, "pollutant", "tests", "mean_ratio", "weight", "multiplier", "rough")
        .sort("vehicle_id", "pollutant")
    )
    return MeasuredMultipliers(named, groups, used)


def _k_table(usable: pl.DataFrame, given: Mapping[str, float], lowest: float, *, estimate: bool) -> pl.DataFrame:
    """Return ``k`` and its origin for each method and pollutant among the tests."""
    usual = _defaults()[ANY, "between_variance"]["value"]
    rows = []
    for method, pollutant in usable.select("method", "pollutant").unique().sort(pl.all()).iter_rows():
        part = usable.filter((pl.col("method") == method) & (pl.col("pollutant") == pollutant))
        found = estimated_variances(part, lowest) if estimate and method not in given else None
        if method in given:
            rows.append((method, pollutant, float(given[method]), usual, "given"))
        elif found is not None:
            rows.append((method, pollutant, found[0] / found[1], found[1], "estimated"))
        else:
            rows.append((method, pollutant, _defaults()[method, "k"]["value"], usual, "default"))
    schema = {"method": pl.String, "pollutant": pl.String, "k": pl.Float64, "between": pl.Float64, "origin": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def estimated_variances(tests: pl.DataFrame, lowest_ratio: float) -> tuple[float, float] | None:
    """Return the variance of the log ratio within vehicles and that between them, or nothing from too few.

    Within: pooled over vehicles with repeated tests. Between: variance of the vehicles' means less what the scatter
    within explains, at least a small number (one-way random effects, method of moments).

    Parameters
    ----------
    tests
        ``vehicle_id, ratio`` of one method and pollutant.
    lowest_ratio
        Smaller ratios count as it.
    """
    logs = tests.filter(pl.col("vehicle_id").is_not_null()).select(
        "vehicle_id", pl.col("ratio").clip(lower_bound=lowest_ratio).log().alias("y")
    )
    means = logs.group_by("vehicle_id", maintain_order=True).agg(
        pl.col("y").mean().alias("mean"), pl.col("y").var(ddof=0).alias("scatter"), pl.len().alias("n")
    )
    repeated = means.filter(pl.col("n") >= 2)
    if repeated.height < FEWEST_REPEATED:
        return None
    n = repeated["n"].to_numpy().astype(np.float64)
    within = float((repeated["scatter"].to_numpy() * n).sum() / (n - 1.0).sum())
    between = float(repeated["mean"].to_numpy().var(ddof=1)) - within * float((1.0 / n).mean())
    return max(within, LEAST_VARIANCE), max(between, LEAST_VARIANCE)
