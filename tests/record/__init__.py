"""Recorded runs: kept, played back, compared."""
