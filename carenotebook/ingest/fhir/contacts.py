"""Communication to rows of `contacts`."""

from __future__ import annotations

import polars as pl

from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.elements import code_of, id_of_type, ids_in, type_of
from carenotebook.ingest.fhir.tables import ENTERED_IN_ERROR, PLACE

FROM_ANOTHER = "comes from someone who is neither the client nor the service"
NO_DIRECTION = "tells neither a sender nor that the client received it"
NOT_SENT = "was not sent: it is in preparation or on hold"

_SERVICE = (
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "CareTeam",
    "Device",
    "HealthcareService",
    "Endpoint",
)


def contacts(read: pl.DataFrame) -> pl.DataFrame:
    """One row a Communication: inbound where the Patient sends it.

    It is delivered if completed or received, not delivered if not done, else that is unknown.
    """
    sender = type_of(pl.col("sender"))
    patient = ("Patient",)
    recipients = ids_in(pl.col("recipient"), id_of_type(pl.element(), patient))
    status = pl.col("status")
    direction = (
        pl.when(sender == "Patient")
        .then(pl.lit("inbound"))
        .when(sender.is_in(_SERVICE) | (sender.is_null() & (recipients.list.len() > 0)))
        .then(pl.lit("outbound"))
    )
    delivered = (
        pl.when(status == "not-done")
        .then(pl.lit("false"))
        .when((status == "completed") | pl.col("received").is_not_null())
        .then(pl.lit("true"))
    )
    purpose = pl.coalesce(
        code_of(pl.col("topic")),
        ids_in(pl.col("category"), code_of(pl.element())).list.first(),
    )
    return read.select(
        *PLACE,
        client_id=pl.coalesce(
            id_of_type(pl.col("subject"), patient, untyped=True),
            id_of_type(pl.col("sender"), patient),
            recipients.list.first(),
        ),
        at=pl.coalesce("sent", "received"),
        direction=direction,
        channel=ids_in(pl.col("medium"), code_of(pl.element())).list.first(),
        purpose=purpose.str.replace_all("-", "_").replace_strict(
            {k.replace("-", "_"): v for k, v in codes.PURPOSES.items()}, default="other"
        ),
        delivered=delivered,
        problem=pl.when(status == "entered-in-error")
        .then(pl.lit(ENTERED_IN_ERROR))
        .when(status.is_in(["preparation", "on-hold"]) & pl.col("sent").is_null())
        .then(pl.lit(NOT_SENT))
        .when(direction.is_null() & sender.is_not_null())
        .then(pl.lit(FROM_ANOTHER))
        .when(direction.is_null())
        .then(pl.lit(NO_DIRECTION)),
    ).with_columns(purpose=pl.when(_told(read)).then("purpose"))


def _told(read: pl.DataFrame) -> pl.Series:
    category = ids_in(pl.col("category"), code_of(pl.element())).list.first()
    return read.select(pl.coalesce(code_of(pl.col("topic")), category).is_not_null()).to_series()
