"""One process a module: what an engine, tank, tyre, brake, heater or fuel emits, by its published equation."""
