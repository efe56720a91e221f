"""`dossier`: everything that a committee needs to decide on a criterion, as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carenotebook.appraise.auditing import Audit
from carenotebook.appraise.deciding import Decision
from carenotebook.appraise.per_thousand import harms
from carenotebook.appraise.practice import practice_review
from carenotebook.core.cohort import check_cohort
from carenotebook.core.errors import DataError, OptionError
from carenotebook.core.oserrors import reason_of
from carenotebook.criteria.replay import check_criterion
from carenotebook.criteria.rule import Rule, library
from carenotebook.describe.groups import as_names
from carenotebook.report.dossier_page import PLACES, page_of_dossier
from carenotebook.report.figures import Block, result_block
from carenotebook.report.layout import AUDIT, DECISION
from carenotebook.report.manifest import Asked, as_text, manifest_of, page_hash
from carenotebook.report.page import render, with_record
from carenotebook.report.practice_part import practice_block
from carenotebook.report.review import Review, review
from carenotebook.report.stopping import Limit, limits

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol import Protocol


@dataclass(frozen=True, repr=False, eq=False)
class Dossier:
    """What `carenotebook.dossier` returns: released aggregates and what people have written.

    Attributes
    ----------
    review : Review
        Every figure, as it may be shown.
    asked : Asked
    limits : tuple of Limit
        At which figures the criterion is withdrawn, beside what is found now.
    bare_manifest : Mapping
        The manifest without the hash of the page.
    """

    review: Review
    asked: Asked
    limits: tuple[Limit, ...]
    bare_manifest: Mapping[str, Any]

    @property
    def manifest(self) -> dict[str, Any]:
        """What it was made from: versions, seeds, options, and hashes of rule, data and page."""
        return self._made[0]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """What a committee would have to ask for before it can decide."""
        written, rule = self.asked.written, self.review.rule
        missing = {
            "the question that it is to answer": not written.get("question"),
            "a column over which to look at fairness (by=)": not self.asked.by,
            "a figure at which it is withdrawn (stopping=)": not self.limits,
            "who sees to it that it is withdrawn (written: stopping)": not written.get("stopping"),
        }
        lacking = [f"the safeguard {title!r}" for title in rule["lacking"]]
        return (*(what for what, absent in missing.items() if absent), *lacking)

    def html(self) -> str:
        """The dossier: one HTML file that needs no script and makes no request.

        Made again from its manifest and the same data it is the same to the byte.
        """
        return self._made[1]

    def save(self, path: str | Path) -> Path:
        """Write the page.

        Raises
        ------
        DataError
            If it cannot be written.
        """
        target = Path(path)
        try:
            target.write_text(self.html(), encoding="utf-8", newline="\n")
        except OSError as error:
            reason = reason_of(error)
            raise DataError(f"{target}: the dossier cannot be written ({reason}).") from None
        return target

    def figures(self) -> dict[str, Any]:
        """Every figure and text of the dossier, as JSON can hold it."""
        told = [{"when": x.when, "found": x.found, "verdict": x.verdict} for x in self.limits]
        return {**self.review.figures(), "stopping": told, "manifest": self.manifest}

    def summary(self) -> str:
        """The key figures, what is unfinished, and what it was made from, in a few lines."""
        missing = self.unfinished
        lines = [
            f"Dossier on {self.review.rule['name']!r}.",
            self.review.summary(),
            *(f"{x.when}. {x.verdict} ({x.found})." for x in self.limits),
            *(["Before a committee can decide, it lacks:"] if missing else []),
            *(f"- {what}" for what in missing),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        return "".join(f"<p>{escape(line)}</p>" for line in self.summary().splitlines())

    @cached_property
    def _made(self) -> tuple[dict[str, Any], str]:
        """Manifest and page: the page is hashed without its manifest, which then gets the hash."""
        page = page_of_dossier(self.review, self.asked, self.limits, self.unfinished)
        bare = render(with_record(page, ""))
        manifest = {**self.bare_manifest, "page": page_hash(bare)}
        return manifest, render(with_record(page, as_text(manifest)))


def dossier(  # noqa: PLR0913 - what a committee is to be told
    criterion: Rule | Protocol,
    cohort: Cohort,
    by: str | Sequence[str] = (),
    *,
    written: Mapping[str, str | Sequence[str]] | None = None,
    stopping: Mapping[str, float] | None = None,
    compare: Sequence[Rule] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    profile: str | Sequence[str] | None = None,
    declared: Mapping[str, str] | None = None,
    progress: bool = False,
) -> Dossier:
    """Everything that a committee needs to decide whether a criterion may be tried, as one page.

    For an ethics or governance committee, before anybody is reviewed by a criterion. It leads with
    whom the criterion would wrong and what is missing, sets doing nothing and reaching out beside
    it, leaves room for dissent, and has a seat for lived experience. Not for justifying a decision
    already taken, and not as a permission: the committee decides.

    Parameters
    ----------
    criterion : Rule or Protocol
    cohort : Cohort
    by : str or sequence of str
        Columns over which fairness is looked at: of `clients`, or therapist_id or site of
        `episodes`.
    written : mapping of str to text or texts, optional
        What people have to say, by place: "question" (what it is to answer, and who asks),
        "not_in_the_data", "alternatives", "open_questions", "after_an_ending", "stopping" (who
        withdraws it, how, and when it is looked at again), "dissent". What is not written is left
        blank, to be filled in by hand.
    stopping : mapping of str to float, optional
        The figures at which the criterion is withdrawn, by a term of `Audit.tidy` (shares from 0 to
        1), such as ``{"would_have_come_back": 0.3}``, or "largest_gap" (between groups, in who
        would have come back). They stand beside what is found now.
    compare : sequence of Rule, optional
        Other rules to set beside a rule; by default all published ones.
    grid : mapping of str to values, optional
        For a rule with parameters, as `carenotebook.sweep` takes them; the dossier is about the
        first value of each.
    profile, declared
        As for `carenotebook.ethics_review`.
    progress : bool
        True for a bar on standard error while it works, if that is a terminal.

    Returns
    -------
    Dossier
        ``.save("dossier.html")`` writes the page, ``.unfinished`` says what is missing,
        ``.manifest`` what it was made from. It holds no row of a client.

    Raises
    ------
    MissingDataError
        If the criterion needs a table or column that the cohort does not have.
    OptionError
        If `written`, `stopping`, `declared`, `profile` or `by` names something unknown.
    RuleError
        If a protocol is to be compared or swept.

    See Also
    --------
    carenotebook.verify_dossier : Whether a page is what its manifest and the data make.

    Notes
    -----
    Figures pass the same gate as a review's, as one report: what one section hides no other tells.

    Examples
    --------
    >>> import carenotebook as cn
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=80, seed=1)
    >>> rule = c.Rule("three misses", c.missed(within="90d") >= 3)
    >>> found = cn.dossier(rule, cohort, written={"question": "Whom should we ring?"}, compare=[])
    >>> found.unfinished[0], found.html().startswith("<!DOCTYPE html>")
    ('a column over which to look at fairness (by=)', True)
    """
    check_criterion(criterion, "dossier()")
    check_cohort(cohort, "dossier()")
    asked = Asked(
        criterion=criterion,
        by=as_names(by),
        written=_texts(written or {}),
        stopping=dict(stopping or {}),
        compare=_others(criterion, compare),
        grid=None if grid is None else {k: _plain(v) for k, v in grid.items()},
        profile=None if profile is None else as_names(profile),
        declared=dict(declared or {}),
    )
    return made(asked, cohort, progress=progress)


def made(asked: Asked, cohort: Cohort, *, progress: bool = False) -> Dossier:
    """The dossier that was asked for."""
    found = review(
        cohort,
        asked.criterion,
        asked.by,
        compare=asked.compare,
        grid=asked.grid,
        profile=asked.profile,
        declared=asked.declared,
        progress=progress,
    )
    audits = _audits(found)
    told = tuple(limits(asked.stopping, audits, found.privacy))
    blocks = {**found.blocks, **_more(found, audits[0], cohort)}
    gate = {"min_cell": found.privacy.min_cell, "round_to": found.privacy.round_to}
    whole = replace(found, blocks=blocks)
    return Dossier(whole, asked, told, manifest_of(asked, cohort, gate))


def _audits(found: Review) -> tuple[Audit, ...]:
    results = (b.result for n, b in found.blocks.items() if n.split("_")[0] == AUDIT)
    return tuple(r for r in results if isinstance(r, Audit))


def _more(found: Review, audit: Audit, cohort: Cohort) -> dict[str, Block]:
    """What a review has not: harms per 1,000, outreach instead, the service's own conduct."""
    gate = found.privacy
    more = {
        "harms": result_block(harms(audit), gate),
        "practice": practice_block(practice_review(cohort), gate),
    }
    trigger = found.blocks[DECISION].result if DECISION in found.blocks else None
    if isinstance(trigger, Decision):
        more[DECISION] = result_block(replace(trigger, action="outreach"), gate)
    return more


def _plain(values: Sequence[Any]) -> list[Any]:
    """Values of a parameter as JSON can hold them."""
    return [v.item() if hasattr(v, "item") else v for v in values]


def _texts(written: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    unknown = [str(k) for k in written if k not in PLACES]
    if unknown:
        raise OptionError(
            f"written={{{unknown[0]!r}: ...}} is no place in a dossier; known: {', '.join(PLACES)}."
        )
    texts = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in written.items()}
    wrong = [k for k, v in texts.items() if not all(isinstance(t, str) and t.strip() for t in v)]
    if wrong:
        raise OptionError(f"written={{{wrong[0]!r}: ...}} needs a text, or a list of texts.")
    return {k: tuple(t.strip() for t in v) for k, v in texts.items() if v}


def _others(criterion: Rule | Protocol, compare: Sequence[Rule] | None) -> tuple[Rule, ...]:
    if compare is not None:
        return tuple(compare)
    if not isinstance(criterion, Rule):
        return ()
    return tuple(r for r in library().values() if r.name != criterion.name)
