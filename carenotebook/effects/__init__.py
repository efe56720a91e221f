"""Statistical helpers on plain frames: what they estimate, from whom, and on what assumptions.

Public names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "e_value": "unmeasured",
}

__all__ = ["e_value"]

if TYPE_CHECKING:
    from carenotebook.effects.unmeasured import e_value as e_value


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.effects' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
