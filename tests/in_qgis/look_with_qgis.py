"""Open a GeoPackage with QGIS and draw all of it; JSON on stdout. Runs in the Python that has PyQGIS, not in ours.

Usage: QT_QPA_PLATFORM=offscreen python3 look_with_qgis.py FILE.gpkg FOLDER

FOLDER gets a PNG of each style of each layer and of each project.
"""

import json
import sqlite3
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtXml import QDomDocument

WIDTH, HEIGHT = 800, 640
MARGIN = 1.05


def coloured_share(image):
    """Return the share of pixels that are not white, and the number of colours."""
    image = image.convertToFormat(QImage.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    pixels = bytes(bits)
    seen = [pixels[i : i + 3] for i in range(0, len(pixels), 4)]
    white = b"\xff\xff\xff"
    return 1.0 - seen.count(white) / len(seen), len(set(seen))


def draw(layers, crs, extent, path):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setTransformContext(QgsProject.instance().transformContext())
    extent.scale(MARGIN)
    if extent.width() == 0.0 or extent.height() == 0.0:
        extent.grow(max(extent.width(), extent.height(), 0.002))  # of a point, or of points in a row
    settings.setExtent(extent)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(str(path))
    share, colours = coloured_share(image)
    return {"share": share, "colours": colours, "errors": [e.message for e in job.errors()]}


def legend(layer):
    renderer = layer.renderer()
    return [item.label() for item in renderer.legendSymbolItems()]


def look_at_layer(file, name, folder):
    layer = QgsVectorLayer(f"{file}|layername={name}", name, "ogr")
    fields = layer.fields()
    out = {
        "valid": layer.isValid(),
        "spatial": layer.isSpatial(),
        "crs": layer.crs().authid(),
        "features": layer.featureCount(),
        "rows_read": sum(1 for _ in layer.getFeatures()),
        "fields": {f.name(): f.typeName() for f in fields},
        "titles": {fields[i].name(): layer.attributeDisplayName(i) for i in range(fields.count())},
        "abstract": layer.metadata().abstract(),
        "rights": list(layer.metadata().rights()),
        "styles": {},
    }
    if not layer.isSpatial():
        return out
    out["renderer"] = layer.renderer().type()
    out["index"] = int(layer.hasSpatialIndex())
    number, ids, names, _, _ = layer.listStylesInDatabase()
    for key, style in zip(ids[:number], names[:number]):
        text, error = layer.getStyleFromDatabase(key)
        document = QDomDocument()
        document.setContent(text)
        good, why = layer.importNamedStyle(document)
        safe = "".join(c if c.isalnum() else "_" for c in style)
        drawn = draw([layer], layer.crs(), layer.extent(), folder / f"{name}-{safe}.png")
        renderer = layer.renderer()
        attribute = renderer.classAttribute() if renderer.type() == "graduatedSymbol" else ""
        out["styles"][style] = drawn | {
            "error": error if not good else "",
            "why": why,
            "renderer": renderer.type(),
            "attribute": attribute,
            "legend": legend(layer),
        }
    return out


def look_at_project(file, name, folder):
    project = QgsProject.instance()
    project.clear()
    read = project.read(f"geopackage:{file}?projectName={name}")
    root = project.layerTreeRoot()
    shown = [node.layer() for node in root.findLayers() if node.itemVisibilityChecked()]
    out = {
        "read": read,
        "error": project.error(),
        "title": project.title(),
        "crs": project.crs().authid(),
        "themes": project.mapThemeCollection().mapThemes(),
        "groups": {
            group.name(): {
                node.name(): {
                    "valid": node.layer() is not None and node.layer().isValid(),
                    "shown": node.itemVisibilityChecked(),
                    "styles": list(node.layer().styleManager().styles()) if node.layer() else [],
                    "titles": [node.layer().attributeDisplayName(i) for i in range(node.layer().fields().count())],
                }
                for node in group.findLayers()
            }
            for group in root.findGroups()
        },
    }
    # the theme's styles exist: setting each one leaves its layers with the style that it names
    themes = project.mapThemeCollection()
    out["broken_themes"] = [
        [theme, record.currentStyle]
        for theme in themes.mapThemes()
        for record in themes.mapThemeState(theme).layerRecords()
        if record.currentStyle and record.currentStyle not in record.layer().styleManager().styles()
    ]
    extent = project.viewSettings().defaultViewExtent()
    out["view"] = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
    if shown:
        out["drawn"] = draw(shown, project.crs(), extent, folder / f"project-{name}.png")
    project.clear()
    return out


def main():
    file, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    application = QgsApplication([], False)
    application.initQgis()
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    names = [r[0] for r in database.execute("SELECT table_name FROM gpkg_contents ORDER BY rowid")]
    projects = [r[0] for r in database.execute("SELECT name FROM qgis_projects ORDER BY name")]
    database.close()
    out = {
        "layers": {n: look_at_layer(file, n, folder) for n in names},
        "projects": {n: look_at_project(file, n, folder) for n in projects},
    }
    sys.stdout.write(json.dumps(out))
    sys.stdout.flush()
    application.exitQgis()


main()
