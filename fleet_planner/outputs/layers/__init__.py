"""Tables and layers for GIS: GeoPackage with styles, NetCDF."""
