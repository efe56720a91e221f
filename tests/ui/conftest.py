"""A real JupyterLab and a real Chromium, for what only a person at a screen would see."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from notebooks_for_tests import notebook
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    address: str
    folder: Path


@pytest.fixture(scope="session")
def chromium():
    """A browser; skips where this machine has none."""
    if CHROMIUM is None:
        missing = "no Chromium on this machine: apt-get install chromium"
        if os.environ.get("CARENOTEBOOK_UI") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab of its own, on an empty folder, with its own settings."""
    yield from _served("jupyterlab", tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory):
    """A Notebook 7 of its own."""
    yield from _served("notebook", tmp_path_factory.mktemp("notebook7"))


def _served(application, home):
    folder = home / "files"
    folder.mkdir()
    (home / "app").mkdir()
    (home / "app" / "overrides.json").write_text(json.dumps(_SETTINGS))
    port = _free_port()
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "run"}
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(home / where) for name, where in places.items()},
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    app = "LabApp" if application == "jupyterlab" else "JupyterNotebookApp"
    command = [
        *(sys.executable, "-m", application, "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
        *(f"--ServerApp.root_dir={folder}", f"--{app}.expose_app_in_browser=True"),
        f"--{app}.app_settings_dir={home / 'app'}",
    ]
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield Lab(address, folder)
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def page(chromium):
    """A fresh page; the test fails if it asked anything of another machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    outside = []

    def note(request):
        if request.url.startswith("http") and not request.url.startswith("http://127.0.0.1:"):
            outside.append(request.url)

    opened.on("request", note)
    yield opened
    context.close()
    assert outside == []


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _wait_for(address, server):
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, TimeoutError):
            assert server.poll() is None, "the Jupyter server did not start"
            time.sleep(0.2)
    pytest.fail("the Jupyter server did not answer within a minute")


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open in a page, with every cell run."""

    page: object
    path: Path

    def run(self, code):
        """Run code in a new last cell and return what it prints."""
        self.page.evaluate("""() => {
            const app = window.jupyterapp;
            const notebook = app.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.length - 1;
            return app.commands.execute('notebook:insert-cell-below');
        }""")
        self.page.evaluate(
            """code => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCell.model.sharedModel.setSource(code);
                return window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            code,
        )
        return self.page.evaluate("""() => {
            const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
            return cell.model.outputs.toJSON().map(o => o.text ?? '').join('');
        }""")

    def save(self):
        """Save as a person would, and read the file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def open_notebook(page, lab):
    """Opens a notebook of these cells and runs them."""

    def opened(name, *cells):
        path = lab.folder / f"{name}.ipynb"
        path.write_text(json.dumps(notebook(cells)), encoding="utf-8")
        page.goto(f"{lab.address}/lab/tree/{path.name}?reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.status === 'idle'",
            timeout=60_000,
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        return Notebook(page, path)

    return opened
