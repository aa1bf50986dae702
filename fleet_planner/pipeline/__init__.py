"""The order of the steps: a plan file in, results out."""
