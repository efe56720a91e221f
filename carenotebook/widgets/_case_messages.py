"""What crosses between the kernel and the browser while a case study is played.

All of it travels by messages, which no saved notebook keeps: what a student chose and why stays in
the kernel's memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from carenotebook.widgets._messages import (
    Cancel,
    Command,
    Event,
    Failed,
    Option,
    Progress,
    Ready,
    Settled,
)


@dataclass(frozen=True)
class Choose(Command):
    """Make a choice in the scene that is shown, with a reason, which may be empty."""

    kind: ClassVar[str] = "choose"
    scene: str
    choice: str
    reason: str


@dataclass(frozen=True)
class Back(Command):
    """Go back to where so many choices had been made."""

    kind: ClassVar[str] = "back"
    steps: int


@dataclass(frozen=True)
class Justify(Command):
    """Write another reason for a choice that was made; the first is 1."""

    kind: ClassVar[str] = "justify"
    step: int
    reason: str


@dataclass(frozen=True)
class Bring(Command):
    """Bring another's way, as the text of a saved play, to compare with."""

    kind: ClassVar[str] = "bring"
    longest: ClassVar[int] = 200_000
    text: str


@dataclass(frozen=True)
class Turn(Command):
    """Ask for one of the pages that the scene offers."""

    kind: ClassVar[str] = "turn"
    page: str


@dataclass(frozen=True)
class Export(Command):
    """Ask for the way so far as a file."""

    kind: ClassVar[str] = "export"
    format: Literal["json", "csv", "html"]


@dataclass(frozen=True)
class Part:
    """A part of a page: a heading, then whatever it has."""

    heading: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Way:
    """A choice that was made: in which scene, its words, and the reason given."""

    scene: str
    choice: str
    reason: str


@dataclass(frozen=True)
class CaseChoice:
    """A way to go on; `why` says what opens or shuts it, where anything does."""

    value: str
    label: str
    why: str


@dataclass(frozen=True)
class CaseRead:
    """What a rule says now, whether it said otherwise in the scene before, and clause by clause."""

    sentence: str
    changed: bool
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class CaseScene(Event):
    """Where a play stands. `reason` is one that going back has taken along."""

    kind: ClassVar[str] = "scene"
    answers: str
    case: str
    about: str
    scene: str
    title: str
    when: str
    paragraphs: tuple[str, ...]
    meant: tuple[Part, ...]
    rules: tuple[CaseRead, ...]
    record: Part
    ask: str
    choices: tuple[CaseChoice, ...]
    closed: tuple[CaseChoice, ...]
    ending: str
    reason: str
    way: tuple[Way, ...]
    pages: tuple[Option, ...]


@dataclass(frozen=True)
class CasePage(Event):
    """A page that was asked for."""

    kind: ClassVar[str] = "page"
    page: str
    lead: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class CaseFile(Event):
    """A file for the browser to keep."""

    kind: ClassVar[str] = "file"
    answers: str
    name: str
    media: str
    text: str


CASE_COMMANDS: tuple[type[Command], ...] = (
    Ready,
    Cancel,
    Choose,
    Back,
    Justify,
    Bring,
    Turn,
    Export,
)
CASE_EVENTS: tuple[type[Event], ...] = (Failed, Progress, Settled, CaseScene, CasePage, CaseFile)
