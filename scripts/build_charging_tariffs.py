"""Write the packaged tariffs of electricity for charging.

Usage: python scripts/build_charging_tariffs.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

SCE = (
    "Southern California Edison, schedule TOU-EV-9 (above 500 kW, secondary voltage), delivery and generation, as "
    "transcribed in the published code of a fleet charging calculator (read); the filed sheet was not opened"
)
SCE_LATER = (
    "Southern California Edison, schedule TOU-EV-9: demand charge phased in and energy as the published code of a fleet "
    "charging calculator expects them for 2030 (read); no filed sheet, to be checked"
)
LADWP = (
    "Los Angeles Department of Water and Power, schedule A-3 rate A of October 2009, as printed in a handbook's appendix "
    "(read); hours of the periods from a published web page's code (read); far out of date: replace by the present sheet"
)
BEIJING = (
    "National Development and Reform Commission, prices of public charging in Beijing for buses, taxis and sanitation, as "
    "reported by researchinchina.com in June 2016 (read)"
)

SUMMER, WINTER = "6-9", "1-5;10-12"
ON, OFF, DEEP = "16-21", "21-16", "8-16"
HIGH, LOW, BASE = "13-17", "10-13;17-20", "20-10"

TITLES = {
    "sce_tou_ev_9_2024": (
        "SCE TOU-EV-9, 2024 (no demand charge yet)",
        "南加州爱迪生TOU-EV-9电价，2024年（尚无需量电费）",
    ),
    "sce_tou_ev_9_2030": ("SCE TOU-EV-9, expected for 2030", "南加州爱迪生TOU-EV-9电价，2030年预期"),
    "ladwp_a3_2009": ("LADWP A-3 rate A, October 2009", "洛杉矶水电局A-3费率A，2009年10月"),
    "beijing_public_2016": ("Beijing, public charging for buses, 2016", "北京公共领域充电电价，2016年"),
}
CURRENCY = {
    "sce_tou_ev_9_2024": ("USD", 2024),
    "sce_tou_ev_9_2030": ("USD", 2024),
    "ladwp_a3_2009": ("USD", 2009),
    "beijing_public_2016": ("CNY", 2016),
}

USUAL_IN = {"sce_tou_ev_9_2024": "US-CA", "beijing_public_2016": "CN-BJ"}
"""Country or region of plans that have it where they name none."""

# element, label, months, days, hours, value
SCE_2024 = [
    ("energy", "summer on-peak", SUMMER, "weekday", ON, 0.55751),
    ("energy", "summer mid-peak", SUMMER, "saturday;sunday", ON, 0.34658),
    ("energy", "summer off-peak", SUMMER, "all", OFF, 0.19465),
    ("energy", "winter mid-peak", WINTER, "all", ON, 0.39583),
    ("energy", "winter off-peak", WINTER, "all", "21-8", 0.20708),
    ("energy", "winter super off-peak", WINTER, "all", DEEP, 0.11499),
    ("fixed", "customer charge", "all", "all", "all", 434.84),
]
SCE_2030 = [
    ("energy", "summer on-peak", SUMMER, "weekday", ON, 0.44992),
    ("energy", "summer mid-peak", SUMMER, "saturday;sunday", ON, 0.23899),
    ("energy", "summer off-peak", SUMMER, "all", OFF, 0.15697),
    ("energy", "winter mid-peak", WINTER, "all", ON, 0.28825),
    ("energy", "winter off-peak", WINTER, "all", "21-8", 0.16941),
    ("energy", "winter super off-peak", WINTER, "all", DEEP, 0.09939),
    ("demand", "facilities demand", "all", "all", "all", 18.49374),
    ("fixed", "customer charge", "all", "all", "all", 434.84),
]
LADWP_2009 = [
    ("energy", "high season high peak", SUMMER, "weekday", HIGH, 0.0439),
    ("energy", "high season low peak", SUMMER, "weekday", LOW, 0.03764),
    ("energy", "high season base", SUMMER, "weekday", BASE, 0.01755),
    ("energy", "high season base, weekend", SUMMER, "saturday;sunday", "all", 0.01755),
    ("energy", "low season high peak", WINTER, "weekday", HIGH, 0.03663),
    ("energy", "low season low peak", WINTER, "weekday", LOW, 0.03663),
    ("energy", "low season base", WINTER, "weekday", BASE, 0.02197),
    ("energy", "low season base, weekend", WINTER, "saturday;sunday", "all", 0.02197),
    ("adder", "energy cost adjustment", "all", "all", "all", 0.0499),
    ("demand", "high season high peak demand", SUMMER, "weekday", HIGH, 9.0),
    ("demand", "high season low peak demand", SUMMER, "weekday", LOW, 3.0),
    ("demand", "low season high peak demand", WINTER, "weekday", HIGH, 4.0),
    ("demand", "facilities demand", "all", "all", "all", 4.0),
    ("demand", "electric subsidy adjustment", "all", "all", "all", 0.46),
    ("demand", "reliability cost adjustment", "all", "all", "all", 0.96),
]
BEIJING_2016 = [
    ("energy", "peak", "all", "all", "10-15;18-21", 1.0044),
    ("energy", "flat", "all", "all", "7-10;15-18;21-23", 0.695),
    ("energy", "valley", "all", "all", "23-7", 0.3946),
    ("adder", "charging service", "all", "all", "all", 0.8),
]
TARIFFS = {
    "sce_tou_ev_9_2024": (SCE_2024, SCE, 2024, "yes"),
    "sce_tou_ev_9_2030": (SCE_2030, SCE_LATER, 2024, "no"),
    "ladwp_a3_2009": (LADWP_2009, LADWP, 2009, "yes"),
    "beijing_public_2016": (BEIJING_2016, BEIJING, 2016, "yes"),
}
PER = {"energy": "per kWh", "adder": "per kWh", "export": "per kWh", "demand": "per kW and month", "fixed": "per month"}


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    rows = [
        (name, *TITLES[name], USUAL_IN.get(name), *CURRENCY[name], *row, source, year, PER[row[0]], checked)
        for name, (lines, source, year, checked) in TARIFFS.items()
        for row in lines
    ]
    first = ("tariff", "title_en", "title_zh", "usual_in", "currency", "price_year")
    columns = (*first, "element", "label", "months", "days", "hours", "value", "source", "year", "unit", "checked")
    return {"charging_tariffs.csv": pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
