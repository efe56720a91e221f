"""What the codes of the data are called in a table, a chart or a sentence."""

from __future__ import annotations

_WORDS = {
    "no_show": "no-show",
    "no_shows": "no-shows",
    "late_cancel": "late cancellation",
    "late_cancels": "late cancellations",
    "early_cancel": "early cancellation",
    "early_cancels": "early cancellations",
    "provider_cancel": "cancelled by the provider",
    "provider_cancels": "cancelled by the provider",
    "was_not_brought": "not brought by the carer",
    "ended_by_service": "ended by the service",
    "follow_up": "follow-up",
    "check_in": "check-in",
    "check_ins": "check-ins",
    "checkins": "check-ins",
    "not_given": "no reason given",
}


def spoken(code: str) -> str:
    """A code in words; one without words of its own loses its underscores.

    Examples
    --------
    >>> spoken("late_cancel"), spoken("technical_failure")
    ('late cancellation', 'technical failure')
    """
    return _WORDS.get(code, code.replace("_", " "))
