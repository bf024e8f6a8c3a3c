"""limit() and pyproject.toml: what is said, what is refused, and which calls it bounds."""

from __future__ import annotations

import pytest

from poppy_ipython.backends.limits import BadLimit, Book


def ask(): ...


def search(): ...


@pytest.fixture
def book():
    return Book(file=False)


@pytest.mark.parametrize(
    ("targets", "figures", "words"),
    [
        ((), {"calls": 1}, "needs what it limits"),
        ((ask,), {}, "limits nothing"),
        ((ask,), {"calls": 0}, "at least 1"),
        ((ask,), {"calls": -3}, "at least 1"),
        ((ask,), {"calls": 2.5}, "whole number"),
        ((ask,), {"calls": True}, "whole number"),
        ((ask,), {"calls": "4"}, "whole number"),
        ((ask,), {"per_minute": 0}, "at least 1"),
        ((ask,), {"per_minute": float("nan")}, "number is expected"),
        ((ask,), {"tokens_per_minute": float("inf")}, "leave it out"),
        ((ask,), {"tokens_per_minute": -1}, "at least 1"),
        ((ask,), {"calls": 1, "tokens": len}, "beside tokens_per_minute"),
        (("",), {"calls": 1}, "a name is expected"),
        ((3,), {"calls": 1}, "a function, or the name"),
    ],
)
def test_what_cannot_be_meant_is_refused(book, targets, figures, words):
    with pytest.raises(BadLimit, match=words):
        book.limit(*targets, **figures)
    assert not book.some and book.version == 0


def test_two_limits_of_one_function_contradict_each_other(book):
    both = book.limit(ask, search, calls=4)
    with pytest.raises(BadLimit, match=r"limit\(.*ask, calls=8\) contradicts limit\(.*ask, .*search, calls=4\)"):
        book.limit(ask, calls=8)
    assert book.of(ask, "h", None) == (both,)
    both.remove()
    alone = book.limit(ask, calls=8)
    assert book.of(ask, "h", None) == (alone,) and book.of(search, "h", None) == ()


def test_saying_it_again_replaces_it_and_goes_on_counting(book):
    first = book.limit(ask, search, calls=4)
    again = book.limit(search, ask, calls=9)
    assert book.of(ask, "h", None) == (again,) and again.identity is first.identity


def test_a_limit_finds_calls_by_function_host_name_and_resource(book):
    class Client:
        def get(self): ...

    one = book.limit(Client.get, calls=1)
    host, name, resource = (book.limit(key, calls=1) for key in ("api.example.org", "tests.backends.test_limits.ask", "db"))
    assert book.of(Client().get, "x", None) == (one,)
    assert book.of(ask, "api.example.org", "db") == (host, name, resource)
    assert book.of(ask, "elsewhere", [1]) == (name,)
    assert book.of(search, "api.example.org", None) == (host,)


# ------------------------------------------------------------------ pyproject.toml


@pytest.fixture
def file(tmp_path, monkeypatch):
    inner = tmp_path / "notebooks" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return tmp_path / "pyproject.toml"


def test_the_nearest_pyproject_is_read_and_read_again_when_it_changes(file):
    book = Book()
    file.write_text('[tool.poppy_ipython.limits]\nh = { calls = 3, per_minute = 60.5 }\n"tests.backends.test_limits.ask" = { calls = 2 }')
    book.refresh()
    assert [str(one) for one in book.of(ask, "h", None)] == ["limit(h, calls=3, per_minute=60.5)", "limit(tests.backends.test_limits.ask, calls=2)"]
    version = book.version
    book.refresh()
    assert book.version == version
    file.write_text("[tool.poppy_ipython.limits]\nh = { calls = 4 }\n# longer than before, so that it is seen to have changed at once")
    book.refresh()
    assert [one.calls for one in book.of(ask, "h", None)] == [4]
    said = book.limit("h", calls=9)
    assert book.of(ask, "h", None) == (said,), "the code goes before the file"
    file.unlink()
    book.refresh()
    assert book.of(ask, "h", None) == (said,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.poppy_ipython.limits]\nh = { calls = 0 }", r"limits\]: limit\(h, calls=0\): at least 1"),
        ("[tool.poppy_ipython.limits]\nh = { call = 1 }", "h has no 'call'; known are calls"),
        ("[tool.poppy_ipython.limits]\nh = 4", "expected for example"),
        ("[tool.poppy_ipython]\nlimits = 4", "a table of names"),
        ("[tool", "cannot be read"),
        ("tool = 3", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_name(file, text, words):
    file.write_text(text)
    book = Book()
    with pytest.raises(BadLimit, match=words) as caught:
        book.refresh()
    assert str(file) in str(caught.value)
    with pytest.raises(BadLimit):
        book.refresh()


def test_a_run_with_such_a_file_ends_with_that_error_and_runs_nothing(file):
    import poppy_ipython

    file.write_text("[tool.poppy_ipython.limits]\nh = { calls = -1 }")
    found = poppy_ipython.run("x = 1", namespace := {})
    assert isinstance(found.error, BadLimit) and "x" not in namespace
    file.unlink()
    assert poppy_ipython.run("x = 1", namespace).error is None and namespace["x"] == 1


def test_calls_in_threads_of_the_users_own_are_outside_of_it():
    import threading

    import poppy_ipython

    together = threading.Barrier(3)

    @poppy_ipython.unordered
    def meet():
        together.wait(20)

    limited = poppy_ipython.limit(meet, calls=1)
    try:
        source = "them = [threading.Thread(target=meet) for _ in range(3)]\nfor one in them: one.start()\nfor one in them: one.join()"
        run = poppy_ipython.run(source, {"meet": meet, "threading": threading})
    finally:
        limited.remove()
    assert run.error is None and not together.broken and len(run.calls) == 0
