"""What the tables of an OMOP CDM say of the tables of a cohort.

Sources: OMOP Common Data Model 5.4, as published by OHDSI, for tables and columns; the HL7 guide
"FHIR to OMOP" 1.0, map of encounter classes, for the concepts of visits 9202, 722455 and 581476.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fields import BySource, Case, Cases, Field, FirstOf, Source
from carenotebook.ingest.omopsource import CONCEPT, Among, CdmSource, kept
from carenotebook.ingest.parsed import as_text
from carenotebook.ingest.quarantine import RawTable

Piece = tuple[RawTable, Mapping[str, Field]]
"""Rows as a table of the CDM gives them, and how they make the fields of a table of a cohort."""

VISITS = {
    9202: "Outpatient Visit",
    581477: "Office Visit",
    581476: "Home Visit",
    722455: "Telehealth",
    5083: "Telehealth",
}
"""Concepts of visits that count as attended appointments by default.

9202, 722455 and 581476 are the targets of the HL7 guide for ambulatory, virtual and home
encounters; 581477 and 5083 are in wide use but were not checked in the vocabulary itself.
"""

ITEM_9 = "PHQ-9 item 9"
LOINC = {**codes.TOTALS, codes.ITEM_9: ITEM_9}
"""Codes of total scores, and of the item that asks about thoughts of death or self-harm."""

OTHER_VISIT = "has a visit_concept_id that is not among visits="
OTHER_EPISODE = "has an episode_concept_id that is not among episode_concepts="
_IN_PERSON = (581477, 581476)
_MIDNIGHT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?$"
_SOURCE = "source of the row"


def visit_table(
    raw: RawTable, visits: Collection[int], missed: Mapping[str, Any] | None = None
) -> Piece:
    """Appointments from `visit_occurrence`: attended, unless a column that `missed` names says not.

    Ids are written ``visit_occurrence/7``, so that they cannot be taken for those of a table of
    missed appointments. The concept 9202 does not say how a visit was held, nor do those of
    telehealth whether by video or by phone: `modality` is null there.
    """
    frame, table = raw.frame, "visit_occurrence"
    made: dict[str, Field] = {
        "client_id": Source("person_id"),
        "start": _time(frame, "visit_start"),
        "outcome": _outcome(visits, missed),
        "modality": Cases((Case({"visit_concept_id": _texts(_IN_PERSON)}, "in_person"), Case({}))),
    }
    for column, name in (("provider_id", "therapist_id"), ("care_site_id", "site")):
        if column in frame.columns:
            frame = frame.with_columns(_unless_zero(frame[column]))
            made[name] = Source(column)
    if f"{table}_id" in frame.columns:
        ids = as_text(frame[f"{table}_id"]).alias("appointment_id")
        frame = frame.with_columns(pl.format(f"{table}/{{}}", ids).alias("appointment_id"))
        made["appointment_id"] = Source("appointment_id")
    return replace(raw, frame=frame), made


def _outcome(visits: Collection[int], missed: Mapping[str, Any] | None) -> Cases:
    counts = {"visit_concept_id": _texts(visits)}
    cases = [Case(counts, "attended"), Case({}, reject=OTHER_VISIT)]
    if missed is not None:
        said = [
            Case({**counts, missed["column"].lower(): (text,)}, outcome)
            for text, outcome in missed["values"].items()
        ]
        cases = [*said, *cases]
    return Cases(tuple(cases))


def episode_table(raw: RawTable, concepts: Collection[int] | None) -> Piece:
    """Episodes from `episode`; an end that is a date is the end of that day."""
    frame = with_end_of_day(raw.frame, "episode_end_date")
    started = _time(frame, "episode_start")
    if concepts is not None:
        kept = Case({"episode_concept_id": _texts(concepts)})
        started = FirstOf((Cases((kept, Case({}, reject=OTHER_EPISODE))), started))
    made: dict[str, Field] = {
        "client_id": Source("person_id"),
        "started_at": started,
        "ended_at": _time(frame, "episode_end"),
    }
    return replace(raw, frame=frame), made


def person_table(raw: RawTable) -> Piece:
    """Clients from `person`: the id, the year of birth and the concept of gender, nothing else."""
    attributes = ("year_of_birth", "gender_concept_id")
    made: dict[str, Field] = {"client_id": Source("person_id")}
    made |= {a: Source(a) for a in attributes if a in raw.frame.columns}
    return raw, made


def death_table(raw: RawTable) -> Piece:
    """Deaths; one that is a date is the end of that day."""
    frame = with_end_of_day(raw.frame, "death_date")
    made: dict[str, Field] = {"client_id": Source("person_id"), "at": _time(frame, "death")}
    return replace(raw, frame=frame), made


def instrument_concepts(source: CdmSource, given: Mapping[int | str, str] | None) -> dict[str, str]:
    """Concept id (as text) to instrument: what the user says, and LOINC codes in `concept`."""
    found: dict[str, str] = {}
    if source.has(CONCEPT):
        listed = source.read(CONCEPT, {"concept_code": LOINC}).frame
        if {"concept_id", "concept_code", "vocabulary_id"} <= set(listed.columns):
            rows = listed.filter(pl.col("vocabulary_id") == "LOINC")
            ids, said = as_text(rows["concept_id"]), as_text(rows["concept_code"])
            found |= {i: LOINC[c] for i, c in zip(ids, said, strict=True) if c in LOINC}
    for concept, instrument in (given or {}).items():
        if not str(concept).isdecimal() or not isinstance(instrument, str) or not instrument:
            raise OptionError(
                "measures= maps concept ids to instruments, as {2000000001: 'PHQ-9'}."
            )
        found[str(concept)] = instrument
    return found


def score_table(source: CdmSource, table: str, concepts: Mapping[str, str]) -> Piece:
    """Scores from `measurement` or `observation`: only the rows of these concepts are read.

    A row is one where its concept, its source concept or its source value (a LOINC code) says so.
    """
    keys: dict[str, Mapping[str, str]] = {
        f"{table}_concept_id": concepts,
        f"{table}_source_concept_id": concepts,
        f"{table}_source_value": LOINC,
    }
    among: Among = {column: tuple(names) for column, names in keys.items()}
    raw = source.read(table, among)
    said = [
        as_text(raw.frame[c])
        .replace_strict(dict(names), default=None, return_dtype=pl.String)
        .alias(c)
        for c, names in keys.items()
        if c in raw.frame.columns and names
    ]
    instrument = pl.DataFrame(said).select(instrument=pl.coalesce(pl.all())).to_series()
    values: tuple[str, ...] = ("value_as_number", "value_as_string")
    scores = [c for c in values if c in raw.frame.columns] or list(values[:1])
    made: dict[str, Field] = {
        "client_id": Source("person_id"),
        "at": _time(raw.frame, table),
        "instrument": Source("instrument"),
        "score": FirstOf(tuple(Source(c) for c in scores)),
        "item_9": Source("item_9"),
    }
    same = ["person_id", f"{table}_datetime", f"{table}_date"]
    frame = raw.frame.with_columns(instrument)
    return kept(replace(raw, frame=_with_item_9(frame, same, scores)), instrument != ITEM_9), made


def _with_item_9(frame: pl.DataFrame, same: list[str], scores: list[str]) -> pl.DataFrame:
    """A column item_9: the one answer of the person at the same time as a total of the PHQ-9."""
    key = [c for c in same if c in frame.columns]
    answer = pl.coalesce(pl.col(c).cast(pl.String) for c in scores if c in frame.columns)
    answers = (
        frame.filter(instrument=ITEM_9)
        .group_by(key)
        .agg(item_9=pl.when(pl.len() == 1).then(answer.first()))
        .with_columns(instrument=pl.lit("PHQ-9"))
    )
    return frame.join(
        answers, on=[*key, "instrument"], how="left", nulls_equal=True, maintain_order="left"
    )


def together(pieces: Mapping[str, Piece]) -> Piece:
    """Several raw tables as one, each with its own columns and fields.

    Columns are named after their table, so that a rejected row says where it comes from. Rows are
    numbered on from one table to the next.
    """
    frames: list[pl.DataFrame] = []
    broken: dict[int, tuple[str, str]] = {}
    fields: dict[str, dict[str, Field]] = {}
    start = 0
    for table, (raw, made) in pieces.items():
        named = raw.frame.rename({c: f"{table}.{c}" for c in raw.frame.columns})
        frames.append(named.with_columns(pl.lit(table).alias(_SOURCE)))
        broken |= {start + i: told for i, told in raw.broken.items()}
        start += raw.frame.height
        for name, one in made.items():
            fields.setdefault(name, {})[table] = _within(one, table)
    typed = all(raw.typed for raw, _ in pieces.values())
    joined = RawTable(pl.concat(frames, how="diagonal"), typed=typed, broken=broken)
    return joined, {name: BySource(_SOURCE, by) for name, by in fields.items()}


def with_end_of_day(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """A column of dates as the midnight that ends each; what is no date stays as it is."""
    if column not in frame.columns:
        return frame
    dates = pl.col(column)
    if frame.schema[column] == pl.String:
        day = dates.str.strip_chars().str.extract(_MIDNIGHT)
        after = day.str.to_date("%Y-%m-%d", strict=False).dt.offset_by("1d")
        return frame.with_columns(pl.coalesce(after.dt.to_string("%Y-%m-%d"), dates).alias(column))
    if frame.schema[column].is_temporal():
        return frame.with_columns(dates.dt.date().dt.offset_by("1d"))
    return frame


def _time(frame: pl.DataFrame, stem: str) -> Field:
    """The time, else the date."""
    named = [f"{stem}_datetime", f"{stem}_date"]
    there = [c for c in named if c in frame.columns] or named[1:]
    return FirstOf(tuple(Source(c) for c in there))


def _within(made: Field, table: str) -> Field:
    """The field, its columns named after their table."""
    if isinstance(made, Source):
        return replace(made, column=f"{table}.{made.column}")
    if isinstance(made, FirstOf):
        return FirstOf(tuple(_within(f, table) for f in made.fields))
    if isinstance(made, Cases):
        cases = (
            replace(c, when={f"{table}.{n}": t for n, t in c.when.items()}) for c in made.cases
        )
        return Cases(tuple(cases))
    return made


def _texts(concepts: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(c) for c in concepts)


def _unless_zero(column: pl.Series) -> pl.Series:
    """In the CDM 0 stands for "no such thing"."""
    text = as_text(column)
    return (
        text.to_frame("x")
        .select(pl.when(pl.col("x") != "0").then("x"))
        .to_series()
        .alias(column.name)
    )
