"""The widgets of JupyterLab, one module a widget.

>>> from carenotebook.widgets import CriteriaBuilder
"""

from carenotebook.widgets.check_in import CheckIn
from carenotebook.widgets.criteria_builder import CriteriaBuilder

__all__ = ["CheckIn", "CriteriaBuilder"]
