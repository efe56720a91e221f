"""The grid of a sweep: which values each parameter of a rule takes, and the rule of each cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Any

import polars as pl

from carenotebook.core.errors import OptionError, RuleError
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.syntax import Param, Scalar

MOST_CELLS = 10_000
RESERVED = ("flagged", "clients", "incidence", "conf_low", "conf_high", "median_days")
_TAKEN = (*RESERVED, "person_days", "client_id", "episode", "flagged_at", "part", "suppressed")

Values = Mapping[str, Scalar]


@dataclass(frozen=True)
class Grid:
    """The values of each parameter, in the order in which they are given."""

    axes: Mapping[str, tuple[Scalar, ...]]

    @property
    def size(self) -> int:
        """How many cells there are."""
        return prod(len(values) for values in self.axes.values())

    def cells(self) -> list[dict[str, Scalar]]:
        """The values of each cell; the last parameter varies fastest."""
        return [
            dict(zip(self.axes, chosen, strict=True))
            for chosen in itertools.product(*self.axes.values())
        ]

    def frame(self) -> pl.DataFrame:
        """A row a cell, a column a parameter."""
        columns = zip(*itertools.product(*self.axes.values()), strict=True)
        return pl.DataFrame([_column(n, list(c)) for n, c in zip(self.axes, columns, strict=True)])


def read_grid(when: syntax.Truth, given: object) -> Grid:
    """Check a grid against the parameters of a rule.

    Raises
    ------
    OptionError
        If it names a parameter that the rule does not have, leaves one out, gives one no values or
        one value twice, or has more than `MOST_CELLS` cells.
    """
    if not isinstance(given, Mapping):
        raise OptionError("sweep: grid= is a dict of a parameter's name and its values.")
    wanted = syntax.params(when)
    if not wanted:
        raise OptionError(
            'sweep: the rule has no parameters. Put c.param("k") where a number or a duration is '
            "to vary."
        )
    unknown = [str(n) for n in given if n not in wanted]
    if unknown:
        known = ", ".join(wanted)
        raise OptionError(f"sweep: the rule has no parameter {unknown[0]!r}; it has {known}.")
    lacking = [n for n in wanted if n not in given]
    if lacking:
        raise OptionError(f"sweep: the grid gives no values for the parameter {lacking[0]!r}.")
    taken = [n for n in wanted if n in _TAKEN]
    if taken:
        raise OptionError(f"sweep: a parameter cannot be called {taken[0]!r}; rename it.")
    grid = Grid({n: _values(n, values) for n, values in given.items()})
    if grid.size > MOST_CELLS:
        raise OptionError(
            f"sweep: {grid.size:,} combinations. Widen the steps to stay within {MOST_CELLS:,}."
        )
    return grid


def _values(name: str, given: object) -> tuple[Scalar, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionError(f"sweep: the grid gives {name!r} one value; give it a list of values.")
    values = tuple(_plain(name, v) for v in given)
    if not values:
        raise OptionError(f"sweep: the grid gives the parameter {name!r} no values.")
    if len({(type(v), v) for v in values}) < len(values):
        raise OptionError(f"sweep: the grid gives the parameter {name!r} a value twice.")
    return values


def _plain(name: str, value: Any) -> Scalar:
    """A value as the language holds it: a number of numpy becomes one of Python."""
    found = value.item() if hasattr(value, "item") else value
    if not isinstance(found, int | float | str):
        raise OptionError(f"sweep: {name!r} takes numbers, durations or text; got {found!r}.")
    return found


def _column(name: str, values: list[Scalar]) -> pl.Series:
    """Numbers as numbers; a mixture with text as text."""
    if len({isinstance(v, str) for v in values}) > 1:
        values = [str(v) for v in values]
    return pl.Series(name, values, strict=False)


class Filler:
    """Puts values in the place of a rule's parameters; equal parts are made once."""

    def __init__(self, when: syntax.Truth) -> None:
        self.template = when
        self._params: dict[int, tuple[str, ...]] = {}
        self._made: dict[tuple[object, ...], syntax.Node] = {}

    def truth(self, values: Values) -> syntax.Truth:
        """The rule's expression with these values."""
        found = self._filled(self.template, values)
        assert isinstance(found, syntax.Truth)
        return found

    def _filled(self, node: syntax.Node, values: Values) -> syntax.Node:
        mine = self._params.get(id(node))
        if mine is None:
            mine = self._params[id(node)] = syntax.params(node)
        if not mine:
            return node
        key = (id(node), *((type(values[n]), values[n]) for n in mine))
        if key not in self._made:
            self._made[key] = self._replaced(node, values)
        return self._made[key]

    def _replaced(self, node: syntax.Node, values: Values) -> syntax.Node:
        changed: dict[str, Any] = {}
        own = []
        for field in fields(node):  # type: ignore[arg-type]
            value = getattr(node, field.name)
            if isinstance(value, Param):
                changed[field.name] = values[value.name]
                own.append(value.name)
            elif isinstance(value, syntax.Node):
                changed[field.name] = self._filled(value, values)
            elif isinstance(value, tuple):
                changed[field.name] = tuple(
                    self._filled(v, values) if isinstance(v, syntax.Node) else v for v in value
                )
        try:
            return replace(node, **changed)  # type: ignore[type-var]
        except RuleError as error:
            given = ", ".join(f"{n}={values[n]!r}" for n in own)
            raise RuleError(f"sweep: {given} is refused there: {error}") from None


def ordered(when: syntax.Truth, grid: Grid) -> syntax.Truth:
    """The same expression, in every group the members that vary least first.

    So what many cells share is found at the beginning of each; the order means nothing.
    """

    def often(node: syntax.Node) -> int:
        return prod(len(grid.axes[n]) for n in syntax.params(node))

    match when:
        case nodes.All() | nodes.Any_() | nodes.AtLeast():
            inner = sorted((ordered(o, grid) for o in when.operands), key=often)
            return replace(when, operands=tuple(inner))
        case nodes.Not() | nodes.Sustained():
            return replace(when, operand=ordered(when.operand, grid))
        case nodes.IsUnknown(syntax.Truth() as operand):
            return nodes.IsUnknown(ordered(operand, grid))
    return when
