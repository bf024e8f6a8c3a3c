"""What can go wrong with a recording, as errors that say what to do.

    RecordError                    (a mistake in what was asked, or a file that cannot be used: nothing was run)
    ├── BadRecording               the file is damaged, or not ours
    ├── NoRecording                there is none of that name
    └── CheckRefused               `--check` would do something twice, or cannot copy something
    MissingCall (BaseException)    the replayed cell makes a call that the recording lacks

`MissingCall` is no `Exception`: a cell that catches the failures of its calls (`except Exception: answers.append(None)`)
would otherwise go on with an answer that nobody gave.
"""

from __future__ import annotations

__all__ = ["BadRecording", "CheckRefused", "MissingCall", "NoRecording", "RecordError", "Unstorable"]


class RecordError(Exception):
    """A recording that cannot be made, found or used."""


class BadRecording(RecordError):
    """The file is damaged, or something else than a recording."""


class NoRecording(RecordError):
    """There is no recording of that name."""


class CheckRefused(RecordError):
    """`--check` cannot compare without doing harm. `names` are what stands in the way."""

    def __init__(self, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.names = names


class MissingCall(BaseException):
    """A call that the recording lacks."""


class Unstorable(Exception):
    """A value that no text in a file can stand for; the message says which."""
