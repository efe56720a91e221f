"""`draft_letter`: a letter for one person, and what is still in its way. Nothing sends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from carenotebook.core.errors import OptionError
from carenotebook.outreach.letter_blocks import Block, blocks_of, plain
from carenotebook.outreach.letter_facts import (
    Values,
    check_decision,
    checked_facts,
    date_findings,
    is_unfinished,
    open_places,
    unused_findings,
    values_of,
)
from carenotebook.outreach.letter_jinja import Inserted, render
from carenotebook.outreach.letter_language import language
from carenotebook.outreach.letter_model import (
    WRITTEN_ON,
    Fact,
    Finding,
    Given,
    LetterTemplate,
)
from carenotebook.outreach.letter_reading import FORMULA, ReadingAge, reading_age
from carenotebook.outreach.letter_wording import OFFICIAL, missing_content, phrases_in


@dataclass(frozen=True, repr=False, eq=False)
class Letter:
    """A draft for one person. It is text and nothing else: nothing here sends it anywhere.

    It shows nothing of what was put in until `text` or `html` is asked for, because a notebook
    saves what it shows.

    Attributes
    ----------
    template : LetterTemplate
    written_on : date
    reading_age : ReadingAge
        Of the letter as it stands, without its open places, with its target.
    blocks : tuple of Block
        What the reader gets, with open places in it.
    places : tuple of Fact
        What somebody still has to write or finish.
    findings : tuple of Finding
        What is in its way, those that block it first.
    """

    template: LetterTemplate
    written_on: date
    reading_age: ReadingAge
    blocks: tuple[Block, ...] = field(repr=False)
    places: tuple[Fact, ...]
    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is open or missing and the wording approved. A person still reads it."""
        return not any(f.blocks for f in self.findings)

    @property
    def open(self) -> tuple[str, ...]:
        """The keys of the facts that somebody still has to give."""
        return tuple(f.key for f in self.places)

    @property
    def subject(self) -> str:
        """What stands in a subject line; nobody can tell from it what the letter is about."""
        return self.template.subject

    @property
    def envelope(self) -> str:
        """What may be seen of it from outside."""
        return language(self.template.language).labels["envelope"]

    @property
    def status(self) -> str:
        """Where it stands, in a line."""
        blocking = sum(f.blocks for f in self.findings)
        if not blocking:
            return "Ready for a person to read through. Nothing was sent."
        words = f"{len(self.places)} to fill, " if self.places else ""
        return f"Draft, not ready: {words}{blocking} to mend. Nothing was sent."

    def check(self) -> tuple[Finding, ...]:
        """What is in the way of giving it to somebody, and what to consider."""
        return self.findings

    @property
    def record(self) -> dict[str, Any]:
        """What to keep with the notes: which wording, approved by whom; nothing of the person."""
        approval = self.template.approval if self.template.approved else None
        return {
            "letter": self.template.name,
            "kind": self.template.kind.name,
            "version": self.template.version,
            "sha256": self.template.sha256,
            "approved_by": approval.by if approval else None,
            "approved_on": approval.on.isoformat() if approval else None,
            "written_on": self.written_on.isoformat(),
            "ready": self.ready,
            "reading_age": self.reading_age.years,
            "reading_age_target": self.reading_age.target,
            "reading_age_formula": FORMULA,
        }

    @property
    def text(self) -> str:
        """The letter as plain text; a draft says so at its head."""
        from carenotebook.outreach.letter_page import letter_text

        return letter_text(self)

    @property
    def html(self) -> str:
        """The letter as one HTML file to print or attach; a draft says so at its head."""
        from carenotebook.outreach.letter_page import letter_html

        return letter_html(self)

    def __repr__(self) -> str:
        return f"Letter({self.template.name!r}: {self.status} {self.reading_age})"


def draft_letter(
    letter: str | Path | LetterTemplate,
    facts: Given | None = None,
    *,
    on: date | None = None,
    target: float | None = None,
) -> Letter:
    """Draft a letter for one person, to be read and changed by whoever signs it.

    For telling people what was noticed, what can be done, and how to disagree. Not for sending many
    at once: no function here sends anything, and none writes to a list of people. A notice that
    care is to end is drafted only from a clinician's decision; a flag of a rule is none.

    Parameters
    ----------
    letter : str, path or LetterTemplate
        A name of `letters`, a file of your own, or a template.
    facts : mapping of str to text, list of text, or date, optional
        What only a person knows; ``letters()[name].facts`` says what each is. Whatever is left out
        stays a marked place in the draft.
    on : date, optional
        The day of the letter; by default today.
    target : float, optional
        The highest reading age, in years; by default that of the wording.

    Returns
    -------
    Letter
        With `text`, `html`, `check()`, `ready`, `open`, `reading_age` and `record`.

    Raises
    ------
    LetterError
        If the template is malformed, a fact is none of its facts or cannot be used, or a notice of
        an ending comes without a decision.
    OptionError
        If there is no letter of that name.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> draft = outreach.draft_letter("quiet_note", {"first_name": "Robin"})
    >>> draft.ready, draft.open
    (False, ('writer', 'quiet_number', 'safe_channel'))
    """
    from carenotebook.outreach.letter_files import load_letter

    template = letter if isinstance(letter, LetterTemplate) else load_letter(letter)
    written = on or date.today()  # noqa: DTZ011 - the day where the writer sits
    highest = _target(template, target)
    found = checked_facts(template, facts)
    check_decision(template, found, written)
    words = language(template.language)
    values = values_of(template, found, words)
    values[WRITTEN_ON] = Inserted.of(WRITTEN_ON, words.day(written))
    blocks = blocks_of(render(template.body, values))
    age = _reading_age(blocks, template, highest)
    findings = [
        *_findings(template, blocks, values),
        *date_findings(template, found, written),
        *_reading_findings(age),
        *unused_findings(template, facts),
    ]
    places = open_places(template, found)
    ordered = sorted(dict.fromkeys(findings), key=lambda f: not f.blocks)
    return Letter(template, written, age, blocks, places, (*_open(places), *ordered))


def _target(template: LetterTemplate, target: float | None) -> float:
    if target is None:
        return template.reading_age
    if isinstance(target, bool) or not isinstance(target, int | float) or not 5 <= target <= 25:
        raise OptionError("target= is a reading age in years, from 5 to 25.")
    return float(target)


def _open(places: tuple[Fact, ...]) -> Iterator[Finding]:
    for fact in places:
        where = "" if fact.shown else ", which the letter does not print"
        message = f"facts[{fact.key!r}] is still to be written: {fact.what}{where}."
        yield Finding("open", blocks=True, message=message)


def _findings(
    template: LetterTemplate, blocks: tuple[Block, ...], values: Values
) -> Iterator[Finding]:
    words = language(template.language)
    for said in missing_content(template.kind, blocks):
        yield Finding("content", blocks=True, message=f"{template.file}: {said}")
    for key, text in _inserted(template, values):
        for phrase in phrases_in(text, template.kind, words, outside=template.kind.discreet):
            wounds = phrase.tone not in OFFICIAL
            yield Finding("tone", blocks=wounds, message=f"facts[{key!r}] says {phrase}")
    for block in blocks:
        for line in block.lines:
            if any(s.fact is None and is_unfinished(s.text) for s in line):
                message = f"{template.file}: the wording holds something unfinished."
                yield Finding("open", blocks=True, message=message)
            if block.kind == "h1":
                for phrase in phrases_in(plain(line), template.kind, words, outside=True):
                    yield Finding("privacy", blocks=True, message=f"the title says {phrase}")
    if not template.approved:
        yield Finding("approval", blocks=True, message=_unapproved(template))


def _inserted(template: LetterTemplate, values: Values) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if key == WRITTEN_ON or not value or not template.facts[key].shown:
            continue
        for text in value if isinstance(value, list) else [value]:
            if not text.is_open:
                yield key, str(text)


def _unapproved(template: LetterTemplate) -> str:
    if template.approval is None:
        why = "nobody has approved this wording"
    else:
        why = "the wording changed since it was approved"
    return f"{template.file}: {why}. approve_letter() records who did, and when."


def _reading_age(blocks: tuple[Block, ...], template: LetterTemplate, target: float) -> ReadingAge:
    if not language(template.language).measured:
        return ReadingAge(None, target)
    lines = ["".join(s.text for s in line if not s.is_open) for b in blocks for line in b.lines]
    return reading_age([line.strip() for line in lines if line.strip()], target)


def _reading_findings(age: ReadingAge) -> Iterator[Finding]:
    if age.years is None:
        message = f"{age}: let two people who speak the language read it."
        yield Finding("reading", blocks=False, message=message)
    elif not age.met:
        many = len(age.long_sentences)
        message = f"{age}. Use shorter words, and cut the {many} longest sentences."
        yield Finding("reading", blocks=True, message=message)
