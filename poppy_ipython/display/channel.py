"""A front end, as far as a run knows it: a widget model that is open, a display that can be replaced.

    kernel ──comm "jupyter.widget"──▶ anywidget in the page ──▶ loader.js ──asks for──▶ view.js (once a page)
       │                                                            ▲
       └── display (widget view, under a display id) ───────────────┘
       └── update of that display at the end: a picture, which is what the notebook file keeps

anywidget's front end is used, its Python side is not: importing ipywidgets takes longer than many a cell, and its model
carries layout and style along. The protocol is a comm and one state; it is documented and four messages long.

What is saved is the picture, never the widget: JupyterLab saves no widget state, so that a reopened notebook would say
"model not found". The page that has loaded the bundle recognises the picture by its mark and shows the live view instead.

Whether there is a front end at all, the kernel cannot know. A cell run by JupyterLab, Notebook or VS Code carries the id of
its cell; one run by nbclient, papermill or a test does not. Messages of the front end arrive while the cell runs since
ipykernel 7; older kernels deliver them afterwards, so there the bundle and full states are sent unasked.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from poppy_ipython.display.page import bundle

__all__ = ["Channel", "front_end", "live_messages"]

_log = logging.getLogger("poppy_ipython.display")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def front_end(shell: Any) -> bool:
    """Whether the cell that runs was sent by somebody who shows widgets."""
    try:
        return "cellId" in shell.get_parent().get("metadata", {})
    except Exception:  # a terminal, or a kernel without parents
        return False


def live_messages() -> bool:
    """Whether the front end is heard while a cell runs."""
    try:
        import ipykernel

        return int(ipykernel.__version__.partition(".")[0]) >= 7
    except Exception:
        return False


def loader() -> str:
    """The script that a widget model carries."""
    digest = hashlib.sha256(bundle().encode()).hexdigest()[:12]
    return bundle("loader.js").replace("__HASH__", digest)


def _front_end_version() -> str:
    """Which anywidget the page must have: the one that is installed here with its extension."""
    major, minor, *_ = version("anywidget").split(".")
    return f"~{major}.{minor}.*"


class Channel:
    """One widget, open to whoever looks. `heard` gets what the front end says."""

    def __init__(self, shell: Any, run: str, heard: Callable[[dict[str, Any]], None]) -> None:
        import comm

        self._publisher = shell.display_pub
        self._display = {"display_id": f"poppy-{run}"}
        self._heard = heard
        self._state = {
            "_model_module": "anywidget",
            "_model_name": "AnyModel",
            "_model_module_version": _front_end_version(),
            "_view_module": "anywidget",
            "_view_name": "AnyView",
            "_view_module_version": _front_end_version(),
            "_view_count": None,
            "_anywidget_id": "poppy_ipython.view",
            "_esm": loader(),
            "run": run,
        }
        data = {"state": self._state, "buffer_paths": []}
        self._comm = comm.create_comm(target_name="jupyter.widget", data=data, metadata={"version": "2.1.0"})
        self._comm.on_msg(self._message)

    def show(self) -> None:
        """Put the widget where the output stands just now."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._comm.comm_id}
        self._publisher.publish({_WIDGET: view, "text/plain": "poppy: a live view of this run"}, {}, transient=self._display)

    def send(self, content: dict[str, Any]) -> None:
        self._comm.send({"method": "custom", "content": content})

    def send_bundle(self) -> None:
        self.send({"t": "bundle", "text": bundle()})

    def replace(self, data: dict[str, str]) -> None:
        """What the notebook file keeps in the widget's place."""
        self._publisher.publish(data, {}, transient=self._display, update=True)

    def close(self) -> None:
        self._comm.close()

    def _message(self, message: dict[str, Any]) -> None:
        try:
            data = message["content"]["data"]
            if data.get("method") == "request_state":
                self._comm.send({"method": "update", "state": self._state, "buffer_paths": []})
            elif data.get("method") == "custom" and isinstance(data.get("content"), dict):
                if data["content"].get("ask") == "bundle":
                    self.send_bundle()
                else:
                    self._heard(data["content"])
        except Exception:
            _log.exception("a message of the view could not be answered")
