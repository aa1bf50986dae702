"""Write what published fleets use and emit per kilometre, for comparison with a city's own.

Usage: python scripts/build_peer_intensities.py --from FOLDER [--check]

Diesel buses: California's urban buses of three years, means of EMFAC2017's running factors over its own vehicle-km by
model year and speed; litres follow from the CO2 and the carbon of diesel. Electric buses: measured fleets. With
``--check`` nothing is written; the exit status is 1 when the packaged table differs.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import polars as pl
from build_reference_tables import command

if TYPE_CHECKING:
    from pathlib import Path

EMFAC = "CARB EMFAC2017, urban buses (UBUS), diesel, statewide; mean over its own vehicle-km; as collected in gtfs2emis 0.1.2 (MIT)"
YEARS = (2010, 2015, 2020)
CO2_KG_PER_L = 3.1695 * 0.840
"""Diesel: kg of CO2 per kg and kg per litre, as in ``fuels.csv``."""

POLLUTANTS = (("nox", "NOx", "g/km", 1.0), ("pm", "PM10", "mg/km", 1e3), ("co2", "CO2", "g/km", 1.0))
COLUMNS = ("vehicle", "metric", "peer_en", "peer_zh", "value", "low", "high", "unit", "source", "year", "checked")
ZHOU = "Zhou B. et al. 2016, Energy 96:603-613, abstract (ideas.repec.org/a/eee/energy/v96y2016icp603-613.html); 138-175 kWh per 100 km at the plug"
ELECTRIC = (
    ("Macao, 12 m, least load", "澳门，12米，最小载荷", 1.565, 1.38, 1.75, ZHOU, 2016, "yes"),
    ("Southern Finland, 12 m", "芬兰南部，12米", 0.78, None, None, "Energies 2018, 11(12):3267, abstract: six buses", 2018, "yes"),
    ("Netherlands, 79 buses of 12 m", "荷兰，79辆12米车", 1.15, None, None, "ViriCiti (chargedevs.com, New report analyzes real-world performance of 100 e-buses)", 2020, "yes"),
    ("Seattle, King County Metro, 40 ft", "西雅图King County Metro，40英尺", 1.466, None, None, "FTA report 118, Zero-Emission Bus Evaluation Results: King County Metro (cms.fta.dot.gov); 2.36 kWh per mile", 2018, "yes"),
    ("Los Angeles, Foothill Transit, 35 ft", "洛杉矶Foothill Transit，35英尺", 1.336, 1.181, 1.491, "Eudy et al., NREL/TP-5400-65274 and -67698 (recalled); 1.9-2.4 kWh per mile", 2016, "no"),
    ("Beijing, 12 m, annual mean", "北京，12米，年均", 1.2, 1.0, 1.6, "order of magnitude of several studies (recalled)", 2018, "no"),
)  # fmt: skip


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    rates = pl.read_csv(folder / "emfac_bus_factors.csv.gz").filter(pl.col("fuel") == "diesel")
    mean = (pl.col("ef_g_km") * pl.col("vkt_km")).sum() / pl.col("vkt_km").sum()
    by_year = rates.group_by("reference_year", "pollutant").agg(mean.alias("g"))
    g = {(year, pollutant): value for year, pollutant, value in by_year.iter_rows()}
    rows: list[tuple[object, ...]] = []
    for year in YEARS:
        peer = (f"California, urban buses, {year}", f"加利福尼亚州城市公交车，{year}年")
        for metric, name, unit, scale in POLLUTANTS:
            value = float(f"{g[year, name] * scale:.4g}")
            rows.append(("diesel_bus", metric, *peer, value, None, None, unit, EMFAC, year, "yes"))
        litres = float(f"{g[year, 'CO2'] / 1e3 / CO2_KG_PER_L * 100.0:.4g}")
        rows.append(
            ("diesel_bus", "fuel", *peer, litres, None, None, "L/100 km", f"{EMFAC}; litres from CO2", year, "yes")
        )
    for en, zh, value, low, high, source, year, checked in ELECTRIC:
        rows.append(("electric_bus", "electricity", en, zh, value, low, high, "kWh/km", source, year, checked))
    return {"peer_intensities.csv": pl.DataFrame(rows, schema=COLUMNS, orient="row")}


if __name__ == "__main__":
    sys.exit(command(__doc__, tables))
