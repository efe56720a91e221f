"""What is read of each resource: the elements of R4 and R5 that a cohort needs, all as text."""

from __future__ import annotations

import polars as pl

_TEXT = pl.String()
_REFERENCE = pl.Struct(
    {"reference": _TEXT, "type": _TEXT, "identifier": pl.Struct({"value": _TEXT})}
)
_CODING = pl.Struct({"system": _TEXT, "code": _TEXT})
_CONCEPT = pl.Struct({"coding": pl.List(_CODING)})
_PERIOD = pl.Struct({"start": _TEXT, "end": _TEXT})
_QUANTITY = pl.Struct({"value": _TEXT})
_BASE = {"resourceType": _TEXT, "id": _TEXT, "status": _TEXT}
_VALUES = {
    "valueQuantity": _QUANTITY,
    "valueInteger": _TEXT,
    "valueCodeableConcept": _CONCEPT,
}
_VIRTUAL = pl.List(pl.Struct({"channelType": _CODING}))
_WEIGHT = pl.List(pl.Struct({"url": _TEXT, "valueDecimal": _TEXT}))
_ANSWER = {
    "valueInteger": _TEXT,
    "valueDecimal": _TEXT,
    "valueQuantity": _QUANTITY,
    "valueCoding": pl.Struct({"code": _TEXT, "extension": _WEIGHT}),
}
DEPTH = 4
"""How deep the items of a QuestionnaireResponse are looked for: groups, and items of answers."""


def _items(depth: int) -> pl.List:
    item: dict[str, pl.DataType] = {"linkId": _TEXT, "definition": _TEXT}
    answer: dict[str, pl.DataType] = dict(_ANSWER)
    if depth > 1:
        item["item"] = _items(depth - 1)
        answer["item"] = _items(depth - 1)
    return pl.List(pl.Struct({**item, "answer": pl.List(pl.Struct(answer))}))


def _encounter(class_: pl.DataType) -> pl.Struct:
    return pl.Struct(
        {
            **_BASE,
            "class": class_,
            "subject": _REFERENCE,
            "period": _PERIOD,
            "actualPeriod": _PERIOD,
            "plannedStartDate": _TEXT,
            "participant": pl.List(pl.Struct({"individual": _REFERENCE, "actor": _REFERENCE})),
            "appointment": pl.List(_REFERENCE),
            "location": pl.List(pl.Struct({"location": _REFERENCE})),
            "virtualService": _VIRTUAL,
        }
    )


SHAPES: dict[str, tuple[pl.Struct, ...]] = {
    "Appointment": (
        pl.Struct(
            {
                **_BASE,
                "meta": pl.Struct({"lastUpdated": _TEXT}),
                "cancelationReason": _CONCEPT,
                "cancellationReason": _CONCEPT,
                "cancellationDate": _TEXT,
                "appointmentType": _CONCEPT,
                "serviceType": pl.List(
                    pl.Struct({"coding": pl.List(_CODING), "concept": _CONCEPT})
                ),
                "virtualService": _VIRTUAL,
                "start": _TEXT,
                "end": _TEXT,
                "minutesDuration": _TEXT,
                "created": _TEXT,
                "replaces": pl.List(_REFERENCE),
                "extension": pl.List(
                    pl.Struct({"url": _TEXT, "valueCode": _TEXT, "valueReference": _REFERENCE})
                ),
                "subject": _REFERENCE,
                "participant": pl.List(
                    pl.Struct({"actor": _REFERENCE, "required": _TEXT, "status": _TEXT})
                ),
            }
        ),
    ),
    "Encounter": (_encounter(_CODING), _encounter(pl.List(_CONCEPT))),
    "EpisodeOfCare": (
        pl.Struct(
            {
                **_BASE,
                "patient": _REFERENCE,
                "period": _PERIOD,
                "statusHistory": pl.List(pl.Struct({"status": _TEXT, "period": _PERIOD})),
                "careManager": _REFERENCE,
                "managingOrganization": _REFERENCE,
            }
        ),
    ),
    "Communication": (
        pl.Struct(
            {
                **_BASE,
                "category": pl.List(_CONCEPT),
                "topic": _CONCEPT,
                "medium": pl.List(_CONCEPT),
                "subject": _REFERENCE,
                "sender": _REFERENCE,
                "recipient": pl.List(_REFERENCE),
                "sent": _TEXT,
                "received": _TEXT,
            }
        ),
    ),
    "QuestionnaireResponse": (
        pl.Struct({**_BASE, "subject": _REFERENCE, "authored": _TEXT, "item": _items(DEPTH)}),
    ),
    "Observation": (
        pl.Struct(
            {
                **_BASE,
                **_VALUES,
                "code": _CONCEPT,
                "subject": _REFERENCE,
                "effectiveDateTime": _TEXT,
                "effectiveInstant": _TEXT,
                "effectivePeriod": _PERIOD,
                "issued": _TEXT,
                "derivedFrom": pl.List(_REFERENCE),
                "component": pl.List(pl.Struct({**_VALUES, "code": _CONCEPT})),
            }
        ),
    ),
    "Patient": (
        pl.Struct(
            {
                "resourceType": _TEXT,
                "id": _TEXT,
                "gender": _TEXT,
                "birthDate": _TEXT,
                "deceasedBoolean": _TEXT,
                "deceasedDateTime": _TEXT,
                "communication": pl.List(pl.Struct({"language": _CONCEPT, "preferred": _TEXT})),
            }
        ),
    ),
}
"""Resource to the shapes that it may have; where R4 and R5 disagree on a type, one of each."""
