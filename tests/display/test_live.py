"""The live view in a real kernel, with a front end that is this test: what is sent, Stop, and what a failing one may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.display.test_page import saved_data
from tests.jupyter.kernel import PATIENCE, Kernel

WIDGET = "application/vnd.jupyter.widget-view+json"
SETUP = """
%load_ext poppy_ipython
%poppy set view=live
import threading
from poppy_ipython import unordered
gate = threading.Event()
get_ipython().kernel.comm_manager.register_target("gate", lambda comm, message: gate.set())
@unordered
def ask(question):
    gate.wait(20)
    return f"answer to {question if type(question) is int else len(question)}"
class Shy:
    def __repr__(self): raise RuntimeError("never evaluated")
"""


class FrontEnd:
    """Runs cells, keeps what a page would get, and answers."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.messages: list[tuple[str, Any]] = []
        self.model = ""

    def say(self, kind: str, **content: Any) -> None:
        client = self.kernel.client
        client.shell_channel.send(client.session.msg(kind, content))

    def custom(self, **content: Any) -> None:
        self.say("comm_msg", comm_id=self.model, data={"method": "custom", "content": content})

    def open_gate(self) -> None:
        self.say("comm_open", comm_id="gate-opener", target_name="gate", data={})

    def run(self, code: str, seen: Any = lambda kind, content: None) -> list[tuple[str, Any]]:
        """Run a cell to its end; `seen` is called with each message of the cell and of the view."""
        self.messages = []
        request = self.kernel.client.execute(code)
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            kind, content = message["msg_type"], message["content"]
            if kind == "status":
                if content["execution_state"] == "idle" and message["parent_header"].get("msg_id") == request:
                    return self.messages
                continue
            if kind == "comm_open":
                self.model = content["comm_id"]
            self.messages.append((kind, content))
            seen(kind, content)

    def of(self, kind: str) -> list[Any]:
        return [content for found, content in self.messages if found == kind]

    @property
    def sent(self) -> list[Any]:
        """The view's messages."""
        return [c["data"]["content"] for c in self.of("comm_msg") if c["data"].get("method") == "custom"]


@pytest.fixture(scope="module")
def page() -> Any:
    kernel = Kernel()
    try:
        front = FrontEnd(kernel)
        front.run(SETUP)
        yield front
    finally:
        kernel.close()


def first_full(kind: str, content: Any) -> bool:
    return kind == "comm_msg" and content["data"].get("content", {}).get("t") == "full"


def test_a_run_opens_a_widget_and_leaves_a_picture(page: FrontEnd) -> None:
    page.run(
        "%%poppy\ngate.clear()\nout = [ask(n) for n in range(5)]\nlast = ask(out)\nprint(len(out))",
        lambda kind, content: first_full(kind, content) and page.open_gate(),
    )
    (opened,) = page.of("comm_open")
    assert opened["target_name"] == "jupyter.widget" and len(str(opened["data"])) < 5_000
    (shown,) = [c for c in page.of("display_data") if WIDGET in c["data"]]
    assert shown["data"][WIDGET]["model_id"] == opened["comm_id"]
    (picture,) = page.of("update_display_data")
    assert picture["transient"] == shown["transient"]
    assert f"poppy-run-{opened['data']['state']['run']}" in picture["data"]["image/svg+xml"]
    assert WIDGET not in picture["data"] and len(picture["data"]["image/svg+xml"]) < 40_000
    assert [c["text"] for c in page.of("stream")] == ["5\n"]

    messages = [m for m in page.sent if m["t"] in ("full", "delta")]
    first, last = messages[0], messages[-1]
    assert first["t"] == last["t"] == "full" and first["ended"] is None and last["ended"] > 0
    rows = {}
    for message in messages[:-1]:
        rows.update({row[0]: row for row in message["rows"]})
    assert len(rows) == 6 and len(last["rows"]) == 6
    assert {row[13] for row in last["rows"]} == {2}  # ok
    assert [edge[0] for edge in last["rows"][5][14]] == [1, 2, 3, 4, 5]
    assert last["path"] and last["title"].startswith("In [")
    assert "answer to" not in str(messages)  # names and times only


def test_values_come_when_they_are_asked_for(page: FrontEnd) -> None:
    def seen(kind: str, content: Any) -> None:
        if first_full(kind, content) and not asked:
            asked.append(True)
            page.custom(ask="values", number=2)
            page.custom(ask="values", number="nonsense")
            page.custom(ask="bundle")
        if kind == "comm_msg" and content["data"].get("content", {}).get("t") == "bundle":
            page.open_gate()

    asked: list[bool] = []
    page.run("%%poppy\ngate.clear()\nout = [ask('x' * 5000), ask([1, Shy(), {'k': None}])]", seen)
    (values,) = [m["values"] for m in page.sent if m["t"] == "values"]
    assert list(values) == ["2"] and tuple(values["2"]) == ("[1, <Shy>, {'k': None}]", "")
    assert "poppy_ipython.page" in next(m["text"] for m in page.sent if m["t"] == "bundle")
    assert not page.of("error")


def test_stop_ends_the_run_as_an_interrupt_does(page: FrontEnd) -> None:
    page.run(
        "%%poppy\ngate.clear()\nfirst = 1\nout = [ask(n) for n in range(30)]\nnever = 1",
        lambda kind, content: first_full(kind, content) and page.custom(do="stop"),
    )
    (error,) = page.of("error")
    assert error["ename"] == "KeyboardInterrupt"
    assert page.sent[-1]["t"] == "full" and page.sent[-1]["error"] == "KeyboardInterrupt"
    page.run("gate.set(); print(first, 'never' in globals())")
    assert page.of("stream")[0]["text"] == "1 False\n"


def test_with_an_older_kernel_everything_is_sent_unasked_and_stop_is_the_kernels(page: FrontEnd) -> None:
    """ipykernel 6 delivers a front end's messages only after the cell."""
    page.run("import ipykernel\nnewer, ipykernel.__version__ = ipykernel.__version__, '6.31.0'")
    try:
        page.run(
            "%%poppy\ngate.clear()\nout = [ask(n) for n in range(3)]",
            lambda kind, content: first_full(kind, content) and page.open_gate(),
        )
        kinds = [m["t"] for m in page.sent]
        assert kinds[0] == "bundle" and kinds[-1] == "full"
        assert next(m for m in page.sent if m["t"] == "full")["stop"] == "kernel"
    finally:
        page.run("ipykernel.__version__ = newer")


def test_a_front_end_that_talks_nonsense_does_not_disturb_the_cell(page: FrontEnd) -> None:
    def seen(kind: str, content: Any) -> None:
        if first_full(kind, content) and not said:
            said.append(True)
            page.say("comm_msg", comm_id=page.model, data={"method": "custom", "content": 3})
            page.say("comm_msg", comm_id=page.model, data=[])
            page.custom(ask="full", do=[])
            page.custom(ask="values", number=1 << 80)
            page.say("comm_close", comm_id=page.model, data={})
            page.open_gate()

    said: list[bool] = []
    page.run("%%poppy\ngate.clear()\nout = [ask(n) for n in range(3)]\nprint(out[2])", seen)
    assert [c["text"] for c in page.of("stream") if c["name"] == "stdout"] == ["answer to 2\n"], page.messages
    assert not page.of("error")


def test_short_runs_open_nothing(page: FrontEnd) -> None:
    page.run("%%poppy\nx = 1\nask(1)")
    assert not page.of("comm_open") and not page.of("update_display_data")
    assert [c["data"]["text/plain"][:6] for c in page.of("display_data")] == ["1 call"]


def test_a_run_is_shown_again(page: FrontEnd) -> None:
    page.run("%poppy show")
    assert len(page.of("comm_open")) == 1 and len(page.of("update_display_data")) == 1
    assert page.sent[-1]["rows"]
    page.run("%poppy show 999")
    assert "no run of In [999]" in str(page.messages)


@pytest.mark.parametrize(
    ("view", "kinds"),
    [("static", [["image/svg+xml", "text/plain"], ["text/plain"]]), ("line", [["text/plain"]]), ("none", [])],
)
def test_other_views(page: FrontEnd, view: str, kinds: list[list[str]]) -> None:
    page.run(f"%%poppy --view {view}\nask(1)")
    assert [sorted(c["data"]) for c in page.of("display_data")] == kinds
    assert not page.of("comm_open")


def test_the_saved_page_and_values_only_on_demand(page: FrontEnd) -> None:
    page.run("%poppy set saved=interactive")
    cell = "gate.clear()\nout = ask('a question')"
    page.run(f"%%poppy\n{cell}", lambda kind, content: first_full(kind, content) and page.open_gate())
    (shown,) = page.of("update_display_data")
    data = saved_data(shown["data"]["text/html"])
    assert data["run"] == page.of("comm_open")[0]["data"]["state"]["run"] and "values" not in data
    assert "answer to" not in shown["data"]["text/html"]
    page.run("%%poppy --view static --save-values\nout = ask('a question')")
    data = saved_data(page.of("display_data")[0]["data"]["text/html"])
    assert data["values"] == {"1": ["'a question'", "'answer to 10'"]}
    page.run("%poppy show")
    assert "values" not in saved_data(page.of("update_display_data")[0]["data"]["text/html"])
    page.run("%poppy set saved=picture")
    page.run("%%poppy --view static\nout = ask('a question')")
    assert "text/html" not in page.of("display_data")[0]["data"]
    page.run("%%poppy --view static --save-values\nout = ask('a question')")
    assert "values" in saved_data(page.of("display_data")[0]["data"]["text/html"])
    page.run("%poppy set saved=everything")
    assert "picture|interactive" in str(page.messages)


def test_a_plan_shows_its_graph_above_the_text(page: FrontEnd) -> None:
    page.run("%%poppy --plan\none = ask(1)\nask(one)")
    picture, words = page.of("display_data")
    assert "image/svg+xml" in picture["data"] and "unordered, overlaps" in words["data"]["text/plain"]


def test_a_plan_runs_nothing(page: FrontEnd) -> None:
    page.run("%%poppy --plan\nplanned = await ask(1)\nplanned")
    (shown,) = page.of("display_data")
    assert shown["data"]["text/plain"].splitlines()[2].strip() == "2  planned = await ask(1)    ask: unordered, overlaps"
    page.run("print('planned' in globals())")
    assert page.of("stream")[0]["text"] == "False\n"


def test_what_the_magic_refuses(page: FrontEnd) -> None:
    page.run("%%poppy --view loud\nask(1)")
    assert "loud" in str(page.messages) and not page.of("comm_open")
    page.run("%poppy set view=loud")
    assert "auto|live|static|line|none" in str(page.messages)
