"""A rule in plain English. Every node has words; none is left as code."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

from carenotebook.core import options
from carenotebook.core.durations import say_duration
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.syntax import Choice, Param

_OUTCOMES = {
    "attended": "attended appointments",
    "no_show": "no-shows",
    "late_cancel": "late cancellations",
    "early_cancel": "early cancellations",
    "rescheduled": "rescheduled appointments",
    "provider_cancel": "cancellations by the provider",
    "technical_failure": "sessions lost to technology",
    "excused": "excused appointments",
    "was_not_brought": "appointments to which nobody brought the child",
    "booked": "booked appointments (never counted)",
    "unknown": "appointments of unknown outcome (never counted)",
}
_ACTIONS = {
    "attendance_conversation": "conversations about attendance",
    "alternative_offered": "offers of an alternative",
    "supervision": "supervision discussions",
    "risk_review": "risk reviews",
    "referral": "referrals",
    "notice": "notices",
    "ending": "endings",
    "reopened": "reopenings",
}
_SAFEGUARDS = {
    "attendance_conversation": "a conversation about attendance",
    "alternative_offered": "an offer of an alternative",
    "supervision": "a supervision discussion",
    "risk_review": "a risk review",
    "referral": "a referral",
    "notice": "a notice",
}
_REASONS = {"not_given": "no reason given", "overwhelmed": "feeling overwhelmed"}
_COMPARED: dict[str, str] = {
    ">=": "{} or more",
    ">": "more than {}",
    "<=": "{} or fewer",
    "<": "fewer than {}",
    "==": "exactly {}",
    "!=": "any number but {}",
}
_LEVELS: dict[str, str] = {
    ">=": "{} or above",
    ">": "above {}",
    "<=": "{} or below",
    "<": "below {}",
    "==": "{}",
    "!=": "anything but {}",
}
_LASTING: dict[str, str] = {
    ">=": "{} or longer",
    ">": "longer than {}",
    "<=": "{} or shorter",
    "<": "shorter than {}",
}


def say(node: syntax.Node) -> str:
    """A term or an expression as one phrase."""
    return _say(node)


@singledispatch
def _say(node: syntax.Node) -> str:
    raise TypeError(type(node).__name__)


@_say.register
def _(node: nodes.Appointments) -> str:
    what = _say_outcomes(node.outcome or ())
    filters = [
        f"{name}: {_list(_plain(chosen))}"
        for name in ("kind", "reason", "modality")
        if (chosen := getattr(node, name)) is not None
    ]
    return f"{what}{_brackets(filters)}{_window(node.within)}"


def _say_outcomes(outcomes: tuple[str, ...]) -> str:
    if set(outcomes) == set(options.MISSED):
        return "missed appointments"
    if set(outcomes) == set(options.SCHEDULED):
        return "appointments of every outcome"
    return _list(_OUTCOMES[o] for o in outcomes)


@_say.register
def _(_: nodes.ConsecutiveMissed) -> str:
    return "missed appointments in a row"


@_say.register
def _(node: nodes.AttendanceRate) -> str:
    if node.last is None:
        return f"attendance rate{_window(node.within)}"
    window = "" if node.within is None else _window(node.within)
    return f"attendance rate over the last {_value(node.last)} kept or missed appointments{window}"


@_say.register
def _(_: nodes.DaysSinceAttended) -> str:
    return "time since the last attended session"


@_say.register
def _(node: nodes.DaysSinceContact) -> str:
    return f"time since the last {_say_contact(node, 'contact')}"


@_say.register
def _(_: nodes.DaysSinceHeard) -> str:
    return "time since the client was last heard from"


@_say.register
def _(_: nodes.DaysWithoutBooking) -> str:
    return "time without an open booking"


@_say.register
def _(_: nodes.DaysInCare) -> str:
    return "time in care"


@_say.register
def _(node: nodes.Unanswered) -> str:
    purpose = "" if node.purpose is None else f" ({_list(_plain(node.purpose))})"
    after = say_duration(node.after)
    return f"delivered contacts{purpose} left unanswered for {after}"


@_say.register
def _(node: nodes.Contacts) -> str:
    return f"{_say_contact(node, 'contacts')}{_window(node.within)}"


def _say_contact(node: nodes.Contacts | nodes.DaysSinceContact, noun: str) -> str:
    delivered = {None: "", True: "delivered ", False: "undelivered "}[node.delivered]
    direction = "" if node.direction is None else f"{_list(node.direction)} "
    purpose = "" if node.purpose is None else f" ({_list(_plain(node.purpose))})"
    return f"{delivered}{direction}{noun}{purpose}"


@_say.register
def _(node: nodes.Actions) -> str:
    kinds = _list(_ACTIONS[k] for k in node.kind or ())
    detail = [] if node.detail is None else [f"about {_list(node.detail)}"]
    return f"recorded {kinds}{_brackets(detail)}{_window(node.within)}"


@_say.register
def _(node: nodes.Barriers) -> str:
    reasons = _list(_REASONS.get(r, r) for r in node.reason or ())
    return f"check-ins that name an obstacle ({reasons}){_window(node.within)}"


@_say.register
def _(node: nodes.Measure) -> str:
    window = "" if node.within is None else f", no older than {_duration(node.within)}"
    return f"latest {node.instrument} score{window}"


@_say.register
def _(node: nodes.Item) -> str:
    return f"latest item {node.number} of the {node.instrument}"


@_say.register
def _(node: nodes.MeasureChange) -> str:
    return f"change in {node.instrument} since the first score"


@_say.register
def _(node: nodes.Attribute) -> str:
    return f"the client's {node.column.replace('_', ' ')}"


@_say.register
def _(node: nodes.Improved) -> str:
    return f"reliable improvement on the {node.instrument} since the first score"


@_say.register
def _(node: nodes.Deteriorated) -> str:
    return f"reliable deterioration on the {node.instrument} since the first score"


@_say.register
def _(node: nodes.Compare) -> str:
    phrase: dict[str, str] = {
        "count": _COMPARED,
        "days": _LASTING,
        "rate": _LEVELS,
        "score": _LEVELS,
        "attribute": _LEVELS,
    }[node.term.quantity]
    return f"{say(node.term)}: {phrase[node.op].format(_threshold(node.term, node.value))}"


@_say.register
def _(node: nodes.IsIn) -> str:
    return f"{say(node.term)}: {_list((_threshold(node.term, v) for v in node.values), 'or')}"


@_say.register
def _(node: nodes.IsUnknown) -> str:
    return f"not known: {say(node.operand)}"


@_say.register
def _(node: nodes.Not) -> str:
    return f"not ({say(node.operand)})"


@_say.register
def _(node: nodes.All) -> str:
    lead = "both" if len(node.operands) == 2 else "all of"
    return _joined(node.operands, lead, "and")


@_say.register
def _(node: nodes.Any_) -> str:
    return _joined(node.operands, "either", "or")


@_say.register
def _(node: nodes.AtLeast) -> str:
    return f"at least {_value(node.k)} of: {'; '.join(map(_grouped, node.operands))}"


@_say.register
def _(node: nodes.Sustained) -> str:
    return f"{_grouped(node.operand)}, for {_duration(node.duration)} without a break"


def _joined(operands: tuple[syntax.Truth, ...], lead: str, word: str) -> str:
    if len(operands) == 1:
        return say(operands[0])
    return f"{lead} {f'; {word} '.join(map(_grouped, operands))}"


def _grouped(node: syntax.Truth) -> str:
    inner = say(node)
    return f"({inner})" if isinstance(node, nodes.All | nodes.Any_ | nodes.AtLeast) else inner


def _threshold(term: syntax.Term, value: Any) -> str:
    if isinstance(value, Param):
        return _value(value)
    if term.quantity == "days":
        return say_duration(value) if isinstance(value, str) else _days(value)
    if term.quantity == "rate":
        return f"{value * 100:g} %"
    return _value(value)


def _days(value: float) -> str:
    return f"{value:g} day{'' if value == 1 else 's'}"


def _value(value: object) -> str:
    if isinstance(value, Param):
        return f"[{value.name}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _duration(value: str | Param) -> str:
    return _value(value) if isinstance(value, Param) else say_duration(value)


def _window(within: syntax.Window) -> str:
    return " since the episode began" if within is None else f" in the last {_duration(within)}"


def _brackets(parts: list[str]) -> str:
    return f" ({'; '.join(parts)})" if parts else ""


def _plain(values: Iterable[str]) -> list[str]:
    return [v.replace("_", " ") for v in values]


def _list(values: Iterable[str], last: str = "or") -> str:
    *start, end = list(values)
    return f"{', '.join(start)} {last} {end}" if start else end


def say_safeguard(kinds: Choice, detail: Choice, response: Choice) -> str:
    """A safeguard that a stage asks for, as one phrase."""
    parts = [] if detail is None else [f"about {_list(detail)}"]
    parts += [] if response is None else [f"answered: {_list(response)}"]
    return f"{_list(_SAFEGUARDS[k] for k in kinds or ())}{_brackets(parts)}"


def explain(when: syntax.Truth, grace: str, name: str) -> str:
    """A rule as a sentence and one line per clause."""
    clauses = clauses_of(when)
    lead = "this holds" if len(clauses) == 1 else "all of these hold at the same time"
    lines = [f"{name}: a clinician reviews the client when {lead}:"]
    lines += [f"  {i}. {say(clause)}" for i, clause in enumerate(clauses, 1)]
    after = f" or in the {say_duration(grace)} after one" if int(grace[:-1]) else ""
    lines.append(f"Never during a pause in care{after}. It ends in a review, never in a discharge.")
    return "\n".join(lines)


def clauses_of(when: syntax.Truth) -> tuple[syntax.Truth, ...]:
    """The conditions that must hold together."""
    return when.operands if isinstance(when, nodes.All) else (when,)
