"""What a letter is made of: its kind, what it must hold, what a person puts in, and its wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

if TYPE_CHECKING:
    from carenotebook.outreach.letter_draft import Letter

FactKind = Literal["text", "list", "date"]
Given = Mapping[str, Any]

WRITTEN_ON = "written_on"
"""The day of the letter: always known, never a place to fill."""


@dataclass(frozen=True)
class Fact:
    """Something that a person puts into a letter.

    Attributes
    ----------
    key : str
    what : str
        What to write there.
    kind : {"text", "list", "date"}
    required : bool
        Whether the letter is not ready without it.
    shown : bool
        Whether the letter may print it.
    """

    key: str
    what: str
    kind: FactKind = "text"
    required: bool = True
    shown: bool = True


@dataclass(frozen=True)
class Content:
    """Something that a letter must say; `facts`: one of these must stand where it says so."""

    key: str
    label: str
    add: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of letter.

    Attributes
    ----------
    name, title : str
    audience : {"client", "parent", "clinician"}
    asks : tuple of Content
    decision : tuple of str
        Facts of a clinician's decision, without which there is no draft.
    notice : tuple of (str, str, int), optional
        The shortest time in days from one date to another.
    discreet : bool
        Whether nothing in it may give away that somebody is in therapy.
    """

    name: str
    title: str
    audience: str
    asks: tuple[Content, ...]
    decision: tuple[str, ...] = ()
    notice: tuple[str, str, int] | None = None
    discreet: bool = False


@dataclass(frozen=True)
class Approval:
    """Who approved a wording, when, and which."""

    by: str
    on: date
    sha256: str


@dataclass(frozen=True, repr=False)
class LetterTemplate:
    """The wording of a letter, and what a person has to put into it.

    Attributes
    ----------
    name : str
    kind : Kind
    title : str
        What staff call it.
    subject : str
        What stands in a subject line, and all that may be seen from outside.
    language : str
    version : int
    reading_age : float
        The highest that it should ask for, in years.
    facts : mapping of str to Fact
        Those that the wording uses, and those that its kind asks for.
    body : str
    first_line : int
        Where the body begins in its file.
    file : str
        What messages call it.
    approval : Approval, optional
    sha256 : str
        Of the wording: everything but the approval.
    text : str
        The whole file.
    """

    name: str
    kind: Kind
    title: str
    subject: str
    language: str
    version: int
    reading_age: float
    facts: Mapping[str, Fact]
    body: str
    first_line: int
    file: str
    approval: Approval | None
    sha256: str
    text: str

    @property
    def approved(self) -> bool:
        """Whether this very wording was approved; one changed since then is a draft again."""
        return self.approval is not None and self.approval.sha256 == self.sha256

    def draft(self, facts: Given | None = None, **options: Any) -> Letter:
        """A draft for one person; see `draft_letter`."""
        from carenotebook.outreach.letter_draft import draft_letter

        return draft_letter(self, facts, **options)

    def example(self) -> dict[str, Any]:
        """Made-up facts to try it with; those of your own are given as a note that says so."""
        made_up = _data("example.yml")
        own = {"list": ["one thing", "another thing"], "date": "2026-04-01", "text": "an example"}
        return {k: made_up.get(k, own[fact.kind]) for k, fact in self.facts.items()}

    def save(self, path: str | Path) -> Path:
        """Write it to a file that ends in .md.

        Raises
        ------
        OptionError
            If the name ends in anything else.
        OSError
            If it cannot be written.
        """
        from carenotebook.outreach.letter_files import save

        return save(self, path)

    def __repr__(self) -> str:
        told = f"approved on {self.approval.on}" if self.approved and self.approval else "draft"
        return f"LetterTemplate({self.name!r}: {self.title}; version {self.version}, {told})"


@dataclass(frozen=True)
class Finding:
    """Something to change in a letter before anybody gets it.

    Attributes
    ----------
    about : str
        content, tone, privacy, open, reading, dates, approval, or unused.
    blocks : bool
        Whether the letter is not ready because of it.
    message : str
        What, where, and what to do. Nothing that a person put in.
    """

    about: str
    blocks: bool
    message: str

    def __str__(self) -> str:
        return f"{'To mend' if self.blocks else 'To consider'} ({self.about}): {self.message}"


@cache
def _data(name: str) -> dict[str, Any]:
    file = resources.files("carenotebook.outreach") / "content" / "letters" / name
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


@cache
def contents() -> dict[str, Content]:
    """What a letter can be asked to hold, by its mark."""
    return {
        k: Content(k, v["label"], v["add"], tuple(v.get("facts", ())))
        for k, v in _data("contents.yml").items()
    }


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of letters, by name."""
    return {name: _kind(name, entry) for name, entry in _data("kinds.yml").items()}


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    notice = entry.get("notice")
    return Kind(
        name,
        entry["title"],
        entry["audience"],
        tuple(contents()[k] for k in entry["asks"]),
        tuple(entry.get("decision", ())),
        (notice["from"], notice["to"], notice["days"]) if notice else None,
        entry.get("discreet", False),
    )


@cache
def known_facts() -> dict[str, Fact]:
    """The facts that any template may use, by key."""
    return {k: Fact(k, **entry) for k, entry in _data("facts.yml").items()}
