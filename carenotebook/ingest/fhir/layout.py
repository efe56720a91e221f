"""Which resources make which table, and what links them: Encounters, deaths, questionnaires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.answers import observations, responses
from carenotebook.ingest.fhir.appointments import all_appointments, appointments, encounters, stays
from carenotebook.ingest.fhir.contacts import contacts
from carenotebook.ingest.fhir.episodes import clients, episodes
from carenotebook.ingest.fhir.measures import known_codes, measures
from carenotebook.ingest.fhir.resources import Found, Reduce
from carenotebook.ingest.fhir.shapes import SHAPES
from carenotebook.ingest.fhir.tables import once, raw_table
from carenotebook.ingest.quarantine import RawTable

OTHERWISE = (
    "Some Encounters took place though the status of their Appointment is neither fulfilled, "
    "arrived nor checked-in: the status of the Appointment was kept."
)

_TABLES = {
    "appointments": ("Appointment", "Encounter"),
    "episodes": ("EpisodeOfCare",),
    "clients": ("Patient",),
    "contacts": ("Communication",),
    "measures": ("Observation", "QuestionnaireResponse"),
}


def reducers(totals: Mapping[str, str]) -> dict[str, Reduce]:
    """What is kept of each resource that is read, as columns."""
    known = known_codes(totals)
    return {
        "Appointment": appointments,
        "Encounter": encounters,
        "EpisodeOfCare": episodes,
        "Communication": contacts,
        "QuestionnaireResponse": partial(responses, known=known),
        "Observation": partial(observations, known=known),
        "Patient": clients,
    }


@dataclass(frozen=True)
class Laid:
    """What the files hold, as tables.

    Attributes
    ----------
    tables : dict of table to RawTable
    deaths : RawTable
        client_id and at.
    doubts : list of str
        Sentences on what the resources leave open.
    """

    tables: dict[str, RawTable]
    deaths: RawTable
    doubts: list[str]


def lay_out(found: Found, names: Sequence[str], timezone: str, totals: Mapping[str, str]) -> Laid:
    """The raw tables of what the files hold.

    Parameters
    ----------
    names : sequence of str
        The files, in the order in which they were read.
    timezone : str
        For times without an offset.
    totals : mapping of code to instrument
        Codes of total scores.
    """
    rows = {kind: once(_frame(found, kind, r)) for kind, r in reducers(totals).items()}
    linked = _is_linked(rows["Encounter"], rows["Appointment"])
    seen, alone = rows["Encounter"].filter(linked), rows["Encounter"].filter(~linked)
    made = {
        "appointments": all_appointments(rows["Appointment"], seen, alone, timezone),
        "episodes": rows["EpisodeOfCare"],
        "clients": rows["Patient"],
        "contacts": rows["Communication"],
        "measures": measures(_answered(rows), totals),
    }
    raw = {}
    for table, kinds in _TABLES.items():
        broken = [b for kind in kinds for b in found.broken.get(kind, [])]
        if broken or any(kind in found.rows for kind in kinds):
            raw[table] = raw_table(made[table], broken, names)
    if (paused := stays(alone)).height:
        raw["pauses"] = raw_table(paused, [], names)
    deaths = RawTable(_deaths(rows), typed=False)
    return Laid(raw, deaths, _doubts(rows["Appointment"], seen))


def _frame(found: Found, kind: str, reduce: Reduce) -> pl.DataFrame:
    if kind in found.rows:
        return pl.concat(found.rows[kind], how="diagonal")
    elements = {f.name: f.dtype for f in SHAPES[kind][0].fields}
    return reduce(pl.DataFrame(schema={"file": pl.Int64, "line": pl.Int64, **elements}))


def _is_linked(encounters: pl.DataFrame, booked: pl.DataFrame) -> pl.Series:
    """Encounters that tell of an Appointment among the files, and so are no rows of their own."""
    known = pl.element().is_in(booked["id"].drop_nulls().unique().implode())
    usable = pl.col("problem").is_null()
    return encounters.select(
        usable & pl.col("appointments").list.eval(known).list.any()
    ).to_series()


def _deaths(rows: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """When clients died: as Patient says, else the first appointment cancelled for it."""
    told = rows["Patient"].select("client_id", at="deceased_at").drop_nulls()
    cancelled = rows["Appointment"].filter(pl.col("cancellation_reason") == codes.DECEASED)
    implied = cancelled.select("client_id", at=pl.coalesce("cancelled_at", "start"))
    implied = implied.drop_nulls().sort("at")
    return pl.concat([told, implied]).unique("client_id", keep="first", maintain_order=True)


def _answered(rows: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        [
            rows["QuestionnaireResponse"].with_columns(is_response=pl.lit(value=True)),
            rows["Observation"].with_columns(is_response=pl.lit(value=False)),
        ],
        how="diagonal",
    )


def _doubts(booked: pl.DataFrame, seen: pl.DataFrame) -> list[str]:
    took_place = seen.filter(pl.col("status").is_in(codes.SEEN)).explode("appointments")
    other = booked.filter(~pl.col("status").is_in(["fulfilled", "arrived", "checked-in"]))
    otherwise = took_place["appointments"].is_in(other["id"].implode()).any()
    return [OTHERWISE] if otherwise else []
