"""The profile store: what it keeps, for how long, and what it does with files that it cannot use."""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3

import pytest
from IPython.core.error import UsageError

from poppy_ipython.choose import BadProfile, PerToken, alternatives, option
from poppy_ipython.choose.alternatives import Option
from poppy_ipython.choose.profiles import Observation, estimate, machine, profile_of
from poppy_ipython.choose.store import KEPT, Store
from poppy_ipython.commands import command
from tests.choose.simulated import play
from tests.choose.test_alternatives import large, small


def rows(key="f", seconds=(1.0, 1.2, 0.8), **more):
    return [Observation(key, one, machine=machine(), **more) for one in seconds]


def test_what_is_added_is_there_for_the_next_session(tmp_path):
    path = tmp_path / "p.sqlite"
    Store(path).add(rows())
    profile = Store(path).profile("f")
    assert (profile.count, profile.mean) == (3, pytest.approx(1.0))
    assert path.stat().st_mode & 0o077 == 0


def test_latency_is_a_line_of_the_size_where_sizes_differ():
    draw = random.Random(1)
    seen = [Observation("f", (0.5 + size / 1000) * draw.uniform(0.95, 1.05), size=size) for size in range(0, 2000, 50)]
    profile = profile_of("f", seen)
    assert profile.seconds(1000) == pytest.approx(1.5, rel=0.05)
    assert profile.spread < 0.05


def test_noise_makes_no_slope():
    draw = random.Random(2)
    seen = [Observation("f", draw.uniform(0.5, 1.5), size=draw.uniform(0, 100)) for _ in range(40)]
    assert profile_of("f", seen).slope == 0.0


def test_the_store_is_bounded(tmp_path):
    store = Store(tmp_path / "p.sqlite")
    for _ in range(4):
        store.add(rows(seconds=[1.0] * (KEPT // 2)))
    store.add(rows("g"))
    assert len(store.observations("f")) == KEPT
    assert len(store.observations("g")) == 3
    for number in range(60):
        store.keep(f"cell {number}", "{}")
    assert store.trace("cell 59") == "{}"
    assert Store(store.path).trace("cell 1") is None


def test_a_profile_of_another_machine_stands_in_until_there_is_one_of_this():
    there = [Observation("f", 9.0, machine="elsewhere x86"), Observation("f", 9.2, machine="elsewhere x86")]
    assert profile_of("f", there).elsewhere
    assert profile_of("f", there).spread >= 0.2  # and is trusted less
    both = profile_of("f", [*there, *rows()])
    assert (both.elsewhere, both.mean) == (False, pytest.approx(1.0))
    assert "on another machine" in estimate(Option("f"), profile_of("f", there)).sure


def test_a_damaged_file_is_moved_aside_and_named(tmp_path):
    path = tmp_path / "p.sqlite"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    store = Store(path)
    store.add(rows())
    assert (tmp_path / "p.damaged-1").read_bytes().startswith(b"this is no")
    assert "p.damaged-1" in store.notices[0]
    store.add(rows())
    assert Store(path).profile("f").count == 6


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "p.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.execute("create table other (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    store = Store(path)
    store.add(rows())
    assert store.profile("f").count == 3  # for this session
    assert path.read_bytes() == before
    assert "newer poppy_ipython (format 99" in store.notices[0]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "p.sqlite")
    store.add(rows())
    assert store.profile("f").count == 3
    assert "not kept" in store.notices[0]


def _writes(path, name):
    store = Store(path)
    for _ in range(20):
        store.add(rows(name, seconds=[1.0]))


def test_two_kernels_lose_nothing(tmp_path):
    path = tmp_path / "p.sqlite"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_writes, args=(path, name)) for name in "fg"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [len(Store(path).observations(name)) for name in "fg"] == [20, 20]


def test_export_and_import(tmp_path):
    store, other = Store(tmp_path / "a.sqlite"), Store(tmp_path / "b.sqlite")
    store.add(rows(price=0.01, quality=0.5))
    assert store.export(tmp_path / "out.json") == 3
    assert other.load(tmp_path / "out.json") == 3
    assert other.profile("f") == store.profile("f")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is damaged"),
        ("[]", "has no profiles"),
        ('{"format": "poppy_ipython.profiles", "version": 7, "observations": []}', "newer poppy_ipython"),
        ('{"format": "poppy_ipython.profiles", "version": 1, "observations": [{"key": "f"}]}', "is damaged"),
        ('{"format": "poppy_ipython.profiles", "version": 1, "observations": [{"key": "f", "seconds": -1}]}', "is damaged"),
        ('{"format": "poppy_ipython.profiles", "version": 1}', "is damaged"),
    ],
)
def test_a_file_that_cannot_be_imported_changes_nothing(tmp_path, text, said):
    store = Store(tmp_path / "p.sqlite")
    (tmp_path / "in.json").write_text(text)
    with pytest.raises(BadProfile, match=said):
        store.load(tmp_path / "in.json")
    with pytest.raises(BadProfile, match="No such file"):
        store.load(tmp_path / "missing.json")
    assert store.names() == []


def test_runs_feed_it_and_the_command_shows_it(tmp_path):
    caption = alternatives(option(large, price=0.01, seconds=0.5), option(small, seconds=0.2, power=360))
    played = play("out = [caption(t) for t in 'abcd']", {"caption": caption}, noise=0.2)
    assert played.error is None
    shown = command("profiles", None, None, None).splitlines()
    assert shown[0].split()[:3] == ["alternative", "calls", "failed"]
    assert "large" in shown[1] and " 4 " in shown[1] and "●" in shown[1]
    assert command(f"profiles export {tmp_path}/x.json", None, None, None).startswith("4 observations written")
    assert len(json.loads((tmp_path / "x.json").read_text())["observations"]) == 4
    assert command("profiles clear", None, None, None) == "4 observations forgotten."
    assert command(f"profiles import {tmp_path}/x.json", None, None, None).startswith("4 observations")
    with pytest.raises(UsageError, match="usage: %poppy profiles"):
        command("profiles explode", None, None, None)
    with pytest.raises(UsageError, match="No such file"):
        command("profiles import nowhere.json", None, None, None)


def test_marks_become_the_quality_of_a_profile():
    caption = alternatives(large, small)
    run = play("out = [caption(t) for t in 'ab']", {"caption": caption}).run
    run.rate(1, 0.9)
    run.rate(2, 0.7)
    assert run.chosen.store.profile(caption.options[0].key).quality == pytest.approx(0.8)
    for number, mark, said in ((9, 0.5, "had no alternatives"), (1, 2, "from 0 to 1")):
        with pytest.raises(ValueError, match=said):
            run.rate(number, mark)


def test_prices_by_tokens_follow_what_was_seen():
    one = option(large, price=PerToken(1, 10))
    assert estimate(one, None).price is None
    seen = profile_of("f", rows(sent=1000, received=100))
    assert estimate(one, seen).price == pytest.approx(0.002)
