"""Reported pollutants, and the channels that add up to them.

A channel is one process of one pollutant whose curve each vehicle scales by one number: the effect of the measures
times a driver of the vehicle. Everything that is not such a product (degradation with mileage and speed, N2O with
the odometer) is split into channels that are, so that the factored inventory stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_planner.factors.processes.idling import KINDS
from fleet_planner.tables import pollutants

POLLUTANTS = tuple(p.pollutant for p in pollutants())
"""Reported quantities, in the order of every output."""

ODOMETER = "odometer"
DAYS_PER_KM = "days_per_km"
NO2_POINTS = "no2_points"
URBAN, ROAD = "urban", "road"

DEGRADED = ("CO", "VOC", "NOx", "PM_exhaust")
"""Pollutants whose exhaust grows with mileage or age."""

IDLE_BASES = (*DEGRADED, "energy_MJ")
"""Pollutants that idling is known of; the others follow from them."""

DRIVERS = (
    ODOMETER,
    DAYS_PER_KM,
    NO2_POINTS,
    *(f"{place}:{pollutant}" for pollutant in DEGRADED for place in (URBAN, ROAD)),
    *(f"{kind}:{pollutant}" for pollutant in IDLE_BASES for kind in KINDS),
)
"""What of a vehicle scales a channel: odometer in 100,000 km; days of the year per km driven; share of NO2 added by
measures times the mileage factor; mileage factors in town and on roads; hours of idling of a kind per km, as if they
all emitted what the engine does."""

WEAR = ("tyre", "brake", "road", "resuspension")
FUEL_BORN = ("SO2", "Pb", "CO2", "CO2_biogenic")
"""Pollutants that are the fuel's energy times a number of the fuel."""

PURE = "pure"

BASE_OF = {"NMVOC": "VOC", "NO2": "NOx", "BC": "PM_exhaust", "OC": "PM_exhaust"} | dict.fromkeys(FUEL_BORN, "energy_MJ")
"""Exhaust pollutants that are another one's curve times a number of the technology."""

IDLE = ("CO", "VOC", "NMVOC", "NOx", "NO2", "PM_exhaust", "BC", "OC", *FUEL_BORN, "energy_MJ")
HEATER = ("CO", "VOC", "NMVOC", "NOx", "PM_exhaust", "SO2", "CO2", "energy_MJ")
"""Pollutants of idling, and of a fuel-fired heater on an electric bus."""


@dataclass(frozen=True)
class Channel:
    """One process of one pollutant.

    Parameters
    ----------
    pollutant
        Reported pollutant it adds to.
    process
        ``hot, cold, evaporation, idling, heater, tyre, brake, road, resuspension, lubricant, urea, slip,
        electricity``.
    driver
        Of `DRIVERS`: what of the vehicle scales it; "" for nothing.
    measure
        Pollutant whose effect of measures acts on it; "" where no measure does.
    part
        Tells channels apart that differ in nothing else.
    """

    pollutant: str
    process: str
    driver: str = ""
    measure: str = ""
    part: str = ""


def base_of(pollutant: str) -> str:
    """Return the pollutant whose curves an exhaust pollutant takes: itself, or that of `BASE_OF`."""
    return BASE_OF.get(pollutant, pollutant)


def measure_of(pollutant: str) -> str:
    """Return the pollutant whose effect of measures acts on the exhaust of another one."""
    return {"NMVOC": "VOC", "NO2": "NOx", "Pb": "energy_MJ", "OC": "PM_exhaust"}.get(pollutant, pollutant)


def _hot(pollutant: str) -> list[Channel]:
    base, measure = base_of(pollutant), measure_of(pollutant)
    if base not in DEGRADED:
        return [Channel(pollutant, "hot", "", measure)]
    return [Channel(pollutant, "hot", f"{place}:{base}", measure) for place in (URBAN, ROAD)]


def _channels() -> tuple[Channel, ...]:
    out: list[Channel] = []
    exhaust = ("CO", "VOC", "NMVOC", "NOx", "NO2", "PM_exhaust", "SPN23", "BC", "OC", "CH4", "N2O", "NH3")
    for pollutant in (*exhaust, *FUEL_BORN, "energy_MJ"):
        out += _hot(pollutant)
        if pollutant not in {"SPN23", "CH4"}:
            out.append(Channel(pollutant, "cold", "", measure_of(pollutant)))
    # carbon of the fuel itself that grew as plants, whatever is blended in
    out += [Channel("CO2_biogenic", process, "", "CO2", PURE) for process in ("hot", "cold")]
    out.append(Channel("NO2", "hot", NO2_POINTS, "NOx"))
    for pollutant in ("N2O", "NH3"):
        out += [Channel(pollutant, process, ODOMETER, pollutant) for process in ("hot", "cold")]
        out.append(Channel(pollutant, "slip", "", "energy_MJ"))
    for pollutant in ("VOC", "NMVOC"):
        out += [Channel(pollutant, "evaporation", driver) for driver in ("", DAYS_PER_KM)]
    out += [Channel(p, "idling", f"{kind}:{base_of(p)}", measure_of(p)) for p in IDLE for kind in KINDS]
    out += [Channel(p, "heater") for p in HEATER]
    for pollutant in ("PM2.5_non_exhaust", "PM10_non_exhaust"):
        out += [Channel(pollutant, process, "", pollutant) for process in WEAR]
    out += [Channel("CO2", "lubricant"), Channel("CO2", "urea", "", "energy_MJ")]
    out += [Channel("CO2_grid", "electricity", "", "CO2_grid")]
    out += [Channel("electricity_kwh", "electricity", "", "electricity_kwh")]
    return tuple(out)


CHANNELS = _channels()
PROCESSES = tuple(dict.fromkeys(c.process for c in CHANNELS))


_PLACE = {(c.pollutant, c.process, c.driver, c.part): i for i, c in enumerate(CHANNELS)}


def channel(pollutant: str, process: str, driver: str = "", part: str = "") -> int:
    """Return the place of a channel in `CHANNELS`."""
    return _PLACE[pollutant, process, driver, part]


MEASURED = tuple(sorted({c.measure for c in CHANNELS if c.measure}))
"""Pollutants whose effect of measures acts on some channel, in the order of the kernels' columns."""
