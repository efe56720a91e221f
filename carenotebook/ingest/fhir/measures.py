"""Coded answers to rows of `measures`: a total as given, or the sum of every item."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from carenotebook.ingest.fhir import codes

SOME_ITEMS = "has no total, and not every item"
TOTALS_DIFFER = "has two totals that differ"
ITEMS_DIFFER = "has two answers to one item"
NOT_THE_SUM = "has a total that is not the sum of its items"
BAD_ITEM = "has an item outside 0 to 3"

_PLACE = ("file", "line")
_SAME = ("client_id", "at", "instrument")


def measures(answered: pl.DataFrame, totals: Mapping[str, str]) -> pl.DataFrame:
    """One row a measurement.

    A measurement is a total and the items that go with it. A QuestionnaireResponse is one, with the
    Observations that derive from it; so is an Observation of a total, with the items that the
    client gave at its instant; so are items of one instant without a total. A total that is given
    is the score; without one the score is the sum, if every item of the instrument is there.

    Parameters
    ----------
    answered : polars.DataFrame
        What `answers.observations` and `answers.responses` made, with `is_response`.
    totals : mapping of LOINC code to instrument
        Codes of total scores.
    """
    unusable = answered.filter(pl.col("problem").is_not_null())
    each = _each(answered.filter(pl.col("problem").is_null()), totals)
    made = _scored(_grouped(each))
    aside = unusable.select(*_PLACE, "client_id", "at", "problem")
    return pl.concat([made, aside], how="diagonal").with_columns(id=pl.lit(None, pl.String))


def known_codes(totals: Mapping[str, str]) -> tuple[str, ...]:
    """Every code that is read: totals and items."""
    return (*totals, *(c for items in codes.ITEMS.values() for c in items))


def _each(answered: pl.DataFrame, totals: Mapping[str, str]) -> pl.DataFrame:
    """One row an answer: code, value, instrument, is_total."""
    instruments = {c: name for name, items in codes.ITEMS.items() for c in items} | dict(totals)
    order = ["file", "line"]
    rows = answered.sort(pl.col("is_response").not_(), *order).with_row_index("resource")
    parts = pl.col("answers").str.split_exact("=", 1).struct
    exploded = rows.explode("answers").with_columns(
        code=parts.field("field_0"), value=parts.field("field_1")
    )
    return exploded.with_columns(
        value=pl.when(pl.col("value") != "").then("value"),
        instrument=pl.col("code").replace_strict(instruments, return_dtype=pl.String),
        is_total=pl.col("code").is_in(list(totals)),
    )


def _grouped(each: pl.DataFrame) -> pl.DataFrame:
    """With `group`: the number of the first resource of the measurement that it belongs to."""
    own = ["resource", "instrument"]
    by_response = each.filter("is_response").select("response", response_is="resource")
    by_response = by_response.drop_nulls().unique("response", keep="first")
    rows = each.join(by_response, on="response", how="left", maintain_order="left")
    rows = rows.with_columns(has_total=pl.col("is_total").any().over(own))
    alone = pl.col("response_is").is_null() & ~pl.col("is_response")
    with_total = (
        rows.filter(alone & pl.col("has_total"))
        .group_by(_SAME)
        .agg(total_is=pl.col("resource").first(), totals=pl.col("resource").n_unique())
        .filter(pl.col("totals") == 1)
    )
    rows = rows.join(with_total, on=_SAME, how="left", maintain_order="left")
    items = alone & ~pl.col("has_total")
    with_items = pl.col("resource").filter(items).min().over(_SAME)
    return rows.with_columns(
        group=pl.when(items)
        .then(pl.coalesce("total_is", with_items))
        .otherwise(pl.coalesce("response_is", "resource"))
    )


def _scored(each: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("value").cast(pl.Float64, strict=False)
    item = ~pl.col("is_total")
    numbered = each.with_columns(number=number)
    one = numbered.unique(
        ["group", "instrument", "code", "value"], keep="first", maintain_order=True
    )
    sizes = {name: len(items) for name, items in codes.ITEMS.items()}
    rows = one.group_by("group", "instrument", maintain_order=True).agg(
        *(pl.col(c).first() for c in (*_PLACE, "client_id", "at")),
        given=pl.col("value").filter("is_total").first(),
        totals=pl.col("value").filter("is_total").len(),
        items=pl.col("code").filter(item & pl.col("number").is_not_null()).n_unique(),
        answers=pl.col("code").filter(item).len(),
        asked=pl.col("code").filter(item).n_unique(),
        sum=pl.col("number").filter(item).sum(),
        outside=(item & ~pl.col("number").is_between(0, 3)).any(),
        item_9=pl.col("value").filter(pl.col("code") == codes.ITEM_9).first(),
    )
    every = pl.col("items") == pl.col("instrument").replace_strict(sizes, default=-1)
    given = pl.col("given").cast(pl.Float64, strict=False)
    return rows.select(
        *_PLACE,
        "client_id",
        "at",
        "instrument",
        score=pl.coalesce("given", pl.when(every).then(pl.col("sum").cast(pl.String))),
        item_9="item_9",
        problem=pl.when(pl.col("totals") > 1)
        .then(pl.lit(TOTALS_DIFFER))
        .when(pl.col("answers") > pl.col("asked"))
        .then(pl.lit(ITEMS_DIFFER))
        .when("outside")
        .then(pl.lit(BAD_ITEM))
        .when(every & (given != pl.col("sum")))
        .then(pl.lit(NOT_THE_SUM))
        .when((pl.col("totals") == 0) & ~every)
        .then(pl.lit(SOME_ITEMS)),
    )
