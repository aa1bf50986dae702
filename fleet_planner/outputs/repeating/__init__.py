"""Commands run again from their manifests, and compared byte for byte."""
