"""What a criterion would do to people: audit, misclassification, safeguards, service conduct.

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULE_OF = {
    "audit": "auditing",
    "client_list": "listing",
    "decision": "deciding",
    "ethics_review": "ethics",
    "harms": "per_thousand",
    "misclassification": "misclassified",
    "obstacles": "obstacle_review",
    "practice_review": "practice",
    "preset_safeguards": "ethics",
    "professional_codes": "codes",
    "suggested_alternatives": "obstacle_review",
}
__all__ = [
    "audit",
    "client_list",
    "decision",
    "ethics_review",
    "harms",
    "misclassification",
    "obstacles",
    "practice_review",
    "preset_safeguards",
    "professional_codes",
    "suggested_alternatives",
]

if TYPE_CHECKING:
    from carenotebook.appraise.auditing import audit as audit
    from carenotebook.appraise.codes import professional_codes as professional_codes
    from carenotebook.appraise.deciding import decision as decision
    from carenotebook.appraise.ethics import ethics_review as ethics_review
    from carenotebook.appraise.ethics import preset_safeguards as preset_safeguards
    from carenotebook.appraise.listing import client_list as client_list
    from carenotebook.appraise.misclassified import misclassification as misclassification
    from carenotebook.appraise.obstacle_review import obstacles as obstacles
    from carenotebook.appraise.per_thousand import harms as harms
    from carenotebook.appraise.practice import practice_review as practice_review
    from carenotebook.describe.alternatives import suggested_alternatives as suggested_alternatives


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'carenotebook.appraise' has no attribute {name!r}")
    value = getattr(import_module(f"carenotebook.appraise.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
