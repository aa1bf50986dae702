"""What power plants emit for the city's vehicles, breathed far from the street.

Only the thermal share of the electricity has stacks. Inventories take the mean electricity, differences between
scenarios that of new demand in the long run, which thermal plants serve. A remote intake fraction holds for both, never
the street's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POLLUTANTS = ("NOx", "SO2", "PM2.5")
ANY = "any"
G_PER_T, KWH_PER_MWH = 1e6, 1e3
SCHEMA = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "electricity_mwh_per_year": pl.Float64,
    "thermal_share": pl.Float64,
    "emitted_t_per_year": pl.Float64,
    "added_t_per_year": pl.Float64,
    "added_low_t_per_year": pl.Float64,
    "added_high_t_per_year": pl.Float64,
    "intake_fraction_ppm": pl.Float64,
    "added_intake_g_per_year": pl.Float64,
    "city_intake_fraction_ppm": pl.Float64,
    "checked": pl.String,
}


@dataclass(frozen=True)
class Plants:
    """The power plants of a region.

    Parameters
    ----------
    thermal_share, marginal_share
        Of thermal power in all electricity, and in what new demand brings.
    loss
        Of what is generated, on the way to the plug.
    g_per_kwh
        By pollutant, per kWh that thermal plants generate.
    checked
        Whether all of it was read in a source or given by the plan.
    low, high
        Ends of ``g_per_kwh``; those not named have none.
    stand_ins
        Pollutants of which nothing is packaged for the region, so that common values stand in.
    """

    thermal_share: float
    marginal_share: float
    loss: float
    g_per_kwh: Mapping[str, float]
    checked: bool
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()

    def emitted_t(self, pollutant: str, plug_mwh: float, share: float) -> float:
        """Return t a year for electricity at the plug with a share of thermal power."""
        return plug_mwh / (1.0 - self.loss) * KWH_PER_MWH * share * self.g_per_kwh[pollutant] / G_PER_T


def plants_of(regions: Sequence[str], share: float | None, given: Mapping[str, float]) -> Plants:
    """Return the plants of a region, figure by figure from the first region that has it; common values stand in.

    Parameters
    ----------
    regions
        Most particular first.
    share, given
        Thermal share and g per kWh of the plan, which go first.
    """
    table = reference_table("power_plants.csv")
    order = [*regions, ANY]
    rows = {(r["region"], r["figure"]): r for r in table.iter_rows(named=True)}
    found = {f: next(rows[r, f] for r in order if (r, f) in rows) for f in table["figure"].unique().to_list()}
    value = {f: float(r["value"]) for f, r in found.items()}
    used = [f for f in found if f not in given and not (f == "thermal_share" and share is not None)]

    def end(name: str, pollutant: str) -> float:
        row = found[pollutant]
        return float(row["value"] if row[name] is None else row[name])

    return Plants(
        value["thermal_share"] if share is None else share,
        value["marginal_share"],
        value["loss"],
        {p: given.get(p, value[p]) for p in POLLUTANTS},
        checked=all(found[f]["checked"] == "yes" for f in used),
        low={p: given.get(p, end("low", p)) for p in POLLUTANTS},
        high={p: given.get(p, end("high", p)) for p in POLLUTANTS},
        stand_ins=tuple(p for p in POLLUTANTS if p in used and found[p]["region"] == ANY),
    )


def packaged_share(regions: Sequence[str]) -> tuple[float, int]:
    """Return the packaged thermal share of the first region that has one, and its year."""
    rows = reference_table("power_plants.csv").filter(figure="thermal_share")
    known = {r["region"]: (float(r["value"]), int(r["year"])) for r in rows.iter_rows(named=True)}
    return next(known[r] for r in [*regions, ANY] if r in known)


def power_table(plug_mwh: Mapping[str, float], plants: Plants, city_ppm: float | None) -> pl.DataFrame:
    """Return ``tables/columns/power_plants.csv``.

    Parameters
    ----------
    plug_mwh
        Electricity by scenario, the baseline first.
    plants
        Who makes it.
    city_ppm
        Intake fraction of primary particles in the street, to set against; nothing where it is not known.
    """
    remote = {
        r["pollutant"]: (r["value"], r["checked"])
        for r in reference_table("intake_fractions.csv").filter(part="remote").iter_rows(named=True)
    }
    first = next(iter(plug_mwh.values()))
    rows = []
    for scenario, mwh in plug_mwh.items():
        for pollutant in plants.g_per_kwh:
            now = plants.emitted_t(pollutant, mwh, plants.thermal_share)
            added = plants.emitted_t(pollutant, mwh - first, plants.marginal_share)
            low, high = sorted(
                added * ends.get(pollutant, plants.g_per_kwh[pollutant]) / plants.g_per_kwh[pollutant]
                if plants.g_per_kwh[pollutant] > 0.0
                else 0.0
                for ends in (plants.low, plants.high)
            )
            ppm, checked = remote[pollutant]
            sound = plants.checked and checked == "yes"
            street = city_ppm if pollutant == "PM2.5" else None
            rows.append(
                (
                    *(scenario, pollutant, mwh, plants.thermal_share, now, added, low, high, ppm, added * ppm, street),
                    "yes" if sound else "no",
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
