"""`audit`: what a criterion would have done to whom, and whether it falls evenly."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

import polars as pl

from carenotebook.appraise import gate
from carenotebook.appraise.clustered import CLIENT, THERAPIST
from carenotebook.appraise.contrasts import contrasted
from carenotebook.appraise.estimates import COUNTED, PER, Groups, estimated, split_name
from carenotebook.appraise.evidence import KEY, reviews_of
from carenotebook.appraise.facts import Facts, gathered
from carenotebook.appraise.measures import MEASURES, Measure
from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError
from carenotebook.core.options import check_option
from carenotebook.criteria.protocol_replay import ProtocolReplay
from carenotebook.criteria.replay import Replay
from carenotebook.describe.groups import (
    EPISODE_COLUMNS,
    as_names,
    attributes_of,
    with_groups,
)
from carenotebook.privacy import Privacy, Released
from carenotebook.results.result import Result

FEW_THERAPISTS = 40
"""With fewer, what one therapist's clients share weighs so much that intervals look at it."""

MOST_COLUMNS = 3
_NAMES = ("split", "group", "section", "term", "unit", "kind", "denominator_name", "needs")


@dataclass(frozen=True, repr=False, eq=False)
class Audit(Result):
    """What `audit` returns.

    Attributes
    ----------
    replay : Replay
    by : tuple of str
    horizon, window, flagged_by : str
        As given to `audit`.
    frame : polars.DataFrame
        Exact figures before they are contrasted.
    clusters : tuple of str
        What intervals look at: clients, and therapists where those are few.
    """

    replay: Replay
    by: tuple[str, ...]
    horizon: str
    window: str
    flagged_by: str
    frame: pl.DataFrame
    splits: tuple[tuple[str, ...], ...]
    clusters: tuple[str, ...]

    @property
    def title(self) -> str:
        """Names the rule."""
        return f"Fairness and harm of {self.replay.rule.name!r}"

    def tidy(self) -> pl.DataFrame:
        """One row a split, group and measure, exact, in the order in which they matter.

        Returns
        -------
        polars.DataFrame
            split ("everyone", a column, or "a by b"), group, section, term, unit, kind,
            denominator_name, needs (what the cohort lacks for it), reference (the group that it is
            set against); numerator, denominator, clients, clients_with, clients_without, left_out
            and left_out_clients (units that could not be evaluated); estimate, std_error, conf_low,
            conf_high, design_effect, clusters and interval_by ("client" or "therapist"); difference
            with difference_low and difference_high; smallest_gap (the difference that these data
            would have shown with a power of 80 %).
        """
        return contrasted(self.frame.drop(self.by)).drop(PER)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The audit as it may be shown."""
        passed = privacy or Privacy()
        cohort = self.replay.cohort
        nobody = self.replay.intervals.is_empty()
        telling = nobody or self.replay.states().hides_flagged(passed)
        shown: dict[tuple[str, ...], pl.DataFrame] = {}
        for split in self.splits:
            if split:
                groups = self.replay.by_group(split).released(passed).frame
                shown[split] = groups.filter(~pl.col("suppressed")).select(split)
            else:
                shown[split] = pl.DataFrame({"_": [] if telling else [1]})
        disjoint = attributes_of(cohort, self.by, EPISODE_COLUMNS, "episodes")
        return gate.released(self.frame, shown, disjoint, passed)

    def summary(self, privacy: Privacy | None = None) -> str:
        """What the rule would have done, group by group, and what that does not show."""
        from carenotebook.appraise.wording import summarise

        return summarise(self, privacy or Privacy())


def audit(  # noqa: PLR0913 - what an audit looks at
    replay: Replay | ProtocolReplay,
    by: str | Sequence[str] = (),
    *,
    horizon: str = "8w",
    window: str = "90d",
    flagged_by: str = "26w",
    cluster: Literal["auto", "client", "therapist"] = "auto",
    executor: Executor | None = None,
) -> Audit:
    """Whom a rule would have put up for review wrongly, unprepared or unevenly, and at what harm.

    For deciding whether a draft should go further, before anybody is reviewed by it. Not for
    ranking groups, sites or therapists, and not for saying why they differ.

    Parameters
    ----------
    replay : Replay or ProtocolReplay
        Of a protocol, the last stage is audited.
    by : str or sequence of str
        Up to three columns of `clients`, or therapist_id or site of the episodes. Groups are split
        by each and by each combination; clients without a value are the group "missing".
    horizon : str
        How long after the first flag is looked at. Flags after which less is seen are left out of
        what needs it, and counted.
    window : str
        How long before the flag (or before dropping out) safeguards and disturbances count.
    flagged_by : str
        Flag rates are read at this time since an episode is first seen.
    cluster : {"auto", "client", "therapist"}
        Intervals are by client. "therapist": by the therapist of the episode where that is wider;
        "auto": so where fewer than 40 therapists are known.
    executor : concurrent.futures.Executor, optional
        Where the parts of a saved cohort are looked at, as for `carenotebook.replay`.

    Returns
    -------
    Audit
        In this order, of the first flag of each episode:

        would_have_come_back: attended again within the horizon (of flags followed for so long).
        no_delivered_outreach, no_attendance_conversation, no_alternative_offered, no_risk_review:
        no such safeguard recorded in the window.
        provider_or_technology: of the appointments in the window that the client missed
        (after the pause rule), that the provider cancelled or that technology failed, the latter
        two.
        days_to_flag: median since the episode is first seen.
        notice_or_ending_after: such an action recorded within the horizon.
        severe_at_flag: latest PHQ-9 of 20 or more (of those with one). item_9_look_now: latest item
        9 above 0; all others are unknown, never safe. well_later: by a score after the flag,
        reliably below the first one of the episode or recovered from caseness.
        reviews_a_week: times the rule became true. hours_missed_after and hours_used_after: mean
        hours of missed and of attended appointments within the horizon.

        Of all episodes, per 1,000 referred and seen, the harm of not acting. worse_unflagged: never
        flagged, and the last PHQ-9 reliably above the first. left_unreached: never flagged, dropped
        out, and no outreach delivered in the window before. missed_while_others_wait: appointments
        missed in never flagged episodes while somebody who was referred waited to begin. What is
        not known counts as no harm, so each is the least it can be.

        Of flags again: after_earlier_action (a notice or ending was recorded before the flag) and
        under_a_recorded_policy. Last, flag rates: cumulative incidence, and ratios of it.

    Raises
    ------
    MissingDataError
        If a column of `by` is not there. A table that a measure lacks is named in its row.
    OptionError
        If `by` names more than three columns, clients, or a column of the audit's own.

    Notes
    -----
    Design effects by client or therapist: Taylor linearisation. Shares: Wilson's interval at the
    effective sample size. Medians: Woodruff RS (1952) J Am Stat Assoc 47:635-646. Flag rates:
    Aalen-Johansen. Differences: see `carenotebook.appraise.contrasts.contrasted`. Intervals are not
    adjusted for their number; the summary says how many there are. PHQ-9: reliable change 6,
    caseness 10, severe from 20.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> found = cn.audit(cn.replay(c.Rule("missed", c.missed(within="90d") >= 2), cohort))
    >>> found.tidy()["term"][0]
    'would_have_come_back'
    """
    flags = reviews_of(replay, "audit()")
    duration_us(horizon, "horizon", zero=False)
    duration_us(window, "window", zero=False)
    by_then = duration_us(flagged_by, "flagged_by", zero=False)
    facts = gathered(replay, horizon, window, executor)
    groups = _groups(facts, flags.cohort, as_names(by), by_then, cluster)
    frame = pl.concat(_rows(m, facts, flags.cohort, groups) for m in MEASURES)
    splits = tuple(groups.splits)
    return Audit(flags, groups.by, horizon, window, flagged_by, frame, splits, groups.clusters)


def _groups(
    facts: Facts, cohort: Cohort, by: tuple[str, ...], by_then: int, cluster: str
) -> Groups:
    check_option("cluster", cluster, ("auto", "client", "therapist"))
    if len(by) > MOST_COLUMNS:
        raise OptionError(f"audit(): by= takes up to {MOST_COLUMNS} columns; groups get too small.")
    taken = sorted({*_NAMES, *COUNTED, "reference"} & set(by))
    if taken or CLIENT in by:
        raise OptionError(
            f"audit(): by={(taken or [CLIENT])[0]!r} cannot be split by; take or make a column of "
            "another name that groups clients."
        )
    episodes = facts.episodes
    clusters: tuple[str, ...] = (CLIENT,)
    if cluster != "client" and cohort.has("episodes", "therapist_id"):
        known = episodes["therapist_id"].drop_nulls().n_unique()
        if cluster == "therapist" or 1 < known < FEW_THERAPISTS:
            clusters = (CLIENT, THERAPIST)
            episodes = episodes.with_columns(pl.col("therapist_id").alias(THERAPIST))
    elif cluster == "therapist":
        cohort.require("episodes", "therapist_id", needed_by="audit(cluster='therapist')")
    if by:
        asked = f"audit(by={list(by)})"
        episodes = with_groups(episodes.lazy(), cohort, by, EPISODE_COLUMNS, asked).collect()
    return Groups(episodes, by, clusters, cohort.as_of, by_then)


def _rows(measure: Measure, facts: Facts, cohort: Cohort, groups: Groups) -> pl.DataFrame:
    needs = measure.lacking(cohort)
    nothing = facts.episodes.clear().select(*KEY, value=pl.lit(None, pl.Boolean))
    rows = estimated(measure, facts.units.get(measure.term, nothing), groups)
    names = {
        "section": measure.section,
        "term": measure.term,
        "unit": measure.unit,
        "kind": measure.kind,
        "denominator_name": measure.of,
        "needs": needs,
    }
    references = {split_name(s): groups.reference(s) for s in groups.splits}
    if needs:
        rows = rows.with_columns(pl.lit(None, t).alias(c) for c, t in COUNTED.items())
    return rows.with_columns(
        *(pl.lit(text, pl.String).alias(name) for name, text in names.items()),
        reference=pl.col("split").replace_strict(references, return_dtype=pl.String),
    ).select(*_NAMES, "reference", *groups.by, *COUNTED, PER)
