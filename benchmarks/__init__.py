"""Measurements: `python -m benchmarks`. Every number in the README comes from here; none of it is a timed test."""
