"""Statistical process control and funnel plots, made for reflection, not for ranking.

Public names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

_MODULE_OF = {
    "funnel": "units",
    "spc": "control",
}

__all__ = ["funnel", "spc"]

if TYPE_CHECKING:
    from carenotebook.quality.control import spc as spc
    from carenotebook.quality.units import funnel as funnel

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
