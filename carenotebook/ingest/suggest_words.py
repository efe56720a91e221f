"""The words by which the values of columns are recognised, in English.

The words of a status are those of FHIR R4 and R5 `Appointment.status`, of the NHS data dictionary's
ATTENDED OR DID NOT ATTEND CODE, and of practice-management systems. Whatever a word leaves open is
not in these lists: "cancelled" does not say by whom, "arrived" not whether the client was seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carenotebook.core import options

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHORT = {
    "appt": "appointment",
    "apt": "appointment",
    "pt": "patient",
    "dt": "date",
    "tm": "time",
    "datetime": "date time",
    "canceled": "cancelled",
    "canceling": "cancelling",
    "cancelation": "cancellation",
    "cancel": "cancelled",
    "noshow": "no show",
    "mins": "min",
    "minutes": "min",
    "num": "number",
    "no.": "number",
    "therapists": "therapist",
    "counselor": "counsellor",
    "center": "centre",
    "facetoface": "face to face",
}


def plain(name: str) -> str:
    """A name or a word in lower case, its parts apart, common abbreviations written out.

    Examples
    --------
    >>> plain("ApptDate/Time"), plain("No-show"), plain("Late canceled")
    ('appointment date time', 'no show', 'late cancelled')
    """
    words = re.sub(r"[\W_]+", " ", _CAMEL.sub(" ", name)).lower().split()
    return " ".join(_SHORT.get(w, w) for w in words)


TRUE_WORDS = ("yes", "y", "true", "1")
FALSE_WORDS = ("no", "n", "false", "0")

FHIR = {
    "fulfilled": "attended",
    "noshow": "no_show",
    "no show": "no_show",
    "proposed": "booked",
    "pending": "booked",
    "booked": "booked",
    "waitlist": "booked",
    "arrived": "unknown",
    "checked in": "unknown",
    "cancelled": "unknown",
}
FHIR_MARKS = frozenset({"fulfilled", "entered in error", "waitlist", "proposed", "checked in"})
FHIR_DROPPED = frozenset({"entered in error"})

NHS_CODES = {
    "0": "booked",
    "2": "early_cancel",
    "3": "no_show",
    "4": "provider_cancel",
    "5": "attended",
    "6": "attended",
    "7": "no_show",
}

PRACTICE = {
    "show": "attended",
    "showed": "attended",
    "attended": "attended",
    "kept": "attended",
    "seen": "attended",
    "completed": "attended",
    "no show": "no_show",
    "did not attend": "no_show",
    "dna": "no_show",
    "late cancelled": "late_cancel",
    "late cancellation": "late_cancel",
    "cancelled late": "late_cancel",
    "early cancelled": "early_cancel",
    "cancelled by client": "early_cancel",
    "cancelled by patient": "early_cancel",
    "client cancelled": "early_cancel",
    "patient cancelled": "early_cancel",
    "clinician cancelled": "provider_cancel",
    "provider cancelled": "provider_cancel",
    "therapist cancelled": "provider_cancel",
    "cancelled by clinician": "provider_cancel",
    "cancelled by provider": "provider_cancel",
    "cancelled by therapist": "provider_cancel",
    "cancelled by service": "provider_cancel",
    "cancelled by clinic": "provider_cancel",
    "clinic cancelled": "provider_cancel",
    "cancelled by hospital": "provider_cancel",
    "hospital cancelled": "provider_cancel",
    "rescheduled": "rescheduled",
    "scheduled": "booked",
    "booked": "booked",
    "upcoming": "booked",
    "was not brought": "was_not_brought",
    "technical failure": "technical_failure",
    "unknown": "unknown",
}
CLIENTS_OWN = "cancelled"
"""Says nothing of who cancelled, unless other words of the column name the provider."""

MODALITY = {
    "video": "video",
    "video call": "video",
    "online": "video",
    "telehealth": "video",
    "phone": "phone",
    "telephone": "phone",
    "chat": "chat",
    "messaging": "chat",
    "in person": "in_person",
    "face to face": "in_person",
    "office": "in_person",
}
KIND = {
    "assessment": "assessment",
    "intake": "assessment",
    "initial assessment": "assessment",
    "treatment": "treatment",
    "therapy": "treatment",
    "individual therapy": "treatment",
    "session": "treatment",
    "review": "review",
    "group": "group",
    "group therapy": "group",
    "follow up": "follow_up",
}
REASON = {
    "scheduling": "scheduling",
    "work": "scheduling",
    "overwhelmed": "overwhelmed",
    "stuck": "stuck",
    "illness": "illness",
    "ill": "illness",
    "sick": "illness",
    "technology": "technology",
    "technical": "technology",
    "cost": "cost",
    "money": "cost",
    "forgot": "forgot",
    "forgotten": "forgot",
    "other": "other",
    "not given": "not_given",
    "none given": "not_given",
}
DIRECTION = {
    "in": "inbound",
    "inbound": "inbound",
    "incoming": "inbound",
    "received": "inbound",
    "from client": "inbound",
    "out": "outbound",
    "outbound": "outbound",
    "outgoing": "outbound",
    "sent": "outbound",
    "to client": "outbound",
}
PURPOSE = {
    "reminder": "reminder",
    "appointment reminder": "reminder",
    "text reminder": "reminder",
    "outreach": "outreach",
    "follow up call": "outreach",
    "attendance conversation": "attendance_conversation",
    "check in": "check_in",
    "reschedule": "reschedule",
    "rescheduling": "reschedule",
    "notice": "notice",
    "referral": "referral",
    "other": "other",
}
END_REASON = {
    "completed": "completed",
    "completed treatment": "completed",
    "planned ending": "completed",
    "dropped out": "dropped_out",
    "dropout": "dropped_out",
    "drop out": "dropped_out",
    "ended by service": "ended_by_service",
    "discharged by service": "ended_by_service",
    "transferred": "transferred",
    "referred on": "transferred",
    "died": "died",
    "deceased": "died",
    "ongoing": "ongoing",
    "open": "ongoing",
}
TRUTH = {
    **dict.fromkeys((*TRUE_WORDS, "delivered", "reached"), "true"),
    **dict.fromkeys((*FALSE_WORDS, "failed", "not delivered", "not reached"), "false"),
}
INSTRUMENT = {
    "phq 9": "PHQ-9",
    "phq9": "PHQ-9",
    "44261 6": "PHQ-9",
    "gad 7": "GAD-7",
    "gad7": "GAD-7",
    "70274 6": "GAD-7",
    "bdi ii": "BDI-II",
    "bdi 2": "BDI-II",
    "bdi2": "BDI-II",
    "core 10": "CORE-10",
    "core10": "CORE-10",
    "csq 8": "CSQ-8",
    "csq8": "CSQ-8",
    "srs": "SRS",
}
ITEMS = {"PHQ-9": 9, "GAD-7": 7, "BDI-II": 0, "CORE-10": 0, "CSQ-8": 0, "SRS": 0}
"""How many items are added to the total; 0 where a total is not a plain sum, or not always."""
_SCALE = "|".join(sorted(INSTRUMENT, key=len, reverse=True))
TOTAL = re.compile(rf"(?:total )?({_SCALE})(?: (?:total|score|sum|total score|sum score))?")
ITEM = re.compile(rf"({_SCALE}) ?(?:item |q|question )?(\d{{1,2}})")


def _with_ours(words: Mapping[str, str], ours: tuple[str, ...]) -> dict[str, str]:
    return {**{plain(o): o for o in ours}, **words}


VOCABULARY: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("appointments", "kind"): _with_ours(KIND, options.KINDS),
    ("appointments", "modality"): _with_ours(MODALITY, options.MODALITIES),
    ("appointments", "reason"): _with_ours(REASON, options.REASONS),
    ("episodes", "end_reason"): _with_ours(END_REASON, options.END_REASONS),
    ("contacts", "direction"): DIRECTION,
    ("contacts", "purpose"): PURPOSE,
    ("contacts", "delivered"): TRUTH,
    ("measures", "instrument"): INSTRUMENT,
    ("checkins", "barrier"): _with_ours(REASON, options.REASONS),
    ("checkins", "wants_to_continue"): TRUTH,
    ("actions", "kind"): _with_ours({}, options.ACTION_KINDS),
    ("actions", "response"): _with_ours({}, options.RESPONSES),
    ("pauses", "reason"): _with_ours({}, options.PAUSE_REASONS),
    ("policies", "kind"): _with_ours({}, options.POLICY_KINDS),
}
"""Table, field -> plain word -> ours; the words of an outcome depend on their dialect."""
