"""`practice_review`: how the service itself has behaved, for its own reflection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from carenotebook.appraise import clustered
from carenotebook.appraise.clustered import CLIENT, CLUSTERED_BY, CLUSTERS
from carenotebook.appraise.estimates import COUNTED, EVERYONE, FIGURES
from carenotebook.appraise.practice_measures import CASELOAD, MEASURES, TITLES, Conduct, Measure
from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.core.durations import duration_us, say_duration
from carenotebook.core.errors import OptionError
from carenotebook.core.spoken import spoken
from carenotebook.describe.groups import as_names, with_groups
from carenotebook.privacy import Privacy, Released, release
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import figures
from carenotebook.results.result import Result
from carenotebook.results.statistics import Z95
from carenotebook.results.words import few, from_to, number, said_share, significant

_SHARED = ("clients", "clients_with", "clients_without", "left_out_clients", "least")
_COUNTS = ("numerator", "denominator", "left_out")
_KEPT_BACK = (*_SHARED[1:], "kind", "std_error", "design_effect", CLUSTERS, CLUSTERED_BY)
_ORDER = {m.term: i for i, m in enumerate(MEASURES)}


@dataclass(frozen=True, repr=False, eq=False)
class PracticeReview(Result):
    """What `practice_review` returns.

    Attributes
    ----------
    conduct : Conduct
    by : tuple of str
    frame : polars.DataFrame
    """

    conduct: Conduct
    by: tuple[str, ...]
    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """What it is, and what for."""
        split = f" by {', '.join(self.by)}" if self.by else ""
        return f"The service's own conduct{split}, for reflection"

    def tidy(self) -> pl.DataFrame:
        """One row a measure and group, exact, in the order of what happens to a client.

        Returns
        -------
        polars.DataFrame
            split ("everyone" or a column), group, term, denominator_name, unit ("share", "hours",
            "clients"), kind ("share", "median"), needs (what the cohort lacks for it), numerator,
            denominator, clients, clients_with, clients_without, left_out and left_out_clients
            (units after which too little is seen), estimate, std_error, conf_low, conf_high,
            design_effect, clusters, interval_by. Groups come by size, never by rate.
        """
        return self.frame.drop("least")

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown; no total over groups tells a hidden one."""
        gate = privacy or Privacy()
        parts = [
            release(
                rows,
                gate,
                clients=_SHARED,
                counts=_COUNTS,
                values=(*FIGURES, "design_effect", CLUSTERS, CLUSTERED_BY),
                margins=[["term"]],
                groups=[] if split == (EVERYONE,) else ["group"],
                derive=_refigured,
            ).frame
            for split, rows in self.frame.group_by("split", maintain_order=True)
        ]
        shown = pl.concat(parts)
        place = pl.col("term").replace_strict(_ORDER, return_dtype=pl.Int64)
        ordered = shown.sort(place, maintain_order=True).drop(_KEPT_BACK)
        return Released(ordered if self.by else ordered.drop("split", "group"), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Each figure over everyone, what could not be told, and how to read it."""
        gate = privacy or Privacy()
        shown = self.released(gate).frame
        whole = shown.filter(pl.col("split") == EVERYONE) if self.by else shown
        c = self.conduct
        lines = [
            "The service's own conduct, before anybody's attendance is judged.",
            *(f"- {TITLES[r['term']]}: {_said(r, gate)}." for r in whole.iter_rows(named=True)),
            (
                f"Looked at: an answer within {say_duration(c.reply)}, a contact within "
                f"{say_duration(c.follow_up)} of a miss, a new time within "
                f"{say_duration(c.new_time)}, a notice or an ending within "
                f"{say_duration(c.enforced)} of a miss while a policy other than a reminder was in "
                "force. Events after which less is seen are left out. Intervals are by client."
            ),
            *self._split(),
            (
                "Caveat: made for reflection, not for ranking anybody. What nobody wrote down is "
                "not seen, so a service that records more looks busier. Differences describe; they "
                "do not explain."
            ),
        ]
        return "\n".join(lines)

    def _split(self) -> list[str]:
        if not self.by:
            return []
        named = ", ".join(self.by)
        lead = f"Groups of {named} stand in the table, largest first, never by rate; clients"
        return [f"{lead} without a value form the group missing."]


def practice_review(  # noqa: PLR0913 - how long is looked at
    cohort: Cohort,
    by: str | Sequence[str] = (),
    *,
    reply: str = "3d",
    follow_up: str = "7d",
    new_time: str = "14d",
    enforced: str = "14d",
    late: str = "5m",
) -> PracticeReview:
    """How the service itself has behaved: what it cancelled, answered, followed up and enforced.

    For a team's own reflection, before it asks anything of its clients. Not for ranking or
    appraising therapists: their clients, hours and records differ, so it is not split by them.

    Parameters
    ----------
    cohort : Cohort
        What a figure lacks is named in its row. Appointments alone give the first two.
    by : str or sequence of str
        Columns of `clients` over which conduct is set side by side: is a policy enforced, and
        waived, as evenly for one group as for another?
    reply : str
        A message from a client is answered if the service wrote or rang so soon afterwards.
        Reminders are no answer.
    follow_up : str
        A miss is followed up if, so soon afterwards, the service wrote or rang, or recorded a
        conversation, an offer or a look at risk.
    new_time : str
        So soon after a miss, or after the service cancelled, a new appointment was booked or a time
        offered.
    enforced : str
        A policy was enforced on a miss if a notice or an ending was recorded so soon afterwards;
        otherwise it was waived.
    late : str
        A session that took place started late if it began more than so long after its time.

    Returns
    -------
    PracticeReview
        In this order: cancelled_by_the_service and lost_to_technology (of appointments with a
        usable outcome); cancelled_in_time, hours_of_notice, moved_to_a_new_time and
        new_time_after_cancelling (of what the service cancelled); started_late (of sessions that
        took place and whose beginning is recorded); followed_up_after_a_miss,
        new_time_after_a_miss; message_answered, hours_to_answer; policy_enforced, treated_alike (of
        clients with several misses under a policy, those who met the same answer each time);
        caseload (median over therapists of the clients with an appointment in the last 28 days).

    Raises
    ------
    MissingDataError
        If a column of `by` is not one of `clients`.
    OptionError
        If `by` names therapists or clients, or a duration is none.

    Notes
    -----
    Shares: Wilson's interval at the effective sample size, with clients as clusters. Medians:
    Woodruff RS (1952) J Am Stat Assoc 47:635-646.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> found = cn.practice_review(cohort)
    >>> found.tidy()["term"][0]
    'cancelled_by_the_service'
    """
    check_cohort(cohort, "practice_review()")
    names = as_names(by)
    refused = sorted({"therapist_id", CLIENT} & set(names))
    if refused:
        raise OptionError(
            f"practice_review(): by={refused[0]!r} would set single people side by side. It is for "
            "the reflection of a team; take columns of `clients` that group them."
        )
    lengths = {
        "reply": reply,
        "follow_up": follow_up,
        "new_time": new_time,
        "enforced": enforced,
        "late": late,
    }
    for name, length in lengths.items():
        duration_us(length, name, zero=False)
    conduct = Conduct(cohort, **lengths)
    rows = [row for measure in MEASURES for row in _rows(measure, conduct, names)]
    types = {
        **dict.fromkeys(("split", "group", "term"), pl.String),
        **dict.fromkeys(("denominator_name", "unit", "kind", "needs"), pl.String),
        **COUNTED,
        "least": pl.Int64,
    }
    return PracticeReview(conduct, names, pl.DataFrame(rows, schema=types))


def _rows(measure: Measure, conduct: Conduct, by: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    needs = measure.lacking(conduct.cohort)
    named = {
        "term": measure.term,
        "denominator_name": measure.of,
        "unit": measure.unit,
        "kind": measure.kind,
        "needs": needs,
    }
    if needs:
        yield {"split": EVERYONE, "group": EVERYONE, **named}
        return
    units = measure.rows(conduct)
    if measure.term == CASELOAD:
        yield {"split": EVERYONE, "group": EVERYONE, **named, **_caseload(units)}
        return
    yield {"split": EVERYONE, "group": EVERYONE, **named, **_figured(measure, units)}
    for column in by:
        grouped = with_groups(
            units.select(CLIENT, "value").lazy(),
            conduct.cohort,
            (column,),
            (),
            f"practice_review(by={column!r})",
        ).collect()
        sizes = grouped.group_by(column).agg(pl.col(CLIENT).n_unique().alias("n"))
        for group in sizes.sort("n", column, descending=[True, False])[column]:
            mine = grouped.filter(pl.col(column) == group)
            yield {"split": column, "group": group, **named, **_figured(measure, mine)}


def _figured(measure: Measure, units: pl.DataFrame) -> dict[str, Any]:
    known = units.drop_nulls("value")
    lost = units.filter(pl.col("value").is_null())
    way = clustered.share if measure.kind == "share" else clustered.median
    row = way(known.select(CLIENT, "value"), (CLIENT,))
    left = {"left_out": lost.height, "left_out_clients": lost[CLIENT].n_unique()}
    return {**row, **left, "least": 0}


def _caseload(units: pl.DataFrame) -> dict[str, Any]:
    """A caseload is itself a number of clients: the smallest that is told counts as a cell."""
    row = clustered.median(units.rename({"therapist_id": CLIENT}), (CLIENT,))
    told = [row[c] for c in ("conf_low", "estimate") if row.get(c) is not None]
    return {
        **row,
        "clients": int(units["value"].sum()),
        "clients_with": 0,
        "clients_without": 0,
        "left_out": 0,
        "left_out_clients": 0,
        "least": int(min(told, default=0)),
        CLUSTERED_BY: "therapist",
    }


def _refigured(rows: pl.DataFrame) -> pl.DataFrame:
    """Shares from the rounded counts, medians to whole hours and fives of clients."""
    known = rows.with_columns(pl.col("clients").alias(CLUSTERS))
    shares = figures(known, CLUSTERS)
    step = pl.when(pl.col("unit") == "clients").then(5.0).otherwise(1.0)
    coarse = rows.with_columns(
        ((pl.col("estimate") / step).round() * step).alias("estimate"),
        ((pl.col("conf_low") / step).floor() * step).alias("conf_low"),
        ((pl.col("conf_high") / step).ceil() * step).alias("conf_high"),
    ).with_columns(std_error=(pl.col("conf_high") - pl.col("conf_low")) / (2 * Z95))
    share = rows["kind"] == "share"
    return rows.with_columns(shares[c].zip_with(share, coarse[c]).alias(c) for c in FIGURES)


def _said(row: dict[str, Any], privacy: Privacy) -> str:
    if row["needs"]:
        return f"not known; {row['needs']}"
    of = spoken(row["denominator_name"])
    if row["unit"] == "share":
        return said_share(row, privacy, of)
    if row[SUPPRESSED]:
        return f"hidden ({few(privacy)})"
    if row["estimate"] is None:
        return f"unknown (no {of})"
    ends = from_to(row["conf_low"], row["conf_high"])
    figure = f"{significant(row['estimate'])} {row['unit']} (95 % CI {ends})"
    return f"{figure}, from {number(row['denominator'])} {of}"
