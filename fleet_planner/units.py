"""Conversion constants, once, each with its source.

The program is SI inside (km, km/h, g, kWh, MJ); other units exist at the edges only.
"""

from typing import Final

KM_PER_MILE: Final = 1.609344
"""International mile, exact (international yard and pound agreement, 1959)."""

MJ_PER_KWH: Final = 3.6
"""Exact: 1 kWh = 3.6 MJ."""

MJ_PER_GJ: Final = 1e3
KWH_PER_MWH: Final = 1e3

G_PER_KG: Final = 1e3
KG_PER_T: Final = 1e3
G_PER_T: Final = 1e6

DAYS_PER_YEAR: Final = 365.25
"""Mean Julian year; annual kilometres divided by it give the average day that a run shows."""

HOURS_PER_DAY: Final = 24
MINUTES_PER_HOUR: Final = 60.0
S_PER_H: Final = 3600.0

SHORT_TON_PER_T: Final = 1.0 / 0.90718474
"""US short ton = 907.18474 kg exactly (NIST Handbook 44, appendix C)."""

LB_PER_T: Final = 1.0 / 0.000_453_592_37
"""Avoirdupois pound = 0.45359237 kg exactly (international yard and pound agreement, 1959)."""

MASS_PER_T: Final = {"t": 1.0, "kg": KG_PER_T, "short_ton": SHORT_TON_PER_T, "lb": LB_PER_T}
"""Units of mass that yearly totals can be written in, per metric ton."""

M_PER_KM: Final = 1e3
M_PER_FOOT: Final = 0.3048
"""International foot, exact (international yard and pound agreement, 1959)."""

WGS84_SEMI_MAJOR_M: Final = 6_378_137.0
WGS84_ECCENTRICITY2: Final = 0.006_694_379_990_141_3
"""First eccentricity squared of WGS84 (NIMA TR8350.2)."""

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the WGS84 ellipsoid, R1 = (2a + b) / 3 (IUGG)."""

B_PER_GB: Final = 1e9
B_PER_KIB: Final = 1024.0
