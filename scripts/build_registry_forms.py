"""Write the packaged words of registries: headers by which columns are known, what plates and VINs look like.

Usage: python scripts/build_registry_forms.py [--check]

With ``--check`` nothing is written; the exit status is 1 when a packaged table differs.
"""

from __future__ import annotations

import sys

import polars as pl
import registry_form_words as words
from build_reference_tables import typed_command

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
YEAR = 2026


def patterns() -> pl.DataFrame:
    """Return what plates and VINs look like."""
    schema = ["pattern_id", "region", "pattern", "example", "source", "checked"]
    table = pl.DataFrame(PATTERNS, schema=schema, orient="row")
    return table.with_columns(year=pl.lit(YEAR), unit=pl.lit("regular expression"))


def headers() -> pl.DataFrame:
    """Return the headers by which our columns are known in other tables."""
    lists = {**HEADERS, **words.NATIVE_HEADERS}
    rows = [
        (column, word, language)
        for column, by_language in lists.items()
        for language, text in zip(LANGUAGES, by_language, strict=True)
        for word in text.split("|")
    ]
    table = pl.DataFrame(rows, schema=["column", "word", "language"], orient="row")
    return table.with_columns(source=pl.lit(OWN), year=pl.lit(YEAR), unit=pl.lit("words"), checked=pl.lit("yes"))


def forms() -> pl.DataFrame:
    """Return the columns of each form."""
    table = pl.DataFrame(words.COLUMNS, schema=["form", "role", "headers", "needed", "source", "checked"], orient="row")
    return table.with_columns(year=pl.lit(YEAR), unit=pl.lit("words"))


def form_words() -> pl.DataFrame:
    """Return what the words of each form mean: ``value``, or why a vehicle is left out (``out``)."""
    rows: list[tuple[str, str, str, str, str, str]] = []

    def add(form: str, role: str, text: str, value: str, *, detail: str = "", out: str = "") -> None:
        rows.extend((form, role, word, detail, value, out) for word in text.split("|"))

    for form, fuels in words.FUELS.items():
        for fuel, text in fuels.items():
            add(form, "fuel", text, fuel)
        for why, text in words.OUT_FUELS[form].items():
            add(form, "fuel", text, "", out=why)
    for word, fuel in words.TECHNOLOGIES.items():
        add("emfac", "technology", word, fuel)
    add("emfac", "technology", "FCEV", "", out="fuel cells have no factors in the tables")
    for form, text, detail, name in words.TYPES:
        add(form, "type", text, name, detail=detail)
    for form, why, text in words.OUT_TYPES:
        add(form, "type", text, "", out=why)
    for form, stands_for, name, text in words.MAKES:
        add(form, "make", text, name, detail=stands_for)
    for fuel, text in words.DEFAULT_FUELS.items():
        add("china_stock", "default_fuel", text, fuel)
    for step, text in words.STEPS.items():
        add("china_stock", "standard", text, step)
    for factor, text in words.UNITS.items():
        add("china_stock", "unit", text, factor)
    for (role, ours), text in words.NATIVE_WORDS.items():
        add("native", role, text, ours)
    table = pl.DataFrame(rows, schema=["form", "role", "word", "detail", "value", "out"], orient="row")
    return table.with_columns(
        source=pl.lit("own reading of the form's words"), year=pl.lit(YEAR), unit=pl.lit("words"), checked=pl.lit("no")
    )


def parts() -> pl.DataFrame:
    """Return what vehicles a class of a form is made of."""
    text = [tuple(str(cell) for cell in row) for row in words.PARTS]
    schema = ["form", "class", "fuel", "part", "share", "category", "segment", "gross_mass_kg", "stream", "km_per_year"]
    table = pl.DataFrame(text, schema=[*schema, "source", "checked"], orient="row")
    numbers = table.with_columns(pl.col("share", "gross_mass_kg", "km_per_year").cast(pl.Float64, strict=False))
    return numbers.with_columns(year=pl.lit(YEAR), unit=pl.lit("share of 1; kg; km a year"))


def years() -> pl.DataFrame:
    """Return the model years that words for years stand for."""
    schema = ["form", "type", "word", "model_year", "share", "source", "checked"]
    table = pl.DataFrame(words.YEARS, schema=schema, orient="row")
    return table.with_columns(year=pl.lit(YEAR), unit=pl.lit("share of 1"))


def makes() -> pl.DataFrame:
    """Return the aftertreatment that makers used for a standard, where several were usual."""
    rows = [
        (region, make, category, "diesel", standard, aftertreatment)
        for region, aftertreatment, standards, names in words.AFTERTREATMENT
        for make in names.split("|")
        for standard in standards.split("|")
        for category in ("heavy_truck", "bus")
    ]
    table = pl.DataFrame(
        rows, schema=["region", "make", "category", "fuel", "standard", "aftertreatment"], orient="row"
    )
    return table.with_columns(
        source=pl.lit("makers' usual concept for the standard (recalled)"),
        year=pl.lit(YEAR),
        unit=pl.lit("words"),
        checked=pl.lit("no"),
    )


def tables() -> dict[str, pl.DataFrame]:
    """Return the tables by file name."""
    return {
        "identifier_patterns.csv": patterns(),
        "registry_headers.csv": headers(),
        "registry_forms.csv": forms(),
        "registry_words.csv": form_words(),
        "registry_parts.csv": parts(),
        "registry_years.csv": years(),
        "aftertreatment_makes.csv": makes(),
    }


if __name__ == "__main__":
    sys.exit(typed_command(__doc__, tables))
