"""What one test came to, in words that two processes can compare."""

from __future__ import annotations

import contextlib
import io
import re
import unittest
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_SCRATCH = re.compile(r"@?test_\d+_tmp\S*|/tmp/\S+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is passed, failed, error, skipped, expected or unexpected; ``text`` the exception or the reason."""

    name: str
    status: str
    text: str = ""
    printed: str = ""

    def as_row(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.status} {self.text}".strip() + (f" [{self.printed}]" if self.printed else "")


def words(error: BaseException) -> str:
    """Type and message, without addresses and names of scratch files.

    >>> words(ValueError("at 0x7f0011223344"))
    'ValueError: at 0x…'
    """
    try:
        message = str(error)
    except Exception as worse:
        message = f"<{type(worse).__name__} in str()>"
    text = f"{type(error).__name__}: {message}"
    if isinstance(error, BaseExceptionGroup):
        text += " (" + ", ".join(words(one) for one in error.exceptions) + ")"
    return _SCRATCH.sub("tmp…", _ADDRESS.sub("0x…", text))[:2000]


class Results(unittest.TestResult):
    """Hands every outcome on as it comes."""

    def __init__(self, begin: Callable[[str], None], end: Callable[[Outcome], None]) -> None:
        super().__init__()
        self._begin, self._end = begin, end
        self._found: list[tuple[str, str]] = []
        self._output = io.StringIO()
        self._redirected = contextlib.ExitStack()

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self._found = []
        self._output = io.StringIO()
        self._redirected = contextlib.ExitStack()
        self._redirected.enter_context(contextlib.redirect_stdout(self._output))
        self._redirected.enter_context(contextlib.redirect_stderr(io.StringIO()))  # warnings come when the collector does
        self._begin(name_of(test))

    def stopTest(self, test: Any) -> None:
        self._redirected.close()
        super().stopTest(test)
        status = self._found[0][0] if self._found else "passed"
        printed = _SCRATCH.sub("tmp…", _ADDRESS.sub("0x…", self._output.getvalue()))[:2000]
        self._end(Outcome(name_of(test), status, " | ".join(text for _, text in self._found), printed))

    def _fixture(self, test: Any, status: str, text: str) -> bool:
        """Something went wrong around the tests, in ``setUpClass`` and the like."""
        if isinstance(test, unittest.TestCase):
            return False
        self._end(Outcome(str(test), status, text))
        return True

    def addError(self, test: Any, err: Any) -> None:
        if not self._fixture(test, "error", words(err[1])):
            self._found.append(("error", words(err[1])))

    def addFailure(self, test: Any, err: Any) -> None:
        self._found.append(("failed", words(err[1])))

    def addSkip(self, test: Any, reason: str) -> None:
        if not self._fixture(test, "skipped", reason):
            self._found.append(("skipped", reason))

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._found.append(("expected", words(err[1])))

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._found.append(("unexpected", ""))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            status = "failed" if issubclass(err[0], test.failureException) else "error"
            self._found.append((status, f"{_ADDRESS.sub('0x…', subtest._subDescription())} {words(err[1])}"))


def name_of(test: Any) -> str:
    """`test_with.NestedWith.test_x`, whatever package the module was in."""
    name: str = test.id()
    return _ADDRESS.sub("0x…", name.removeprefix("test."))


def tests_of(suite: Any) -> list[Any]:
    """The tests of a suite, in their order."""
    found: list[Any] = []
    for test in suite:
        found += tests_of(test) if isinstance(test, unittest.TestSuite) else [test]
    return found


__all__ = ["Outcome", "Results", "name_of", "tests_of", "words"]
