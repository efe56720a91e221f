"""Observation and QuestionnaireResponse to coded answers: one row an answer, by columns."""

from __future__ import annotations

from typing import cast

import polars as pl

from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.elements import code_of, id_of_type, ids_in
from carenotebook.ingest.fhir.shapes import DEPTH
from carenotebook.ingest.fhir.tables import ENTERED_IN_ERROR, PLACE

NOT_FINAL = "is not final"
NOT_COMPLETED = "is not completed"
NO_INSTRUMENT = "has no item or total of an instrument that is known (LOINC)"

_ELEMENT = pl.element()
_FINAL = ("final", "amended", "corrected")
_COMPLETED = ("completed", "amended")
_WEIGHT = "(?:ordinalValue|itemWeight)$"


def observations(read: pl.DataFrame, known: tuple[str, ...]) -> pl.DataFrame:
    """One row an Observation of a known code, in itself or a component.

    Returns
    -------
    polars.DataFrame
        client_id, at, response (the id of the QuestionnaireResponse that it derives from), answers
        (a list of code and value) and problem.
    """
    here = _answer(pl.struct("code", *_VALUES), known)
    parts = ids_in(pl.col("component"), _answer(_ELEMENT, known))
    period = pl.col("effectivePeriod").struct
    rows = read.select(
        *PLACE,
        client_id=id_of_type(pl.col("subject"), ("Patient",), untyped=True),
        at=pl.coalesce(
            "effectiveDateTime",
            "effectiveInstant",
            period.field("end"),
            period.field("start"),
            "issued",
        ),
        response=ids_in(
            pl.col("derivedFrom"), id_of_type(_ELEMENT, ("QuestionnaireResponse",))
        ).list.first(),
        answers=pl.concat_list(pl.concat_list(here).list.drop_nulls(), parts.fill_null([])),
        problem=_problem(_FINAL, NOT_FINAL),
    )
    return rows.filter(pl.col("answers").list.len() > 0)


_VALUES = ("valueQuantity", "valueInteger", "valueCodeableConcept")


def _answer(holder: pl.Expr, known: tuple[str, ...]) -> pl.Expr:
    """``code=value`` of what has a code and a value; null unless the code is known."""
    element = pl.element().struct.field("code")
    coding = holder.struct.field("code").struct.field("coding")
    code = ids_in(coding, pl.when(element.is_in(known)).then(element)).list.first()
    chosen = code_of(holder.struct.field("valueCodeableConcept"))
    value = pl.coalesce(
        holder.struct.field("valueQuantity").struct.field("value"),
        holder.struct.field("valueInteger"),
        chosen.replace_strict(codes.ANSWERS, default=None),
    )
    return pl.concat_str(code, pl.lit("="), value.fill_null(""))


def responses(read: pl.DataFrame, known: tuple[str, ...]) -> pl.DataFrame:
    """One row a QuestionnaireResponse, in the form of `observations`."""
    rows = read.with_row_index("n")
    level = rows.select("n", one="item")
    found = []
    for _ in range(DEPTH):
        level = level.explode("one").filter(pl.col("one").is_not_null())
        found.append(level.select("n", _item_answer(known).alias("answer")))
        if "item" not in cast("pl.Struct", level.schema["one"]).to_schema():
            break
        item = pl.col("one").struct
        answers = level.select("n", one=item.field("answer")).explode("one")
        below = answers.select("n", pl.col("one").struct.field("item").alias("one"))
        level = pl.concat([level.select("n", item.field("item").alias("one")), below])
    each = pl.concat(found).drop_nulls().group_by("n", maintain_order=True).agg(answers="answer")
    return (
        rows.join(each, on="n", how="left", maintain_order="left")
        .select(
            *PLACE,
            client_id=id_of_type(pl.col("subject"), ("Patient",), untyped=True),
            at="authored",
            response="id",
            answers=pl.col("answers").fill_null([]),
            problem=_problem(_COMPLETED, NOT_COMPLETED),
        )
        .with_columns(
            problem=pl.coalesce(
                "problem", pl.when(pl.col("answers").list.len() == 0).then(pl.lit(NO_INSTRUMENT))
            )
        )
    )


def _item_answer(known: tuple[str, ...]) -> pl.Expr:
    item = pl.col("one").struct
    code = pl.coalesce(
        item.field(f).str.extract(r"([0-9]{1,7}-[0-9])$") for f in ("linkId", "definition")
    )
    answer = item.field("answer").list.first().struct
    coding = answer.field("valueCoding").struct
    weight = pl.when(_ELEMENT.struct.field("url").str.contains(_WEIGHT)).then(
        _ELEMENT.struct.field("valueDecimal")
    )
    chosen = coding.field("code")
    value = pl.coalesce(
        answer.field("valueInteger"),
        answer.field("valueDecimal"),
        answer.field("valueQuantity").struct.field("value"),
        ids_in(coding.field("extension"), weight).list.first(),
        chosen.replace_strict(codes.ANSWERS, default=None),
        pl.when(chosen.is_in(list(codes.ANSWERS.values()))).then(chosen),
    )
    return pl.when(code.is_in(known)).then(pl.concat_str(code, pl.lit("="), value.fill_null("")))


def _problem(usable: tuple[str, ...], otherwise: str) -> pl.Expr:
    status = pl.col("status")
    return (
        pl.when(status == "entered-in-error")
        .then(pl.lit(ENTERED_IN_ERROR))
        .when(~status.is_in(usable).fill_null(value=False))
        .then(pl.lit(otherwise))
    )
