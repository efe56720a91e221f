"""EpisodeOfCare to rows of `episodes`, Patient to rows of `clients`."""

from __future__ import annotations

import polars as pl

from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.elements import code_of, id_of, id_of_type, ids_in
from carenotebook.ingest.fhir.tables import ENTERED_IN_ERROR, PLACE
from carenotebook.ingest.parsed import name_category

NOT_BEGUN = "has not begun: it is planned or on a waiting list"
NO_END = "has ended, but its end is not given: it would look open"

_STATUSES = ("planned", "waitlist", "active", "onhold", "finished", "cancelled")


def episodes(read: pl.DataFrame) -> pl.DataFrame:
    """One row an EpisodeOfCare.

    It ends with its period, else where its history of statuses says finished or cancelled. It was
    referred when the first entry of its history that is planned or on a waiting list began.
    """
    status = pl.col("status")
    period = pl.col("period").struct
    ended_at = pl.coalesce(period.field("end"), _in_history(codes.ENDED))
    ended = status.is_in(codes.ENDED)
    unknown = ~status.is_in(_STATUSES).fill_null(value=False)
    return read.select(
        *PLACE,
        client_id=id_of_type(pl.col("patient"), ("Patient",), untyped=True),
        started_at=period.field("start"),
        referred_at=_in_history(codes.NOT_BEGUN),
        ended_at=ended_at,
        end_reason=pl.when(~ended & ended_at.is_null()).then(pl.lit("ongoing")),
        therapist_id=id_of(pl.col("careManager")),
        site=id_of(pl.col("managingOrganization")),
        problem=pl.when(status == "entered-in-error")
        .then(pl.lit(ENTERED_IN_ERROR))
        .when(status.is_in(codes.NOT_BEGUN))
        .then(pl.lit(NOT_BEGUN))
        .when(unknown)
        .then(name_category(status.fill_null(""), "is not the status of an EpisodeOfCare"))
        .when(ended & ended_at.is_null())
        .then(pl.lit(NO_END)),
    )


def _in_history(statuses: tuple[str, ...]) -> pl.Expr:
    element = pl.element().struct
    start = pl.when(element.field("status").is_in(statuses)).then(
        element.field("period").struct.field("start")
    )
    return ids_in(pl.col("statusHistory"), start).list.min()


def clients(read: pl.DataFrame) -> pl.DataFrame:
    """One row a Patient: gender, year of birth, language, and whether and when they died.

    Names, addresses, identifiers and the rest are not read.
    """
    language = code_of(pl.element().struct.field("language"))
    preferred = pl.element().struct.field("preferred") == "true"
    spoken = pl.col("communication")
    died = pl.col("deceasedDateTime")
    return read.select(
        *PLACE,
        client_id="id",
        gender="gender",
        birth_year=pl.col("birthDate").str.extract(r"^([0-9]{4})(?:-|$)"),
        language=pl.coalesce(
            ids_in(spoken, pl.when(preferred).then(language)).list.first(),
            ids_in(spoken, language).list.first(),
        ),
        deceased=pl.when(died.is_not_null()).then(pl.lit("true")).otherwise("deceasedBoolean"),
        deceased_at=died,
        problem=pl.lit(None, pl.String),
    )
