"""What a criterion would do to people: audit, misclassification, safeguards, service conduct.

Names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
