"""The widgets of JupyterLab, one module a widget, each imported when it is first used.

>>> from carenotebook.widgets import CriteriaBuilder
"""

from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
