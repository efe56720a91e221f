"""The part of the Jupyter server that the JupyterLab extension asks: copies, and rules in words."""

from __future__ import annotations

from typing import Any

__all__: list[str] = []


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "carenotebook.jupyter"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from carenotebook.jupyter.handlers import add_handlers

    add_handlers(server.web_app)
