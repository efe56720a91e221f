"""Statistical process control and funnel plots, made for reflection, not for ranking.

Public names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "funnel": "units",
    "spc": "control",
}

__all__ = ["funnel", "spc"]

if TYPE_CHECKING:
    from carenotebook.quality.control import spc as spc
    from carenotebook.quality.units import funnel as funnel


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.quality' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
