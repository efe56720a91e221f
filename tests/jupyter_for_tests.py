"""A real Jupyter server and a real Chromium, each of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
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
    """A running Jupyter server."""

    address: str
    folder: Path


@contextmanager
def served(application, home):
    """Serve "jupyterlab" or "notebook" on an empty folder, with settings of its own."""
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
    raise TimeoutError("the Jupyter server did not answer within a minute")
