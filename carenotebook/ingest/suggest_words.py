"""The names and words by which columns and their values are recognised, in English.

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


_WHEN = r"(date time|date|day|time|timestamp|at|on|when)"
_WHO = r"(client|patient|participant|person|subject|member|service user|record)"
_MEETING = r"(appointment|session|visit|service|activity|attendance|consultation|meeting|clinic)"
_ABSENCE = r"(cancelled|cancellation|missed|absence|dna|no show|non attendance)"
_NUMBER = r"(id|no|number|key|ref|reference|code|identifier)"
_CARE = r"(episode|treatment|care|therapy|spell|admission)"
_STAFF = (
    r"(therapist|clinician|practitioner|provider|counsellor|psychologist|staff|keyworker|"
    r"care professional)"
)
_CLIENT = (
    (
        rf"{_WHO}( {_NUMBER}| local identifier| pseudonym)?|mrn|nhs number( pseudonym)?|pseudonym|"
        rf"pseudo id|study id|local patient identifier"
    ),
    r"who|id|identifier|name|client.*|patient.*",
)
_STAFF_ID = (rf"{_STAFF}( {_NUMBER})?", rf"{_STAFF} .*")
_SITE = (
    r"(site|clinic|location|team|branch|office|facility)( (id|name|code|masked))?",
    r"(service|centre|practice|organisation)( (id|name|code))?",
)

NAMES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "appointments": {
        "client_id": _CLIENT,
        "start": (
            (
                rf"{_MEETING} (start )?{_WHEN}|{_MEETING} start|start|(scheduled )?start {_WHEN}|"
                rf"date of {_MEETING}|date and time of {_MEETING}"
            ),
            rf"{_WHEN}|{_MEETING}|scheduled( for)?( {_WHEN})?|planned {_WHEN}|booked for",
        ),
        "outcome": (
            (
                rf"({_MEETING} )?(status|outcome)( code| description)?|attendance( (status|code))?|"
                r"attended or did not attend( code)?"
            ),
            r"result|state|what|disposition",
        ),
        "appointment_id": (rf"({_MEETING}|booking|event|encounter) {_NUMBER}", r"id"),
        "therapist_id": _STAFF_ID,
        "site": _SITE,
        "kind": (rf"({_MEETING}|contact|encounter) (type|kind|purpose)|kind", r"type|category"),
        "booked_at": (
            rf"(booked|booking)( {_WHEN})|date booked|{_MEETING} (booked|made)( {_WHEN})?",
            rf"(created|made)( {_WHEN})?|scheduled {_WHEN}|date (created|made)",
        ),
        "cancelled_at": (rf"(cancelled|cancellation) {_WHEN}|date cancelled", r"cancelled"),
        "began_at": (rf"(began|actual start|session began)( {_WHEN})?", rf"seen {_WHEN}"),
        "replaces": (
            r"replaces|(rescheduled|moved) from( id)?|original appointment( id)?",
            r"previous appointment( id)?",
        ),
        "modality": (
            (
                rf"modality|({_MEETING}|contact) (medium|mode|modality|method|format|mechanism)|"
                r"consultation medium used|delivery (mode|method)"
            ),
            r"mode|method|medium|format|channel|type",
        ),
        "duration_min": (
            rf"({_MEETING} )?(duration|length)( in)? min|min|clinical contact duration.*",
            rf"({_MEETING} )?(duration|length)",
        ),
        "reason": (
            (rf"{_ABSENCE} (reason|cause)|reason (for )?{_ABSENCE}|reason"),
            r"barrier|cause",
        ),
    },
    "episodes": {
        "client_id": _CLIENT,
        "started_at": (
            (
                rf"{_CARE} (start|started|opened|began)( {_WHEN})?|started( {_WHEN})?|"
                rf"(admission|intake|enrolment) {_WHEN}|date (started|opened)|opened( {_WHEN})?"
            ),
            rf"start( {_WHEN})?|from",
        ),
        "referred_at": (
            (
                rf"(referral|referred)( received)?( {_WHEN})?|date (of )?(referral|referred)|"
                r"referral request received date"
            ),
            r"received",
        ),
        "ended_at": (
            (
                rf"{_CARE} (end|ended|closed)( {_WHEN})?|ended( {_WHEN})?|closed( {_WHEN})?|"
                rf"discharged?( {_WHEN})?|date (ended|closed|discharged|of discharge)"
            ),
            rf"end( {_WHEN})?|to|until",
        ),
        "end_reason": (
            (
                r"(end|ending|discharge|closure|exit|termination) (reason|code)|"
                r"reason for (ending|discharge|closure)"
            ),
            r"reason|outcome|status",
        ),
        "therapist_id": _STAFF_ID,
        "site": _SITE,
    },
    "clients": {"client_id": _CLIENT},
    "contacts": {
        "client_id": _CLIENT,
        "at": (
            rf"(contact|message|call|communication|sent|received) {_WHEN}|sent|at|timestamp",
            rf"{_WHEN}|date and time",
        ),
        "direction": (r"direction|in out|inbound outbound|incoming outgoing", r"way|sender|from"),
        "channel": (r"channel|(contact|message) (channel|medium|method|mode)", r"medium|method"),
        "purpose": (r"purpose|(message|contact) (type|purpose|kind)", r"type|kind|template|reason"),
        "delivered": (
            r"delivered|delivery( status)?|reached",
            r"status|received|successful|answered",
        ),
    },
    "measures": {
        "client_id": _CLIENT,
        "at": (
            (
                rf"(measure|assessment|completed|completion|score|questionnaire) {_WHEN}|"
                r"date completed|at"
            ),
            rf"{_WHEN}|completed",
        ),
        "instrument": (r"(instrument|measure|scale|questionnaire)( name| code)?", r"tool|test"),
        "score": (r"(total |sum )?score|(score )?total", r"value|result"),
        "item_9": (r"(phq 9|phq9) (item|q|question)? ?9|item 9", r"q9"),
    },
    "checkins": {
        "client_id": _CLIENT,
        "at": (rf"(check in|checkin) {_WHEN}|at", rf"{_WHEN}|completed"),
        "barrier": (r"barrier|obstacle|main (barrier|obstacle)", r"reason|difficulty"),
        "progress": (r"progress( rating| score)?", r"rating"),
        "wants_to_continue": (r"wants? to continue|wishes to continue", r"continue"),
        "checkin_id": (rf"(check in|checkin) {_NUMBER}", r"answer key"),
    },
    "actions": {
        "client_id": _CLIENT,
        "at": (rf"action {_WHEN}|at", rf"{_WHEN}"),
        "kind": (r"action( (type|kind))?|safeguard", r"kind|type|step"),
        "detail": (r"detail", r"offered"),
        "response": (r"response|client response", r"reply|answer|result"),
    },
    "pauses": {
        "client_id": _CLIENT,
        "start": (rf"(pause|break|leave) (start|from)( {_WHEN})?", rf"start( {_WHEN})?|from"),
        "end": (rf"(pause|break|leave) (end|to|until)( {_WHEN})?", rf"end( {_WHEN})?|to|until"),
        "reason": (r"(pause|break) reason", r"reason"),
    },
    "policies": {
        "policy": (r"policy( name)?", r"name"),
        "kind": (r"policy (kind|type)", r"kind|type"),
        "start": (rf"policy start( {_WHEN})?|in force from", rf"start( {_WHEN})?|from"),
        "end": (r"policy end( {_WHEN})?|in force until", rf"end( {_WHEN})?|to|until"),
        "site": _SITE,
        "therapist_id": _STAFF_ID,
        "value": (r"policy value", r"value|amount|hours"),
    },
}
"""Table, field -> patterns of a plain name: one that says it, one that may mean it."""

MISSED_FLAG = r"(is |was )?(no show|dna|did not attend)( flag| yn| indicator)?"
ATTENDED_FLAG = r"(is |was |has )?(attended|showed|showed up|present)( flag| yn| indicator)?"
OTHER_FATE = r"cancel|resched|attend|show|absen|miss|illness|left|status|outcome"
"""In the name of another column: a flag of missing is then not all that is recorded."""

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
