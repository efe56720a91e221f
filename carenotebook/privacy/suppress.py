"""Which cells to hide, and how to round the others.

A cell of 1 to ``min_cell - 1`` clients is never shown or derivable (CMS cell size policy, as
published by ResDAC: 1-10); 0 may be shown. Shown counts are rounded to ``round_to`` (as in NHS
Talking Therapies publications).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.core.errors import OptionError

SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Privacy:
    """What may leave: the smallest cell that is shown, and the rounding of counts.

    Parameters
    ----------
    min_cell : int
        Cells of fewer clients (but not 0) are hidden. At least 2.
    round_to : int
        Shown counts are rounded to a multiple of this. 1 leaves them.

    Examples
    --------
    >>> Privacy().label
    '<11'
    """

    min_cell: int = 11
    round_to: int = 5

    def __post_init__(self) -> None:
        if self.min_cell < 2 or self.round_to < 1:
            raise OptionError("Privacy: min_cell must be 2 or more and round_to 1 or more.")

    @property
    def label(self) -> str:
        """How a hidden cell is shown."""
        return f"<{self.min_cell}"

    def is_small(self, count: str) -> pl.Expr:
        """Whether a column counts too few clients to be shown."""
        return pl.col(count).is_between(1, self.min_cell - 1)

    def rounded(self, count: str) -> pl.Expr:
        """A column of counts, rounded."""
        step = self.round_to
        return ((pl.col(count) + step // 2) // step * step).alias(count)


def hide(
    frame: pl.DataFrame,
    privacy: Privacy,
    clients: Sequence[str],
    margins: Sequence[Sequence[str]] = (),
) -> pl.DataFrame:
    """Mark the rows to hide in a boolean column `suppressed`.

    Parameters
    ----------
    frame : polars.DataFrame
        One cell a row.
    privacy : Privacy
    clients : sequence of str
        Columns that count clients; a row is hidden where any of them is small.
    margins : sequence of sequences of str
        For each, the columns whose values name a set of rows whose total is known beside them:
        hidden rows of such a set must be at least two and hold `min_cell` clients together,
        so more rows are hidden, smallest first, until they are (complementary suppression).
    """
    marked = frame.with_columns(pl.any_horizontal(map(privacy.is_small, clients)).alias(SUPPRESSED))
    size = clients[0]
    while True:
        before = marked[SUPPRESSED].sum()
        for margin in margins:
            marked = _complement(marked, privacy, size, list(margin))
        if marked[SUPPRESSED].sum() == before:
            return marked


def _complement(
    frame: pl.DataFrame, privacy: Privacy, size: str, margin: list[str]
) -> pl.DataFrame:
    hidden = pl.col(SUPPRESSED)
    exposed = (hidden.sum() > 0) & (
        (hidden.sum() < 2) | (pl.col(size).filter(hidden).sum() < privacy.min_cell)
    )
    shown = pl.when(~hidden & (pl.col(size) > 0)).then(pl.col(size))
    smallest = shown.rank("ordinal") == 1
    if margin:
        exposed, smallest = exposed.over(margin), smallest.over(margin)
    return frame.with_columns(hidden | (exposed & smallest.fill_null(value=False)))
