"""Who performs calls: asyncio, threads, a simulated clock, all behind one seam (base.py)."""

from poppy_ipython.backends.clock import SimulatedDispatcher
from poppy_ipython.backends.dispatch import LiveDispatcher

__all__ = ["LiveDispatcher", "SimulatedDispatcher"]
