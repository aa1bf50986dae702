"""A city's emissions within polygons: tables, map, page."""
