"""What crosses between the kernel and the criteria builder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from carenotebook.widgets._messages import (
    Bar,
    Cancel,
    Command,
    Event,
    Failed,
    Option,
    Progress,
    Ready,
    Settled,
    Table,
)


@dataclass(frozen=True)
class Toggle(Command):
    """Switch a clause off, or on again."""

    kind: ClassVar[str] = "toggle"
    clause: int
    on: bool


@dataclass(frozen=True)
class Change(Command):
    """Put another value into a field of a clause."""

    kind: ClassVar[str] = "change"
    clause: int
    field: str
    value: str


@dataclass(frozen=True)
class Move(Command):
    """Move a clause within its group, into the group above it, or out of its group."""

    kind: ClassVar[str] = "move"
    clause: int
    way: Literal["up", "down", "in", "out"]


@dataclass(frozen=True)
class Remove(Command):
    """Remove a clause."""

    kind: ClassVar[str] = "remove"
    clause: int


@dataclass(frozen=True)
class Add(Command):
    """Add a clause of the menu, or a group, at the end of a group."""

    kind: ClassVar[str] = "add"
    choice: str
    group: int


@dataclass(frozen=True)
class Start(Command):
    """Start from a published rule."""

    kind: ClassVar[str] = "start"
    preset: str


@dataclass(frozen=True)
class Rename(Command):
    """Give the rule another name."""

    kind: ClassVar[str] = "rename"
    name: str


@dataclass(frozen=True)
class Undo(Command):
    """Take back the last change."""

    kind: ClassVar[str] = "undo"


@dataclass(frozen=True)
class Redo(Command):
    """Make the change again that was taken back."""

    kind: ClassVar[str] = "redo"


@dataclass(frozen=True)
class Look(Command):
    """Ask for the figures of a tab."""

    kind: ClassVar[str] = "look"
    tab: Literal["clauses", "when", "groups"]
    by: str


@dataclass(frozen=True)
class Field:
    """What can be edited of a clause. `value` is text: a number, "90d", or one of `options`."""

    name: str
    label: str
    control: Literal["number", "percent", "duration", "choice", "text"]
    value: str
    options: tuple[Option, ...]
    optional: bool


@dataclass(frozen=True)
class Clause:
    """A row of the clause list; `depth` 0 stands directly in the rule."""

    id: int
    depth: int
    on: bool
    counted: bool
    group: bool
    label: str
    words: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Choice:
    """An entry of the clause menu; `needs` says what to pass where data are missing."""

    value: str
    section: str
    label: str
    needs: str


@dataclass(frozen=True)
class Menu(Event):
    """What does not change while the widget lives."""

    kind: ClassVar[str] = "menu"
    choices: tuple[Choice, ...]
    presets: tuple[Option, ...]
    groupings: tuple[Option, ...]
    label: str


@dataclass(frozen=True)
class Document(Event):
    """The rule as it stands. `lacking` are the blocking safeguards that it needs, and how."""

    kind: ClassVar[str] = "document"
    answers: str
    name: str
    root: int
    match: tuple[Field, ...]
    clauses: tuple[Clause, ...]
    words: tuple[str, ...]
    code: str
    problem: str
    unfit: str
    lacking: tuple[str, ...]
    can_undo: bool
    can_redo: bool


@dataclass(frozen=True)
class Headline(Event):
    """How many would be put up for review, in words; derived from rounded counts."""

    kind: ClassVar[str] = "headline"
    sentence: str
    undecided: str
    caution: str


@dataclass(frozen=True)
class Bars(Event):
    """Bars of rounded counts: what each clause leaves, or first flags by month."""

    kind: ClassVar[str] = "bars"
    tab: Literal["clauses", "when"]
    title: str
    bars: tuple[Bar, ...]
    largest: int
    note: str
    table: Table


@dataclass(frozen=True)
class Interval:
    """A share with its interval, from rounded counts. Without an estimate it is hidden."""

    label: str
    estimate: float | None
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True)
class Intervals(Event):
    """Shares by group, largest group first, with everyone's share as the line of reference."""

    kind: ClassVar[str] = "intervals"
    by: str
    title: str
    rows: tuple[Interval, ...]
    reference: float | None
    note: str
    table: Table


@dataclass(frozen=True)
class Notice(Event):
    """A tab that has nothing to show, and why."""

    kind: ClassVar[str] = "notice"
    tab: Literal["clauses", "when", "groups"]
    message: str


BUILDER_COMMANDS: tuple[type[Command], ...] = (
    Ready,
    Cancel,
    Toggle,
    Change,
    Move,
    Remove,
    Add,
    Start,
    Rename,
    Undo,
    Redo,
    Look,
)
BUILDER_EVENTS: tuple[type[Event], ...] = (
    Failed,
    Progress,
    Settled,
    Menu,
    Document,
    Headline,
    Bars,
    Intervals,
    Notice,
)
