"""What crosses between the kernel and the browser: commands one way, events the other.

The TypeScript types are generated from these dataclasses (`_typescript.py`). An event holds text
and released figures only; a command is typed data, never code or a query.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from carenotebook.core.errors import OptionError

LONGEST = 10_000
"""Characters of a text that a command may hold."""

MOST = 100
"""Values of a list that a command may hold."""


class Message:
    """Base of everything that crosses; `kind` tells one from another."""

    kind: ClassVar[str]

    def plain(self) -> dict[str, Any]:
        """The message as plain data."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class Command(Message):
    """What the browser asks. The answer names the `id`; a text has up to `longest` characters."""

    longest: ClassVar[int] = LONGEST
    id: str


@dataclass(frozen=True)
class Ready(Command):
    """A view is there and shows nothing yet."""

    kind: ClassVar[str] = "ready"


@dataclass(frozen=True)
class Cancel(Command):
    """Stop what is being worked out."""

    kind: ClassVar[str] = "cancel"


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
class Option:
    """One choice of a list."""

    value: str
    label: str


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
class Event(Message):
    """What the kernel says. Events of an older `revision` than the last are dropped."""

    revision: int


@dataclass(frozen=True)
class Failed(Event):
    """Something went wrong; what is shown stays."""

    kind: ClassVar[str] = "failed"
    answers: str
    message: str


@dataclass(frozen=True)
class Progress(Event):
    """How far the work on this revision is."""

    kind: ClassVar[str] = "progress"
    done: int
    total: int


@dataclass(frozen=True)
class Settled(Event):
    """Everything asked for this revision has been sent."""

    kind: ClassVar[str] = "settled"
    cancelled: bool


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
class Bar:
    """A bar with its own words. Without a count it is hidden."""

    label: str
    count: int | None
    alone: int | None
    said: str
    said_alone: str


@dataclass(frozen=True)
class Table:
    """The same figures as text."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


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


COMMANDS: tuple[type[Command], ...] = (
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
EVENTS: tuple[type[Event], ...] = (
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


def read_command(content: object, commands: tuple[type[Command], ...] = COMMANDS) -> Command:
    """A command from what the browser sent.

    Parameters
    ----------
    content : object
    commands : tuple of type
        What the widget obeys; by default what the builder does.

    Raises
    ------
    OptionError
        If it is not one of `commands` with fields of the right types, or holds a text that is
        too long. Nothing of what was sent is repeated in the message.

    Examples
    --------
    >>> read_command({"kind": "toggle", "id": "v1", "clause": 3, "on": False})
    Toggle(id='v1', clause=3, on=False)
    """
    kinds = {c.kind: c for c in commands}
    kind = content.get("kind") if isinstance(content, dict) else None
    command = kinds.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict) or command is None:
        raise OptionError("The widget was sent something that is not a command.")
    hints = get_type_hints(command)
    names = [f.name for f in fields(command)]
    given = {k: v for k, v in content.items() if k != "kind"}
    if set(given) != set(names) or not all(
        _fits(given[n], hints[n], command.longest) for n in names
    ):
        raise OptionError(f"The command {command.kind!r} has a wrong or missing field.")
    listed: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}
    return command(**listed)


def _fits(value: object, hint: Any, longest: int) -> bool:
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in parts
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, h, longest) for h in parts)
    if get_origin(hint) is tuple:
        listed = isinstance(value, list) and len(value) <= MOST
        return listed and all(_fits(v, parts[0], longest) for v in value)  # type: ignore[attr-defined]
    if hint is NoneType or isinstance(value, bool):
        return hint is (NoneType if value is None else bool)
    return isinstance(value, hint) and not (isinstance(value, str) and len(value) > longest)
