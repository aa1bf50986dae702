"""Write the packaged words of registries: headers by which columns are known, what plates and VINs look like.

Usage: python scripts/build_registry_forms.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import argparse
import sys

import polars as pl
from build_reference_tables import write_or_check

OWN = "own list of words"
VIN = "ISO 3779: 17 characters, no I, O or Q"
CHINA_PLATE = "GA 36: province, letter of the city, five or six characters (recalled)"
RECALLED = "usual form of the country's plates (recalled)"

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PATTERNS = [
    ("vin", "*", r"[A-HJ-NPR-Z0-9]{11}[A-HJ-NPR-Z0-9]{2}\d{4}", "LZYTBGBW5E1012345", VIN, "yes"),
    ("cn_plate", "CN", rf"[{PROVINCES}][A-Z][·• -]?[A-Z0-9]{{4,5}}[A-Z0-9挂学警港澳领]", "京A·12345", CHINA_PLATE, "no"),
    ("us_ca_car", "US-CA", r"\d[A-Z]{3}\d{3}", "7ABC123", RECALLED, "no"),
    ("us_ca_commercial", "US-CA", r"\d[A-Z]\d{5}|\d{5}[A-Z]\d", "8A12345", RECALLED, "no"),
    ("cl_plate", "CL", r"[B-DF-HJ-LPR-TV-Z]{4}[- ·]?\d{2}", "BBCL-12", RECALLED, "no"),
    ("br_plate", "BR", r"[A-Z]{3}-?\d[A-Z0-9]\d{2}", "ABC1D23", RECALLED, "no"),
    ("gb_plate", "GB", r"[A-Z]{2}\d{2} ?[A-Z]{3}", "AB12 CDE", RECALLED, "no"),
    ("de_plate", "DE", r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} ?\d{1,4}[EH]?", "B-AB 1234", RECALLED, "no"),
    ("fr_it_plate", "EU", r"[A-HJ-NP-TV-Z]{2}[- ]?\d{3}[- ]?[A-HJ-NP-TV-Z]{2}", "AB-123-CD", RECALLED, "no"),
    ("es_plate", "ES", r"\d{4}[- ]?[BCDFGHJ-NPRSTV-Z]{3}", "1234 BCD", RECALLED, "no"),
    ("in_plate", "IN", r"[A-Z]{2}[ -]?\d{1,2}[ -]?[A-Z]{1,3}[ -]?\d{4}", "MH 12 AB 1234", RECALLED, "no"),
    ("kr_plate", "KR", r"\d{2,3}[가-힣] ?\d{4}", "123가 4567", RECALLED, "no"),
    ("jp_plate", "JP", r"[一-龥]{1,4} ?\d{2,3} ?[ぁ-ん] ?\d{2}-?\d{2}", "品川 500 さ 12-34", RECALLED, "no"),
]  # fmt: skip

HEADERS = {
    "identifier": (
        ("plate|plate_no|plate_number|license_plate|license_plate_number|licence_plate|licence_plate_number|number_plate|"
        "registration_number|registration_plate|reg_no|vrm|vin|vin_number|vehicle_identification_number|chassis|"
        "chassis_no|chassis_number|frame_number|engine_number"),
        ("车牌|车牌号|车牌号码|号牌|号牌号码|机动车号牌号码|牌照号|车架号|车架号码|车辆识别代号|车辆识别代码|车辆识别码|"
        "识别代号|发动机号|发动机号码"),
        "patente|placa|placa_patente|matricula|matrícula|chasis|numero_de_chasis|número_de_chasis",
    ),
}  # fmt: skip
LANGUAGES = ("en", "zh", "es")


def patterns() -> pl.DataFrame:
    """Return what plates and VINs look like."""
    schema = ["pattern_id", "region", "pattern", "example", "source", "checked"]
    table = pl.DataFrame(PATTERNS, schema=schema, orient="row")
    return table.with_columns(year=pl.lit(2026), unit=pl.lit("regular expression"))


def headers() -> pl.DataFrame:
    """Return the headers by which our columns are known in other tables."""
    rows = [
        (column, word, language)
        for column, lists in HEADERS.items()
        for language, words in zip(LANGUAGES, lists, strict=False)
        for word in words.split("|")
        if word
    ]
    table = pl.DataFrame(rows, schema=["column", "word", "language"], orient="row")
    return table.with_columns(source=pl.lit(OWN), year=pl.lit(2026), unit=pl.lit("words"), checked=pl.lit("yes"))


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    return {"identifier_patterns.csv": patterns(), "registry_headers.csv": headers()}


def main() -> int:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    return write_or_check(tables(), check=parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
