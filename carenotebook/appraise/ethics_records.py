"""What the records show of safeguards around each first flag: shares, never whom."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from carenotebook.appraise import flagged
from carenotebook.appraise.evidence import FLAG, KEY, Evidence, marked
from carenotebook.appraise.measures import FOLLOWED, Measure, Need
from carenotebook.core.durations import say_duration
from carenotebook.criteria.safeguards import catalogue
from carenotebook.privacy import Privacy, Released
from carenotebook.results.proportions import COLUMNS, proportions, release_proportions
from carenotebook.results.result import Result
from carenotebook.results.words import said_share

_GUARDS = ("left_out_clients", "between", "telling")
_FLAGS = "first_flags"
_OFFER = "offered_"

ALTERNATIVES = ("frequency", "method", "modality", "time", "therapist")
"""Kinds of alternative: the details of an offer that are looked for."""


@dataclass(frozen=True, repr=False, eq=False)
class SafeguardsRecorded(Result):
    """Of first flags, the share around which each safeguard was recorded.

    Attributes
    ----------
    evidence : Evidence
    frame : polars.DataFrame
    """

    evidence: Evidence
    frame: pl.DataFrame

    @property
    def title(self) -> str:
        """Names the rule."""
        return f"Safeguards recorded around first flags of {self.evidence.replay.rule.name!r}"

    def tidy(self) -> pl.DataFrame:
        """One row a safeguard that records can show, exact.

        Returns
        -------
        polars.DataFrame
            term (the safeguard's key), denominator_name, needs (what the cohort lacks for it),
            `carenotebook.results.proportions.COLUMNS`.
        """
        return self.frame.drop(_GUARDS[:2])

    def released(self, privacy: Privacy | None = None) -> Released:
        """The shares as they may be shown; none tells few clients by its difference to another."""
        gate = privacy or Privacy()
        replay = self.evidence.replay
        telling = replay.intervals.is_empty() or replay.states().hides_flagged(gate)
        guarded = self.frame.with_columns(telling=pl.lit(int(telling), pl.Int64))
        return release_proportions(guarded, gate, guards=_GUARDS)

    def said(self, privacy: Privacy) -> dict[str, str]:
        """Each share in words, by the safeguard's key."""
        rows = self.released(privacy).frame.iter_rows(named=True)
        return {r["term"]: r["needs"] or said_share(r, privacy, "first flags") for r in rows}

    def summary(self, privacy: Privacy | None = None) -> str:
        """What was recorded, and what a record does not show."""
        gate = privacy or Privacy()
        before, after = (say_duration(d) for d in (self.evidence.window, self.evidence.horizon))
        lead = (
            f"Of first flags, those around which the safeguard was recorded: in the {before} up to "
            f"the flag; a referral or a notice also in the {after} after it, where that long is "
            "seen."
        )
        caveat = (
            "Caveat: a record shows that something was written down, not how it was done; what "
            "nobody wrote down may have been done all the same."
        )
        rows = (f"- {title_of(key)}: {text}" for key, text in self.said(gate).items())
        return "\n".join([lead, *rows, caveat])


def title_of(term: str) -> str:
    """What a row of `SafeguardsRecorded` is called on a page."""
    if term == "item_9_known":
        return "Item 9 known"
    if term.startswith(_OFFER):
        return f"Another {term.removeprefix(_OFFER)} offered"
    return catalogue()[term].title


def recorded(evidence: Evidence) -> SafeguardsRecorded:
    """Look for each safeguard in the records around first flags."""
    rows = []
    for term, measure in MEASURES.items():
        needs = measure.lacking(evidence.cohort)
        units = evidence.flags.clear().with_columns(value=pl.lit(None, pl.Boolean))
        units = units if needs else measure.rows(evidence)
        known = units.drop_nulls("value")
        lost = units.filter(pl.col("value").is_null())["client_id"].n_unique()
        rows.append(
            proportions(known, "value").select(
                pl.lit(term).alias("term"),
                pl.lit(measure.of).alias("denominator_name"),
                pl.lit(needs).alias("needs"),
                *COLUMNS,
                pl.lit(lost, pl.Int64).alias("left_out_clients"),
                pl.lit(_between(term, units, evidence), pl.Int64).alias("between"),
            )
        )
    return SafeguardsRecorded(evidence, pl.concat(rows))


def _between(term: str, units: pl.DataFrame, evidence: Evidence) -> int:
    """Clients for whom the wider safeguard was recorded and not this one, which implies it."""
    wider = _WIDER.get(term)
    if wider is None or MEASURES[wider].lacking(evidence.cohort) or units.is_empty():
        return 0
    there = MEASURES[wider].rows(evidence).filter("value").select(KEY)
    return units.filter(~pl.col("value")).join(there, on=KEY, how="semi")["client_id"].n_unique()


def _twice(evidence: Evidence) -> pl.DataFrame:
    return _reached(evidence, pl.len() >= 2)


def _by_two_channels(evidence: Evidence) -> pl.DataFrame:
    return _reached(evidence, pl.col("channel").n_unique() >= 2, "channel")


def _reached(evidence: Evidence, enough: pl.Expr, *columns: str) -> pl.DataFrame:
    """Whether delivered messages, reminders aside, were enough in the window."""
    sent = (
        evidence.cohort.table("contacts")
        .filter(
            (pl.col("direction") == "outbound") & pl.col("delivered"),
            pl.col("purpose").ne_missing("reminder"),
            *(pl.col(c).is_not_null() for c in columns),
        )
        .select("client_id", "at", *columns)
    )
    found = evidence.before_flag(sent).group_by(KEY).agg(enough=enough).filter("enough")
    return marked(evidence.flags, found)


def _done(kind: str) -> flagged.Rows:
    missing = flagged.without(kind)
    return lambda evidence: missing(evidence).with_columns(~pl.col("value"))


def _answered(evidence: Evidence) -> pl.DataFrame:
    offers = evidence.cohort.table("actions").filter(
        pl.col("kind") == "alternative_offered", pl.col("response").is_not_null()
    )
    return marked(evidence.flags, evidence.before_flag(offers.select("client_id", "at")))


def _offered(detail: str) -> flagged.Rows:
    """Whether an alternative of this kind was offered in the window."""

    def rows(evidence: Evidence) -> pl.DataFrame:
        chosen = (pl.col("kind") == "alternative_offered") & (pl.col("detail") == detail)
        offers = evidence.cohort.table("actions").filter(chosen).select("client_id", "at")
        return marked(evidence.flags, evidence.before_flag(offers))

    return rows


def _item_known(evidence: Evidence) -> pl.DataFrame:
    """Whether an item 9 of the PHQ-9 is on record. Where it is not, risk is unknown, never low."""
    known = evidence.scores.filter(pl.col("at") <= pl.col(FLAG), pl.col("item_9").is_not_null())
    return marked(evidence.flags, known)


def _around(kind: str, response: str | None = None) -> flagged.Rows:
    """Whether such an action stands in the window or the horizon; null where less is seen."""

    def rows(evidence: Evidence) -> pl.DataFrame:
        chosen = [pl.col("kind") == kind]
        chosen += [] if response is None else [pl.col("response") == response]
        done = evidence.cohort.table("actions").filter(*chosen).select("client_id", "at")
        near = pl.concat([f(done).select(KEY) for f in (evidence.before_flag, evidence.after_flag)])
        return marked(evidence.flags, near).with_columns(value=pl.when("followed").then("value"))

    return rows


def _heard(evidence: Evidence) -> pl.DataFrame:
    told = evidence.cohort.table("checkins").select("client_id", "at")
    return marked(evidence.flags, evidence.before_flag(told))


_KIND: Need = ("actions", ("kind",))
_ANSWER: Need = ("actions", ("kind", "response"))
_MESSAGES: Need = ("contacts", ("purpose", "delivered"))
_CHANNELS: Need = ("contacts", ("purpose", "delivered", "channel"))


def _measure(term: str, rows: flagged.Rows, need: Need, of: str = _FLAGS) -> tuple[str, Measure]:
    return term, Measure(term, "", rows, of, (need,))


MEASURES: dict[str, Measure] = dict(
    (
        _measure("contact_twice", _twice, _MESSAGES),
        _measure("second_channel", _by_two_channels, _CHANNELS),
        _measure("conversation", _done("attendance_conversation"), _KIND),
        _measure("alternatives", _done("alternative_offered"), _KIND),
        *(
            _measure(f"{_OFFER}{detail}", _offered(detail), ("actions", ("kind", "detail")))
            for detail in ALTERNATIVES
        ),
        _measure("answer_recorded", _answered, _ANSWER),
        _measure("own_words", _heard, ("checkins", ())),
        _measure("risk_looked_at", _done("risk_review"), _KIND),
        _measure("item_9_known", _item_known, ("measures", ("item_9",))),
        _measure("second_clinician", _done("supervision"), _KIND),
        _measure("referral", _around("referral"), _KIND, FOLLOWED),
        _measure("referral_taken_up", _around("referral", "accepted"), _ANSWER, FOLLOWED),
        _measure("notice", _around("notice"), _KIND, FOLLOWED),
    )
)
_WIDER = {
    "second_channel": "contact_twice",
    "answer_recorded": "alternatives",
    **{f"{_OFFER}{detail}": "alternatives" for detail in ALTERNATIVES},
    "referral_taken_up": "referral",
}
