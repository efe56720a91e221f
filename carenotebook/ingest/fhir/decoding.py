"""Lines of JSON as columns, all at once; a line that cannot be had is null."""

from __future__ import annotations

import json

import polars as pl

NOT_JSON = "is not JSON"
NOT_AN_OBJECT = "is no JSON object"
OTHER_TYPE = "has an element of another type than FHIR gives it"

_NUMBER = "row_of_carenotebook"
_AT_ONCE = 2000
"""Texts in one call: with more, parsing leaves the processor's cache and takes twice as long."""


def decode(texts: pl.Series, shape: pl.Struct) -> pl.Series:
    """Each text as a structure of the shape, elements beyond it left out; null where it has none.

    One call reads many texts; where it fails, halves are tried, down to the texts at fault.
    """
    if texts.len() > _AT_ONCE:
        parts = range(0, texts.len(), _AT_ONCE)
        return pl.concat([decode(texts[i : i + _AT_ONCE], shape) for i in parts])
    made = _decoded(texts, shape)
    if made is not None:
        return made
    if texts.len() == 1:
        return pl.Series(texts.name, [None], dtype=shape)
    half = texts.len() // 2
    return pl.concat([decode(texts[:half], shape), decode(texts[half:], shape)])


def _decoded(texts: pl.Series, shape: pl.Struct) -> pl.Series | None:
    """None if any text is at fault.

    The reader joins the texts with commas, so that one text may pass for two and two for one: each
    gets its number as a first element, and the numbers are looked at.
    """
    if not texts.str.starts_with("{").all():
        return None
    number = pl.int_range(texts.len(), eager=True).cast(pl.String)
    numbered = pl.select(
        pl.concat_str(pl.lit(f'{{"{_NUMBER}":"'), number, pl.lit('",'), texts.str.slice(1))
    ).to_series()
    wanted = pl.Struct({_NUMBER: pl.String(), **{f.name: f.dtype for f in shape.fields}})
    try:
        made = numbered.str.json_decode(wanted)
    except pl.exceptions.PolarsError:
        return None
    if made.len() != texts.len() or not made.struct.field(_NUMBER).eq_missing(number).all():
        return None
    fields = pl.col("x").struct.field(*(f.name for f in shape.fields))
    return made.to_frame("x").select(pl.struct(fields)).to_series()


def why_not(text: str) -> str:
    """Why a text could not be decoded."""
    try:
        found = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return NOT_JSON
    return OTHER_TYPE if isinstance(found, dict) else NOT_AN_OBJECT


def _refused(constant: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(constant)
