"""Generate the registry of La Serena-Coquimbo from published shares and listed assumptions.

Usage: python scripts/generate_coquimbo_registry.py [--check]

Heavy vehicles stand one to a row; light ones by category, fuel, segment and model year with their count.
The same figures and seed give the same file. With ``--check`` nothing is written; the exit status is 1
when a committed file differs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from registry_generation import (
    Cell,
    Figures,
    Floats,
    Registry,
    Row,
    age_shares,
    grouped,
    integer_split,
    km_by_age,
    read_figures,
    registry_files,
    scale_for,
    starting_with,
    vkt,
    write_or_check,
)

SEED = 20240101
BASE_YEAR = 2024
CAPITA = ("chile_population", "city_population")
LIGHT_AGES = ("light_share_up_to_6_years", "age_shape", "stock_growth_10_years")
HEAVY_AGES = ("age_shape", "stock_growth_10_years")
EARLY_EURO_VI_FROM = 2020


@dataclass(frozen=True)
class LightClass:
    """A light class: its stream, category and the names of its figures."""

    stream: str
    category: str
    count: str
    km: str
    diesel: str
    segments: str
    name: str
    age: str = ""


LIGHT = (
    LightClass("car", "passenger_car", "chile_share_car", "km_car", "diesel_share_car", "segment_car_", "car"),
    LightClass(
        "taxi", "passenger_car", "chile_shared_taxis_2022", "km_shared_taxi", "diesel_share_taxi", "segment_taxi_", "colectivo"
    ),
    LightClass(
        "taxi", "passenger_car", "chile_basic_taxis_2022", "km_basic_taxi", "diesel_share_taxi", "segment_taxi_", "taxi"
    ),
    LightClass(
        "light_commercial", "light_commercial", "chile_share_pickup", "km_pickup", "pickup", "segment_pickup_", "pickup"
    ),
    LightClass(
        "light_commercial", "light_commercial", "share_van", "km_van", "diesel_share_van", "segment_van_", "van"
    ),
    LightClass(
        "motorcycle", "l_category", "chile_share_motorcycle", "km_motorcycle", "", "segment_motorcycle_", "motorcycle",
        "age_scale_motorcycle",
    ),
)  # fmt: skip
SEGMENTS = {
    "small": "Small",
    "medium": "Medium",
    "large": "Large-SUV-Executive",
    "n1_ii": "N1-II",
    "n1_iii": "N1-III",
    "below_250cc": "Motorcycles 4-stroke <250 cc",
    "250_to_750cc": "Motorcycles 4-stroke 250 - 750 cc",
    "above_750cc": "Motorcycles 4-stroke >750 cc",
}


@dataclass(frozen=True)
class HeavyClass:
    """A heavy class: its stream, category, name in the vehicle's id and the names of its figures."""

    stream: str
    category: str
    code: str
    count: str
    age: str


HEAVY = (
    HeavyClass("rigid_truck", "heavy_truck", "TRUCK", "chile_simple_trucks_2022", "age_scale_rigid_truck"),
    HeavyClass("articulated_truck", "heavy_truck", "TRACTOR", "share_articulated_truck", "age_scale_articulated_truck"),
    HeavyClass("urban_bus", "bus", "BUS", "feed_peak_buses", "age_scale_bus"),
    HeavyClass("minibus", "bus", "MINIBUS", "minibuses", "age_scale_bus"),
    HeavyClass("coach", "bus", "COACH", "share_coach", "age_scale_bus"),
)


def growth(figures: Figures) -> float:
    """Return the yearly growth of the stock."""
    return float(figures["stock_growth_10_years"].value ** 0.1 - 1.0)


def number_of(figures: Figures, key: str) -> int:
    """Return how many vehicles the city has: the national stock by population, or the figure itself."""
    if figures[key].place != "Chile":
        return round(figures[key].value)
    city = figures["city_population"].value / figures["chile_population"].value
    return round(national_share(figures, key) * figures["chile_motor_vehicles"].value * city)


def number_keys(figures: Figures, key: str) -> tuple[str, ...]:
    """Return the figures on which the number of vehicles rests."""
    if figures[key].place != "Chile":
        return (key,)
    totals = (
        ("chile_motor_vehicles", "chile_motor_vehicles_2022") if key.endswith("_2022") else ("chile_motor_vehicles",)
    )
    return (key, *totals, *CAPITA)


def national_share(figures: Figures, key: str) -> float:
    """Return the share of a class in the national stock, from its share or its count of 2022."""
    value = figures[key].value
    return value / figures["chile_motor_vehicles_2022"].value if key.endswith("_2022") else value


def diesel_share(figures: Figures, name: str) -> float:
    """Return the diesel share of a class; that of pick-ups is what is left of the national diesel share."""
    if not name:
        return 0.0
    if name != "pickup":
        return figures[name].value
    share = {c.name: national_share(figures, c.count) for c in LIGHT}
    heavy = sum(national_share(figures, c.count) for c in HEAVY if figures[c.count].place == "Chile")
    others = heavy + share["car"] * figures["diesel_share_car"].value + share["van"] * figures["diesel_share_van"].value
    others += (share["colectivo"] + share["taxi"]) * figures["diesel_share_taxi"].value
    return (figures["chile_share_diesel"].value - others) / share["pickup"]


def diesel_keys(name: str) -> tuple[str, ...]:
    """Return the figures on which a diesel share rests."""
    if name != "pickup":
        return (name,)
    return ("chile_share_diesel", "diesel_share_car", "diesel_share_van", "diesel_share_taxi")


def light_ages(figures: Figures, group: LightClass) -> Floats:
    """Return the share of each age of a light class."""
    shape, rate = figures["age_shape"].value, growth(figures)
    if group.age:
        return age_shares(figures[group.age].value, shape, rate)
    return age_shares(scale_for(figures["light_share_up_to_6_years"].value, 6, shape, rate), shape, rate)


def light_rows(figures: Figures, group: LightClass) -> list[Row]:
    """Return the rows of a light class: fuel by segment by model year."""
    ages = light_ages(figures, group)
    km = km_by_age(figures[group.km].value, figures["km_decline_light"].value, ages)
    diesel = diesel_share(figures, group.diesel)
    segments = starting_with(figures, group.segments)
    cells = [
        (fuel, part, seg, s)
        for fuel, part in (("petrol", 1 - diesel), ("diesel", diesel))
        for seg, s in segments.items()
    ]
    numbers = integer_split(number_of(figures, group.count), [part * s for _, part, _, s in cells])
    rows: list[Row] = []
    for (fuel, _, segment, _), number in zip(cells, numbers, strict=True):
        if number == 0:
            continue
        base: dict[str, Cell] = {
            "category": group.category,
            "fuel": fuel,
            "segment": SEGMENTS[segment],
            "stream": group.stream,
            "share_inside": figures[f"inside_{group.name}"].value,
        }
        counts = integer_split(number, ages)
        rows += grouped(f"CQ-{group.name.upper()}-{fuel}-{segment}", base, counts, km, BASE_YEAR)
    return rows


def heavy_rows(figures: Figures, group: HeavyClass, random: np.random.Generator) -> list[Row]:
    """Return one row for each vehicle of a heavy class."""
    number = number_of(figures, group.count)
    ages = age_shares(figures[group.age].value, figures["age_shape"].value, growth(figures))
    age = np.repeat(np.arange(len(ages)), integer_split(number, ages))
    masses = starting_with(figures, f"mass_{group.stream}_")
    mass = random.choice(np.array([int(m) for m in masses]), size=number, p=np.array(list(masses.values())))
    sigma = figures[f"km_spread_{group.stream}"].value
    spread = random.lognormal(-0.5 * sigma**2, sigma, size=number)
    km = km_by_age(figures[f"km_{group.stream}"].value, figures["km_decline_heavy"].value, ages)[age] * spread
    early = random.random(number) < figures["early_euro_vi_share"].value
    return [
        {
            "vehicle_id": f"CQ-{group.code}-{i + 1:05d}",
            "category": group.category,
            "fuel": "diesel",
            "gross_mass_kg": int(mass[i]),
            "model_year": int(BASE_YEAR - age[i]),
            "standard": given_heavy_standard(figures, int(BASE_YEAR - age[i]), early=bool(early[i])),
            "stream": group.stream,
            "km_per_year": round(float(km[i]) / 100) * 100,
            "share_inside": figures[f"inside_{group.stream}"].value,
            "odometer_km": min(round(float(km[i] * (age[i] + 0.5)) / 1000) * 1000, 2_000_000),
            "count": 1,
        }
        for i in range(number)
    ]


def given_heavy_standard(figures: Figures, model_year: int, *, early: bool) -> str:
    """Return the standard where the dated table is known to lag behind the fleet, else empty."""
    if early and model_year >= EARLY_EURO_VI_FROM:
        return "euro_VI_abc"
    return "euro_V" if model_year >= figures["heavy_euro_v_from"].value else ""


def electric_rows(figures: Figures) -> list[Row]:
    """Return one row for each battery-electric bus of the regulated lines."""
    return [
        {
            "vehicle_id": f"CQ-EBUS-{i + 1:05d}",
            "category": "bus",
            "fuel": "electricity",
            "gross_mass_kg": round(figures["mass_electric_bus"].value),
            "model_year": BASE_YEAR,
            "stream": "minibus",
            "km_per_year": round(figures["km_electric_bus"].value),
            "share_inside": figures["inside_minibus"].value,
            "count": 1,
        }
        for i in range(round(figures["electric_buses"].value))
    ]


def generate(figures: Figures) -> Registry:
    """Return the registry and what it rests on."""
    random = np.random.default_rng(SEED)
    made = Registry()
    for light in LIGHT:
        keys = (
            *number_keys(figures, light.count),
            *diesel_keys(light.diesel),
            *(k for k in figures if k.startswith(light.segments)),
            *((light.age, *HEAVY_AGES) if light.age else LIGHT_AGES),
            light.km,
            "km_decline_light",
            f"inside_{light.name}",
        )
        made.add(light_rows(figures, light), keys)
    for heavy in HEAVY:
        rows = heavy_rows(figures, heavy, random)
        keys = (
            *number_keys(figures, heavy.count),
            *(k for k in figures if k.startswith(f"mass_{heavy.stream}_")),
            heavy.age,
            *HEAVY_AGES,
            f"km_{heavy.stream}",
            f"km_spread_{heavy.stream}",
            "km_decline_heavy",
            f"inside_{heavy.stream}",
        )
        made.add(rows, keys)
        made.note((r for r in rows if r["standard"] == "euro_V"), ("heavy_euro_v_from",))
        made.note((r for r in rows if r["standard"] == "euro_VI_abc"), ("early_euro_vi_share",))
    made.add(electric_rows(figures), ("electric_buses", "km_electric_bus", "mass_electric_bus", "inside_minibus"))
    for stream, share in starting_with(figures, "visiting_").items():
        made.used[f"visiting_{stream}"] = share * sum(vkt(r) for r in made.rows if r["stream"] == stream)
    return made


def main() -> int:
    """Write or check the registry and its assumptions."""
    figures = read_figures("coquimbo_figures.csv")
    return write_or_check(registry_files("coquimbo", figures, generate(figures)))


if __name__ == "__main__":
    sys.exit(main())
