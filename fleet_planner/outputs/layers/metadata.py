"""Metadata of a GeoPackage: as QGIS shows them, and as ISO 19115 for catalogues."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from fleet_planner.outputs.layers.layer import Layer

STAMP = "2000-01-01T00:00:00.000Z"
"""Stands in every time column, so that equal results give equal files; the manifest has the real time."""
QGIS_STANDARD = "http://mrcc.com/qgis.dtd"
ISO_STANDARD = "http://www.isotc211.org/2005/gmd"
LINE = "\n"


def write_metadata(database: sqlite3.Connection, layers: Sequence[Layer], about: Mapping[str, str]) -> None:
    """Fill the tables of the metadata extension: the whole file and each layer."""
    _create_tables(database)
    bounds = file_bounds(database)
    _add(database, "", ISO_STANDARD, iso_xml(about, bounds))
    _add(database, "", QGIS_STANDARD, qgis_xml("city", about["TITLE"], about["ABSTRACT"], about))
    for layer in layers:
        told = layer.text
        abstract = f"{told.descriptions['en']}. {told.descriptions['zh']}。 {about['SCENARIOS']}"
        _add(database, layer.name, QGIS_STANDARD, qgis_xml(layer.name, told.titles["en"], abstract, about))


def file_bounds(database: sqlite3.Connection) -> tuple[float, float, float, float]:
    """Return west, south, east and north of all layers, degrees; noughts where no layer has a row."""
    row = database.execute(
        "SELECT MIN(min_x), MIN(min_y), MAX(max_x), MAX(max_y) FROM gpkg_contents WHERE data_type = 'features'"
    ).fetchone()
    return (0.0, 0.0, 0.0, 0.0) if row[0] is None else row


def qgis_xml(identifier: str, title: str, abstract: str, about: Mapping[str, str]) -> str:
    """Return metadata in the form that QGIS shows with a layer."""
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        f'<qgis version="3.28.0">{qgis_metadata(identifier, title, abstract, about)}</qgis>'
    )


def qgis_metadata(identifier: str, title: str, abstract: str, about: Mapping[str, str]) -> str:
    """Return the elements of QGIS' metadata: what, whose, under which licence, made from what."""
    history = "".join(f"<history>{escape(line)}</history>" for line in _lines(about, "LINEAGE"))
    return (
        f"<identifier>{escape(identifier)}</identifier><language>ENG</language><type>dataset</type>"
        f"<title>{escape(title)}</title><abstract>{escape(abstract)}</abstract>{history}"
        f"<rights>{escape(about['ATTRIBUTION'])}</rights><license>{escape(about['LICENSE'])}</license>"
        '<encoding>UTF-8</encoding><crs><spatialrefsys nativeFormat="Wkt"><authid>EPSG:4326</authid>'
        "</spatialrefsys></crs>"
    )


def iso_xml(about: Mapping[str, str], bounds: tuple[float, float, float, float]) -> str:
    """Return metadata of the whole file as ISO 19115 in the XML of ISO 19139.

    Parameters
    ----------
    about
        As `geopackage_tables.finish` takes it.
    bounds
        West, south, east, north, degrees.
    """
    sides = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
    value = dict(zip(sides, bounds, strict=True))
    box = "".join(
        _wrap(f"gmd:{side}", f"<gco:Decimal>{value[side]:.6f}</gco:Decimal>")
        for side in (sides[0], sides[2], sides[1], sides[3])
    )
    citation = _wrap("gmd:title", _words(about["TITLE"]))
    if about.get("TITLE_ZH"):
        citation += _wrap("gmd:alternateTitle", _words(about["TITLE_ZH"]))
    date = f"<gco:Date>{about['YEAR']}</gco:Date>" if about.get("YEAR") else ""
    citation += _wrap(
        "gmd:date",
        _wrap(
            "gmd:CI_Date",
            (_wrap("gmd:date", date) if date else _missing("gmd:date"))
            + _code("dateType", "CI_DateTypeCode", "creation"),
        ),
    )
    rights = "".join(_wrap("gmd:useLimitation", _words(about[key])) for key in ("ATTRIBUTION", "LICENSE") if about[key])
    identity = (
        _wrap("gmd:citation", _wrap("gmd:CI_Citation", citation))
        + _wrap("gmd:abstract", _words(f"{about['ABSTRACT']} {about['SCENARIOS']}".strip()))
        + _wrap("gmd:resourceConstraints", _wrap("gmd:MD_Constraints", rights))
        + _wrap("gmd:language", _words("eng"))
        + _wrap("gmd:topicCategory", "<gmd:MD_TopicCategoryCode>transportation</gmd:MD_TopicCategoryCode>")
        + _wrap(
            "gmd:extent",
            _wrap("gmd:EX_Extent", _wrap("gmd:geographicElement", _wrap("gmd:EX_GeographicBoundingBox", box))),
        )
    )
    frame = _wrap("gmd:code", _words("EPSG:4326"))
    lineage = _words(LINE.join(_lines(about, "LINEAGE")) or "See the tables sources and assumptions.")
    quality = _wrap(
        "gmd:DQ_DataQuality",
        _wrap("gmd:scope", _wrap("gmd:DQ_Scope", _code("level", "MD_ScopeCode", "dataset")))
        + _wrap("gmd:lineage", _wrap("gmd:LI_Lineage", _wrap("gmd:statement", lineage))),
    )
    body = (
        _wrap("gmd:language", _words("eng"))
        + _code("hierarchyLevel", "MD_ScopeCode", "dataset")
        + _missing("gmd:contact")
        + _missing("gmd:dateStamp")
        + _wrap("gmd:metadataStandardName", _words("ISO 19115:2003/19139"))
        + _wrap(
            "gmd:referenceSystemInfo",
            _wrap("gmd:MD_ReferenceSystem", _wrap("gmd:referenceSystemIdentifier", _wrap("gmd:RS_Identifier", frame))),
        )
        + _wrap("gmd:identificationInfo", _wrap("gmd:MD_DataIdentification", identity))
        + _wrap("gmd:dataQualityInfo", quality)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" '
        f'xmlns:gco="http://www.isotc211.org/2005/gco">{body}</gmd:MD_Metadata>'
    )


def _lines(about: Mapping[str, str], key: str) -> list[str]:
    return [line for line in about.get(key, "").split(LINE) if line]


def _wrap(element: str, inner: str) -> str:
    return f"<{element}>{inner}</{element}>"


def _words(text: str) -> str:
    return f"<gco:CharacterString>{escape(text)}</gco:CharacterString>"


def _missing(element: str) -> str:
    return f'<{element} gco:nilReason="missing"/>'


def _code(element: str, kind: str, value: str) -> str:
    """Return an entry of one of ISO's code lists."""
    place = f"http://www.isotc211.org/2005/resources/codeList.xml#{kind}"
    return _wrap(f"gmd:{element}", f'<gmd:{kind} codeList="{place}" codeListValue="{value}">{value}</gmd:{kind}>')


def _create_tables(database: sqlite3.Connection) -> None:
    """Create the tables of the metadata extension and register it."""
    database.execute(
        "CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, "
        "md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, "
        "mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '')"
    )
    database.execute(
        "CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, "
        "row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), "
        "md_file_id INTEGER NOT NULL, md_parent_id INTEGER, "
        "CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id), "
        "CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id))"
    )
    for table in ("gpkg_metadata", "gpkg_metadata_reference"):
        database.execute(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) VALUES "
            "(?, NULL, 'gpkg_metadata', 'http://www.geopackage.org/spec120/#extension_metadata', 'read-write')",
            (table,),
        )


def _add(database: sqlite3.Connection, layer: str, standard: str, text: str) -> None:
    """Add metadata of a layer ("" for the whole file)."""
    cursor = database.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) "
        "VALUES ('dataset', ?, 'text/xml', ?)",
        (standard, text),
    )
    database.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id, timestamp) VALUES (?, ?, ?, ?)",
        ("table" if layer else "geopackage", layer or None, cursor.lastrowid, STAMP),
    )
