"""Alternatives, profiles, objectives."""
