"""Appointment and Encounter to rows of `appointments`, and hospital stays to `pauses`."""

from __future__ import annotations

import polars as pl

from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.elements import code_of, id_of, id_of_type, ids_in, type_and_id
from carenotebook.ingest.fhir.tables import ENTERED_IN_ERROR, PLACE
from carenotebook.ingest.times import parse_times

THERAPISTS = ("Practitioner", "PractitionerRole")
NOBODY = "no patient takes part: each is named for information only, or has declined"
EMERGENCY_VISIT = "is an emergency visit, not a session"
NO_STAY = "is a stay in hospital that did not take place, or of which it is not known"
BAD_END = "has an end that cannot be read"

_ELEMENT = pl.element()
_USUAL_TIME = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:[01][1-9]|10|2[0-8])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}"
)


def appointments(read: pl.DataFrame) -> pl.DataFrame:
    """One row a Patient among the participants of each Appointment (a group: several).

    The therapist is the first Practitioner or PractitionerRole, the site the first Location. A
    Patient who is there for information only, or has declined, takes no part. Without any Patient
    among the participants the client is the R5 `subject`.
    """
    status = pl.col("status")
    reason = pl.coalesce(
        code_of(pl.col(c), codes.CANCELLATION) for c in ("cancelationReason", "cancellationReason")
    )
    cancelled = status == "cancelled"
    service = pl.col("serviceType").list.first()
    rows = read.with_columns(people=_people()).select(
        *PLACE,
        "start",
        "end",
        status,
        patients=_patients(),
        informed=_any("Patient"),
        subject=id_of_type(pl.col("subject"), ("Patient",)),
        cancellation_reason=pl.when(cancelled).then(reason),
        therapist_id=_first(*THERAPISTS),
        site=_first("Location"),
        appointment_type=code_of(pl.col("appointmentType")),
        service_type=pl.coalesce(
            ids_in(service.struct.field("coding"), _ELEMENT.struct.field("code")).list.first(),
            code_of(service.struct.field("concept")),
        ),
        virtual=_virtual(),
        channel=_extension("DeliveryChannel", "valueCode"),
        minutes="minutesDuration",
        booked_at=_whole("created"),
        cancelled_at="cancellationDate",
        cancelled_updated=pl.when(cancelled).then(pl.col("meta").struct.field("lastUpdated")),
        replaces=pl.coalesce(
            pl.col("replaces").list.eval(id_of(_ELEMENT)).list.drop_nulls().list.first(),
            _extension("Appointment.replaces", "valueReference", id_of),
        ),
    )
    if rows.select((pl.col("patients").list.len() > 1).any()).item():
        rows = rows.with_columns(pl.col("patients").list.unique(maintain_order=True))
    return _by_patient(rows)


def _by_patient(rows: pl.DataFrame) -> pl.DataFrame:
    modality = (_modality(c) for c in ("virtual", "channel", "appointment_type", "service_type"))
    group = (pl.col("patients").list.len() > 1).fill_null(value=False)
    told = rows.with_columns(
        group=group,
        modality=pl.coalesce(modality),
        kind=pl.when(group)
        .then(pl.lit("group"))
        .otherwise(pl.col("appointment_type").replace_strict(codes.KINDS, default=None)),
        problem=pl.when(pl.col("status") == "entered-in-error")
        .then(pl.lit(ENTERED_IN_ERROR))
        .when((pl.col("patients").list.len() == 0) & pl.col("informed"))
        .then(pl.lit(NOBODY)),
    ).explode("patients", empty_as_null=True)
    named = pl.when("group").then(pl.concat_str("id", pl.lit("/"), "patients")).otherwise("id")
    return told.select(
        pl.exclude("patients", "informed", "subject", "virtual", "channel", "group"),
        client_id=pl.coalesce("patients", pl.when(~pl.col("informed")).then("subject")),
        appointment_id=named,
    )


def encounters(read: pl.DataFrame) -> pl.DataFrame:
    """One row an Encounter, with the ids of the Appointments that it belongs to."""
    kind = pl.col("class")
    if isinstance(read.schema["class"], pl.List):
        code = code_of(kind.list.first())
    else:
        code = kind.struct.field("code")
    period = pl.coalesce("period", "actualPeriod").struct
    person = pl.coalesce(
        id_of_type(_ELEMENT.struct.field(f), THERAPISTS) for f in ("individual", "actor")
    )
    rows = read.select(
        *PLACE,
        "status",
        client_id=id_of_type(pl.col("subject"), ("Patient",), untyped=True),
        appointment_id=pl.concat_str(pl.lit("Encounter/"), "id"),
        encounter_class=code,
        start=pl.coalesce(period.field("start"), "plannedStartDate"),
        end=period.field("end"),
        therapist_id=ids_in(pl.col("participant"), person).list.first(),
        site=ids_in(pl.col("location"), id_of(_ELEMENT.struct.field("location"))).list.first(),
        virtual=_virtual(),
        appointments=ids_in(
            pl.col("appointment"), id_of_type(_ELEMENT, ("Appointment",), untyped=True)
        ).fill_null([]),
    )
    return rows.with_columns(
        modality=pl.coalesce(_modality("virtual"), _modality("encounter_class")),
        problem=pl.when(pl.col("status") == "entered-in-error").then(pl.lit(ENTERED_IN_ERROR)),
    ).drop("virtual")


def stays(alone: pl.DataFrame) -> pl.DataFrame:
    """Rows of `pauses`: inpatient Encounters that belong to no Appointment."""
    inpatient = alone.filter(pl.col("encounter_class").is_in(codes.STAYS))
    took_place = pl.col("status").is_in(codes.SEEN)
    return inpatient.select(
        *PLACE,
        "client_id",
        "start",
        "end",
        reason=pl.lit("hospital"),
        problem=pl.coalesce("problem", pl.when(~took_place).then(pl.lit(NO_STAY))),
    )


def all_appointments(
    booked: pl.DataFrame, seen: pl.DataFrame, alone: pl.DataFrame, timezone: str
) -> pl.DataFrame:
    """The rows of `appointments`: Appointments, and Encounters that stand alone.

    Parameters
    ----------
    booked : polars.DataFrame
        What `appointments` made.
    seen, alone : polars.DataFrame
        What `encounters` made: those with an Appointment among the files, and those without.
    timezone : str
        For times without an offset.
    """
    visits = alone.filter(~pl.col("encounter_class").is_in(codes.STAYS).fill_null(value=False))
    emergency = pl.col("encounter_class") == codes.EMERGENCY
    visits = visits.with_columns(
        status=pl.concat_str(pl.lit("encounter "), "status"),
        problem=pl.coalesce("problem", pl.when(emergency).then(pl.lit(EMERGENCY_VISIT))),
    )
    took_place = seen.filter(pl.col("status").is_in(codes.SEEN)).explode("appointments")
    with_modality = took_place.select("modality", id="appointments").unique("id", keep="first")
    booked = booked.join(with_modality, on="id", how="left", maintain_order="left", suffix="_seen")
    replaced = pl.col("id").is_in(booked["replaces"].drop_nulls().unique().implode())
    status = _status(replaced, pl.col("id").is_in(with_modality["id"].implode()))
    booked = booked.with_columns(
        status=status,
        modality=pl.coalesce("modality", "modality_seen"),
        reason=_reason(),
    ).drop("modality_seen")
    rows = pl.concat([booked, visits.drop("appointments")], how="diagonal")
    return _with_duration(rows, timezone).drop("end", "minutes", strict=False)


def _status(replaced: pl.Expr, seen: pl.Expr) -> pl.Expr:
    """The status with what decides beside it: an Encounter, a replacement, the reason's code."""
    reason = pl.col("cancellation_reason")
    moved = replaced & (
        reason.is_null()
        | (reason.str.contains(f"^(?:{'|'.join(codes.MOVABLE)})") & ~reason.is_in(codes.UNMOVED))
    )
    status = pl.col("status")
    return (
        pl.when((status == "cancelled") & moved)
        .then(pl.lit("cancelled and replaced"))
        .when((status == "cancelled") & reason.is_not_null())
        .then(pl.concat_str(pl.lit("cancelled "), reason))
        .when(status.is_in(["arrived", "checked-in"]) & seen)
        .then(pl.concat_str(status, pl.lit(" and seen")))
        .otherwise(status)
    )


def _reason() -> pl.Expr:
    code = pl.col("cancellation_reason")
    told = code.replace_strict(codes.REASONS, default=None, return_dtype=pl.String)
    unsaid = (pl.col("status") == "cancelled") & code.is_null()
    return pl.when(unsaid).then(pl.lit("not_given")).otherwise(told)


def _with_duration(rows: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """With `duration_min`: as stated, else from start to end; a negative one is negative."""
    if "minutes" not in rows.columns:
        rows = rows.with_columns(minutes=pl.lit(None, pl.String))
    numbered = rows.with_row_index("i")
    told = numbered.filter(~_in_order() & pl.col("end").is_not_null())
    start, end = (parse_times(told[c].str.strip_chars(), timezone) for c in ("start", "end"))
    between = pl.DataFrame(
        {
            "i": told["i"],
            "between": (end.values - start.values).dt.total_microseconds() / 60e6,
            "unread": end.reasons.is_not_null(),
        }
    )
    joined = numbered.join(between, on="i", how="left", maintain_order="left")
    between_text = pl.col("between").cast(pl.String)
    return joined.with_columns(
        duration_min=pl.when(pl.col("between") < 0)
        .then(between_text)
        .otherwise(pl.coalesce("minutes", between_text)),
        problem=pl.coalesce("problem", pl.when("unread").then(pl.lit(BAD_END))),
    ).drop("i", "between", "unread")


def _in_order() -> pl.Expr:
    """Whether the minutes are stated and start and end, written alike, are seen to be in order."""
    start, end = pl.col("start"), pl.col("end")
    alike = start.str.slice(19) == end.str.slice(19)
    usual = pl.all_horizontal(t.str.contains(_USUAL_TIME) for t in (start, end))
    stated = pl.col("minutes").is_not_null()
    return (stated & alike & usual & (start <= end)).fill_null(value=False)


def _people() -> pl.Expr:
    """Type, id and whether they take part, of each participant."""
    part = _ELEMENT.struct
    invited = part.field("required").ne_missing("information-only")
    takes_part = invited & part.field("status").ne_missing("declined")
    told = type_and_id(_ELEMENT.struct.field("actor"))
    return pl.col("participant").list.eval(told.struct.with_fields(takes_part=takes_part))


def _first(*types: str) -> pl.Expr:
    person = _ELEMENT.struct
    wanted = pl.when(person.field("type").is_in(types)).then(person.field("id"))
    return ids_in(pl.col("people"), wanted).list.first()


def _any(type_: str) -> pl.Expr:
    found = pl.col("people").list.eval(_ELEMENT.struct.field("type") == type_).list.any()
    return found.fill_null(value=False)


def _patients() -> pl.Expr:
    person = _ELEMENT.struct
    takes_part = (person.field("type") == "Patient") & person.field("takes_part")
    return ids_in(pl.col("people"), pl.when(takes_part).then(person.field("id")))


def _virtual() -> pl.Expr:
    kind = _ELEMENT.struct.field("channelType").struct.field("code")
    return ids_in(pl.col("virtualService"), kind).list.first()


def _extension(ending: str, value: str, read: object = None) -> pl.Expr:
    held = _ELEMENT.struct.field(value)
    made = held if read is None else id_of(held)
    wanted = _ELEMENT.struct.field("url").str.contains(ending, literal=True)
    return ids_in(pl.col("extension"), pl.when(wanted).then(made)).list.first()


def _modality(column: str) -> pl.Expr:
    return pl.col(column).replace_strict(codes.MODALITIES, default=None, return_dtype=pl.String)


def _whole(column: str) -> pl.Expr:
    """A dateTime of which FHIR requires the year alone; null unless the day is told."""
    return pl.when(~pl.col(column).str.contains(r"^\d{4}(-\d{2})?$")).then(column).alias(column)
