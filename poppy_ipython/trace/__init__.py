"""The record of a run: events while it runs, a frozen `Trace` afterwards, and what follows from it."""
