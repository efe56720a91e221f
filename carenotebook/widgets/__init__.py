"""The widgets of JupyterLab, one module a widget, each imported when it is first used.

>>> from carenotebook.widgets import CriteriaBuilder
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "CasePlayer": "case_player",
    "CheckIn": "check_in",
    "CriteriaBuilder": "criteria_builder",
}

__all__ = ["CasePlayer", "CheckIn", "CriteriaBuilder"]

if TYPE_CHECKING:
    from carenotebook.widgets.case_player import CasePlayer as CasePlayer
    from carenotebook.widgets.check_in import CheckIn as CheckIn
    from carenotebook.widgets.criteria_builder import CriteriaBuilder as CriteriaBuilder


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.widgets' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
