"""Measurements: each script prints the figures that the documentation quotes."""
