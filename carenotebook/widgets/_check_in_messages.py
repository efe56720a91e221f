"""What crosses between the kernel and the browser for a check-in. No event holds an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from carenotebook.widgets._messages import (
    Cancel,
    Command,
    Event,
    Failed,
    Option,
    Ready,
    Settled,
)


@dataclass(frozen=True)
class Answer(Command):
    """What a client answers in a check-in."""

    kind: ClassVar[str] = "answer"
    obstacles: tuple[str, ...]
    nothing: bool
    progress: int | None
    go_on: Literal["yes", "unsure", "no", "unsaid"]
    words: str


@dataclass(frozen=True)
class Choices:
    """A question and what can be answered."""

    question: str
    hint: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Survey(Event):
    """The texts of a check-in, and how far it is. It holds no answer."""

    kind: ClassVar[str] = "survey"
    answers: str
    state: Literal["open", "saved", "tried"]
    title: str
    lead: str
    danger: str
    in_danger: str
    about: tuple[str, ...]
    obstacles: Choices
    progress: Choices
    go_on: Choices
    words: str
    words_kept: str
    longest: int


CHECK_IN_COMMANDS: tuple[type[Command], ...] = (Ready, Cancel, Answer)
CHECK_IN_EVENTS: tuple[type[Event], ...] = (Failed, Settled, Survey)
