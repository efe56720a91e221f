"""Outcomes of care: reliable change, caseness and recovery."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from carenotebook.core.cohort import Cohort, check_cohort
from carenotebook.describe.change import APART, SCALES, instrument_table, recovery_table
from carenotebook.describe.paired import paired_scores
from carenotebook.describe.seen import ends_are_known, seen_episodes, within_episodes
from carenotebook.privacy import Privacy, Released, release
from carenotebook.results.proportions import (
    COLUMNS,
    RELEASED_COLUMNS,
    WITHHELD,
    release_proportions,
)
from carenotebook.results.result import Result
from carenotebook.results.words import number, said_share

_POINTS = ("estimate", "std_error", "conf_low", "conf_high")
_NAMES = ("instrument", "term", "unit", "denominator_name")


@dataclass(frozen=True, repr=False, eq=False)
class Outcomes(Result):
    """What `outcomes` returns."""

    frame: pl.DataFrame
    ends_known: bool
    kinds_known: bool

    @property
    def title(self) -> str:
        """What is shown."""
        return "Change between first and last score of an episode"

    def tidy(self) -> pl.DataFrame:
        """One row an instrument and figure.

        Returns
        -------
        polars.DataFrame
            instrument, term, unit ("share" or "points"), denominator_name,
            `carenotebook.results.proportions.COLUMNS`, and clients_between: the smallest number of
            clients (above 0) by which the row differs from one that it could be compared with.
        """
        return self.frame.drop("family")

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown; means with one decimal."""
        gate = privacy or Privacy()
        parts = [
            _released(part, gate)
            for part in self.frame.partition_by("instrument", "family", maintain_order=True)
        ]
        empty = self.frame.clear().with_columns(suppressed=pl.lit(value=False))
        frame = pl.concat(parts) if parts else empty
        return Released(frame.select(*_NAMES, *RELEASED_COLUMNS, "suppressed"), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Reliable change per instrument, recovery, who has no pair of scores, and the caveat."""
        privacy = privacy or Privacy()
        rows = self.released(privacy).frame
        lines = [
            (
                "Outcomes: first against last score of each episode seen; reliable change as "
                "published for the instrument (PHQ-9: 6, GAD-7: 4)."
            )
        ]
        for name in rows["instrument"].unique(maintain_order=True):
            lines += _said(name, rows.filter(pl.col("instrument") == name), privacy)
        if not self.ends_known:
            lines.append("Missing: recovery needs to know who finished: an episodes table.")
        elif not self.kinds_known:
            lines.append("Every attended session counts as treatment, for lack of `kind`.")
        lines.append(
            "Caveat: scores are taken at attended sessions, so those who miss or leave early are "
            "under-represented, and a change without a comparison group is not an effect of care."
        )
        return "\n".join(lines)


def outcomes(cohort: Cohort) -> Outcomes:
    """Reliable change, caseness and recovery from paired scores.

    For describing how those with two scores fared. Not for the effect of care: people also change
    without it, and those without a second score are not here.

    Parameters
    ----------
    cohort : Cohort
        Needs `measures`. An episode's pair is its first and last score; a score from before what
        is seen of it, but not from before the previous episode's end, counts as taken at its start.

    Returns
    -------
    Outcomes
        Per instrument, of the episodes seen: paired_scores, one_score, no_score. Of the paired:
        reliable_improvement, no_reliable_change, reliable_deterioration (a change of the
        instrument's reliable size counts; left out where no such number is published),
        case_at_start, mean_change in points (last minus first). Of the cases at the start:
        no_longer_a_case.

        For "PHQ-9 + GAD-7", of finished episodes (ended after at least 2 attended contacts of kind
        treatment or group; of any kind where the data have no kind) with pairs on both: reliable
        improvement is a reliable fall on either scale and no reliable rise on the other,
        deterioration the reverse. Of those who were a case on either scale at the start: recovery
        (below both thresholds at the end) and reliable_recovery (with reliable improvement).

    Raises
    ------
    MissingDataError
        If the cohort has no measures.

    Notes
    -----
    NHS Talking Therapies' definitions of caseness, recovery and reliable change.

    Examples
    --------
    >>> import carenotebook as cn
    >>> cohort, _ = cn.synthetic_cohort(clients=100, seed=1)
    >>> tidy = cn.outcomes(cohort).tidy()
    >>> "reliable_recovery" in tidy["term"].to_list()
    True
    """
    check_cohort(cohort, "outcomes()")
    cohort.require("measures", needed_by="outcomes()")
    episodes, pairs = seen_episodes(cohort), paired_scores(cohort)
    units = episodes.select("client_id", "episode")
    tables = []
    for name in sorted(pairs["instrument"].unique().to_list()):
        mine = pairs.filter(pl.col("instrument") == name).drop("instrument")
        scored = units.join(mine, on=["client_id", "episode"], how="left")
        tables.append(instrument_table(name, scored.with_columns(pl.col("scores").fill_null(0))))
    if ends_are_known(cohort) and set(SCALES) <= set(pairs["instrument"].unique().to_list()):
        tables.append(_recovery(cohort, episodes, pairs.filter(pl.col("scores") > 1)))
    return Outcomes(
        frame=_arranged(tables),
        ends_known=ends_are_known(cohort),
        kinds_known=cohort.has("appointments", "kind"),
    )


def _recovery(cohort: Cohort, episodes: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    key = ["client_id", "episode"]
    attended = cohort.appointments.filter(pl.col("outcome") == "attended")
    if cohort.has("appointments", "kind"):
        attended = attended.filter(pl.col("kind").cast(pl.String).is_in(["treatment", "group"]))
    contacts = within_episodes(attended.select("client_id", "start"), episodes, "start")
    treated = contacts.group_by(key).agg(pl.len()).filter(pl.col("len") >= 2)
    finished = episodes.filter(~pl.col("open")).join(treated, on=key, how="semi").select(key)
    both = finished
    for scale in SCALES:
        mine = pairs.filter(pl.col("instrument") == scale)
        scores = mine.select(*key, pl.col("first", "last").name.suffix(f"_{scale}"))
        both = both.join(scores, on=key)
    others = pairs.filter(pl.col("instrument").is_in(SCALES)).join(both, on=key, how="anti")
    return recovery_table(both, others["client_id"].n_unique())


def _arranged(tables: list[pl.DataFrame]) -> pl.DataFrame:
    whole = pl.concat(tables, how="diagonal") if tables else pl.DataFrame()
    dtypes = {
        **dict.fromkeys((*_NAMES, "family"), pl.String),
        **dict.fromkeys(COLUMNS[:5], pl.Int64),
        **dict.fromkeys(COLUMNS[5:], pl.Float64),
        APART: pl.Int64,
    }
    lacking = [pl.lit(None, t).alias(c) for c, t in dtypes.items() if c not in whole.columns]
    if not tables:
        return pl.DataFrame(schema={c: dtypes[c] for c in (*_NAMES, *COLUMNS, APART, "family")})
    return whole.with_columns(lacking).select(*_NAMES, *COLUMNS, APART, "family")


def _released(part: pl.DataFrame, privacy: Privacy) -> pl.DataFrame:
    if part["unit"][0] == "points":
        rounded = part.with_columns(pl.col(_POINTS).round(1))
        clients = ("clients", APART)
        shown = release(rounded, privacy, clients=clients, counts=["denominator"], values=_POINTS)
        return shown.frame.drop(APART, *WITHHELD)
    if part.height == 1:
        return release_proportions(part, privacy, guards=[APART]).frame
    return release_proportions(part, privacy, ["term"], category="term", guards=[APART]).frame


def _said(name: str, rows: pl.DataFrame, privacy: Privacy) -> list[str]:
    found = {r["term"]: r for r in rows.iter_rows(named=True)}
    terms = {
        "paired_scores": "have two scores",
        "reliable_improvement": "improved reliably",
        "reliable_deterioration": "got reliably worse",
        "recovery": "recovered",
        "reliable_recovery": "recovered reliably",
    }
    parts = [
        f"{text}: {said_share(found[t], privacy, found[t]['denominator_name'].replace('_', ' '))}"
        for t, text in terms.items()
        if t in found
    ]
    first = rows["clients"].drop_nulls()
    whom = f" ({number(first.max())} clients)" if first.len() else ""  # type: ignore[arg-type]
    return [f"{name}{whom}: {'; '.join(parts)}."]
