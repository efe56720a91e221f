"""What a policy did: its design's picture, and below it every outcome by the same design."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.effects.did import DifferenceInDifferences
from carenotebook.effects.its import InterruptedTimeSeries
from carenotebook.plots.adoption import LEGEND as EVENTS_LEGEND
from carenotebook.plots.adoption import events_part
from carenotebook.plots.chart import CareChart, stacked
from carenotebook.plots.estimates import dots_of_terms
from carenotebook.plots.series import legend_of, series_part
from carenotebook.privacy.suppress import SUPPRESSED

if TYPE_CHECKING:
    from carenotebook.effects.policy import PolicyEffect
    from carenotebook.privacy import Privacy


def policy_chart(result: PolicyEffect, privacy: Privacy | None = None) -> CareChart:
    """The series or the event study of the measure, then the change of every outcome."""
    parts, legend = _of_design(result, privacy)
    outcomes = result.released_outcomes(privacy).frame
    ratios = "ratio" in outcomes.columns
    shown = outcomes.select(
        term="outcome",
        estimate="ratio" if ratios else "estimate",
        conf_low="ratio_low" if ratios else "conf_low",
        conf_high="ratio_high" if ratios else "conf_high",
        p_value="p_value",
        suppressed=SUPPRESSED,
    )
    kind = "ratio" if ratios else "difference"
    heading = f"Every outcome, by the same design: {kind} a referred client"
    dots = dots_of_terms(shown, 1.0 if ratios else 0.0).properties(title=heading)
    said = " ".join(result.summary(privacy).splitlines())
    return stacked([*parts, dots], result.title, said, legend, spacing=28)


def _of_design(result: PolicyEffect, privacy: Privacy | None) -> tuple[list[Any], str]:
    model = result.model
    hidden = bool(result.released(privacy).hidden)
    if isinstance(model, InterruptedTimeSeries) and not hidden:
        frame = model.released_points(privacy).frame
        return [series_part(model, frame)], legend_of(frame)
    if isinstance(model, DifferenceInDifferences) and not hidden:
        events = model.released_events(privacy).frame.filter(~pl.col(SUPPRESSED))
        return [events_part(events.to_dicts())], EVENTS_LEGEND
    frame = result.released(privacy).frame
    return [dots_of_terms(frame)], "By time since the policy reached a site, and their average."
