"""What crosses between the kernel and the browser in every widget: commands one way, events back.

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
class Option:
    """One choice of a list."""

    value: str
    label: str


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


def read_command(content: object, commands: tuple[type[Command], ...]) -> Command:
    """A command from what the browser sent.

    Parameters
    ----------
    content : object
    commands : tuple of type
        What the widget obeys.

    Raises
    ------
    OptionError
        If it is not one of `commands` with fields of the right types, or holds a text that is
        too long. Nothing of what was sent is repeated in the message.

    Examples
    --------
    >>> read_command({"kind": "ready", "id": "v1"}, (Ready, Cancel))
    Ready(id='v1')
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
