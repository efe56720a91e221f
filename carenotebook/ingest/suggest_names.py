"""The names by which columns are recognised, in English: patterns of what `plain` makes of them."""

from __future__ import annotations

from collections.abc import Mapping

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
