"""The syntax tree of a criterion: frozen data, checked when it is made, with no behaviour.

Terms have a value per episode at every instant; truths are true, false or unknown. The language
(`language.py`) is a thin surface over these nodes; engines interpret them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args

from carenotebook.core import options
from carenotebook.core.durations import days_us, duration_us
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.core.instruments import INSTRUMENTS

LANGUAGE_VERSION = 1

Quantity = Literal["count", "days", "rate", "score", "attribute"]
"""What kind of value a term has; it decides which comparisons have an exact meaning."""

Operator = Literal[">=", ">", "<=", "<", "==", "!="]
OPERATORS: tuple[str, ...] = get_args(Operator)
Scalar = int | float | str | bool
_LARGEST = 2**53


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


@dataclass(frozen=True)
class Appointments(Term):
    """Number of appointments with these outcomes and properties."""

    key: ClassVar[str] = "appointments"
    quantity: ClassVar[Quantity] = "count"
    outcome: Choice
    kind: Choice = None
    reason: Choice = None
    modality: Choice = None
    within: Window = None

    def __post_init__(self) -> None:
        if self.outcome is None:
            raise RuleError("appointments() needs outcome=: which outcomes to count.")
        _choose(self, "outcome", options.OUTCOMES)
        _choose(self, "kind", options.KINDS)
        _choose(self, "reason", options.REASONS)
        _choose(self, "modality", options.MODALITIES)
        _check_window(self.within)


@dataclass(frozen=True)
class ConsecutiveMissed(Term):
    """Current run of missed appointments."""

    key: ClassVar[str] = "consecutive_missed"
    quantity: ClassVar[Quantity] = "count"


@dataclass(frozen=True)
class AttendanceRate(Term):
    """Attended of attended and missed."""

    key: ClassVar[str] = "attendance_rate"
    quantity: ClassVar[Quantity] = "rate"
    within: Window = None
    last: int | Param | None = None
    minimum: int = 4

    def __post_init__(self) -> None:
        _check_window(self.within)
        if self.last is not None and not isinstance(self.last, Param):
            _check_whole(self.last, "last", 1)
        _check_whole(self.minimum, "minimum", 1)


@dataclass(frozen=True)
class DaysSinceAttended(Term):
    key: ClassVar[str] = "days_since_attended"
    quantity: ClassVar[Quantity] = "days"


@dataclass(frozen=True)
class DaysSinceContact(Term):
    key: ClassVar[str] = "days_since_contact"
    quantity: ClassVar[Quantity] = "days"
    direction: Choice = ("inbound",)
    purpose: Choice = None
    delivered: bool | None = None

    def __post_init__(self) -> None:
        _choose(self, "direction", options.DIRECTIONS)
        _choose(self, "purpose", options.PURPOSES)
        _check_flag(self.delivered, "delivered")


@dataclass(frozen=True)
class DaysSinceHeard(Term):
    key: ClassVar[str] = "days_since_heard"
    quantity: ClassVar[Quantity] = "days"


@dataclass(frozen=True)
class DaysWithoutBooking(Term):
    key: ClassVar[str] = "days_without_booking"
    quantity: ClassVar[Quantity] = "days"


@dataclass(frozen=True)
class DaysInCare(Term):
    key: ClassVar[str] = "days_in_care"
    quantity: ClassVar[Quantity] = "days"


@dataclass(frozen=True)
class Unanswered(Term):
    """Delivered outbound contacts since the client was last heard from."""

    key: ClassVar[str] = "unanswered"
    quantity: ClassVar[Quantity] = "count"
    after: str = "7d"
    purpose: Choice = None

    def __post_init__(self) -> None:
        _duration(self.after, "after")
        _choose(self, "purpose", options.PURPOSES)


@dataclass(frozen=True)
class Contacts(Term):
    key: ClassVar[str] = "contacts"
    quantity: ClassVar[Quantity] = "count"
    direction: Choice = None
    purpose: Choice = None
    within: Window = None
    delivered: bool | None = None

    def __post_init__(self) -> None:
        _choose(self, "direction", options.DIRECTIONS)
        _choose(self, "purpose", options.PURPOSES)
        _check_window(self.within)
        _check_flag(self.delivered, "delivered")


@dataclass(frozen=True)
class Actions(Term):
    key: ClassVar[str] = "actions"
    quantity: ClassVar[Quantity] = "count"
    kind: Choice
    detail: Choice = None
    within: Window = None

    def __post_init__(self) -> None:
        if self.kind is None:
            raise RuleError("actions() needs a kind: which recorded safeguard to count.")
        _choose(self, "kind", options.ACTION_KINDS)
        _choose(self, "detail", None)
        _check_window(self.within)


@dataclass(frozen=True)
class Barriers(Term):
    key: ClassVar[str] = "barriers"
    quantity: ClassVar[Quantity] = "count"
    reason: Choice
    within: Window = None

    def __post_init__(self) -> None:
        if self.reason is None:
            raise RuleError("barriers() needs a reason: which obstacle to count.")
        _choose(self, "reason", options.REASONS)
        _check_window(self.within)


@dataclass(frozen=True)
class Measure(Term):
    """Latest score."""

    key: ClassVar[str] = "measure"
    quantity: ClassVar[Quantity] = "score"
    instrument: str
    within: Window = None

    def __post_init__(self) -> None:
        _check_name(self.instrument, "instrument")
        _check_window(self.within)


@dataclass(frozen=True)
class Item(Term):
    """Latest recorded item of an instrument."""

    key: ClassVar[str] = "item"
    quantity: ClassVar[Quantity] = "score"
    instrument: str
    number: int

    def __post_init__(self) -> None:
        _check_name(self.instrument, "instrument")
        if self.number != 9 or isinstance(self.number, bool):
            raise RuleError(f"item(): only item 9 is kept (column item_9); got {self.number!r}.")


@dataclass(frozen=True)
class MeasureChange(Term):
    """Latest score minus the first of the episode."""

    key: ClassVar[str] = "measure_change"
    quantity: ClassVar[Quantity] = "score"
    instrument: str

    def __post_init__(self) -> None:
        _check_name(self.instrument, "instrument")


@dataclass(frozen=True)
class Attribute(Term):
    """A column of `clients`."""

    key: ClassVar[str] = "attribute"
    quantity: ClassVar[Quantity] = "attribute"
    column: str

    def __post_init__(self) -> None:
        _check_name(self.column, "column")
        if self.column in ("ended_at", "end_reason"):
            raise RuleError(
                f"attribute({self.column!r}) is refused: how an episode ended is not known while "
                "it lasts, so a rule that reads it looks into the future."
            )


@dataclass(frozen=True)
class Improved(Truth):
    """Reliable change for the better since the first score."""

    key: ClassVar[str] = "improved"
    instrument: str

    def __post_init__(self) -> None:
        _check_reliable(self.instrument, self.key)


@dataclass(frozen=True)
class Deteriorated(Truth):
    """Reliable change for the worse since the first score."""

    key: ClassVar[str] = "deteriorated"
    instrument: str

    def __post_init__(self) -> None:
        _check_reliable(self.instrument, self.key)


@dataclass(frozen=True)
class Compare(Truth):
    """A term against a threshold."""

    key: ClassVar[str] = "compare"
    term: Term
    op: Operator
    value: Scalar | Param

    def __post_init__(self) -> None:
        _check_term(self.term)
        options_ = ", ".join(OPERATORS)
        if self.op not in OPERATORS:
            raise RuleError(f"{self.op!r} is not a comparison; use one of {options_}.")
        if self.op in ("==", "!="):
            _check_equality(self.term, self.op)
        if not isinstance(self.value, Param):
            _check_threshold(self.term, self.op, self.value)


@dataclass(frozen=True)
class IsIn(Truth):
    """A term equals one of several values."""

    key: ClassVar[str] = "is_in"
    term: Term
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        _check_term(self.term)
        _check_equality(self.term, "is_in")
        if not self.values:
            raise RuleError("is_in() needs at least one value.")
        for value in self.values:
            _check_threshold(self.term, "==", value)


@dataclass(frozen=True)
class IsUnknown(Truth):
    """A term's value, or a truth, is not known."""

    key: ClassVar[str] = "is_unknown"
    operand: Term | Truth

    def __post_init__(self) -> None:
        if not isinstance(self.operand, Term | Truth):
            raise RuleError("is_unknown() asks about a term or an expression.")


@dataclass(frozen=True)
class Not(Truth):
    key: ClassVar[str] = "not"
    operand: Truth

    def __post_init__(self) -> None:
        _check_truths([self.operand])


@dataclass(frozen=True)
class All(Truth):
    key: ClassVar[str] = "all"
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        _check_truths(self.operands)


@dataclass(frozen=True)
class Any_(Truth):  # noqa: N801 - the builtin's name is taken by typing
    key: ClassVar[str] = "any"
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        _check_truths(self.operands)


@dataclass(frozen=True)
class AtLeast(Truth):
    """True with k or more true."""

    key: ClassVar[str] = "at_least"
    k: int | Param
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        _check_truths(self.operands)
        if isinstance(self.k, Param):
            return
        _check_whole(self.k, "at_least: k", 1)
        if self.k > len(self.operands):
            raise RuleError(
                f"at_least({self.k}, ...) of {len(self.operands)} expressions could never hold."
            )


@dataclass(frozen=True)
class Sustained(Truth):
    """True once the operand has been true for a while without a break."""

    key: ClassVar[str] = "for_at_least"
    duration: str | Param
    operand: Truth

    def __post_init__(self) -> None:
        _check_truths([self.operand])
        if not isinstance(self.duration, Param):
            _duration(self.duration, "for_at_least")


TERMS: dict[str, type[Term]] = {
    t.key: t
    for t in (
        Appointments,
        ConsecutiveMissed,
        AttendanceRate,
        DaysSinceAttended,
        DaysSinceContact,
        DaysSinceHeard,
        DaysWithoutBooking,
        DaysInCare,
        Unanswered,
        Contacts,
        Actions,
        Barriers,
        Measure,
        Item,
        MeasureChange,
        Attribute,
    )
}


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


def _choose(node: Node, name: str, allowed: tuple[str, ...] | None) -> None:
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


def _check_window(within: Window) -> None:
    if within is not None and not isinstance(within, Param):
        _duration(within, "within", zero=False)


def _duration(text: object, what: str, *, zero: bool = True) -> int:
    try:
        return duration_us(text, what, zero=zero)
    except OptionError as error:
        raise RuleError(str(error)) from None


def _check_whole(value: object, what: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{what} must be a whole number of {least} or more; got {value!r}.")


def _check_flag(value: object, what: str) -> None:
    if value is not None and not isinstance(value, bool):
        raise RuleError(f"{what} is True, False or None; got {value!r}.")


def _check_name(value: object, what: str) -> None:
    if not isinstance(value, str) or not value:
        raise RuleError(f"{what} must be a name; got {value!r}.")


def _check_reliable(instrument: str, key: str) -> None:
    _check_name(instrument, "instrument")
    known = INSTRUMENTS.get(instrument)
    if known is None or known.reliable_change is None:
        usable = ", ".join(i.name for i in INSTRUMENTS.values() if i.reliable_change is not None)
        raise RuleError(
            f"{key}({instrument!r}): no published reliable change is known for it. "
            f"Known: {usable}. Use measure_change() with a threshold of your own."
        )


def _check_term(term: Any) -> None:
    if not isinstance(term, Term):
        raise RuleError("Only a term can be compared with a value.")


def _check_truths(operands: Sequence[Any]) -> None:
    if not operands:
        raise RuleError("A group needs at least one expression.")
    for operand in operands:
        if not isinstance(operand, Truth):
            raise RuleError(
                "A group holds expressions that are true or false; compare the term with a "
                "value first, such as c.missed(within='90d') >= 3."
            )


def _check_equality(term: Term, op: str) -> None:
    if term.quantity in ("days", "rate"):
        other = "'>= 30' or '< 31'" if term.quantity == "days" else "'>= 0.8' or '< 0.8'"
        raise RuleError(
            f"{term.key}() {op}: equality of a continuous value holds for an instant or never. "
            f"Use {other}."
        )


def _check_threshold(term: Term, op: str, value: object) -> None:
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
