"""Native speed: cells without an external call, under the engine and as Python runs them. See `speed.py`."""
