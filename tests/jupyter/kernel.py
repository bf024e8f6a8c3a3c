"""A real kernel to talk to, and its answers as plain values.

`Kernel.run(code)` gives what a notebook would keep of a cell: streams (joined per name in order of arrival), displays,
value, error; and the reply. Nothing sleeps: a cell is over when the kernel says that it is idle, and an interrupt is sent
when the cell itself says that it has come far enough (a line it prints).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager

PATIENCE = 8


@dataclass
class Cell:
    """What came back for one cell."""

    outputs: list[tuple[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    ended: float = 0.0

    def of(self, kind: str) -> list[Any]:
        return [content for found, content in self.outputs if found == kind]

    @property
    def stdout(self) -> str:
        return "".join(self.of("stdout"))

    @property
    def stderr(self) -> str:
        return "".join(self.of("stderr"))

    @property
    def value(self) -> str | None:
        return next((data["text/plain"] for data in self.of("value")), None)

    @property
    def error(self) -> str | None:
        return next(("\n".join(content["traceback"]) for content in self.of("error")), None)

    @property
    def displays(self) -> list[str]:
        return [data.get("text/plain", "") for data in self.of("display")]

    def normal(self) -> list[tuple[str, Any]]:
        """The outputs for a comparison: without numbers of prompts, colours and addresses.

        Between two other outputs the kernel sends stdout and stderr on timers of their own: here stderr comes first.
        """
        found: list[tuple[str, Any]] = []
        waiting: dict[str, str] = {}
        for kind, content in [*self.outputs, ("end", None)]:
            if kind in ("stdout", "stderr"):
                waiting[kind] = waiting.get(kind, "") + content
                continue
            found += [(name, _normal(waiting[name])) for name in sorted(waiting)]
            waiting.clear()
            found.append((kind, _normal(content)))
        return found[:-1]


def _normal(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _normal(value) for key, value in content.items() if key != "execution_count"}
    if isinstance(content, list):
        return [_normal(item) for item in content]
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(content))
    text = re.sub(r"(In|Out|input)\s?\[\d+\]", r"\1[n]", text)
    text = re.sub(r"0x[0-9a-f]+", "0x…", text)
    text = re.sub(r"ipykernel_\d+/\d+\.py|\b\d+\.py", "cell.py", text)
    # IPython compiles the text of a cell once or twice to see whether it awaits, and warns each time
    text = re.sub(r"^<>:\d+: SyntaxWarning.*\n", "", text, flags=re.M)
    # its own frame, where it shows that (exception groups, a SyntaxError that is raised), stands at another line if the cell is awaited
    text = re.sub(r"(interactiveshell.py:)\d+( in run_code\n).*\n", r"\1n\2", text)
    return re.sub(r'(interactiveshell.py", line )\d+(, in run_code\n).*\n( *\| *[~^]+\n)?', r"\1n\2", text)


class Kernel:
    """A kernel process of its own, with the extension loaded."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(extra_arguments=list(arguments), **({} if env is None else {"env": env}))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code: str, *, on_output: Callable[[str, Any], None] | None = None, **request: Any) -> Cell:
        """Run one cell to its end. `on_output` sees each output as it comes."""
        request_id = self.client.execute(code, **request)
        cell = Cell()
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != request_id:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            found = _output(kind, content)
            if found is None:
                continue
            same = cell.outputs and cell.outputs[-1][0] == found[0] and found[0] in ("stdout", "stderr")
            if same:
                cell.outputs[-1] = (found[0], cell.outputs[-1][1] + found[1])
            else:
                cell.outputs.append(found)
            if on_output is not None:
                on_output(*found)
        cell.ended = time.monotonic()
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request_id:
                cell.reply = reply["content"]
                return cell

    def refused(self, line: str) -> Cell:
        """What is said of options that cannot be meant; nothing of the cell has run."""
        cell = self.run(f"%%poppy {line}\nran_anyway = True")
        assert cell.reply["ename"] == "UsageError"
        assert self.run("'ran_anyway' in globals()").value == "False"
        return cell

    def interrupted(self, code: str, *, signals: int = 1) -> tuple[Cell, float]:
        """Run a cell and interrupt it when it prints `now`: the cell, and the seconds from the signal to its end."""
        sent: list[float] = []

        def interrupt(kind: str, content: Any) -> None:
            if kind == "stdout" and "now" in content and len(sent) < signals:
                sent.append(time.monotonic())
                self.manager.interrupt_kernel()

        cell = self.run(code, on_output=interrupt)
        assert sent, f"the cell never said that it was ready: {cell}"
        return cell, cell.ended - sent[0]


def _output(kind: str, content: dict[str, Any]) -> tuple[str, Any] | None:
    match kind:
        case "stream":
            return content["name"], content["text"]
        case "execute_result":
            return "value", content["data"]
        case "display_data":
            return "display", content["data"]
        case "error":
            return "error", content
        case "clear_output":
            return "clear", content["wait"]
    return None
