"""One kernel per test module, with the extension loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    started = Kernel()
    try:
        loaded = started.run("%load_ext poppy_ipython")
        assert loaded.reply["status"] == "ok" and not loaded.outputs, loaded
        yield started
    finally:
        started.close()
