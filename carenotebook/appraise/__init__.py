"""What a criterion would do to people: the audit, misclassification, and a rule as a trigger.

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "audit": "auditing",
    "decision": "deciding",
    "misclassification": "misclassified",
}
__all__ = ["audit", "decision", "misclassification"]

if TYPE_CHECKING:
    from carenotebook.appraise.auditing import audit as audit
    from carenotebook.appraise.deciding import decision as decision
    from carenotebook.appraise.misclassified import misclassification as misclassification


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.appraise' has no attribute {name!r}")
    value = getattr(import_module(f"carenotebook.appraise.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
