"""Tables of released figures: cells and how each is set. The template lays them out."""

from __future__ import annotations

from dataclasses import dataclass

from carenotebook.privacy import Released
from carenotebook.results.display import HIDDEN, display_frame, label_columns

_SHORT = 24
"""Characters up to which a cell of text is kept on one line."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and how it is set (text, short text, number or hidden)."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """Headings and rows of equal length; the first cell of a row names it."""

    caption: str
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def lay_out(released: Released, caption: str) -> Table:
    """A table of a released frame."""
    frame = display_frame(released)
    names = set(label_columns(released.frame))
    kinds = ["text" if column in names else "number" for column in frame.columns]
    hidden = {HIDDEN, released.privacy.label}
    rows = (
        tuple(
            # One word for every kind of suppression: two would tell which cell is small.
            Cell(HIDDEN, "hidden") if t in hidden else Cell(t, _set(t, k))
            for t, k in zip(row, kinds, strict=True)
        )
        for row in frame.iter_rows()
    )
    headings = (Cell(c, k) for c, k in zip(frame.columns, kinds, strict=True))
    return Table(caption, tuple(headings), tuple(rows))


def _set(text: str, kind: str) -> str:
    return "short" if kind == "text" and len(text) <= _SHORT else kind
