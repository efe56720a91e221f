"""How long clients stay in care, and in which way care ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import DAY
from carenotebook.core.errors import OptionError
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.core.options import END_REASONS, check_option
from carenotebook.core.parallel import each_part
from carenotebook.core.parts import CLIENT
from carenotebook.describe.groups import EPISODE_COLUMNS, as_names, with_groups
from carenotebook.describe.paired import paired_scores
from carenotebook.describe.seen import seen_of_part
from carenotebook.effects.competing import CumulativeIncidenceCurve, cumulative_incidence

OTHER = "other end of care"
_KEY = ["client_id", "episode"]


@dataclass(frozen=True, repr=False, eq=False)
class Retention(CumulativeIncidenceCurve):
    """What `retention` returns."""

    @property
    def title(self) -> str:
        """What is shown."""
        return "In which way care ends, by days since it is first seen"


def retention(
    cohort: Cohort,
    event: str = "dropped_out",
    by: str | Sequence[str] | None = None,
    *,
    instrument: str = "PHQ-9",
) -> Retention:
    """In how many care has ended in some way by each day, other ends competing.

    For asking how long clients stay. Dropping out is told apart by how clients were when they left,
    because leaving improved and leaving worse are not one event (Simon 2012): the last score is
    set against the first.

    Parameters
    ----------
    cohort : Cohort
        Needs `episodes` with end_reason.
    event : str
        The end of interest: "dropped_out" (split into improved, not improved, unknown),
        "completed", "ended_by_service", "transferred" or "died".
    by : str or sequence of str, optional
        Columns of `clients`, or therapist_id or site of the episodes.
    instrument : str
        Whose reliable change says who had improved.

    Returns
    -------
    Retention
        One row a group, way of ending and day; time is in days.

    Raises
    ------
    MissingDataError
        If the cohort does not say how episodes end, or lacks a column of `by`.
    OptionError
        For an unknown end, or an instrument without a number for reliable change.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> cn.retention(cohort).causes[0]
    'dropped_out, improved'

    Notes
    -----
    Aalen & Johansen 1978, errors by client. An end is seen up to `as_of`; a missing reason of an
    end that is known counts as another end.
    """
    check_cohort(cohort, "retention()")
    ends = [e for e in END_REASONS if e != "ongoing"]
    check_option("event", event, ends)
    cohort.require("episodes", "ended_at", "end_reason", needed_by="retention()")
    names = as_names(by)
    if event == "dropped_out":
        _check_instrument(instrument)
    told = pl.concat(each_part(partial(_told, event, instrument), cohort))
    if names:
        told = with_groups(told.lazy(), cohort, names, EPISODE_COLUMNS, "retention()").collect()
    found = cumulative_incidence(told, "days", "way", names, cluster=CLIENT)
    basis = replace(
        found.basis,
        estimand=f"Share of episodes of which care has ended by {event}, by day since the episode "
        "is first seen, while other ends may come first.",
        caveat="Why somebody left is what was written down; who left without a second score is "
        "neither well nor unwell here, but unknown.",
    )
    return Retention(found.by, found.causes, found.frame, basis)


def _check_instrument(instrument: str) -> None:
    known = INSTRUMENTS.get(instrument)
    if known is None or known.reliable_change is None:
        published = ", ".join(n for n, i in INSTRUMENTS.items() if i.reliable_change)
        raise OptionError(
            f"retention(instrument={instrument!r}): no reliable change is published for it here. "
            f"There is one for: {published}."
        )


def _told(event: str, instrument: str, cohort: Cohort) -> pl.DataFrame:
    """The episodes seen of one part: how long each was, and in which way it ended."""
    episodes = seen_of_part(cohort, cohort.parts[0])
    if event == "dropped_out":
        episodes = _with_state(episodes, cohort, instrument)
    way = pl.col("end_reason").cast(pl.String)
    mine = pl.concat_str(pl.lit(event), *([pl.col("state")] if event == "dropped_out" else []))
    return episodes.with_columns(
        days=(pl.col("seen_until") - pl.col("seen_from")).dt.total_microseconds() / DAY,
        way=pl.when(pl.col("open"))
        .then(None)
        .when((way == event).fill_null(value=False))
        .then(mine)
        .otherwise(pl.lit(OTHER)),
    )


def _with_state(episodes: pl.DataFrame, cohort: Cohort, instrument: str) -> pl.DataFrame:
    """Whether the last score of an episode was reliably better than its first."""
    if not cohort.has("measures"):
        return episodes.with_columns(state=pl.lit(", unknown"))
    known = INSTRUMENTS[instrument]
    better = pl.col("last") - pl.col("first")
    gained = better if known.higher_is_better else -better
    pairs = (
        paired_scores(cohort, instrument)
        .filter(pl.col("scores") > 1)
        .select(*_KEY, improved=gained >= known.reliable_change)
    )
    named = pl.when("improved").then(pl.lit(", improved")).otherwise(pl.lit(", not improved"))
    state = pl.when(pl.col("improved").is_null()).then(pl.lit(", unknown")).otherwise(named)
    return episodes.join(pairs, on=_KEY, how="left", maintain_order="left").with_columns(
        state=state
    )
