"""`harms`: what acting on a criterion, and not acting, may do: both per 1,000 referred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from carenotebook.appraise.auditing import Audit
from carenotebook.appraise.estimates import EVERYONE
from carenotebook.appraise.measures import CAME_BACK, FLAG_RATE, PER_THOUSAND
from carenotebook.core.durations import say_duration
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.display import HIDDEN
from carenotebook.results.result import Result
from carenotebook.results.statistics import wilson
from carenotebook.results.words import from_to, number

Side = Literal["acting", "not acting"]

IN_APPOINTMENTS = f"appointments {PER_THOUSAND}"
"""The unit of what an episode can have several of."""

_WAITING = "missed_while_others_wait"
_WORDS: dict[str, tuple[Side, str]] = {
    CAME_BACK: ("acting", "Put up for review, and attended again within {after} of the flag"),
    "no_delivered_outreach": ("acting", "Put up for review, and no outreach had arrived"),
    "no_attendance_conversation": ("acting", "Put up for review, and nobody had talked with them"),
    "no_alternative_offered": ("acting", "Put up for review, and no alternative had been offered"),
    "no_risk_review": ("acting", "Put up for review, and nobody had looked at risk"),
    "item_9_look_now": ("acting", "Put up for review with item 9 above 0: look now"),
    "severe_at_flag": ("acting", "Put up for review with a PHQ-9 of 20 or more"),
    "notice_or_ending_after": ("acting", "Notice or ending recorded within {after} of the flag"),
    "worse_unflagged": ("not acting", "Never put up for review, and reliably worse at the end"),
    "left_unreached": ("not acting", "Never put up for review, gone, and nobody reached out"),
    _WAITING: (
        "not acting",
        "Missed by those never put up for review while others waited",
    ),
}
_COLUMNS = {
    "side": pl.String,
    "harm": pl.String,
    "term": pl.String,
    "needs": pl.String,
    "numerator": pl.Int64,
    "denominator": pl.Int64,
    "estimate": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "unit": pl.String,
    SUPPRESSED: pl.Boolean,
}
_CAVEAT = (
    "What is not known counts as no harm, so each figure is the least it can be. The two sides are "
    "not a balance: they count different things, some of the same people, and nobody can say from "
    "them what a review would have led to. Coming back does not prove a flag wrong."
)


@dataclass(frozen=True, repr=False, eq=False)
class Harms(Result):
    """What `harms` returns.

    Attributes
    ----------
    audit : Audit
        Whence the figures come: nothing is counted anew.
    """

    audit: Audit

    @property
    def title(self) -> str:
        """What is counted, and in what."""
        return "Harms of acting and of not acting, per 1,000 referred"

    def tidy(self) -> pl.DataFrame:
        """One row a harm, exact, those of acting first.

        Returns
        -------
        polars.DataFrame
            side ("acting", "not acting"), harm (in words), term (as in `Audit.tidy`), needs (what
            the cohort lacks for it), numerator, denominator (episodes referred and seen), estimate,
            conf_low, conf_high, unit.
        """
        frame = self.audit.tidy().with_columns(pl.lit(value=False).alias(SUPPRESSED))
        return self._rows(frame).drop(SUPPRESSED)

    def released(self, privacy: Privacy | None = None) -> Released:
        """The figures as they may be shown: each follows from what the audit shows."""
        gate = privacy or Privacy()
        frame = self._rows(self.audit.released(gate).frame)
        step = pl.max_horizontal(1.0, 1000 * gate.round_to / pl.col("denominator"))
        low, high = pl.col("conf_low"), pl.col("conf_high")
        coarse = frame.with_columns(
            ((pl.col("estimate") / step).round() * step).round(),
            ((low / step).floor() * step).floor(),
            ((high / step).ceil() * step).ceil(),
        )
        return Released(coarse.drop("term"), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """Both sides, line by line, and what they do not show."""
        gate = privacy or Privacy()
        rows = self.released(gate).frame.to_dicts()
        lines = [
            "Of 1,000 episodes that are referred and seen:",
            *(f"- {r['side'].capitalize()}. {r['harm']}: {_said(r)}." for r in rows),
            _CAVEAT,
        ]
        return "\n".join(lines)

    def _rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        mine = frame.filter(pl.col("split") == EVERYONE) if "split" in frame.columns else frame
        told = {row["term"]: row for row in mine.iter_rows(named=True)}
        return pl.DataFrame(list(self._each(told)), schema=_COLUMNS)

    def _each(self, told: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        after = say_duration(self.audit.horizon)
        whole = told[FLAG_RATE]
        for term, (side, words) in _WORDS.items():
            row = told[term]
            yield {
                "side": side,
                "harm": words.format(after=after),
                "term": term,
                "needs": row["needs"],
                "numerator": row["numerator"],
                "unit": IN_APPOINTMENTS if term == _WAITING else PER_THOUSAND,
                **(_of_all(row, whole) if side == "acting" else _as_told(row)),
            }


def harms(audit: Audit) -> Harms:
    """Set the harms of acting on a criterion beside those of not acting, per 1,000 referred.

    For a committee that weighs a criterion: what is done to people who would have come back, or
    with whom nobody had talked, and what is left undone for those whom it never names. Not for
    adding the two sides up: they count different things.

    Parameters
    ----------
    audit : Audit
        From `carenotebook.audit`. Groups in it are left out: everyone together is looked at.

    Returns
    -------
    Harms

    Notes
    -----
    The denominator is every episode that is referred and seen, so a figure says how many of 1,000
    it concerns, not how many of those put up for review. Intervals of the side of acting: Wilson's,
    with as many units as clients, since one client's episodes are alike; the other side: see
    `carenotebook.audit`.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=200, seed=1)
    >>> audit = cn.audit(cn.replay(c.Rule("missed", c.missed(within="90d") >= 2), cohort))
    >>> cn.appraise.harms(audit).tidy()["side"].unique(maintain_order=True).to_list()
    ['acting', 'not acting']
    """
    return Harms(audit)


def _of_all(row: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """A count of flags as a share of all episodes."""
    count, episodes, clients = row["numerator"], whole["denominator"], whole["clients"]
    hidden = row[SUPPRESSED] or whole[SUPPRESSED]
    nothing = {"denominator": None, SUPPRESSED: hidden, **dict.fromkeys(_FIGURES)}
    if hidden or count is None or not episodes:
        return nothing
    share = count / episodes
    low, high = wilson(share * clients, clients)
    figures = zip(_FIGURES, (share, float(low), float(high)), strict=True)
    return {
        "denominator": episodes,
        SUPPRESSED: False,
        **{name: 1000 * value for name, value in figures},
    }


_FIGURES = ("estimate", "conf_low", "conf_high")


def _as_told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("denominator", SUPPRESSED, *_FIGURES)}


def _said(row: Mapping[str, Any]) -> str:
    if row["needs"]:
        return f"not known ({row['needs']})"
    if row[SUPPRESSED]:
        return HIDDEN.lower()
    if row["estimate"] is None:
        return "unknown"
    ends = from_to(row["conf_low"], row["conf_high"])
    what = f" {row['unit'].split()[0]}" if row["unit"] == IN_APPOINTMENTS else ""
    return f"{number(row['estimate'])}{what} (95 % CI {ends})"
