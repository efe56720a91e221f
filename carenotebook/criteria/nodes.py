"""The syntax tree of a criterion: frozen data, checked when it is made, with no behaviour.

Terms have a value per episode at every instant; truths are true, false or unknown. The language
(`language.py`) is a thin surface over these nodes; engines interpret them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from carenotebook.core import options
from carenotebook.core.errors import RuleError
from carenotebook.criteria import checks
from carenotebook.criteria.syntax import (
    OPERATORS,
    Choice,
    Operator,
    Param,
    Quantity,
    Scalar,
    Term,
    Truth,
    Window,
)


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
        checks.choose(self, "outcome", options.OUTCOMES)
        checks.choose(self, "kind", options.KINDS)
        checks.choose(self, "reason", options.REASONS)
        checks.choose(self, "modality", options.MODALITIES)
        checks.check_window(self.within)


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
        checks.check_window(self.within)
        if self.last is not None and not isinstance(self.last, Param):
            checks.check_whole(self.last, "last", 1)
        checks.check_whole(self.minimum, "minimum", 1)


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
        checks.choose(self, "direction", options.DIRECTIONS)
        checks.choose(self, "purpose", options.PURPOSES)
        checks.check_flag(self.delivered, "delivered")


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
        checks.duration(self.after, "after")
        checks.choose(self, "purpose", options.PURPOSES)


@dataclass(frozen=True)
class Contacts(Term):
    key: ClassVar[str] = "contacts"
    quantity: ClassVar[Quantity] = "count"
    direction: Choice = None
    purpose: Choice = None
    within: Window = None
    delivered: bool | None = None

    def __post_init__(self) -> None:
        checks.choose(self, "direction", options.DIRECTIONS)
        checks.choose(self, "purpose", options.PURPOSES)
        checks.check_window(self.within)
        checks.check_flag(self.delivered, "delivered")


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
        checks.choose(self, "kind", options.ACTION_KINDS)
        checks.choose(self, "detail", None)
        checks.check_window(self.within)


@dataclass(frozen=True)
class Barriers(Term):
    key: ClassVar[str] = "barriers"
    quantity: ClassVar[Quantity] = "count"
    reason: Choice
    within: Window = None

    def __post_init__(self) -> None:
        if self.reason is None:
            raise RuleError("barriers() needs a reason: which obstacle to count.")
        checks.choose(self, "reason", options.REASONS)
        checks.check_window(self.within)


@dataclass(frozen=True)
class Measure(Term):
    """Latest score."""

    key: ClassVar[str] = "measure"
    quantity: ClassVar[Quantity] = "score"
    instrument: str
    within: Window = None

    def __post_init__(self) -> None:
        checks.check_name(self.instrument, "instrument")
        checks.check_window(self.within)


@dataclass(frozen=True)
class Item(Term):
    """Latest recorded item of an instrument."""

    key: ClassVar[str] = "item"
    quantity: ClassVar[Quantity] = "score"
    instrument: str
    number: int

    def __post_init__(self) -> None:
        checks.check_name(self.instrument, "instrument")
        if self.number != 9 or isinstance(self.number, bool):
            raise RuleError(f"item(): only item 9 is kept (column item_9); got {self.number!r}.")


@dataclass(frozen=True)
class MeasureChange(Term):
    """Latest score minus the first of the episode."""

    key: ClassVar[str] = "measure_change"
    quantity: ClassVar[Quantity] = "score"
    instrument: str

    def __post_init__(self) -> None:
        checks.check_name(self.instrument, "instrument")


@dataclass(frozen=True)
class Attribute(Term):
    """A column of `clients`."""

    key: ClassVar[str] = "attribute"
    quantity: ClassVar[Quantity] = "attribute"
    column: str

    def __post_init__(self) -> None:
        checks.check_name(self.column, "column")
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
        checks.check_reliable(self.instrument, self.key)


@dataclass(frozen=True)
class Deteriorated(Truth):
    """Reliable change for the worse since the first score."""

    key: ClassVar[str] = "deteriorated"
    instrument: str

    def __post_init__(self) -> None:
        checks.check_reliable(self.instrument, self.key)


@dataclass(frozen=True)
class Compare(Truth):
    """A term against a threshold."""

    key: ClassVar[str] = "compare"
    term: Term
    op: Operator
    value: Scalar | Param

    def __post_init__(self) -> None:
        checks.check_term(self.term)
        options_ = ", ".join(OPERATORS)
        if self.op not in OPERATORS:
            raise RuleError(f"{self.op!r} is not a comparison; use one of {options_}.")
        if self.op in ("==", "!="):
            checks.check_equality(self.term, self.op)
        if not isinstance(self.value, Param):
            checks.check_threshold(self.term, self.op, self.value)


@dataclass(frozen=True)
class IsIn(Truth):
    """A term equals one of several values."""

    key: ClassVar[str] = "is_in"
    term: Term
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        checks.check_term(self.term)
        checks.check_equality(self.term, "is_in")
        if not self.values:
            raise RuleError("is_in() needs at least one value.")
        for value in self.values:
            checks.check_threshold(self.term, "==", value)


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
        checks.check_truths([self.operand])


@dataclass(frozen=True)
class All(Truth):
    key: ClassVar[str] = "all"
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        checks.check_truths(self.operands)


@dataclass(frozen=True)
class Any_(Truth):  # noqa: N801 - the builtin's name is taken by typing
    key: ClassVar[str] = "any"
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        checks.check_truths(self.operands)


@dataclass(frozen=True)
class AtLeast(Truth):
    """True with k or more true."""

    key: ClassVar[str] = "at_least"
    k: int | Param
    operands: tuple[Truth, ...]

    def __post_init__(self) -> None:
        checks.check_truths(self.operands)
        if isinstance(self.k, Param):
            return
        checks.check_whole(self.k, "at_least: k", 1)
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
        checks.check_truths([self.operand])
        if not isinstance(self.duration, Param):
            checks.duration(self.duration, "for_at_least")


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
