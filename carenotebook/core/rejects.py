"""Rejected rows as a frame whose picture leaves out the raw text."""

from typing import Any

import polars as pl

RAW = "raw"


def unquoted(reason: pl.Expr) -> pl.Expr:
    """A reason without the text that it quotes, which stays with those who hold the data."""
    return reason.str.replace("(?s)^'.*' is ", "a value is ")


def without_quotes(rejects: pl.DataFrame) -> pl.DataFrame:
    """Rejects whose reasons no longer quote what stood in the source.

    A reason names an unknown category so that a mapping can be mended; what a column of categories
    really held may still be a sentence about somebody.
    """
    return rejects.with_columns(pl.col("reason").str.replace(r"(?s)^'.*' is ", "a value is "))


class Rejects(pl.DataFrame):
    """Rows that were not accepted; `raw` is there for the asking, but in no repr.

    A notebook saves what it shows, so a rejected row must not show itself by accident: name the
    column (``rejected["raw"]``, ``rejected.select("row", "raw")``) to see it.
    """

    def _shown(self) -> pl.DataFrame:
        shown = pl.DataFrame(self).drop(RAW, strict=False)
        return without_quotes(shown) if "reason" in shown.columns else shown

    def __repr__(self) -> str:
        return repr(self._shown())

    def __str__(self) -> str:
        return str(self._shown())

    def _repr_html_(self, *args: Any, **options: Any) -> str:
        return self._shown()._repr_html_(*args, **options)

    def filter(self, *predicates: Any, **constraints: Any) -> "Rejects":
        return Rejects(super().filter(*predicates, **constraints))

    def sort(self, *by: Any, **options: Any) -> "Rejects":
        return Rejects(super().sort(*by, **options))
