"""`ethics_review`: whether a design has the safeguards that it needs before anybody is reviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from carenotebook.appraise.codes import Code, chosen
from carenotebook.appraise.ethics_records import SafeguardsRecorded, recorded
from carenotebook.appraise.evidence import Evidence, reviews_of
from carenotebook.core.cohort import check_cohort
from carenotebook.core.errors import OptionError
from carenotebook.criteria.protocol import Protocol
from carenotebook.criteria.replay import replay
from carenotebook.criteria.rule import Rule, library
from carenotebook.criteria.safeguards import Answer, answers, catalogue
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.result import Result

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol_replay import ProtocolReplay
    from carenotebook.criteria.replay import Replay

UNFIT = "Not fit for use"
STATUSES = {
    "against": "Against it",
    "missing": "Missing",
    "partly": "In part",
    "declared": "Declared",
    "shown": "Shown",
}
_CAVEAT = (
    "Caveat: this looks at a design on paper and at records, not at how people were treated. What "
    "is declared was not shown. It is no legal advice: the codes themselves and the law where you "
    "work are what counts."
)


@dataclass(frozen=True, repr=False, eq=False)
class EthicsReview(Result):
    """What `ethics_review` returns.

    Attributes
    ----------
    criterion : Rule or Protocol
    answers : tuple of Answer
        What was found of each safeguard, those that need work first.
    codes : tuple of Code
        What the answers are held against.
    recorded : SafeguardsRecorded or None
        What the cohort's records show, where there is one.
    """

    criterion: Rule | Protocol
    answers: tuple[Answer, ...]
    codes: tuple[Code, ...]
    recorded: SafeguardsRecorded | None = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """Titles of the blocking safeguards that are neither shown nor declared."""
        return tuple(
            a.safeguard.title
            for a in self.answers
            if a.safeguard.weight == "blocking" and not a.met
        )

    @property
    def fit(self) -> bool:
        """Whether no blocking safeguard is lacking. That alone makes no rule a good one."""
        return not self.lacking

    @property
    def title(self) -> str:
        """Says what it is: whether anything that blocks is missing, and how much."""
        name, many = self.criterion.name, len(self.lacking)
        if many:
            said = "1 blocking safeguard is" if many == 1 else f"{many} blocking safeguards are"
            return f"{UNFIT}: {said} missing from {name!r}"
        return f"Safeguards of {name!r}: no blocking one is missing"

    def tidy(self) -> pl.DataFrame:
        """One row a safeguard, those that need work first.

        Returns
        -------
        polars.DataFrame
            safeguard (its key), title, weight ("blocking", "advisory"), status ("against",
            "missing", "partly", "declared", "shown"), asked, found, where, change (what to change;
            null where it is met), codes.
        """
        rows = [self._row(a) for a in self.answers]
        return pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String))

    def _row(self, answer: Answer) -> dict[str, str | None]:
        safeguard = answer.safeguard
        return {
            "safeguard": safeguard.key,
            "title": safeguard.title,
            "weight": safeguard.weight,
            "status": answer.status,
            "asked": safeguard.asked,
            "found": answer.found,
            "where": answer.where,
            "change": None if answer.met else safeguard.change,
            "codes": "; ".join(c.name for c in self.codes if safeguard.key in c.safeguards),
        }

    def released(self, privacy: Privacy | None = None) -> Released:
        """The table as it may be shown: of the records, shares that passed the gate, in words."""
        gate = privacy or Privacy()
        said = {} if self.recorded is None else self.recorded.said(gate)
        where = (
            pl.when(pl.col("where") == "")
            .then(pl.lit(""))
            .otherwise(pl.format(" ({})", pl.col("where")))
        )
        on_record = pl.col("safeguard").replace_strict(
            {k: f" On record: {t}." for k, t in said.items() if k in catalogue()}, default=""
        )
        named = self.tidy().select(
            pl.col("title").alias("safeguard"),
            "weight",
            "asked",
            pl.format(
                "{}. {}{}{}", pl.col("status").replace(STATUSES), pl.col("found"), where, on_record
            ).alias("found"),
            pl.col("change").fill_null("Nothing.").alias("what to change"),
            "codes",
            pl.lit(value=False).alias(SUPPRESSED),
        )
        return Released(named, gate)

    def summary(self, privacy: Privacy | None = None) -> str:  # noqa: ARG002 - a design holds no client
        """Whether it is fit for use, what is missing, what is only declared, and the caveat."""
        counts = {s: sum(a.status == s for a in self.answers) for s in STATUSES}
        told = ", ".join(f"{n} {STATUSES[s].lower()}" for s, n in counts.items() if n)
        lines = [
            f"{self.title}.",
            f"{len(self.answers)} safeguards were looked for: {told}.",
            *(f"- {a.safeguard.title}: {a.safeguard.change}" for a in self._blocking()),
        ]
        if not self.fit:
            lines.append(
                "It may be studied on past data. It must not be used with clients, and cannot be "
                "saved as a preset."
            )
        if self.recorded is not None:
            lines.append("What the records show around first flags is told apart from this.")
        return "\n".join([*lines, _CAVEAT])

    def _blocking(self) -> list[Answer]:
        return [a for a in self.answers if a.safeguard.title in self.lacking]


_COLUMNS = (
    "safeguard",
    "title",
    "weight",
    "status",
    "asked",
    "found",
    "where",
    "change",
    "codes",
)


def ethics_review(  # noqa: PLR0913 - what a design is held against
    criterion: Rule | Protocol,
    cohort: Cohort | None = None,
    profile: str | Sequence[str] | None = None,
    *,
    declared: Mapping[str, str] | None = None,
    window: str = "90d",
    horizon: str = "8w",
) -> EthicsReview:
    """Check whether a design has the safeguards that it needs before anybody is reviewed by it.

    For drafting a criterion, and for a committee that is to decide on one. It finds in the rule's
    clauses or the protocol's stages what can be found there, and in the records of a cohort how
    often a safeguard was recorded around a flag. The rest can only be declared, and is called so.

    Not for a decision about a single client, and not as permission: a design without a gap on paper
    can still do harm.

    Parameters
    ----------
    criterion : Rule or Protocol
    cohort : Cohort, optional
        Where to look for what was recorded.
    profile : str or sequence of str, optional
        Whose codes apply: "APA", "NASW", "ACA", "BACP", or several; all by default. Duties that
        hold for everybody, and blocking safeguards, always stay.
    declared : mapping of str to str, optional
        By a safeguard's key or title, how it is done where a design cannot show it, such as
        ``{"way_back": "A phone call, and the next free place."}``. Texts in the criterion's own
        `safeguards` that begin with a title and a colon count as well.
    window, horizon : str
        How long before and after a first flag records are looked at.

    Returns
    -------
    EthicsReview
        ``.fit``, ``.lacking``, and a table: asked, found, where, what to change.

    Raises
    ------
    OptionError
        If `declared` or `profile` names something unknown.
    MissingDataError
        If the criterion cannot be replayed on the cohort.

    Notes
    -----
    Misuse that this is built against, and what to do instead:

    - *A list of flags used as a list of discharges.* A flag says: look, and talk. Nothing here ends
      anybody's care, and a client list leaves by `client_list` alone, for outreach or research.
    - *Thresholds tuned until the caseload fits.* Then capacity decides who is ill. Say what is
      concerning first, and plan capacity with `carenotebook.capacity`.
    - *A rule written after the decision*, so that it fits. A rule's hash and date belong in the
      record before anybody is looked at by it.
    - *Shedding those who need most.* People in crisis, with children, shifts or pain miss more.
      `carenotebook.audit` shows who is put up while unwell, and who would have come back.
    - *Ranking therapists.* Their clients differ. Nothing here is sorted by a rate.
    - *A payer's denial.* A missed appointment says nothing of whether care is needed.

    Codes: see `carenotebook.appraise.professional_codes`. That scales do not decide: NICE NG225, at
    second hand.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> found = cn.ethics_review(c.Rule("three misses", c.missed(within="90d") >= 3))
    >>> found.fit, "Way back" in found.lacking
    (False, True)
    """
    if not isinstance(criterion, Rule | Protocol):
        raise OptionError("ethics_review() needs a rule or a protocol: make one with c.Rule(...).")
    if cohort is not None:
        check_cohort(cohort, "ethics_review()")
    found = None if cohort is None else replay(criterion, cohort)
    return reviewed(criterion, found, profile, declared=declared, window=window, horizon=horizon)


def reviewed(  # noqa: PLR0913 - as `ethics_review`
    criterion: Rule | Protocol,
    found: Replay | ProtocolReplay | None,
    profile: str | Sequence[str] | None = None,
    *,
    declared: Mapping[str, str] | None = None,
    window: str = "90d",
    horizon: str = "8w",
) -> EthicsReview:
    """`ethics_review` of a criterion that has been replayed, or of its design alone."""
    codes = chosen(profile)
    asked = {key for code in codes for key in code.safeguards}
    every = [
        a
        for a in answers(criterion, declared)
        if a.safeguard.weight == "blocking" or a.safeguard.key in asked
    ]
    if found is None:
        return EthicsReview(criterion, _ordered(every), codes)
    evidence = Evidence(reviews_of(found, "ethics_review()"), horizon, window)
    charged = _charges(evidence.cohort)
    weighed = [_weighed(a) if charged and a.safeguard.key == "fees_clear" else a for a in every]
    return EthicsReview(criterion, _ordered(weighed), codes, recorded(evidence))


def preset_safeguards(profile: str | Sequence[str] | None = None) -> pl.DataFrame:
    """Every published preset against every safeguard.

    Parameters
    ----------
    profile : str or sequence of str, optional
        As for `ethics_review`.

    Returns
    -------
    polars.DataFrame
        safeguard, weight, and one column a preset: "shown", "declared", "partly", "missing" or
        "against".

    Examples
    --------
    >>> from carenotebook.appraise import preset_safeguards
    >>> preset_safeguards().filter(safeguard="Way back")["ruh"].item()
    'declared'
    """
    found = {name: reviewed(rule, None, profile) for name, rule in library().items()}
    first, *others = (
        review.tidy().select(
            pl.col("title").alias("safeguard"), "weight", pl.col("status").alias(n)
        )
        for n, review in found.items()
    )
    order = [a.safeguard.title for a in answers(next(iter(library().values())))]
    for frame in others:
        first = first.join(frame, on=["safeguard", "weight"], how="left")
    place = pl.col("safeguard").replace_strict({t: i for i, t in enumerate(order)})
    return first.sort(pl.col("weight") != "blocking", place)


def _charges(cohort: Cohort) -> bool:
    """Whether a fee for missed appointments is among the recorded policies."""
    policies = cohort.policies
    if policies is None:
        return False
    return policies.filter(pl.col("kind") == "late_fee").head(1).collect().height > 0


def _weighed(answer: Answer) -> Answer:
    """Where a fee is charged, its terms must be clear."""
    return replace(answer, safeguard=replace(answer.safeguard, weight="blocking"))


def _ordered(every: Sequence[Answer]) -> tuple[Answer, ...]:
    """What blocks first, and in it what needs work first."""
    rank = list(STATUSES)
    return tuple(
        sorted(
            every,
            key=lambda a: (a.met, a.safeguard.weight != "blocking", rank.index(a.status)),
        )
    )
