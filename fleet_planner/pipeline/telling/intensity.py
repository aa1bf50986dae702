"""What the city's vehicles use and emit per kilometre, beside published fleets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.units import KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.pipeline.telling.results import ScenarioResult

MG_PER_G, KM_PER_100_KM, L_PER_M3 = 1e3, 100.0, KG_PER_T
DIESEL, ELECTRIC = "diesel", "electricity"
CITY_BUSES = ("urban_bus", "minibus")


@dataclass(frozen=True)
class Group:
    """Vehicles that are compared: a category, perhaps of one fuel and some streams."""

    name: str
    category: str
    fuel: str = ""
    streams: tuple[str, ...] = ()

    def of(self, technologies: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of the group."""
        kept = technologies.filter(pl.col("category") == self.category)
        if self.fuel:
            kept = kept.filter(pl.col("fuel") == self.fuel)
        return kept.filter(pl.col("stream").is_in(self.streams)) if self.streams else kept


GROUPS = (
    Group("diesel_bus", "bus", DIESEL, CITY_BUSES),
    Group("electric_bus", "bus", ELECTRIC, CITY_BUSES),
    Group("car", "passenger_car"),
    Group("van", "light_commercial"),
    Group("truck", "heavy_truck"),
)
EMITTED = (("nox", "NOx", "g/km", 1.0), ("pm", "PM_exhaust", "mg/km", MG_PER_G), ("co2", "CO2", "g/km", 1.0))
SCHEMA = {
    **dict.fromkeys(("vehicle", "metric", "unit", "who", "name_en", "name_zh"), pl.String),
    **dict.fromkeys(("value", "low", "high"), pl.Float64),
    "rank": pl.Int64,
    "outside": pl.String,
    "source": pl.String,
    "year": pl.Int64,
    "checked": pl.String,
}


def intensity_table(scenarios: Sequence[ScenarioResult], year: int) -> pl.DataFrame:
    """Return own intensities with those of published fleets of the same vehicles (``tables/columns/intensity.csv``).

    Own figures are the baseline's; of electric buses those of the scenario that drives them most. Peers are ranked with
    the own figure, 1 the lowest; an own figure outside of all peers' ranges is marked.

    Parameters
    ----------
    scenarios
        The baseline first.
    year
        Base year.
    """
    peers = reference_table("peer_intensities.csv")
    rows: list[dict[str, object]] = []
    for group in GROUPS:
        ranked = scenarios[:1] if group.fuel != ELECTRIC else sorted(scenarios, key=lambda s: -_km(group, s))[:1]
        for metric, unit, value in _own(group, ranked[0]):
            name = {
                "name_en": ranked[0].fleet.title_en,
                "name_zh": ranked[0].fleet.title_zh or ranked[0].fleet.title_en,
            }
            own = {"who": "own", **name, "value": value, "year": year}
            with_peers = peers.filter(vehicle=group.name, metric=metric)
            others = [
                {
                    "who": "peer",
                    "name_en": p["peer_en"],
                    "name_zh": p["peer_zh"],
                    "value": p["value"],
                    **{k: p[k] for k in ("low", "high", "source", "year", "checked")},
                }
                for p in with_peers.iter_rows(named=True)
            ]
            keys = {"vehicle": group.name, "metric": metric, "unit": unit}
            rows += [keys | row for row in _ranked(own, others)]
    return pl.DataFrame([dict.fromkeys(SCHEMA) | row for row in rows], schema=SCHEMA)


def _km(group: Group, scenario: ScenarioResult) -> float:
    return float(group.of(scenario.inventory.by_technology)["vkt_km_per_day"].sum())


def _own(group: Group, scenario: ScenarioResult) -> list[tuple[str, str, float]]:
    """Return metric, unit and value of a group; nothing where it does not drive."""
    rows = group.of(scenario.inventory.by_technology)
    km = float(rows["vkt_km_per_day"].sum())
    if km <= 0.0:
        return []
    if group.fuel == ELECTRIC:
        return [("electricity", "kWh/km", float(rows["electricity_kwh_per_day"].sum()) / km)]
    out = [(m, unit, scale * float(rows[f"{p}_per_day"].sum()) / km) for m, p, unit, scale in EMITTED]
    diesel = rows.filter(pl.col("fuel") == DIESEL)
    driven = float(diesel["vkt_km_per_day"].sum())
    if driven > 0.0:
        litres = float(diesel["energy_MJ_per_day"].sum()) / mj_per_litre(DIESEL)
        out.append(("fuel", "L/100 km", KM_PER_100_KM * litres / driven))
    return out


def mj_per_litre(fuel: str) -> float:
    """Return the heating value of a litre."""
    row = reference_table("fuels.csv").filter(pl.col("fuel") == fuel).row(0, named=True)
    return float(row["lower_heating_mj_kg"] * row["density_kg_m3"] / L_PER_M3)


def _ranked(own: dict[str, object], peers: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return own and peers from low to high with their ranks; own alone has none."""
    if not peers:
        return [own]
    low = min(_bound(p, "low") for p in peers)
    high = max(_bound(p, "high") for p in peers)
    inside = low <= _bound(own, "value") <= high
    ordered = sorted([own | {"outside": "no" if inside else "yes"}, *peers], key=lambda row: _bound(row, "value"))
    return [row | {"rank": k} for k, row in enumerate(ordered, 1)]


def _bound(row: dict[str, object], key: str) -> float:
    value = row.get(key)
    return float(str(row["value"] if value is None else value))


def intensity_findings(table: pl.DataFrame) -> list[Finding]:
    """Return a warning per own figure outside the peers' range."""
    return [
        Finding(
            "inventory.intensity_outside",
            "warning",
            {"vehicle": row["vehicle"], "metric": row["metric"], "value": f"{row['value']:.3g} {row['unit']}"},
        )
        for row in table.filter(pl.col("outside") == "yes").iter_rows(named=True)
    ]
