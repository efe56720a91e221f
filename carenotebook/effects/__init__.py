"""Statistical helpers on plain frames: what they estimate, from whom, and on what assumptions.

Public names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from carenotebook.core.lazy import lazy_names

_MODULE_OF = {
    "cluster_bootstrap": "resampled",
    "cumulative_incidence": "competing",
    "decision_curve": "benefit",
    "difference_in_differences": "did",
    "dose_response": "dose",
    "e_value": "unmeasured",
    "good_enough_level": "goodenough",
    "hazard_model": "hazards",
    "interrupted_time_series": "its",
    "misclassified_outcome": "misrecorded",
    "reliable_change": "reliable",
    "repeated_measures": "repeated",
    "side_by_side": "beside",
    "stepped_wedge": "wedge",
    "survival_curve": "curves",
    "tipping_point": "tipping",
    "weighted_effect": "weighting",
}

__all__ = [
    "cluster_bootstrap",
    "cumulative_incidence",
    "decision_curve",
    "difference_in_differences",
    "dose_response",
    "e_value",
    "good_enough_level",
    "hazard_model",
    "interrupted_time_series",
    "misclassified_outcome",
    "reliable_change",
    "repeated_measures",
    "side_by_side",
    "stepped_wedge",
    "survival_curve",
    "tipping_point",
    "weighted_effect",
]

if TYPE_CHECKING:
    from carenotebook.effects.benefit import decision_curve as decision_curve
    from carenotebook.effects.beside import side_by_side as side_by_side
    from carenotebook.effects.competing import cumulative_incidence as cumulative_incidence
    from carenotebook.effects.curves import survival_curve as survival_curve
    from carenotebook.effects.did import difference_in_differences as difference_in_differences
    from carenotebook.effects.dose import dose_response as dose_response
    from carenotebook.effects.goodenough import good_enough_level as good_enough_level
    from carenotebook.effects.hazards import hazard_model as hazard_model
    from carenotebook.effects.its import interrupted_time_series as interrupted_time_series
    from carenotebook.effects.misrecorded import misclassified_outcome as misclassified_outcome
    from carenotebook.effects.reliable import reliable_change as reliable_change
    from carenotebook.effects.repeated import repeated_measures as repeated_measures
    from carenotebook.effects.resampled import cluster_bootstrap as cluster_bootstrap
    from carenotebook.effects.tipping import tipping_point as tipping_point
    from carenotebook.effects.unmeasured import e_value as e_value
    from carenotebook.effects.wedge import stepped_wedge as stepped_wedge
    from carenotebook.effects.weighting import weighted_effect as weighted_effect

__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
