"""The criteria language: what a researcher writes. Each function makes a term or an expression.

Import it as ``from carenotebook import criteria as c``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from carenotebook.core import options
from carenotebook.core.errors import RuleError
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.syntax import Param, Scalar, Window, as_choice

Chosen = str | Sequence[str] | None

_NO_TRUTH = (
    "An expression has no truth value of its own: write & for and, | for or, ~ for not, and put "
    "each comparison in parentheses, such as (a >= 3) & (b < 30)."
)
_NOT_COMPARED = (
    "&, | and ~ join expressions. Compare each term with a value and put each comparison in "
    "parentheses, such as (c.missed(within='90d') >= 3) & (c.days_since_heard() >= 30)."
)


class _Operand:
    """What terms and expressions have in common."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # as == makes an expression

    def __bool__(self) -> NoReturn:
        raise RuleError(_NO_TRUTH)

    def _refuse(self, _: object = None) -> NoReturn:
        raise RuleError(_NOT_COMPARED)

    __rand__ = __ror__ = _refuse


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Expression(_Operand):
    """True, false or unknown for an episode at every instant. Combine with ``&``, ``|``, ``~``."""

    node: syntax.Truth

    def __and__(self, other: Expression) -> Expression:
        return Expression(nodes.All((*_parts(self, nodes.All), *_parts(other, nodes.All))))

    def __or__(self, other: Expression) -> Expression:
        return Expression(nodes.Any_((*_parts(self, nodes.Any_), *_parts(other, nodes.Any_))))

    def __invert__(self) -> Expression:
        return Expression(nodes.Not(self.node))

    def for_at_least(self, duration: str | Param) -> Expression:
        """True once this has held without a break for `duration` of calendar time.

        Examples
        --------
        >>> from carenotebook import criteria as c
        >>> (c.missed(within="90d") >= 2).for_at_least("14d")
        Expression(missed appointments in the last 90 days: 2 or more, for 14 days without a break)
        """
        return Expression(nodes.Sustained(duration, self.node))

    def is_unknown(self) -> Expression:
        """True while this can be called neither true nor false."""
        return Expression(nodes.IsUnknown(self.node))

    def __repr__(self) -> str:
        from carenotebook.criteria.words import say

        return f"Expression({say(self.node)})"


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Term(_Operand):  # noqa: PLW1641 - as == makes an expression, it has no hash
    """A value per episode at every instant. Compare it with a threshold to get an expression."""

    node: syntax.Term

    __and__ = __or__ = _Operand._refuse  # noqa: SLF001 - its own base

    def __invert__(self) -> NoReturn:
        self._refuse()

    def _compare(self, op: syntax.Operator, value: Any) -> Expression:
        if isinstance(value, Term | Expression):
            raise RuleError(
                "Two terms cannot be compared with each other; compare each with a value."
            )
        return Expression(nodes.Compare(self.node, op, value))

    def __ge__(self, value: Scalar | Param) -> Expression:
        return self._compare(">=", value)

    def __gt__(self, value: Scalar | Param) -> Expression:
        return self._compare(">", value)

    def __le__(self, value: Scalar | Param) -> Expression:
        return self._compare("<=", value)

    def __lt__(self, value: Scalar | Param) -> Expression:
        return self._compare("<", value)

    def __eq__(self, value: Scalar | Param) -> Expression:  # type: ignore[override]
        return self._compare("==", value)

    def __ne__(self, value: Scalar | Param) -> Expression:  # type: ignore[override]
        return self._compare("!=", value)

    def is_in(self, values: Sequence[Scalar]) -> Expression:
        """True where the value is one of `values`; unknown where it is not known."""
        if isinstance(values, str):
            raise RuleError("is_in() takes a list of values, such as ['Spanish', 'Welsh'].")
        return Expression(nodes.IsIn(self.node, tuple(values)))

    def is_unknown(self) -> Expression:
        """True while the value is not known; itself never unknown."""
        return Expression(nodes.IsUnknown(self.node))

    def __repr__(self) -> str:
        from carenotebook.criteria.words import say

        return f"Term({say(self.node)})"


def appointments(
    outcome: Chosen,
    kind: Chosen = None,
    reason: Chosen = None,
    modality: Chosen = None,
    within: Window = None,
) -> Term:
    """Number of appointments with these outcomes.

    Parameters
    ----------
    outcome : str or list of str
        Outcomes to count. ``booked`` and ``unknown`` are never events, so they count nothing.
    kind, reason, modality : str or list of str, optional
        Count only these; an appointment without one never matches.
    within : str, optional
        Window, such as "90d"; an appointment at e counts for t in [e, e + within). Without it,
        since the episode began.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> c.appointments(outcome="no_show", kind="assessment") >= 1
    Expression(no-shows (kind: assessment) since the episode began: 1 or more)
    """
    return Term(
        nodes.Appointments(
            as_choice(outcome), as_choice(kind), as_choice(reason), as_choice(modality), within
        )
    )


def _counting(name: str, outcomes: tuple[str, ...], what: str) -> Callable[..., Term]:
    def count(
        kind: Chosen = None,
        reason: Chosen = None,
        modality: Chosen = None,
        within: Window = None,
    ) -> Term:
        return appointments(outcomes, kind, reason, modality, within)

    count.__name__ = count.__qualname__ = name
    count.__doc__ = f"{what}; see `appointments` for the filters."
    return count


missed = _counting(
    "missed", options.MISSED, "Number of missed appointments: no-shows and late cancellations"
)
no_shows = _counting("no_shows", ("no_show",), "Number of no-shows")
late_cancels = _counting("late_cancels", ("late_cancel",), "Number of late cancellations")
early_cancels = _counting("early_cancels", ("early_cancel",), "Number of early cancellations")
attended = _counting("attended", ("attended",), "Number of attended appointments")
provider_cancels = _counting(
    "provider_cancels", ("provider_cancel",), "Number of cancellations by the provider"
)
technical_failures = _counting(
    "technical_failures", ("technical_failure",), "Number of sessions lost to technology"
)
scheduled = _counting(
    "scheduled", options.SCHEDULED, "Number of appointments, whatever became of them"
)


def consecutive_missed() -> Term:
    """Length of the current run of misses; an attended session ends it, nothing else touches it."""
    return Term(nodes.ConsecutiveMissed())


def attendance_rate(
    within: Window = None, last: int | Param | None = None, minimum: int = 4
) -> Term:
    """Attended of attended and missed, between 0 and 1; unknown with fewer than `minimum` of them.

    Parameters
    ----------
    within : str, optional
        Only those in this window.
    last : int, optional
        Only the last so many (with `within`: the last so many inside the window).
    minimum : int
        Fewest appointments from which a rate is told; no more than `last`.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> c.attendance_rate(last=6) < 0.5
    Expression(attendance rate over the last 6 kept or missed appointments: below 50 %)
    """
    return Term(nodes.AttendanceRate(within, last, minimum))


def days_since_attended() -> Term:
    """Days since the last attended session, or since the episode began; paused time is left out."""
    return Term(nodes.DaysSinceAttended())


def days_since_contact(
    direction: Chosen = "inbound",
    purpose: Chosen = None,
    delivered: bool | None = None,  # noqa: FBT001 - read by name
) -> Term:
    """Days since the last such contact, or since the episode began; paused time is left out."""
    return Term(nodes.DaysSinceContact(as_choice(direction), as_choice(purpose), delivered))


def days_since_heard() -> Term:
    """Days since the client was last heard from in any way, or since the episode began.

    Heard from: an inbound contact, an attended session, the client's own cancellation or
    rescheduling, a check-in, a completed measure. This is silence; paused time is left out.
    """
    return Term(nodes.DaysSinceHeard())


def days_without_booking() -> Term:
    """0 while an appointment is open, else days since the last one closed; paused time left out."""
    return Term(nodes.DaysWithoutBooking())


def days_in_care() -> Term:
    """Days since the episode's `started_at`, paused time included."""
    return Term(nodes.DaysInCare())


def unanswered(after: str = "7d", purpose: Chosen = None) -> Term:
    """Delivered outbound contacts, `after` or longer ago, since the client was last heard from.

    Reminders are left out unless `purpose` names them.
    """
    return Term(nodes.Unanswered(after, as_choice(purpose)))


def contacts(
    direction: Chosen = None,
    purpose: Chosen = None,
    within: Window = None,
    delivered: bool | None = None,  # noqa: FBT001 - read by name
) -> Term:
    """Number of contacts; `delivered` True or False counts what is recorded so, None all."""
    return Term(nodes.Contacts(as_choice(direction), as_choice(purpose), within, delivered))


def actions(kind: Chosen, detail: Chosen = None, within: Window = None) -> Term:
    """Number of recorded safeguards of a kind."""
    return Term(nodes.Actions(as_choice(kind), as_choice(detail), within))


def barriers(reason: Chosen, within: Window = None) -> Term:
    """Number of check-ins that name the obstacle."""
    return Term(nodes.Barriers(as_choice(reason), within))


def measure(instrument: str, within: Window = None) -> Term:
    """Latest score; unknown before there is one, or when it is older than `within`."""
    return Term(nodes.Measure(instrument, within))


def item(instrument: str, number: int) -> Term:
    """Latest recorded item of an instrument; unknown before there is one."""
    return Term(nodes.Item(instrument, number))


def measure_change(instrument: str) -> Term:
    """Latest score minus the first of the episode; unknown before there are two."""
    return Term(nodes.MeasureChange(instrument))


def improved(instrument: str) -> Expression:
    """Reliable improvement since the episode's first score; unknown before there are two."""
    return Expression(nodes.Improved(instrument))


def deteriorated(instrument: str) -> Expression:
    """Reliable deterioration since the episode's first score; unknown before there are two."""
    return Expression(nodes.Deteriorated(instrument))


def attribute(column: str) -> Term:
    """A column of `clients`; unknown where null."""
    return Term(nodes.Attribute(column))


def all_of(*expressions: Expression) -> Expression:
    """All hold: true when all are true, false when one is false, else unknown."""
    return Expression(nodes.All(_nodes(expressions)))


def any_of(*expressions: Expression) -> Expression:
    """One holds: true when one is true, false when all are false, else unknown."""
    return Expression(nodes.Any_(_nodes(expressions)))


def at_least(k: int | Param, *expressions: Expression) -> Expression:
    """At least k hold: true with k or more true, false when k can no longer be reached."""
    return Expression(nodes.AtLeast(k, _nodes(expressions)))


def param(name: str) -> Param:
    """A named place for a threshold, window, `last`, `k` or duration, filled in by a sweep."""
    return Param(name)


def _nodes(expressions: Sequence[Expression]) -> tuple[syntax.Truth, ...]:
    for e in expressions:
        if not isinstance(e, Expression):
            raise RuleError(
                "A group holds expressions; compare a term with a value first, such as "
                "c.missed(within='90d') >= 3."
            )
    return tuple(e.node for e in expressions)


def _parts(expression: Expression, group: type[nodes.All | nodes.Any_]) -> tuple[syntax.Truth, ...]:
    """A chain ``a & b & c`` is one group of three."""
    (node,) = _nodes([expression])
    return node.operands if isinstance(node, group) else (node,)
