"""Pieces: what is written inside calls that overlap comes out in program order."""

from __future__ import annotations

import contextvars
import io
import logging
import sys
import threading

import pytest

from poppy_ipython.display.output import Piece, ordered


class Publisher:
    def __init__(self) -> None:
        self.shown: list[object] = []

    def publish(self, data: object, **more: object) -> None:
        self.shown.append(data)

    def clear_output(self, wait: bool = False) -> None:
        self.shown.append(("clear", wait))


class Stream(io.StringIO):
    """Writes what it gets to a place that both streams share, its name before it."""

    def __init__(self, name: str, both: io.StringIO) -> None:
        super().__init__()
        self.name = name
        self.both = both

    def write(self, text: str) -> int:
        if text != "\n":
            self.both.write(f"{self.name}:{text} ")
        return len(text)

    def flush(self) -> None:
        self.both.write(f"{self.name}.flush ")


def replaced(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Replace both streams (in the test itself: pytest puts its own in place after the fixtures)."""
    both = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Stream("out", both))
    monkeypatch.setattr(sys, "stderr", Stream("err", both))
    return both


def test_program_order_is_the_order_of_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    with ordered():
        pieces = [Piece() for _ in range(3)]
        for n in (2, 0, 1):
            with pieces[n]:
                print(n)
        print("head")
        for piece in pieces:
            piece.replay()
    assert streams.getvalue() == "out:head out:0 out:1 out:2 "


def test_a_switch_of_streams_flushes(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    with ordered():
        with Piece() as piece:
            print("a")
            print("b", file=sys.stderr)
            print("c")
        piece.replay()
    assert streams.getvalue() == "out:a out.flush err:b err.flush out:c "


def test_displays_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch)
    publisher = Publisher()
    with ordered(publisher):
        with Piece() as late:
            publisher.publish("late")
            publisher.clear_output(wait=True)
        publisher.publish("early")
        late.replay()
    assert publisher.shown == ["early", "late", ("clear", True)]
    assert vars(publisher) == {"shown": publisher.shown}


def test_at_the_head_a_piece_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    with ordered(), Piece() as piece:
        print("kept")
        piece.replay()
        print("live")
        assert streams.getvalue() == "out:kept out:live "


def test_a_dropped_piece_says_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    with ordered():
        with Piece() as piece:
            print("kept")
            piece.drop()
            print("and more")
        piece.replay()
    assert streams.getvalue() == ""


def test_threads_and_copied_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    with ordered():
        piece = Piece()
        with piece:
            context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(print, "in a thread"))
        thread.start()
        thread.join()
        other = threading.Thread(target=print, args=("of the cell",))
        other.start()
        other.join()
        assert streams.getvalue() == "out:of the cell "
        piece.replay()
    assert streams.getvalue() == "out:of the cell out:in a thread "


def test_a_logger_that_holds_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    handler = logging.StreamHandler(sys.stderr)
    with ordered():
        with Piece() as piece:
            handler.emit(logging.makeLogRecord({"msg": "logged"}))
        assert "logged" not in streams.getvalue()
        piece.replay()
    assert "err:logged" in streams.getvalue()


def test_streams_are_themselves_and_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = replaced(monkeypatch)
    stdout = sys.stdout
    before = dict(vars(stdout))
    with ordered():
        assert sys.stdout is stdout
        with ordered():
            print("nested")
    assert vars(stdout) == before
    assert streams.getvalue() == "out:nested "


def test_somebody_elses_replacement_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch)
    stdout = sys.stdout
    seen: list[str] = []
    with ordered():
        stdout.write = seen.append  # type: ignore[method-assign, assignment]
    stdout.write("x")
    assert seen == ["x"]


def test_one_object_for_both_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    with ordered():
        with Piece() as piece:
            print("a")
            print("b", file=sys.stderr)
        assert stream.getvalue() == ""
        piece.replay()
    assert stream.getvalue() == "a\nb\n"


def test_no_streams_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with ordered(), Piece() as piece:
        print("nowhere")
        piece.replay()
