"""Counts, detectors and probes: read, matched to links, fitted to."""
