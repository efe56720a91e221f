"""What a node may hold: every check that is made when one is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carenotebook.core import options
from carenotebook.core.durations import days_us, duration_us
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.criteria.syntax import Node, Param, Term, Truth, Window

_LARGEST = 2**53


def choose(node: Any, name: str, allowed: tuple[str, ...] | None) -> None:
    """Check a filter and bring its values into the vocabulary's order."""
    chosen = getattr(node, name)
    if chosen is None:
        return
    if not chosen:
        raise RuleError(f"{node.key}(): {name}=[] matches nothing. Name a value, or leave it out.")
    for value in chosen:
        if not isinstance(value, str):
            raise RuleError(f"{node.key}(): {name}={value!r} is not text.")
        if allowed is not None:
            try:
                options.check_option(name, value, allowed)
            except OptionError as error:
                raise RuleError(f"{node.key}(): {error}") from None
    order = sorted(set(chosen)) if allowed is None else [a for a in allowed if a in chosen]
    object.__setattr__(node, name, tuple(order))


def check_window(within: Window) -> None:
    """A window is a duration that is not zero, a parameter, or none."""
    if within is not None and not isinstance(within, Param):
        duration(within, "within", zero=False)


def duration(text: object, what: str, *, zero: bool = True) -> int:
    """Microseconds of a duration, or a RuleError."""
    try:
        return duration_us(text, what, zero=zero)
    except OptionError as error:
        raise RuleError(str(error)) from None


def check_whole(value: object, what: str, least: int) -> None:
    """A whole number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{what} must be a whole number of {least} or more; got {value!r}.")


def check_flag(value: object, what: str) -> None:
    """True, False or None."""
    if value is not None and not isinstance(value, bool):
        raise RuleError(f"{what} is True, False or None; got {value!r}.")


def check_name(value: object, what: str) -> None:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise RuleError(f"{what} must be a name; got {value!r}.")


def check_reliable(instrument: str, key: str) -> None:
    """An instrument whose reliable change is published."""
    check_name(instrument, "instrument")
    known = INSTRUMENTS.get(instrument)
    if known is None or known.reliable_change is None:
        usable = ", ".join(i.name for i in INSTRUMENTS.values() if i.reliable_change is not None)
        raise RuleError(
            f"{key}({instrument!r}): no published reliable change is known for it. "
            f"Known: {usable}. Use measure_change() with a threshold of your own."
        )


def check_term(term: Any) -> None:
    """Something with a value."""
    if not isinstance(term, Term):
        raise RuleError("Only a term can be compared with a value.")


def check_truths(operands: Sequence[Any]) -> None:
    """Expressions, at least one."""
    if not operands:
        raise RuleError("A group needs at least one expression.")
    for operand in operands:
        if not isinstance(operand, Truth):
            raise RuleError(
                "A group holds expressions that are true or false; compare the term with a "
                "value first, such as c.missed(within='90d') >= 3."
            )


def check_equality(term: Term, op: str) -> None:
    """Equality has no exact meaning for continuous values."""
    if term.quantity in ("days", "rate"):
        other = "'>= 30' or '< 31'" if term.quantity == "days" else "'>= 0.8' or '< 0.8'"
        raise RuleError(
            f"{term.key}() {op}: equality of a continuous value holds for an instant or never. "
            f"Use {other}."
        )


def check_threshold(term: Term, op: str, value: object) -> None:
    """A threshold of the term's own kind."""
    if isinstance(value, Node):
        raise RuleError("Two terms cannot be compared with each other; compare each with a value.")
    if term.quantity == "attribute":
        _check_attribute_value(op, value)
    elif term.quantity == "days":
        try:
            days_us(value, f"{term.key}() {op}")
        except OptionError as error:
            raise RuleError(str(error)) from None
    else:
        _check_number(term, op, value)


def _check_attribute_value(op: str, value: object) -> None:
    if not isinstance(value, bool | int | float | str):
        raise RuleError(
            f"An attribute is compared with text, a number, True or False; got {value!r}."
        )
    if not isinstance(value, str):
        _check_size(value, "An attribute")
    if op not in ("==", "!=") and isinstance(value, bool):
        raise RuleError("True and False have no order; use == or !=.")


def _check_number(term: Term, op: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RuleError(f"{term.key}() {op} {value!r}: the threshold must be a number.")
    _check_size(value, f"{term.key}() {op}")
    if term.quantity == "rate" and not 0 <= value <= 1:
        hint = f"; for per cent write {value / 100:g}" if 1 < value <= 100 else ""
        raise RuleError(f"{term.key}() {op} {value!r}: a rate lies between 0 and 1{hint}.")


def _check_size(value: float, what: str) -> None:
    """Refuse what is not finite, or so large that whole numbers are not told apart."""
    if not abs(value) <= _LARGEST:
        raise RuleError(f"{what}: the threshold must be a number of at most 2**53.")
