"""The tables that transit agencies file: California's rollout plan, the six federal elements, and where each answers.

Names of sections: California Air Resources Board, Innovative Clean Transit, rollout plans, sections A to I; US Federal
Transit Administration, zero-emission fleet transition plan, 49 U.S.C. 5339 (six elements). What a run cannot know is
left as `BLANK` and counted, never invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.buses.transition.model import POWERTRAINS, ZERO_EMISSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLANK = "to be filled by the agency"
KM_PER_MILE = 1.609344
CLEAN = tuple(POWERTRAINS[p] for p in ZERO_EMISSION)
TECHNOLOGY = {
    "battery": ("battery-electric", "depot charging"),
    "battery_large": ("battery-electric, larger battery", "depot charging"),
    "battery_station": ("battery-electric with opportunity charging", "depot and on-route charging"),
    "hydrogen": ("fuel-cell electric", "hydrogen"),
    "diesel_hybrid": ("diesel hybrid", "diesel"),
    "conventional": ("conventional", "as the newest buses of today"),
    "existing": ("conventional, of today", "as registered"),
}


@dataclass(frozen=True)
class Filed:
    """What the forms are filled from.

    Parameters
    ----------
    agency
        Name of city or operator.
    vehicles, new, blocks, purchases, fleet, facilities, stations, workforce, costs, compliance
        Tables of the replacement.
    depots
        What the plan says of depots: ``name, address, utility``, by id.
    rules
        Name and status of each rule on purchases.
    lead
        Years from order to use, by depot.
    missed
        Rules that the plan misses, with year and gap, as words.
    budget
        Capital that may be spent, by year; empty without a limit.
    """

    agency: str
    vehicles: pl.DataFrame
    new: pl.DataFrame
    blocks: pl.DataFrame
    purchases: pl.DataFrame
    fleet: pl.DataFrame
    facilities: pl.DataFrame
    stations: pl.DataFrame
    workforce: pl.DataFrame
    costs: pl.DataFrame
    compliance: pl.DataFrame
    depots: Mapping[str, Mapping[str, str]]
    rules: Sequence[tuple[str, str]]
    lead: Mapping[str, int]
    missed: Sequence[str]
    budget: Mapping[int, float]


BUSES = "D Current Bus Fleet Composition and Future Bus Purchases"
FACILITIES = "E Facilities and Infrastructure Modifications"
LONG_TERM = "1 Long-term fleet management plan"
CROSS_WALK = (
    ("A Transit Agency Information", "", "ict_A_agency"),
    ("B Rollout Plan General Information", LONG_TERM, "ict_B_general"),
    ("C Technology Portfolio", LONG_TERM, "ict_C_technology"),
    (BUSES, LONG_TERM, "ict_D1_current_fleet"),
    (BUSES, LONG_TERM, "ict_D2_future_purchases"),
    (BUSES, LONG_TERM, "ict_D3_range_and_cost"),
    (FACILITIES, "4 Existing and future facilities", "ict_E1_facilities"),
    ("F Providing Service in Disadvantaged Communities", "", "ict_F_communities"),
    ("G Workforce Training", "6 Workforce", "ict_G_training"),
    ("H Potential Funding Sources", "2 Current and future resources", "ict_H_funding"),
    ("I Start-Up and Scale-Up Challenges", LONG_TERM, "ict_I_challenges"),
    (BUSES, LONG_TERM, "fta_1_fleet_management"),
    ("H Potential Funding Sources", "2 Current and future resources", "fta_2_resources"),
    ("", "3 Policy and legislation", "fta_3_policy"),
    (FACILITIES, "4 Existing and future facilities", "fta_4_facilities"),
    (FACILITIES, "5 Partnership with the utility or fuel provider", "fta_5_utility"),
    ("G Workforce Training", "6 Workforce", "fta_6_workforce"),
)
"""Section of California's plan, federal element, table."""


def forms(filed: Filed) -> dict[str, pl.DataFrame]:
    """Return every table by name, and ``crosswalk``, which says where each section and element is answered."""
    facilities = _facilities(filed)
    training = _training(filed)
    made = {
        "ict_A_agency": _agency(filed),
        "ict_B_general": _general(filed),
        "ict_C_technology": _technology(filed),
        "ict_D1_current_fleet": _current(filed),
        "ict_D2_future_purchases": _future(filed),
        "ict_D3_range_and_cost": _range_and_cost(filed),
        "ict_E1_facilities": facilities,
        "ict_F_communities": _communities(filed),
        "ict_G_training": training,
        "ict_H_funding": _funding(filed),
        "ict_I_challenges": _challenges(filed),
        "fta_1_fleet_management": _management(filed),
        "fta_2_resources": _resources(filed),
        "fta_3_policy": _policy(filed),
        "fta_4_facilities": facilities,
        "fta_5_utility": _utility(filed),
        "fta_6_workforce": _workforce(filed),
    }
    rows = [
        (section, element, f"{name}.csv", made[name].height, *_cells(made[name]))
        for section, element, name in CROSS_WALK
    ]
    names = ["ict_section", "fta_element", "table", "rows", "cells_filled", "cells_to_be_filled"]
    made["crosswalk"] = pl.DataFrame(rows, schema=names, orient="row")
    return made


def blanks(made: Mapping[str, pl.DataFrame]) -> int:
    """Return the cells of all forms that the agency has to fill, the cross-walk aside."""
    return sum(_cells(table)[1] for name, table in made.items() if name != "crosswalk")


def _cells(table: pl.DataFrame) -> tuple[int, int]:
    """Return the cells that are filled and those left to the agency."""
    empty = sum(int((table[c] == BLANK).sum()) for c, kind in table.schema.items() if kind == pl.String)
    return table.height * table.width - empty, empty


def _items(rows: Sequence[tuple[str, object]]) -> pl.DataFrame:
    return pl.DataFrame({"item": [k for k, _ in rows], "value": [str(v) for _, v in rows]})


def _agency(filed: Filed) -> pl.DataFrame:
    first = filed.fleet["year"].min()
    service = filed.fleet.filter(pl.col("year") == first)["in_service"].sum()
    return _items(
        [
            ("Transit agency's name", filed.agency),
            ("Mailing address", BLANK),
            ("Air district", BLANK),
            ("Air basin", BLANK),
            ("Buses in annual maximum service", f"{service:.0f}"),
            ("Buses registered", filed.vehicles.height),
            ("Urbanized area", BLANK),
            ("Population of the urbanized area", BLANK),
            ("Contact: name, title, telephone, e-mail", BLANK),
            ("Member of a joint group", BLANK),
        ]
    )


def _general(filed: Filed) -> pl.DataFrame:
    share = filed.fleet.group_by("year").agg(
        (pl.col("buses").filter(pl.col("powertrain").is_in(CLEAN)).sum() / pl.col("buses").sum()).alias("share")
    )
    whole = share.filter(pl.col("share") >= 1.0 - 1e-9)["year"].min()
    last = share.sort("year").row(-1)
    early = filed.vehicles.filter(pl.col("retired_year") < pl.col("life_year")).height
    return _items(
        [
            ("Goal: all buses zero-emission by", whole if whole is not None else f"{last[1]:.1%} by {last[0]}"),
            ("Does the plan result in early retirement of conventional buses", f"yes: {early}" if early else "no"),
            ("Buses retired before the minimum life", early),
            ("Rollout plan approved by the governing body", BLANK),
            ("Date of approval and resolution number", BLANK),
            ("Resolution attached", BLANK),
            ("Contact for follow-up", BLANK),
            ("Who created the plan", BLANK),
        ]
    )


def _technology(filed: Filed) -> pl.DataFrame:
    last = filed.fleet["year"].max()
    rows = []
    own = filed.fleet.filter(pl.col("year") == last)
    total = float(own["buses"].sum()) or 1.0
    for name in own["powertrain"].unique().sort():
        buses = float(own.filter(pl.col("powertrain") == name)["buses"].sum())
        blocks = filed.blocks.filter(pl.col("powertrain") == name).height
        rows.append((*TECHNOLOGY[name], int(last), round(buses), round(100.0 * buses / total, 1), blocks))  # type: ignore[arg-type]  # a column of years
    names = ["technology", "charging_or_fuel", "year", "buses", "share_of_fleet_pct", "blocks"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(reasons=pl.lit(BLANK))


def _current(filed: Filed) -> pl.DataFrame:
    return (
        filed.vehicles.group_by("model_year", "fuel", "standard", "bus_type", "depot_id")
        .agg(pl.len().alias("buses"))
        .sort("model_year", "fuel", "standard", "bus_type", "depot_id")
        .rename({"model_year": "engine_model_year", "fuel": "fuel_type"})
    )


def _future(filed: Filed) -> pl.DataFrame:
    rows = []
    for year in filed.compliance["year"].to_list():
        own = filed.purchases.filter(pl.col("year") == year)
        clean = own.filter(pl.col("powertrain").is_in(CLEAN))
        other = own.filter(~pl.col("powertrain").is_in(CLEAN))
        total = int(own["buses"].sum())
        number = int(clean["buses"].sum())
        rows.append(
            (
                year,
                total,
                number,
                round(100.0 * number / total, 1) if total else 0.0,
                _listed(clean, "bus_type"),
                _fuels(clean),
                total - number,
                round(100.0 * (total - number) / total, 1) if total else 0.0,
                _listed(other, "bus_type"),
                _fuels(other),
            )
        )
    names = [
        *("year", "total_buses", "zeb_number", "zeb_pct", "zeb_bus_types", "zeb_fuel_types"),
        *("conventional_number", "conventional_pct", "conventional_bus_types", "conventional_fuel_types"),
    ]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _listed(rows: pl.DataFrame, column: str) -> str:
    return ", ".join(rows[column].unique().sort().to_list())


def _fuels(rows: pl.DataFrame) -> str:
    return ", ".join(TECHNOLOGY[name][0] for name in rows["powertrain"].unique().sort())


def _range_and_cost(filed: Filed) -> pl.DataFrame:
    furthest = filed.blocks.group_by("bus_type", "powertrain").agg(
        (pl.col("km") / KM_PER_MILE / pl.col("buses").clip(lower_bound=1)).max().alias("required_range_miles")
    )
    cost = filed.purchases.group_by("year", "bus_type", "powertrain").agg(
        pl.col("buses").sum(), (pl.col("usd2024").sum() / pl.col("buses").sum()).round(0).alias("cost_per_bus_usd2024")
    )
    joined = cost.join(furthest, on=["bus_type", "powertrain"], how="left").sort("year", "bus_type", "powertrain")
    return joined.with_columns(pl.col("required_range_miles").round(1))


def _depot(filed: Filed, depot: str, what: str) -> str:
    return filed.depots.get(depot, {}).get(what, "") or BLANK


def _facilities(filed: Filed) -> pl.DataFrame:
    rows = []
    for (depot,), own in filed.facilities.sort("year").group_by("depot_id", maintain_order=True):
        opens = own.filter(pl.col("opens"))["year"].min()
        hydrogen = own.filter(pl.col("hydrogen_opens"))["year"].min()
        last = own.row(-1, named=True)
        kinds = []
        if last["chargers"]:
            kinds.append(f"{last['chargers']} depot chargers")
        if hydrogen is not None:
            kinds.append("hydrogen fuelling")
        lead = filed.lead.get(str(depot), 0)
        begin = min((int(y) for y in (opens, hydrogen) if y is not None), default=None)  # type: ignore[arg-type]  # years
        span = "none needed" if begin is None else f"{max(begin - lead, int(own['year'][0]))}-{begin}"
        rows.append(
            (
                filed.depots.get(str(depot), {}).get("name", "") or str(depot),
                _depot(filed, str(depot), "address"),
                "depot",
                ", ".join(kinds) or "none",
                int(last["battery_buses"] + last["hydrogen_buses"]),
                "yes" if begin is not None else "no",
                span,
                round(float(own["peak_kw"].max() or 0.0)),  # type: ignore[arg-type]  # kW
                _depot(filed, str(depot), "utility"),
            )
        )
    rows += [
        (name, BLANK, "on-route charging", "charging station", 0, "yes", str(year), 0, BLANK)
        for name, year in filed.stations.select("station", "year").iter_rows()
    ]
    names = [
        *("facility", "address", "main_function", "infrastructure", "service_capacity_buses", "needs_upgrade"),
        *("construction", "peak_kw", "utility"),
    ]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _communities(filed: Filed) -> pl.DataFrame:
    clean = filed.purchases.filter(pl.col("powertrain").is_in(CLEAN))
    table = clean.group_by("year", "depot_id").agg(pl.col("buses").sum().alias("zeb_number")).sort("year", "depot_id")
    return table.with_columns(
        serves_disadvantaged_community=pl.lit(BLANK), census_tracts=pl.lit(BLANK), other_information=pl.lit(BLANK)
    )


def _training(filed: Filed) -> pl.DataFrame:
    table = filed.workforce.filter(pl.col("to_retrain") > 0)
    return table.select("year", "depot_id", "staff", "to_retrain", "training_hours").with_columns(
        programme=pl.lit(BLANK), provider=pl.lit(BLANK), cost=pl.lit(BLANK)
    )


def _funding(filed: Filed) -> pl.DataFrame:
    needed = filed.costs.filter(pl.col("capital")).group_by("year").agg(pl.col("usd2024").sum().round(0)).sort("year")
    return needed.rename({"usd2024": "capital_needed_usd2024"}).with_columns(
        source=pl.lit(BLANK), amount=pl.lit(BLANK), year_available=pl.lit(BLANK), expected_use=pl.lit(BLANK)
    )


def _challenges(filed: Filed) -> pl.DataFrame:
    never = filed.blocks.filter(~pl.col("ways").str.contains("depot|battery|station|split")).height
    split = filed.blocks.filter(pl.col("buses") > 1).height
    lead = max(filed.lead.values(), default=0)
    rows = [
        ("Blocks that no battery bus can run", never),
        ("Blocks that are split between buses", split),
        ("Longest lead time of a depot's power, years", lead),
        ("Rules that the plan misses", "; ".join(filed.missed) or "none"),
        ("Support needed", BLANK),
        ("Comments and lessons learnt", BLANK),
    ]
    return _items(rows)


def _management(filed: Filed) -> pl.DataFrame:
    retired = filed.vehicles.group_by(year=pl.col("retired_year")).agg(pl.len().alias("retired"))
    fleet = (
        filed.fleet.group_by("year")
        .agg(
            pl.col("buses").sum(),
            pl.col("buses").filter(pl.col("powertrain").is_in(CLEAN)).sum().alias("zero_emission"),
            pl.col("in_service").sum(),
        )
        .sort("year")
    )
    bought = filed.compliance.select("year", "bought", pl.col("zero_emission").alias("zero_emission_bought"))
    joined = fleet.join(bought, on="year", how="left").join(retired, on="year", how="left", maintain_order="left")
    spare = ((pl.col("buses") / pl.col("in_service") - 1.0) * 100.0).round(1)
    return joined.with_columns(
        pl.col("retired").fill_null(0), spare_ratio_pct=spare, part_of_this_request=pl.lit(BLANK)
    )


def _resources(filed: Filed) -> pl.DataFrame:
    running = ~pl.col("capital") & (pl.col("line") != "residual")
    table = filed.costs.group_by("year").agg(
        pl.col("usd2024").filter(pl.col("capital")).sum().round(0).alias("capital_usd2024"),
        pl.col("usd2024").filter(running).sum().round(0).alias("running_usd2024"),
    )
    limit = [f"{filed.budget[y]:.0f}" if y in filed.budget else BLANK for y in table.sort("year")["year"].to_list()]
    return table.sort("year").with_columns(
        capital_available=pl.Series(limit, dtype=pl.String), source_of_funds=pl.lit(BLANK), secured=pl.lit(BLANK)
    )


def _policy(filed: Filed) -> pl.DataFrame:
    asked = filed.compliance.filter(pl.col("required_share") > 0.0)
    steps = "; ".join(
        f"{year}: {100.0 * share:.0f} %" for year, share in asked.select("year", "required_share").iter_rows()
    )
    rows = [(name, status, steps) for name, status in filed.rules]
    rows.append(("Other policy and legislation", BLANK, BLANK))
    return pl.DataFrame(rows, schema=["rule", "status", "zero_emission_share_of_purchases"], orient="row")


def _utility(filed: Filed) -> pl.DataFrame:
    rows = []
    for (depot,), own in filed.facilities.sort("year").group_by("depot_id", maintain_order=True):
        opens = own.filter(pl.col("opens"))["year"].min()
        peak, energy = own["peak_kw"].max(), own["electricity_mwh"].max()
        ordered = "" if opens is None else str(int(opens) - filed.lead.get(str(depot), 0))  # type: ignore[arg-type]  # years
        rows.append(
            (
                str(depot),
                _depot(filed, str(depot), "utility"),
                round(float(peak or 0.0)),  # type: ignore[arg-type]  # kW
                round(float(energy or 0.0)),  # type: ignore[arg-type]  # MWh
                ordered,
                "" if opens is None else str(opens),
                BLANK,
            )
        )
    names = ["depot_id", "utility", "peak_kw", "electricity_mwh_per_year", "order_by", "energised", "letter_of_partner"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _workforce(filed: Filed) -> pl.DataFrame:
    table = filed.workforce.group_by("year", "staff").agg(
        pl.col("to_retrain", "retrained_so_far", "training_hours").sum()
    )
    return table.sort("year", "staff").with_columns(
        displaced=pl.lit(BLANK), skill_gaps=pl.lit(BLANK), apprenticeships=pl.lit(BLANK)
    )
