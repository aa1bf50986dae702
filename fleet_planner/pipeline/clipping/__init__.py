"""A city's emissions within polygons."""
