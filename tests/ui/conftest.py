"""A real JupyterLab on loopback and a real Chromium that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / ".build" / "ui"
START_TIMEOUT = 180.0
expect.set_options(timeout=30_000)  # a machine with other work is slow, not wrong
FLAGS = [
    "--no-sandbox",  # root in a container has no user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS: dict[str, dict[str, object]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Else a cell that is scrolled out of sight is taken out of the page.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the notebooks, so that nothing here is saved over."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    return home


@pytest.fixture(scope="session")
def lab(home: Path) -> Iterator[str]:
    """The address of a JupyterLab whose root is that folder."""
    settings = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    for name, setting in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(setting))
    runtime = home / "runtime"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"),
        *(f"--ServerApp.root_dir={home}", "--IdentityProvider.token=", "--ServerApp.password="),
        "--LabApp.expose_app_in_browser=True",
    ]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=home,
            env={**os.environ, **settings, "JUPYTER_RUNTIME_DIR": str(runtime)},
            stdout=log,
            stderr=log,
        )
        try:
            yield address(process, runtime, home / "log")
        finally:
            process.terminate()
            process.wait(30)


def address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Where the server says that it listens, once it answers there."""
    deadline = time.monotonic() + START_TIMEOUT
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        for said in runtime.glob("jpserver-*.json"):
            try:
                url = str(json.loads(said.read_text())["url"])
                with direct.open(url + "api", timeout=5):
                    return url
            except (OSError, ValueError):
                pass  # not written to the end, or not listening yet
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("no Chromium found; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES
