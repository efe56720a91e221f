"""Charts of results. They accept released figures only, render offline and have a text alternative.

`plot` finds a result's chart by its type, so that what estimates never imports what draws.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from carenotebook.core.errors import OptionError

if TYPE_CHECKING:
    from carenotebook.plots.chart import CareChart
    from carenotebook.privacy import Privacy

_CHARTS = {
    "carenotebook.effects.attending.AttendanceEffect": "attending.attendance_effect_chart",
    "carenotebook.effects.beside.EstimatesBeside": "estimates.beside_chart",
    "carenotebook.effects.benefit.DecisionCurve": "benefit.benefit_chart",
    "carenotebook.effects.competing.CumulativeIncidenceCurve": "curves.incidence_chart",
    "carenotebook.effects.did.DifferenceInDifferences": "adoption.events_chart",
    "carenotebook.effects.dose.DoseResponse": "dose.dose_chart",
    "carenotebook.effects.its.InterruptedTimeSeries": "series.series_chart",
    "carenotebook.effects.curves.SurvivalCurve": "curves.survival_chart",
    "carenotebook.effects.policy.PolicyEffect": "policy.policy_chart",
    "carenotebook.effects.unmeasured.EValue": "estimates.e_values_chart",
    "carenotebook.quality.control.ControlChart": "quality.control_chart",
    "carenotebook.quality.units.Funnel": "quality.funnel_chart",
    "carenotebook.results.estimate.Estimate": "estimates.estimates_chart",
    "carenotebook.appraise.baseline.TableOne": "compare.table_one_chart",
    "carenotebook.appraise.compare_result.Comparison": "compare.changes_chart",
    "carenotebook.appraise.compare_result.SideBySide": "compare.sides_chart",
    "carenotebook.describe.attendance.Attendance": "describe.attendance_chart",
    "carenotebook.describe.panel.OutcomePanel": "describe.panel_chart",
    "carenotebook.describe.gaps.Gaps": "describe.gaps_chart",
    "carenotebook.describe.capacity.Capacity": "describe.capacity_chart",
    "carenotebook.describe.outcomes.Outcomes": "describe.outcomes_chart",
    "carenotebook.ingest.linkage.Linkage": "criteria.proportions",
    "carenotebook.criteria.replay.Replay": "criteria.first_flags",
    "carenotebook.criteria.flags.FlagsByMonth": "criteria.flags_by_month",
    "carenotebook.criteria.flags.FlagsByGroup": "criteria.proportions",
    "carenotebook.criteria.flags.States": "criteria.proportions",
    "carenotebook.criteria.attrition.Attrition": "criteria.clauses",
    "carenotebook.criteria.protocol_replay.ProtocolReplay": "protocol.stages",
    "carenotebook.criteria.protocol_gate.StageFlow": "protocol.stages",
    "carenotebook.criteria.protocol_curves.StageCurves": "protocol.curves",
    "carenotebook.criteria.protocol_waiting.Waiting": "protocol.waiting",
    "carenotebook.criteria.aftermath.CameBack": "criteria.proportions",
    "carenotebook.criteria.sweep_choice.Chosen": "sweep.chosen_chart",
    "carenotebook.criteria.sweep_result.Sweep": "sweep.sweep_chart",
    "carenotebook.criteria.unresolved.UnknownOutcomes": "criteria.proportions",
    "carenotebook.appraise.auditing.Audit": "audit.audit_chart",
    "carenotebook.appraise.deciding.Decision": "decision.decision_chart",
    "carenotebook.outreach.case_group.GroupResults": "criteria.proportions",
    "carenotebook.appraise.ethics.EthicsReview": "ethics.review_chart",
    "carenotebook.appraise.ethics_records.SafeguardsRecorded": "ethics.recorded_chart",
    "carenotebook.appraise.obstacle_review.Obstacles": "checkins.obstacles_chart",
    "carenotebook.appraise.per_thousand.Harms": "harms.harms_chart",
    "carenotebook.appraise.practice.PracticeReview": "practice.practice_chart",
    "carenotebook.appraise.misclassified.Misclassification": "audit.misclassification_chart",
}


def plot(result: Any, privacy: Privacy | None = None) -> CareChart:
    """The chart of a result.

    Parameters
    ----------
    result : Result
        What `carenotebook.attendance` and the others return.
    privacy : Privacy, optional
        The gate that its figures pass.

    Returns
    -------
    CareChart
        An Altair chart that shows itself as SVG.

    Raises
    ------
    OptionError
        If there is no chart for that type.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> plot(cn.attendance(cohort)).name_text
    'Attended, of kept or missed per month'
    """
    for kind in type(result).__mro__:
        found = _CHARTS.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            module, function = found.split(".")
            draw = getattr(import_module(f"{__name__}.{module}"), function)
            chart: CareChart = draw(result, privacy)
            return chart
    raise OptionError(f"There is no chart of a {type(result).__name__}.")
