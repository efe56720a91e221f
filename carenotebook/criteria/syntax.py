"""What every node of a criterion's syntax tree is made of, and how to walk one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, get_args

from carenotebook.core.errors import RuleError

LANGUAGE_VERSION = 1

Quantity = Literal["count", "days", "rate", "score", "attribute"]
"""What kind of value a term has; it decides which comparisons have an exact meaning."""

Operator = Literal[">=", ">", "<=", "<", "==", "!="]
OPERATORS: tuple[str, ...] = get_args(Operator)
Scalar = int | float | str | bool


@dataclass(frozen=True)
class Param:
    """A named place for a number or a duration, filled in by a sweep."""

    name: str

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise RuleError(
                f"A parameter's name must be a plain word, such as 'k'; got {self.name!r}."
            )


class Node:
    """Base of every node; `key` is its name in a rule file."""

    key: ClassVar[str]


class Term(Node):
    """Base of every term."""

    quantity: ClassVar[Quantity]


class Truth(Node):
    """Base of every node that is true, false or unknown."""


Choice = tuple[str, ...] | None
Window = str | Param | None


def as_choice(value: str | Sequence[str] | None) -> Choice:
    """One value, a list of values or None, as a tuple or None."""
    if value is None:
        return None
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        raise RuleError(f"A filter takes one value or a list of values; got {value!r}.")
    return tuple(value)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below."""
    for field in fields(node):  # type: ignore[arg-type]
        value = getattr(node, field.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (v for v in value if isinstance(v, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and every node below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def params(node: Node) -> tuple[str, ...]:
    """Names of the parameters that still stand open, in order of appearance."""
    found = [
        value.name
        for n in walk(node)
        for field in fields(n)  # type: ignore[arg-type]
        if isinstance(value := getattr(n, field.name), Param)
    ]
    return tuple(dict.fromkeys(found))
