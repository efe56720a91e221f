"""Writes the TypeScript types of the messages: ``python -m carenotebook.widgets._typescript``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from carenotebook.widgets import _builder_messages, _case_messages, _check_in_messages, _messages
from carenotebook.widgets._messages import Message

TARGET = Path(__file__).parents[2] / "widgets" / "src" / "contract.gen.ts"
_WIDGETS = (
    (_builder_messages.BUILDER_COMMANDS, _builder_messages.BUILDER_EVENTS),
    (_case_messages.CASE_COMMANDS, _case_messages.CASE_EVENTS),
    (_check_in_messages.CHECK_IN_COMMANDS, _check_in_messages.CHECK_IN_EVENTS),
)
COMMANDS = tuple(dict.fromkeys(c for commands, _ in _WIDGETS for c in commands))
EVENTS = tuple(dict.fromkeys(e for _, events in _WIDGETS for e in events))
_NAMES: dict[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean"}


def contract() -> str:
    """The text of `contract.gen.ts`."""
    parts = [
        "// Written by `python -m carenotebook.widgets._typescript`; do not edit.\n",
        f"export const LONGEST = {_messages.LONGEST};\n",
        *(_interface(t) for t in _types()),
        f"export type Command = {' | '.join(c.__name__ for c in COMMANDS)};\n",
        f"export type Event = {' | '.join(e.__name__ for e in EVENTS)};\n",
        f'export const EVENT_KINDS: readonly Event["kind"][] = [{_listed(EVENTS)}];\n',
    ]
    return "\n".join(parts)


def _listed(kinds: tuple[type[Message], ...]) -> str:
    return ", ".join(f'"{k.kind}"' for k in kinds)


def _types() -> list[type]:
    """Every dataclass that is used, the plain ones first."""
    found: dict[type, None] = {}
    for message in (*COMMANDS, *EVENTS):
        for used in _used(message):
            found.setdefault(used)
    return sorted(found, key=lambda t: issubclass(t, Message))


def _used(kind: type) -> Iterator[type]:
    for hint in get_type_hints(kind).values():
        for part in (hint, *get_args(hint), *(b for a in get_args(hint) for b in get_args(a))):
            if isinstance(part, type) and is_dataclass(part):
                yield from _used(part)
    yield kind


def _interface(kind: type) -> str:
    hints = get_type_hints(kind)
    lines = [f"  readonly {f.name}: {_type(hints[f.name])};" for f in fields(kind)]
    if issubclass(kind, Message):
        lines.insert(0, f'  readonly kind: "{kind.kind}";')
    return "\n".join([f"export interface {kind.__name__} {{", *lines, "}", ""])


def _type(hint: Any) -> str:
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return " | ".join(f'"{a}"' for a in arguments)
    if get_origin(hint) in (Union, UnionType):
        return " | ".join(_type(a) for a in arguments)
    if get_origin(hint) is tuple:
        return (
            f"readonly {_type(arguments[0])}[]"
            if arguments[0] in _NAMES or is_dataclass(arguments[0])
            else f"readonly ({_type(arguments[0])})[]"
        )
    if hint is NoneType:
        return "null"
    return _NAMES.get(hint) or str(hint.__name__)


if __name__ == "__main__":
    TARGET.write_text(contract(), encoding="utf-8")
