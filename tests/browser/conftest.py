"""A JupyterLab server on a small demo lake, and a browser; skipped with the reason where there is no Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import genie_ext
from genie_ext.demo.lake import DEMO_DAY, build_demo_lake

PICTURES = Path("out/pictures")
TOKEN = "browser-test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


# One a module: while it runs, its event loop is the thread's own, and asynchronous tests of others could not run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here: `apt-get install chromium` (as root `make test` does it), then run again")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


class Lab:
    """A JupyterLab of its own over a folder; it can be stopped and started again at the same address."""

    def __init__(self, root: Path, *options: str, lake: Path | None = None, base: str = "/") -> None:
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        self.address = (self.origin + base).rstrip("/")
        self._log = root / ".jupyter" / "server.log"
        self._environment = _environment(root, lake)
        self._command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}",
            f"--ServerApp.base_url={base}", "--ServerApp.jpserver_extensions={'genie_ext': True}", *options,
        ]  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("a") as log:
            self._server = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
        _wait(f"{self.address}/api/status?token={TOKEN}", self._log)

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(20)
            self._server = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a JupyterLab whose folder holds a demo lake."""
    root = tmp_path_factory.mktemp("lab")
    build_demo_lake(root / "lake", scale=0.05)
    (root / "lake" / "genie.toml").write_text(f"today = {DEMO_DAY.isoformat()}\n")
    with Lab(root, lake=root / "lake") as running:
        yield running.address


@pytest.fixture
def panel_built() -> None:
    """Skip where nobody built the panel."""
    if not (Path(genie_ext.__file__).parent / "labextension" / "package.json").is_file():
        pytest.skip("the panel is not built: install the project with pip, or run jlpm build:prod in labextension/")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


def write_notebook(root: str, name: str, cells: list[str]) -> None:
    """Put a notebook into the server's folder through its own interface."""
    content = {
        "cells": [
            {"cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {}, "outputs": [], "source": cell}
            for i, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    body = json.dumps({"type": "notebook", "format": "json", "content": content}).encode()
    request = urllib.request.Request(f"{root}/api/contents/{name}?token={TOKEN}", data=body, method="PUT")
    urllib.request.urlopen(request).close()


def _environment(root: Path, lake: Path | None) -> dict[str, str]:
    folders = {
        name: str(root / ".jupyter" / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
                     "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    }  # fmt: skip
    quiet = Path(folders["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab/apputils-extension"
    quiet.mkdir(parents=True)
    settings = {"fetchNews": "false", "checkForUpdates": False}
    (quiet / "notification.jupyterlab-settings").write_text(json.dumps(settings))
    own = {name: value for name, value in os.environ.items() if name != "GENIE_LAKE"}
    return {**own, **folders, **({} if lake is None else {"GENIE_LAKE": str(lake)})}


def _wait(address: str, log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
