"""Expressions on FHIR's elements: references, codes, and the lists of them."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

_PATH = r"(?:^|/)(?<type>[A-Z][A-Za-z]+)/(?<id>[^/]+?)(?:/_history/[^/]*)?$"
_URN = r"^urn:(?:uuid|oid):(.+)$"


def type_and_id(reference: pl.Expr) -> pl.Expr:
    """`type_of` and `id_of` of a Reference, as a structure of `type` and `id`."""
    path = reference.struct.field("reference")
    parts = path.str.extract_groups(_PATH).struct
    return pl.struct(
        type=pl.coalesce(parts.field("type"), reference.struct.field("type")),
        id=pl.coalesce(
            parts.field("id"),
            path.str.extract(_URN),
            reference.struct.field("identifier").struct.field("value"),
        ),
    )


def type_of(reference: pl.Expr) -> pl.Expr:
    """The type that a Reference points at, told by its path or by its `type`; else null."""
    return type_and_id(reference).struct.field("type")


def id_of(reference: pl.Expr) -> pl.Expr:
    """The id that a Reference points at: of a path, of a URN, or else of its `identifier`.

    It is kept whether or not what it points at is among the files. The server of an absolute
    reference and the version of a versioned one are left out.
    """
    return type_and_id(reference).struct.field("id")


def id_of_type(reference: pl.Expr, types: Collection[str], *, untyped: bool = False) -> pl.Expr:
    """The id if the Reference points at one of these types, or at one that is not told."""
    told = type_and_id(reference).struct
    return pl.when(told.field("type").is_in(list(types)).fill_null(untyped)).then(told.field("id"))


def ids_in(references: pl.Expr, of: pl.Expr) -> pl.Expr:
    """The list of what `of`, an expression on `pl.element()`, makes of each; nulls left out."""
    return references.list.eval(of).list.drop_nulls()


def code_of(concept: pl.Expr, system: str | None = None) -> pl.Expr:
    """The code of a CodeableConcept: of the system that ends so, else its first."""
    coding = concept.struct.field("coding")
    code = pl.element().struct.field("code")
    first = ids_in(coding, code).list.first()
    if system is None:
        return first
    of_system = pl.element().struct.field("system").str.ends_with(system)
    return pl.coalesce(ids_in(coding, pl.when(of_system).then(code)).list.first(), first)
