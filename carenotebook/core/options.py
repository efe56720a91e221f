"""The vocabularies: every option is a ``Literal`` from one list."""

from collections.abc import Collection
from typing import Literal, get_args

from carenotebook.core.errors import OptionError

Outcome = Literal[
    "attended",
    "no_show",
    "late_cancel",
    "early_cancel",
    "rescheduled",
    "provider_cancel",
    "technical_failure",
    "excused",
    "was_not_brought",
    "booked",
    "unknown",
]
Kind = Literal["assessment", "treatment", "review", "group", "follow_up"]
Modality = Literal["video", "phone", "chat", "in_person"]
Reason = Literal[
    "scheduling",
    "overwhelmed",
    "stuck",
    "illness",
    "technology",
    "cost",
    "forgot",
    "other",
    "not_given",
]
EndReason = Literal[
    "completed", "dropped_out", "ended_by_service", "transferred", "died", "ongoing"
]
Direction = Literal["inbound", "outbound"]
Purpose = Literal[
    "reminder",
    "outreach",
    "attendance_conversation",
    "check_in",
    "reschedule",
    "notice",
    "referral",
    "other",
]
ActionKind = Literal[
    "attendance_conversation",
    "alternative_offered",
    "supervision",
    "risk_review",
    "referral",
    "notice",
    "ending",
    "reopened",
]
Response = Literal["accepted", "declined", "none"]
PauseReason = Literal[
    "client_break",
    "service_closure",
    "therapist_leave",
    "hospital",
    "step_up",
    "bereavement",
    "other",
]
PolicyKind = Literal["notice_window", "late_fee", "reminder", "ending_rule", "other"]
Unknown = Literal["ignore", "missed", "attended"]

OUTCOMES: tuple[str, ...] = get_args(Outcome)
KINDS: tuple[str, ...] = get_args(Kind)
MODALITIES: tuple[str, ...] = get_args(Modality)
REASONS: tuple[str, ...] = get_args(Reason)
END_REASONS: tuple[str, ...] = get_args(EndReason)
DIRECTIONS: tuple[str, ...] = get_args(Direction)
PURPOSES: tuple[str, ...] = get_args(Purpose)
ACTION_KINDS: tuple[str, ...] = get_args(ActionKind)
RESPONSES: tuple[str, ...] = get_args(Response)
PAUSE_REASONS: tuple[str, ...] = get_args(PauseReason)
POLICY_KINDS: tuple[str, ...] = get_args(PolicyKind)
UNKNOWNS: tuple[str, ...] = get_args(Unknown)

MISSED: tuple[str, ...] = ("no_show", "late_cancel")
"""Missed by the client. Nothing else is ever a miss."""

UNRESOLVED: tuple[str, ...] = ("booked", "unknown")
"""Outcomes that are not events: not happened yet, or not usable."""

SCHEDULED: tuple[str, ...] = tuple(o for o in OUTCOMES if o not in UNRESOLVED)
"""Every outcome that tells what became of an appointment."""

EVENTS: dict[str, tuple[str, ...]] = {"missed": MISSED, **{o: (o,) for o in SCHEDULED}}
"""What may be counted of appointments, by name: the outcomes that it takes in."""


def check_option(argument: str, value: str, allowed: Collection[str]) -> str:
    """Return `value` if it is allowed.

    Raises
    ------
    OptionError
        Naming the argument and every value it can take.
    """
    if value not in allowed:
        raise OptionError(f"{argument}={value!r} is not one of: {', '.join(allowed)}.")
    return value
