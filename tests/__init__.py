"""Tests. A package, so that `python -m tests.fuzz` and the witness cells share the fuzzer's world."""
