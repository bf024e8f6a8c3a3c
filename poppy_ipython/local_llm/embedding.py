"""Embeddings: texts that share words lie close together.

Feature hashing of stems into a fixed number of dimensions, log-damped and normalised. The hash is blake2b, not `hash()`,
which differs from process to process.
"""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections import Counter
from functools import lru_cache

from poppy_ipython.local_llm.text import content

DIMENSIONS = 256


@lru_cache(maxsize=16384)
def place(stem: str) -> tuple[int, float]:
    digest = int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=8).digest(), "big")
    return digest >> 1, 1.0 if digest & 1 else -1.0


def embed(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A unit vector."""
    vector = [0.0] * dimensions
    for stem, count in Counter(content(text) or [text]).items():
        where, sign = place(stem)
        vector[where % dimensions] += sign * (1 + math.log(count))
    length = math.sqrt(sum(one * one for one in vector))
    if not length:  # every stem met its opposite
        vector[0] = length = 1.0
    return [one / length for one in vector]


def encoded(vector: list[float], encoding: str) -> list[float] | str:
    """As JSON numbers, or as base64 of float32, which the openai client asks for."""
    if encoding == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector
