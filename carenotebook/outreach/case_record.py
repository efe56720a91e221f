"""A row of a case's record in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carenotebook.outreach.case_model import Row

Told = Mapping[str, str]
Saying = tuple[str, list[str]]

_SENT = {"phone": "call", "letter": "letter", "email": "e-mail", "text": "text"}


def said(table: str, row: Row, *, future: bool) -> str:
    """A row of a table in words; an appointment in the future is booked and no more."""
    told = {k: _word(v) for k, v in row.items() if v is not None}
    tell = _TELL.get(table, _beginning)
    head, more = tell({**told, "outcome": "booked"} if future else told)
    return head + (f" ({', '.join(more)})" if more else "")


def _beginning(_: Told) -> Saying:
    return "care begins", []


def _appointment(told: Told) -> Saying:
    details = [told[k] for k in ("modality", "kind", "reason", "site") if k in told]
    return f"appointment: {told['outcome']}", details


def _contact(told: Told) -> Saying:
    way = "to" if told["direction"] == "inbound" else "from"
    channel, purpose = told.get("channel", ""), told.get("purpose", "")
    reached = {"false": "not delivered", "true": "delivered"}.get(told.get("delivered", ""), "")
    kept = (channel if channel not in _SENT else "", purpose, reached)
    return f"{_SENT.get(channel, 'message')} {way} the service", [
        k for k in kept if k not in ("", "other")
    ]


def _measure(told: Told) -> Saying:
    item = f", item 9: {told['item_9']}" if "item_9" in told else ""
    return f"{told['instrument']}: {told['score']}{item}", []


def _checkin(told: Told) -> Saying:
    return "check-in", [f"obstacle: {told['barrier']}"] if "barrier" in told else []


def _action(told: Told) -> Saying:
    return told["kind"], [told[k] for k in ("detail", "response") if k in told]


def _pause(told: Told) -> Saying:
    until = [f"until {told['end'][:10]}"] if "end" in told else []
    return "break begins", [*([told["reason"]] if "reason" in told else []), *until]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).replace("_", " ")


_TELL: Mapping[str, Callable[[Told], Saying]] = {
    "appointments": _appointment,
    "contacts": _contact,
    "measures": _measure,
    "checkins": _checkin,
    "actions": _action,
    "pauses": _pause,
}
