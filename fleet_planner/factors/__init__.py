"""Emission factors: published tables, bridged and sampled; stand-ins named; single answers exact."""
