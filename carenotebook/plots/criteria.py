"""Charts of a replayed criterion."""

from __future__ import annotations

from carenotebook.criteria.attrition import Attrition
from carenotebook.criteria.flags import FlagsByMonth
from carenotebook.criteria.replay import Replay
from carenotebook.plots.attrition import attrition_chart
from carenotebook.plots.chart import CareChart
from carenotebook.plots.groups import groups_chart
from carenotebook.plots.incidence import incidence_chart
from carenotebook.plots.timeline import timeline_chart
from carenotebook.privacy import Privacy
from carenotebook.results.result import Result


def first_flags(result: Replay, privacy: Privacy | None = None) -> CareChart:
    """Cumulative incidence of the first flag of an episode."""
    note = "Share of episodes flagged so far; other ends of care compete. Band: 95 % interval."
    return incidence_chart(result.released(privacy), result.title, note)


def flags_by_month(result: FlagsByMonth, privacy: Privacy | None = None) -> CareChart:
    """Bars of clients first flagged, a month each."""
    return timeline_chart(result.released(privacy), result.title, x="month", y="clients")


def clauses(result: Attrition, privacy: Privacy | None = None) -> CareChart:
    """What each clause leaves."""
    return attrition_chart(result.released(privacy), result.title)


def proportions(result: Result, privacy: Privacy | None = None) -> CareChart:
    """Dot and interval a row."""
    return groups_chart(result.released(privacy), result.title)
