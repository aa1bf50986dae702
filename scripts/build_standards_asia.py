"""Write the dates of standards of light vehicles in Korea and Japan that the table of the reference figures lacks.

Usage: python scripts/build_standards_asia.py [--check]

Euro levels are those of the map between the standards of regions (scripts/build_technology_map.py). With ``--check``
nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
from build_reference_tables import typed_command

RECALLED = "recalled, to be checked"
READ = "dieselnet.com/standards/kr, table of diesel {} (opened); Euro level by the limits"
CARS, VANS = "passenger_car", "light_commercial"

# region, vehicle groups, fuel, standard, first model year, date, legal text, source, checked
DATES = [
    ("KR", (CARS, VANS), "petrol", "conventional", 0, "", "before catalysts", RECALLED, "no"),
    ("KR", (CARS, VANS), "petrol", "euro_1", 1988, "1987-07", "catalysts", RECALLED, "no"),
    ("KR", (CARS, VANS), "petrol", "euro_3", 2003, "2003", "K-LEV, after California", RECALLED, "no"),
    ("KR", (CARS, VANS), "petrol", "euro_4", 2009, "2009", "K-ULEV, California's fleet average", RECALLED, "no"),
    ("KR", (CARS, VANS), "petrol", "euro_6abc", 2016, "2016", "after California's LEV III", RECALLED, "no"),
    ("KR", (CARS,), "diesel", "conventional", 0, "", "before 1993", READ.format("passenger cars"), "yes"),
    ("KR", (CARS,), "diesel", "euro_1", 1993, "1993-01", "Korea 1993-01", READ.format("passenger cars"), "yes"),
    ("KR", (CARS,), "diesel", "euro_2", 2000, "2000-01", "Korea 2000-01", READ.format("passenger cars"), "yes"),
    ("KR", (CARS,), "diesel", "euro_3", 2005, "2005", "Euro 3 for a year", RECALLED, "no"),
    ("KR", (VANS,), "diesel", "conventional", 0, "", "before 1998", READ.format("light trucks"), "yes"),
    ("KR", (VANS,), "diesel", "euro_1", 1998, "1998-01", "Korea 1998-01", READ.format("light trucks"), "yes"),
    ("KR", (VANS,), "diesel", "euro_2", 2000, "2000-01", "Korea 2000-01", READ.format("light trucks"), "yes"),
    ("KR", (VANS,), "diesel", "euro_3", 2004, "2004-01", "Korea 2004-01", READ.format("light trucks"), "yes"),
    ("KR", (CARS, VANS), "diesel", "euro_4", 2006, "2006-01", "Korea 2006 (Euro 4)", RECALLED, "no"),
    ("KR", (CARS, VANS), "diesel", "euro_5", 2011, "2011", "Korea 2011 (Euro 5)", RECALLED, "no"),
    ("KR", (CARS, VANS), "diesel", "euro_6abc", 2015, "2015", "Korea 2015 (Euro 6)", RECALLED, "no"),
    ("KR", (CARS, VANS), "diesel", "euro_6d_temp", 2019, "2018-09", "Euro 6 on the road", RECALLED, "no"),
    ("JP", (CARS, VANS), "petrol", "conventional", 0, "", "before 1978", RECALLED, "no"),
    ("JP", (CARS, VANS), "petrol", "euro_1", 1978, "1978", "Japan 1978", RECALLED, "no"),
    ("JP", (CARS, VANS), "petrol", "euro_3", 2000, "2000-10", "Japan 2000 new short-term", RECALLED, "no"),
    ("JP", (CARS, VANS), "petrol", "euro_4", 2005, "2005-10", "Japan 2005 new long-term", RECALLED, "no"),
    ("JP", (CARS, VANS), "petrol", "euro_6abc", 2018, "2018-10", "Japan 2018 (WLTC)", RECALLED, "no"),
    ("JP", (CARS, VANS), "diesel", "euro_6abc", 2018, "2018-10", "Japan 2018 (WLTC)", RECALLED, "no"),
]
NAMES = {"KR": "Korea", "JP": "Japan"}


def tables() -> dict[str, pl.DataFrame]:
    """Return the table by file name."""
    rows = [
        (
            NAMES[region],
            region,
            group,
            fuel,
            standard,
            first,
            date,
            text,
            source,
            int(date[:4] or 1988),
            "date",
            checked,
        )
        for region, groups, fuel, standard, first, date, text, source, checked in DATES
        for group in groups
    ]
    columns = [
        *("jurisdiction", "region", "vehicle_group", "fuel", "standard", "first_model_year", "date", "legal_text"),
        *("source", "year", "unit", "checked"),
    ]
    return {"standards_asia.csv": pl.DataFrame(rows, schema=columns, orient="row")}


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
