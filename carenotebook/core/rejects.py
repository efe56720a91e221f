"""Rejected rows as a frame whose picture leaves out the raw text."""

from typing import Any

import polars as pl

RAW = "raw"


def unquoted(reason: pl.Expr) -> pl.Expr:
    """A reason without the text that it quotes, which stays with those who hold the data.

    A reason names an unknown category so that a mapping can be mended; what a column of categories
    really held may still be a sentence about somebody.
    """
    return reason.str.replace("(?s)^'.*' is ", "a value is ")


class Rejects(pl.DataFrame):
    """Rows that were not accepted; `raw` is there for the asking, but in no repr.

    A notebook saves what it shows, so a rejected row must not show itself by accident: name the
    column (``rejected["raw"]``, ``rejected.select("row", "raw")``) to see it.
    """

    def _shown(self) -> pl.DataFrame:
        shown = pl.DataFrame(self).drop(RAW, strict=False)
        if "reason" not in shown.columns:
            return shown
        return shown.with_columns(unquoted(pl.col("reason")))

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
